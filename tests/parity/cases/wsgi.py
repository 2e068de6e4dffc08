"""WSGI applications: their environment, what they answer with, and what becomes of their mistakes."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, Request, ask, basic, get, head, post

APP = """
<Location /app>
    SetHandler mod_python
    PythonHandler mod_python.wsgi
    PythonOption mod_python.wsgi.application @M@
</Location>
"""
DIRECTORY = """
<Directory "@ROOT@">
    SetHandler mod_python
    PythonHandler mod_python.wsgi
    PythonOption mod_python.wsgi.application @M@
</Directory>
"""
FRAMING = (r"\n(Content-Length|Transfer-Encoding): [^\n]*", "")
"""A mask: mod_python flushes every part of a response, olexd tells the length where it is known."""
PLAIN = "[('Content-Type', 'text/plain')]"
ENVIRONMENT = f"""
def application(environ, start_response):
    start_response('200 OK', {PLAIN})
    left_out = ('PATH', 'SERVER_SOFTWARE', 'REMOTE_PORT')
    shown = sorted((k, v) for k, v in environ.items() if '.' not in k and k not in left_out and v is not None)
    return [repr(shown).encode('latin-1', 'backslashreplace')]
"""
NO_PATH_INFO = (r"\('PATH_INFO', ''\), ", "")
"""A mask: in olexd the path is always there, as PEP 3333 has it."""


def environment(name: str, *requests: Request, config: str = APP, **more: str) -> Case:
    """Return a case that compares what an application finds in its environment."""
    return Case(
        f"wsgi-env-{name}", requests, config, source=ENVIRONMENT, masks=[FRAMING, NO_PATH_INFO], **more
    )


def app(name: str, body: str, *requests: Request, config: str = APP, **more: object) -> Case:
    """Return a case whose application's body is given."""
    lines = "\n    ".join(body.strip().splitlines())
    source = f"import sys\nPLAIN = {PLAIN}\ndef application(environ, start_response):\n    {lines}\n"
    masks = [FRAMING] if "olexd" not in more else []
    return Case(f"wsgi-{name}", requests or [get("/app")], config, source=source, masks=masks, **more)  # type: ignore[arg-type]


def mistake(name: str, body: str, line: str) -> Case:
    """Return a case of an application that fails, and says why in the log."""
    return app(f"mistake-{name}", body, get("/app"), log=[line])


START = "start_response('200 OK', PLAIN)\n"
NAMED = APP.replace("@M@", "@M@::other")

