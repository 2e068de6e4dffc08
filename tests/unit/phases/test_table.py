"""Which hooks run, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from olexd.config.core import CoreDir, CoreServer
from olexd.config.module import ModuleSpec
from olexd.model.request import Request
from olexd.modules.registry import MODULES
from olexd.phases.hooks import Answer, Hook, Module, Order, Phase, Run
from olexd.phases.table import PhaseTable, run_all, run_first, run_void
from olexd.status import DECLINED, DONE, OK
from tests.unit.python_support import drive, make_record

Call = Callable[[Request], Answer]


def answers(result: int, ran: list[int]) -> Call:
    """A hook that notes that it ran."""

    def call(request: Request) -> int:
        ran.append(result)
        return result

    return call


def waits(result: int, ran: list[int]) -> Call:
    """The same as a coroutine."""

    async def call(request: Request) -> int:
        ran.append(result)
        return result

    return call


def module(name: str, *hooks: Hook) -> Module:
    """A module with these hooks."""
    return Module(ModuleSpec(name, (f"{name}_module",)), hooks)


def names(table: PhaseTable, phase: Phase, request: Request | None = None) -> list[str]:
    """The names of the functions that a phase would call."""
    plan = table.plan(request or make_record())
    return [call.__name__ for call in getattr(plan, phase.label)]


def named(name: str) -> Call:
    """A hook to be recognised by its name."""

    def call(request: Request) -> int:
        return OK

    call.__name__ = name
    return call


class TestOrder:
    def test_phases(self) -> None:
        """The phases stand in the order in which a request goes through them, each with its way to run."""
        assert [(phase.label, phase.run) for phase in Phase] == [
            ("post_read_request", Run.ALL),
            ("translate_name", Run.FIRST),
            ("header_parser", Run.ALL),
            ("satisfy_any", Run.FIRST),
            ("access_checker", Run.ALL),
            ("access_decider", Run.FIRST),
            ("check_user_id", Run.FIRST),
            ("auth_checker", Run.FIRST),
            ("type_checker", Run.FIRST),
            ("fixups", Run.ALL),
            ("insert_filter", Run.VOID),
            ("handler", Run.FIRST),
            ("response_head", Run.VOID),
            ("log_transaction", Run.VOID),
            ("cleanup", Run.VOID),
        ]

    def test_order_beats_place(self) -> None:
        """A hook's own order counts before the order of the modules."""
        table = PhaseTable(
            [
                module("a", Hook(Phase.HANDLER, named("a"), Order.LAST)),
                module("b", Hook(Phase.HANDLER, named("b"))),
                module("c", Hook(Phase.HANDLER, named("c"), Order.REALLY_FIRST)),
            ]
        )
        assert names(table, Phase.HANDLER) == ["c", "b", "a"]

    @pytest.mark.parametrize(
        ("loaded", "expected"),
        [
            ((), "abc"),
            (("c", "b", "a"), "cba"),
            (("b",), "acb"),
            (("c", "unknown", "a"), "bca"),
            (("b", "b"), "acb"),
        ],
    )
    def test_load_module(self, loaded: tuple[str, ...], expected: str) -> None:
        """LoadModule lines decide among equals; modules that are always there come before loaded ones."""
        table = PhaseTable([module(name, Hook(Phase.FIXUPS, named(name))) for name in "abc"], loaded)
        assert "".join(names(table, Phase.FIXUPS)) == expected

    def test_basic_before_python(self) -> None:
        """Without LoadModule lines mod_auth_basic is asked before mod_python, as in distributions."""
        text = "<Location />\nPythonAuthenHandler app\nAuthType Basic\nRequire valid-user\n</Location>"
        found = names(PhaseTable(MODULES), Phase.CHECK_USER_ID, make_record(text))
        turned = names(PhaseTable(MODULES, ("python", "auth_basic")), Phase.CHECK_USER_ID, make_record(text))
        assert len(found) == 2
        assert turned == found[::-1]


