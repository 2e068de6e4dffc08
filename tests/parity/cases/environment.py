"""The CGI environment, conditional requests, text outside ASCII, log lines, options and other settings."""

from __future__ import annotations

from itertools import product

from tests.parity.cases.objects import evaluate
from tests.parity.runner.case import (
    DIRECTORY,
    LOCATION,
    Case,
    Expect,
    Request,
    ask,
    basic,
    get,
    head,
    post,
    raw,
)

ENVIRONMENT = """
from mod_python import apache
OWN = ('SERVER_SOFTWARE', 'PATH')
def lines(title, table):
    yield title
    for name, value in table.items():
        yield '%s = %r' % (name, 'own' if name in OWN else value)
def handler(req):
    if req.args == 'user':
        req.get_basic_auth_pw()
    req.content_type = 'text/plain'
    text = list(lines('at first', req.subprocess_env))
    req.add_common_vars()
    text += lines('common', req.subprocess_env)
    req.add_cgi_vars()
    text += lines('cgi', req.subprocess_env)
    env = apache.build_cgi_env(req)
    text += lines('built', env)
    text.append('same table: %r' % (env is req.subprocess_env))
    req.write('\\n'.join(text).encode('utf-8', 'backslashreplace'), 0)
    return apache.OK
"""

REQUESTS = [
    get("/app.py/path/info?a=b&c=%20"),
    get("/app.py", "X-Plain: 1", "X_Under: 2", "X.Dot: 3", "Proxy: evil", "Proxy-Authorization: x",
    "Accept: */*"),
    get("/none/at/all", http="1.0"),
    post("/app.py", "a=b", "Content-Type: application/x-www-form-urlencoded", "X-Twice: 1", "x-twice: 2"),
    get("/app.py?user", basic("joe", "secret"), "Cookie: a=b", "Cookie: c=d"),
    get("/app.py/%C3%A4%20x", "User-Agent: \xe4\xc3\xa4", "Referer: http://other.test/"),
    ask("PUT", "/app.py", body="x"), ask("OPTIONS", "/app.py"), head("/app.py/info"),
]  # fmt: skip

CONDITIONS = """
from mod_python import apache
def handler(req):
    words = dict(word.split('=', 1) for word in req.args.split('&'))
    if 'tag' in words:
        req.headers_out['ETag'] = words['tag'].replace("'", '"')
    if 'time' in words:
        req.update_mtime(int(words['time']))
        req.set_last_modified()
    if 'local' in words:
        req.no_local_copy = 1
    if 'status' in words:
        req.status = int(words['status'])
    result = req.meets_conditions()
    if 'show' in words:
        req.write('%d' % result, 0)
        return apache.OK
    if result != apache.OK:
        return result
    req.write('met', 0)
    return apache.OK
"""
THEN = "Thu, 01 Jan 2015 00:00:00 GMT"
"""1420070400"""
CONDITION_HEADERS = {
    "none-match": ['If-None-Match: "a"', 'If-None-Match: "b"', 'If-None-Match: "b", "a"', "If-None-Match: *",
                   'If-None-Match: W/"a"', "If-None-Match: a", "If-None-Match:"],
    "match": ['If-Match: "a"', 'If-Match: "b"', 'If-Match: "b", "a"', "If-Match: *", 'If-Match: W/"a"'],
    "modified-since": [f"If-Modified-Since: {THEN}", "If-Modified-Since: Wed, 01 Jan 2014 00:00:00 GMT",
                       "If-Modified-Since: Fri, 01 Jan 2016 00:00:00 GMT", "If-Modified-Since: nonsense",
                       "If-Modified-Since: Thursday, 01-Jan-15 00:00:00 GMT",
                       "If-Modified-Since: Thu Jan  1 00:00:00 2015",
                       "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"],
    "unmodified-since": [f"If-Unmodified-Since: {THEN}", "If-Unmodified-Since: Wed, 01 Jan 2014 00:00:00 GMT",
                         "If-Unmodified-Since: Fri, 01 Jan 2016 00:00:00 GMT",
                         "If-Unmodified-Since: nonsense"],
}  # fmt: skip
RESOURCES = {
    "tag": "tag='a'",
    "weak-tag": "tag=W/'a'",
    "time": "time=1420070400",
    "both": "tag='a'&time=1420070400",
    "nothing": "x=y",
    "no-local-copy": "tag='a'&time=1420070400&local=1",
    "status": "tag='a'&time=1420070400&status=404",
}

