"""Files that are read again when they change."""

from __future__ import annotations

import errno
import os
import sys
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
    """What `parse` makes of files, remembered by path until a file's stamp changes. Serves all threads.

    Files of more than `max_size` bytes are refused.
    """

    def __init__(self, parse: Callable[[bytes], T], max_size: int = sys.maxsize) -> None:
        self._parse = parse
        self._max_size = max_size
        self._known: dict[str, tuple[Stamp, T]] = {}
        self._lock = threading.Lock()

    def get(self, path: str) -> T:
        """Return the parsed file. Blocks on the file system.

        Raises OSError when it cannot be read, and what `parse` raises.
        """
        found = os.stat(path)
        if found.st_size > self._max_size:
            raise OSError(errno.EFBIG, f"{os.strerror(errno.EFBIG)} (over {self._max_size} bytes)", path)
        stamp = stamp_of(found)
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
