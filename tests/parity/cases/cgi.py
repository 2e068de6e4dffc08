"""CGI scripts inside the server, and the functions and streams behind them."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, Request, ask, basic, get, head, post

SCRIPTS = """
PythonInterpreter cgi
<Directory "@ROOT@">
    SetHandler mod_python
    PythonHandler mod_python.cgihandler
</Directory>
"""
"""An interpreter for scripts: on mod_python they take away what other handlers have imported."""
HEAD = "print('Content-Type: text/plain')\nprint()\n"
URLENCODED = "Content-Type: application/x-www-form-urlencoded"


def script(name: str, source: str, *requests: Request, config: str = SCRIPTS, **more: object) -> Case:
    """Return a case whose script is `t.py`."""
    return Case(
        f"cgi-{name}",
        requests or [get("/t.py")],
        config,
        files={"t.py": source},
        own_interpreter=True,
        **more,  # type: ignore[arg-type]
    )


def printing(name: str, expression: str, *requests: Request, **more: object) -> Case:
    """Return a case whose script prints what an expression is worth."""
    return script(name, f"import os, sys\n{HEAD}print({expression})\n", *requests, **more)


def streams(name: str, body: str, *requests: Request, **more: object) -> Case:
    """Return a case of a handler that uses the functions of `apache`."""
    return Case(f"cgi-api-{name}", requests or [get("/")], handler=body, **more)  # type: ignore[arg-type]


LEFT_OUT = "('PATH', 'SERVER_SOFTWARE', 'REMOTE_PORT')"
SHOWN = f"sorted((k, v) for k, v in os.environ.items() if k not in {LEFT_OUT})"
OUT = "out = apache.CGIStdout(req)\n"

CASES = [
    script("hello", HEAD + "print('hello')\n", get("/t.py"), head("/t.py"), get("/t.py", http="1.0")),
    script("names", HEAD + "print(__name__)\n", *map(get, ("/t", "/t.txt", "/t.cgi", "/t.py"))),
    script("not-found", HEAD, *map(get, ("/none", "/none.py", "/t/none.py"))),
    printing("main", "__name__ == '__main__', __name__"),
    printing("directory", "os.path.basename(os.getcwd())"),
    printing("arguments", "sys.argv"),
    printing("own-directory-on-path", "os.getcwd() in sys.path"),
    printing("file", "os.path.basename(__file__)"),
    printing("environment", SHOWN),
    printing("query", SHOWN, get("/t.py?a=b&c=%20")),
    printing("path-info", SHOWN, get("/t.py/more/path?x"), get("/t/more")),
    printing("headers", SHOWN, get("/t.py", "X-One: 1", "X_Two: 2", "Cookie: a=b", "Proxy: p")),
    printing("credentials", SHOWN, get("/t.py", basic("joe", "secret"))),
    printing("methods", "os.environ['REQUEST_METHOD']", *(ask(name, "/t.py") for name in ("PUT", "MINE"))),
    printing("getenv", "os.getenv('QUERY_STRING'), os.environ.get('NONE'), 'HTTP_HOST' in os.environ"),
    printing("posted-environment", SHOWN, post("/t.py", "a=1", URLENCODED)),
    printing(
        "script", "os.environ['SCRIPT_NAME'], 'PATH_TRANSLATED' in os.environ", get("/t.py/a"), get("/t.py")
    ),
    printing("variables-set", "os.environ['MINE']", config=SCRIPTS.replace("</D", "SetEnv MINE yes\n</D")),
    printing("empty-input", "repr(sys.stdin.read())"),
    printing(
        "empty-input-line",
        "repr(sys.stdin.readline())",
        differs="an empty body can be read: in mod_python readline() raises TypeError",
        olexd=[Expect(200, {}, "''\n")],
    ),
    printing(
        "input",
        "repr(sys.stdin.readline()), repr(sys.stdin.read())",
        post("/t.py", "one\ntwo\n"),
        differs="a body can be read: in mod_python any read raises TypeError",
        olexd=[Expect(200, {}, r"'one\\n' 'two\\n'\n")],
    ),
    printing(
        "input-lines",
        "sys.stdin.readlines()",
        post("/t.py", "one\ntwo"),
        differs="a body can be read: in mod_python any read raises TypeError",
        olexd=[Expect(200, {}, r"\['one\\n', 'two'\]\n")],
    ),
    printing(
        "input-bytes",
        "sys.stdin.buffer.read()",
        post("/t.py", "\u00e4"),
        differs="standard input has a buffer for bytes",
        olexd=[Expect(200, {}, r"b'\\xc3\\xa4'\n")],
    ),
    # The head
    script("status", "print('Status: 404 Gone\\nContent-Type: text/plain\\n\\nown page')\n"),
    script("status-number", "print('Status: 201\\n\\nmade')\n"),
    script("location", "print('Location: http://other.test/\\n')\n"),
    script("location-and-status", "print('Status: 302 Found\\nLocation: /there\\n')\n"),
    script("types", "print('Content-Type: text/html; charset=utf-8\\n\\n<p>')\n"),
    script("no-type", "print('X-A: 1\\n\\nbody')\n"),
    script("several", "print('X-A: 1\\nX-A: 2\\nSet-Cookie: a=b\\nSet-Cookie: c=d\\n\\nbody')\n"),
    script("crlf", "import sys\nsys.stdout.write('X-A: 1\\r\\nX-B: 2\\r\\n\\r\\nbody\\r\\n\\r\\nmore')\n"),
    script("in-pieces", "import sys\nfor c in 'X-A: 1\\n\\nbody':\n    sys.stdout.write(c)\n"),
    script("no-headers", "print('\\nbody')\n"),
    script("no-colon", "print('nonsense\\n\\nbody')\n", log=["ValueError"]),
    script("no-end", "print('X-A: 1')\n"),
    script("nothing", "pass\n"),
    script("status-no-number", "print('Status: many\\n\\nx')\n", log=["ValueError"]),
    script(
        "status-and-location", "print('Status: 202 x\\nContent-Type: text/x-a\\nLocation: /x\\n\\nbody')\n"
    ),
    script("empty-writes", "import sys\nsys.stdout.write('')\nprint('A: b\\n')\nsys.stdout.close()\n"),
    # The body
    script("text", HEAD + "print('\\xe4\\u20ac')\n"),
    script("flush", HEAD + "import sys\nprint('one')\nsys.stdout.flush()\nprint('two')\n"),
    script("lines", HEAD + "import sys\nsys.stdout.writelines(['one\\n', 'two\\n'])\n"),
    script("large", HEAD + "for n in range(5000):\n    print(n)\n"),
    script("terminal", HEAD + "import sys\nprint(bool(sys.stdout.isatty()), bool(sys.stdin.isatty()))\n"),
    script(
        "bytes",
        "import sys\nsys.stdout.buffer.write(b'X-A: 1\\n\\n\\xff')\n",
        differs="standard output has a buffer for bytes",
        olexd=[Expect(200, {"x-a": "1"}, ".*xff.*")],
    ),
    # Ends
    script("raises", "raise LookupError('in a script')\n", log=["LookupError: in a script"]),
    script("syntax", "def\n", log=["SyntaxError"]),
    script("import-fails", "import no_such_module\n", log=["No module named '?no_such_module"]),
    script("debug", "raise LookupError('shown')\n", config="PythonDebug On\n" + SCRIPTS),
    script(
        "exit",
        HEAD + "import sys\nprint('before')\nsys.exit(0)\n",
        differs="sys.exit() ends a script in order; in mod_python it is an error",
        olexd=[Expect(200, {}, "before\n")],
    ),
    script(
        "twice",
        HEAD + "import os\nprint(os.environ.get('MINE'))\nos.environ['MINE'] = 'set'\n",
        get("/t.py"),
        get("/t.py"),
    ),
    Case(
        "cgi-location-handler",
        [get("/t.py")],
        "PythonInterpreter cgi\n<Location />\nSetHandler mod_python\nPythonHandler mod_python.cgihandler\n"
        "</Location>",
        own_interpreter=True,
        differs="where no file is looked for there is no script; in mod_python it is an error",
        olexd=[Expect(404)],
    ),
    # The functions
    streams(
        "environment",
        "env = apache.build_cgi_env(req)\n"
        "shown = sorted((k, v) for k, v in env.items() if k not in "
        + LEFT_OUT
        + ")\nreq.write('%r %r' % (shown, type(env).__name__), 0)",
        get("/a/b?c", basic("joe", "secret")),
    ),
    streams(
        "output",
        OUT
        + "out.write('Status: 404 x\\nX-A: 1\\n')\nreq.notes['s'] = str(req.status)\nout.write('\\none ')\n"
        + "req.log_error('%s then %d' % (req.notes['s'], req.status))\nout.write('two')",
        log=["200 then 404"],
    ),
    streams(
        "output-attributes", OUT + "req.write(repr((out.isatty(), out.read(), out.readline(), out.seek(0))))"
    ),
    streams(
        "null",
        "null = apache.NullIO()\nreq.write(repr((null.tell(), null.read(), null.read(3), null.readline(), "
        "null.readline(2), null.readlines(), null.write('x'), null.writelines(['x']), null.isatty(), "
        "null.flush(), null.close(), null.detach(), null.seek(1, 2))), 0)",
    ),
    streams(
        "input-of-nothing",
        "stdin = apache.CGIStdin(req)\nreq.write(repr((stdin.read(), stdin.tell())), 0)",
    ),
    streams(
        "input",
        "stdin = apache.CGIStdin(req)\nreq.write(repr((stdin.readline(), stdin.read(2), stdin.read())), 0)",
        post("/", "line\nabcd"),
        differs="a body can be read: in mod_python any read raises TypeError",
        olexd=[Expect(200, {}, r"\('line\\n', 'ab', 'cd'\)")],
    ),
    streams(
        "setup",
        "import os, sys\nsaved = apache.setup_cgi(req)\ntry:\n"
        "    print('X-Query: %s\\n\\n%s %s' % (\n"
        "        os.environ['QUERY_STRING'], type(sys.stdout).__name__, sys.argv))\n"
        "finally:\n    apache.restore_nocgi(saved[0], saved[2], saved[1])",
        get("/?a=b"),
        own_interpreter=True,
        config="PythonInterpreter cgi\n<Location />\nSetHandler mod_python\nPythonHandler @M@\n</Location>",
    ),
]
