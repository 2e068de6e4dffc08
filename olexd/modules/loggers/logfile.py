"""Access log files: lines are collected and written together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from olexd.errorlog import AppendedFile, Level, PipedProgram, Sink

BATCH: Final = 64
"""Lines that are written at once."""
MAX_WAIT: Final = 0.05
"""Seconds after which a waiting line is written with the next one."""


class LogFile:
    """One log, shared by all threads. `target` is an absolute path or `|program`.

    Raises OSError when the file cannot be opened.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self._sink: Sink = PipedProgram(target[1:]) if target.startswith("|") else AppendedFile(target)
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._oldest = 0.0

    def append(self, line: str) -> None:
        """Take one line, its end included; write what has collected when that is due."""
        now = time.monotonic()
        with self._lock:
            lines = self._lines
            if not lines:
                self._oldest = now
            lines.append(line)
            if len(lines) >= BATCH or now - self._oldest > MAX_WAIT:
                self._write()

    def flush(self) -> None:
        """Write what has collected."""
        if self._lines:
            with self._lock:
                self._write()

    def reopen(self) -> None:
        """Write what has collected, then go on in a new file of the same name."""
        with self._lock:
            self._write()
            self._sink.reopen()

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._sink.write("".join(lines).encode("utf-8", "backslashreplace"), Level.INFO)


_files: dict[str, LogFile] = {}
_files_lock = threading.Lock()


def open_log(target: str) -> LogFile:
    """Return the log of `target`, the same object for the same target. Raises OSError."""
    with _files_lock:
        found = _files.get(target)
        if found is None:
            found = _files[target] = LogFile(target)
        return found


def flush_all() -> None:
    """Write what has collected in all logs."""
    for file in tuple(_files.values()):
        file.flush()


def reopen_all(complain: Callable[[str], None]) -> None:
    """Open all logs anew, after a rotation. One that cannot be goes on as it is; `complain` is told."""
    for target, file in tuple(_files.items()):
        try:
            file.reopen()
        except OSError as error:
            complain(f"could not open {target} anew: {error.strerror}")
