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

import tempfile
from collections.abc import Callable
from hashlib import md5
from typing import Final

from mod_python._request import Request, option
from mod_python._session_base import SID as validate_sid_re
from mod_python._session_base import BaseSession, Sid, new_sid, unlock_session_cleanup
from mod_python._session_base import check_sid as _check_sid
from mod_python._session_dbm import DbmSession, dbm_cleanup
from mod_python._session_file import FileSession, filesession_cleanup, make_filesession_dirs
from mod_python._session_lmdb import LmdbSession, lmdb_cleanup
from mod_python._session_memory import MemorySession, mem_cleanup
from mod_python._session_redis import RedisSession
from olexd.sessions.files import STATUS_VERSION

__all__ = [
    "BaseSession",
    "DbmSession",
    "FileSession",
    "LmdbSession",
    "MemorySession",
    "RedisSession",
    "Session",
    "_check_sid",
    "dbm_cleanup",
    "filesession_cleanup",
    "lmdb_cleanup",
    "make_filesession_dirs",
    "md5_hash",
    "mem_cleanup",
    "true_or_false",
    "unlock_session_cleanup",
    "validate_sid_re",
]

COOKIE_NAME = "pysid"
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
    return new_sid()


_TYPES: Final[dict[str, Callable[..., BaseSession]]] = {
    "LmdbSession": LmdbSession,
    "MemorySession": MemorySession,
    "DbmSession": DbmSession,
    "FileSession": FileSession,
    "RedisSession": RedisSession,
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
