"""Filters: the protocol of mp_filter, chains, directives, dynamic registration, errors."""

from __future__ import annotations

from typing import Any

from tests.parity.runner.case import Case, Expect, Request, get, head, post

FILES = {"small.txt": "one\ntwo\nthree", "empty.txt": "", "big.txt": "0123456789abcde\n" * 2000}

SOURCE = """
from mod_python import apache

KEPT = []

def put(filter, data):
    # mod_python keeps no reference to what it is given.
    KEPT.append(data)
    filter.write(data)

def upper(filter):
    data = filter.read()
    while data:
        put(filter, data.upper())
        data = filter.read()
    if data is None:
        filter.close()

outputfilter = upper

def brackets(filter):
    data = filter.read()
    while data:
        put(filter, b'[' + data + b']')
        data = filter.read()
    if data is None:
        filter.close()

def show(filter):
    data = filter.read()
    put(filter, repr((filter.name, filter.handler, filter.dir, filter.is_input, filter.closed,
        filter.softspace, filter.req is not None)) + '|')
    while data:
        put(filter, data)
        data = filter.read()
    if data is None:
        filter.close()
        filter.req.closed_now = filter.closed

def trace(filter):
    req = filter.req
    req.trace = getattr(req, 'trace', [])
    while True:
        data = filter.read()
        req.trace.append(data)
        if not data:
            break
    if data is None:
        put(filter, repr((req.trace, req.phase)))
        filter.close()
"""


def out(name: str, filters: str, statement: str = "req.write('text', 0)", *requests, source: str = "",
        config: str = "", **more) -> Case:  # fmt: skip
    """Return a case in which `filters` (functions of the module) stand behind a handler."""
    declared = "\n".join(f"PythonOutputFilter @M@::{one} {one.upper()}" for one in filters.split(";"))
    body = "\n    ".join(statement.splitlines())
    handler = f"\ndef handler(req):\n    req.content_type = 'text/plain'\n    {body}\n    return apache.OK\n"
    return Case(
        f"filter-{name}",
        list(requests) or [get("/a"), head("/a"), get("/a", http="1.0")],
        f"{declared}\n<Location />\nSetHandler mod_python\nPythonHandler @M@\n"
        f"SetOutputFilter {filters.upper()}\n{config}\n</Location>",
        source=SOURCE + source + handler,
        **more,
    )


STATIC_ASKED = [
    get("/small.txt"),
    get("/big.txt"),
    head("/small.txt"),
    get("/none.txt"),
    get("/small.txt", "Range: bytes=2-4"),
    get("/small.txt", "If-Modified-Since: Sun, 05 May 2030 12:00:00 GMT"),
]


def static(name: str, config: str, *requests: Request, **more: Any) -> Case:
    """Return a case in which filters stand behind files."""
    files = more.pop("files", FILES)
    return Case(f"filter-{name}", list(requests) or STATIC_ASKED, config, source=SOURCE, files=files, **more)


