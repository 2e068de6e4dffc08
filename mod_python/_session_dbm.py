"""Sessions in a dbm file."""

from __future__ import annotations

import dbm
import os
import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from mod_python._dbm_file import opened_dbm
from mod_python._request import Request, option
from mod_python._session_base import NOTICE, BaseSession, Record, Sid, patience, private_locks
from mod_python._session_settings import settings
from olexd.sessions.places import temporary_directory

DbmModule = Any
"""A module with `open(file, flag, mode)`, as the standard library's `dbm` has."""

_EVERY_FILE: Final = "0" * 32
"""What stands for all dbm files, in a place of locks of their own: only one request may have one open."""


class DbmSession(BaseSession):
    """A session in a dbm file. The file must be writable by nobody else: `SessionStoreError`."""

    def __init__(
        self,
        req: Request,
        dbm: str | None = None,
        sid: Sid = 0,
        secret: str | bytes | None = None,
        dbmtype: DbmModule = dbm,
        timeout: float = 0,
        lock: object = 1,
    ) -> None:
        self._dbmfile = dbm or _dbm_file(req)
        self._dbmtype = dbmtype
        super().__init__(req, sid=sid, secret=secret, timeout=timeout, lock=lock)

    def do_load(self) -> Record | None:
        """Return a copy of the record."""
        with _open_dbm(self._dbmfile, self._dbmtype, patience(self._req)) as file:
            key = self._sid.encode()
            return pickle.loads(file[key]) if key in file else None

    def do_save(self, dict: Record) -> None:
        """Store a copy of the record. Raises what pickling raises."""
        data = pickle.dumps(dict)
        with _open_dbm(self._dbmfile, self._dbmtype, patience(self._req)) as file:
            file[self._sid.encode()] = data

    def do_delete(self) -> None:
        """Remove the record."""
        with _open_dbm(self._dbmfile, self._dbmtype, patience(self._req)) as file:
            key = self._sid.encode()
            if key in file:
                del file[key]

    def do_cleanup(self) -> None:
        """Have `dbm_cleanup` run after the request."""
        self._req.register_cleanup(dbm_cleanup, (self._dbmfile, self._dbmtype))
        self._req.log_error("DbmSession: registered database cleanup.", NOTICE)


def _dbm_file(req: Request) -> str:
    """Return the dbm file that the options name."""
    name = option(req, "mod_python.dbm_session.database_filename", "session_dbm")
    if name is not None:
        return name
    directory = option(
        req,
        "mod_python.dbm_session.database_directory",
        "mod_python.session.database_directory",
        "session_directory",
    )
    return os.path.join(directory or settings().tempdir, "mp_sess.dbm")


@contextmanager
def _open_dbm(filename: str, dbmtype: DbmModule, limit: float | None) -> Iterator[Any]:
    """Open a dbm file for one operation, alone; `limit` is how long to wait for that, in seconds."""
    owner = object()
    locks = private_locks(temporary_directory(), "dbm-locks")
    locks.acquire(_EVERY_FILE, owner, limit)
    try:
        with opened_dbm(filename, dbmtype, 0o640) as file:
            yield file
    finally:
        locks.release(_EVERY_FILE, owner)


def dbm_cleanup(data: tuple[str, DbmModule]) -> None:
    """Delete expired records from a dbm file."""
    filename, dbmtype = data
    now = time.time()
    with _open_dbm(filename, dbmtype, None) as file:
        for key in list(file.keys()):
            record = pickle.loads(file[key])
            if now - record["_accessed"] > record["_timeout"]:
                del file[key]
