"""Running handlers: stacks, results, failures, sides (core spec 1.3-1.9)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from olexd.model import runtime
from olexd.model.mp_request import mp_request
from olexd.model.request import Request
from olexd.modules.python import PYTHON_HOOKS, run_imports
from olexd.modules.python.hooks import content, header_parser, post_read_request
from olexd.modules.python.phases import PYTHON_PHASES
from olexd.modules.python.run import run_handlers
from olexd.phases.hooks import Phase
from olexd.phases.sides import Side
from tests.unit.python_support import FakeOutput, drive, make_config, make_record, sent

Write = Callable[[str, str], Path]

APACHE = "from mod_python import apache\n"


def run(text: str, phase: str = "PythonHandler", **details: Any) -> tuple[int, Request]:
    """Run one phase's handlers under a configuration; return the result and the record."""
    record = make_record(text, **details)
    record.handler = "mod_python"
    return again(record, phase), record


def again(record: Request, phase: str = "PythonHandler") -> int:
    return drive(record, run_handlers(record, next(p for p in PYTHON_PHASES if p.name == phase)))


def handler(write: Write, body: str, name: str = "app_h") -> str:
    """Write a module whose `handler` has this body; return the directive that names it."""
    write(name, f"{APACHE}def handler(req):\n    {body}\n")
    return f"PythonHandler {name}"


GO_ON = {
    "PythonTransHandler": {-1},
    "PythonAuthenHandler": {-1},
    "PythonAuthzHandler": {-1},
    "PythonTypeHandler": {-1},
    "PythonHandler": {0},
    "PythonCleanupHandler": {0},
}
"""The phases that do not go on after both OK and DECLINED, and what they go on after."""


class TestStacks:
    @pytest.mark.parametrize("phase", [phase.name for phase in PYTHON_PHASES])
    @pytest.mark.parametrize("result", [0, -1, -2, 403])
    def test_what_lets_the_next_handler_run(self, write: Write, phase: str, result: int) -> None:
        """The next handler runs on OK, on DECLINED, on both or on neither, as the phase wants it."""
        function = next(p.function for p in PYTHON_PHASES if p.name == phase)
        write("stack_a", f"def {function}(req):\n    req.ran = ['a']\n    return {result}\n")
        write("stack_b", f"def {function}(req):\n    req.ran.append('b')\n    return 404\n")
        got, record = run("PythonHandlerModule stack_a stack_b", phase)
        go_on = GO_ON.get(phase, {0, -1})
        expected = (404, ["a", "b"]) if result in go_on else (result, ["a"])
        assert (got, record.python.ran) == expected

    def test_no_handlers_decline(self) -> None:
        """An empty list is no answer."""
        assert run("")[0] == -1

    def test_missing_functions_of_handler_modules_are_skipped(self, write: Write) -> None:
        """PythonHandlerModule wants only the functions there are; none at all declines."""
        write("partial_a", "def handler(req): return 0\n")
        assert run("PythonHandlerModule partial_a")[0] == 0
        assert run("PythonHandlerModule partial_a", "PythonAccessHandler")[0] == -1

    def test_missing_functions_of_other_handlers_are_errors(self, write: Write) -> None:
        """A handler that is named must be there."""
        write("partial_b", "")
        assert run("PythonHandler partial_b")[0] == 500

    @pytest.mark.parametrize(
        ("filename", "answer", "extension"),
        [
            ("/d/x.py", 201, ".py"),
            ("/d/x..py", 201, ".py"),
            ("/d/x.tar.gz", 202, ".tar.gz"),
            ("/d/x.gz", 200, None),
            ("/d/Makefile", 200, ""),
            ("/d/x.", 200, ""),
            ("/d/...", 200, ""),
            ("/d.py/", 200, ""),
            (None, 200, None),
        ],
    )
    def test_extensions(self, write: Write, filename: str | None, answer: int, extension: str | None) -> None:
        """The list of the file's extension is used instead of the general one."""
        for name, result in (("ext_any", 200), ("ext_py", 201), ("ext_tgz", 202)):
            write(name, f"def handler(req): return {result}\n")
        record = make_record(
            "PythonHandler ext_any\nPythonHandler ext_py | .py\nPythonHandler ext_tgz | .tar.gz"
        )
        record.filename = filename
        assert (again(record), record.python.extension) == (answer, extension)

    def test_handlers_that_are_added_run_too(self, write: Write) -> None:
        """In the running phase at the end of its list, in others when they come."""
        write("adding", "def handler(req):\n    req.add_handler('PythonHandler', 'added')\n"
                        "    req.add_handler('PythonLogHandler', 'added')\n    return 0\n")  # fmt: skip
        write("added", "def handler(req): return 418\ndef loghandler(req): return 0\n")
        got, record = run("PythonHandler adding")
        assert got == 418
        assert again(record, "PythonLogHandler") == 0

    def test_what_a_running_handler_sees(self, write: Write) -> None:
        """Phase, list entry and interpreter are those of the handler."""
        directive = handler(
            write,
            "req.seen = (req.phase, repr(req.hlist), req.interpreter, apache.interpreter); return 0",
        )
        _, record = run(directive)
        assert record.python.seen == (
            "PythonHandler",
            "{'handler':'app_h','is_location':False,'silent':0}",
            "app.test",
            "app.test",
        )
        assert record.python.hlist.handler is None


