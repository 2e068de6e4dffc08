"""Waiting for what handlers wait for: with a reactor that runs for just as long, or that runs already."""

from __future__ import annotations

import sys
from collections import deque
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

STEP: Final = 0.01
"""For how long a reactor that runs already is given a turn, in seconds."""


def in_time(deferred: Deferred[Any], timeout: float) -> Deferred[None]:
    """Return what fires with `deferred`, or fails with TimeoutError after `timeout` seconds."""
    waiting: Deferred[None] = Deferred()
    if deferred.called:
        # Who needs no reactor gets none.
        waiting.callback(None)
        return waiting
    from twisted.internet import reactor as installed

    reactor: Any = installed
    failure = TimeoutError(f"no response within {timeout:g} seconds")
    too_late = reactor.callLater(timeout, waiting.errback, failure)

    def fired(result: object) -> object:
        if too_late.active():
            too_late.cancel()
            waiting.callback(None)
        return result

    deferred.addBoth(fired)
    return waiting


def wait_for(deferred: Deferred[Any], timeout: float) -> None:
    """Return when `deferred` has fired; the reactor runs on this thread for as long as that takes.

    Raises TimeoutError after `timeout` seconds, RuntimeError when the reactor ends before.
    """
    outcome: list[object] = []
    waiting = in_time(deferred, timeout).addBoth(outcome.append)
    if not outcome:
        _turn(waiting)
    if not outcome:
        raise RuntimeError("the reactor was stopped before there was a response")
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()


def _turn(waiting: Deferred[None]) -> None:
    """Run the reactor until `waiting` has fired."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    if not reactor.running:
        # Ended in this way, as Twisted's own trial has it, it can run again.
        waiting.addCallback(lambda _: reactor.crash())
        reactor.run(installSignalHandlers=False)
    while reactor.running and not waiting.called:
        # Under pytest-twisted for example every test is called by a reactor that runs.
        reactor.iterate(STEP)


class Inbox:
    """What a handler waits for that waits for another request: the reactor runs meanwhile, on its thread."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._items: deque[bool] = deque()
        self._arrival: Deferred[None] = Deferred()

    def put(self, item: bool) -> None:
        """Leave something for whoever waits."""
        self._items.append(item)
        arrival, self._arrival = self._arrival, Deferred()
        arrival.callback(None)

    def get(self) -> bool:
        """Return the next item, waiting for it. Raises like `wait_for()`."""
        if not self._items:
            wait_for(self._arrival, self._timeout)
        return self._items.popleft()


def stop_threads() -> None:
    """End the threads that handlers started with `deferToThread()`, unless the reactor goes on running."""
    reactor: Any = sys.modules.get("twisted.internet.reactor")
    if reactor is not None and not reactor.running and reactor.threadpool is not None:
        reactor._stopThreadPool()
