"""What log and cleanup handlers see of the response: what was sent, not what was prepared."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, Request, get, head, post

SOURCE = """
from mod_python import apache

NAMES = ('status', 'status_line', 'clength', 'chunked', 'sent_bodyct', 'content_type', 'no_cache',
         'eos_sent', 'user')
KEPT = []

def loghandler(req):
    if req.uri == '/show':
        return apache.OK
    lines = ['%s = %r' % (name, getattr(req, name)) for name in NAMES]
    lines += ['headers_out %s: %s' % pair for pair in sorted(req.headers_out.items())]
    lines += ['err_headers_out %s: %s' % pair for pair in req.err_headers_out.items()]
    KEPT.append('%s of %s\\n%s\\n' % (req.phase, req.uri, '\\n'.join(lines)))
    return apache.OK

cleanuphandler = loghandler

def handler(req):
    asked, _, number = req.uri[1:].partition('-')
    if asked == 'show':
        req.content_type = 'text/plain'
        req.write(''.join(KEPT), 0)
        KEPT[:] = []
        return apache.OK
    req.err_headers_out['X-Always'] = 'always'
    req.err_headers_out['X-Both'] = 'first'
    req.headers_out['X-Both'] = 'second'
    req.headers_out.add('X-Both', 'third')
    if asked == 'type':
        req.content_type = 'text/x-own'
    if asked == 'length':
        req.set_content_length(4)
    if asked == 'field':
        req.headers_out['Content-Length'] = '4'
        req.headers_out['Content-Type'] = 'text/x-field'
    if asked == 'servers':
        req.headers_out['Server'] = 'mine'
        req.headers_out['Date'] = 'now'
    if asked == 'cached':
        req.no_cache = 1
    if asked == 'closed':
        req.connection.keepalive = apache.AP_CONN_CLOSE
    if asked == 'status':
        req.status = int(number)
    if asked == 'line':
        req.status, req.status_line = 299, '299 Own'
    if asked == 'returned':
        return int(number)
    if asked == 'raised':
        raise ValueError('raised')
    if asked == 'nothing':
        return apache.OK
    if asked == 'read':
        req.read(3)
    req.write('body', number == 'flushed')
    return apache.OK
"""
LOOKING = "PythonLogHandler @M@\nPythonCleanupHandler @M@\nErrorDocument 404 text\n"


def shown(*requests: Request) -> list[Request]:
    """Each request, and then what was seen of it."""
    return [one for request in requests for one in (request, get("/show"))]


ASKED = (
    "plain", "plain-flushed", "type", "type-flushed", "length", "length-flushed", "field",
    "servers", "cached", "cached-flushed", "closed", "closed-flushed", "line", "nothing", "returned-404",
    "returned-403",
    "returned-302", "returned-204", "returned-304", "returned-500", "raised", "status-404", "status-204",
    "status-304",
)  # fmt: skip

DIRECTORIES = """
from mod_python import apache

KEPT = []

def fixuphandler(req):
    KEPT.append('fixup %s: %r, version %r' % (req.uri, req.handler, req.proto_num))
    return apache.OK

def loghandler(req):
    KEPT.append('log %s: %r' % (req.uri, req.handler))
    return apache.OK

def handler(req):
    req.content_type = 'text/plain'
    req.write('\\n'.join(KEPT), 0)
    return apache.OK
"""
CASES = [
    Case(
        "looking-back-at-directories",
        [get("/index/"), get("/bare/"), get("/bare"), head("/bare/"), get("/show")],
        '<Directory "@ROOT@">\nPythonFixupHandler @M@\nPythonLogHandler @M@\n'
        "DirectoryIndex index.html\n</Directory>\n"
        "<Location /show>\nSetHandler mod_python\nPythonHandler @M@\n</Location>",
        source=DIRECTORIES,
        files={"index/index.html": "the index", "bare/a.txt": "text"},
    ),
    Case(
        "looking-back",
        shown(
            *(get(f"/{asked}") for asked in ASKED),
            *(head(f"/{asked}") for asked in ("plain", "plain-flushed", "length", "returned-404")),
            get("/plain", http="1.0"),
            get("/plain-flushed", http="1.0"),
            get("/plain", "Connection: keep-alive", http="1.0"),
            get("/plain", "Range: bytes=0-1"),
            get("/plain", "Connection: close"),
            post("/read", "0123456789"),
            post("/plain", "0123456789"),
        ),
        LOOKING + LOCATION,
        source=SOURCE,
        masks=[
            (r"Expires: .*", "Expires: SOME DATE"),
            # The server's own pages differ in length.
            (r"clength = \d{3}\b", "clength = LENGTH"),
            (r"Content-Length: \d{3}\b", "Content-Length: LENGTH"),
        ],
    ),
    Case(
        "looking-back-at-files",
        shown(get("/file.txt"), head("/file.txt"), get("/file.txt", "Range: bytes=0-1"), get("/none")),
        LOOKING + "<Location /show>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n",
        source=SOURCE,
        files={"file.txt": "text"},
    ),
    Case(
        "looking-back-in-access-log",
        [get("/plain"), get("/type"), get("/field"), get("/returned-404"), get("/plain-flushed")],
        LOOKING + LOCATION,
        source=SOURCE,
        access="%>s %B %{Content-Type}o %{Content-Length}o %{X-Always}o %{X-Both}o",
    ),
]
