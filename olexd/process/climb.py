"""How many handlers should run at once, found by trying.

Handlers that compute gain nothing from company: Python runs one thread at a time, and several only fight for
the interpreter. Handlers that wait a little for something else gain much. Neither processor time nor
switches tell the two apart on a busy machine, so while requests queue up one more runner is let in for a
moment, and stays if more requests got done. Likewise it is tried now and then whether fewer do as well.
"""

from __future__ import annotations

from typing import Final

WINDOW: Final = 0.02
"""Seconds over which the work done is counted."""
FIRST_DELAY: Final = 0.1
LAST_DELAY: Final = 2.0
"""Seconds between trials: after each that brought nothing twice as many, up to the last."""
GAIN: Final = 1.15
"""How much more has to get done with another runner."""
LOSS: Final = 0.95
"""How much of the work has to get done with fewer runners."""


class Concurrency:
    """The number of runners (besides those stuck in a handler) that are allowed at once, 1 to `most`."""

    def __init__(self, most: int) -> None:
        self.allowed = 1
        self._most = most
        self._before: int | None = None
        """What was allowed before the trial that is going on."""
        self._rate = 0.0
        self._delay = FIRST_DELAY
        self._next_trial = 0.0
        self._down_next = False
        self._restart(0.0, 0)

    def tick(self, now: float, completed: int, late: bool) -> None:
        """Take note of the state at `now` (monotonic seconds).

        `completed` counts the jobs done so far, `late` tells whether one has waited too long.
        """
        self._ticks += 1
        self._late += late
        if now - self._started < WINDOW:
            return
        rate = (completed - self._completed) / (now - self._started)
        backlog = self._late * 2 > self._ticks
        if self._before is not None:
            self._judge(now, rate, backlog)
        elif now >= self._next_trial:
            self._try(rate, backlog)
        self._restart(now, completed)

    def _restart(self, now: float, completed: int) -> None:
        self._started = now
        self._completed = completed
        self._ticks = 0
        self._late = 0

    def _try(self, rate: float, backlog: bool) -> None:
        up = backlog and self.allowed < self._most and not (self._down_next and self.allowed > 1)
        if not up and self.allowed == 1:
            return
        self._down_next = up
        self._before, self._rate = self.allowed, rate
        step = max(1, self.allowed // 2)
        self.allowed = min(self.allowed + step, self._most) if up else self.allowed - max(1, step // 2)

    def _judge(self, now: float, rate: float, backlog: bool) -> None:
        """End a trial: keep what did better, or as well with less."""
        before, self._before = self._before, None
        assert before is not None
        if self.allowed > before:
            good = rate > self._rate * GAIN
            self._down_next = not good
        else:
            good = not backlog or rate > self._rate * LOSS
        if good:
            self._delay = FIRST_DELAY
            self._next_trial = now
        else:
            self.allowed = before
            self._delay = min(self._delay * 2, LAST_DELAY)
            self._next_trial = now + self._delay
