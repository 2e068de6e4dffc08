"""Handler threads: few for quick jobs, more for jobs that wait, never a job forgotten."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from olexd.lockwaits import waiting
from olexd.process.pool import TICK, Pool, Runner

DEADLINE = 20.0


class Reactor(threading.Thread):
    """A thread that runs calls in time, as Twisted's reactor does."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.calls: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.changed = threading.Condition()
        self.stopping = False
        self.errors: list[BaseException] = []

    def callLater(self, delay: float, call: Callable[[], None]) -> None:
        with self.changed:
            heapq.heappush(self.calls, (time.monotonic() + delay, next(self.numbers), call))
            self.changed.notify()

    def callFromThread(self, call: Callable[[], None]) -> None:
        self.callLater(0, call)

    def run(self) -> None:
        while True:
            with self.changed:
                while not self.stopping and (not self.calls or self.calls[0][0] > time.monotonic()):
                    self.changed.wait(self.calls[0][0] - time.monotonic() if self.calls else None)
                if self.stopping:
                    return
                call = heapq.heappop(self.calls)[2]
            try:
                call()
            except BaseException as error:
                self.errors.append(error)

    def stop(self) -> None:
        with self.changed:
            self.stopping = True
            self.changed.notify()
        self.join(DEADLINE)


class Job:
    """Runs a function and notes in which thread, and how often it was said to take long."""

    queued_at = 0.0

    def __init__(self, call: Callable[[], object] = lambda: None, begun: bool = False) -> None:
        self.call = call
        self.begun = begun
        self.done = threading.Event()
        self.runs = 0
        self.thread = ""
        self.long = 0
        self.ends: list[str] = []
        """The threads on which the result was sent."""
        self.ended = threading.Event()

    def run_in_pool(self) -> bool:
        self.runs += 1
        self.thread = threading.current_thread().name
        self.call()
        self.done.set()
        return True

    def end(self, in_reactor: bool) -> None:
        assert self.done.is_set()
        self.ends.append(threading.current_thread().name)
        self.ended.set()

    def takes_long(self) -> None:
        self.long += 1


class Rig:
    """A pool with its reactor."""

    def __init__(self, size: int) -> None:
        self.reactor = Reactor()
        self.idle = 0
        self.pool = Pool(size, self.reactor, self.count_idle)
        self.reactor.start()

    def count_idle(self) -> None:
        self.idle += 1

    def submit(self, *jobs: Job) -> None:
        """Have the reactor submit jobs, all in one turn."""

        def call() -> None:
            for job in jobs:
                self.pool.submit(job)

        self.reactor.callFromThread(call)

    def in_reactor(self, call: Callable[[], object]) -> None:
        """Run something on the reactor's thread and wait for it."""
        done = threading.Event()
        self.reactor.callFromThread(lambda: (call(), done.set()))  # type: ignore[func-returns-value]
        assert done.wait(DEADLINE)

    def close(self) -> None:
        self.pool.stop(DEADLINE)
        self.reactor.stop()
        assert self.reactor.errors == []


