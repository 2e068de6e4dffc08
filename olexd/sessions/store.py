"""What every session store promises, and what a session id looks like."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Protocol, TypedDict

_SID = re.compile(r"[0-9a-f]{32,64}", re.ASCII)


class SessionRecord(TypedDict):
    """One session as stored: the application's data and three times in epoch seconds or seconds."""

    _data: dict[Any, Any]
    _created: float
    _accessed: float
    _timeout: float


class InvalidSid(ValueError):
    """A session id is not 32 to 64 lower-case hexadecimal digits."""


class SessionStoreError(Exception):
    """A store cannot be used: its place is unsafe, or it is full."""


class Store(Protocol):
    """Where sessions live. All methods may be called by any thread, and raise `InvalidSid` for a bad id."""

    def load(self, sid: str) -> SessionRecord | None:
        """Return the record saved for `sid`, expired or not, or None."""
        ...

    def save(self, sid: str, record: SessionRecord) -> None:
        """Keep `record` for `sid`, in place of what was there."""
        ...

    def delete(self, sid: str) -> None:
        """Forget `sid`; no error when it is not there."""
        ...

    def sweep(self, now: float) -> int:
        """Remove the records whose `_accessed + _timeout` lies before `now`; return how many."""
        ...


def valid_sid(sid: str) -> bool:
    """Return whether `sid` has the form of a session id. Nothing is looked up under any other text."""
    return _SID.fullmatch(sid) is not None


@lru_cache(maxsize=1024)
def sid_key(sid: str) -> bytes:
    """Return `sid` as a key of a store. Raises `InvalidSid`."""
    if _SID.fullmatch(sid) is None:
        raise InvalidSid("not a session id")
    return sid.encode("ascii")