class TestResults:
    @pytest.mark.parametrize("value", ["None", "'x'", "(0, 1)", "1.0", "object()"])
    def test_results_are_ints(self, write: Write, value: str, tmp_path: Path) -> None:
        """Anything else is a 500, and the log says why."""
        got, _ = run(f"{handler(write, f'return {value}')}\nErrorLog {tmp_path}/log")
        assert got == 500
        assert "argument having non integer type" in (tmp_path / "log").read_text()

    @pytest.mark.parametrize(("value", "result"), [("True", 1), ("__import__('http').HTTPStatus(404)", 404)])
    def test_ints_in_disguise_count(self, write: Write, value: str, result: int) -> None:
        """Subclasses of int are taken as what they are."""
        assert run(handler(write, f"return {value}"))[0] == result

    @pytest.mark.parametrize(
        ("raised", "result", "status"),
        [
            ("apache.SERVER_RETURN(apache.OK)", 0, 200),
            ("apache.SERVER_RETURN(403)", 403, 200),
            ("apache.SERVER_RETURN(apache.DONE)", -2, 200),
            ("apache.SERVER_RETURN(apache.OK, 404)", 0, 404),
            ("apache.SERVER_RETURN(404, None)", 404, 200),
            ("apache.SERVER_RETURN(403, 404, 5)", 403, 200),
            ("apache.SERVER_RETURN", 500, 200),
            ("apache.SERVER_RETURN('x')", 500, 200),
            ("apache.SERVER_RETURN((0, 404))", 500, 200),
            ("apache.SERVER_RETURN(0, 'x')", 500, 200),
        ],
    )
    def test_server_return(self, write: Write, raised: str, result: int, status: int) -> None:
        """Every form of SERVER_RETURN means what it means in mod_python."""
        got, record = run(handler(write, f"raise {raised}"))
        assert (got, record.status) == (result, status)

    @pytest.mark.parametrize("place", ["import", "class"])
    def test_server_return_outside_of_the_handler(self, write: Write, place: str) -> None:
        """Raised before the handler is called it is an error: a guard that cannot be made opens nothing."""
        raising = "raise apache.SERVER_RETURN(apache.OK)\n"
        guard = f"class Guard:\n    def __init__(self, req): {raising}    def check(self, req): return 0\n"
        write("early_sr", APACHE + (raising if place == "import" else guard))
        assert run("PythonAccessHandler early_sr::Guard.check", "PythonAccessHandler")[0] == 500

    def test_stacks_go_on_after_server_return_ok(self, write: Write) -> None:
        """Raised OK is OK."""
        handler(write, "raise apache.SERVER_RETURN(apache.OK)", "first_h")
        write("second_h", "def handler(req): return 404\n")
        assert run("PythonHandler first_h second_h")[0] == 404


