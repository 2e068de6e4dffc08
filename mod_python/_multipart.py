"""Multipart bodies, part by part, in bounded memory (RFC 2046 5.1.1, RFC 7578).

More is accepted than RFC 2046 allows, as mod_python's parser does: any preamble, delimiters and headers
that end in LF, parts without a disposition, a body that stops short of its last delimiter. The time is
linear in the body's length, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from olexd.errors import BadRequest

BLOCK: Final = 65368
"""Bytes asked for at a time."""

_LONGEST_TAIL: Final = 256
"""How many bytes of `--`, blanks and line end may follow a boundary."""

_DELIMITER_TAIL: Final = re.compile(rb"(?P<last>--)?[ \t]*(?:\r?\n|(?P<end>\Z))")
_UNDECIDED_TAIL: Final = re.compile(rb"-?-?[ \t]*\r?\Z")

_DASH: Final = ord("-")

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class MultipartLimits:
    """How many parts a body may have, and how many bytes the headers of one part."""

    parts: int
    part_header: int


class MultipartReader:
    """Iterates over the parts of a body: their headers, names in lower case and values stripped.

    `read(n)` returns up to n bytes, and none at the end. Each part's value must be taken with `copy_value`
    before the next part is asked for. Raises `BadRequest` (413) when a limit is passed, (400) for a header
    line without a colon.
    """

    def __init__(self, read: Callable[[int], bytes], boundary: bytes, limits: MultipartLimits) -> None:
        self._read = read
        self._needle = b"\n--" + boundary
        self._limits = limits
        # What is still to be read starts with the end of the line before it, so that a delimiter may come
        # first. Offsets count from there: `_fill` moves the data to the buffer's beginning.
        self._buffer = b"\n"
        self._start = 0
        self._at_end = False
        self._finished = False
        self._lf_lines = False

    def __iter__(self) -> Iterator[Headers]:
        self.copy_value(_nowhere)
        parts = 0
        while not self._finished:
            parts += 1
            if parts > self._limits.parts:
                raise BadRequest(413, f"multipart body with more than {self._limits.parts} parts")
            headers = self._headers()
            if headers is not None:
                yield headers

    def copy_value(self, write: Callable[[bytes], object]) -> None:
        """Write what comes before the next delimiter, without the line end in front of that."""
        written = 1
        scanned = 0
        while True:
            found = self._buffer.find(self._needle, self._start + scanned) - self._start
            if found >= 0 and self._at_delimiter(found):
                write(self._slice(written, self._value_end(found, written)))
                self._leave_delimiter(found)
                return
            if found >= 0:
                scanned = found + 1
                continue
            if self._at_end:
                write(self._slice(written, self._available()))
                self._finished = True
                return
            decided = self._decided()
            if decided > written:
                write(self._slice(written, decided))
                self._start += decided
                written = 0
            scanned = 0
            self._fill()

    def _slice(self, start: int, end: int) -> bytes:
        return self._buffer[self._start + start : self._start + end]

    def _available(self) -> int:
        return len(self._buffer) - self._start

    def _decided(self) -> int:
        """Return how much is no delimiter, whatever comes: mostly all, so that blocks pass without a copy.

        What may become one is the last line end with what follows it; the byte before that is kept with it.
        """
        end = len(self._buffer)
        newline = self._buffer.rfind(b"\n", max(self._start, end - len(self._needle) + 1))
        if newline >= 0 and self._needle.startswith(self._buffer[newline:]):
            return newline - 1 - self._start
        return self._available() - self._buffer.endswith(b"\r")

    def _value_end(self, found: int, written: int) -> int:
        """Return where the value before the delimiter ends: before CRLF, or LF if the part's lines end so."""
        if found < written:
            return written
        if found and self._slice(found - 1, found) == b"\r":
            return found - 1
        return found if self._lf_lines else found + 1

    def _at_delimiter(self, found: int) -> bool:
        """Return whether the boundary at `found` ends its line, reading on as far as needed."""
        offset = found + len(self._needle)
        while not self._at_end and _UNDECIDED_TAIL.match(self._buffer, self._start + offset):
            if self._available() - offset > _LONGEST_TAIL:
                return False
            self._fill()
        tail = _DELIMITER_TAIL.match(self._buffer, self._start + offset)
        return tail is not None and (tail["end"] is None or self._at_end)

    def _leave_delimiter(self, found: int) -> None:
        """Go to the end of the delimiter's line; behind the last one everything is ignored."""
        tail = _DELIMITER_TAIL.match(self._buffer, self._start + found + len(self._needle))
        assert tail is not None
        if tail["last"] is not None or tail["end"] is not None:
            self._finished = True
        self._start = tail.end() - 1

    def _headers(self) -> Headers | None:
        """Read a part's headers; None when a delimiter or the end comes first, and there is no part."""
        headers: Headers = []
        size = 0
        while True:
            if self._starts_delimiter():
                self._leave_delimiter(0)
                return None
            line = self._line()
            if line is None:
                self._finished = True
                return None
            size += len(line)
            if size > self._limits.part_header:
                raise _header_too_long(self._limits.part_header)
            self._lf_lines = not line.endswith(b"\r\n")
            if not line.strip(b"\r\n"):
                return headers
            _add_header(headers, line)

    def _starts_delimiter(self) -> bool:
        """Return whether the next line is a delimiter, reading on while it may be."""
        if self._available() > 1 and self._buffer[self._start + 1] != _DASH:
            return False
        while not self._at_end and self._needle.startswith(self._slice(0, len(self._needle))):
            if self._available() >= len(self._needle):
                break
            self._fill()
        return self._buffer.startswith(self._needle, self._start) and self._at_delimiter(0)

    def _line(self) -> bytes | None:
        """Take the next line with its end; None at the end of the body."""
        while True:
            end = self._buffer.find(b"\n", self._start + 1)
            if end > 0:
                line = self._buffer[self._start + 1 : end + 1]
                self._start = end
                return line
            if self._at_end:
                return None
            if self._available() > self._limits.part_header:
                raise _header_too_long(self._limits.part_header)
            self._fill()

    def _fill(self) -> None:
        """Read a block behind what is left."""
        block = self._read(BLOCK)
        if not isinstance(block, bytes):
            raise TypeError("req.read() must return bytes")
        if block:
            self._buffer = self._buffer[self._start :] + block
            self._start = 0
        else:
            self._at_end = True


def _nowhere(data: bytes) -> None:
    """Drop the preamble."""


def _header_too_long(limit: int) -> BadRequest:
    return BadRequest(413, f"multipart part with more than {limit} bytes of headers")


def _add_header(headers: Headers, line: bytes) -> None:
    """Add a header line, or continue the last one."""
    if line[:1] in (b" ", b"\t") and headers:
        name, value = headers[-1]
        headers[-1] = (name, value + b" " + line.strip())
        return
    raw_name, colon, raw_value = line.partition(b":")
    if not colon:
        raise BadRequest(400, "multipart part with a header line without a colon")
    headers.append((raw_name.strip().lower().decode("latin-1"), raw_value.strip()))
