"""The server's global locks: numbered, not re-entrant, held across threads and processes (core spec 5.5)."""

from __future__ import annotations

import operator
import os
import threading
import zlib
from typing import Final

from olexd.config.core import ProcessSettings
from olexd.lockwaits import waiting
from olexd.model import runtime
from olexd.model.mp_server import mp_server
from olexd.sessions.lockfile import LockFile
from olexd.sessions.places import default_directory
from olexd.sessions.shared import forget_after_fork

COUNT: Final = 32
"""How many locks there are; number 0 is only taken by those who ask for it."""


class GlobalLocks:
    """The locks of one machine: a thread lock for each number, and a byte of a file that all workers open."""

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(COUNT)]
        self._file = LockFile(lambda: os.path.join(default_directory(), "global-locks"))
        forget_after_fork(self)

    def acquire(self, number: int, blocking: bool) -> bool:
        """Take a lock; return False when it is not free and `blocking` is not set."""
        if not self._locks[number].acquire(blocking=False):
            if not blocking:
                return False
            with waiting():
                self._locks[number].acquire()
        try:
            if not _several_processes() or self._file.lock(number, blocking):
                return True
        except BaseException:
            self._locks[number].release()
            raise
        self._locks[number].release()
        return False

    def release(self, number: int) -> None:
        """Give a lock back; any thread may. Raises RuntimeError when nobody has it."""
        if _several_processes():
            self._file.unlock(number)
        self._locks[number].release()

    def forget_inherited(self) -> None:
        """In a forked child: hold nothing, and open the file anew."""
        self._locks = [threading.Lock() for _ in range(COUNT)]
        self._file.forget_inherited()


def _several_processes() -> bool:
    return runtime.config().main.server[ProcessSettings].start_servers > 1


_locks: Final = GlobalLocks()


def _number(server: object, key: object, index: int) -> int:
    """Return the lock to use: the one asked for, or for -1 one that belongs to the key."""
    if not isinstance(server, mp_server):
        raise TypeError("First argument must be a server object")
    if operator.index(index) == -1:
        return 1 + _digest(key) % (COUNT - 1)
    if not 0 <= index < COUNT:
        raise ValueError("Lock index is out of range for number of global mutex locks")
    return index


def _digest(key: object) -> int:
    """Return a number that is the same in every process for text and bytes."""
    if isinstance(key, str):
        key = key.encode("utf-8", "surrogatepass")
    return zlib.crc32(key) if isinstance(key, bytes) else hash(key)


def global_lock(server: object, key: object, index: int = -1) -> None:
    """Take a global lock, waiting for it. Raises ValueError when that fails."""
    number = _number(server, key, index)
    try:
        _locks.acquire(number, True)
    except OSError as error:
        raise ValueError("Failed to acquire global mutex lock") from error


def global_trylock(server: object, key: object, index: int = -1) -> bool:
    """Take a global lock if it is free; return whether it was."""
    return _locks.acquire(_number(server, key, index), False)


def global_unlock(server: object, key: object, index: int = -1) -> None:
    """Give a global lock back. Raises ValueError when nobody has it."""
    try:
        _locks.release(_number(server, key, index))
    except RuntimeError as error:
        raise ValueError("Failed to release global mutex lock") from error