TEXTS = (
    "req.uri", "req.unparsed_uri", "req.args", "req.parsed_uri", "req.filename", "req.path_info",
    "req.the_request",
    "req.headers_in.get('X-Text')", "req.headers_in['x-text']", "sorted(req.headers_in.keys())",
    "req.hostname",
)  # fmt: skip

LOGS = """
from mod_python import apache
def handler(req):
    LINES
    req.write('ok', 0)
    return apache.OK
"""


def logging(
    name: str, statements: str, *expected: str, config: str = "", requests: tuple = (get("/"),)
) -> Case:  # type: ignore[type-arg]
    """A case whose handler writes log entries."""
    lines = statements.replace("\n", "\n    ")
    return Case(
        f"log-{name}", [get("/")], config + LOCATION, source=LOGS.replace("LINES", lines), log=expected
    )


CLIENT = r"\[client 127\.0\.0\.1:\d+\]"

OPTION_SITE = """
PythonOption host h
PythonOption Both "of the host"
PythonOption gone x
PythonOption gone2 x
<Directory "@ROOT@">
SetHandler mod_python
PythonHandler @M@
PythonOption dir "a value with spaces"
PythonOption BOTH "of the directory"
PythonOption empty ""
</Directory>
<Directory "@ROOT@/inner">
PythonOption gone
PythonDebug On
PythonAutoReload Off
PythonInterpreter main_interpreter
</Directory>
<Location /located>
PythonOption both "of the location"
PythonPath "sys.path"
</Location>
"""
SETTINGS = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    text = [sorted(req.get_options().items()), sorted(req.get_config().items()),
            sorted(i for i in req.server.get_options().items() if i[0] != 'x'),
            sorted(i[0] for i in req.server.get_config().items()),
            req.get_options() is req.get_options(), req.get_config() is req.get_config(),
            req.get_options().get('HOST'), req.get_options().get('nothing')]
    req.get_options()['added'] = 'y'
    req.get_config()['PythonDebug'] = '1'
    text.append((req.get_options()['added'], req.get_config()['PythonDebug']))
    req.write('\\n'.join(map(repr, text)), 0)
    return apache.OK
"""

STATUSES = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    req.headers_out['X-Out'] = 'x'
    req.status = int(req.args)
    req.write('body', 0)
    return apache.OK
"""

SEND = {
    "whole": "req.sendfile(FILE)",
    "returns": "req.write('%d' % req.sendfile(FILE))",
    "part": "req.sendfile(FILE, 3, 4)",
    "to-the-end": "req.sendfile(FILE, 3, 7)",
    "nothing": "req.sendfile(FILE, 3, 0)",
    "twice": "req.sendfile(FILE); req.sendfile(FILE, 0, 2)",
    "after-buffered": "req.write('before ', 0); req.sendfile(FILE); req.write(' after', 0)",
    "counts": "req.sendfile(FILE); req.write(' %d %d' % (req.bytes_sent, req._bytes_queued))",
    "missing": "req.sendfile('@ROOT@/none')",
    "big": "req.sendfile('@ROOT@/big')",
    "etag": "req.headers_out['ETag'] = '\"x\"'; req.content_type = 'text/plain'; req.sendfile(FILE)",
    "status": "req.status = 404; req.sendfile(FILE)",
}

READING = {
    "in-pieces": "while True:\n    data = req.read(3)\n    if not data: break\n    req.write(data + b'|', 0)",
    "lines-then-rest": "a = req.readline(); req.write(repr((a, req.read())), 0)",
    "line-limits": "req.write(repr([req.readline(n) for n in (1, 2, 100, 0, -1)]), 0)",
    "lines-hint": "req.write(repr([len(req.readlines(n)) for n in (1, 0)]), 0)",
    "all-lines": "req.write(repr(req.readlines()), 0)",
    "after-end": "req.read(); req.write(repr((req.read(), req.read(5), req.readline(), req.readlines())), 0)",
    "discard-then-read": "a = req.discard_request_body(); req.write(repr((a, req.read())), 0)",
    "read-then-discard": "a = req.read(2); req.write(repr((a, req.discard_request_body(), req.read())), 0)",
    "attributes": "a = (req.read_body, req.remaining, req.read_length); req.read(); "
    "req.write(repr((a, req.read_body, req.remaining, req.read_chunked)), 0)",
    "headers": "req.write(repr([req.headers_in.get(n) for n in ('content-length', 'content-type')]), 0)",
}
BODIES = [
    b"",
    b"one\ntwo\nthree",
    b"no newline",
    b"\n\n\n",
    bytes(range(256)),
    b"x" * 5000 + b"\n" + b"y" * 5000,
]

