"""Request bodies whose length is declared, no I/O (RFC 9112 section 6.2)."""

from __future__ import annotations


class LengthDecoder:
    """The decoder of one body of `length` bytes; the counterpart of `ChunkedDecoder`.

    Once `done` is true, `rest` holds what follows the body.
    """

    __slots__ = ("_left", "done", "rest")

    trailers = ()
    """Only chunks have fields behind them."""

    def __init__(self, length: int) -> None:
        self.done = length == 0
        self.rest = b""
        self._left = length

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes of the body; return those that belong to it."""
        left = self._left
        if len(data) < left:
            self._left = left - len(data)
            return [data]
        self._left = 0
        self.done = True
        self.rest = data[left:]
        return [data[:left]]
