"""Output: buffering, framing, commit, header rules, HEAD, HTTP/1.0, ranges, sendfile, internal redirects."""

from __future__ import annotations

from tests.parity.runner.case import DIRECTORY, Case, ask, get, head, post, raw

RANGED = ("flush", "404", "length", "cut", "redirect", "empty")
WRITES = {
    "flushed": "req.write('text')",
    "unflushed": "req.write('text', 0)",
    "nothing": "pass",
    "empty": "req.write('')",
    "flush-only": "req.flush()",
    "str-and-bytes": "req.write('\\xe4\\u20ac', 0); req.write(b'\\xff', 0)",
    "8000": "req.write('x' * 8000, 0)",
    "8001": "req.write('x' * 8001, 0)",
    "8000-in-pieces": "[req.write('x' * 1000, 0) for _ in range(8)]",
    "big-in-pieces": "[req.write('x' * 1000, 0) for _ in range(30)]",
    "big": "req.write('x' * 1000000)",
    "length": "req.set_content_length(4); req.write('text')",
    "length-header": "req.headers_out['Content-Length'] = '4'; req.write('text')",
    "late-headers": "req.write('a'); "
    "req.headers_out['X'] = 'y'; req.status = 404; req.content_type = 'text/x'",
    "headers-before-flush": "req.write('a', 0); req.headers_out['X'] = 'y'; req.status = 404",
    "content-type": "req.content_type = 'text/html; charset=utf-8'; req.write('a', 0)",
    "content-type-empty": "req.content_type = ''; req.write('a', 0)",
    "content-type-in-table": "req.headers_out['Content-Type'] = 'text/x-table'; req.write('a', 0)",
    "content-type-twice": "req.headers_out['Content-Type'] = 'text/a'; "
    "req.content_type = 'text/b'; req.write('a', 0)",
    "own-date-and-server": "req.headers_out['Date'] = 'now'; "
    "req.headers_out['Server'] = 'mine'; req.write('a', 0)",
    "many-cookies": "[req.headers_out.add('Set-Cookie', 'c%d=1' % n) for n in range(3)]; req.write('a', 0)",
    "both-tables": "req.headers_out['X'] = 'out'; req.err_headers_out['X'] = 'err'; req.write('a', 0)",
    "latin-header": "req.headers_out['X'] = '\\xe9'; "
    "req.headers_out['Y'] = '\\xe9'.encode(); req.write('a', 0)",
    "no-cache": "req.no_cache = 1; req.write('a', 0)",
    "close": "req.connection.keepalive = apache.AP_CONN_CLOSE; req.write('a')",
    "connection-header": "req.headers_out['Connection'] = 'close'; req.write('a', 0)",
    "etag": "req.headers_out['ETag'] = '\"abc\"'; req.write('a', 0)",
    "bytes-sent": "req.write('abc', 0); a = req.bytes_sent; "
    "req.write('def'); req.write('%d %d' % (a, req.bytes_sent))",
    "queued": "req.write('abc', 0); req.write(str(req._bytes_queued), 0)",
    "write-number": "req.write(3)",
    "write-surrogate": "req.write('\\udc80')",
    "write-bytearray": "req.write(bytearray(b'x'))",
    "sendfile": "req.write('before ', 0); n = req.sendfile('@ROOT@/file.txt'); req.write(' %d' % n)",
    "sendfile-part": "req.sendfile('@ROOT@/file.txt', 2, 3)",
    "sendfile-missing": "req.sendfile('@ROOT@/none')",
    "sendfile-length": "req.set_content_length(10); req.sendfile('@ROOT@/file.txt')",
    "last-modified": "req.update_mtime(1000000000.7); "
    "req.set_last_modified(); req.write('%r' % req.mtime, 0)",
    "set-etag": "req.set_etag(); req.write('a', 0)",
    "send-http-header": "req.send_http_header(); req.headers_out['X'] = 'y'; req.write('a', 0)",
    "sent-bodyct": "a = req.sent_bodyct; req.write('a'); req.write('%d %d' % (a, req.sent_bodyct))",
    "status-201": "req.status = apache.HTTP_CREATED; "
    "req.headers_out['Location'] = '/new'; req.write('made', 0)",
    "status-204": "req.status = 204; req.write('not seen')",
    "status-304": "req.status = 304; req.headers_out['X'] = 'y'; req.write('not seen', 0)",
    "bad-header-value": "req.headers_out['X'] = 'a\\r\\nY: b'; req.write('a', 0)",
    "bad-header-name": "req.headers_out['X Y'] = 'a'; req.write('a', 0)",
    "content-language": "req.headers_out['Content-Language'] = 'de'; req.write('a', 0)",
    "allow": "req.allow_methods(['GET', 'PUT']); return apache.HTTP_METHOD_NOT_ALLOWED",
    "construct-url": "req.write(req.construct_url('/a b?c'), 0)",
}

ASKED = [get("/a"), head("/a"), get("/a", http="1.0"), get("/a", "Connection: keep-alive", http="1.0")]
ASKED += [get("/a", "Connection: close"), post("/a", "body")]

