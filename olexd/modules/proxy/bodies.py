"""Bodies on their way through: the request's to the backend, the response's to the client, both bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import UNKNOWN_LENGTH

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

    def _over(self) -> None:
        self.passed = True
        self._give_up()


class RequestBody:
    """The producer (IBodyProducer) of a request's body, which is sent as it arrives.

    What filters make of it has no length that is known. The backend's `patience` ends while the client is
    waited for. `error` is what reading raised.
    """

    def __init__(self, body: Body | InputChain, length: int | None, patience: Patience) -> None:
        self.length: Any = UNKNOWN_LENGTH if length is None else length
        self.error: Exception | None = None
        self._body = body
        self._patience = patience
        self._room: Deferred[None] | None = None
        self._paused = False
        self._sending: Deferred[None] | None = None

    def startProducing(self, consumer: Any) -> Deferred[None]:
        """Begin to send; the Deferred fires at the end of the body, and never after `stopProducing()`."""
        done: Deferred[None] = Deferred(lambda _: self.stopProducing())
        self._sending = Deferred.fromCoroutine(self._send(consumer))
        self._sending.addCallbacks(done.callback, self._failed, errbackArgs=(done,))
        return done

    def _failed(self, failure: Failure, done: Deferred[None]) -> None:
        if not failure.check(CancelledError):
            done.errback(failure)

    async def _send(self, consumer: Any) -> None:
        while data := await self._next():
            consumer.write(data)
            if self._paused:
                self._room = Deferred()
                await self._room

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

    def pauseProducing(self) -> None:
        """The backend is slow."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The backend takes more."""
        self._paused = False
        room, self._room = self._room, None
        if room is not None:
            room.callback(None)

    def stopProducing(self) -> None:
        """The backend takes no more."""
        if self._sending is not None:
            self._sending.cancel()


class ResponseBody(Protocol):
    """A response's body, taken in as fast as it is read; at most `HIGH_WATER` bytes and a block wait.

    `error` is what cut it short.
    """

    def __init__(self, clock: Any, seconds: float) -> None:
        self.ended = False
        self.error: BaseException | None = None
        self._clock = clock
        self._patience = Patience(clock, seconds, self._give_up)
        self._parts: list[bytes] = []
        self._size = 0
        self._paused = False
        self._arrival: Deferred[None] | None = None

    @property
    def timed_out(self) -> bool:
        """Whether the backend stood still for too long."""
        return self._patience.passed

    def dataReceived(self, data: bytes) -> None:
        """Take a part of the body."""
        self._parts.append(data)
        self._size += len(data)
        if self._size > HIGH_WATER and not self._paused:
            self._paused = True
            self.transport.pauseProducing()  # type: ignore[union-attr]
        self._wake()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The body is complete, or is over before its end."""
        self.ended = True
        # A body that ends with its connection may be complete: nobody can tell.
        if not reason.check(ResponseDone, PotentialDataLoss):
            self.error = reason.value
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
        data, self._parts, self._size = b"".join(self._parts), [], 0
        if self._paused and not self.ended:
            self._paused = False
            self.transport.resumeProducing()  # type: ignore[union-attr]
        return data

    def wait_forever(self) -> None:
        """Set no limit any more to how long the backend may stand still."""
        self._patience.end()
        self._patience = Patience(self._clock, None, self._give_up)

    def drop(self) -> None:
        """Want no more of it: close the connection if some is to come."""
        self._patience.end()
        if not self.ended:
            self.transport.stopProducing()  # type: ignore[union-attr]

    def _wake(self) -> None:
        arrival, self._arrival = self._arrival, None
        if arrival is not None and not arrival.called:
            arrival.callback(None)

    def _give_up(self) -> None:
        self.error = TimeoutError("the backend stands still")
        self.drop()
        self.ended = True
        self._wake()
