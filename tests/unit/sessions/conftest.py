"""Stores and locks with nothing in them: in a private directory, and in a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from olexd.sessions.lmdb_store import LmdbStore
from olexd.sessions.locks import SessionLocks
from olexd.sessions.redis_store import RedisStore, connect
from olexd.sessions.store import SessionRecord, Store
from tests.redis_server import RedisServer
from tests.unit.sessions.places import open_locks

SID = "0123456789abcdef0123456789abcdef"
KEY = b"k" * 32


def record(data: object = None, accessed: float = 1000.0, timeout: float = 60.0) -> SessionRecord:
    """Return a session record."""
    return {"_data": {"value": data}, "_created": 900.0, "_accessed": accessed, "_timeout": timeout}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbStore]:
    """The default store."""
    made = LmdbStore(str(tmp_path / "sessions"))
    yield made
    made.close()


@pytest.fixture(params=["lmdb", "redis"])
def any_store(request: pytest.FixtureRequest) -> Store:
    """Each store in turn."""
    if request.param == "lmdb":
        return request.getfixturevalue("store")  # type: ignore[no-any-return]
    server: RedisServer = request.getfixturevalue("empty_redis")
    return RedisStore(connect(server.url), KEY, "test:")


@pytest.fixture(params=["machine", "redis"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where processes meet for their locks: a directory, or the URL of a Redis."""
    if request.param == "machine":
        return str(tmp_path / "locks")
    server: RedisServer = request.getfixturevalue("empty_redis")
    return server.url


@pytest.fixture
def locks(where: str) -> Iterator[SessionLocks]:
    """The locks there."""
    made = open_locks(where)
    yield made
    made.close()
