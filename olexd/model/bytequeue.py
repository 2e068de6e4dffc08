"""Bytes that arrive in pieces and are taken in other pieces, copied as little as possible."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class ByteQueue:
    """A queue of bytes. Not thread-safe by itself."""

    __slots__ = ("_offset", "_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._offset = 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, piece: bytes) -> None:
        """Put bytes at the end."""
        if piece:
            self._pieces.append(piece)
            self._size += len(piece)

    def clear(self) -> None:
        """Drop everything."""
        self._pieces.clear()
        self._offset = self._size = 0

    def take(self, n: int) -> bytes:
        """Remove and return the first `n` bytes, or all when there are fewer."""
        n = min(n, self._size)
        parts = []
        missing = n
        while missing:
            piece, start = self._pieces[0], self._offset
            end = start + missing
            if end < len(piece):
                parts.append(piece[start:end])
                self._offset = end
                break
            parts.append(piece[start:] if start else piece)
            missing -= len(piece) - start
            self._pieces.popleft()
            self._offset = 0
        self._size -= n
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def find_line(self, most: int) -> int:
        """Return how many bytes the first line has, its newline included; 0 if `most` bytes hold none."""
        if not self._size:
            return 0
        found = self._pieces[0].find(b"\n", self._offset, self._offset + most)
        if found < 0 and len(self._pieces) > 1 and len(self._pieces[0]) - self._offset < most:
            self._join()
            found = self._pieces[0].find(b"\n", 0, most)
        return found + 1 - self._offset if found >= 0 else 0

    def _join(self) -> None:
        """Make one piece of all, so that what spans several can be searched."""
        size = self._size
        whole = self.take(size)
        self._pieces.append(whole)
        self._size = size


def read_lines(readline: Callable[[], bytes], hint: int) -> list[bytes]:
    """Return whole lines until at least `hint` bytes are read; all lines for -1."""
    lines: list[bytes] = []
    total = 0
    while line := readline():
        lines.append(line)
        total += len(line)
        if 0 <= hint <= total:
            break
    return lines
