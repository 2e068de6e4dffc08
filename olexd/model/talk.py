"""How a connection handler reads and writes its connection (core spec 4.1).

Nothing is parsed. At most `body.HIGH_WATER` bytes wait for a reader and `writer.ROOM_MAX` for the client.
"""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable
from typing import Final

from olexd.errors import ClientGone
from olexd.http.writer import SocketWriter
from olexd.model.attributes import body_bytes
from olexd.model.body import Body
from olexd.model.connection import Connection

READ_ERROR: Final = "Connection read error"
READ_MAX: Final = 8192
"""How much a read without a length gives."""
LINE_MAX: Final = 1 << 20
"""How much of a line a readline without a length gives: a line without an end shall not fill the memory."""
BLOCK: Final = 256 * 1024


def _parts(conn: Connection) -> tuple[Body, SocketWriter]:
    if conn.talk is None or conn.writer is None:
        raise RuntimeError("only a connection handler reads from and writes to the connection itself")
    return conn.talk, conn.writer


def _blocking(conn: Connection, method: Callable[[int], bytes], length: int) -> bytes:
    if conn.on_reactor:
        raise RuntimeError(
            "this handler runs on the reactor's thread, where reading would block: await conn.aread()"
        )
    try:
        data = method(length)
    except OSError as error:
        raise OSError(READ_ERROR) from error
    return _not_the_end(data)


async def _awaiting(conn: Connection, method: Callable[[int], Awaitable[bytes]], length: int) -> bytes:
    _refuse_in_pool(conn)
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
    talk = _parts(conn)[0]
    return _blocking(conn, talk.read if length < 0 else talk.read_some, length or READ_MAX)


def readline(conn: Connection, length: int) -> bytes:
    """Return the next line, at most `length` bytes of it. Blocks. Raises like `read()`."""
    length = operator.index(length)
    return _blocking(conn, _parts(conn)[0].readline, length if length > 0 else LINE_MAX)


def aread(conn: Connection, length: int) -> Awaitable[bytes]:
    """`read()` for a coroutine on the reactor's thread."""
    length = operator.index(length)
    talk = _parts(conn)[0]
    return _awaiting(conn, talk.aread if length < 0 else talk.aread_some, length or READ_MAX)


def areadline(conn: Connection, length: int) -> Awaitable[bytes]:
    """`readline()` for a coroutine on the reactor's thread."""
    length = operator.index(length)
    return _awaiting(conn, _parts(conn)[0].areadline, length if length > 0 else LINE_MAX)


def write(conn: Connection, data: object) -> None:
    """Send str (as UTF-8) or bytes. A client that is gone is no error here: the next read tells."""
    writer = _parts(conn)[1]
    block = body_bytes(data)
    if not block:
        return
    try:
        if conn.on_reactor:
            writer.send_soon([block])
        else:
            writer.send([block])
    except ClientGone:
        conn.aborted = True


async def awrite(conn: Connection, data: object) -> None:
    """Send str or bytes for a coroutine, waiting while the client is slow. Raises OSError when it is gone."""
    writer = _parts(conn)[1]
    _refuse_in_pool(conn)
    whole = body_bytes(data)
    for start in range(0, len(whole), BLOCK):
        writer.send_soon([whole[start : start + BLOCK]])
        await writer.room()
