"""Requests: bodies and how they are read, what is refused on the wire, limits, Host and targets."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, Expect, Request, ask, get, post, raw

READS = {
    "all": "req.read()",
    "five": "(req.read(5), req.read(3), req.read(), req.read())",
    "zero": "(req.read(0), req.read())",
    "too-many": "req.read(1000)",
    "line": "(req.readline(), req.readline())",
    "line-limited": "(req.readline(3), req.readline(3))",
    "lines": "req.readlines()",
    "attributes": "(req.read_body, req.remaining, req.read_length, req.read(4), req.read_body, "
    "req.remaining)",
    "none": "req.read(None)",
    "float": "req.read(1.0)",
    "discard": "(req.discard_request_body(), req.read())",
    "length-header": "(req.headers_in['Content-Length'], req.headers_in.get('Transfer-Encoding'))",
}
BODY = "first line\nsecond line\n\nlast"

ECHO = """
req.content_type = 'text/plain'
req.write('%s %s %r %r\\n' % (req.method, req.uri, req.args, req.unparsed_uri), 0)
req.write('%s %s %r\\n' % (req.protocol, req.hostname, req.parsed_uri), 0)
req.write('%r' % sorted(req.headers_in.items()), 0)
"""


def lines(*parts: bytes) -> Request:
    """A raw request of these lines, with its empty line."""
    return raw(b"\r\n".join(parts) + b"\r\n\r\n")


HOST = b"Host: @HOST@"
REFUSED = {
    "bare-lf": raw(b"GET / HTTP/1.1\nHost: @HOST@\n\n"),
    "no-host": lines(b"GET / HTTP/1.1", b"X: y"),
    "two-hosts": lines(b"GET / HTTP/1.1", HOST, HOST),
    "bad-host": lines(b"GET / HTTP/1.1", b"Host: a b"),
    "blank-before-colon": lines(b"GET / HTTP/1.1", HOST, b"X : y"),
    "no-colon": lines(b"GET / HTTP/1.1", HOST, b"nocolon"),
    "empty-name": lines(b"GET / HTTP/1.1", HOST, b": y"),
    "nul": lines(b"GET / HTTP/1.1", HOST, b"X: a\x00b"),
    "control": lines(b"GET / HTTP/1.1", HOST, b"X: a\x01b"),
    "two-blanks": lines(b"GET  / HTTP/1.1", HOST),
    "version-0.9-words": lines(b"GET / HTTP/0.9", HOST),
    "version-lower-case": lines(b"GET / http/1.1", HOST),
    "bad-method": lines(b"G@T / HTTP/1.1", HOST),
    "bad-target": lines(b"GET no-slash HTTP/1.1", HOST),
    "bad-escape": lines(b"GET /%zz HTTP/1.1", HOST),
    "nul-escape": lines(b"GET /a%00b HTTP/1.1", HOST),
    "encoded-slash": lines(b"GET /a%2Fb HTTP/1.1", HOST),
    "above-root": lines(b"GET /../x HTTP/1.1", HOST),
    "two-lengths": lines(b"POST / HTTP/1.1", HOST, b"Content-Length: 1", b"Content-Length: 1"),
    "signed-length": lines(b"POST / HTTP/1.1", HOST, b"Content-Length: +1"),
    "hex-length": lines(b"POST / HTTP/1.1", HOST, b"Content-Length: 0x1"),
    "negative-length": lines(b"POST / HTTP/1.1", HOST, b"Content-Length: -1"),
    "unknown-coding": lines(b"POST / HTTP/1.1", HOST, b"Transfer-Encoding: gzip"),
    "identity-coding": lines(b"POST / HTTP/1.1", HOST, b"Transfer-Encoding: identity"),
    "long-line": lines(b"GET /" + b"x" * 8300 + b" HTTP/1.1", HOST),
    "long-field": lines(b"GET / HTTP/1.1", HOST, b"X: " + b"y" * 8300),
    "many-fields": lines(b"GET / HTTP/1.1", HOST, *(b"X%d: y" % n for n in range(120))),
    "fragment": lines(b"GET /a#b HTTP/1.1", HOST),
}
ACCEPTED = {
    "high-bytes": lines(b"GET /\xc3\xa4?\xc3\xa4 HTTP/1.1", HOST, b"X: \xc3\xa4"),
    "underscore": lines(b"GET / HTTP/1.1", HOST, b"X_Y: z", b"Empty:", b"Many: 1", b"many: 2"),
    "absolute-target": lines(b"GET http://@HOST@:81/path?q HTTP/1.1", b"Host: other.test"),
    "leading-empty-lines": raw(b"\r\n\r\nGET / HTTP/1.1\r\nHost: @HOST@\r\n\r\n"),
    "dots-and-slashes": lines(b"GET /a/./b//c/../d HTTP/1.1", HOST),
    "escapes": lines(b"GET /a%20b%7Ec%2520?a%20b HTTP/1.1", HOST),
    "semicolon": lines(b"GET /a;b=c/d;e HTTP/1.1", HOST),
    "lower-case-method": lines(b"get / HTTP/1.1", HOST),
    "unknown-method": lines(b"FOO / HTTP/1.1", HOST),
    "empty-query": lines(b"GET /? HTTP/1.1", HOST),
    "host-with-port": lines(b"GET / HTTP/1.1", b"Host: @HOST@:8080"),
    "host-in-capitals": lines(b"GET / HTTP/1.1", b"Host: CASE-wire-accepts-host-in-capitals.TEST"),
}
SMUGGLED = b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
STRICTER = {
    "bad-expect": (
        lines(b"GET / HTTP/1.1", HOST, b"Expect: something"),
        417,
        "what such a client sends next is unknown: the connection ends",
    ),
    "version-2": (lines(b"GET / HTTP/2.0", HOST), 505, "a version that does not exist is refused"),
    "version-1.2": (lines(b"GET / HTTP/1.2", HOST), 505, "a version that does not exist is refused"),
    "folded": (
        lines(b"GET / HTTP/1.1", HOST, b"X: a", b"  b"),
        400,
        "a header line that goes on in the next line is refused: servers disagree about its end",
    ),
    "length-and-chunked": (
        raw(b"POST / HTTP/1.1\r\nHost: @HOST@\r\n" + SMUGGLED),
        400,
        "two framings at once are refused: a second request could hide in the body",
    ),
    "blank-behind-chunk-size": (
        raw(b"POST / HTTP/1.1\r\nHost: @HOST@\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n"),
        400,
        "a blank behind the size of a chunk is refused: the grammar has none",
    ),
    "version-0.9": (raw(b"GET /\r\n"), 400, "HTTP/0.9 is refused: no client needs it"),
}


CASES = [
    *(
        Case(
            f"read-{name}",
            [post("/", BODY), get("/"), post("/", ""), ask("GET", "/", body=BODY)],
            handler=f"req.write(repr({expression}), 0)",
        )
        for name, expression in READS.items()
    ),
    Case(
        "read-unread-body",
        [post("/", "x" * 100000), get("/"), post("/", "y"), get("/")],
        handler="req.write('not read', 0)",
        same_connection=True,
    ),
    Case(
        "read-big-body",
        [post("/", "x" * 3000000)],
        handler="n = 0\nwhile data := req.read(8192):\n    n += len(data)\nreq.write(str(n), 0)",
    ),
    Case(
        "read-expect-continue",
        [post("/", "body", "Expect: 100-continue")],
        handler="req.write('%d ' % req.expecting_100, 0)\nreq.write(req.read(), 0)",
    ),
    Case(
        "read-expect-unread",
        [post("/", "body", "Expect: 100-continue")],
        handler="req.write('%d ' % req.expecting_100, 0)",
        differs="nobody is invited to send a body that nobody reads",
        olexd=[Expect(200, {"connection": "close"}, "1 ")],
    ),
    Case(
        "body-limit",
        [post("/limited", "x" * 10), post("/limited", "x" * 11), post("/", "x" * 11)],
        "<Location />\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n"
        "<Location /limited>\nLimitRequestBody 10\n</Location>",
        handler="req.write(req.read(), 0)",
    ),
    *(Case(f"wire-refuses-{name}", [request], handler=ECHO) for name, request in REFUSED.items()),
    *(
        Case(
            f"wire-stricter-{name}",
            [request],
            handler=ECHO,
            differs=why,
            olexd=[Expect(status, {"connection": "close"})],
        )
        for name, (request, status, why) in STRICTER.items()
    ),
    Case(
        "wire-refuses-heads-too",
        [
            lines(b"HEAD / HTTP/1.1"),
            lines(b"HEAD /%zz HTTP/1.1", HOST),
            lines(b"HEAD / HTTP/1.1", HOST, b"nocolon"),
            lines(b"HEAD / HTTP/1.1", HOST, b"Content-Length: x"),
        ],
        handler=ECHO,
    ),
    Case(
        "wire-stricter-connect",
        [lines(b"CONNECT other.test:443 HTTP/1.1", HOST)],
        handler=ECHO,
        differs="what follows is meant for another server: the connection ends",
        olexd=[Expect(405, {"connection": "close", "allow": "GET,HEAD,OPTIONS,POST,TRACE"})],
    ),
    *(Case(f"wire-accepts-{name}", [request], handler=ECHO) for name, request in ACCEPTED.items()),
    Case(
        "http-1.0",
        [
            get("/", http="1.0"),
            get("/", "Connection: keep-alive", http="1.0"),
            get("/", http="1.0", host=None),
        ],
        handler=ECHO,
    ),
    Case(
        "methods",
        [ask(method, "/") for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "MKCOL")],
        handler="req.write('%s %d' % (req.method, req.method_number), 0)",
    ),
    Case(
        "trace",
        [ask("TRACE", "/", "X-Y: z")],
        handler="req.write('never', 0)",
        differs="an answer that is known at once goes out with its length",
        olexd=[Expect(200, {"content-length": "[0-9]+"}, "TRACE / HTTP/1.1\r\nHost: .*\r\nX-Y: z\r\n\r\n")],
    ),
    Case(
        "keep-alive-header",
        [
            get("/", "Connection: keep-alive"),
            get("/", "Connection: keep-alive"),
            get("/", "Connection: keep-alive"),
        ],
        "KeepAliveTimeout 7\nMaxKeepAliveRequests 1\n" + LOCATION,
        handler="req.write('x', 0)",
        same_connection=True,
    ),
    Case(
        "keep-alive-off",
        [get("/"), get("/", "Connection: keep-alive")],
        "KeepAlive Off\n" + LOCATION,
        handler="req.write('x', 0)",
        same_connection=True,
    ),
]
