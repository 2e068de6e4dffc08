"""Reading a request's body on behalf of handlers (core spec 3.6)."""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable
from typing import TypeVar

from olexd.errors import BadRequest, ServerReturn
from olexd.model.body import Body
from olexd.model.filters import InputChain
from olexd.model.head import AP_CONN_CLOSE
from olexd.model.request import Request
from olexd.status import CLOSES_CONNECTION, OK

T = TypeVar("T")


def _body(record: Request) -> Body | InputChain:
    """Return what is read: the body as it comes, or what its filters make of it."""
    return record.body if record.input_filters is None else record.input_filters


def _refuse_on_reactor(record: Request) -> None:
    if record.on_reactor:
        raise RuntimeError(
            "this handler runs on the reactor's thread, where reading would block: await req.aread()"
        )


def refuse_in_pool(record: Request) -> None:
    """Refuse what only a coroutine on the reactor's thread can wait for. Raises RuntimeError."""
    if not record.on_reactor:
        raise RuntimeError("this can only be awaited by a coroutine that the server runs")


def _read(record: Request, method: Callable[[int], T], size: int) -> T:
    size = operator.index(size)
    _refuse_on_reactor(record)
    try:
        return method(size)
    except BadRequest as error:
        raise ServerReturn(error.status) from error


def read(record: Request, size: int) -> bytes:
    """Return `size` bytes, or the rest for -1. Raises OSError, or ServerReturn when refused."""
    return _read(record, _body(record).read, size)


def readline(record: Request, size: int) -> bytes:
    """Return the next line, at most `size` bytes of it. Raises like `read()`."""
    return _read(record, _body(record).readline, size)


def readlines(record: Request, hint: int) -> list[bytes]:
    """Return whole lines until they are `hint` bytes or more; all for -1. Raises like `read()`."""
    return _read(record, _body(record).readlines, hint)


async def _aread(record: Request, method: Callable[[int], Awaitable[T]], size: int) -> T:
    size = operator.index(size)
    refuse_in_pool(record)
    try:
        return await method(size)
    except BadRequest as error:
        raise ServerReturn(error.status) from error


def aread(record: Request, size: int) -> Awaitable[bytes]:
    """`read()` for coroutines on the reactor's thread."""
    return _aread(record, _body(record).aread, size)


def areadline(record: Request, size: int) -> Awaitable[bytes]:
    """`readline()` for coroutines on the reactor's thread."""
    return _aread(record, _body(record).areadline, size)


def discard(record: Request) -> int:
    """Read and drop the rest; return OK or an HTTP status.

    Nothing is read where the status of the response closes the connection anyway; that is settled then.
    """
    if record.status in CLOSES_CONNECTION:
        record.connection.keepalive = AP_CONN_CLOSE
        return OK
    body = _body(record)
    if not body.exhausted:
        _refuse_on_reactor(record)
    return body.discard()


def remaining(record: Request) -> int:
    """Return the declared length once reading has begun, until the end is reached."""
    body = record.body
    return 0 if not body.started or body.exhausted else body.length or 0
