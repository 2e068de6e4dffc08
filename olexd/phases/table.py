"""The one ordered table of phases: which hooks run, in which order, for which settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from olexd.config.settings import Settings
from olexd.model.filters import BUILT_IN
from olexd.model.request import Request
from olexd.phases.hooks import Hook, Module, Phase
from olexd.status import DECLINED, OK

Calls = tuple[Callable[[Request], Any], ...]


class Plan:
    """The hooks that requests with certain settings need, phase by phase; most phases need none.

    `bare_type_checker` and `bare_fixups` are for requests without a file name.
    """

    __slots__ = (
        "access_checker",
        "access_decider",
        "auth_checker",
        "bare_fixups",
        "bare_type_checker",
        "check_user_id",
        "cleanup",
        "fixups",
        "handler",
        "header_parser",
        "insert_filter",
        "log_transaction",
        "post_read_request",
        "response_head",
        "satisfy_any",
        "translate_name",
        "type_checker",
    )

    access_checker: Calls
    access_decider: Calls
    auth_checker: Calls
    bare_fixups: Calls
    bare_type_checker: Calls
    check_user_id: Calls
    cleanup: Calls
    fixups: Calls
    handler: Calls
    header_parser: Calls
    insert_filter: Calls
    log_transaction: Calls
    post_read_request: Calls
    response_head: Calls
    satisfy_any: Calls
    translate_name: Calls
    type_checker: Calls

    def __init__(self, hooks: dict[Phase, tuple[Hook, ...]], wanted: Callable[[Hook], bool]) -> None:
        for phase, found in hooks.items():
            chosen = [hook for hook in found if wanted(hook)]
            setattr(self, phase.label, tuple(hook.call for hook in chosen))
            if phase in (Phase.TYPE_CHECKER, Phase.FIXUPS):
                bare = tuple(hook.call for hook in chosen if not hook.files_only)
                setattr(self, f"bare_{phase.label}", bare)


class PhaseTable:
    """All hooks of all modules, in order.

    `modules` are in default load order; `loaded` are the short names of LoadModule lines, whose order decides
    among hooks of equal `Order` (as in httpd).
    """

    def __init__(self, modules: Sequence[Module], loaded: Sequence[str] = ()) -> None:
        hooks: dict[Phase, list[tuple[int, int, Hook]]] = {phase: [] for phase in Phase}
        for position, module in enumerate(modules):
            name = module.spec.name
            place = len(modules) + loaded.index(name) if name in loaded else position
            for hook in module.hooks:
                hooks[hook.phase].append((hook.order, place, hook))
        self._hooks = {
            phase: tuple(hook for _, _, hook in sorted(found, key=lambda item: item[:2]))
            for phase, found in hooks.items()
        }
        sources = [module.filters for module in reversed(modules) if module.filters is not None]
        self.filters = (*sources, BUILT_IN)
        """Where filters are looked for, in this order: a later module's names hide an earlier one's."""
        self.elements = {name: one for module in modules for name, one in module.elements.items()}
        """The elements of server-side includes that modules add."""

    def plan(self, request: Request) -> Plan:
        """Return the hooks to run under the settings now in force."""
        settings = request.conf
        plan: Plan | None = settings.plan
        if plan is None:
            server = request.host.server
            plan = settings.plan = Plan(self._hooks, lambda hook: _is_wanted(hook, settings, server))
        return self._by_request(request) if request.added_handlers or request.proxyreq else plan

    def _by_request(self, request: Request) -> Plan:
        """Return the plan of a request that itself asks for more than its settings do."""
        settings, server = request.conf, request.host.server
        plan: Plan | None = settings.__dict__.get("plan_by_request")
        if plan is None:
            plan = settings.__dict__["plan_by_request"] = Plan(
                self._hooks, lambda hook: hook.by_request or _is_wanted(hook, settings, server)
            )
        return plan


def _is_wanted(hook: Hook, settings: Settings, server: Settings) -> bool:
    return (hook.wanted is None or hook.wanted(settings)) and (
        hook.wanted_on is None or hook.wanted_on(server)
    )


async def run_first(request: Request, calls: Calls) -> int:
    """Run hooks until one answers; return its answer, or DECLINED."""
    for call in calls:
        result = call(request)
        if type(result) is not int:
            result = await result
        if result != DECLINED:
            return int(result)
    return DECLINED


async def run_all(request: Request, calls: Calls) -> int:
    """Run hooks while they answer OK or DECLINED; return OK, or the answer that ended the phase."""
    for call in calls:
        result = call(request)
        if type(result) is not int:
            result = await result
        if result != OK and result != DECLINED:
            return int(result)
    return OK


async def run_void(request: Request, calls: Calls, failed: Callable[[Request, Exception], None]) -> None:
    """Run every hook of a phase whose answers do not count; `failed` is told of exceptions."""
    for call in calls:
        try:
            result = call(request)
            if type(result) is not int:
                await result
        except Exception as error:
            failed(request, error)
