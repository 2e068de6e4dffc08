"""Handlers that run on the reactor's thread: coroutines, and those whose author says they never block."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_MARK: Final = "__olexd_nonblocking__"


def nonblocking(handler: F) -> F:
    """Mark a handler that never blocks: it runs on the reactor's thread, without a hop to a pool thread.

    Such a handler must not read the body, sleep, wait for locks or call out; it may return an awaitable.
    """
    setattr(handler, _MARK, True)
    return handler


def runs_on_reactor(handler: Any) -> bool:
    """Return whether a handler is marked, a coroutine function, or a generator dressed as one.

    The latter is what Twisted's `inlineCallbacks` makes.
    """
    if getattr(handler, _MARK, False) or inspect.iscoroutinefunction(handler):
        return True
    if not inspect.isroutine(handler) and not inspect.isclass(handler):
        return inspect.iscoroutinefunction(getattr(type(handler), "__call__", None))  # noqa: B004
    return inspect.isgeneratorfunction(inspect.unwrap(handler)) and not inspect.isgeneratorfunction(handler)