ENDED = """
if req.args:
    req.subprocess_env[req.args] = '1'
req.write('%s\\n' % req.proto_num)
req.write('%s %s' % (req.proto_num, req.chunked), 0)
"""
"""A handler of a long page: how it ends, and the connection with it, depends on the environment."""
TWICE = """
req.add_common_vars()
req.write('%s' % [(name, value) for name, value in req.subprocess_env.items() if name in 'EFG'], 0)
"""


def then_another(path: str, *fields: str) -> Request:
    """Return two requests at once; only if the first leaves the connection open is there a second answer."""
    first = "".join(f"{line}\r\n" for line in (f"GET {path} HTTP/1.1", "Host: @HOST@", *fields, ""))
    return raw(first.encode() + b"GET /a.txt HTTP/1.1\r\nHost: @HOST@\r\n\r\n", answers=2, last=True)


def ended(name: str, config: str, *requests: Request) -> Case:
    """Return a case with variables on which it depends whether a connection persists."""
    page = LOCATION.replace("Location />", "Location /page>", 1)
    return Case(f"ended-{name}", requests, config + page, ENDED, files={"a.txt": "a", "d/": ""})


CASES = [
    ended(
        "by-settings",
        "SetEnvIf X-N . nokeepalive\nSetEnvIf X-D . downgrade-1.0\n",
        *(then_another(path, "X-N: 1") for path in ("/page", "/a.txt", "/d", "/none")),
        *(then_another(path, "X-D: 1") for path in ("/page", "/a.txt", "/d", "/none")),
        then_another("/page", "X-D: 1", "Connection: keep-alive"),
    ),
    ended("by-handlers", "", *(then_another(f"/page?{word}") for word in ("nokeepalive", "downgrade-1.0"))),
    ended("by-setenv", "SetEnv nokeepalive\n", *map(then_another, ("/page", "/a.txt", "/d"))),
    ended("by-setenv-downgrade", "SetEnv downgrade-1.0\n", *map(then_another, ("/page", "/a.txt", "/d"))),
    Case(
        "chunks-before-the-end",
        [get("/"), get("/", http="1.0"), head("/")],
        handler="req.headers_out['Connection'] = 'close'\nreq.write('a')\nreq.write('b')",
    ),
    Case(
        "variables-set-twice",
        [get("/"), get("/", "X-A: 1")],
        "SetEnvIf X-A . E=if F=if\nSetEnv E set\nSetEnv G set\n" + LOCATION,
        TWICE,
    ),
    *(
        Case(
            f"environment-in-{where}",
            REQUESTS,
            config,
            source=ENVIRONMENT,
            files={"app.py": ""},
            masks=[(r"(REMOTE_PORT = ')\d+", r"\1CLIENT")],
        )
        for where, config in (
            ("location", LOCATION.replace("SetHandler", 'AuthType Basic\nAuthName "x"\nSetHandler')),
            ("directory", DIRECTORY.replace("SetHandler", 'AuthType Basic\nAuthName "x"\nSetHandler')),
        )
    ),
    *(
        Case(
            f"conditions-{kind}-{name}",
            [make(f"/x?{resource}", line) for line in lines for make in (get, head)]
            + [post(f"/x?{resource}", "", line) for line in lines[:3]]
            + [get(f"/x?{resource}&show=1", line) for line in lines[:2]],
            source=CONDITIONS,
        )
        for (kind, lines), (name, resource) in product(CONDITION_HEADERS.items(), RESOURCES.items())
    ),
    Case(
        "conditions-combined",
        [
            get(f"/x?{resource}", *lines)
            for resource in RESOURCES.values()
            for lines in (
                ('If-None-Match: "a"', "If-Modified-Since: Wed, 01 Jan 2014 00:00:00 GMT"),
                ('If-None-Match: "b"', f"If-Modified-Since: {THEN}"),
                ('If-Match: "a"', 'If-None-Match: "a"'),
                (f"If-Unmodified-Since: {THEN}", f"If-Modified-Since: {THEN}"),
            )
        ],
        source=CONDITIONS,
    ),
    evaluate(
        "text-of-requests", *TEXTS,
        requests=(get("/%C3%A4/x%20y?q=%C3%A4&r=+"), get("/%41%7E", "X-Text: a\xc3\xa4b"), get("/a%26b?%00"),
                  get("/x?a=\xc3\xa4"), get("/y", "X-Text:    spaces   "), get("/", "X-Text: a",
                  "x-text: b", "X-TEXT:")),
    ),
    evaluate(
        "text-that-is-written",
        "req.uri = '/\\xe4'.encode(); req.uri", "req.user = 'j\\xf6'; req.user",
        "req.args = b'\\xc3\\xa4'; req.args", "req.headers_out['a'] = b'\\xc3\\xa4'; req.headers_out['a']",
        "req.notes['a'] = b'\\xc3\\xa4'; req.notes['a']", "req.notes['a\\u20ac'] = 'x'",
        "req.subprocess_env['x'] = b'\\xc3\\xa4'; req.subprocess_env['x']", "req.write('\\udc80')",
        "req.log_error('\\u20ac')", "req.filename = b'/\\xc3\\xa4'; req.filename",
        "req.content_type = b'text/x'; req.content_type",
    ),
    Case(
        "text-in-headers",
        [get("/")],
        handler="""
        req.headers_out['X-Latin'] = '\\xe4\\xff'
        req.headers_out['X-Bytes'] = '\\u20ac'.encode()
        req.headers_out.add('X-Twice', '\\xe9')
        req.headers_out.add('X-Twice', b'\\xe9')
        req.err_headers_out['X-Err'] = '\\xe4'
        req.content_type = 'text/plain; charset=utf-8'
        req.write('\\u20ac\\xe4\\U0001f600', 0)
        """,
    ),
    *(
        Case(f"text-{name}", [get("/")], handler=statement)
        for name, statement in (
            ("in-bytes", "req.write(b'\\xff\\x00\\xfe', 0)"),
            ("that-cannot-be-sent", "req.headers_out['X'] = '\\u20ac'"),
            ("in-content-type", "req.content_type = 'text/\\xe4'; req.write('x', 0)"),
            ("in-status-line", "req.status_line = '200 \\xe4'; req.write('x', 0)"),
            ("in-location", "req.headers_out['Location'] = b'/\\xc3\\xa4'; return 302"),
        )
    ),
    *(
        Case(
            f"text-latin-{name}",
            [get(path, *lines)],
            handler=f"req.write(repr({expression}), 0)",
            differs="text is read as UTF-8 where it is UTF-8, else as Latin-1, instead of failing",
            olexd=[Expect(200, {}, body)],
        )
        for name, path, lines, expression, body in (
            ("header", "/", ("X-Text: \xe4",), "req.headers_in['x-text']", "'\xe4'"),
            ("uri", "/%E4", (), "req.uri", "'/\xe4'"),
            ("user", "/", (), "[setattr(req, 'user', b'\\xc3\\xa4'), req.user][1]", "'\xe4'"),
            ("round-trip", "/", (), "[setattr(req, 'uri', '/\\xe4'), req.uri][1]", "'/\xe4'"),
            ("table", "/", (), "[req.notes.add('a', '\\xe4'), req.notes['a']][1]", "'\xe4'"),
        )
    ),
    logging("of-request", "req.log_error('a\\nb\\tc')", rf"{CLIENT} a\\nb\\tc$"),
    logging("of-server", "req.server.log_error('on the server')", r"\] on the server$"),
    logging("of-server-by-function", "apache.log_error('by function', apache.APLOG_ERR, req.server)",
        r"\] by function$"),
    logging("with-level", "req.log_error('x1', apache.APLOG_WARNING); req.log_error('x2', apache.APLOG_CRIT)",
            r":warn\].*x1$", r":crit\].*x2$"),
    logging("with-level-zero", "req.log_error('zero', apache.APLOG_EMERG)", r":error\].*zero$"),
    logging("with-noerrno", "req.log_error('flag', apache.APLOG_NOERRNO | apache.APLOG_ERR)",
        r":error\].*flag$"),
    logging("quotes-and-percent", "req.log_error('100% \"quoted\" %s \\\\\\\\')", r"100% \"quoted\" %s"),
    logging("debug-shown", "req.log_error('dbg', apache.APLOG_DEBUG)", r":debug\].*dbg$",
        config="LogLevel debug\n"),
    logging("info-shown", "req.server.log_error('inf', apache.APLOG_INFO)", r":info\].*inf$",
        config="LogLevel info\n"),
    logging("after-hidden", "req.log_error('hid', apache.APLOG_DEBUG); req.log_error('seen')",
        r":error\].*seen$"),
    logging("wrong-result", "return 'x'", "PythonHandler .*: AssertionError: Handler has returned result"),
    logging("exception", "raise KeyError('k')", r"PythonHandler \S+: Traceback \(most recent call last\):",
            r"PythonHandler \S+:   File .*, line \d+, in handler\\n    raise KeyError",
            r"PythonHandler \S+: KeyError: 'k'"),
    logging("exit", "import sys; sys.exit(3)", r"PythonHandler \S+: SystemExit: 3"),
    logging("interrupt", "raise KeyboardInterrupt", r"PythonHandler \S+: KeyboardInterrupt"),
    Case(
        "settings",
        [get("/x"), get("/inner/x"), get("/located/x"), get("/x")],
        OPTION_SITE,
        source=SETTINGS,
        files={"inner/": ""},
    ),
    Case(
        "status-outside-the-range",
        [make(f"/?{status}") for status in (0, 1, 99, 600, 799, 1000, -1) for make in (get, head)],
        source=STATUSES,
        differs="a number that is no status is 500 with the handler's own body, any other is sent",
        olexd=[
            Expect(status, {"x-out": "x"}, "body" if body else "")
            for status in (500, 500, 500, 600, 799, 500, 500)
            for body in (True, False)
        ],
    ),
    *(
        Case(
            f"sendfile-{name}",
            [get("/"), head("/"), get("/", http="1.0"), get("/", "Range: bytes=1-2")],
            handler=statement.replace("FILE", "'@ROOT@/file.txt'"),
            files={"file.txt": "0123456789", "big": "0123456789" * 20000},
        )
        for name, statement in SEND.items()
    ),
    *(
        Case(
            f"reading-{name}",
            [post("/", body) for body in BODIES] + [ask("PUT", "/", body="put"), get("/")],
            handler=statement,
        )
        for name, statement in READING.items()
    ),
    Case(
        "reading-in-early-phases",
        [post("/page", "0123456789"), post("/page", "0123456789")],
        '<Directory "@ROOT@">\nPythonAccessHandler @M@::early\nPythonFixupHandler @M@::early\n'
        "SetHandler mod_python\nPythonHandler @M@\n</Directory>",
        source="""
from mod_python import apache
def early(req):
    req.pieces = getattr(req, 'pieces', []) + [req.read(3)]
    return apache.OK
def handler(req):
    req.write(repr(req.pieces + [req.read()]), 0)
    return apache.OK
""",
        files={"page": ""},
        same_connection=True,
    ),
    Case(
        "reading-chunked",
        [
            post("/", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
            post("/", "0\r\n\r\n", "Transfer-Encoding: chunked"),
        ],
        handler="req.write(req.readline(3) + req.read(), 0)",
        differs="a chunked body is read instead of refused with 411",
        olexd=[Expect(200, {}, "hello world"), Expect(200, {}, "")],
    ),
    Case(
        "sendfile-from-an-offset",
        [get("/"), head("/"), get("/?beyond")],
        handler="req.sendfile('@ROOT@/file.txt', 99 if req.args else 3)",
        files={"file.txt": "0123456789"},
        differs="the file is sent from the offset to its end; past the end there is nothing to send",
        olexd=[Expect(200, {}, "3456789"), Expect(200, {}, ""), Expect(200, {}, "")],
    ),
    Case(
        "connection-lives-on",
        [get(f"/?{number}") for number in range(3)] + [get("/?last", "Connection: close")],
        handler="""
        notes = req.connection.notes
        notes['seen'] = notes.get('seen', '') + req.args + ' '
        before = req.connection.keepalive
        req.write('%d %s%d' % (req.connection.keepalives, notes['seen'], before))
        req.write(' %d' % req.connection.keepalive)
        """,
        same_connection=True,
    ),
]  # fmt: skip
