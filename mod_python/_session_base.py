"""What all sessions are: a dict with an id, a cookie, times and a lock."""

from __future__ import annotations

import os
import random
import re
import secrets
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from mod_python import Cookie
from mod_python._request import Request
from mod_python._session_cookie import received_sid, session_cookie
from mod_python._session_settings import settings
from olexd.sessions.locks import SessionLocks, locks_in
from olexd.sessions.places import default_directory, temporary_directory

NOTICE: Final = 5
SID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)

Sid = str | int | None
"""A session id; anything false means that the cookie's is wanted."""
Record = dict[str, Any]


def new_sid() -> str:
    """Return a session id: 128 random bits in hexadecimal digits."""
    return secrets.token_hex(16)


def check_sid(sid: str) -> bool:
    """Return whether `sid` has the form of a session id."""
    return SID.fullmatch(sid) is not None


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
        if random.random() * settings().CLEANUP_CHANCE < 1:
            self.cleanup()

    def _find_sid(self) -> None:
        """Check the sid that was given, or take the cookie's if it is one."""
        if self._sid:
            if not check_sid(self._sid):
                raise ValueError(f"Invalid Session ID: sid={self._sid}")
            return
        received = received_sid(self._req, self._secret)
        if received is not None and check_sid(received):
            self._sid = received

    def _begin(self, timeout: float) -> None:
        """Start a new session under a new id; one that the client brought is never used."""
        if self._sid:
            self.unlock()
        self._sid = new_sid()
        self.lock()
        Cookie.add_cookie(self._req, self.make_cookie())
        self._created = time.time()
        self._timeout = timeout or settings().DFT_TIMEOUT

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
        self._sid = new_sid()
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
            self._locks, self._owner = self._registry(), outermost(self._req)
            self._locks.acquire(self._sid, self._owner, patience(self._req))
            self._locked = 1
            self._req.register_cleanup(unlock_session_cleanup, self)

    def unlock(self) -> None:
        """Release the session's lock, if this object holds it."""
        if self._lock and self._locked:
            self._locked = 0
            if self._locks.holds(self._sid, self._owner):
                self._locks.release(self._sid, self._owner)

    def _registry(self) -> SessionLocks:
        """Return the locks that this session's one is among: those of all processes on this machine."""
        return private_locks(temporary_directory())

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


def outermost(req: Any) -> Any:
    """Return the request that `req` came from by internal redirects and subrequests; it owns the locks."""
    record = getattr(req, "_record", None)
    if record is not None and record.main is None and record.prev is None:
        return req
    while True:
        origin = req.main or req.prev
        if origin is None:
            return req
        req = origin


def patience(req: Any) -> float | None:
    """Return how long `req` may wait for a lock: for ever on a pool thread, not at all on the reactor's."""
    record = getattr(req, "_record", None)
    return 0.0 if record is not None and record.on_reactor else None


@lru_cache(maxsize=8)
def private_locks(temporary: str, name: str = "locks") -> SessionLocks:
    """Return the locks in this user's own place below the temporary directory."""
    return locks_in(os.path.join(default_directory(), name))