Make = Callable[[int], Rig]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes pools of a certain size."""
    made: list[Rig] = []

    def make(size: int) -> Rig:
        made.append(Rig(size))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


def wait_for(jobs: list[Job]) -> None:
    """Wait until all jobs are done, with one deadline for all."""
    end = time.monotonic() + DEADLINE
    for job in jobs:
        assert job.done.wait(max(0.0, end - time.monotonic())), "a job was forgotten"


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + DEADLINE
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end
        pause.wait(0.001)


def threads(jobs: list[Job]) -> set[str]:
    """The threads that ran the jobs."""
    return {job.thread for job in jobs}


class TestThreads:
    def test_one_runner_for_quick_jobs(self, make: Make) -> None:
        """Quick jobs need one thread, however many there are, and each runs once."""
        rig = make(16)
        order: list[int] = []
        jobs = [Job(lambda number=number: order.append(number)) for number in range(2000)]  # type: ignore[misc]
        for place in range(0, len(jobs), 20):
            rig.submit(*jobs[place : place + 20])
        wait_for(jobs)
        # On a busy machine a second one may come to help.
        assert len(threads(jobs)) <= 2
        assert sorted(order) == list(range(2000))

    def test_no_thread_before_a_job(self, make: Make) -> None:
        """A pool that nobody uses has no threads."""
        assert make(16).pool._runners == []

    def test_blocked_jobs_get_threads(self, make: Make) -> None:
        """Jobs that wait for each other all run at once: a new thread joins while the others are stuck."""
        rig = make(8)
        barrier = threading.Barrier(8)
        jobs = [Job(lambda: barrier.wait(DEADLINE)) for _ in range(8)]
        rig.submit(*jobs)
        wait_for(jobs)
        assert len(threads(jobs)) == 8

    def test_quick_jobs_pass_blocked_ones(self, make: Make) -> None:
        """A job that blocks holds up nobody else."""
        rig = make(2)
        release = threading.Event()
        blocked = Job(lambda: release.wait(DEADLINE))
        quick = [Job() for _ in range(100)]
        rig.submit(blocked, *quick)
        wait_for(quick)
        assert not blocked.done.is_set()
        release.set()
        wait_for([blocked])

    def test_size_is_a_limit(self, make: Make) -> None:
        """Never more threads than the size; what waits gets its turn when one is free."""
        rig = make(3)
        release = threading.Event()
        blocked = [Job(lambda: release.wait(DEADLINE)) for _ in range(3)]
        waiting = [Job() for _ in range(5)]
        rig.submit(*blocked, *waiting)
        until(lambda: rig.pool.busy == 3)
        ticks = blocked[0].long
        until(lambda: blocked[0].long > ticks + 10)
        assert len(rig.pool._runners) == 3
        assert not any(job.done.is_set() for job in waiting)
        release.set()
        wait_for(blocked + waiting)
        assert len(rig.pool._runners) == 3
        until(lambda: rig.pool.busy == 0)

    def test_threads_that_wait_for_locks(self, make: Make) -> None:
        """Jobs that have begun do not wait for threads that may wait for them; new jobs do."""
        rig = make(2)
        lock = threading.Event()

        def wait() -> None:
            with waiting():
                assert lock.wait(DEADLINE)

        blocked = [Job(wait) for _ in range(2)]
        rig.submit(*blocked)
        until(lambda: rig.pool.busy == 2)
        new = Job()
        slow = Job(begun=True)
        slow.call = lambda: until(lambda: slow.long > 0)
        holder = Job(lock.set, begun=True)
        rig.submit(new, slow, holder)
        assert holder.ended.wait(DEADLINE)
        wait_for([*blocked, new, slow])
        assert (slow.thread, holder.thread) == ("handler-helper", "handler-helper")
        assert new.thread != "handler-helper"
        until(lambda: rig.pool.busy == 0)

    def test_no_more_help_than_threads_wait(self, make: Make) -> None:
        """Never more threads at work than the size."""
        rig = make(2)
        lock, release = threading.Event(), threading.Event()

        def wait() -> None:
            with waiting():
                assert lock.wait(DEADLINE)

        jobs = [Job(wait), Job(lambda: release.wait(DEADLINE))]
        rig.submit(*jobs)
        until(lambda: rig.pool.busy == 2)
        begun = [Job(lambda: release.wait(DEADLINE), begun=True) for _ in range(5)]
        rig.submit(*begun)
        until(lambda: rig.pool.busy == 3)
        ticks = jobs[0].long
        until(lambda: jobs[0].long > ticks + 10)
        assert rig.pool.busy == 3
        lock.set()
        release.set()
        wait_for(jobs + begun)

    def test_long_jobs_are_told(self, make: Make) -> None:
        """A job that is still running a tick later is told so, a quick one is not."""
        rig = make(1)
        long = Job()
        long.call = lambda: until(lambda: long.long > 0)
        quick = Job()
        rig.submit(long, quick)
        wait_for([long, quick])
        assert quick.long <= 1

    def test_again_after_idleness(self, make: Make) -> None:
        """A pool that fell asleep wakes for every new job, with the thread it has."""
        rig = make(4)
        jobs = [Job() for _ in range(200)]
        for job in jobs:
            rig.submit(job)
            wait_for([job])
        assert len(threads(jobs)) == 1
        until(lambda: rig.idle >= 1)

    def test_busy(self, make: Make) -> None:
        """`busy` counts the threads that are at work."""
        rig = make(4)
        assert rig.pool.busy == 0
        release = threading.Event()
        jobs = [Job(lambda: release.wait(DEADLINE)) for _ in range(3)]
        rig.submit(*jobs)
        until(lambda: rig.pool.busy == 3)
        release.set()
        until(lambda: rig.pool.busy == 0)


class TestStress:
    """Thousands of jobs in many patterns: each runs exactly once, within a real time."""

    @pytest.mark.parametrize("size", [1, 2, 8])
    def test_trickle(self, make: Make, size: int) -> None:
        """Jobs that come just as the thread falls asleep are not forgotten."""
        rig = make(size)
        jobs = [Job() for _ in range(5000)]
        rest = iter(jobs)

        def next_one() -> None:
            job = next(rest, None)
            if job is not None:
                rig.pool.submit(job)
                rig.reactor.callLater(0, next_one)

        rig.reactor.callFromThread(next_one)
        wait_for(jobs)
        assert {job.runs for job in jobs} == {1}

    @pytest.mark.parametrize("size", [1, 2, 8])
    def test_ping_pong(self, make: Make, size: int) -> None:
        """Every finished job brings the next, as keep-alive connections do; all chains come to their end."""
        rig = make(size)
        left = dict.fromkeys(range(16), 300)
        done = threading.Event()

        def again(chain: int) -> None:
            left[chain] -= 1
            if left[chain]:
                rig.reactor.callFromThread(lambda: rig.pool.submit(Job(lambda: again(chain))))
            elif not any(left.values()):
                done.set()

        for chain in left:
            rig.submit(Job(lambda chain=chain: again(chain)))  # type: ignore[misc]
        assert done.wait(DEADLINE), left

    @pytest.mark.parametrize("size", [2, 5])
    def test_mixed(self, make: Make, size: int) -> None:
        """Jobs that block for more or less than it takes to count as stuck lose nothing either."""
        rig = make(size)
        pause = threading.Event()
        waits = itertools.islice(itertools.cycle([0, 0, 0, 0, 0.5, 0, 0, 1, 0, 2.0, 2.1, 0, 4]), 1500)
        jobs = [Job(lambda wait=wait: wait and pause.wait(wait * TICK)) for wait in waits]  # type: ignore[misc]
        for place in range(0, len(jobs), 7):
            rig.submit(*jobs[place : place + 7])
        wait_for(jobs)
        assert {job.runs for job in jobs} == {1}
        until(lambda: rig.pool.busy == 0)
        until(lambda: rig.pool._awake == 0)
        assert len(rig.pool._sleeping) == len(rig.pool._runners) <= size

    def test_falls_quiet(self, make: Make) -> None:
        """Without work the pool asks nothing more of the reactor."""
        rig = make(4)
        jobs = [Job() for _ in range(100)]
        rig.submit(*jobs)
        wait_for(jobs)
        until(lambda: not rig.pool._ticking)
        until(lambda: rig.reactor.calls == [])


class TestStop:
    def test_ends_threads(self, make: Make) -> None:
        """All threads end, sleeping ones too."""
        rig = make(4)
        barrier = threading.Barrier(4)
        jobs = [Job(lambda: barrier.wait(DEADLINE)) for _ in range(4)]
        rig.submit(*jobs)
        wait_for(jobs)
        rig.in_reactor(lambda: rig.pool.stop(DEADLINE))
        assert not any(runner.is_alive() for runner in rig.pool._runners)

    def test_unused(self, make: Make) -> None:
        """A pool without threads stops too."""
        make(4).pool.stop(0.1)

    def test_queued_jobs_are_run(self, make: Make) -> None:
        """What was accepted is still done."""
        rig = make(1)
        jobs = [Job() for _ in range(500)]
        release = threading.Event()
        first = Job(lambda: release.wait(DEADLINE))
        rig.submit(first, *jobs)
        until(lambda: rig.pool.busy == 1)
        stopping = threading.Thread(target=lambda: rig.pool.stop(DEADLINE))
        stopping.start()
        release.set()
        stopping.join(DEADLINE)
        wait_for([first, *jobs])

    def test_bounded(self, make: Make) -> None:
        """A job that does not end does not keep the pool from stopping in time."""
        rig = make(2)
        release = threading.Event()
        job = Job(lambda: release.wait(DEADLINE))
        rig.submit(job)
        until(lambda: rig.pool.busy == 1)
        started = time.monotonic()
        rig.pool.stop(0.05)
        assert time.monotonic() - started < 2
        assert not job.done.is_set()
        release.set()
        wait_for([job])

    def test_at_any_moment(self) -> None:
        """However a stop falls between a job and the sleep after it, no thread sleeps on."""
        for _ in range(100):
            rig = Rig(2)
            jobs = [Job(), Job()]
            rig.submit(*jobs)
            jobs[0].done.wait(DEADLINE)
            started = time.monotonic()
            rig.pool.stop(DEADLINE)
            assert time.monotonic() - started < DEADLINE / 2
            wait_for(jobs)
            rig.close()


def test_results_are_sent_once(make: Make) -> None:
    """Every job's result is sent, exactly once, whatever is sent together."""
    rig = make(4)
    jobs = [Job() for _ in range(500)]
    rig.submit(*jobs)
    wait_for(jobs)
    assert all(job.ended.wait(DEADLINE) for job in jobs)
    rig.close()
    assert all(len(job.ends) == 1 for job in jobs)


