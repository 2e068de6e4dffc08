"""A request's body, streaming from the connection to whoever reads it, with back-pressure.

A pool thread that wants more reads the socket itself. For a coroutine the reactor feeds; at most `HIGH_WATER`
bytes wait in between: then the connection stops reading from its socket until half of them are taken.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from olexd.errors import BadRequest
from olexd.http.writer import READ_SIZE
from olexd.model.bytequeue import ByteQueue, read_lines

HIGH_WATER: Final = 256 * 1024
LOW_WATER: Final = HIGH_WATER // 2
READAHEAD: Final = 8192
LARGE: Final = 16384
"""From how many bytes on a block is worth a system call of its own."""
READ_FAILED: Final = "Client read error (Timeout?)"


class Signal(Awaitable[None], Protocol):
    """Something a coroutine waits for until `callback(None)` is called."""

    def callback(self, result: None) -> None:
        """Wake the waiter."""


class Source(Protocol):
    """The connection the body comes from."""

    def resume(self) -> None:
        """Go on reading. Called from any thread."""

    def receive(self, most: int) -> bool:
        """Read up to `most` bytes on this pool thread and feed them; False when the reactor does that."""

    def signal(self) -> Signal:
        """Return a new signal."""


class Body:
    """One request's body.

    `length` is the declared number of bytes, None when the body is chunked, 0 when there is none.
    `before_first_read` is called once, by the first reader (it sends `100 Continue` when that is awaited).
    """

    __slots__ = (
        "_arrived",
        "_at_end",
        "_before_first_read",
        "_error",
        "_parts",
        "_paused",
        "_source",
        "_waiter",
        "_waiting",
        "complete",
        "length",
        "limit",
        "received",
        "started",
        "trailers",
    )

    def __init__(self, source: Source | None, length: int | None) -> None:
        self.length = length
        self.received = 0
        self.started = False
        self.complete = length == 0
        self._source = source
        self.limit = 0
        """LimitRequestBody in force, 0 for none."""
        self._parts = ByteQueue()
        self._arrived = threading.Condition(threading.Lock()) if not self.complete else None
        self._error: Exception | None = None
        self._paused = False
        self._before_first_read: Callable[[], None] | None = None
        self._at_end: Callable[[], None] | None = None
        self.trailers: Sequence[tuple[bytes, bytes]] = ()
        """The fields behind the body, once it is complete."""
        self._waiting = 0
        self._waiter: Signal | None = None

    # The reactor's side

    def feed(self, data: bytes) -> bool:
        """Take bytes from the connection; return False when it shall pause."""
        assert self._arrived is not None
        with self._arrived:
            self.received += len(data)
            if self.limit and self.received > self.limit:
                self._error = BadRequest(
                    413, f"the request's body is longer than LimitRequestBody ({self.limit})"
                )
                self._parts.clear()
            if self._error is None:
                self._parts.append(data)
            # Only a reader ends a pause: the connection stays paused until it is told to resume.
            self._paused = self._paused or len(self._parts) > HIGH_WATER
            go_on = not self._paused
            self._notify()
        self._wake()
        return go_on

    def finish(self, trailers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """The body is complete; `trailers` are the fields behind it."""
        assert self._arrived is not None
        with self._arrived:
            self.trailers = trailers
            self.complete = True
            self._notify()
        self._wake()

    def fail(self, error: Exception) -> None:
        """The rest will not come; readers get what did arrive, then an error."""
        assert self._arrived is not None
        with self._arrived:
            self._error = error
            self._notify()
        self._wake()

    def _notify(self) -> None:
        """Wake the thread that waits. The lock is held."""
        if self._waiting:
            assert self._arrived is not None
            self._arrived.notify_all()

    def _wake(self) -> None:
        """Wake the coroutine that waits. It runs at once and reads, so the lock must be free."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.callback(None)

    # The reader's side

    @property
    def refusal(self) -> int:
        """The status that answers what is known to be wrong with the body, 0 for nothing."""
        return self._error.status if isinstance(self._error, BadRequest) else 0

    def on_first_read(self, call: Callable[[], None]) -> None:
        """Have `call` called once, when somebody first reads."""
        self._before_first_read = call

    def on_end(self, call: Callable[[], None]) -> None:
        """Have `call` called once, by who reads, when everything has been read."""
        self._at_end = call

    @property
    def exhausted(self) -> bool:
        """Whether everything has arrived and been read."""
        return self.complete and not self._parts

    def rest(self) -> bytes:
        """Return what has arrived and nobody read. Waits for nothing."""
        return self._parts.take(len(self._parts))

    def read(self, n: int = -1) -> bytes:
        """Return exactly `n` bytes, fewer only at the end of the body; all that is left for -1.

        Blocks the calling thread. Raises OSError when the client stalls or leaves, BadRequest when the
        body is malformed or too long.
        """
        if n == 0 or self._arrived is None:
            return b""
        self._start()
        if n > 0:
            return self._read_exactly(n)
        parts = []
        while part := self._read_exactly(HIGH_WATER // 2):
            parts.append(part)
        return b"".join(parts)

    def read_some(self, n: int, wait: bool = True) -> bytes:
        """Return at most `n` bytes as soon as there are any; b"" at the end.

        `wait` False returns what has arrived, if only b"". Raises like `read()`.
        """
        if self._arrived is None:
            return b""
        self._start()
        if wait:
            self._wait(lambda: len(self._parts) > 0)
        with self._arrived:
            return self._take(min(n, len(self._parts)) or 1)

    async def aread_some(self, n: int) -> bytes:
        """`read_some()` for a coroutine on the reactor's thread."""
        self._start()
        await self.arrival()
        return self.read_some(n, wait=False)

    async def arrival(self) -> None:
        """Wait until there is something to read, or nothing more will come. For coroutines on the reactor."""
        if self._arrived is not None:
            await self._wait_async(lambda: len(self._parts) > 0)

    def _read_exactly(self, n: int) -> bytes:
        if n > LOW_WATER:
            first = self._read_exactly(LOW_WATER)
            parts = [first]
            missing = n - len(first)
            while missing and (part := self._read_exactly(min(missing, LOW_WATER))):
                parts.append(part)
                missing -= len(part)
            return b"".join(parts)
        assert self._arrived is not None
        self._wait(lambda: len(self._parts) >= n, n)
        with self._arrived:
            return self._take(n)

    def readline(self, n: int = -1) -> bytes:
        """Return the next line with its newline, at most `n` bytes of it; b"" at the end. Blocks."""
        if n == 0 or self._arrived is None:
            return b""
        self._start()
        parts = []
        while n:
            part = self._read_line_part(n)
            parts.append(part)
            n = n - len(part) if n > 0 else n
            if not part or part.endswith(b"\n"):
                break
        return b"".join(parts)

    def _read_line_part(self, n: int) -> bytes:
        want = _line_part(n)
        self._wait(lambda: self._has_line(want))
        return self._take_line_part(want)

    def _has_line(self, most: int) -> bool:
        return len(self._parts) >= most or self._parts.find_line(most) > 0

    def _take_line_part(self, most: int) -> bytes:
        assert self._arrived is not None
        with self._arrived:
            return self._take(self._parts.find_line(most) or most)

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Return whole lines until at least `hint` bytes are read; all lines for -1. Blocks."""
        return read_lines(self.readline, hint)

    def discard(self) -> int:
        """Read and drop the rest; return 0, or the HTTP status that says why that failed. Blocks.

        It does not count as the start of reading.
        """
        started = self.started
        try:
            while self.read(LOW_WATER):
                pass
        except BadRequest as error:
            return error.status
        except OSError:
            return 400
        finally:
            self.started = started
        return 0

    async def aread(self, n: int = -1) -> bytes:
        """`read()` for a coroutine on the reactor's thread."""
        if n == 0 or self._arrived is None:
            return b""
        self._start()
        parts = []
        missing = n
        while missing:
            want = LOW_WATER if n < 0 else min(missing, LOW_WATER)
            await self._wait_async(lambda want=want: len(self._parts) >= want)  # type: ignore[misc]
            with self._arrived:
                part = self._take(want)
            if not part:
                break
            parts.append(part)
            missing -= len(part) if n > 0 else 0
        return b"".join(parts)

    async def areadline(self, n: int = -1) -> bytes:
        """`readline()` for a coroutine on the reactor's thread."""
        if n == 0 or self._arrived is None:
            return b""
        self._start()
        parts = []
        while n:
            want = _line_part(n)
            await self._wait_async(lambda want=want: self._has_line(want))  # type: ignore[misc]
            part = self._take_line_part(want)
            parts.append(part)
            n = n - len(part) if n > 0 else n
            if not part or part.endswith(b"\n"):
                break
        return b"".join(parts)

    async def _wait_async(self, enough: Callable[[], bool]) -> None:
        assert self._arrived is not None and self._source is not None
        while True:
            with self._arrived:
                if self.complete or self._error or enough():
                    return
                signal = self._waiter = self._source.signal()
            await signal

    def _start(self) -> None:
        self.started = True
        call, self._before_first_read = self._before_first_read, None
        if call is not None:
            call()

    def _wait(self, enough: Callable[[], bool], wanted: int = 0) -> None:
        """Read on, or wait for the reactor to, until there is enough or nothing more to come.

        Who wants a large block (`wanted` bytes) gets it as it was received: what is read ends where it does.
        """
        assert self._arrived is not None and self._source is not None
        while True:
            with self._arrived:
                if self.complete or self._error or enough():
                    return
            missing = wanted - len(self._parts) if wanted >= LARGE else READ_SIZE
            if self._source.receive(min(missing, READ_SIZE)):
                continue
            with self._arrived:
                self._waiting += 1
                while not (self.complete or self._error or enough()):
                    self._arrived.wait()
                self._waiting -= 1

    def _take(self, n: int) -> bytes:
        if self._error is not None and len(self._parts) < n:
            if isinstance(self._error, BadRequest):
                raise self._error
            raise OSError(READ_FAILED) from self._error
        data = self._parts.take(n)
        if self._at_end is not None and self.exhausted:
            call, self._at_end = self._at_end, None
            call()
        if self._paused and len(self._parts) < LOW_WATER and self._source is not None:
            self._paused = False
            self._source.resume()
        return data


EMPTY: Final = Body(None, 0)
"""The body of every request without one: nothing about it can change."""


def _line_part(n: int) -> int:
    """Return how much of a line to take at once of which `n` bytes are wanted, -1 for all."""
    return LOW_WATER if n < 0 else min(n, LOW_WATER)
