"""Server transports whose socket can be lent to a thread."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.python.failure import Failure

from olexd.http.writer import READ_SIZE, SocketWriter


class _Lendable:
    """What both transports do unlike Twisted's.

    They close a lent socket only through its owner, read through the factory's `Readers`, and let a client
    that has sent its last byte wait for its answer. The protocol sets `writer` when the connection is made.
    """

    tells_departure = False
    """Whether a client that leaves altogether shows at once, unlike one that only closes its sending side."""

    writer: SocketWriter
    socket: socket.socket
    server: Any
    protocol: Any
    connected: int
    dataBuffer: bytes
    connectionLost: Callable[[Failure], None]
    offset: int
    _tempDataLen: int

    def pending(self) -> bool:
        """Return whether queued bytes have not been sent yet."""
        return bool((self._tempDataLen or self.dataBuffer) and self.connected)

    def unsent(self) -> int:
        """Return how many bytes are queued."""
        return len(self.dataBuffer) - self.offset + self._tempDataLen

    def startReading(self) -> None:
        """Read from now on."""
        self.server.factory.readers.add(self.socket.fileno(), self)

    def stopReading(self) -> None:
        """Do not read any more."""
        self.server.factory.readers.remove(self.socket.fileno())

    def read_ready(self) -> Exception | None:
        """Read what there is; return why the connection is over, or None."""
        try:
            data = self.socket.recv(READ_SIZE)
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        if data:
            self.protocol.dataReceived(data)
            return None
        if self.protocol.answer_pending() and not self.hung_up():
            self.server.factory.readers.watch(self.socket.fileno())
            return None
        return CONNECTION_DONE

    def hung_up(self) -> bool:
        """Return whether the connection is over in both directions, as far as the kernel knows."""
        poll = select.poll()
        poll.register(self.socket, 0)
        return bool(poll.poll(0))

    def room(self) -> Deferred[None]:
        """Return a Deferred that fires, not at once, when the queue is empty or the client gone."""
        return self.protocol.room()  # type: ignore[no-any-return]

    def drop(self) -> None:
        """Close without a reset, at the end of the service: a client may have some of its answer to read."""
        self.connectionLost(Failure(ConnectionDone()))

    def _closeSocket(self, orderly: bool) -> None:
        if self.writer.abandon():
            super()._closeSocket(orderly)  # type: ignore[misc]

    def doWrite(self) -> Any:
        """Send what is queued; tell the protocol when that was all."""
        result = super().doWrite()  # type: ignore[misc]
        if result is None and not self.pending():
            self.protocol.drained()
        return result


class TCPServer(_Lendable, tcp.Server):
    """A TCP connection whose socket a pool thread may write to."""


class UNIXServer(_Lendable, unix.Server):
    """A unix-socket connection whose socket a pool thread may write to."""

    tells_departure = True


class TCPPort(tcp.Port):
    """A TCP listener for `TCPServer` connections.

    TCP_NODELAY is set on the listening socket (accepted ones inherit it): a response may take two sends,
    and the second must not wait for the acknowledgement of the first.
    """

    transport = TCPServer
    _shouldShutdown = False
    """Closing is enough, and leaves the socket alone in a server that has taken it over."""

    @classmethod
    def adopt(cls, descriptor: int, factory: Any, reactor: Any) -> TCPPort:
        """Return a listener for a socket that listens already."""
        with socket.socket(fileno=descriptor) as sock:
            made: Any = cls._fromListeningDescriptor
            port: TCPPort = made(reactor, sock.fileno(), sock.family, factory)
        return port

    def createInternetSocket(self) -> socket.socket:
        """Create the listening socket."""
        sock: socket.socket = tcp.Port.createInternetSocket(self)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


class UNIXPort(unix.Port):
    """A unix-socket listener for `UNIXServer` connections."""

    transport = UNIXServer
    _shouldShutdown = False
    handed_over = False
    """Whether another server has taken the socket over: then its file is not ours to remove."""

    @classmethod
    def adopt(cls, descriptor: int, factory: Any, backlog: int, reactor: Any) -> UNIXPort:
        """Return a listener for a socket that listens already."""
        with socket.socket(fileno=descriptor) as sock:
            made: Any = cls._fromListeningDescriptor
            port: UNIXPort = made(reactor, sock.fileno(), factory)
        port.backlog = backlog
        return port

    def connectionLost(self, reason: Any) -> None:
        """Close the socket."""
        if not self.handed_over:
            unix.Port.connectionLost(self, reason)
            return
        if self.lockFile is not None:
            self.lockFile.unlock()
        tcp.Port.connectionLost(self, reason)
