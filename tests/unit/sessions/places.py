"""Session locks by the place where processes meet, for the tests and for the processes that they start."""

from __future__ import annotations

from olexd.sessions.locks import SessionLocks, locks_in
from olexd.sessions.redis_locks import RedisLeases
from olexd.sessions.redis_store import connect

LEASE = 0.6
"""Seconds, so that nobody waits long for the leases of a process that was killed."""


def open_locks(where: str) -> SessionLocks:
    """Return the locks in a directory, or in the Redis of a URL."""
    if "://" in where:
        return SessionLocks(RedisLeases(connect(where), "test:", LEASE))
    return locks_in(where)
