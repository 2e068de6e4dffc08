"""Bodies on their way through: the request's to the backend, the response's to the client, both bounded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from twisted.internet.defer import CancelledError, Deferred

from olexd.http.framing import LAST_CHUNK, chunk
from olexd.model.body import Body
from olexd.model.filters import InputChain

BLOCK: Final = 65536
HIGH_WATER: Final = 256 * 1024
"""How many bytes of a response may wait for a slow client before the backend is read no more."""


class Patience:
    """A limit for standing still: `give_up` is called when nothing happened for `seconds` (None: never)."""

    def __init__(self, clock: Any, seconds: float | None, give_up: Callable[[], None]) -> None:
        self.passed = False
        self._seconds = seconds
        self._give_up = give_up
        self._clock = clock
        self._call: Any = None

    def begin(self) -> None:
        """Begin to wait, or begin anew."""
        if self._call is not None and self._call.active():
            self._call.reset(self._seconds)
        elif not self.passed and self._seconds is not None:
            self._call = self._clock.callLater(self._seconds, self._over)

    def end(self) -> None:
        """Wait no longer: it is another's turn to act."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def settle(self) -> None:
        """Wait no longer, and never again."""
        self.end()
        self._seconds = None

    def _over(self) -> None:
        self.passed = True
        self._give_up()


class RequestBody:
    """A request's body, which is sent as it arrives.

    What filters make of it has no length that is known, and goes in chunks, as `length` None does. The
    backend's `patience` ends while the client is waited for. `error` is what reading raised, `is_sent` tells
    whether everything was passed on.
    """

    def __init__(self, body: Body | InputChain, length: int | None, patience: Patience) -> None:
        self.length = length
        self.error: Exception | None = None
        self.is_sent = False
        self._body = body
        self._patience = patience

    @property
    def framing(self) -> tuple[bytes, bytes]:
        """The field that tells where the body ends."""
        if self.length is None:
            return b"Transfer-Encoding", b"chunked"
        return b"Content-Length", b"%d" % self.length

    async def send(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Pass everything to `write`, which waits while the backend is slow."""
        while data := await self._next():
            await write(data if self.length is not None else chunk(data))
        if self.length is None:
            await write(LAST_CHUNK)
        self.is_sent = True

    async def _next(self) -> bytes:
        self._patience.end()
        try:
            if isinstance(self._body, Body):
                return await self._body.aread_some(BLOCK)
            return await self._body.aread(BLOCK)
        except CancelledError:
            raise
        except Exception as error:
            self.error = error
            raise
        finally:
            self._patience.begin()


class Source(Protocol):
    """Whom a response's body comes from."""

    def pause(self) -> None:
        """Send no more for now."""

    def resume(self) -> None:
        """Go on."""

    def abort(self) -> None:
        """Send no more at all."""


class ResponseBody:
    """A response's body, taken in as fast as it is read; at most `HIGH_WATER` bytes and a block wait.

    `error` is what cut it short, `size` the bytes that came.
    """

    def __init__(self, clock: Any, seconds: float, source: Source) -> None:
        self.ended = False
        self.error: BaseException | None = None
        self.size = 0
        self._source = source
        self._patience = Patience(clock, seconds, self._give_up)
        self._parts: list[bytes] = []
        self._waiting = 0
        self._paused = False
        self._arrival: Deferred[None] | None = None

    @property
    def timed_out(self) -> bool:
        """Whether the backend stood still for too long."""
        return self._patience.passed

    def take(self, data: bytes) -> None:
        """Take a part of the body."""
        self._parts.append(data)
        self.size += len(data)
        self._waiting += len(data)
        if self._waiting > HIGH_WATER and not self._paused:
            self._paused = True
            self._source.pause()
        self._wake()

    def finish(self, error: BaseException | None = None) -> None:
        """The body is complete, or `error` ended it before that."""
        if not self.ended:
            self.ended = True
            self.error = error
            self._wake()

    async def read(self) -> bytes:
        """Return what has arrived, waiting for it; b"" at the end."""
        if not self._parts and not self.ended:
            self._arrival = Deferred()
            self._patience.begin()
            try:
                await self._arrival
            finally:
                self._patience.end()
        data, self._parts, self._waiting = b"".join(self._parts), [], 0
        if self._paused and not self.ended:
            self._paused = False
            self._source.resume()
        return data

    def wait_forever(self) -> None:
        """Set no limit any more to how long the backend may stand still."""
        self._patience.settle()

    def drop(self) -> None:
        """Want no more of it: close the connection if some is to come."""
        self._patience.end()
        if not self.ended:
            self._source.abort()

    def _wake(self) -> None:
        arrival, self._arrival = self._arrival, None
        if arrival is not None and not arrival.called:
            arrival.callback(None)

    def _give_up(self) -> None:
        self.finish(TimeoutError("the backend stands still"))
        self._source.abort()
