"""Strict decoding of chunked request bodies, no I/O (RFC 9112 section 7.1)."""

from __future__ import annotations

from enum import Enum
from typing import Final

from olexd.errors import BadRequest
from olexd.http.grammar import CHUNK_LINE, FIELD_LINE
from olexd.http.limits import Limits

SIZE_MAX: Final = (1 << 63) - 1
_SIZE_DIGITS: Final = 16


class _Part(Enum):
    """What comes next in the body."""

    SIZE = "size"
    DATA = "data"
    DATA_END = "data end"
    TRAILERS = "trailers"
    BROKEN = "broken"
    """Nothing: the framing is lost."""


class ChunkedDecoder:
    """The decoder of one body.

    Once `done` is true, `rest` holds what follows the body, and `trailers` the fields behind the last chunk
    (names and values as sent, without the blanks around the values). Extensions are checked and dropped.
    """

    __slots__ = (
        "_extensions",
        "_left",
        "_limits",
        "_part",
        "_pending",
        "_trailer_bytes",
        "done",
        "rest",
        "trailers",
    )

    def __init__(self, limits: Limits) -> None:
        self.done = False
        self.rest = b""
        self.trailers: list[tuple[bytes, bytes]] = []
        self._limits = limits
        self._part = _Part.SIZE
        self._left = 0
        self._pending = b""
        self._extensions = 0
        self._trailer_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes of the body; return the data in them, in order.

        Raises BadRequest: 400 for bad syntax, 413 for a size that no body has or an endless size line.
        After that every further feed is refused: nobody can tell where the body ends.
        """
        if self._pending:
            data = self._pending + data
            self._pending = b""
        pieces: list[bytes] = []
        position = 0
        while not self.done:
            try:
                step = self._step(data, position, pieces)
            except BadRequest:
                self._part = _Part.BROKEN
                raise
            if step == position:
                self._pending = data[position:]
                return pieces
            position = step
        self.rest = data[position:]
        return pieces

    def _step(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        """Take the next part; return where it ends, or `position` when more bytes are needed."""
        part = self._part
        if part is _Part.SIZE:
            return self._size(data, position)
        if part is _Part.DATA:
            return self._data(data, position, pieces)
        if part is _Part.DATA_END:
            return self._data_end(data, position)
        if part is _Part.BROKEN:
            raise BadRequest(400, "data after a malformed chunk")
        return self._trailer(data, position)

    def _size(self, data: bytes, position: int) -> int:
        end = data.find(b"\n", position) + 1
        if (end or len(data) + 1) - position > self._limits.chunk_line:
            raise BadRequest(413, "the line before a chunk is too long")
        if not end:
            return position
        match = CHUNK_LINE.fullmatch(data, position, end)
        if match is None:
            raise BadRequest(400, f"malformed chunk size {data[position : min(end, position + 80)]!r}")
        self._count_extension(len(match[2]))
        self._left = _chunk_size(match[1])
        self._part = _Part.DATA if self._left else _Part.TRAILERS
        return end

    def _count_extension(self, size: int) -> None:
        self._extensions += size
        if self._extensions > self._limits.chunk_extensions:
            raise BadRequest(413, "too many chunk extensions")

    def _data(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        piece = data[position : position + self._left]
        if piece:
            pieces.append(piece)
            self._left -= len(piece)
            if not self._left:
                self._part = _Part.DATA_END
        return position + len(piece)

    def _data_end(self, data: bytes, position: int) -> int:
        mark = data[position : position + 2]
        if mark == b"\r\n":
            self._part = _Part.SIZE
            return position + 2
        if mark not in (b"", b"\r"):
            raise BadRequest(400, "a chunk's data do not end where its size says")
        return position

    def _trailer(self, data: bytes, position: int) -> int:
        end = data.find(b"\n", position) + 1
        self._check_trailer_size((end or len(data) + 1) - position)
        if not end:
            return position
        if data[position:end] == b"\r\n":
            self.done = True
        else:
            self._count_trailer(end - position)
            if FIELD_LINE.fullmatch(data, position, end) is None:
                raise BadRequest(400, f"malformed trailer {data[position : min(end, position + 80)]!r}")
            name, _, value = data[position:end].partition(b":")
            self.trailers.append((name, value.strip(b" \t\r\n")))
        return end

    def _check_trailer_size(self, size: int) -> None:
        if size > self._limits.field_size + 3:
            raise BadRequest(400, "a trailer is longer than LimitRequestFieldSize")

    def _count_trailer(self, size: int) -> None:
        self._trailer_bytes += size
        fields = self._limits.fields
        if (fields and len(self.trailers) >= fields) or self._trailer_bytes > self._limits.head:
            raise BadRequest(400, "the number of trailers exceeds this server's limit")


def _chunk_size(digits: bytes) -> int:
    size = int(digits, 16) if len(digits) <= _SIZE_DIGITS else SIZE_MAX + 1
    if size > SIZE_MAX:
        raise BadRequest(413, f"chunk size {digits[:40]!r}")
    return size
