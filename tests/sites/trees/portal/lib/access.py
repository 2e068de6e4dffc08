"""Who may use the network: guests whose session says so, for the machine that has their address."""

import leases

from mod_python import Session, apache

NETWORK_AUTHENTICATION_REQUIRED = 511


def address(req):
    return req.useragent_ip


def machine(req):
    """Return the machine of the request, as the option `portal.leases` knows it."""
    path = req.get_options().get("portal.leases")
    return leases.find(path, address(req)) if path else (None, None)


def accesshandler(req):
    """Let signed-in guests pass; everybody else has to sign in first."""
    req.session = Session.Session(req, timeout=int(req.get_options().get("portal.minutes", "10")) * 60)
    if req.session.is_new() or not req.session.get("signed_in"):
        req.err_headers_out["X-Sign-In"] = f"http://{req.hostname}/sign_in.psp"
        return NETWORK_AUTHENTICATION_REQUIRED
    if req.session["mac"] != machine(req)[0]:
        req.log_error("portal: session of another machine", apache.APLOG_WARNING)
        return apache.HTTP_FORBIDDEN
    return apache.OK


def same_network(req):
    """Answer only to addresses of the network that the option names."""
    if address(req).startswith(req.get_options()["portal.network"]):
        return apache.OK
    return apache.HTTP_FORBIDDEN


def count(req):
    """Count what a guest asks for."""
    req.session["seen"] = req.session.get("seen", 0) + 1
    req.session.save()
    return apache.OK


def whoami(req):
    req.content_type = "text/plain"
    session = req.session
    req.write(f"{session['name']}, page {session['seen']} of {session['mac']}\n")
    return apache.OK


def closers(req):
    """Only some of the staff close accounts."""
    if req.user in req.get_options()["portal.closers"].split():
        return apache.OK
    return apache.HTTP_FORBIDDEN