class TestFailures:
    @pytest.mark.parametrize("error", ["ValueError('x')", "SystemExit", "KeyboardInterrupt"])
    def test_every_exception_is_a_500(self, write: Write, error: str, tmp_path: Path) -> None:
        """No exception passes, whatever it is; each traceback element is a line of the log."""
        got, record = run(f"{handler(write, f'raise {error}')}\nErrorLog {tmp_path}/log")
        assert (got, sent(record)) == (500, b"")
        lines = (tmp_path / "log").read_text().splitlines()
        assert "PythonHandler app_h: Traceback (most recent call last):" in lines[0]
        assert 'app_h.py", line 3, in handler\\n' in lines[1]
        assert error.partition("(")[0] in lines[-1]
        assert len(lines) == 3

    @pytest.mark.parametrize(
        "directive", ["PythonHandler no_such_m", "PythonHandler app_h::no", "PythonHandler ./x"]
    )
    def test_handlers_that_cannot_be_found(self, write: Write, directive: str) -> None:
        """A handler that does not exist refuses the request."""
        handler(write, "return 0")
        assert run(directive)[0] == 500

    def test_a_python_path_that_fails(self, write: Write) -> None:
        """A broken PythonPath refuses every request."""
        record = make_record(f'{handler(write, "return 0")}\nPythonPath "nope"')
        assert [again(record), again(record)] == [500, 500]

    def test_the_debug_page(self, write: Write) -> None:
        """With PythonDebug the client sees the traceback, escaped, and nothing more is done."""
        got, record = run(f"{handler(write, 'raise ValueError(chr(60))')}\nPythonDebug On")
        page = sent(record).decode()
        assert (got, record.status, record.content_type) == (-2, 500, "text/html")
        assert page.startswith('\n<pre>\nMod_python error: "PythonHandler app_h"\n\nTraceback')
        assert "ValueError: &lt;" in page
        assert page.endswith("</pre>\n")

    def test_handlers_may_switch_the_page_off(self, write: Write) -> None:
        """The table of settings counts, as handlers leave it."""
        body = "req.get_config()['PythonDebug'] = '0'; raise ValueError"
        assert run(f"{handler(write, body)}\nPythonDebug On")[0] == 500

    @pytest.mark.parametrize("phase", ["PythonLogHandler", "PythonCleanupHandler"])
    def test_no_page_after_the_response(self, write: Write, phase: str) -> None:
        """Late phases only log: the response is over."""
        write("late_h", "def loghandler(req): raise ValueError\ndef cleanuphandler(req): raise ValueError\n")
        got, record = run(f"{phase} late_h\nPythonDebug On", phase)
        assert (got, sent(record)) == (500, b"")

    def test_no_page_for_a_client_that_left(self, write: Write) -> None:
        """A failed write is not answered with another one."""
        record = make_record(f"{handler(write, 'req.write(chr(120))')}\nPythonDebug On")
        output: Any = record.output
        assert isinstance(output, FakeOutput)
        output.gone = True
        assert again(record) == 500

    @pytest.mark.parametrize(("user", "result"), [(None, 500), ("jo", 0)])
    def test_authentication_without_a_user(self, write: Write, user: str | None, result: int) -> None:
        """OK from an Authen handler that identified nobody is an error."""
        write("who", f"def authenhandler(req):\n    if {user!r}: req.user = {user!r}\n    return 0\n")
        record = make_record("PythonAuthenHandler who")
        hook: Any = PYTHON_HOOKS[Phase.CHECK_USER_ID].call
        assert drive(record, hook(record)) == result


