"""A store and locks in a private directory of their own, closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from olexd.sessions.lmdb_store import LmdbStore
from olexd.sessions.locks import SessionLocks
from olexd.sessions.store import SessionRecord

SID = "0123456789abcdef0123456789abcdef"


def record(data: object = None, accessed: float = 1000.0, timeout: float = 60.0) -> SessionRecord:
    """Return a session record."""
    return {"_data": {"value": data}, "_created": 900.0, "_accessed": accessed, "_timeout": timeout}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LmdbStore]:
    made = LmdbStore(str(tmp_path / "sessions"))
    yield made
    made.close()


@pytest.fixture
def locks(tmp_path: Path) -> Iterator[SessionLocks]:
    made = SessionLocks(str(tmp_path / "locks"))
    yield made
    made.close()
