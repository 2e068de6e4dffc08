"""What filter functions are called with: `mp_filter` (core spec 4.3)."""

from __future__ import annotations

import operator
from typing import Any, Final

from olexd.errors import BadRequest
from olexd.model.attributes import body_bytes, read_only
from olexd.model.bytequeue import ByteQueue
from olexd.model.filters import BLOCK, PassOn, Pull

CLOSED: Final = "I/O operation on closed filter"
READ_FAILED: Final = "Input filter read error"
AHEAD: Final = BLOCK
"""Bytes that an input filter may write before its own reader takes some of them."""


class Incoming:
    """What a filter reads: the block in hand, and for an input filter what it can get from upstream.

    `failure` is why upstream could not be read, None as long as it could. `touched` tells whether anything
    was asked for.
    """

    __slots__ = ("_pull", "_queue", "_size", "_told", "failure", "last", "touched")

    def __init__(self, data: bytes, last: bool, pull: Pull | None = None, size: int = BLOCK) -> None:
        self._queue = ByteQueue()
        self._queue.append(data)
        self.last = last
        self.failure: Exception | None = None
        self._pull = pull
        self._size = size
        self._told = False
        self.touched = False

    def read(self, n: int) -> bytes | None:
        """Return at most `n` bytes (-1: the block), b"" for an exhausted block, None (once) for the end."""
        self.touched = True
        if not self._queue:
            self._get()
        size = len(self._queue)
        return self._given(self._queue.take(size if n < 0 else n))

    def readline(self, n: int) -> bytes | None:
        """Return the next line, at most `n` bytes of it, or what is left of the block; else like `read()`."""
        self.touched = True
        while not (end := self._queue.find_line(len(self._queue) if n < 0 else n)):
            if 0 <= n <= len(self._queue) or not self._get():
                break
        size = end or len(self._queue)
        return self._given(self._queue.take(size if n < 0 else min(n, size)))

    def rest(self) -> bytes:
        """Return what has not been read."""
        return self._queue.take(len(self._queue))

    def stop(self) -> None:
        """Get nothing more from upstream for now."""
        self._pull = None

    def _given(self, data: bytes) -> bytes | None:
        if data or self._queue or not self.last or self._told:
            return data
        self._told = True
        return None

    def _get(self) -> bool:
        """Get a block from upstream; return whether there was one."""
        if self._pull is None or self.last:
            return False
        try:
            data, self.last = self._pull(self._size)
        except (BadRequest, OSError) as error:
            self.failure = error
            raise OSError(READ_FAILED) from error
        self._queue.append(data)
        if not data:
            self.stop()
        return bool(data)


def _member(name: str) -> Any:
    return read_only("mp_filter", name, f"_{name}", "readonly attribute")


class mp_filter:
    """One invocation of a filter. What is to outlast it belongs on `req`, which stays the same."""

    __slots__ = (
        "_closed",
        "_dir",
        "_disabled",
        "_handler",
        "_incoming",
        "_is_input",
        "_name",
        "_outgoing",
        "_pass_on",
        "_size",
        "req",
        "softspace",
    )

    def __init__(
        self,
        name: str,
        handler: str | None,
        dir: str | None,
        req: Any,
        incoming: Incoming,
        pass_on: PassOn,
        is_input: bool = False,
    ) -> None:
        self._name = name
        self._handler = handler
        self._dir = dir
        self._is_input = int(is_input)
        self._incoming = incoming
        self._pass_on = pass_on
        self._outgoing: list[bytes] = []
        self._size = 0
        self._closed = 0
        self._disabled = False
        self.req = req
        self.softspace = 0

    name: str = _member("name")
    handler: str | None = _member("handler")
    dir: str | None = _member("dir")
    is_input: int = _member("is_input")
    closed: int = _member("closed")

    def read(self, length: int = -1) -> bytes | None:
        """Return data of the block, at most `length` bytes; b"" when it is exhausted, None at the end of all.

        Raises ValueError on a closed filter, OSError when the request's body cannot be read.
        """
        self._must_be_open()
        return self._incoming.read(operator.index(length))

    def readline(self, length: int = -1) -> bytes | None:
        """Return the next line of the block, at most `length` bytes of it; else like `read()`."""
        self._must_be_open()
        return self._incoming.readline(operator.index(length))

    def write(self, data: str | bytes) -> None:
        """Put str (as UTF-8) or bytes into the block for the next filter. ValueError on a closed filter."""
        self._must_be_open()
        self._outgoing.append(body_bytes(data))
        self._size += len(self._outgoing[-1])
        if self._is_input and self._size >= AHEAD:
            self._incoming.stop()

    def flush(self) -> None:
        """Pass on what was written."""
        if not self._closed:
            self._pass_on(self._written(), False)

    def close(self) -> None:
        """Pass on what was written, and the end of all. A second time it does nothing."""
        if not self._closed:
            self._closed = 1
            self._pass_on(self._written(), True)

    def pass_on(self) -> None:
        """Pass on the block as it came, as far as it has not been read."""
        if not self._closed:
            if self._is_input and not self._incoming.last:
                self._outgoing.append(self._incoming.read(-1) or b"")
            self._outgoing.append(self._incoming.rest())
            self._closed = int(self._incoming.last)
            self._pass_on(self._written(), self._incoming.last)

    def disable(self) -> None:
        """Be left out for the rest of the request."""
        self._disabled = True

    def _must_be_open(self) -> None:
        if self._closed:
            raise ValueError(CLOSED)

    def _written(self) -> bytes:
        written = b"".join(self._outgoing)
        self._outgoing = []
        self._size = 0
        return written
