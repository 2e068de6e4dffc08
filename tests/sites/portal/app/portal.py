"""What guests do: sign in, look at their state, sign out."""

from mod_python import Session as _Session, util as _util, apache as _apache

_access = _apache.import_module("access")
__all__ = ["index", "sign_in", "sign_out", "guest"]


def _session(req):
    return getattr(req, "session", None) or _Session.Session(req)


def index(req):
    session = _session(req)
    return "Hello, %s" % session.get("name", "stranger")


def sign_in(req, name="", terms=""):
    """Sign a guest in. Both fields have to be there."""
    name, terms = str(name), str(terms)
    if not name or terms != "yes":
        _util.redirect(req, "/sign_in.psp?why=incomplete")
    session = _session(req)
    session["signed_in"] = True
    session["name"] = name
    session["mac"] = _access.machine(req)[0]
    session.save()
    _util.redirect(req, "/portal/guest")


def sign_out(req):
    session = _session(req)
    session.invalidate()
    return "Good bye"


class _Guest:
    """What is published for guests alone."""

    def __call__(self, req):
        minutes = req.get_options()["portal.minutes"]
        return "<p>%s has %s minutes.</p>" % (req.session["name"], minutes)

    def minutes(self, req):
        return req.get_options()["portal.minutes"]


guest = _Guest()
