"""Leases: they last as long as the request, and never longer than the process by much."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from olexd.sessions.locks import LockTimeout, SessionLocks
from olexd.sessions.redis_locks import RedisLeases
from olexd.sessions.redis_store import connect
from olexd.sessions.store import SessionStoreError
from tests.redis_server import RedisServer, running_redis
from tests.unit.sessions.conftest import SID
from tests.unit.sessions.test_locks import until

NAME = f"test:lock:{SID}"
SHORT = 0.3


def leases(server: RedisServer, seconds: float = SHORT) -> RedisLeases:
    """Return leases, as those of one process."""
    return RedisLeases(connect(server.url), "test:", seconds)


def test_a_long_request_keeps_its_lease(empty_redis: RedisServer) -> None:
    """The lease is renewed until it is given back, also when the request takes many times its length."""
    mine, other = leases(empty_redis), leases(empty_redis)
    assert mine.lock(SID)
    deadline = time.monotonic() + 4 * SHORT
    while time.monotonic() < deadline:
        assert not other.lock(SID)
        time.sleep(0.02)
    mine.unlock(SID)
    assert other.lock(SID)
    other.unlock(SID)
    assert empty_redis.client.keys() == []


def test_a_lost_lease_is_not_the_next_owners(empty_redis: RedisServer) -> None:
    """Who comes too late neither ends nor renews the lease of somebody else."""
    late, next_owner = leases(empty_redis), leases(empty_redis)
    assert late.lock(SID)
    empty_redis.client.delete(NAME)
    assert next_owner.lock(SID)
    token = empty_redis.client.get(NAME)
    late._renew_all()
    late.unlock(SID)
    assert empty_redis.client.get(NAME) == token
    next_owner.unlock(SID)


def test_a_dead_process_keeps_nobody_out_for_long(empty_redis: RedisServer) -> None:
    """A lease that nobody renews ends by itself."""
    empty_redis.client.set(NAME, "of a process that died", px=int(SHORT * 1000))
    locks = SessionLocks(leases(empty_redis))
    with pytest.raises(LockTimeout):
        locks.acquire(SID, "request", 0)
    locks.acquire(SID, "request", 10)
    locks.release(SID, "request")


def test_the_thread_ends_when_it_has_nothing_to_do(empty_redis: RedisServer) -> None:
    """And another one starts when there are leases again."""
    mine = leases(empty_redis)
    for _ in range(2):
        assert mine.lock(SID)
        assert mine._renewing
        mine.unlock(SID)
        until(lambda: not mine._renewing)
    assert all(thread.name != "session-leases" or thread.daemon for thread in threading.enumerate())


def test_closing_ends_all_leases(empty_redis: RedisServer) -> None:
    """Other processes can go on at once."""
    mine = leases(empty_redis)
    mine.lock(SID)
    mine.lock("f" * 32)
    mine.close()
    assert empty_redis.client.keys() == []


@pytest.mark.usefixtures("redis_server")
def test_a_redis_that_goes_away(tmp_path: Path) -> None:
    """Locks cannot be taken, which is said; what was held can be let go, and taken from the next Redis."""
    directory = tmp_path / "r"
    directory.mkdir()
    with running_redis(directory) as server:
        locks = SessionLocks(leases(server))
        locks.acquire(SID, "request")
        server.stop()
        with pytest.raises(SessionStoreError, match=r"^Redis: "):
            locks.acquire("f" * 32, "request", 0)
        with pytest.raises(SessionStoreError, match=r"^Redis: "):
            locks.release(SID, "request")
        assert not locks.holds(SID, "request")
        server.start()
        locks.acquire(SID, "request", 1)
        locks.release(SID, "request")
