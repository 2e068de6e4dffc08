"""What is queued for a client, and who waits until it has gone."""

from __future__ import annotations

import time
from math import inf
from typing import Any, Final

from twisted.internet.defer import Deferred


class Outlet:
    """The outgoing side of a connection for those who wait on the reactor.

    `deadline` (monotonic seconds) is when the client has to have taken something, never while nobody waits.
    """

    def __init__(self, transport: Any, timeout: float) -> None:
        self.deadline = inf
        self._transport: Final = transport
        self._timeout = timeout
        self._waiting: list[Deferred[None]] = []
        self._unsent = 0

    def wait(self, deferred: Deferred[None]) -> None:
        """Fire `deferred` when everything is sent, or the client is gone."""
        self._waiting.append(deferred)
        self._unsent = self._transport.unsent()
        self.deadline = time.monotonic() + self._timeout

    def tell(self) -> None:
        """Everything is sent, or the client is gone: wake who waits."""
        waiting, self._waiting = self._waiting, []
        self._unsent = 0
        self.deadline = inf
        for deferred in waiting:
            fire(deferred)

    def moves(self) -> bool:
        """Return whether some of what is queued was sent since the last look."""
        unsent, self._unsent = self._unsent, self._transport.unsent()
        return unsent != self._unsent

    def is_stuck(self, now: float) -> bool:
        """Return whether the client took nothing for the whole timeout; else give it another one."""
        if not self.moves():
            return True
        self.deadline = now + self._timeout
        return False


def fire(deferred: Deferred[None]) -> None:
    """Fire `deferred` unless that has happened."""
    if not deferred.called:
        deferred.callback(None)
