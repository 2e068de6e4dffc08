"""The default session store: an LMDB environment, shared by all worker processes of one machine.

Layout: the main database maps a sid to two big-endian doubles (the time under which the index knows the
session, and the time it expires) and the pickled record; the database `expiry` has keys of such an indexed
time and the sid, in order of time. (A database of its own for the sessions would make every save write
one page more.) A save that only moves the expiry to later leaves the index alone; the sweep,
coming to such an entry, moves it. So nearly every save writes one entry.

Durability: the files are written without `fsync`. Everything saved survives the end of the process, also by
`kill -9`, since the kernel holds the pages. A power loss or a kernel crash can cost the sessions saved
since the last sync (a sweep syncs, but not more often than every `SYNC_PAUSE` seconds), or leave the file
unreadable: then delete it, and users log in again.
"""

from __future__ import annotations

import os
import pickle
import struct
import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

import lmdb

from olexd.sessions.places import check_private, private_directory
from olexd.sessions.shared import PerDirectory, forget_after_fork
from olexd.sessions.store import SessionRecord, SessionStoreError, sid_key

T = TypeVar("T")

Txn: TypeAlias = "lmdb.Transaction[bytes]"

MAP_SIZE: Final = 64 << 30
"""Bytes that a store can grow to. It is address space, not memory: the file only has the pages in use."""
SMALLEST_MAP: Final = 64 << 20
"""What a process whose address space is limited (`ulimit -v`) must have left for it at least."""
MAX_READERS: Final = 4096
"""Readers at one time, over all processes."""
SPARE_READERS: Final = 32
SYNC_PAUSE: Final = 10.0
"""Seconds between two syncs at least: a sync waits for the disk, and sweeps come with the traffic."""
SWEEP_BATCH: Final = 256
"""Entries removed in one write transaction, so that a sweep never keeps saves waiting for long."""

_TIMES: Final = struct.Struct(">dd")
_TIME: Final = struct.Struct(">d")
_HEAD: Final = _TIMES.size


class _Environment:
    """One open LMDB environment and its index."""

    def __init__(self, directory: str, map_size: int) -> None:
        for name in ("data.mdb", "lock.mdb"):
            check_private(os.path.join(directory, name))
        self.lmdb = _open_map(directory, map_size)
        self.lmdb.reader_check()
        self.expiry = self.lmdb.open_db(b"expiry")


def _open_map(directory: str, map_size: int) -> lmdb.Environment:
    """Return the environment with a map of `map_size` bytes, or half as much as often as need be."""
    while True:
        try:
            return lmdb.open(
                directory,
                map_size=map_size,
                max_dbs=1,
                max_readers=MAX_READERS,
                max_spare_txns=SPARE_READERS,
                mode=0o600,
                sync=False,
                metasync=False,
            )
        except lmdb.MemoryError:
            if map_size <= SMALLEST_MAP:
                raise
            map_size //= 2


