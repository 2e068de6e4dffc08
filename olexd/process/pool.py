"""The pool of handler threads: as few awake as keep the work going.

Python runs one thread at a time, so waking sixteen threads for sixteen short requests only makes them fight
for the interpreter. One runner drains the queue. Others join when every runner is stuck in its handler, or
when requests have to wait and more runners turn out to get more of them done (`climb.py`). Handlers that
block get their threads at once, handlers that do not never pay for them.

For the same reason the reactor steps aside while the runner works through a batch of requests: each `send`
of the runner lets go of the interpreter for an instant, and a reactor that took it every time, for one
event, would cost two thread switches per request. It goes on when the queue is empty or nothing gets done.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from types import FrameType
from typing import Final, Protocol

from olexd.lockwaits import count_waiting
from olexd.process.climb import Concurrency

TICK: Final = 0.002
"""Seconds between two looks of the clock, while there is work."""
STUCK_TICKS: Final = 1
"""After how many ticks in the same job a runner counts as stuck; all others wait for that long."""
TOGETHER: Final = 16
"""How many results are sent together at most."""
SHORT: Final = 0.0003
"""The duration of a job, in seconds, up to which its result may wait for the next one's."""
PAUSE: Final = 0.001
"""For how long the reactor steps aside at a time, in seconds."""
PAUSES: Final = 8
"""How many times in a row, as long as jobs get done meanwhile."""
HURRY: Final = 0.05
"""For how long it does not step aside again after that was in vain, in seconds."""


class Job(Protocol):
    """Something to run on a pool thread."""

    queued_at: float
    """When it was queued (monotonic seconds); set by the pool."""

    @property
    def begun(self) -> bool:
        """Whether something of it was done before, so that it may have locks that other jobs wait for."""

    def run_in_pool(self) -> bool:
        """Do it; return whether it is done but for `end()`. Must not raise."""

    def end(self, in_reactor: bool) -> None:
        """Send its result, soon after it was done, on a pool thread or the reactor's. Must not raise."""

    def takes_long(self) -> None:
        """It is still running, a tick later. Called on the reactor's thread."""


class Clock(Protocol):
    """The part of the reactor that the pool needs."""

    def callLater(self, delay: float, call: Callable[[], None]) -> object:
        """Call once, later, on the reactor's thread."""


class Runner(threading.Thread):
    """One pool thread."""

    def __init__(self, pool: Pool, number: int) -> None:
        super().__init__(name=f"handler-{number}", daemon=True)
        self.pool = pool
        self.wake = threading.Lock()
        self.wake.acquire()
        self.job: Job | None = None
        self.serial = 0
        """Counts started and finished jobs: odd while one runs."""
        self.seen_serial = 0
        self.seen_ticks = 0
        self.stuck = False
        self.done: deque[Job] = deque()
        """Jobs that are done, whose results have not been sent yet."""

    def run(self) -> None:
        """Run jobs until the pool stops, sleeping while there are none.

        Results of short jobs are sent together: each send may wake the client's thread, and one wake-up for
        several is much cheaper. They never wait for a job that takes long (`send_results()` by the clock).
        """
        pool, queue, done = self.pool, self.pool.queue, self.done
        while True:
            try:
                job = queue.popleft()
            except IndexError:
                self.send_results(False)
                if pool.stopped:
                    return
                pool.park(self)
                continue
            self.job = job
            self.serial += 1
            started = time.monotonic()
            if job.run_in_pool():
                done.append(job)
            self.serial += 1
            if done and (not queue or len(done) >= TOGETHER or time.monotonic() - started > SHORT):
                self.send_results(False)
            if self.stuck or pool.crowded:
                pool.step_back(self)

    def send_results(self, in_reactor: bool) -> None:
        """Send the results of jobs that are done. On this thread, or on the reactor's while it is busy."""
        while True:
            try:
                job = self.done.popleft()
            except IndexError:
                return
            job.end(in_reactor)


