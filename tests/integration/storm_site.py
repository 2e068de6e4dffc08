"""The site of `test_storm.py`: every answer consists of its request's own token, however often."""

from __future__ import annotations

from pathlib import Path

TEXTS = (
    "/threads/pieces",
    "/threads/file",
    "/threads/redirect",
    "/coroutines/wait",
    "/coroutines/aredirect",
    "/filtered/pieces",
    "/page.shtml",
)
"""Where the path of a request decides how its token is sent, as often as it says."""

SESSIONS = ("FileSession", "DbmSession", "MemorySession", "LmdbSession")

APPLICATION = """
import gc
import os
import random
import tempfile
import time

from twisted.internet import reactor
from twisted.internet.task import deferLater

from mod_python import Session, apache

begun, cleaned = [], []


def pause(most):
    return deferLater(reactor, random.random() * most, lambda: None)


def handler(req):
    req.token, _, number = (req.args or req.prev.args).partition(",")
    req.number = int(number or 1)
    req.headers_out["X-Token"] = req.err_headers_out["X-Token"] = req.token
    req.notes["token"] = req.subprocess_env["TOKEN"] = req.token
    begun.append(req.token)
    req.register_cleanup(cleaned.append, req.token)
    result = globals()[os.path.basename(req.uri)](req)
    if result is None:
        own = {req.notes["token"], req.subprocess_env["TOKEN"], req.headers_out["X-Token"]}
        assert own == {req.token}
        return apache.OK
    return result


def pieces(req):
    for _ in range(req.number):
        req.write("<%s>" % req.token, random.random() < 0.5)
        if random.random() < 0.1:
            time.sleep(random.random() * 0.005)


def file(req):
    with tempfile.NamedTemporaryFile() as file:
        file.write(("<%s>" % req.token).encode() * (req.number - 1))
        file.flush()
        req.write("<%s>" % req.token, 0)
        time.sleep(random.random() * 0.004)
        req.sendfile(file.name)


def echo(req):
    if random.random() < 0.5:
        req.write(req.read())
    while data := req.read(random.randrange(1, 40000)):
        req.write(data)
        if random.random() < 0.1:
            time.sleep(random.random() * 0.002)


def unread(req):
    req.read(random.choice((1, 5000)))
    req.write("<%s>" % req.token)


def fail(req):
    raise ValueError(req.token)


def redirect(req):
    req.internal_redirect("/coroutines/wait?%s,%d" % (req.token, req.number))


def count(req):
    session = Session.Session(req)
    session["count"] = session.get("count", 0) + 1
    session.save()
    req.write("%d %s" % (session["count"], session.id()))


def error(req):
    req.write("<%s>" % req.token)


def kept(req):
    req.session = Session.Session(req)
    return apache.OK


async def count_kept(req):
    session = req.session
    session["count"] = session.get("count", 0) + 1
    await pause(0.002)
    session.save()
    req.write("%d %s" % (session["count"], session.id()))
    return apache.OK


def log(req):
    return apache.OK


def user(req):
    req.write("<%s>" % req.user)


def authenhandler(req):
    known = req.get_basic_auth_pw() == "of " + req.user
    return apache.OK if known else apache.HTTP_UNAUTHORIZED


async def wait(req):
    for _ in range(req.number):
        await req.awrite("<%s>" % req.token, random.random() < 0.5)
        if random.random() < 0.1:
            await pause(0.005)


async def aecho(req):
    await pause(0.002)
    while data := await req.aread(random.randrange(1, 40000)):
        await req.awrite(data)


async def aredirect(req):
    await pause(0.002)
    await req.ainternal_redirect("/threads/pieces?%s,%d" % (req.token, req.number))


@apache.nonblocking
async def coroutine(req):
    req.token, _, number = req.args.partition(",")
    req.number = int(number or 1)
    req.headers_out["X-Token"] = req.token
    await globals()[os.path.basename(req.uri)](req)
    return apache.OK


async def first(req):
    await pause(0.02)
    req.first = await req.aread(random.choice((1, 5000, 300000)))
    return apache.OK


def rest(req):
    req.headers_out["X-Token"] = req.args
    req.write(req.first + req.read())
    return apache.OK


def outputfilter(filter):
    data = filter.read()
    while data:
        filter.write(data.replace(b"<", b"[").replace(b">", b"]"))
        data = filter.read()
    if data is None:
        filter.close()


def application(environ, start_response):
    token = environ["QUERY_STRING"]
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Token", token)])
    yield ("<%s>" % token).encode()
    yield environ["wsgi.input"].read()


@apache.nonblocking
def state(req):
    gc.collect()
    kinds = [type(thing).__name__ for thing in gc.get_objects()]
    left = sorted(set(begun) - set(cleaned))
    req.write(repr((kinds.count("mp_request"), kinds.count("FieldStorage"), left)))
    return apache.OK
"""

