"""Sessions: a dict per visitor, found again by a cookie.

`Session(req)` opens the visitor's session or a new one. By default sessions live in LMDB (`LmdbSession`);
PythonOption `mod_python.session.session_type` chooses another class. Nothing is stored without `save()`.

Differences from mod_python 3.5: session ids come from a cryptographic source; each session has a lock of
its own, which one request may take twice; cookies are HttpOnly and SameSite=Lax, and Secure on https,
unless the options `mod_python.session.httponly`, `.samesite` and `.secure` say otherwise; a session with a
secret works; `regenerate_id()` is new. Where mod_python would unpickle a file that others could have
written, these classes raise `SessionStoreError`.
"""

from __future__ import annotations

import dbm
import os
import pickle
import random
import re
import secrets
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import md5
from typing import TYPE_CHECKING, Any, ClassVar, Final

from mod_python import Cookie
from mod_python._request import Request, option
from mod_python._session_cookie import DEFAULT_NAME, received_sid, session_cookie
from olexd.sessions.files import STATUS_VERSION, SessionFiles, SweepRules, make_directories
from olexd.sessions.lmdb_store import LmdbStore, open_store
from olexd.sessions.locks import SessionLocks, locks_in
from olexd.sessions.places import check_private, default_directory
from olexd.sessions.store import SessionRecord

COOKIE_NAME = DEFAULT_NAME
DFT_TIMEOUT = 1800
DFT_LOCK = True
DFT_FAST_CLEANUP = True
DFT_VERIFY_CLEANUP = True
DFT_GRACE_PERIOD = 240
DFT_CLEANUP_TIME_LIMIT = 2
FS_STAT_VERSION = STATUS_VERSION
CLEANUP_CHANCE = 1000
"""A session cleans its store up once in so many; applications may assign another number."""

tempdir = tempfile.gettempdir()

validate_sid_re = re.compile(r"[0-9a-f]{32}", re.ASCII)

_NOTICE: Final = 5
Sid = str | int | None
"""A session id; anything false means that the cookie's is wanted."""
Record = dict[str, Any]


def md5_hash(s: str | bytes) -> str:
    """Return the MD5 of `s` (str: as Latin-1) in hexadecimal digits."""
    data = s.encode("latin-1") if isinstance(s, str) else s
    return md5(data, usedforsecurity=False).hexdigest()


def true_or_false(item: object) -> bool:
    """Return the meaning of an option: yes, true, 1 or no, false, 0, None. Others raise a bare Exception."""
    word = str(item).lower()
    if word in ("yes", "true", "1"):
        return True
    if word in ("no", "false", "0", "none"):
        return False
    raise Exception


def _new_sid(req: Request) -> str:
    """Return a session id: 128 random bits in hexadecimal digits."""
    return secrets.token_hex(16)


def _check_sid(sid: str) -> bool:
    """Return whether `sid` has the form of a session id."""
    return validate_sid_re.fullmatch(sid) is not None


def unlock_session_cleanup(sess: BaseSession) -> None:
    """Unlock a session: the cleanup of the request that locked it."""
    sess.unlock()