class LmdbStore:
    """Sessions in the LMDB environment in `directory`, which is opened when first used.

    Safe among threads, and after `fork`: a child opens the environment anew. One process must use one
    `LmdbStore` per directory (`open_store`). Raises `SessionStoreError` when the directory or a file in it
    belongs to another user or can be written by others.
    """

    def __init__(self, directory: str, map_size: int = MAP_SIZE) -> None:
        self.directory = directory
        self._map_size = map_size
        self._opening = threading.Lock()
        self._next_sync = 0.0
        self._environment: _Environment | None = None
        forget_after_fork(self)

    def load(self, sid: str) -> SessionRecord | None:
        """Return the record saved for `sid`, expired or not, or None."""
        key = sid_key(sid)
        environment = self._environment or self._open()
        try:
            with environment.lmdb.begin() as txn:
                found = txn.get(key)
        except lmdb.MapResizedError:
            raise self._full() from None
        if found is None:
            return None
        return pickle.loads(memoryview(found)[_HEAD:])  # type: ignore[no-any-return]

    def save(self, sid: str, record: SessionRecord) -> None:
        """Keep `record` for `sid`. Raises what pickling raises, and `SessionStoreError` when full."""
        due = record["_accessed"] + record["_timeout"]
        self._write(_put, sid_key(sid), due if due > 0.0 else 0.0, pickle.dumps(record))

    def delete(self, sid: str) -> None:
        """Forget `sid`; no error when it is not there."""
        self._write(_remove, sid_key(sid))

    def sweep(self, now: float) -> int:
        """Remove what is expired at `now`, return how many; now and then sync the rest to the disk."""
        environment = self._environment or self._open()
        environment.lmdb.reader_check()
        removed = 0
        while True:
            seen, gone = self._write(_sweep_batch, now)
            removed += gone
            if seen < SWEEP_BATCH:
                break
        if time.monotonic() >= self._next_sync:
            self._next_sync = time.monotonic() + SYNC_PAUSE
            environment.lmdb.sync(True)
        return removed

    def close(self) -> None:
        """Close the environment, which no other thread may be using. The next use opens it again."""
        with self._opening:
            if self._environment is not None:
                environment, self._environment = self._environment, None
                environment.lmdb.close()

    def _write(self, work: Callable[..., T], *args: object) -> T:
        """Return `work(transaction, index of expiry times, *args)`, done as a whole or not at all."""
        environment = self._environment or self._open()
        try:
            with environment.lmdb.begin(write=True) as txn:
                return work(txn, environment.expiry, *args)
        except (lmdb.MapFullError, lmdb.MapResizedError):
            raise self._full() from None

    def _full(self) -> SessionStoreError:
        size = (self._environment or self._open()).lmdb.info()["map_size"]
        return SessionStoreError(f"{self.directory}: full at {size} bytes")

    def _open(self) -> _Environment:
        with self._opening:
            if self._environment is None:
                private_directory(self.directory)
                self._environment = _Environment(self.directory, self._map_size)
            return self._environment

    def forget_inherited(self) -> None:
        """In a forked child: let go of the parent's environment and locks (whoever held them is not here)."""
        inherited, self._environment = self._environment, None
        self._opening = threading.Lock()
        if inherited is not None:
            inherited.lmdb.close()


def _put(txn: Txn, index: lmdb._Database, key: bytes, due: float, value: bytes) -> None:
    """Write a record, and a new entry of the index if it would come too late under the present one."""
    old = txn.get(key)
    indexed = due if old is None else _TIME.unpack_from(old)[0]
    if old is None or due < indexed:
        if old is not None:
            txn.delete(_TIME.pack(indexed) + key, db=index)
            indexed = due
        txn.put(_TIME.pack(due) + key, b"", db=index)
    txn.put(key, _TIMES.pack(indexed, due) + value)


def _remove(txn: Txn, index: lmdb._Database, key: bytes) -> None:
    old = txn.pop(key)
    if old is not None:
        txn.delete(old[: _TIME.size] + key, db=index)


def _sweep_batch(txn: Txn, index: lmdb._Database, now: float) -> tuple[int, int]:
    """Go through the first entries of the index that are due; return how many, and how many were removed."""
    due: list[bytes] = []
    with txn.cursor(db=index) as cursor:
        for key in cursor.iternext(keys=True, values=False):
            if len(due) == SWEEP_BATCH or _TIME.unpack_from(key)[0] >= now:
                break
            due.append(bytes(key))
    removed = 0
    for key in due:
        removed += _remove_if_expired(txn, index, key, now)
    return len(due), removed


def _remove_if_expired(txn: Txn, index: lmdb._Database, key: bytes, now: float) -> bool:
    txn.delete(key, db=index)
    sid = key[_TIME.size :]
    found = txn.get(sid)
    if found is None:
        return False
    expires = _TIMES.unpack_from(found)[1]
    if expires < now:
        return txn.delete(sid)
    txn.put(_TIME.pack(expires) + sid, b"", db=index)
    txn.put(sid, _TIMES.pack(expires, expires) + found[_HEAD:])
    return False


open_store: Final = PerDirectory(LmdbStore)
"""Return this process's store for a directory (str), always the same one."""
