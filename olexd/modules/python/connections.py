"""Running connection handlers (core spec 4.1)."""

from __future__ import annotations

from typing import Any

from olexd.config.python import Handler, PythonServer
from olexd.config.server import HostConfig
from olexd.model import runtime
from olexd.model.connection import Connection
from olexd.model.hlist import mp_hlist
from olexd.model.interpreter import connection_interpreter
from olexd.model.logging import log_server
from olexd.model.mp_connection import connection_of, mp_conn
from olexd.modules.python.failures import CANCELLED, elements_of
from olexd.modules.python.phases import CONNECTION
from olexd.modules.python.run import instance_function
from olexd.modules.python.targets import plan_of
from olexd.phases.sides import Sided, to_pool, to_reactor, wait_for
from olexd.status import OK


async def converse(sided: Sided, entry: Handler) -> int:
    """Run the connection handler `entry`; return its result, OK for one that failed. Never raises."""
    connection = sided.connection
    conn = connection_of(connection)
    conn._set_hlist(mp_hlist([entry]))
    try:
        return await _run(sided, conn, entry)
    except GeneratorExit:
        raise
    except BaseException as error:
        # SystemExit and KeyboardInterrupt too: no handler ends the server.
        _log_failure(connection, entry, error)
        return OK
    finally:
        conn._set_hlist(None)


async def _run(sided: Sided, conn: mp_conn, entry: Handler) -> int:
    base = sided.connection.base
    plan = plan_of(base.merged())
    interpreter = connection_interpreter(base)
    target = plan.targets.get((entry.text, None, CONNECTION.name, interpreter))
    if target is None or not target.is_current(plan.auto_reload):
        await to_pool(sided)
        target = plan.load(entry, CONNECTION, None, interpreter)
    await (to_reactor(sided) if target.on_reactor else to_pool(sided))
    runtime.set_interpreter(interpreter)
    function: Any = target.function
    if target.per_request:
        function = await instance_function(sided, conn, target, interpreter)
    result = function(conn)
    if type(result) is not int and hasattr(result, "__await__"):
        result = await wait_for(sided, result)
    if not isinstance(result, int):
        raise AssertionError(f"ConnectionHandler '{entry.text}' returned invalid return code.")
    return int(result)


def _log_failure(connection: Connection, entry: Handler, error: BaseException) -> None:
    """Log an exception without the client's address, as mod_python does; none for a client that left."""
    if connection.aborted and type(error).__name__ == CANCELLED:
        return
    for element in elements_of(error):
        log_server(connection.base, f"ConnectionHandler {entry.text}: {element[:-1]}")


def connection_handler(host: HostConfig) -> Handler | None:
    """Return the handler of connections whose local address `host` speaks for, None for plain HTTP."""
    return host.server[PythonServer].connection_handler
