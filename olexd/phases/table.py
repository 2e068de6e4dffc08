"""The one ordered table of phases: which hooks run, in which order, for which settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, cast

from olexd.config.settings import Settings
from olexd.model.request import Request
from olexd.phases.hooks import Hook, Module, Phase, Run
from olexd.status import DECLINED, OK

Call = tuple[Callable[[Request], Any], bool]
"""A hook ready to be called, and whether its answer must be awaited."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The hooks that requests with certain settings need, phase by phase (`calls[phase.index]`)."""

    calls: tuple[tuple[Call, ...], ...]


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
        self._everything = self._plan_for(lambda hook: True)

    def plan(self, settings: Settings) -> Plan:
        """Return the hooks that requests with these merged settings need."""
        plan: Plan | None = getattr(settings, "plan", None)
        if plan is None:
            plan = settings.plan = self._plan_for(lambda hook: hook.wanted is None or hook.wanted(settings))
        return plan

    def calls(self, request: Request, phase: Phase) -> tuple[Call, ...]:
        """Return the hooks to run now; a request that added handlers of its own asks every hook."""
        plan = self._everything if request.added_handlers else self.plan(request.conf)
        return plan.calls[phase.index]

    def _plan_for(self, wanted: Callable[[Hook], bool]) -> Plan:
        return Plan(
            tuple(
                tuple(
                    (hook.call, iscoroutinefunction(hook.call)) for hook in self._hooks[phase] if wanted(hook)
                )
                for phase in Phase
            )
        )


def table_of(request: Request) -> PhaseTable:
    """Return the table that serves a request."""
    return cast(PhaseTable, request.phases)


async def run_phase(request: Request, phase: Phase) -> int:
    """Run one phase; return OK, DECLINED (nobody answered), DONE or a status."""
    calls = cast(PhaseTable, request.phases).calls(request, phase)
    if not calls:
        return DECLINED
    first = phase.run is Run.FIRST
    for call, is_async in calls:
        answer = call(request)
        result: int = await cast(Awaitable[int], answer) if is_async else answer
        if result == DECLINED or (result == OK and not first):
            continue
        return result
    return DECLINED if first else OK


async def run_void_phase(
    request: Request, phase: Phase, failed: Callable[[Request, Exception], None]
) -> None:
    """Run every hook of a phase whose answers do not count; `failed` is told of exceptions."""
    for call, is_async in cast(PhaseTable, request.phases).calls(request, phase):
        try:
            answer = call(request)
            if is_async:
                await answer
        except Exception as error:
            failed(request, error)
