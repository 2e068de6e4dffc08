"""A small application that shows mod_python's tools at work: handlers, sessions, PSP templates.

A visitor names a session and is then sent to a page that tells what the server remembers of it. The
configuration that goes with it is a Location with `SetHandler mod_python` and
`PythonHandler olex.publisher`.
"""

import os
import time

from mod_python import Session, apache, psp, util

# Where the Location in the configuration puts the application, and where its templates are.
BASE = "/mod_python_article"
TEMPLATES = os.path.dirname(os.path.abspath(__file__))

LONGEST_NAME = 64


def handler(req):
    """Find the page that the request asks for and let it answer."""
    page = PAGES.get(req.uri[len(BASE) :].strip("/"))
    if page is None:
        return apache.HTTP_NOT_FOUND
    return page(req)


def hello(req):
    """Say hello, without any of the machinery."""
    publish(req, "Hello from mod_python!", type="text/plain")
    return apache.OK


def greeting(req):
    """Greet the visitor, who is new or known: that is what a session is for."""
    session = Session.Session(req)
    publish(req, greeting_text(session), type="text/plain")
    # Nothing is kept, not even the time of this visit, unless the session is saved.
    session.save()
    return apache.OK


def create_session(req):
    """Ask for the name of the session, take it, and go on to the session's page."""
    session = Session.Session(req)
    error, name = "", ""
    if req.method == "POST":
        name = field_text(util.FieldStorage(req), "session_name").strip()
        error = name_error(name)
        if not error:
            session["name"] = name
            rotate_id(session)
    session.save()
    if "name" in session and not error:
        util.redirect(req, BASE + "/session")
    data = {
        "error": error,
        "session_name": name if name.isprintable() else "",
        "longest_name": LONGEST_NAME,
        "greeting": greeting_text(session),
        "base": BASE,
    }
    return show(req, "create_session.tmpl", data)


def session_info(req):
    """Show what the server remembers of the visitor."""
    session = Session.Session(req)
    if "name" not in session:
        session.save()
        util.redirect(req, BASE)
    session["visits"] = session.get("visits", 0) + 1
    session.save()
    data = {
        "session_id": session.id(),
        "name": session["name"],
        "created": time_text(session.created()),
        "last_accessed": time_text(session.last_accessed()),
        "timeout": session.timeout(),
        "visits": session["visits"],
        "greeting": greeting_text(session),
        "base": BASE,
    }
    return show(req, "session_info.tmpl", data)


def log_out(req):
    """Forget the visitor. Only a POST does it, so that no link elsewhere can."""
    if req.method == "POST":
        Session.Session(req).invalidate()
        util.redirect(req, BASE)
    req.allow_methods(["POST"], 1)
    return apache.HTTP_METHOD_NOT_ALLOWED


PAGES = {
    "": create_session,
    "session": session_info,
    "logout": log_out,
    "hello": hello,
    "greeting": greeting,
}


def publish(req, content, type="text/html"):
    """Write the content, so that no page repeats how that is done."""
    req.content_type = f"{type}; charset=UTF-8"
    req.write(content, 0)


def show(req, filename, data):
    """Fill a template and write it. The template sets the type and escapes what it prints."""
    # The path must be absolute: in a Location there is no file that it could be relative to.
    template = psp.PSP(req, filename=os.path.join(TEMPLATES, filename))
    template.run(data)
    return apache.OK


def greeting_text(session):
    """Return the greeting for this visit."""
    visit_token = "for the first time" if session.is_new() else "again"
    return f"Hello, {visit_token}, from mod_python!"


def rotate_id(session):
    """Go on under a new session id: an id that somebody knew before the login is then worth nothing.

    mod_python 3.5 cannot do it, olexd can.
    """
    if hasattr(session, "regenerate_id"):
        session.regenerate_id()


def name_error(name):
    """Return what is wrong with a session name, or nothing."""
    if not name:
        return "Please give the session a name."
    if len(name) > LONGEST_NAME:
        return f"Please keep the name within {LONGEST_NAME} characters."
    if not name.isprintable():
        return "Please use a name that can be printed."
    return ""


def field_text(form, name):
    """Return the text of a form field.

    mod_python 3.5 hands out the names and values of a posted form as bytes, olexd as str; this
    takes either.
    """
    field = form.getfirst(name) or form.getfirst(name.encode()) or ""
    return field.decode("utf-8", "replace") if isinstance(field, bytes) else str(field)


def time_text(seconds):
    """Return a time for people to read."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