def test_results_do_not_wait_for_a_job_that_takes_long(make: Make) -> None:
    """The results of the jobs before it are sent while it still runs."""
    rig = make(1)
    go_on = threading.Event()
    quick, slow = [Job() for _ in range(3)], Job(lambda: go_on.wait(DEADLINE))
    rig.submit(*quick, slow)
    try:
        assert all(job.ended.wait(DEADLINE) for job in quick)
        assert not slow.done.is_set()
    finally:
        go_on.set()
    assert slow.ended.wait(DEADLINE)


def test_the_result_of_the_last_job_is_sent_at_once(make: Make) -> None:
    """With nothing more to do, the thread that did the job sends its result."""
    rig = make(2)
    job = Job()
    rig.submit(job)
    assert job.ended.wait(DEADLINE)
    assert job.ends == [job.thread]


def test_results_of_queued_jobs_are_sent_at_stop(make: Make) -> None:
    """A pool that stops leaves no result unsent."""
    rig = make(2)
    jobs = [Job() for _ in range(50)]
    rig.submit(*jobs)
    rig.in_reactor(lambda: None)
    rig.close()
    assert all(len(job.ends) == 1 for job in jobs)


def test_no_runner_sleeps_on_results(make: Make) -> None:
    """A runner that steps back sends what it has done before it sleeps."""
    rig = make(2)
    job = Job()
    job.done.set()
    runner = Runner(rig.pool, 1)
    runner.done.append(job)
    rig.pool._awake = rig.pool._concurrency.allowed + 1
    sleeper = threading.Thread(target=rig.pool.step_back, args=[runner])
    sleeper.start()
    assert job.ended.wait(DEADLINE)
    rig.pool._wake(1)
    sleeper.join(DEADLINE)
    assert not sleeper.is_alive()
    rig.pool._awake = 0


def test_where_a_job_stands(make: Make) -> None:
    """frame_of() finds the thread that runs a job just now, and only then; at_work tells of jobs."""
    rig = make(2)
    go_on, begun = threading.Event(), threading.Event()

    def stand_here() -> None:
        begun.set()
        go_on.wait(DEADLINE)

    job = Job(stand_here)
    assert rig.pool.frame_of(lambda one: one is job) is None
    assert not rig.pool.at_work
    rig.submit(job)
    assert begun.wait(DEADLINE)
    frame = rig.pool.frame_of(lambda one: one is job)
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    assert "stand_here" in names
    assert rig.pool.at_work
    assert rig.pool.frame_of(lambda one: False) is None
    go_on.set()
    wait_for([job])
    until(lambda: not rig.pool.at_work)
    assert rig.pool.frame_of(lambda one: one is job) is None
