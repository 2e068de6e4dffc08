"""Sessions in Redis (or Valkey), for more than one machine.

A record is a pickle, and whoever can write to Redis could write one; so each is kept behind its HMAC-SHA256
under a key that Redis does not know, and one that does not match is refused before it is unpickled. The
signature covers the sid too: a record copied to another sid is as good as forged. (Putting an older record of
the same session back is the one thing that it does not prevent.)

Redis forgets a record by itself, `SPARE` seconds after the session's timeout counted from the last save, so
that nothing has to be swept and the machines' clocks need not agree.
"""

from __future__ import annotations

import hmac
import os
import pickle
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import redis

from olexd.sessions.places import check_private
from olexd.sessions.store import SessionRecord, SessionStoreError, sid_key

CLIENT_TIMEOUT: Final = 5.0
"""Seconds that Redis has for an answer."""
SPARE: Final = 60.0
LONGEST_LIFE: Final = 10 * 365 * 86400.0
"""Seconds; a session with a longer timeout is kept for as long as this."""
SHORTEST_KEY: Final = 32
"""Bytes."""

_DIGEST: Final = "sha256"
_DIGEST_SIZE: Final = 32

Client = Any
"""A client of redis-py. Its methods are annotated for coroutines as well, which says nothing here."""


class ForgedRecord(SessionStoreError):
    """A record was not written by a server that has the key."""


@lru_cache(maxsize=8)
def connect(url: str) -> Client:
    """Return this process's client for a URL (`redis://`, `rediss://`, `unix://`). Raises ValueError."""
    return redis.Redis.from_url(
        url,
        socket_timeout=CLIENT_TIMEOUT,
        socket_connect_timeout=CLIENT_TIMEOUT,
        health_check_interval=30,
    )


@contextmanager
def redis_failures() -> Iterator[None]:
    """Turn what redis-py raises into `SessionStoreError`; its messages hold no password."""
    try:
        yield
    except redis.RedisError as error:
        raise SessionStoreError(f"Redis: {type(error).__name__}: {error}") from error


def read_key(path: str) -> bytes:
    """Return the key in a file, which nobody else may read or write. Raises `SessionStoreError`."""
    try:
        mode = os.stat(path).st_mode
        check_private(path)
        with open(path, "rb") as file:
            key = file.read().strip()
    except OSError as error:
        raise SessionStoreError(f"{path}: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SessionStoreError(
            f"{path}: mode {stat.S_IMODE(mode):04o} lets others read the key; make it 0600"
        )
    if len(key) < SHORTEST_KEY:
        raise SessionStoreError(f"{path}: has {len(key)} bytes, and a key needs {SHORTEST_KEY}")
    return key


class RedisStore:
    """Sessions in the Redis of `client`, under names that start with `prefix`, signed with `key`.

    Safe among threads and after `fork`. Raises `SessionStoreError` when Redis does not answer.
    """

    def __init__(self, client: Client, key: bytes, prefix: str) -> None:
        self._client = client
        self._key = key
        self._prefix = prefix.encode() + b"session:"

    def load(self, sid: str) -> SessionRecord | None:
        """Return the record saved for `sid`, or None. Raises `ForgedRecord`."""
        key = sid_key(sid)
        with redis_failures():
            found: bytes | None = self._client.get(self._prefix + key)
        if found is None:
            return None
        digest, data = found[:_DIGEST_SIZE], found[_DIGEST_SIZE:]
        if not hmac.compare_digest(digest, self._signature(key, data)):
            raise ForgedRecord(f"the record of a session in Redis ({len(found)} bytes) has a wrong signature")
        return pickle.loads(data)  # type: ignore[no-any-return]

    def save(self, sid: str, record: SessionRecord) -> None:
        """Keep `record` for `sid` until some time after its timeout. Raises what pickling raises."""
        key = sid_key(sid)
        data = pickle.dumps(record)
        life = min(max(0.0, record["_timeout"]), LONGEST_LIFE) + SPARE
        with redis_failures():
            self._client.set(self._prefix + key, self._signature(key, data) + data, px=int(life * 1000))

    def delete(self, sid: str) -> None:
        """Forget `sid`; no error when it is not there."""
        key = sid_key(sid)
        with redis_failures():
            self._client.delete(self._prefix + key)

    def sweep(self, now: float) -> int:
        """Do nothing: Redis removes what is expired."""
        return 0

    def _signature(self, key: bytes, data: bytes) -> bytes:
        return hmac.digest(self._key, key + b"\0" + data, _DIGEST)
