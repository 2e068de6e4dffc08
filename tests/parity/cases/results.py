"""Results of the content handler: codes, SERVER_RETURN, wrong types; stacked handlers and their names."""

from __future__ import annotations

from tests.parity.runner.case import DIRECTORY, Case, Expect, get, head, post

CODES: tuple[int, ...] = (
    201,
    204,
    206,
    300,
    301,
    302,
    303,
    304,
    307,
    308,
    400,
    401,
    402,
    403,
    404,
    405,
    406,
    407,
    408,
)
CODES += (409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 426, 428, 429, 431, 451)
CODES += (500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511)

BY_ARGS = """
from mod_python import apache
def handler(req):
    req.headers_out['X-Out'] = 'out'
    req.err_headers_out['X-Err'] = 'err'
    req.content_type = 'text/plain'
    req.write('some text', 0)
    RESULT
"""


def each(
    name: str, statement: str, values: list[str], *, config: str = "", log: tuple[str, ...] = ()
) -> Case:
    """A case that runs `statement` (with `@` for the value) for each of the values."""
    branches = "\n".join(
        f"    if req.args == '{number}':\n        {statement.replace('@', value)}"
        for number, value in enumerate(values)
    )
    source = BY_ARGS.replace("    RESULT", branches)
    requests = [make(f"/x?{number}") for number in range(len(values)) for make in (get, head)]
    return Case(name, requests, config or Case("x").config, source=source, log=log)


STACK = """
from mod_python import apache
def one(req):
    req.write('one ', 0)
    return apache.OK
def two(req):
    req.write('two ', 0)
    return apache.OK
def declined(req):
    req.write('declined ', 0)
    return apache.DECLINED
def done(req):
    req.write('done ', 0)
    return apache.DONE
def server_return_ok(req):
    req.write('raised ', 0)
    raise apache.SERVER_RETURN(apache.OK)
def missing(req):
    return apache.HTTP_NOT_FOUND
def adds(req):
    req.add_handler('PythonHandler', '@M@::two')
    req.write('adds ', 0)
    return apache.OK
class Page:
    def __init__(self, req):
        self.req = req
    def show(self, req):
        req.write('Page.show %s ' % (self.req is req), 0)
        return apache.OK
    @staticmethod
    def static(req):
        req.write('Page.static ', 0)
        return apache.OK
    class Inner:
        def __init__(self, req):
            pass
        def show(self, req):
            req.write('Inner.show ', 0)
            return apache.OK
class NoArgument:
    def show(self, req):
        return apache.OK
class Callable:
    def __call__(self, req):
        req.write('called ', 0)
        return apache.OK
    def method(self, req):
        req.write('method ', 0)
        return apache.OK
instance = Callable()
number = 3
def handler(req):
    req.write('handler ', 0)
    return apache.OK
"""
STACKS = {
    "ok-ok": "@M@::one @M@::two",
    "declined-ok": "@M@::one @M@::declined @M@::two",
    "done-ok": "@M@::done @M@::two",
    "raised-ok": "@M@::server_return_ok @M@::two",
    "error-ok": "@M@::one @M@::missing @M@::two",
    "two-lines": "@M@::one\nPythonHandler @M@::two",
    "adds": "@M@::adds @M@::one",
    "default-function": "@M@",
    "method": "@M@::Page.show",
    "static-method": "@M@::Page.static",
    "nested-class": "@M@::Page.Inner.show",
    "class-itself": "@M@::Page",
    "class-without-argument": "@M@::NoArgument.show",
    "instance": "@M@::instance",
    "instance-method": "@M@::instance.method",
    "not-callable": "@M@::number",
    "no-such-function": "@M@::nothing",
    "no-such-attribute": "@M@::Page.nothing",
    "no-such-module": "no_such_module_at_all",
    "two-separators": "@M@::one::two",
    "empty-object": "@M@::",
    "function-as-module": "@M@.one",
    "quoted": '"@M@::one"',
    "submodule": "parity_package.page",
}
PACKAGE = {
    "parity_package/__init__.py": "",
    "parity_package/page.py": "def handler(req):\n    req.write('submodule', 0)\n    return 0\n",
}


def stack(name: str, handlers: str) -> Case:
    """A case with this PythonHandler line."""
    config = f"<Location />\nSetHandler mod_python\nPythonHandler {handlers}\n</Location>"
    return Case(f"handlers-{name}", [get("/a"), get("/a")], config, source=STACK, modules=PACKAGE)