PAIR = {"small.txt": "x", "a.txt": "y"}
BR = "PythonOutputFilter @M@::brackets BR\n"
BR_UP = BR + "PythonOutputFilter @M@::upper UP\n"
STATIC_CASES = [
    static("file", "PythonOutputFilter @M@::upper UP\nSetOutputFilter UP"),
    static("file-longer", BR + "SetOutputFilter BR"),
    static("file-default-function", "PythonOutputFilter @M@\nSetOutputFilter @M@", get("/small.txt")),
    static(
        "directory",
        '<Directory "@ROOT@">\nPythonOutputFilter @M@::show UP\nSetOutputFilter UP\n</Directory>',
        get("/small.txt"),
    ),
    static(
        "location",
        "<Location /small.txt>\nPythonOutputFilter @M@::show UP\nSetOutputFilter UP\n</Location>",
        get("/small.txt"),
    ),
    static(
        "unknown", "SetOutputFilter NOSUCH\nSetInputFilter NOSUCH", get("/small.txt"), post("/small.txt", "x")
    ),
    static(
        "declared-elsewhere",
        "<Location /x>\nPythonOutputFilter @M@::upper UP\n</Location>\nSetOutputFilter UP",
        get("/small.txt"),
        log=["python_filter: Could not find registered filter."],
    ),
    static(
        "redefined",
        "PythonOutputFilter @M@::upper UP\n"
        "<Location /big.txt>\nPythonOutputFilter @M@::brackets UP\n</Location>\n"
        "SetOutputFilter UP",
        get("/small.txt"),
        get("/big.txt"),
    ),
    static("twice", BR + "SetOutputFilter BR;br", get("/small.txt")),
    static("add", BR_UP + "AddOutputFilter BR;UP .txt", get("/small.txt")),
    static("add-and-set", BR_UP + "AddOutputFilter BR .txt\nSetOutputFilter UP", get("/small.txt")),
    static(
        "add-merged",
        BR_UP + "AddOutputFilter BR .txt\n<Location /small.txt>\nAddOutputFilter UP .txt .de\n</Location>",
        get("/small.txt"),
        get("/a.txt.de"),
        files={"small.txt": "x", "a.txt.de": "y"},
    ),
    static(
        "add-two-extensions",
        BR_UP + "AddOutputFilter BR .txt\nAddOutputFilter UP .foo",
        get("/a.txt.foo"),
        get("/a.foo.txt"),
        files={"a.txt.foo": "x", "a.foo.txt": "y"},
    ),
    static(
        "remove",
        BR + "AddOutputFilter BR .txt\n<Location /small.txt>\nRemoveOutputFilter .txt\n</Location>",
        get("/small.txt"),
        get("/a.txt"),
        files=PAIR,
    ),
    static(
        "set-none",
        BR + "SetOutputFilter BR\n<Location /small.txt>\nSetOutputFilter None\n</Location>",
        get("/small.txt"),
        get("/a.txt"),
        files=PAIR,
    ),
    static(
        "set-inner",
        BR_UP + "SetOutputFilter BR\n<Location /small.txt>\nSetOutputFilter UP\n</Location>",
        get("/small.txt"),
        get("/a.txt"),
        files=PAIR,
    ),
    static(
        "htaccess",
        BR + '<Directory "@ROOT@">\nAllowOverride FileInfo\n</Directory>',
        get("/small.txt"),
        get("/sub/a.txt"),
        files={
            "small.txt": "x",
            ".htaccess": "SetOutputFilter BR\n",
            "sub/.htaccess": "AddOutputFilter BR .txt\n",
            "sub/a.txt": "y",
        },
    ),
    static(
        "error-document",
        BR + "ErrorDocument 404 /e.html\nSetOutputFilter BR",
        get("/none"),
        files={"e.html": "missing"},
    ),
    static("index", BR + "AddOutputFilter BR .html", get("/"), files={"index.html": "idx"}),
    static(
        "by-type",
        BR + "AddOutputFilterByType BR text/plain",
        get("/small.txt"),
        get("/a.html"),
        files={"small.txt": "x", "a.html": "y"},
        differs="mod_filter calls Python filters by a name of its own, under which mod_python finds none",
        olexd=[Expect(200, {}, r"\[x\]"), Expect(200, {}, "y")],
    ),
]

INPUT_ASKED = [
    post("/a", "one\ntwo three"),
    post("/a?lines", "one\ntwo three"),
    post("/a?none", "one\ntwo three"),
    get("/a"),
]
READER = """
def halves(filter):
    data = filter.read()
    while data:
        put(filter, data[::2])
        data = filter.read()
    if data is None:
        filter.close()

def doubles(filter):
    data = filter.read()
    while data:
        put(filter, data + data)
        data = filter.read()
    if data is None:
        filter.close()

def raises(filter):
    filter.read()
    raise ValueError('in a filter')

def lines(filter):
    data = filter.readline()
    while data:
        filter.req.log_error('line %r' % data)
        put(filter, data)
        data = filter.readline()
    if data is None:
        filter.close()

def unclosed(filter):
    data = filter.read()
    if data:
        put(filter, data)

def handler(req):
    req.content_type = 'text/plain'
    if req.args == 'none':
        req.write('none', 0)
    elif req.args == 'lines':
        req.write(repr([req.readline(), req.readline(), req.read()]), 0)
    elif req.args == 'five':
        req.write(repr([req.read(5), req.read(5), req.read(5), req.read(5)]), 0)
    else:
        req.write(repr(req.read()), 0)
    return apache.OK
"""


def body(name: str, filters: str, *requests: Request, config: str = "", **more: Any) -> Case:
    """Return a case in which `filters` stand between a request's body and the handler."""
    declared = "\n".join(f"PythonInputFilter @M@::{one} {one.upper()}" for one in filters.split(";"))
    return Case(
        f"filter-input-{name}",
        list(requests) or INPUT_ASKED,
        f"{declared}\n<Location />\nSetHandler mod_python\nPythonHandler @M@\n"
        f"SetInputFilter {filters.upper()}\n{config}\n</Location>",
        source=SOURCE + READER,
        **more,
    )


