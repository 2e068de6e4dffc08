"""How handlers read and write the connection itself (core spec 4.1).

For a connection handler nothing is parsed. A request's handler gets what follows the request once it reads
here, and then has the connection to its end; what it writes here stands beside its response. WebSocket
servers for mod_python write `101 Switching Protocols` themselves and set `req.assbackwards`.

At most `body.HIGH_WATER` bytes wait for a reader and `writer.ROOM_MAX` for the client.
"""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable
from typing import Final

from olexd.errors import ClientGone
from olexd.model.attributes import body_bytes
from olexd.model.body import Body
from olexd.model.connection import Connection
from olexd.model.head import AP_CONN_CLOSE
from olexd.model.output import Writer
from olexd.model.request import Request

READ_ERROR: Final = "Connection read error"
READ_MAX: Final = 8192
"""How much a read without a length gives."""
LINE_MAX: Final = 1 << 20
"""How much of a line a readline without a length gives: a line without an end shall not fill the memory."""
BLOCK: Final = 256 * 1024


def _present(conn: Connection) -> Request | None:
    """Return the request whose handlers use the connection, None for a connection handler."""
    redirector = conn.redirector
    request = None if redirector is None else redirector.present
    if request is None:
        if conn.talk is None:
            raise RuntimeError("nothing is being answered on this connection")
    elif request.output.finished:
        raise RuntimeError("the response is complete: the connection is not the handler's any more")
    return request


def _arriving(conn: Connection) -> Body:
    """Return what arrives. A request's handler gets the connection for good with its first read."""
    request = _present(conn)
    if conn.talk is None:
        assert request is not None and conn.redirector is not None
        if not request.body.exhausted:
            raise RuntimeError(
                "the request has a body: read it to its end before reading from the connection"
            )
        conn.keepalive = AP_CONN_CLOSE
        conn.redirector.listen(request)
    assert conn.talk is not None
    return conn.talk


def _writer(conn: Connection) -> Writer:
    request = _present(conn)
    if request is not None:
        return request.output.aside()
    assert conn.writer is not None
    return conn.writer


def _refuse_on_reactor(conn: Connection) -> None:
    if conn.on_reactor:
        raise RuntimeError(
            "this handler runs on the reactor's thread, where reading would block: await conn.aread()"
        )


def _blocking(method: Callable[[int], bytes], length: int) -> bytes:
    try:
        data = method(length)
    except OSError as error:
        raise OSError(READ_ERROR) from error
    return _not_the_end(data)


async def _awaiting(method: Callable[[int], Awaitable[bytes]], length: int) -> bytes:
    try:
        data = await method(length)
    except OSError as error:
        raise OSError(READ_ERROR) from error
    return _not_the_end(data)


def _refuse_in_pool(conn: Connection) -> None:
    if not conn.on_reactor:
        raise RuntimeError("this can only be awaited by a coroutine that the server runs")


def _not_the_end(data: bytes) -> bytes:
    if not data:
        raise OSError(READ_ERROR)
    return data


def read(conn: Connection, length: int) -> bytes:
    """Return 1 to `length` bytes; what comes next for 0; all up to the end for -1. Blocks.

    Raises OSError at the end, and when the client stalls or is gone.
    """
    length = operator.index(length)
    _refuse_on_reactor(conn)
    talk = _arriving(conn)
    return _blocking(talk.read if length < 0 else talk.read_some, length or READ_MAX)


def readline(conn: Connection, length: int) -> bytes:
    """Return the next line, at most `length` bytes of it. Blocks. Raises like `read()`."""
    length = operator.index(length)
    _refuse_on_reactor(conn)
    return _blocking(_arriving(conn).readline, length if length > 0 else LINE_MAX)


def aread(conn: Connection, length: int) -> Awaitable[bytes]:
    """`read()` for a coroutine on the reactor's thread."""
    length = operator.index(length)
    _refuse_in_pool(conn)
    talk = _arriving(conn)
    return _awaiting(talk.aread if length < 0 else talk.aread_some, length or READ_MAX)


def areadline(conn: Connection, length: int) -> Awaitable[bytes]:
    """`readline()` for a coroutine on the reactor's thread."""
    length = operator.index(length)
    _refuse_in_pool(conn)
    return _awaiting(_arriving(conn).areadline, length if length > 0 else LINE_MAX)


def write(conn: Connection, data: object) -> None:
    """Send str (as UTF-8) or bytes. A client that is gone is no error here: the next read tells."""
    block = body_bytes(data)
    if not block:
        return
    try:
        writer = _writer(conn)
        if conn.on_reactor:
            writer.send_soon([block])
        else:
            writer.send([block])
    except ClientGone:
        conn.aborted = True


async def awrite(conn: Connection, data: object) -> None:
    """Send str or bytes for a coroutine, waiting while the client is slow. Raises OSError when it is gone."""
    _refuse_in_pool(conn)
    writer = _writer(conn)
    whole = body_bytes(data)
    for start in range(0, len(whole), BLOCK):
        writer.send_soon([whole[start : start + BLOCK]])
        await writer.room()
