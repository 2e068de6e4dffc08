"""PidFile: by it a server is found again, and finds out itself whether another has taken its place."""

from __future__ import annotations

import os
from typing import Final

_LONGEST: Final = 32


class PidFile:
    """The file at `path`, with this process's id written into it. Raises OSError when it cannot be.

    It is kept open: a process that has given up root since could not open it again.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        os.write(self._descriptor, b"%d\n" % os.getpid())

    def is_mine(self) -> bool:
        """Return whether no other server has written its id since."""
        return os.pread(self._descriptor, _LONGEST, 0).strip() == b"%d" % os.getpid()

    def give_up(self) -> None:
        """Remove the file, unless it is another server's by now. Raises OSError."""
        mine = self.is_mine()
        os.close(self._descriptor)
        if mine:
            os.remove(self._path)