CASES = [
    each("return-codes", "return @", [str(code) for code in CODES]),
    each(
        "return-codes-in-directory",
        "return @",
        ["0", "-1", "-2", "404", "500", "302", "304"],
        config=DIRECTORY,
    ),
    each("return-wrong-types", "return @", ["None", "'0'", "(0,)", "1", "99", "600", "1000"]),
    each(
        "status-codes",
        "req.status = @; return apache.OK",
        [str(code) for code in CODES if code not in (204, 206, 304, 416)],
    ),
    each("status-no-body", "req.status = @; return apache.OK", ["204", "304"]),
    each(
        "raise-server-return",
        "raise apache.SERVER_RETURN(@)",
        [
            "apache.OK",
            "apache.DECLINED",
            "apache.DONE",
            "403",
            "apache.OK, 404",
            "apache.DONE, 201",
            "apache.OK, None",
            "404, 500",
            "404, 404, 404",
            "'x'",
            "(0, 404)",
            "0, 'x'",
        ],
    ),
    each(
        "raise-server-return-class",
        "@",
        [
            "raise apache.SERVER_RETURN",
            "raise apache.SERVER_RETURN()",
            "raise apache.SERVER_RETURN(apache.OK)",
        ],
        log=("IndexError",),
    ),
    each(
        "redirects",
        "req.headers_out['Location'] = @; return apache.HTTP_MOVED_TEMPORARILY",
        ["'/there'", "'http://other.test/x?y=1&z'", "'relative'", "'//host/x'"],
    ),
    each(
        "status-line",
        "@; return apache.OK",
        [
            "req.status = 299; req.status_line = '299 Custom'",
            "req.status = 404; req.status_line = '404 Nothing here'",
            "req.status = 404; req.status_line = '403 Other'",
            "req.status_line = '200 Fine'",
        ],
    ),
    Case(
        "return-200",
        handler="req.write('x', 0)\nreturn apache.HTTP_OK",
        differs="HTTP_OK as a result means OK instead of an error page titled 200 OK",
        olexd=[Expect(200, {"content-length": "1"}, "x")],
    ),
    Case(
        "return-true",
        handler="req.write('x', 0)\nreturn req.args == 'a'",
        requests=[get("/?b")],
        differs="a bool or another subclass of int counts as its number instead of raising an AssertionError",
        olexd=[Expect(200, {"content-length": "1"}, "x")],
    ),
    *(stack(name, handlers) for name, handlers in STACKS.items()),
    Case(
        "extension-lists",
        [
            get(path)
            for path in ("/a.one", "/a.two", "/a.three", "/a", "/x.tar.gz", "/x..one", "/a.one/info", "/d/")
        ],
        '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@::one | .one\n'
        "PythonHandler @M@::two|.two .gz\nPythonHandler @M@::plain\n</Directory>",
        source="""
from mod_python import apache
def show(word):
    def handler(req):
        req.content_type = 'text/plain'
        req.write('%s %r' % (word, req.extension), 0)
        return apache.OK
    return handler
one, two, plain = show('one'), show('two'), show('plain')
""",
        files={"d/": "", "a.one": "static"},
    ),
    Case(
        "extension-list-only",
        [get("/a.one"), get("/a.other"), post("/a.other", "x"), get("/none.other")],
        '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@ | .one\n</Directory>',
        handler="req.write('python', 0)",
        files={"a.one": "static one", "a.other": "static other"},
    ),
    Case("no-python-handler", [get("/a"), get("/none")], "SetHandler mod_python", files={"a": "static"}),
    Case(
        "old-handler-name",
        [get("/a")],
        "<Location />\nSetHandler python-program\nPythonHandler @M@\n</Location>",
        handler="req.write(req.handler, 0)",
    ),
    Case(
        "handler-name-in-capitals",
        [get("/a")],
        "<Location />\nSetHandler MOD_PYTHON\nPythonHandler @M@\n</Location>",
        handler="req.write(req.handler, 0)",
    ),
    Case(
        "add-handler-extension",
        [get(path) for path in ("/a.mpy", "/a.txt", "/a.mpy.txt", "/none.mpy", "/a.mpy/info")],
        "AddHandler mod_python .mpy\nPythonHandler @M@\n",
        handler="""
        req.content_type = 'text/plain'
        req.write('python %s %s %r' % (req.uri, req.path_info, req.get_addhandler_exts()), 0)
        """,
        files={"a.mpy": "x", "a.txt": "static", "a.mpy.txt": "static"},
    ),
]