class TestPlans:
    def test_unwanted(self) -> None:
        """Hooks that settings have no use for are not called."""
        table = PhaseTable(
            [
                module(
                    "a",
                    Hook(Phase.FIXUPS, named("never"), wanted=lambda settings: False),
                    Hook(
                        Phase.FIXUPS, named("here"), wanted=lambda settings: settings[CoreDir].handler == "x"
                    ),
                    Hook(
                        Phase.FIXUPS,
                        named("host"),
                        wanted_on=lambda server: not server[CoreServer].keep_alive,
                    ),
                    Hook(Phase.FIXUPS, named("always")),
                )
            ]
        )
        assert names(table, Phase.FIXUPS) == ["always"]
        assert names(table, Phase.FIXUPS, make_record("SetHandler x")) == ["here", "always"]
        assert names(table, Phase.FIXUPS, make_record("KeepAlive Off")) == ["host", "always"]

    def test_files_only(self) -> None:
        """Hooks that only files need are left out for requests without a file name."""
        always, files = named("a"), named("b")
        table = PhaseTable(
            [module("a", Hook(Phase.FIXUPS, always)), module("b", Hook(Phase.FIXUPS, files, files_only=True))]
        )
        plan = table.plan(make_record())
        assert plan.fixups == (always, files)
        assert plan.bare_fixups == (always,)

    def test_asked_once(self) -> None:
        """Equal settings are asked once."""
        asked: list[int] = []
        hook = Hook(Phase.FIXUPS, named("a"), wanted=lambda settings: not asked.append(1))  # type: ignore[func-returns-value]
        table = PhaseTable([module("a", hook)])
        record = make_record()
        assert table.plan(record) is table.plan(record)
        assert asked == [1]

    @pytest.mark.parametrize(
        ("name", "value"), [("added_handlers", {"PythonFixupHandler": []}), ("proxyreq", 2)]
    )
    def test_what_a_request_asks_for(self, name: str, value: object) -> None:
        """A request with handlers of its own, or to be passed on, asks the hooks for that and no others."""
        table = PhaseTable(
            [
                module("a", Hook(Phase.FIXUPS, named("never"), wanted=lambda settings: False)),
                module(
                    "b", Hook(Phase.FIXUPS, named("asked"), wanted=lambda settings: False, by_request=True)
                ),
            ]
        )
        record = make_record()
        assert names(table, Phase.FIXUPS, record) == []
        setattr(record, name, value)
        assert names(table, Phase.FIXUPS, record) == ["asked"]


def run(run_hooks: Any, calls: list[Call], *more: Any) -> Any:
    """Run hooks as a phase."""
    record = make_record()
    return drive(record, run_hooks(record, tuple(calls), *more))


@pytest.mark.parametrize("kind", [answers, waits])
class TestRun:
    @pytest.mark.parametrize(
        ("results", "result", "count"),
        [
            ([], DECLINED, 0),
            ([DECLINED, DECLINED], DECLINED, 2),
            ([DECLINED, OK, 403], OK, 2),
            ([403, OK], 403, 1),
            ([DONE, OK], DONE, 1),
            ([999], 999, 1),
        ],
    )
    def test_first(self, kind: Callable[..., Call], results: list[int], result: int, count: int) -> None:
        """The first that does not decline decides."""
        ran: list[int] = []
        assert run(run_first, [kind(answer, ran) for answer in results]) == result
        assert ran == results[:count]

    @pytest.mark.parametrize(
        ("results", "result", "count"),
        [
            ([], OK, 0),
            ([OK, DECLINED, OK], OK, 3),
            ([OK, 403, OK], 403, 2),
            ([DONE, OK], DONE, 1),
            ([200, OK], 200, 1),
        ],
    )
    def test_all(self, kind: Callable[..., Call], results: list[int], result: int, count: int) -> None:
        """All run while they answer OK or DECLINED."""
        ran: list[int] = []
        assert run(run_all, [kind(answer, ran) for answer in results]) == result
        assert ran == results[:count]

    def test_void(self, kind: Callable[..., Call]) -> None:
        """All run, whatever they answer or raise; each exception is told."""
        ran: list[int] = []
        failures: list[Exception] = []

        def fails(request: Request) -> int:
            raise LookupError("lost")

        calls = [kind(403, ran), fails, kind(DONE, ran)]
        run(_void, calls, lambda request, error: failures.append(error))
        assert ran == [403, DONE]
        assert [str(error) for error in failures] == ["lost"]


async def _void(*arguments: Any) -> int:
    await run_void(*arguments)
    return OK
