"""One request at a time in a session, over threads and processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from olexd.lockwaits import count_waiting
from olexd.sessions.locks import LockTimeout, SessionLocks
from olexd.sessions.store import InvalidSid, SessionStoreError
from tests.unit.sessions.conftest import SID
from tests.unit.sessions.places import open_locks

HOLD = """
import sys
from tests.unit.sessions.places import open_locks
open_locks(sys.argv[1]).acquire(sys.argv[2], "owner", 10)
print("held", flush=True)
sys.stdin.read()
"""

COUNT = """
import sys
from tests.unit.sessions.places import open_locks
locks, counter = open_locks(sys.argv[1]), sys.argv[2]
for turn in range(50):
    owner = object()
    locks.acquire("a" * 32, owner, 30)
    value = int(open(counter).read())
    open(counter, "w").write(str(value + 1))
    locks.release("a" * 32, owner)
"""


def until(condition: Callable[[], bool]) -> None:
    """Wait for `condition`, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def held(locks: SessionLocks) -> int:
    """Return how many locks the process has."""
    return len(locks._held)


def test_a_lock_is_taken_and_given_back(locks: SessionLocks) -> None:
    """After release nothing is left of a lock."""
    locks.acquire(SID, "request")
    assert locks.holds(SID, "request")
    locks.release(SID, "request")
    assert not locks.holds(SID, "request")
    assert held(locks) == 0


def test_one_request_shares_its_lock(locks: SessionLocks) -> None:
    """The same request may take a lock twice; others wait until it gave it back twice."""
    locks.acquire(SID, "request")
    locks.acquire(SID, "request", 0)
    locks.release(SID, "request")
    with pytest.raises(LockTimeout):
        locks.acquire(SID, "other", 0)
    locks.release(SID, "request")
    locks.acquire(SID, "other", 0)
    locks.release(SID, "other")


def test_other_sessions_are_free(locks: SessionLocks) -> None:
    """A lock holds up no other session."""
    locks.acquire(SID, "one")
    locks.acquire("f" * 32, "two", 0)
    locks.release("f" * 32, "two")
    locks.release(SID, "one")


def test_only_the_owner_releases(locks: SessionLocks) -> None:
    """Another request cannot give back a lock, nor anybody one that is not held."""
    locks.acquire(SID, "request")
    with pytest.raises(RuntimeError):
        locks.release(SID, "other")
    locks.release(SID, "request")
    with pytest.raises(RuntimeError):
        locks.release(SID, "request")


def test_waiting_requests_come_in_turn(locks: SessionLocks) -> None:
    """Requests of one process get the lock one by one, in the order in which they asked."""
    order: list[int] = []

    def work(number: int) -> None:
        locks.acquire(SID, number, 10)
        order.append(number)
        locks.release(SID, number)

    locks.acquire(SID, "first")
    threads = []
    for number in range(5):
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        threads.append(thread)
        until(lambda number=number: len(locks._held[SID].queue) == number + 1)  # type: ignore[misc]
    assert order == []
    until(lambda: count_waiting(threads) == len(threads))
    locks.release(SID, "first")
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]
    assert held(locks) == 0


def test_who_gave_up_is_not_waited_for(locks: SessionLocks) -> None:
    """A request that stopped waiting neither gets the lock nor keeps it from others."""
    locks.acquire(SID, "first")
    with pytest.raises(LockTimeout):
        locks.acquire(SID, "second", 0.01)
    locks.release(SID, "first")
    assert held(locks) == 0


def test_another_process_is_waited_for(locks: SessionLocks, where: str) -> None:
    """A lock that another process has is refused until that process ends, even by a kill."""
    command = [sys.executable, "-c", HOLD, where, SID]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(LockTimeout):
            locks.acquire(SID, "request", 0)
        assert held(locks) == 0
        thread = threading.Thread(target=locks.acquire, args=(SID, "request", 10))
        thread.start()
        until(lambda: count_waiting([thread]) == 1)
        child.kill()
        thread.join(10)
    locks.release(SID, "request")


def test_a_failure_lets_the_next_one_try(locks: SessionLocks, where: str) -> None:
    """When the first of two waiting requests gives up on another process, the second still gets the lock."""
    command = [sys.executable, "-c", HOLD, where, SID]
    got: list[str] = []

    def first() -> None:
        with pytest.raises(LockTimeout):
            locks.acquire(SID, "first", 0.2)
        got.append("gave up")

    def second() -> None:
        locks.acquire(SID, "second", 10)
        got.append("second")
        locks.release(SID, "second")

    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        threads = [threading.Thread(target=first)]
        threads[0].start()
        until(lambda: SID in locks._held)
        threads.append(threading.Thread(target=second))
        threads[1].start()
        until(lambda: got == ["gave up"])
        child.kill()
        for thread in threads:
            thread.join(10)
    assert got == ["gave up", "second"]
    assert held(locks) == 0


def test_processes_exclude_each_other(tmp_path: Path, where: str) -> None:
    """Three processes that count in one file under one lock lose no count."""
    counter = tmp_path / "counter"
    counter.write_text("0")
    command = [sys.executable, "-c", COUNT, where, str(counter)]
    children = [subprocess.Popen(command) for _ in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    assert counter.read_text() == "150"


def test_a_forked_child_holds_nothing(locks: SessionLocks) -> None:
    """A child does not have its parent's locks, cannot free them, and gets them when the parent is done."""
    locks.acquire(SID, "parent")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if not locks.holds(SID, "parent"):
                try:
                    locks.acquire(SID, "child", 0)
                except LockTimeout:
                    code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    locks.release(SID, "parent")


@pytest.mark.parametrize("sid", ["", "../x", "0" * 31, "0" * 32 + "\n"])
def test_forged_ids_are_not_locked(locks: SessionLocks, sid: str) -> None:
    """A text that is not a session id has no lock."""
    with pytest.raises(InvalidSid):
        locks.acquire(sid, "request")
    assert held(locks) == 0


def test_a_lock_file_others_can_write_is_refused(tmp_path: Path) -> None:
    """A lock file or directory that others can write to is not used, and nothing stays locked."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks").chmod(0o777)
    locks = open_locks(str(tmp_path / "locks"))
    with pytest.raises(SessionStoreError):
        locks.acquire(SID, "request")
    assert held(locks) == 0
