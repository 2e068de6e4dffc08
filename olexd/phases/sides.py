"""The two sides a request runs on, and the only way from one to the other.

A request is one coroutine. Blocking work happens on a pool thread, asynchronous work on the reactor's
thread. `await to_pool(request)` and `await to_reactor(request)` cost nothing when the request is
already there; else they suspend the coroutine and its driver (`olexd/task.py`) goes on with it on the
other side.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from enum import Enum
from types import coroutine
from typing import Protocol, TypeVar

from olexd.model.connection import Connection

T = TypeVar("T")


class Sided(Protocol):
    """What runs on one side or the other: a request, or a conversation on its connection."""

    @property
    def connection(self) -> Connection:
        """The connection, which knows the present side."""


class Side(Enum):
    """Where a request's coroutine can run."""

    POOL = "pool"
    REACTOR = "reactor"


POOL, REACTOR = Side


@coroutine
def to_pool(request: Sided) -> Generator[Side, None, None]:
    """Go on with `request` on a pool thread."""
    if request.connection.on_reactor:
        yield POOL


@coroutine
def to_reactor(request: Sided) -> Generator[Side, None, None]:
    """Go on with `request` on the reactor's thread."""
    if not request.connection.on_reactor:
        yield REACTOR


async def wait_for(request: Sided, awaitable: Awaitable[T]) -> T:
    """Await a Deferred or coroutine on the reactor's thread; return its result or raise its failure."""
    await to_reactor(request)
    return await awaitable
