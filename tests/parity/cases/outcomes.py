"""How handlers end in each phase, with PythonDebug on and off; the objects that handler strings name."""

from __future__ import annotations

from itertools import product

from tests.parity.cases.results import each
from tests.parity.runner.case import LOCATION, Case, Expect, get, head

EARLY = ("PostReadRequest", "Trans", "Init")
PHASES = (*EARLY, "HeaderParser", "Access", "Authen", "Authz", "Fixup", "")
AUTH = 'AuthType Private\nAuthName "x"\nRequire valid-user\n'

OUTCOMES = (
    "return None",
    "return 'x'",
    "return 1",
    "return 304",
    "return 410",
    "raise apache.SERVER_RETURN",
    "raise apache.SERVER_RETURN(apache.OK)",
    "raise apache.SERVER_RETURN(apache.DECLINED)",
    "raise apache.SERVER_RETURN(404)",
    "raise apache.SERVER_RETURN(403, 404)",
    "sys.exit(0)",
    "req.write('early ', 0); raise ValueError('<x> & \"y\"')",
    "req.write('early '); raise ValueError('x')",
    "req.write('early ', 0); return 404",
    "req.write('early '); return 404",
    "req.write('early ', 0); return apache.DONE",
    "req.write('early '); return apache.DONE",
    "req.write('early '); return apache.OK",
)
ENDS = """
import sys
from mod_python import apache
def authen(req):
    req.user = 'joe'
    return apache.OK
def early(req):
    req.user = 'joe'
    req.headers_out['X-Out'] = 'out'
    req.err_headers_out['X-Err'] = 'err'
OUTCOMES
def handler(req):
    req.content_type = 'text/plain'
    req.write('handler', 0)
    return apache.OK
"""


def ends(phase: str, debug: str) -> Case:
    """A case whose handler of `phase` ends in each way, chosen by the query."""
    directive = f"Python{phase}Handler @M@::early\n"
    inside = "SetHandler mod_python\n" + ("PythonHandler @M@\n" if phase else "")
    if phase in ("Authen", "Authz"):
        inside += AUTH + ("PythonAuthenHandler @M@::authen\n" if phase == "Authz" else "")
    outside, inside = (directive, inside) if phase in EARLY else ("", directive + inside)
    branches = "\n".join(
        f"    if req.args == '{number}':\n        {outcome}" for number, outcome in enumerate(OUTCOMES)
    )
    return Case(
        f"ends-{phase.lower() or 'content'}-{debug.lower()}",
        [make(f"/page?{number}") for number in range(len(OUTCOMES)) for make in (get, head)],
        f'PythonDebug {debug}\n{outside}<Directory "@ROOT@">\n{inside}</Directory>',
        source=ENDS.replace("OUTCOMES", branches),
        files={"page": "the page"},
    )


NAMED = """
import functools
from mod_python import apache
def show(word, req):
    req.write(word, 0)
    return apache.OK
class Page:
    def __init__(self, req):
        pass
    @classmethod
    def make(cls, req):
        return show('made', req)
    class Deep:
        def __init__(self, req):
            pass
        class Deeper:
            def __init__(self, req):
                pass
            def page(self, req):
                return show('deeper', req)
class Holder:
    pass
holder = Holder()
holder.inner = Holder()
holder.inner.function = partial = functools.partial(show, 'partial')
anonymous = lambda req: show('lambda', req)
def __getattr__(name):
    return partial
def two(req, other):
    return apache.OK
def none():
    return apache.OK
def default(req, other=3):
    return show(repr(other), req)
def generator(req):
    yield 1
def answers_declined(req):
    return apache.DECLINED
"""
STRINGS = {
    "classmethod": "@M@::Page.make",
    "class-in-class-in-class": "@M@::Page.Deep.Deeper.page",
    "partial": "@M@::partial",
    "lambda": "@M@::anonymous",
    "function-of-an-object": "@M@::holder.inner.function",
    "module-getattr": "@M@::made_up",
    "module-getattr-dotted": "@M@::made_up.func",
    "builtin": "@M@::print",
    "two-arguments": "@M@::two",
    "no-argument": "@M@::none",
    "default-argument": "@M@::default",
    "generator": "@M@::generator",
    "relative-path": "./@M@",
    "absolute-path": "@DIR@/@M@",
    "absolute-path-of-file": "@DIR@/@M@.py",
    "home-path": "~/x",
    "relative-module": ".@M@",
    "one-colon": "@M@:two",
    "three-colons": "@M@:::two",
    "no-module": "::two",
    "trailing-dot": "@M@::Page.",
    "leading-dot": "@M@::.Page",
    "two-dots": "@M@::Page..make",
    "not-ascii": "@M@::h\u00e4",
    "text": "@M@::__name__",
    "imported": "@M@::apache.log_error",
    "missing-in-object": "@M@::holder.nothing",
    "missing-dotted": "json::nothing.more",
    "missing": "json::nothing",
}
CHAINED = [
    (r"KeyError: .*\n+(During handling.*\n+Traceback \(most recent call last\):\n+)?", ""),
    (r"/\S*/json/", "JSON/"),
]
"""How the original finds a name shows in its tracebacks; each server has its own Python."""

