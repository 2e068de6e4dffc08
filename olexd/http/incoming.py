"""What arrives on a connection that is no head: a request's body, or what a connection handler reads.

`Channel` has one of these while there is such a thing, and gives it each block. A block comes on the reactor,
or on the pool thread that answers and reads the socket itself meanwhile.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from math import inf
from typing import TYPE_CHECKING, Final

from olexd.errors import BadRequest
from olexd.http.chunked import ChunkedDecoder
from olexd.http.length import LengthDecoder
from olexd.http.roles import Intake
from olexd.http.state import DRAIN, LINGER
from olexd.http.writer import EndOfInput

if TYPE_CHECKING:
    from olexd.http.channel import Channel

DRAIN_MAX: Final = 1 << 20
"""How many unread body bytes are worth reading to keep a connection; more, and it closes."""


class Incoming(ABC):
    """Takes what arrives, and hands it to an `intake` while somebody wants it."""

    broken = False
    """Whether nobody can tell any more where a next request would begin."""

    def __init__(self, channel: Channel, intake: Intake | None) -> None:
        self.intake = intake
        self._channel = channel

    @abstractmethod
    def take(self, data: bytes) -> None:
        """Take a block."""

    @abstractmethod
    def receive(self, most: int) -> None:
        """Read a block of up to `most` bytes from the socket, waiting for it. On a pool thread."""

    @abstractmethod
    def timed_out(self) -> None:
        """The client kept us waiting for too long."""

    def fail(self, error: Exception) -> None:
        """Tell who reads that the rest will not come."""
        if self.intake is not None:
            self.intake.fail(error)


class RequestBody(Incoming):
    """The body of one request: its framing is undone, and the client's time measured.

    Where nobody wants it any more it is read and dropped, so that the connection can go on behind it.
    """

    def __init__(self, channel: Channel, length: int | None) -> None:
        super().__init__(channel, None)
        self._limits = channel.server.limits
        self._decoder = ChunkedDecoder(self._limits) if length is None else LengthDecoder(length)
        self._dropped = 0
        self.expect()

    def expect(self) -> None:
        """From now on the client is to send. Any thread."""
        now = time.monotonic()
        self._started = now
        self._received = 0
        self._waited = 0.0
        self._channel.deadline = now + (self._limits.body_timeout or inf)

    def excuse(self, seconds: float) -> None:
        """Add the time that we kept the client waiting."""
        if not self.broken:
            self._started += seconds
            self._channel.deadline += seconds

    def take(self, data: bytes) -> None:
        """Take a block."""
        self._received += len(data)
        allowed = self._limits.body_seconds(self._received)
        # However much a client has earned by what it sent: it must not stand still for longer than Timeout.
        self._channel.deadline = min(self._started + allowed, time.monotonic() + self._channel.timeout)
        decoder = self._decoder
        try:
            pieces = decoder.feed(data)
        except BadRequest as error:
            self._break(error)
            return
        for piece in pieces:
            self._deliver(piece)
        if decoder.done:
            self._complete()

    def receive(self, most: int) -> None:
        """Read a block, counting only the time spent waiting for the client."""
        allowed = self._limits.body_seconds(self._received)
        started = time.monotonic()
        try:
            data = self._channel.writer.receive(allowed - self._waited, most)
        except OSError as error:
            self.fail(error)
        else:
            self._waited += time.monotonic() - started
            self.take(data)

    def timed_out(self) -> None:
        """The client kept us waiting, unless it was paused: then it has as much time again."""
        channel = self._channel
        if channel.paused:
            channel.deadline = time.monotonic() + self._limits.body_timeout
        else:
            self.fail(TimeoutError("the request's body did not arrive in time"))

    def _deliver(self, piece: bytes) -> None:
        if self.intake is None:
            self._dropped += len(piece)
            if self._dropped > DRAIN_MAX and self._channel.state is DRAIN:
                self._channel.close()
        elif not self.intake.feed(piece):
            self._channel.pause()

    def _break(self, error: BadRequest) -> None:
        """The framing is lost: whoever reads gets the error, and the connection cannot go on."""
        self._channel.pause()
        self.broken = True
        self._channel.deadline = inf
        if self.intake is None:
            self._channel.close()
        else:
            self.intake.fail(error)

    def _complete(self) -> None:
        channel = self._channel
        if channel.state is LINGER:
            return
        intake, self.intake = self.intake, None
        drained = channel.state is DRAIN
        channel.body_ended(self._decoder.rest)
        if intake is not None:
            intake.finish(self._decoder.trailers)
        if drained:
            channel.next_request()


class Conversation(Incoming):
    """What a connection handler reads: bytes as they are. `patience` is for how many seconds it waits."""

    def __init__(self, channel: Channel, intake: Intake, patience: float) -> None:
        super().__init__(channel, intake)
        self._patience = patience

    def take(self, data: bytes) -> None:
        """Take a block."""
        self._channel.deadline = inf
        if self.intake is not None and not self.intake.feed(data):
            self._channel.pause()

    def receive(self, most: int) -> None:
        """Read a block for as long as it takes; whoever stops the server ends that."""
        if self.intake is None:
            return
        try:
            data = self._channel.writer.receive(inf)
        except EndOfInput:
            self._channel.ended = True
            self.finish()
        except OSError as error:
            self.fail(error)
        else:
            self.intake.feed(data)

    def finish(self) -> None:
        """The client will send nothing more."""
        if self.intake is not None:
            self.intake.finish()

    def awaited(self) -> None:
        """A coroutine begins to wait for a block."""
        self._channel.deadline = time.monotonic() + self._patience

    def timed_out(self) -> None:
        """The client was silent for too long."""
        self.fail(TimeoutError("nothing arrived in time"))
