"""Where Python handlers take part in the phases (core spec 1.1, 1.9)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from olexd.config.python import HANDLER_NAMES
from olexd.config.settings import Settings
from olexd.model.as_sent import show_as_sent
from olexd.model.challenge import note_auth_failure
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.python import phases
from olexd.modules.python.phases import PythonPhase
from olexd.modules.python.run import request_of, run_handlers
from olexd.modules.python.targets import plan_of
from olexd.phases.hooks import Hook, Order, Phase
from olexd.status import DECLINED, INTERNAL_SERVER_ERROR, OK, UNAUTHORIZED

NO_USER: Final = (
    "python_handler: After PythonAuthenHandler req->user is NULL. "
    "Assign something to req.user if returning OK to avoid this error."
)


async def post_read_request(record: Request) -> int:
    """Run the server's Init handlers, then those of this phase."""
    if plan_of(record.conf).has(phases.INIT):
        request_of(record)._init_ran = True
        result = await run_handlers(record, phases.INIT)
        if result not in (OK, DECLINED):
            return result
    return await run_handlers(record, phases.POST_READ)


async def header_parser(record: Request) -> int:
    """Run a directory's Init handlers, unless the server has its own, then those of this phase."""
    if not request_of(record)._init_ran and plan_of(record.conf).has(phases.INIT):
        result = await run_handlers(record, phases.INIT)
        if result not in (OK, DECLINED):
            return result
    return await run_handlers(record, phases.HEADER_PARSER)


async def check_user_id(record: Request) -> int:
    """Run the Authen handlers; OK without a user is an error, and UNAUTHORIZED asks for credentials."""
    result = await run_handlers(record, phases.AUTHEN)
    if result == UNAUTHORIZED:
        note_auth_failure(record)
    if result == OK and record.user is None:
        log_request(record, NO_USER)
        return INTERNAL_SERVER_ERROR
    return result


async def content(record: Request) -> int:
    """Run the content handlers, if the request's handler is Python."""
    if record.handler not in HANDLER_NAMES:
        return DECLINED
    return await run_handlers(record, phases.CONTENT)


async def log_transaction(record: Request) -> int:
    """Run the log handlers, which find in the request what was sent."""
    show_as_sent(record.output.request)
    return await run_handlers(record, phases.LOG)


def _runs(phase: PythonPhase) -> Callable[[Request], Awaitable[int]]:
    async def call(record: Request) -> int:
        return await run_handlers(record, phase)

    call.__name__ = phase.function
    return call


def _wanted(*wanted: PythonPhase) -> Callable[[Settings], bool]:
    return lambda settings: plan_of(settings).has(*wanted)


def _hook(
    phase: Phase,
    *python_phases: PythonPhase,
    call: Callable[[Request], Awaitable[int]] | None = None,
    order: Order = Order.MIDDLE,
) -> Hook:
    run = call or _runs(python_phases[0])
    return Hook(phase, run, order, _wanted(*python_phases), by_request=True)


PYTHON_HOOKS: Final = {
    hook.phase: hook
    for hook in (
        _hook(Phase.POST_READ_REQUEST, phases.INIT, phases.POST_READ, call=post_read_request),
        _hook(Phase.TRANSLATE_NAME, phases.TRANS),
        _hook(Phase.HEADER_PARSER, phases.INIT, phases.HEADER_PARSER, call=header_parser),
        _hook(Phase.ACCESS_CHECKER, phases.ACCESS),
        _hook(Phase.CHECK_USER_ID, phases.AUTHEN, call=check_user_id),
        _hook(Phase.AUTH_CHECKER, phases.AUTHZ),
        # Before anybody guesses the type from the file's name, else it would hardly ever be asked.
        _hook(Phase.TYPE_CHECKER, phases.TYPE, order=Order.FIRST),
        _hook(Phase.FIXUPS, phases.FIXUP),
        _hook(Phase.HANDLER, phases.CONTENT, call=content),
        _hook(Phase.LOG_TRANSACTION, phases.LOG, call=log_transaction),
        _hook(Phase.CLEANUP, phases.CLEANUP),
    )
}