class Helper(threading.Thread):
    """A thread for one job that has begun, beside one of the pool's that waits for a lock."""

    serial = 1
    """As a runner's: the job runs as long as the pool knows the thread."""

    def __init__(self, pool: Pool, job: Job) -> None:
        super().__init__(name="handler-helper", daemon=True)
        self.pool = pool
        self.job = job

    def run(self) -> None:
        """Run the job."""
        if self.job.run_in_pool():
            self.job.end(False)
        self.pool.helped(self)


class Pool:
    """At most `size` threads for the jobs that `submit()` brings.

    `submit()` is called on the reactor's thread, and so is `on_idle`, a moment after the last job was done.
    """

    def __init__(self, size: int, clock: Clock, on_idle: Callable[[], None]) -> None:
        self.size = size
        self.queue: deque[Job] = deque()
        self.stopped = False
        self._clock = clock
        self._on_idle = on_idle
        self._mutex = threading.Lock()
        self._runners: list[Runner] = []
        self._helpers: list[Helper] = []
        self._sleeping: list[Runner] = []
        self._awake = 0
        self._ticking = False
        self._drained = threading.Lock()
        self._drained.acquire()
        self._reactor_waits = False
        self._dispatching = False
        self._hurry_until = 0.0
        self._concurrency = Concurrency(size)
        self._burst = 1

    def submit(self, job: Job) -> None:
        """Have a pool thread run `job`, in the order of submission. Reactor only."""
        job.queued_at = time.monotonic()
        self.queue.append(job)
        if not self._dispatching:
            self._dispatching = True
            self._clock.callLater(0, self._dispatch)
        if not self._ticking:
            self._ticking = True
            self._clock.callLater(TICK, self._tick)

    @property
    def busy(self) -> int:
        """How many threads are running a job just now."""
        return sum(runner.serial & 1 for runner in self._threads())

    def frame_of(self, wanted: Callable[[Job], bool]) -> FrameType | None:
        """Return where the thread stands that runs a wanted job just now; None when none does."""
        for runner in self._threads():
            serial, job = runner.serial, runner.job
            if serial & 1 and job is not None and wanted(job):
                frame = sys._current_frames().get(runner.ident or 0)
                return frame if runner.serial == serial else None
        return None

    @property
    def at_work(self) -> bool:
        """Whether jobs run or wait."""
        return bool(self.queue or self.busy)

    def stop(self, timeout: float) -> None:
        """Let running and queued jobs end, for at most `timeout` seconds, and end the threads."""
        deadline = time.monotonic() + timeout
        with self._mutex:
            self.stopped = True
            while self._sleeping:
                self._sleeping.pop().wake.release()
        for runner in self._threads():
            runner.join(max(0.0, deadline - time.monotonic()))

    def _threads(self) -> list[Runner | Helper]:
        return [*self._runners, *self._helpers]

    # The runners' side

    def helped(self, helper: Helper) -> None:
        """A helper has done its job."""
        with self._mutex:
            self._helpers.remove(helper)

    def park(self, runner: Runner) -> None:
        """Sleep until there is work for one more runner."""
        with self._mutex:
            if self._reactor_waits:
                self._reactor_waits = False
                self._drained.release()
            if runner.stuck:
                runner.stuck = False
            else:
                self._awake -= 1
            if self.stopped:
                return
            self._sleeping.append(runner)
        if self.queue and self._awake == 0:
            self._wake(1)
        runner.wake.acquire()

    @property
    def crowded(self) -> bool:
        """Whether more runners are awake than get more done."""
        return self._awake > self._concurrency.allowed

    def step_back(self, runner: Runner) -> None:
        """A runner that was stuck, or is one too many, finished a job; it sleeps if others go on."""
        if runner.stuck:
            with self._mutex:
                runner.stuck = False
                self._awake += 1
        if self.crowded:
            runner.send_results(False)
            self.park(runner)

    # The reactor's side

    def _dispatch(self) -> None:
        """Have the batch that was submitted run, and step aside while the runner works through it.

        It is woken only now: one that had started with the first job would have had to share the interpreter
        with the reactor's reading of the others, and to wait for each.
        """
        self._dispatching = False
        # The runner counts itself out before it looks at the queue a last time, so one of us sees the other.
        if self._awake == 0:
            self._wake(1)
        if self.queue and time.monotonic() > self._hurry_until:
            self._step_aside()

    def _step_aside(self) -> None:
        self._reactor_waits = True
        done = -1
        for _ in range(PAUSES):
            done, before = self._completed(), done
            if done == before:
                break
            if self._drained.acquire(timeout=PAUSE):
                return
        self._hurry_until = time.monotonic() + HURRY
        with self._mutex:
            late, self._reactor_waits = not self._reactor_waits, False
        if late:
            # The runner was a moment late; its signal is not for the next time.
            self._drained.acquire()

    def _tick(self) -> None:
        self._mark_stuck()
        now = time.monotonic()
        late = self._late(now)
        self._concurrency.tick(now, self._completed(), late)
        if self.queue and self._awake == 0 and not self._dispatching:
            # All are stuck. One that was only kept from the processor looks the same, so begin with few.
            self._wake(min(self._burst, len(self.queue)))
            self._burst *= 2
            self._help()
        else:
            self._burst = 1
            if late and self._awake < self._concurrency.allowed:
                self._wake(self._concurrency.allowed - self._awake)
        if self.queue or self._awake or self._helpers or any(runner.stuck for runner in self._runners):
            self._clock.callLater(TICK, self._tick)
        else:
            self._ticking = False
            self._on_idle()

    def _help(self) -> None:
        """Run jobs that have begun on further threads, as many as wait for locks: `size` of them can work.

        The locks may be those jobs' own: a request whose coroutine ran in between needs a thread again to
        give its session back, and would never get one when all wait for that.
        """
        most = count_waiting(self._runners) if len(self._runners) == self.size else 0
        for job in tuple(self.queue) if most else ():
            if job.begun and len(self._helpers) < most:
                self._help_with(job)

    def _help_with(self, job: Job) -> None:
        try:
            self.queue.remove(job)
        except ValueError:
            # A runner was faster.
            return
        helper = Helper(self, job)
        with self._mutex:
            self._helpers.append(helper)
        helper.start()

    def _completed(self) -> int:
        """Return how many jobs have been done so far."""
        return sum(runner.serial for runner in self._runners) // 2

    def _late(self, now: float) -> bool:
        """Return whether the oldest job has waited too long."""
        try:
            return now - self.queue[0].queued_at > TICK
        except IndexError:
            return False

    def _mark_stuck(self) -> None:
        for helper in tuple(self._helpers):
            helper.job.takes_long()
        for runner in self._runners:
            if runner.serial != runner.seen_serial:
                runner.seen_serial = runner.serial
                runner.seen_ticks = 0
            elif runner.serial & 1 and runner.job is not None:
                runner.job.takes_long()
                runner.send_results(True)
                runner.seen_ticks += 1
                if runner.seen_ticks == STUCK_TICKS:
                    self._count_out(runner)

    def _count_out(self, runner: Runner) -> None:
        with self._mutex:
            if runner.serial == runner.seen_serial:
                runner.stuck = True
                self._awake -= 1

    def _wake(self, count: int) -> None:
        with self._mutex:
            for _ in range(count):
                if self._sleeping:
                    runner = self._sleeping.pop()
                    self._awake += 1
                    runner.wake.release()
                elif len(self._runners) < self.size:
                    runner = Runner(self, len(self._runners) + 1)
                    self._runners.append(runner)
                    self._awake += 1
                    runner.start()
                else:
                    return