class BaseSession(dict[Any, Any]):
    """A session without a store: subclasses say how to load, save and delete.

    A subclass provides `do_load()` (None, or a dict with `_data`, `_created`, `_accessed`, `_timeout`),
    `do_save(dict)`, `do_delete()` and `do_cleanup()`, and calls this constructor last. `timeout` is in
    seconds and counts for new sessions. A bad explicit `sid` raises ValueError, a bad one in a cookie is
    as none. On the reactor's thread nothing can be waited for: a session that another request holds then
    raises `LockTimeout`.
    """

    def __init__(
        self,
        req: Request,
        sid: Sid = None,
        secret: str | bytes | None = None,
        lock: object = 1,
        timeout: float = 0,
    ) -> None:
        self._req = req
        self._sid: Any = sid
        self._secret = secret
        self._lock = lock
        self._new = 1
        self._created = 0.0
        self._accessed = 0.0
        self._timeout = timeout
        self._locked = 0
        self._invalid = 0
        super().__init__()
        self._find_sid()
        self.init_lock()
        if self._sid:
            self.lock()
            if self.load():
                self._new = 0
        if self._new:
            self._begin(timeout)
        self._accessed = time.time()
        if random.random() * CLEANUP_CHANCE < 1:
            self.cleanup()

    def _find_sid(self) -> None:
        """Check the sid that was given, or take the cookie's if it is one."""
        if self._sid:
            if not _check_sid(self._sid):
                raise ValueError(f"Invalid Session ID: sid={self._sid}")
            return
        received = received_sid(self._req, self._secret)
        if received is not None and _check_sid(received):
            self._sid = received

    def _begin(self, timeout: float) -> None:
        """Start a new session under a new id; one that the client brought is never used."""
        if self._sid:
            self.unlock()
        self._sid = _new_sid(self._req)
        self.lock()
        Cookie.add_cookie(self._req, self.make_cookie())
        self._created = time.time()
        self._timeout = timeout or DFT_TIMEOUT

    def make_cookie(self) -> Cookie.Cookie:
        """Return the cookie for this session; an override serves for the start and the end of a session."""
        return session_cookie(self._req, self._sid, self._secret)

    def invalidate(self) -> None:
        """End the session: the client is told to drop the cookie, the record goes, later saves do nothing."""
        cookie = self.make_cookie()
        cookie.expires = 0
        Cookie.add_cookie(self._req, cookie)
        self.delete()
        self._invalid = 1

    def regenerate_id(self) -> None:
        """Move the session to a new id and send its cookie: to be called when a user gains rights.

        The data are saved under the new id and gone from the old one. Raises OSError when the response
        head is out already, and with it the chance to tell the client.
        """
        if self._req.sent_bodyct:
            raise OSError("Cannot change the session id after headers have been sent.")
        self.do_delete()
        self.unlock()
        self._sid = _new_sid(self._req)
        self.lock()
        Cookie.add_cookie(self._req, self.make_cookie())
        self.save()

    def load(self) -> int:
        """Take over the stored data and times; return 1, or 0 when there are none or they are expired."""
        record = self.do_load()
        if record is None or time.time() - record["_accessed"] > record["_timeout"]:
            return 0
        self._created = record["_created"]
        self._accessed = record["_accessed"]
        self._timeout = record["_timeout"]
        self.update(record["_data"])
        return 1

    def save(self) -> None:
        """Store the data and times, unless the session was invalidated."""
        if not self._invalid:
            self.do_save(
                {
                    "_data": self.copy(),
                    "_created": self._created,
                    "_accessed": self._accessed,
                    "_timeout": self._timeout,
                }
            )

    def delete(self) -> None:
        """Remove the stored record and empty the dict; id, cookie and lock stay."""
        self.do_delete()
        self.clear()

    def init_lock(self) -> None:
        """For subclasses with locks of their own. Runs before it is known whether the sid exists."""

    def lock(self) -> None:
        """Take the session's lock, if locking is on; the request's cleanup unlocks it at the latest."""
        if self._lock and not self._locked:
            self._locks, self._owner = _locks(), _outermost(self._req)
            self._locks.acquire(self._sid, self._owner, _patience(self._req))
            self._locked = 1
            self._req.register_cleanup(unlock_session_cleanup, self)

    def unlock(self) -> None:
        """Release the session's lock, if this object holds it."""
        if self._lock and self._locked:
            self._locked = 0
            if self._locks.holds(self._sid, self._owner):
                self._locks.release(self._sid, self._owner)

    def is_new(self) -> bool:
        """Return whether the session was started by this object."""
        return bool(self._new)

    def id(self) -> str:
        """Return the session id."""
        return self._sid  # type: ignore[no-any-return]

    def created(self) -> float:
        """Return when the session was started, in epoch seconds."""
        return self._created

    def last_accessed(self) -> float:
        """Return when the session was opened, in epoch seconds."""
        return self._accessed

    def timeout(self) -> float:
        """Return after how many seconds without a save the session expires."""
        return self._timeout

    def set_timeout(self, secs: float) -> None:
        """Set that number of seconds; it is stored with the next save."""
        self._timeout = secs

    def cleanup(self) -> None:
        """Have expired sessions removed after the request."""
        self.do_cleanup()

    if TYPE_CHECKING:

        def do_load(self) -> Any: ...
        def do_save(self, dict: Any) -> None: ...
        def do_delete(self) -> None: ...
        def do_cleanup(self) -> None: ...

    def __del__(self) -> None:
        if getattr(self, "_locked", 0):
            self.unlock()


def _outermost(req: Any) -> Any:
    """Return the request that `req` came from by internal redirects and subrequests; it owns the locks."""
    while True:
        origin = req.main or req.prev
        if origin is None:
            return req
        req = origin


def _patience(req: Any) -> float | None:
    """Return how long `req` may wait for a lock: for ever on a pool thread, not at all on the reactor's."""
    record = getattr(req, "_record", None)
    return 0.0 if record is not None and record.on_reactor else None