CASES = [
    environment("plain", get("/app"), get("/app/"), get("/app/a/b"), get("/app?")),
    environment("query", get("/app?a=b&c=%20+d"), get("/app/x?%C3%A4;?")),
    environment("path", get("/app/a%20b"), get("/app/a//b/../c/./d"), get("/app/a%3Fb%25")),
    environment("headers", get("/app", "X-One: 1", "x-two:  2 ", "Accept: a", "Accept: b")),
    environment("odd-headers", get("/app", "X_Under: 1", "X.Dot: 2", "Proxy: 3", "X-Empty:")),
    environment("body", post("/app", "body", "Content-Type: text/x-mine"), post("/app", "")),
    environment("credentials", get("/app", basic("joe", "secret"), "Proxy-Authorization: x")),
    environment("methods", *(ask(name, "/app") for name in ("OPTIONS", "PUT", "DELETE", "PATCH", "MINE"))),
    environment("http-1.0", get("/app", http="1.0")),
    environment("host", get("/app", host="case-wsgi-env-host.test:81")),
    environment("directory", get("/none"), get("/file/more?x"), config=DIRECTORY),
    environment("file", get("/file.txt"), get("/file.txt/more"), config=DIRECTORY),
    Case(
        "wsgi-env-of-a-handler",
        [get("/app")],
        APP.replace("</L", "PythonFixupHandler @M@\n</L"),
        source=ENVIRONMENT + "def fixuphandler(req):\n    req.subprocess_env['MINE'] = 'v'\n    return 0\n",
        masks=[FRAMING, NO_PATH_INFO],
    ),
    environment(
        "base",
        get("/app/base"),
        get("/app/base/x"),
        config=APP.replace("</L", "PythonOption mod_python.wsgi.base_uri /app/base\n</L"),
    ),
    environment(
        "base-in-directory",
        get("/base/x"),
        config=DIRECTORY.replace("</D", "PythonOption mod_python.wsgi.base_uri /base\n</D"),
    ),
    environment(
        "base-empty",
        get("/app/x"),
        config="PythonOption mod_python.wsgi.base_uri /other\n"
        + APP.replace("</L", 'PythonOption mod_python.wsgi.base_uri ""\n</L'),
    ),
    environment("location-with-slash", get("/app/"), get("/app/x"), config=APP.replace("/app>", "/app/>")),
    environment(
        "location-match",
        get("/app/x"),
        config=APP.replace("Location /app>", 'LocationMatch "^/a">').replace(
            "</Location>", "</LocationMatch>"
        ),
    ),
    Case(
        "wsgi-base-elsewhere",
        [get("/app/x")],
        APP.replace("</L", "PythonOption mod_python.wsgi.base_uri /other\n</L"),
        source=ENVIRONMENT,
        log=["WSGI handler: req.uri .*/app/x.* does not start with mod_python.wsgi.base_uri .*, declining"],
    ),
    Case(
        "wsgi-base-inside-a-segment",
        [get("/apple")],
        "PythonOption mod_python.wsgi.base_uri /app\n" + DIRECTORY,
        source=ENVIRONMENT,
        differs="the base is a prefix of whole segments",
        olexd=[Expect(404)],
    ),
    Case(
        "wsgi-base-with-slash",
        [get("/app/x")],
        APP.replace("</L", "PythonOption mod_python.wsgi.base_uri /app/\n</L"),
        source=ENVIRONMENT,
        log=[r"ValueError: PythonOption 'mod_python.wsgi.base_uri' \('/app/'\) must not end with '/'"],
    ),
    Case(
        "wsgi-path-not-utf-8",
        [get("/app/%FF")],
        APP,
        source=ENVIRONMENT,
        differs="bytes that are not UTF-8 come as Latin-1 characters, as PEP 3333 has it",
        olexd=[Expect(200, {}, r".*'PATH_INFO', '/\u00ff'.*|.*'PATH_INFO', '/\\xff'.*")],
    ),
    Case(
        "wsgi-header-not-ascii",
        [get("/app", "X-A: v\u00e4")],
        APP,
        source=ENVIRONMENT,
        differs="bytes that are not UTF-8 come as Latin-1 characters, as PEP 3333 has it",
        olexd=[Expect(200, {}, r".*'HTTP_X_A', 'v(\u00e4|\\xe4)'.*")],
    ),
    # What the server says of itself
    app(
        "variables",
        START + "return [repr([environ[k] for k in ('wsgi.version', 'wsgi.url_scheme', "
        "'wsgi.multithread')]).encode()]",
    ),
    app("path-info", START + "return [repr(environ['wsgi.input'].path_info).encode()]", get("/app/x/y")),
    app("input-is-the-request", START + "return [environ['wsgi.input'].method.encode()]"),
    app(
        "run-once",
        START + "return [repr((environ['wsgi.run_once'], environ['PATH_INFO'])).encode()]",
        differs="wsgi.run_once and an empty PATH_INFO are there, as PEP 3333 has it",
        olexd=[Expect(200, {"content-length": "11"}, r"\(False, ''\)")],
    ),
    # The application
    Case(
        "wsgi-other-name",
        [get("/app")],
        NAMED,
        source="def other(environ, start_response):\n    start_response('200 OK', [])\n    return [b'x']\n",
        masks=[FRAMING],
    ),
    Case(
        "wsgi-name-is-missing",
        [get("/app")],
        NAMED,
        source="application = None\n",
        log=[r"WSGI handler: mod_python.wsgi.application \(.*::other'\) not found, declining"],
    ),
    Case(
        "wsgi-name-is-false", [get("/app")], APP, source="application = None\n", log=["not found, declining"]
    ),
    Case("wsgi-no-dots", [get("/app")], APP.replace("@M@", "@M@::a.b"), source="class a:\n    b = 1\n"),
    Case(
        "wsgi-no-option",
        [get("/app")],
        "<Location /app>\nSetHandler mod_python\nPythonHandler mod_python.wsgi\n</Location>",
        log=["KeyError: 'mod_python.wsgi.application'"],
    ),
    Case(
        "wsgi-no-module",
        [get("/app")],
        APP.replace("@M@", "no_such_module"),
        log=["(ImportError|ModuleNotFoundError): No module named '?no_such_module"],
    ),
    # Bodies
    app("list", START + "return [b'one ', b'', b'two']", get("/app"), head("/app")),
    app("tuple", START + "return (b'one', b'two')"),
    app("empty", START + "return []"),
    app("generator", START + "return (part for part in (b'one', b'', b'two'))"),
    app("own-generator", START + "yield b'one'\nyield b'two'"),
    app("text", START + "return ['text ', '\\xe4']"),
    app("plain-text", START + "return 'abc'"),
    app("write", "write = " + START + "write(b'written ')\nwrite('text ')\nreturn [b'returned']"),
    app("not-started", "return [b'not started']"),
    app("late", "yield b''\nstart_response('200 OK', PLAIN)\nyield b'late'"),
    app(
        "length",
        "start_response('200 OK', PLAIN + [('Content-Length', '4')])\nreturn [b'four']",
        get("/app"),
        head("/app"),
        get("/app", http="1.0"),
    ),
    app(
        "headers",
        "start_response('200 OK', [('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2'), (b'X-Bytes', b'1'), "
        "('Content-Type', 'text/html'), ('Content-Language', 'de')])\nreturn [b'x']",
    ),
    app("no-type", "start_response('200 OK', [])\nreturn [b'x']"),
    app("large", START + "return [b'0123456789' * 1000] * 30"),
    app(
        "close",
        START + "class Items:\n    def __iter__(self):\n        return iter([b'x'])\n"
        "    def close(self):\n        environ['wsgi.input'].log_error('closed')\n"
        "return Items()",
        get("/app"),
        log=[r"\] closed$"],
    ),
    app(
        "input",
        START + "body = environ['wsgi.input']\n"
        "return [repr((body.readline(), body.read(3), body.readlines(), body.read())).encode()]",
        post("/app", "line\nabcdef\ng"),
        post("/app", ""),
    ),
    app("response-header-not-ascii", "start_response('200 OK', [('X-A', '\\xe4')])\nreturn ['x']"),
    app("header-order", "start_response('200 OK', [('B', '1'), ('A', '2'), ('B', '3')])\nreturn [b'x']"),
    app("writes-nothing", "write = " + START + "write('')\nwrite(b'')\nreturn []"),
    app("iterator", START + "return iter(['a', 'b'])"),
    app(
        "close-of-a-list",
        START + "class Items(list):\n    def close(self):\n        raise LookupError('closed')\n"
        "return Items([b'x'])",
    ),
    app(
        "close-after-an-error",
        START
        + "class Items:\n    def __iter__(self):\n        yield b'x'\n        raise LookupError('midway')\n"
        "    def close(self):\n        environ['wsgi.input'].log_error('closed')\nreturn Items()",
        get("/app"),
        log=["LookupError: midway", r"\] closed$"],
    ),
    app(
        "scheme",
        START + "return [environ['wsgi.url_scheme'].encode()]",
        get("/app/on"),
        get("/app/off"),
        config=f"SetEnvIf Request_URI on$ HTTPS=on\nSetEnvIf Request_URI off$ HTTPS=off\n{APP}",
    ),
    app(
        "input-in-pieces",
        START + "body = environ['wsgi.input']\n"
        "return [repr((body.readline(2), body.readline(), body.readlines())).encode()]",
        post("/app", "abcdef\ngh\ni"),
    ),
    app(
        "line-break-in-a-header",
        "start_response('200 OK', [('X-A', 'a\\r\\nX-B: 1')])\nreturn [b'x']",
        differs="the response is replaced, and nothing follows it",
        olexd=[Expect(500, {"x-a": None, "x-b": None})],
    ),
    app(
        "two-types",
        "start_response('200 OK', [('Content-Type', 'text/a'), ('Content-Type', 'text/b')])\nreturn [b'x']",
        differs="a response has one type, the last one",
        olexd=[Expect(200, {"content-type": "text/b"}, "x")],
    ),
    # Statuses
    app(
        "status",
        "line = environ['QUERY_STRING'].replace('+', ' ')\nstart_response(line, PLAIN)\n"
        "return [b'own page'] if environ['PATH_INFO'] else []",
        get("/app/x?201+Made"),
        get("/app?204+No+Content"),
        get("/app?302+Found"),
        get("/app?304+Not+Modified"),
        get("/app/x?404+Not+Found"),
        get("/app/x?500+Oh"),
        differs="mod_python answers 200 whatever an application says",
        olexd=[
            Expect(201, {}, "own page"),
            Expect(204, {}, ""),
            Expect(302, {"content-length": "0"}, ""),
            Expect(304, {}, ""),
            Expect(404, {}, "own page"),
            Expect(500, {}, "own page"),
        ],
    ),
    # Mistakes
    mistake(
        "status", "start_response('99 Low', PLAIN)\nreturn []", "ValueError: Invalid status line: 99 Low"
    ),
    mistake(
        "status-text", "start_response('Fine', PLAIN)\nreturn []", "ValueError: Invalid status line: Fine"
    ),
    mistake(
        "headers",
        "start_response('200 OK', ())\nreturn []",
        "TypeError: headers argument must be a list, not a 'tuple'",
    ),
    mistake(
        "header",
        "start_response('200 OK', [['a', 'b']])\nreturn []",
        "TypeError: each header must be a tuple, not a 'list'",
    ),
    mistake(
        "header-name",
        "start_response('200 OK', [(1, 'b')])\nreturn []",
        "TypeError: header names must be strings, not 'int'",
    ),
    mistake(
        "header-value",
        "start_response('200 OK', [('a', 1)])\nreturn []",
        "TypeError: header values must be strings, not 'int'",
    ),
    mistake("bytes", START + "return b'ab'", "TypeError: .*int"),
    mistake("none", START + "return None", "TypeError: 'NoneType' object is not iterable"),
    mistake("exception", "raise LookupError('in an application')", "LookupError: in an application"),
    mistake(
        "exception-after-start",
        START + "raise LookupError('after the start')",
        "LookupError: after the start",
    ),
    app("debug", "raise LookupError('shown')", config="PythonDebug On\n" + APP),
    app(
        "exc-info",
        "start_response('200 OK', [('X-First', '1')])\n"
        "try:\n    raise LookupError('why')\nexcept LookupError:\n"
        "    start_response('200 OK', [('X-Second', '2')], sys.exc_info())\nreturn [b'replaced']",
        differs="while nothing was sent exc_info replaces the response, as PEP 3333 has it",
        olexd=[Expect(200, {"x-first": None, "x-second": "2"}, "replaced")],
    ),
    app(
        "exc-info-none",
        "start_response('200 OK', PLAIN, None)\nreturn [b'fine']",
        differs="exc_info=None means none",
        olexd=[Expect(200, {}, "fine")],
    ),
    app(
        "twice",
        START + START + "return [b'x']",
        differs="a second call without exc_info is a mistake, as PEP 3333 has it",
        olexd=[Expect(500)],
    ),
    app(
        "type-of-a-file",
        START.replace("PLAIN", "[('Content-Type', 'text/x-mine')]") + "return [b'x']",
        get("/page.html"),
        config=DIRECTORY,
        files={"page.html": "a file"},
        differs="the application's type is not replaced by that of a file at the same path",
        olexd=[Expect(200, {"content-type": "text/x-mine"}, "x")],
    ),
    Case(
        "content-type-in-both-places",
        [get("/")],
        handler="req.content_type = 'text/plain'\n"
        "req.headers_out.add('Content-Type', 'text/html')\n"
        "req.write('x')",
    ),
]
