"""Files that are read again when they change."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

Stamp = tuple[int, int, int, int]
"""What tells one state of a file from another: both times in nanoseconds, size, inode."""


def stamp_of(found: os.stat_result) -> Stamp:
    """Return the stamp of a file."""
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


class WatchedFile(Generic[T]):
    """What `parse` makes of files, remembered by path until a file's stamp changes. Serves all threads."""

    def __init__(self, parse: Callable[[bytes], T]) -> None:
        self._parse = parse
        self._known: dict[str, tuple[Stamp, T]] = {}
        self._lock = threading.Lock()

    def get(self, path: str) -> T:
        """Return the parsed file. Blocks on the file system; raises OSError when it cannot be read."""
        stamp = stamp_of(os.stat(path))
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == stamp else self._read(path, stamp)

    def _read(self, path: str, stamp: Stamp) -> T:
        """Read a file once for all threads that want it."""
        with self._lock:
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                with open(path, "rb") as file:
                    known = self._known[path] = (stamp, self._parse(file.read()))
        return known[1]
