"""What guests do: sign in, look at their state, sign out."""

from mod_python import Session as _Session
from mod_python import apache as _apache
from mod_python import util as _util

_access = _apache.import_module("access")


def _session(req):
    return getattr(req, "session", None) or _Session.Session(req)


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def index(req):
    session = _session(req)
    return "Hello, {}".format(session.get("name", "stranger"))


def sign_in(req, name="", terms=""):
    """Sign a guest in. Both fields have to be there."""
    name, terms = _text(name), _text(terms)
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
        return "<p>{} has {} minutes.</p>".format(req.session["name"], minutes)

    def minutes(self, req):
        return req.get_options()["portal.minutes"]


guest = _Guest()
