"""RequestTimeout at work on one request: when its handlers have taken too long, and who answers then.

The handlers' time is what they take together, waiting for the client included. When it is up the reactor
may want to answer in the place of a handler that a pool thread is still stuck in. Exactly one of the two
begins the response: both ask here first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Deadline:
    """The time limit of one request's handlers. `handler` is the one that runs, or ran last.

    `committed` is set when a handler began the response, `answered` when the reactor did in its place.
    `passed` is set once the limit has been reported.
    """

    __slots__ = (
        "_began",
        "_depth",
        "_lock",
        "_spent",
        "answered",
        "committed",
        "handler",
        "passed",
        "seconds",
    )

    def __init__(self) -> None:
        self.seconds = 0.0
        self.handler = ""
        self.passed = False
        self.committed = False
        self.answered = False
        self._began: float | None = None
        self._depth = 0
        self._spent = 0.0
        self._lock = threading.Lock()

    def enter(self, handler: str, seconds: float) -> None:
        """A handler begins, maybe while another waits for a redirect. `seconds` is the limit, 0 for none."""
        self.handler = handler
        self.seconds = seconds
        if not self._depth:
            self._began = time.monotonic()
        self._depth += 1

    def leave(self) -> None:
        """The handler is done."""
        self._depth -= 1
        if not self._depth and self._began is not None:
            self._spent += time.monotonic() - self._began
            self._began = None

    def is_over(self, now: float) -> bool:
        """Return whether a handler runs that has no time left. `now` is monotonic."""
        began = self._began
        return began is not None and 0 < self.seconds < self._spent + now - began

    def commit(self) -> bool:
        """Begin the response for a handler; return False when the reactor has answered in its place."""
        with self._lock:
            self.committed = not self.answered
        return self.committed

    def take_over(self) -> bool:
        """Answer in the handler's place; return False when that cannot be, or not just now. Never waits."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self.answered = not self.committed
        finally:
            self._lock.release()
        return self.answered

    @contextmanager
    def interim(self) -> Iterator[bool]:
        """Keep the reactor from answering while an interim response is sent; give whether one may be."""
        with self._lock:
            yield not self.answered