@lru_cache(maxsize=8)
def _private_locks(temporary: str) -> SessionLocks:
    return locks_in(os.path.join(default_directory(), "locks"))


@lru_cache(maxsize=8)
def _private_store(temporary: str) -> LmdbStore:
    return open_store(os.path.join(default_directory(), "sessions"))


@lru_cache(maxsize=64)
def _store_below(directory: str) -> LmdbStore:
    return open_store(os.path.join(directory, "olexd-sessions"))


def _locks() -> SessionLocks:
    return _private_locks(tempfile.gettempdir())


def _lmdb_store(req: Request) -> LmdbStore:
    directory = option(req, "mod_python.session.database_directory", "session_directory")
    if directory is not None:
        return _store_below(directory)
    return _private_store(tempfile.gettempdir())


class MemorySession(BaseSession):
    """A session in this process's memory. Values are not copied: later requests see changes unsaved."""

    sdict: ClassVar[dict[str, Record]] = {}

    def __init__(
        self,
        req: Request,
        sid: Sid = 0,
        secret: str | bytes | None = None,
        timeout: float = 0,
        lock: object = 1,
    ) -> None:
        super().__init__(req, sid=sid, secret=secret, timeout=timeout, lock=lock)

    def do_load(self) -> Record | None:
        """Return the record as it was saved: the object itself."""
        return MemorySession.sdict.get(self._sid)

    def do_save(self, dict: Record) -> None:
        """Keep the record itself."""
        MemorySession.sdict[self._sid] = dict

    def do_delete(self) -> None:
        """Forget the record."""
        MemorySession.sdict.pop(self._sid, None)

    def do_cleanup(self) -> None:
        """Have `mem_cleanup` run after the request."""
        self._req.register_cleanup(mem_cleanup, MemorySession.sdict)
        self._req.log_error("MemorySession: registered session cleanup.", _NOTICE)


def mem_cleanup(sdict: dict[str, Record]) -> None:
    """Delete expired records."""
    now = time.time()
    for sid, record in list(sdict.items()):
        if now - record["_accessed"] > record["_timeout"]:
            sdict.pop(sid, None)


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
        self._req.log_error("LmdbSession: registered session cleanup.", _NOTICE)


def lmdb_cleanup(store: LmdbStore) -> None:
    """Delete expired records."""
    store.sweep(time.time())


DbmModule = Any
"""A module with `open(file, flag, mode)`, as the standard library's `dbm` has."""

_DBM_LOCK: Final = "0" * 32
"""What stands for all dbm files among the session locks: only one request may have one open."""


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
        with _open_dbm(self._dbmfile, self._dbmtype, _patience(self._req)) as file:
            key = self._sid.encode()
            return pickle.loads(file[key]) if key in file else None

    def do_save(self, dict: Record) -> None:
        """Store a copy of the record. Raises what pickling raises."""
        data = pickle.dumps(dict)
        with _open_dbm(self._dbmfile, self._dbmtype, _patience(self._req)) as file:
            file[self._sid.encode()] = data

    def do_delete(self) -> None:
        """Remove the record."""
        with _open_dbm(self._dbmfile, self._dbmtype, _patience(self._req)) as file:
            key = self._sid.encode()
            if key in file:
                del file[key]

    def do_cleanup(self) -> None:
        """Have `dbm_cleanup` run after the request."""
        self._req.register_cleanup(dbm_cleanup, (self._dbmfile, self._dbmtype))
        self._req.log_error("DbmSession: registered database cleanup.", _NOTICE)


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
    return os.path.join(directory or tempdir, "mp_sess.dbm")


@contextmanager
def _open_dbm(filename: str, dbmtype: DbmModule, patience: float | None) -> Iterator[Any]:
    """Open a dbm file for one operation, alone."""
    for suffix in ("", ".db", ".pag", ".dir", ".dat", ".bak"):
        check_private(filename + suffix)
    owner = object()
    locks = _locks()
    locks.acquire(_DBM_LOCK, owner, patience)
    try:
        file = dbmtype.open(filename, "c", 0o640)
        try:
            yield file
        finally:
            file.close()
    finally:
        locks.release(_DBM_LOCK, owner)


def dbm_cleanup(data: tuple[str, DbmModule]) -> None:
    """Delete expired records from a dbm file."""
    filename, dbmtype = data
    now = time.time()
    with _open_dbm(filename, dbmtype, None) as file:
        for key in list(file.keys()):
            record = pickle.loads(file[key])
            if now - record["_accessed"] > record["_timeout"]:
                del file[key]


