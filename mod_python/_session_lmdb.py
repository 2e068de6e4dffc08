"""Sessions in LMDB, the default."""

from __future__ import annotations

import os
import time
from functools import lru_cache

from mod_python._request import Request, option
from mod_python._session_base import NOTICE, BaseSession, Sid
from olexd.sessions.lmdb_store import LmdbStore, open_store
from olexd.sessions.places import default_directory, temporary_directory
from olexd.sessions.store import SessionRecord


class LmdbSession(BaseSession):
    """A session in the LMDB store: shared by all workers, kept over restarts. Values must be picklable.

    The store is `olexd-sessions` in the directory of option `mod_python.session.database_directory`, else
    `sessions` in `<temporary directory>/olexd-<uid>`.
    """

    def __init__(
        self,
        req: Request,
        sid: Sid = 0,
        secret: str | bytes | None = None,
        timeout: float = 0,
        lock: object = 1,
    ) -> None:
        self._store = _lmdb_store(req)
        super().__init__(req, sid=sid, secret=secret, timeout=timeout, lock=lock)

    def do_load(self) -> SessionRecord | None:
        """Return a copy of the record."""
        return self._store.load(self._sid)

    def do_save(self, dict: SessionRecord) -> None:
        """Store a copy of the record."""
        self._store.save(self._sid, dict)

    def do_delete(self) -> None:
        """Remove the record."""
        self._store.delete(self._sid)

    def do_cleanup(self) -> None:
        """Have the store swept after the request."""
        self._req.register_cleanup(lmdb_cleanup, self._store)
        self._req.log_error("LmdbSession: registered session cleanup.", NOTICE)


def lmdb_cleanup(store: LmdbStore) -> None:
    """Delete expired records."""
    store.sweep(time.time())


@lru_cache(maxsize=8)
def _private_store(temporary: str) -> LmdbStore:
    return open_store(os.path.join(default_directory(), "sessions"))


@lru_cache(maxsize=64)
def _store_below(directory: str) -> LmdbStore:
    return open_store(os.path.join(directory, "olexd-sessions"))


def _lmdb_store(req: Request) -> LmdbStore:
    directory = option(req, "mod_python.session.database_directory", "session_directory")
    if directory is not None:
        return _store_below(directory)
    return _private_store(temporary_directory())
