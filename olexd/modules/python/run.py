"""Running the handlers of a phase (core spec 1.3, 1.5-1.8)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from olexd.config.python import Handler
from olexd.errors import ServerReturn
from olexd.importer import resolve_object
from olexd.model import runtime
from olexd.model.deadline import Deadline
from olexd.model.hlist import mp_hlist
from olexd.model.interpreter import interpreter_name
from olexd.model.mp_request import mp_request
from olexd.model.nonblocking import runs_on_reactor
from olexd.model.request import Request
from olexd.model.trace import HandlerCall
from olexd.modules.python.failures import fail
from olexd.modules.python.phases import PythonPhase
from olexd.modules.python.targets import Function, PythonPlan, Target, plan_of
from olexd.phases.sides import Sided, to_pool, to_reactor, wait_for
from olexd.status import DECLINED

WRONG_RESULT = (
    "Handler has returned result or raised SERVER_RETURN\n"
    "exception with argument having non integer type. Type of value returned\n"
    "was {}, whereas expected {}."
)


def request_of(record: Request) -> mp_request:
    """Return the handler-facing request, the same one in all phases."""
    return record.python or mp_request(record)


def _extension(filename: str) -> str:
    """Return what follows the first dot of a file's name, with one dot in front; '' for nothing."""
    name = filename[filename.rfind("/") + 1 :]
    dot = name.find(".")
    rest = "" if dot < 0 else name[dot:].lstrip(".")
    return "." + rest if rest else ""


def _handlers(record: Request, req: mp_request, plan: PythonPlan, phase: PythonPhase) -> tuple[Handler, ...]:
    """Return the list to run: the restricted one of the file's extension before the unrestricted one."""
    found = plan.lists.get(phase.name, ())
    if record.filename is not None:
        extension = _extension(record.filename)
        restricted = plan.lists.get(phase.name + extension)
        if restricted is not None or not extension:
            req._extension = extension
            found = restricted or ()
    if record.added_handlers:
        found = (*found, *record.added_handlers.get(phase.name, ()))
    return found


async def run_handlers(record: Request, phase: PythonPhase) -> int:
    """Run a phase's handlers until one of them settles it; return its result, DECLINED when there is none."""
    plan = plan_of(record.conf)
    req = request_of(record)
    handlers = _handlers(record, req, plan, phase)
    if not handlers:
        return DECLINED
    hlist = req._hlist = mp_hlist(handlers, record.filename)
    record.phase = phase.name
    interpreter = req._interpreter = (
        record.host.name
        if plan.interpreter_by_host
        else interpreter_name(record, handlers[0].directory_for(record.filename))
    )
    answer = DECLINED
    # The list may grow while it is run.
    for entry in hlist._entries:
        result = await _run_one(record, req, plan, entry, phase, interpreter)
        if result is not None:
            answer = result
            if result not in phase.go_on:
                break
        hlist.next()
    return answer


async def _run_one(
    record: Request, req: mp_request, plan: PythonPlan, entry: Handler, phase: PythonPhase, interpreter: str
) -> int | None:
    """Run one handler; return its result, None when it has no function for the phase and may lack it.

    SERVER_RETURN is a result only where the function raises it: raised by the import of its module or by the
    class that it is a method of, it is an error like any other.
    """
    mistake: BaseException | None = None
    try:
        directory = entry.directory if entry.pattern is None else entry.directory_for(record.filename)
        target = plan.targets.get((entry.text, directory, phase.name, interpreter))
        if target is None or not target.is_current(plan.auto_reload):
            await to_pool(record)
            target = plan.load(entry, phase, directory, interpreter)
        if target.on_reactor is not record.connection.on_reactor:
            await (to_reactor(record) if target.on_reactor else to_pool(record))
        runtime.set_interpreter(interpreter)
        function = target.function
        if target.per_request:
            function = await instance_function(record, req, target, interpreter)
        if function is None:
            return None
        try:
            if plan.request_timeout is None:
                result = function(req)
                if type(result) is not int and hasattr(result, "__await__"):
                    result = await wait_for(record, result)
            else:
                result = await _in_time(
                    record, req, function, f"{phase.name} {entry.text}", plan.request_timeout
                )
        except ServerReturn as raised:
            result = returned(record, raised)
        if type(result) is not int:
            result = _checked(result)
    except GeneratorExit:
        raise
    except BaseException as error:
        # SystemExit and KeyboardInterrupt too: no handler ends the server.
        if record.trace is not None:
            mistake = error
        result = fail(req, phase, entry.text, error, debugs(req, plan))
    if record.trace is not None:
        record.trace.append(HandlerCall(phase.name, entry.text, result, mistake))
    return result


async def _in_time(
    record: Request, req: mp_request, function: Callable[[mp_request], Any], handler: str, seconds: float
) -> Any:
    """Call a handler whose time is limited (RequestTimeout); the reactor looks at the limit."""
    connection = record.connection
    deadline = connection.deadline
    if deadline is None:
        deadline = connection.deadline = Deadline()
    deadline.enter(handler, seconds)
    try:
        result = function(req)
        if type(result) is not int and hasattr(result, "__await__"):
            result = await wait_for(record, result)
        return result
    finally:
        deadline.leave()


async def instance_function(sided: Sided, argument: Any, target: Target, interpreter: str) -> Function:
    """Make the instance, of a class called with the handler's `argument`, that the handler is a method of."""
    function: Function = resolve_object(target.module, target.path, argument)
    if not target.on_reactor and runs_on_reactor(function):
        await to_reactor(sided)
        runtime.set_interpreter(interpreter)
    return function


def returned(record: Request, raised: ServerReturn) -> Any:
    """Return the result that SERVER_RETURN carries; its second argument becomes the status."""
    if len(raised.args) == 2 and raised.args[1]:
        record.status = operator.index(raised.args[1])
    return raised.args[0]


def _checked(result: object) -> int:
    """Return a result that is an int in some guise; anything else is the handler's mistake."""
    if isinstance(result, int):
        return int(result)
    raise AssertionError(WRONG_RESULT.format(type(result), int))


def debugs(req: mp_request, plan: PythonPlan) -> bool:
    """Return whether PythonDebug is on, in the configuration or by what handlers made of it."""
    if req._config is None:
        return plan.debug
    return bool(req.get_config().get("PythonDebug") == "1")
