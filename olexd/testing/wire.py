"""A connection in memory: the real channel and writer, with a file in place of the socket."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from olexd.http.channel import Channel
from olexd.model.mp_request import mp_request
from olexd.model.request import Request

LOCAL: Final = IPv4Address("TCP", "127.0.0.1", 80)


class Answer:
    """What stands for the client's socket: it takes everything that is sent to it, at once."""

    def __init__(self) -> None:
        # The writer sends files by descriptor, so there has to be one.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the connection

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._file.fileno()

    def send(self, data: bytes) -> int:
        """Take bytes."""
        return os.write(self.fileno(), data)

    def sendmsg(self, parts: Sequence[bytes | memoryview]) -> int:
        """Take several pieces of bytes."""
        return os.writev(self.fileno(), parts)

    def shutdown(self, how: int) -> None:
        """Do nothing: what was sent stays readable."""

    def content(self) -> bytes:
        """Return everything that was sent."""
        return os.pread(self.fileno(), os.fstat(self.fileno()).st_size, 0)

    def close(self) -> None:
        """Give the descriptor back."""
        self._file.close()


class MemoryTransport:
    """The transport of a connection whose client has sent all it will, and takes whatever comes."""

    writer: Any

    def __init__(self, address: str) -> None:
        self.socket = Answer()
        self._peer = IPv4Address("TCP", address, 40000)

    def getHost(self) -> IPv4Address:
        """Return this end's address."""
        return LOCAL

    def getPeer(self) -> IPv4Address:
        """Return the client's address."""
        return self._peer

    def write(self, data: bytes) -> None:
        """Take bytes."""
        self.socket.send(data)

    def pending(self) -> bool:
        """Nothing ever waits."""
        return False

    def unsent(self) -> int:
        """Nothing ever waits."""
        return 0

    def room(self) -> Deferred[None]:
        """Return what has fired: there always is room."""
        return succeed(None)

    def _nothing(self) -> None:
        """The client neither hurries nor leaves by itself."""

    pauseProducing = resumeProducing = _nothing
    loseConnection = abortConnection = loseWriteConnection = _nothing


class MemoryChannel(Channel):
    """A connection for one exchange. `answered_once` fires when the response is complete, cleanups included.

    `first` is the request as the server made it, None until there is one; `req` is what its handlers held,
    once it is answered.
    """

    def __init__(self, server: Any, call_in_reactor: Callable[..., object], timeout: float) -> None:
        super().__init__(server, call_in_reactor, timeout)
        self.first: Request | None = None
        self.req: mp_request | None = None
        self.answered_once: Deferred[None] = Deferred()

    def answered(self, persist: bool, in_reactor: bool) -> None:
        """The response is complete."""
        if self.first is not None:
            self.req = self.first.python
        super().answered(persist, in_reactor)
        if not self.answered_once.called:
            self.answered_once.callback(None)

    def hang_up(self) -> None:
        """End the connection. What a handler still waits for is cancelled."""
        self.connectionLost(Failure(ConnectionDone()))
        self.transport.socket.close()