class TestPhases:
    @pytest.mark.parametrize(
        ("name", "result"), [("mod_python", 0), ("python-program", 0), ("other", -1), (None, -1)]
    )
    def test_content_needs_the_handler_name(self, write: Write, name: str | None, result: int) -> None:
        """PythonHandler runs for mod_python and python-program only."""
        record = make_record(handler(write, "return 0"))
        record.handler = name
        assert drive(record, content(record)) == result

    def test_init_runs_once_and_first(self, write: Write) -> None:
        """The server's Init handlers run before PostReadRequest; then a directory's do not."""
        write("init_h", "def inithandler(req):\n"
                        "    req.ran = getattr(req, 'ran', []) + [req.phase]\n    return 0\n"
                        "postreadrequesthandler = headerparserhandler = inithandler\n")  # fmt: skip
        record = make_record(
            "PythonInitHandler init_h\nPythonPostReadRequestHandler init_h\nPythonHeaderParserHandler init_h"
        )
        drive(record, post_read_request(record))
        drive(record, header_parser(record))
        assert record.python.ran == [
            "PythonInitHandler",
            "PythonPostReadRequestHandler",
            "PythonHeaderParserHandler",
        ]

    def test_a_directorys_init_runs_with_the_header_parsers(self, write: Write) -> None:
        """When the server has none."""
        write("init_d", "def inithandler(req): return 403\n")
        record = make_record("<Location />\nPythonInitHandler init_d\n</Location>")
        assert drive(record, header_parser(record)) == 403

    def test_hooks_are_wanted_where_there_are_handlers(self) -> None:
        """Requests without Python handlers pay for no Python hook."""
        record = make_record("PythonAccessHandler m\nPythonInitHandler m")
        wanted = {phase for phase, hook in PYTHON_HOOKS.items() if hook.wanted and hook.wanted(record.conf)}
        assert wanted == {Phase.POST_READ_REQUEST, Phase.HEADER_PARSER, Phase.ACCESS_CHECKER}


