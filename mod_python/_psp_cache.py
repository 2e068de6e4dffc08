"""What keeps compiled pages: in memory, and in a dbm file where an option asks for that."""

from __future__ import annotations

import dbm
import importlib
import importlib.util
import marshal
import os
import threading
from types import CodeType
from typing import Any, Final, NamedTuple

from mod_python import _apache
from mod_python._dbm_file import opened_dbm


class CompiledPage(NamedTuple):
    """The code of a page, and when each file that it includes was changed last (nanoseconds)."""

    code: CodeType
    included: tuple[tuple[str, int], ...]

    def is_current(self) -> bool:
        """Return whether the included files are as they were."""
        return all(changed(path) == at for path, at in self.included)

    def dump(self) -> bytes:
        """Return the page as bytes, for this version of Python only."""
        return importlib.util.MAGIC_NUMBER + marshal.dumps((self.included, self.code))


def restored_page(data: bytes) -> CompiledPage | None:
    """Return a dumped page; None when another version of Python wrote it or it is damaged."""
    magic = importlib.util.MAGIC_NUMBER
    if not data.startswith(magic):
        return None
    try:
        included, code = marshal.loads(memoryview(data)[len(magic) :])
    except (EOFError, ValueError, TypeError):
        return None
    return CompiledPage(code, included)


def changed(path: str) -> int:
    """Return when a file was changed last, in nanoseconds; -1 when it is gone."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1


class HitsCache:
    """Keeps values by key; when there are more than `size`, the three quarters asked for most stay."""

    def __init__(self, size: int = 512) -> None:
        self.size = size
        self.cache: dict[Any, tuple[int, Any]] = {}
        self._cleaning = threading.Lock()

    def store(self, key: Any, val: Any) -> None:
        """Keep a value."""
        self.cache[key] = (1, val)
        if len(self.cache) > self.size:
            self.clean()

    def get(self, key: Any) -> Any:
        """Return the value of `key`, or None."""
        found = self.cache.get(key)
        if found is None:
            return None
        hits, value = found
        self.cache[key] = (hits + 1, value)
        return value

    def clean(self) -> None:
        """Drop the quarter of the values that was asked for least."""
        with self._cleaning:
            by_hits = sorted(self.cache.items(), key=lambda entry: entry[1][0])
            for key, _ in by_hits[: max(0, len(by_hits) - self.size * 3 // 4)]:
                self.cache.pop(key, None)


class FileCache(HitsCache):
    """Keeps what was made of files, as long as their modification time is the same."""

    def store(self, filename: str, mtime: float, code: Any) -> None:  # type: ignore[override]
        """Keep `code` for the file as it was at `mtime`."""
        super().store(filename, (mtime, code))

    def get(self, filename: str, mtime: float) -> Any:  # type: ignore[override]
        """Return what is kept for the file, or None when it is from another time."""
        found = super().get(filename)
        if found is None:
            return None
        if found[0] != mtime:
            self.cache.pop(filename, None)
            return None
        return found[1]


dbm_types: Final[dict[str, Any]] = {}
"""The dbm module for each cache file, once it is known."""


def dbm_cache_type(dbmfile: str) -> Any:
    """Return the dbm module that can open a file: the one that made it, or the default for a new one."""
    if dbmfile not in dbm_types:
        kind = dbm.whichdb(dbmfile)
        if not kind:
            return dbm
        dbm_types[dbmfile] = importlib.import_module(kind)
    return dbm_types[dbmfile]


def dbm_cache_store(srv: object, dbmfile: str, filename: str, mtime: float, val: bytes) -> None:
    """Keep bytes for a page's file as it was at `mtime`, under the server's lock 0.

    Raises `SessionStoreError` when others could have written the cache: it holds code.
    """
    _apache._global_lock(srv, "pspcache", 0)
    try:
        with opened_dbm(dbmfile, dbm_cache_type(dbmfile), 0o600) as file:
            file[filename.encode()] = f"{mtime} ".encode() + val
    finally:
        _apache._global_unlock(srv, "pspcache", 0)


def dbm_cache_get(srv: object, dbmfile: str, filename: str, mtime: float) -> bytes | None:
    """Return the bytes kept for a page's file as it is at `mtime`, or None; raises as `dbm_cache_store`."""
    _apache._global_lock(srv, "pspcache", 0)
    try:
        with opened_dbm(dbmfile, dbm_cache_type(dbmfile), 0o600) as file:
            found: bytes = file.get(filename.encode(), b"")
    finally:
        _apache._global_unlock(srv, "pspcache", 0)
    at, _, val = found.partition(b" ")
    return val if at == str(mtime).encode() else None