class FileSession(BaseSession):
    """A session in a file of its own, in `mp_sess` below the directory that the options name.

    Loading and saving never raise: failures are logged. `fast_cleanup` and `verify_cleanup` (-1: as the
    options say) are for `SweepRules`. Without locking, each operation by itself still takes the lock.
    """

    def __init__(
        self,
        req: Request,
        sid: Sid = 0,
        secret: str | bytes | None = None,
        timeout: float = 0,
        lock: object = 1,
        fast_cleanup: object = -1,
        verify_cleanup: object = -1,
    ) -> None:
        directory = option(
            req,
            "mod_python.file_session.database_directory",
            "mod_python.session.database_directory",
            "session_directory",
        )
        self._files = SessionFiles(os.path.join(directory or tempdir, "mp_sess"))
        self._rules = _sweep_rules(req, timeout, fast_cleanup, verify_cleanup)
        super().__init__(req, sid=sid, secret=secret, timeout=timeout, lock=lock)

    def do_load(self) -> SessionRecord | None:
        """Return a copy of the record; None, with a line in the log, when that fails."""
        try:
            with self._alone():
                return self._files.load(self._sid)
        except Exception:
            self._req.log_error(f"Error while loading a session : {traceback.format_exc()}")
            return None

    def do_save(self, dict: SessionRecord) -> None:
        """Store a copy of the record; a failure is logged."""
        try:
            with self._alone():
                self._files.save(self._sid, dict)
        except Exception:
            self._req.log_error(f"Error while saving a session : {traceback.format_exc()}")

    def do_delete(self) -> None:
        """Remove the record."""
        with self._alone(), suppress(OSError):
            self._files.delete(self._sid)

    def do_cleanup(self) -> None:
        """Have `filesession_cleanup` run after the request."""
        self._req.register_cleanup(filesession_cleanup, (self._files, self._rules, self._req))
        self._req.log_error("FileSession: registered filesession cleanup.", _NOTICE)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the session's lock for one operation, unless it is held for the request."""
        if self._locked:
            yield
            return
        owner, locks = _outermost(self._req), _locks()
        locks.acquire(self._sid, owner, _patience(self._req))
        try:
            yield
        finally:
            locks.release(self._sid, owner)


def _sweep_rules(req: Request, timeout: float, fast: object, verify: object) -> SweepRules:
    """Return how file sessions are cleaned up, from arguments and options."""
    if fast == -1:
        name = option(req, "mod_python.file_session.enable_fast_cleanup", "session_fast_cleanup")
        fast = DFT_FAST_CLEANUP if name is None else true_or_false(name)
    if verify == -1:
        name = option(req, "mod_python.file_session.verify_session_timeout", "session_verify_cleanup")
        verify = DFT_VERIFY_CLEANUP if name is None else true_or_false(name)
    grace = option(req, "mod_python.file_session.cleanup_grace_period", "session_grace_period")
    limit = option(req, "mod_python.file_session.cleanup_time_limit", "session_cleanup_time_limit")
    return SweepRules(
        fast=bool(fast),
        verify=bool(verify),
        timeout=timeout or DFT_TIMEOUT,
        grace=DFT_GRACE_PERIOD if grace is None else int(grace),
        time_limit=DFT_CLEANUP_TIME_LIMIT if limit is None else int(limit),
    )


def filesession_cleanup(data: tuple[SessionFiles, SweepRules, Request]) -> None:
    """Remove expired session files, for as long as the rules allow."""
    files, rules, req = data
    files.sweep(rules, lambda message: req.log_error(message, _NOTICE))


def make_filesession_dirs(dir: str) -> None:
    """Make the 256 subdirectories for session files."""
    make_directories(dir)


_TYPES: Final[dict[str, Callable[..., BaseSession]]] = {
    "LmdbSession": LmdbSession,
    "MemorySession": MemorySession,
    "DbmSession": DbmSession,
    "FileSession": FileSession,
}


def Session(
    req: Request,
    sid: Sid = 0,
    secret: str | bytes | None = None,
    timeout: float = 0,
    lock: object = 1,
) -> BaseSession:
    """Return the request's session, of the class that the options name (default: `LmdbSession`).

    `timeout` is in seconds and counts for a new session (0: 1800); with a true `lock`, other requests for
    the same session wait until this one is over or calls `unlock()`.
    """
    name = option(req, "mod_python.session.session_type", "session") or "LmdbSession"
    if name not in _TYPES:
        raise Exception(f"Unknown session type {name}")
    return _TYPES[name](req, sid=sid, secret=secret, timeout=timeout, lock=lock)