CASES = [
    *(
        Case(f"output-{name}", ASKED, handler=statement, files={"file.txt": "0123456789"})
        for name, statement in WRITES.items()
    ),
    Case(
        "output-assbackwards",
        [get("/", "Connection: close"), get("/", http="1.0")],
        handler="req.assbackwards = 1; req.write('bare')",
    ),
    Case(
        "output-guessed-type",
        [get("/a.html"), get("/a.py"), get("/a.unknown"), get("/")],
        DIRECTORY,
        handler="req.write('%s' % req.content_type, 0)",
        files={"a.html": "", "a.py": "", "a.unknown": ""},
    ),
    Case(
        "output-range",
        [get("/a", f"Range: bytes={value}") for value in ("2-4", "-3", "50-", "5-2", "0-99", "x")]
        + [get(f"/a?{what}", "Range: bytes=2-4") for what in RANGED]
        + [get("/a?tag", "Range: bytes=2-4", f'If-Range: "{tag}"') for tag in ("t", "other")],
        handler="""
        req.content_type = 'text/plain'
        if req.args == '404':
            req.status = 404
        if req.args == 'length':
            req.set_content_length(10)
        if req.args == 'tag':
            req.headers_out['ETag'] = '"t"'
        if req.args == 'cut':
            req.headers_out['Content-Range'] = 'bytes 0-9/20'
        if req.args == 'redirect':
            req.internal_redirect('/b')
            return apache.OK
        if req.args != 'empty':
            req.write('0123456789', req.args == 'flush')
        """,
    ),
    Case(
        "output-ranges",
        [
            get("/a", f"Range: bytes={value}")
            for value in ("0-1,4-5", "0-1,50-", "4-5,0-1", "0-3,2-5", "50-,60-")
        ]
        + [
            post("/a", "", "Range: bytes=0-1,4-5"),
            post("/a", "", "Range: bytes=0-1"),
            head("/a", "Range: bytes=0-1"),
        ],
        handler="req.content_type = 'text/plain'\nreq.write('0123456789', 0)",
        masks=[(r"\b[0-9a-f]{12,}\b", "BOUNDARY")],
    ),
    Case(
        "output-persistent",
        [
            get("/a?1"),
            get("/a?2"),
            head("/a?3"),
            post("/a?4", "body"),
            get("/a?5"),
            get("/a?6", "Connection: close"),
            get("/a"),
        ],
        handler="req.write('%s %d' % (req.args, req.connection.keepalive), req.args in ('2', '3'))",
        same_connection=True,
    ),
    Case(
        "output-pipelined",
        [
            raw(
                b"GET /a?1 HTTP/1.1\r\nHost: @HOST@\r\n\r\nHEAD /a?2 HTTP/1.1\r\nHost: @HOST@\r\n\r\n"
                b"GET /a?3 HTTP/1.1\r\nHost: @HOST@\r\nConnection: close\r\n\r\n",
                answers=3,
            )
        ],
        handler="req.write('%s' % req.args, req.args == '1')",
    ),
    Case(
        "internal-redirect",
        [
            get("/from?q"),
            post("/from?post", "the body"),
            get("/from?status"),
            get("/from?missing"),
            get("/from?static"),
        ],
        "<Location /from>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n"
        "<Location /to>\nSetHandler mod_python\nPythonHandler @M@::to\n</Location>",
        source="""
from mod_python import apache
def handler(req):
    req.headers_out['X-Lost'] = 'lost'
    req.err_headers_out['X-Kept'] = 'kept'
    req.write('lost', 0)
    if req.args == 'status':
        req.status = 403
    req.my = 'attribute'
    req.internal_redirect({'missing': '/nothing', 'static': '/file.txt'}.get(req.args, '/to?new=1'))
    return apache.OK
def to(req):
    req.content_type = 'text/plain'
    body = req.read()
    prev = req.prev
    seen = (req.uri, req.args, req.unparsed_uri, req.method, req.status)
    seen += (prev.uri, prev.args, prev.my, body, req.main)
    req.write('%r' % (seen,), 0)
    req.write(' %r' % sorted(req.subprocess_env.items()), 0)
    return apache.OK
""",
        files={"file.txt": "static"},
        masks=[(r"\('(REDIRECT_)?UNIQUE_ID', '[^']*'\),? ?", "")],
    ),
    Case(
        "internal-redirect-access-log",
        [get("/from?q=1"), get("/none")],
        'ErrorDocument 404 "none"\n<Location /from>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n',
        handler="req.internal_redirect('/file.txt')",
        files={"file.txt": "static"},
        access='%h %l %u "%r" %s %>s %b %B %U %q %m %H %{Referer}i %{Content-Type}o %v %p',
    ),
    Case(
        "meets-conditions",
        [
            get("/a"),
            get("/a", 'If-None-Match: "abc"'),
            get("/a", 'If-None-Match: "x", W/"abc"'),
            get("/a", "If-None-Match: *"),
            get("/a", 'If-None-Match: "x"'),
            get("/a", "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT"),
            get("/a", "If-Modified-Since: Sun, 09 Sep 2000 01:46:40 GMT"),
            get("/a", "If-Unmodified-Since: Sun, 09 Sep 2000 01:46:40 GMT"),
            get("/a", 'If-Match: "x"'),
            get("/a", 'If-Match: "abc"'),
            ask("PUT", "/a", 'If-None-Match: "abc"', body="x"),
            head("/a", 'If-None-Match: "abc"'),
        ],
        handler="""
        req.headers_out['ETag'] = '"abc"'
        req.update_mtime(1000000000)
        req.set_last_modified()
        result = req.meets_conditions()
        if result != apache.OK:
            return result
        req.write('full', 0)
        """,
    ),
]