PAGES = {
    "page.psp": "<% token = req.args\nreq.headers_out['X-Token'] = token\nimport time\ntime.sleep(0.001)\n%>"
    "<<%= token %>>",
    "script.py": "import os, sys, time\ntoken = os.environ['OWN'] = os.environ['QUERY_STRING']\n"
    "print('Content-Type: text/plain\\nX-Token: %s\\n' % token)\ntime.sleep(0.002)\n"
    "sys.stdout.write('<%s>' % os.environ['OWN'] + sys.stdin.read())\n",
    "page.shtml": '<!--#include virtual="/threads/pieces?${QUERY_STRING}" -->' * 3
    + '<!--#include virtual="/coroutines/wait?${QUERY_STRING}" -->' * 3,
    "published.py": "def upload(req, token, file):\n    req.headers_out['X-Token'] = token\n"
    "    return file.file.read()\n",
}


def location(path: str, handler: str, more: str = "") -> str:
    """Return a place that a handler answers for."""
    return f"<Location {path}>\nSetHandler mod_python\nPythonHandler {handler}\n{more}\n</Location>\n"


def make(directory: Path) -> str:
    """Lay out the site in `directory`; return its configuration."""
    site = directory / "site"
    site.mkdir()
    (site / "app.py").write_text(APPLICATION)
    for name, text in PAGES.items():
        (site / name).write_text(text)
    return (
        f'DocumentRoot "{site}"\nPythonPath "[\'{site}\'] + sys.path"\nTimeout 5\nLogLevel emerg\n'
        f'PythonOption session_directory "{directory}"\n'
        f'<Directory "{site}">\nRequire all granted\nOptions +Includes\n'
        "AddOutputFilter INCLUDES .shtml\nAddHandler mod_python .psp .py\n"
        '<FilesMatch "psp$">\nPythonHandler mod_python.psp\n</FilesMatch>\n'
        "<Files script.py>\nPythonHandler mod_python.cgihandler\n</Files>\n"
        "<Files published.py>\nPythonHandler mod_python.publisher\n</Files>\n</Directory>\n"
        + location("/threads", "app")
        + location("/coroutines", "app::coroutine")
        + location("/both", "app::rest", "PythonFixupHandler app::first")
        + location("/kept", "app::count_kept", "PythonFixupHandler app::kept\nPythonLogHandler app::log")
        + location("/filtered", "app", "PythonOutputFilter app::outputfilter F\nSetOutputFilter F")
        + "".join(
            f"<LocationMatch /{kind}>\nPythonOption mod_python.session.session_type {kind}\n"
            "</LocationMatch>\n"
            for kind in SESSIONS
        )
        + location("/errors", "app", "ErrorDocument 500 /threads/error")
        + location("/wsgi", "mod_python.wsgi", "PythonOption mod_python.wsgi.application app::application")
        + location("/state", "app::state")
        + location(
            "/users",
            "app",
            "AuthType Basic\nAuthName users\nAuthBasicAuthoritative Off\nAuthUserFile /dev/null\n"
            "PythonAuthenHandler app::authenhandler\nRequire valid-user",
        )
    )
