"""`sys.stdout` and `sys.stderr`: complete streams in front of twistd's log.

What Twisted puts in their place takes text, and that is all. Libraries ask more of them: `buffer` for bytes,
`errors`, `fileno()`, the number of characters that were written.
"""

from __future__ import annotations

import codecs
import sys
from io import BufferedWriter, RawIOBase, TextIOWrapper
from typing import TYPE_CHECKING, Final

from twisted.logger import LoggingFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NAMES: Final = {"stdout": 1, "stderr": 2}
"""The streams, and the descriptors that child processes have for them."""


class LogLines(RawIOBase):
    """Gives twistd's log the text that bytes stand for; what is not UTF-8 is shown as escapes."""

    def __init__(self, log: LoggingFile, descriptor: int) -> None:
        super().__init__()
        self._log = log
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: ReadableBuffer) -> int:
        """Log the lines that are complete; return how many bytes that took: all."""
        whole = bytes(data)
        self._log.write(self._decoder.decode(whole))
        return len(whole)

    def fileno(self) -> int:
        """The process's own descriptor, for what runs in other processes."""
        return self._descriptor


def complete_streams() -> None:
    """Put complete streams in the place of Twisted's, where those are in force."""
    for name, descriptor in _NAMES.items():
        log = getattr(sys, name)
        if isinstance(log, LoggingFile):
            stream = BufferedWriter(LogLines(log, descriptor))
            setattr(sys, name, TextIOWrapper(stream, "utf-8", "backslashreplace", line_buffering=True))
