"""The default session store: an LMDB environment, shared by all worker processes of one machine.

Layout: the database `sessions` maps a sid to two big-endian doubles (the time under which the index knows
the session, and the time it expires) and the pickled record; `expiry` has keys of such an indexed time
and the sid, in order of time. A save that only moves the expiry to later leaves the index alone; the sweep,
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
from olexd.sessions.store import SessionRecord, SessionStoreError, expiry, sid_key

T = TypeVar("T")

Txn: TypeAlias = "lmdb.Transaction[bytes]"

INITIAL_MAP: Final = 64 << 20
LARGEST_MAP: Final = 64 << 30
"""Bytes. The map is address space, not memory: the file only has the pages in use."""
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


class _Gate:
    """Lets transactions pass together, and a change of the map's size pass alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._inside = 0
        self._closed = False

    def enter(self) -> None:
        with self._changed:
            while self._closed:
                self._changed.wait()
            self._inside += 1

    def leave(self) -> None:
        with self._changed:
            self._inside -= 1
            if self._closed and not self._inside:
                self._changed.notify_all()

    def close(self) -> None:
        """Wait until no transaction is inside, and let none in."""
        with self._changed:
            while self._closed:
                self._changed.wait()
            self._closed = True
            while self._inside:
                self._changed.wait()

    def open(self) -> None:
        with self._changed:
            self._closed = False
            self._changed.notify_all()


class _Environment:
    """One open LMDB environment and its two databases."""

    def __init__(self, directory: str, map_size: int) -> None:
        for name in ("data.mdb", "lock.mdb"):
            check_private(os.path.join(directory, name))
        self.lmdb = lmdb.open(
            directory,
            map_size=map_size,
            max_dbs=2,
            max_readers=MAX_READERS,
            max_spare_txns=SPARE_READERS,
            mode=0o600,
            sync=False,
            metasync=False,
        )
        self.lmdb.reader_check()
        self.sessions = self.lmdb.open_db(b"sessions")
        self.expiry = self.lmdb.open_db(b"expiry")
        self.map_size: int = self.lmdb.info()["map_size"]
        self.gate = _Gate()

    def read(self, key: bytes) -> bytes | None:
        self.gate.enter()
        try:
            with self.lmdb.begin(db=self.sessions) as txn:
                return txn.get(key)
        finally:
            self.gate.leave()

    def write(self, work: Callable[[Txn], T]) -> T:
        self.gate.enter()
        try:
            with self.lmdb.begin(write=True, db=self.sessions) as txn:
                return work(txn)
        finally:
            self.gate.leave()

    def grow(self, seen: int) -> None:
        """Double a map of `seen` bytes, unless another thread already has; 0: take over the file's size."""
        self.gate.close()
        try:
            if not seen:
                self.lmdb.set_mapsize(0)
            elif self.map_size == seen:
                self.lmdb.set_mapsize(seen * 2)
            self.map_size = self.lmdb.info()["map_size"]
        finally:
            self.gate.open()


class LmdbStore:
    """Sessions in the LMDB environment in `directory`, which is opened when first used.

    Safe among threads, and after `fork`: a child opens the environment anew. One process must use one
    `LmdbStore` per directory (`open_store`). Raises `SessionStoreError` when the directory or a file in it
    belongs to another user or can be written by others.
    """

    def __init__(
        self, directory: str, initial_map: int = INITIAL_MAP, largest_map: int = LARGEST_MAP
    ) -> None:
        self.directory = directory
        self._initial_map = initial_map
        self._largest_map = largest_map
        self._opening = threading.Lock()
        self._next_sync = 0.0
        self._environment: _Environment | None = None
        forget_after_fork(self)

    def load(self, sid: str) -> SessionRecord | None:
        """Return the record saved for `sid`, expired or not, or None."""
        key = sid_key(sid)
        environment = self._environment or self._open()
        try:
            found = environment.read(key)
        except lmdb.MapResizedError:
            environment.grow(0)
            found = environment.read(key)
        if found is None:
            return None
        return pickle.loads(memoryview(found)[_HEAD:])  # type: ignore[no-any-return]

    def save(self, sid: str, record: SessionRecord) -> None:
        """Keep `record` for `sid`. Raises what pickling raises, and `SessionStoreError` when full."""
        key = sid_key(sid)
        due = max(0.0, expiry(record))
        value = pickle.dumps(record)
        index = (self._environment or self._open()).expiry

        def put(txn: Txn) -> None:
            old = txn.get(key)
            indexed = _TIME.unpack_from(old)[0] if old is not None else None
            if indexed is None or due < indexed:
                if indexed is not None:
                    txn.delete(_TIME.pack(indexed) + key, db=index)
                txn.put(_TIME.pack(due) + key, b"", db=index)
                indexed = due
            txn.put(key, _TIMES.pack(indexed, due) + value)

        self._write(put)

    def delete(self, sid: str) -> None:
        """Forget `sid`; no error when it is not there."""
        key = sid_key(sid)
        index = (self._environment or self._open()).expiry

        def remove(txn: Txn) -> None:
            old = txn.pop(key)
            if old is not None:
                txn.delete(old[: _TIME.size] + key, db=index)

        self._write(remove)

    def sweep(self, now: float) -> int:
        """Remove what is expired at `now`, return how many; now and then sync the rest to the disk."""
        environment = self._environment or self._open()
        environment.lmdb.reader_check()
        removed = 0
        while True:
            seen, gone = self._write(lambda txn: _sweep_batch(txn, environment.expiry, now))
            removed += gone
            if seen < SWEEP_BATCH:
                break
        if time.monotonic() >= self._next_sync:
            self._next_sync = time.monotonic() + SYNC_PAUSE
            environment.lmdb.sync(True)
        return removed

    def close(self) -> None:
        """Close the environment. The next use opens it again."""
        with self._opening:
            if self._environment is not None:
                environment, self._environment = self._environment, None
                environment.gate.close()
                environment.lmdb.close()
                environment.gate.open()

    def _write(self, work: Callable[[Txn], T]) -> T:
        while True:
            environment = self._environment or self._open()
            size = environment.map_size
            try:
                return environment.write(work)
            except lmdb.MapFullError:
                if size * 2 > self._largest_map:
                    raise SessionStoreError(f"{self.directory}: full at {size} bytes") from None
                environment.grow(size)
            except lmdb.MapResizedError:
                environment.grow(0)

    def _open(self) -> _Environment:
        with self._opening:
            if self._environment is None:
                private_directory(self.directory)
                self._environment = _Environment(self.directory, self._initial_map)
            return self._environment

    def forget_inherited(self) -> None:
        """In a forked child: let go of the parent's environment and locks (whoever held them is not here)."""
        inherited, self._environment = self._environment, None
        self._opening = threading.Lock()
        if inherited is not None:
            inherited.lmdb.close()


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
