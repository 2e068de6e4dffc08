"""A file whose bytes are locks between processes.

They are Linux's open-file-description locks: they belong to the open file, not to the process or the
thread, and the kernel frees them when the last process that has it open dies.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
from collections.abc import Callable
from typing import Final

from olexd.sessions.places import private_file

_FLOCK: Final = struct.Struct("hhqqi0q")
_BUSY: Final = (errno.EAGAIN, errno.EACCES)


class LockFile:
    """The lock file whose path `where` returns. It is opened, and made if need be, when first used."""

    def __init__(self, where: Callable[[], str]) -> None:
        self._where = where
        self._opening = threading.Lock()
        self._file = -1

    def lock(self, place: int, blocking: bool = False) -> bool:
        """Lock the byte at `place`; return False when another process has it and `blocking` is not set.

        Raises `SessionStoreError` when others could have written the file, else OSError.
        """
        command = fcntl.F_OFD_SETLKW if blocking else fcntl.F_OFD_SETLK
        opened = self._file if self._file >= 0 else self._open()
        try:
            fcntl.fcntl(opened, command, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0))
        except OSError as error:
            if blocking or error.errno not in _BUSY:
                raise
            return False
        return True

    def unlock(self, place: int) -> None:
        """Unlock the byte at `place`."""
        opened = self._file if self._file >= 0 else self._open()
        fcntl.fcntl(opened, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_UNLCK, os.SEEK_SET, place, 1, 0))

    def close(self) -> None:
        """Close the file, which frees what is still locked in it. The next use opens it again."""
        with self._opening:
            opened, self._file = self._file, -1
            if opened >= 0:
                os.close(opened)

    def forget_inherited(self) -> None:
        """In a forked child: hold nothing. The parent keeps its locks, since it has the file open too."""
        self._opening = threading.Lock()
        self.close()

    def _open(self) -> int:
        with self._opening:
            if self._file < 0:
                self._file = private_file(self._where())
            return self._file
