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
import random
import re
import stat
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dbm import whichdb
from hashlib import md5
from io import StringIO
from pickle import dump, dumps, load, loads
from typing import Final

from mod_python import Cookie, _apache, apache
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
    "CLEANUP_CHANCE",
    "COOKIE_NAME",
    "DFT_CLEANUP_TIME_LIMIT",
    "DFT_FAST_CLEANUP",
    "DFT_GRACE_PERIOD",
    "DFT_LOCK",
    "DFT_TIMEOUT",
    "DFT_VERIFY_CLEANUP",
    "FS_STAT_VERSION",
    "BaseSession",
    "Cookie",
    "DbmSession",
    "FileSession",
    "LmdbSession",
    "MemorySession",
    "RedisSession",
    "Session",
    "StringIO",
    "_apache",
    "_check_sid",
    "apache",
    "dbm",
    "dbm_cleanup",
    "dump",
    "dumps",
    "filesession_cleanup",
    "lmdb_cleanup",
    "load",
    "loads",
    "make_filesession_dirs",
    "md5_hash",
    "mem_cleanup",
    "os",
    "random",
    "re",
    "stat",
    "sys",
    "tempdir",
    "tempfile",
    "time",
    "traceback",
    "true_or_false",
    "unlock_session_cleanup",
    "validate_sid_re",
    "whichdb",
]
"""With the modules that `from mod_python.Session import *` has always brought to subclasses."""

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
    meant = item.lower() if isinstance(item, str) else item
    if meant in ("yes", "true", "1", 1):
        return True
    if meant in ("no", "false", "0", 0, None):
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