class TestSides:
    def test_plain_handlers_run_on_a_pool_thread(self, write: Write) -> None:
        """A handler that may block leaves the reactor first."""
        record = make_record(handler(write, "req.where = req._record.on_reactor; return 0"))
        record.connection.on_reactor = True
        hops: list[Side] = []
        drive(record, run_handlers(record, PYTHON_PHASES[9]), hops)
        assert (record.python.where, hops) == (False, [Side.POOL])

    @pytest.mark.parametrize(
        "definition",
        [
            "async def handler(req):\n    req.where = req._record.on_reactor\n    return 0\n",
            "@apache.nonblocking\ndef handler(req):\n    req.where = req._record.on_reactor\n    return 0\n",
            "class H:\n    async def __call__(self, req):\n        req.where = req._record.on_reactor\n"
            "        return 0\nhandler = H()\n",
            "class H:\n    def __init__(self, req): pass\n    async def handle(self, req):\n"
            "        req.where = req._record.on_reactor\n        return 0\n",
        ],
    )
    def test_coroutines_and_declared_handlers_run_on_the_reactor(self, write: Write, definition: str) -> None:
        """Once loaded, they cause no hop to a thread and back."""
        write("co_h", APACHE + definition)
        path = "co_h::H.handle" if "handle(" in definition else "co_h"
        record = make_record(f"PythonHandler {path}")
        assert again(record) == 0
        assert record.python.where is True

    def test_no_hop_for_a_loaded_coroutine(self, write: Write) -> None:
        """A request whose handlers are coroutines stays on the reactor."""
        write("co_i", "async def handler(req): return 0\n")
        record = make_record("PythonHandler co_i")
        again(record)
        record.connection.on_reactor = True
        hops: list[Side] = []
        assert drive(record, run_handlers(record, PYTHON_PHASES[9]), hops) == 0
        assert hops == []

    def test_an_option_declares_handlers_nonblocking(self, write: Write) -> None:
        """PythonOption olexd.nonblocking puts plain functions on the reactor."""
        directive = handler(write, "req.where = req._record.on_reactor; return 0")
        record = make_record(f"{directive}\nPythonOption olexd.nonblocking On")
        again(record)
        assert record.python.where is True

    def test_a_plain_handler_may_return_an_awaitable(self, write: Write) -> None:
        """It is awaited on the reactor, and its result counts."""
        write("later", "async def later(): return 403\ndef handler(req): return later()\n")
        assert run("PythonHandler later")[0] == 403

    @pytest.mark.parametrize(
        "definition",
        [
            "import functools\nasync def two(word, req): return 403\nhandler = functools.partial(two, 'x')\n",
            "import functools\nclass H:\n    async def __call__(self, req): return 403\n"
            "handler = functools.partial(H())\n",
            "import functools\nfrom twisted.internet.defer import ensureDeferred\n"
            "async def inner(req): return 403\n@functools.wraps(inner)\n"
            "def handler(req): return ensureDeferred(inner(req))\n",
            "class H:\n    async def method(self, req): return 403\nhandler = H().method\n",
            "from twisted.internet.defer import succeed\nhandler = lambda req: succeed(403)\n",
        ],
    )
    def test_other_forms_of_coroutines(self, write: Write, definition: str) -> None:
        """Partial, decorated and bound ones are awaited, first and ever after."""
        write("co_j", definition)
        got, record = run("PythonHandler co_j")
        assert (got, again(record)) == (403, 403)

    def test_exceptions_of_coroutines(self, write: Write) -> None:
        """They are failures like all others, SERVER_RETURN too."""
        write("co_f", f"{APACHE}async def handler(req): raise apache.SERVER_RETURN(404)\n"
                      "async def loghandler(req): raise ValueError\n")  # fmt: skip
        got, record = run("PythonHandler co_f\nPythonLogHandler co_f")
        assert (got, again(record, "PythonLogHandler")) == (404, 500)


class TestReloading:
    def test_a_changed_module_serves_the_next_request(
        self, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The function is that of the new module."""
        monkeypatch.setattr("olexd.importer.modules.CHECK_INTERVAL", 0.0)
        record = make_record(handler(write, "return 0"))
        assert again(record) == 0
        path = write("app_h", "def handler(req): return 404\n")
        os.utime(path, ns=(1, 1))
        assert again(record) == 404


class TestImports:
    def test_last_first_and_with_functions(self, write: Write) -> None:
        """PythonImport works backwards, calls the function named, and goes on after failures."""
        write("imp_a", "import sys\nsys.olexd_imports = getattr(sys, 'olexd_imports', [])\n"
                       "def f(): sys.olexd_imports.append('a.f')\n")  # fmt: skip
        write("imp_b", "import sys\nsys.olexd_imports = ['b']\n")
        config = make_config("PythonImport imp_a::f i\nPythonImport no_such_m i\nPythonImport imp_b i")
        runtime.set_config(config)
        run_imports(config)
        import sys

        assert sys.__dict__.pop("olexd_imports") == ["b", "a.f"]

    def test_failures_are_told(
        self, write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The traceback goes to standard error, one line to the log."""
        config = make_config(f"ErrorLog {tmp_path}/log\nPythonImport no_such_m i")
        run_imports(config)
        assert "directive_PythonImport: error importing no_such_m" in (tmp_path / "log").read_text()
        assert "ModuleNotFoundError" in capsys.readouterr().err


def test_mp_request_is_made_once(write: Write) -> None:
    """All phases share one request object."""
    _, record = run(handler(write, "req.mark = 1; return 0"))
    assert isinstance(record.python, mp_request)
    assert again(record) == 0
    assert record.python.mark == 1