RETURNS = """
from mod_python import apache
class Page:
    def __init__(self, req):
        raise apache.SERVER_RETURN(@CODE@)
    def method(self, req):
        return apache.OK
class Holder:
    @property
    def function(self):
        raise apache.SERVER_RETURN(@CODE@)
holder = Holder()
def handler(req):
    req.write('content', 0)
    return apache.OK
"""
GUARDS = {"import": "@M@_guard", "class": "@M@::Page.method", "property": "@M@::holder.function"}

IMPORTED = {
    "syntax": "def handler(req:\n",
    "missing": "import no_such_module_at_all\n",
    "raises": "raise ValueError('while it is imported')\n",
    "exits": "import sys\nsys.exit(4)\n",
    "encoding": "# -*- coding: nope -*-\n",
    "names": "from mod_python import apache\ndef handler(req):\n    req.content_type = 'text/plain'\n"
    "    req.write(repr((__name__, __file__.rsplit('/', 1)[1], __package__, __doc__)), 0)\n"
    "    return apache.OK\n",
    "itself": "from mod_python import apache\nimport @M@\ndef handler(req):\n"
    "    req.write(repr(@M@.handler is handler), 0)\n    return apache.OK\n",
}

LATE = {
    "none": ("return None", "PythonLogHandler .*: AssertionError: Handler has returned result"),
    "raises": ("raise ValueError(3)", "PythonCleanupHandler .*: ValueError: 3"),
    "exits": ("sys.exit()", "PythonLogHandler .*: SystemExit"),
    "server-return": ("raise apache.SERVER_RETURN(404)", ""),
    "code": ("return 404", ""),
    "flush": ("req.flush()\n    return apache.OK", ""),
    "read": ("req.read()\n    return apache.OK", ""),
}
LATE_HANDLERS = """
import sys
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    req.write('fine', 0)
    return apache.OK
def loghandler(req):
    @STATEMENT@
cleanuphandler = loghandler
"""
LATE_CONFIG = LOCATION.replace(
    "PythonHandler @M@", "PythonHandler @M@\nPythonLogHandler @M@\nPythonCleanupHandler @M@"
)

CASES = [
    *(ends(phase, debug) for phase, debug in product(PHASES, ("On", "Off"))),
    *(
        Case(
            f"named-{name}",
            [get("/a"), get("/a")],
            "PythonDebug On\n" + LOCATION.replace("PythonHandler @M@", f"PythonHandler {text}"),
            source=NAMED,
            masks=CHAINED,
        )
        for name, text in STRINGS.items()
    ),
    *(
        Case(
            f"server-return-{where}-{name}-{debug.lower()}",
            [get("/x"), get("/x")],
            f"PythonDebug {debug}\n" + LOCATION.replace("SetH", f"PythonAccessHandler {guard}\nSetH"),
            source=RETURNS.replace("@CODE@", code),
            modules={"@M@_guard.py": f"from mod_python import apache\nraise apache.SERVER_RETURN({code})\n"},
        )
        for (where, guard), (name, code), debug in product(
            GUARDS.items(), (("ok", "apache.OK"), ("404", "404")), ("On", "Off")
        )
    ),
    *(
        Case(f"imported-{name}", [get("/x"), get("/x")], "PythonDebug On\n" + LOCATION, source=source)
        for name, source in IMPORTED.items()
    ),
    *(
        Case(
            f"late-{name}",
            [get("/x"), get("/x")],
            LATE_CONFIG,
            source=LATE_HANDLERS.replace("@STATEMENT@", statement),
            same_connection=True,
            log=[logged],
        )
        for name, (statement, logged) in LATE.items()
    ),
    Case(
        "late-write",
        [get("/x"), get("/x")],
        LATE_CONFIG,
        source=LATE_HANDLERS.replace("@STATEMENT@", "req.write('late')\n    return apache.OK"),
        same_connection=True,
        differs="what a log or cleanup handler writes is dropped instead of being sent after the response",
        olexd=[Expect(200, {"content-length": "4"}, "fine")] * 2,
    ),
    each(
        "results-of-other-types",
        "return @",
        ["None", "1.0", "b''", "(0,)", "1", "99", "600", "1000", "10**12"],
        config=LOCATION.replace("SetHandler", "PythonDebug On\nSetHandler"),
    ),
    Case(
        "results-between-100-and-199",
        [get(f"/x?{code}") for code in (100, 101, 102)],
        handler="req.write('x', 0)\nreturn int(req.args)",
        differs="a result from 100 to 199 is no answer to a request",
        olexd=[Expect(500)] * 3,
    ),
    each(
        "server-return-arguments",
        "raise apache.SERVER_RETURN(@)",
        [
            "apache.OK, 0",
            "None",
            "None, 404",
            "0, '404'",
            "404, 0",
            "404, 201",
            "0, 99",
            "0, 1000",
            "-1, 404",
            "0, True",
            "0, 4.0",
            "'x'",
            "(0, 404)",
            "404, 404, 404",
        ],
        config=LOCATION.replace("SetHandler", "PythonDebug On\nSetHandler"),
    ),
    Case(
        "python-path-fails",
        [get("/a"), get("/a"), get("/b"), get("/c")],
        "PythonDebug On\n"
        + "".join(
            f'<Location {path}>\nPythonPath "{value}"\nSetHandler mod_python\n'
            "PythonHandler @M@\n</Location>\n"
            for path, value in (("/a", "1/0"), ("/b", "[["), ("/c", "no_such_name + sys.path"))
        ),
        handler="req.write('never', 0)",
        log=["ZeroDivisionError", "SyntaxError", "NameError"],
    ),
]
