"""Sessions in Redis, for more than one machine."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from mod_python._request import Request, option
from mod_python._session_base import NOTICE, BaseSession, Sid
from olexd.sessions.locks import SessionLocks
from olexd.sessions.store import SessionRecord, SessionStoreError

if TYPE_CHECKING:
    from olexd.sessions.redis_store import RedisStore

URL: Final = "mod_python.redis_session.url"
SECRET_FILE: Final = "mod_python.redis_session.secret_file"
PREFIX: Final = "mod_python.redis_session.prefix"

DEFAULT_URL: Final = "redis://127.0.0.1:6379/0"
DEFAULT_PREFIX: Final = "olexd:"

_known_locks: Final[dict[tuple[str, str], SessionLocks]] = {}


class RedisSession(BaseSession):
    """A session in Redis, shared by all machines that have the same options. Values must be picklable.

    Option `mod_python.redis_session.secret_file` names a file with the key that signs the records (32 bytes
    or more, the same on every machine), `.url` the Redis (`redis://127.0.0.1:6379/0`), `.prefix` what the
    names of the keys there start with (`olexd:`). Raises `SessionStoreError` when Redis does not answer.
    """

    def __init__(
        self,
        req: Request,
        sid: Sid = 0,
        secret: str | bytes | None = None,
        timeout: float = 0,
        lock: object = 1,
    ) -> None:
        url, prefix = option(req, URL) or DEFAULT_URL, option(req, PREFIX) or DEFAULT_PREFIX
        self._store = _store(url, prefix, *_secret_file(req))
        self._leases = _locks(url, prefix)
        super().__init__(req, sid=sid, secret=secret, timeout=timeout, lock=lock)

    def do_load(self) -> SessionRecord | None:
        """Return a copy of the record; None for one that is forged, with a line in the log."""
        from olexd.sessions.redis_store import ForgedRecord

        try:
            return self._store.load(self._sid)
        except ForgedRecord as error:
            self._req.log_error(f"RedisSession: {error}")
            return None

    def do_save(self, dict: SessionRecord) -> None:
        """Store a copy of the record."""
        self._store.save(self._sid, dict)

    def do_delete(self) -> None:
        """Remove the record."""
        self._store.delete(self._sid)

    def do_cleanup(self) -> None:
        """Note that there is nothing to do."""
        self._req.log_error("RedisSession: Redis removes expired sessions by itself.", NOTICE)

    def _registry(self) -> SessionLocks:
        return self._leases


def _secret_file(req: Request) -> tuple[str, int]:
    """Return the path of the key's file and when it was changed. Raises `SessionStoreError`."""
    path = option(req, SECRET_FILE)
    if path is None:
        raise SessionStoreError(
            f"RedisSession needs PythonOption {SECRET_FILE}: a file with 32 random bytes, the same on every "
            "machine, that only the server can read"
        )
    try:
        return path, os.stat(path).st_mtime_ns
    except OSError as error:
        raise SessionStoreError(f"{path}: {error.strerror}") from error


@lru_cache(maxsize=8)
def _store(url: str, prefix: str, secret_file: str, changed: int) -> RedisStore:
    try:
        from olexd.sessions.redis_store import RedisStore, connect, read_key
    except ImportError as error:
        raise SessionStoreError("RedisSession needs redis-py: pip install 'olexd[redis]'") from error
    try:
        client = connect(url)
    except ValueError as error:
        raise SessionStoreError(f"PythonOption {URL}: {error}") from error
    return RedisStore(client, read_key(secret_file), prefix)


def _locks(url: str, prefix: str) -> SessionLocks:
    """Return this process's locks in a Redis, always the same object: requests wait for each other in it."""
    found = _known_locks.get((url, prefix))
    if found is None:
        from olexd.sessions.redis_locks import RedisLeases
        from olexd.sessions.redis_store import connect

        made = SessionLocks(RedisLeases(connect(url), prefix))
        found = _known_locks.setdefault((url, prefix), made)
    return found