INPUT_CASES = [
    body("upper", "upper"),
    body("shorter", "halves"),
    body("stacked", "upper;brackets", post("/a?lines", "one\ntwo")),
    body("stacked-other-way", "brackets;upper", post("/a?lines", "one\ntwo")),
    body("lines", "lines", post("/a", "one\ntwo three"), log=[r"line b'one\\\\n'", "line b'two three'"]),
    body(
        "raises",
        "raises",
        post("/a", "text"),
        post("/a?none", "text"),
        log=[r"raises \S+::raises: ValueError"],
    ),
    body(
        "longer",
        "doubles",
        post("/a", "one two"),
        post("/a?five", "one two"),
        differs="what a filter makes of the body beyond what the handler asked for is lost",
        olexd=[
            Expect(200, {}, "b'one twoone two'"),
            Expect(200, {}, r"\[b'one t', b'woone', b' two', b''\]"),
        ],
    ),
    body(
        "in-pieces",
        "upper",
        post("/a?five", "one two three"),
        differs="what a filter makes of the body beyond what the handler asked for is lost",
        olexd=[Expect(200, {}, r"\[b'ONE T', b'WO TH', b'REE', b''\]")],
    ),
]


CASES = [
    out("upper", "upper"),
    out("flushed", "upper", "req.write('one'); req.write('two')"),
    out("big", "upper", "req.write('abc' * 5000, 0); req.write('x')"),
    out("trace-unflushed", "trace"),
    out("trace-flushed", "trace", "req.write('one'); req.write('two')"),
    out("trace-flush-only", "trace", "req.flush(); req.write('x', 0)"),
    out("trace-nothing", "trace", "pass"),
    out("trace-8001", "trace", "req.write('x' * 8001, 0); req.write('y', 0)"),
    out("stacked", "upper;brackets", "req.write('one'); req.write('two', 0)"),
    out("stacked-other-way", "brackets;upper", "req.write('one'); req.write('two', 0)"),
    out("attributes", "show"),
    out("name-case", "upper", "req.add_output_filter('uPPeR'); req.write('x', 0)"),
    out("length-set", "brackets", "req.set_content_length(4); req.write('text', 0)"),
    out("status-204", "upper", "req.status = 204; req.write('text')"),
    out("error-page", "upper", "return 404"),
    out("done", "upper", "req.write('text', 0); return apache.DONE"),
    out("error-after-flush", "upper", "req.write('text'); return 404"),
    out("exception", "upper", "raise ValueError('x')", log=["ValueError: x"]),
    out(
        "exception-debug",
        "upper",
        "raise ValueError('x')",
        config="PythonDebug On",
        masks=[(r"(?is)mod_python error.*?</pre>", "PAGE")],
    ),
    out(
        "header-from-filter",
        "marks",
        "req.write('text', 0)",
        source="""
def marks(filter):
    filter.req.headers_out['X-Marked'] = 'yes'
    filter.req.status = 201
    upper(filter)
""",
    ),
    out(
        "header-from-filter-late",
        "marks",
        "req.write('text'); req.write('more')",
        source="""
def marks(filter):
    filter.req.headers_out['X-Marked'] = str(getattr(filter.req, 'count', 0))
    filter.req.count = getattr(filter.req, 'count', 0) + 1
    upper(filter)
""",
    ),
    out(
        "reads",
        "reads",
        "req.write('line one\\nline two\\nrest', 0)",
        source="""
def reads(filter):
    seen = [filter.read(3), filter.readline(), filter.readline(4), filter.readline(), filter.readline(),
        filter.read(0), filter.read(100), filter.read()]
    put(filter, repr(seen))
    filter.close()
""",
    ),
    out(
        "reads-flushed",
        "reads",
        "req.write('line one\\nline two\\nrest')",
        source="""
def reads(filter):
    seen = [filter.read(3), filter.readline(), filter.readline(4), filter.readline(), filter.readline(),
        filter.read(0), filter.read(100), filter.read()]
    put(filter, repr(seen))
    if seen[-1] is None:
        filter.close()
""",
        differs="the end of a response that a filter does not close is never sent",
        olexd=[
            Expect(200, {}, r"(?s).*b'rest', b''.*"),
            Expect(200),
            Expect(200, {}, r"(?s).*b'rest', b''.*"),
        ],
    ),
    out(
        "pass-on",
        "passes",
        "req.write('one'); req.write('two', 0)",
        source="""
def passes(filter):
    filter.pass_on()
""",
    ),
    out(
        "disable",
        "once",
        "req.write('one'); req.write('two'); req.write('three', 0)",
        source="""
def once(filter):
    put(filter, b'<' + filter.read() + b'>')
    filter.disable()
""",
    ),
    out(
        "swallow",
        "swallows",
        "req.write('one'); req.write('two', 0)",
        source="""
def swallows(filter):
    data = filter.read()
    while data:
        data = filter.read()
    if data is None:
        filter.close()
""",
    ),
    out(
        "collect",
        "collects",
        "req.write('one'); req.write('two', 0)",
        source="""
def collects(filter):
    req = filter.req
    data = filter.read()
    while data:
        req.kept = getattr(req, 'kept', b'') + data
        data = filter.read()
    if data is None:
        req.headers_out['X-Late'] = 'yes'
        put(filter, req.kept[::-1])
        filter.close()
""",
    ),
    out(
        "flush-inside",
        "flushes",
        "req.write('one two', 0)",
        source="""
def flushes(filter):
    data = filter.read()
    if data is None:
        filter.close()
        return
    for word in data.split():
        put(filter, word)
        filter.flush()
    if filter.read() is None:
        filter.close()
""",
    ),
    out(
        "closed-use",
        "uses",
        "req.write('text', 0)",
        source="""
def uses(filter):
    filter.read()
    found = []
    put(filter, 'x')
    filter.close()
    filter.close()
    for call in (filter.read, filter.readline, lambda: filter.write('y'), filter.flush,
            filter.pass_on, filter.disable):
        try:
            found.append(repr(call()))
        except Exception as error:
            found.append(type(error).__name__ + ': ' + str(error))
    filter.req.log_error('|'.join(found))
""",
        log=[r"ValueError: I/O operation on closed filter\|ValueError: I/O operation on closed filter"],
    ),
    out(
        "write-types",
        "writes",
        "req.write('text', 0)",
        source="""
def writes(filter):
    filter.read()
    found = []
    for value in ('\\xe4\\u20ac', b'\\xff', '', b'', 3, None, bytearray(b'x')):
        try:
            found.append(repr(filter.write(value)))
        except Exception as error:
            found.append(type(error).__name__ + ': ' + str(error))
    put(filter, '|'.join(found))
    filter.close()
""",
    ),
    out(
        "assign",
        "assigns",
        "req.write('text', 0)",
        source="""
def assigns(filter):
    found = []
    for name in ('name', 'handler', 'dir', 'is_input', 'closed', 'softspace', 'req'):
        try:
            setattr(filter, name, 1 if name != 'req' else filter.req)
            found.append('ok')
        except Exception as error:
            found.append(type(error).__name__ + ': ' + str(error))
    put(filter, '|'.join(found))
    filter.close()
""",
    ),
    out(
        "raises",
        "raises;brackets",
        "req.write('one'); req.write('two'); req.write('three', 0)",
        source="""
def raises(filter):
    put(filter, 'lost')
    raise ValueError('in a filter')
""",
        log=[r"raises \S+::raises: ValueError: in a filter"],
    ),
    out(
        "raises-debug",
        "raises",
        "req.write('one'); req.write('two'); req.write('three', 0)",
        source="""
def raises(filter):
    put(filter, 'lost')
    raise ValueError('in a filter')
""",
        config="PythonDebug On",
        masks=[(r"(?s)File \".*?ValueError", "FRAMES")],
    ),
    out(
        "raises-unflushed",
        "raises",
        source="""
def raises(filter):
    raise ValueError('in a filter')
""",
        differs="the end of the response is lost with the block, and the connection is cut",
        olexd=[Expect(500)] * 3,
    ),
    out(
        "raises-debug-unflushed",
        "raises",
        source="""
def raises(filter):
    put(filter, 'lost')
    raise ValueError('in a filter')
""",
        config="PythonDebug On",
        masks=[(r"(?s)File \".*?ValueError", "FRAMES")],
        differs="the end of the response is lost with the block, and the connection is cut",
        olexd=[Expect(500, {}, "(?s)lost.*Mod_python error.*"), Expect(500), Expect(500)],
    ),
    out(
        "server-return",
        "returns",
        "req.write('one'); req.write('two', 0)",
        source="""
def returns(filter):
    put(filter, 'lost')
    raise apache.SERVER_RETURN(apache.OK, 202)
""",
        differs="the end of the response is lost with the block, and the connection is cut",
        olexd=[Expect(202, {}, "")] * 3,
    ),
    out(
        "server-return-unflushed",
        "returns",
        source="""
def returns(filter):
    raise apache.SERVER_RETURN(apache.DONE, 202)
""",
        differs="the end of the response is lost with the block, and the connection is cut",
        olexd=[Expect(202, {}, "")] * 3,
    ),
    out(
        "missing-function",
        "nothing",
        log=[r"nothing \S+::nothing: AttributeError"],
        differs="the end of the response is lost with the block, and the connection is cut",
        olexd=[Expect(500)] * 3,
    ),
    out(
        "class-method",
        "Shouter.run",
        source="""
class Shouter:
    def __init__(self, filter):
        self.filter = filter
    def run(self, filter):
        assert filter is self.filter
        upper(filter)
""",
    ),
    *STATIC_CASES,
    *INPUT_CASES,
]
