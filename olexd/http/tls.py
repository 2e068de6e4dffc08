"""TLS between a connection's socket and its protocol.

OpenSSL's state belongs to the reactor: a pool thread does not send by itself but leaves its bytes in an
outbox, which the reactor empties as the client takes them. The socket is never lent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from OpenSSL import SSL
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure

from olexd.blocks import read_blocks
from olexd.errors import BadRequest, ClientGone
from olexd.http.channel import Channel
from olexd.http.incoming import Conversation
from olexd.http.parser import Head
from olexd.http.roles import Server
from olexd.http.state import State
from olexd.http.writer import READ_SIZE, ROOM_MAX, WRITE_FAILED, SocketWriter

OUTBOX_MAX: Final = 262144
"""How many bytes of a pool thread may wait for the reactor; then the thread waits."""
HANDSHAKE: Final = b"\x16"
"""What a TLS connection begins with."""
PLAIN_HINT: Final = (
    "This port speaks TLS, and plain HTTP was spoken to it: use an address that begins with https."
)


class TLSTransport(TLSMemoryBIOProtocol):
    """What a `TLSChannel` has for a transport: it encrypts, and stands on one of `transport.py`'s.

    A client that begins with something else than a handshake is passed on as it is (`plain` is then set), if
    requests are expected of it: the channel tells it what is wrong.
    """

    tells_departure = True
    local: tuple[str, int]
    """The address that the client connected to."""
    shake: Any
    """What is known of the handshake so far, to those who make it."""
    writer: TLSWriter
    wrappedProtocol: TLSChannel  # type: ignore[assignment]
    transport: Any
    plain = False
    _begun = False
    _close_later: Callable[[], object] | None = None

    # What the channel and the writer ask

    @property
    def socket(self) -> Any:
        """The connection's socket."""
        return self.transport.socket

    def pending(self) -> bool:
        """Return whether queued bytes have not been sent yet."""
        return bool(
            self.connected and (self.writer.queued or self._appSendBuffer or self.transport.pending())
        )

    def unsent(self) -> int:
        """Return how many bytes are queued."""
        return self.writer.queued + self.unsent_by_reactor()

    def unsent_by_reactor(self) -> int:
        """Return how many bytes are queued behind the writer's outbox."""
        waiting: int = self.transport.unsent()
        return waiting + sum(map(len, self._appSendBuffer))

    def room(self) -> Any:
        """Return a Deferred that fires, not at once, when the queue is empty or the client gone."""
        return self.wrappedProtocol.room()

    def write(self, data: bytes) -> None:
        """Encrypt and send bytes."""
        if self.plain:
            self.transport.write(data)
        else:
            super().write(data)  # type: ignore[no-untyped-call]

    def loseWriteConnection(self) -> None:
        """Send what is queued and say that nothing follows; the client may still be heard."""
        self._end(self.transport.loseWriteConnection)

    def loseConnection(self) -> None:
        """Send what is queued, say that nothing follows, and close without waiting for an answer to that."""
        self._end(self.transport.loseConnection)

    def abortConnection(self) -> None:
        """Close at once."""
        if self.connected:
            super().abortConnection()  # type: ignore[no-untyped-call]

    def drop(self) -> None:
        """Close without a reset, at the end of the service."""
        self.transport.drop()

    def _end(self, close: Callable[[], object]) -> None:
        if self.connected and not self.disconnecting:
            self.writer.empty_outbox()
            self.disconnecting = True
            if self._appSendBuffer:
                # Written before the handshake was over: it goes out first.
                self._close_later = close
                return
            if self._handshakeDone:
                self._shutdownTLS()  # type: ignore[no-untyped-call]
        close()

    def _unbufferPendingWrites(self) -> None:
        super()._unbufferPendingWrites()  # type: ignore[no-untyped-call]
        if self._close_later is not None and not self._appSendBuffer:
            self._close_later()

    # What the socket's transport tells

    def dataReceived(self, data: bytes) -> None:
        """Decrypt what came."""
        if not self._begun:
            self._begun = True
            speaks_http = self.wrappedProtocol.state is State.HEAD
            self.plain = speaks_http and not data.startswith(HANDSHAKE) and data[:1].isalpha()
        if self.plain:
            self.wrappedProtocol.dataReceived(data)
        elif self._tlsConnection is not None:
            super().dataReceived(data)  # type: ignore[no-untyped-call]

    def answer_pending(self) -> bool:
        """The client sent its last byte: over TLS that is its departure."""
        return False

    def drained(self) -> None:
        """Everything that was encrypted has been sent."""
        self.writer.pump()
        if not self.pending():
            self.wrappedProtocol.drained()

    def _checkHandshakeStatus(self) -> None:
        super()._checkHandshakeStatus()  # type: ignore[no-untyped-call]
        if self._handshakeDone:
            self.wrappedProtocol.handshake_done()

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        if reason is not None and not self._handshakeDone:
            self.wrappedProtocol.handshake_failed(reason)
        super()._tlsShutdownFinished(reason)  # type: ignore[no-untyped-call]


class TLSWriter(SocketWriter):
    """The outgoing side of a TLS connection: a pool thread's bytes go through the reactor, in order."""

    __slots__ = ("_call_in_reactor", "_called", "_outbox", "_room", "queued")

    transport: TLSTransport

    def __init__(
        self, transport: TLSTransport, timeout: float, call_in_reactor: Callable[..., object]
    ) -> None:
        super().__init__(transport.socket, transport, timeout)
        self.queued = 0
        """How many bytes wait for the reactor."""
        self._outbox: list[bytes] = []
        self._room = threading.Condition()
        self._called = False
        """The reactor was asked to `pump()`."""
        self._call_in_reactor = call_in_reactor

    def give_back(self) -> None:
        """End the loan, which was of the right to write only. Any thread."""
        self.lent = False

    def abandon(self) -> bool:
        """Give the connection up; the caller may always close the socket. Reactor only."""
        self.abandoned = True
        self.lose()
        return True

    def lose(self) -> None:
        """Let whoever waits for room know that the client is gone. Any thread."""
        with self._room:
            self.gone = True
            self._outbox.clear()
            self.queued = 0
            self._room.notify_all()

    def shut_down(self) -> None:
        """Have the reactor end the conversation. Any thread."""
        self._call_in_reactor(self.transport.abortConnection)

    def release(self) -> None:
        """Send what is held. Reactor only, at any time."""
        if self._holding is None or not self._held or self.gone:
            return
        with self._holding:
            # In the outbox before the lock is free: nothing that a thread sends now may overtake it.
            data = b"".join(self._take_held())
            self.bytes_out += len(data)
            self._put(data)
        self.pump()

    def send(self, parts: Sequence[bytes]) -> None:
        """Hand `parts` to the reactor, waiting for room as long as the client takes data. Pool thread only.

        Raises ClientGone when the client closed, reset, or took nothing for `timeout` seconds.
        """
        if self.gone:
            raise ClientGone(WRITE_FAILED)
        data = b"".join(self._with_held(parts))
        for start in range(0, len(data), OUTBOX_MAX):
            self._hand_over(data[start : start + OUTBOX_MAX])

    def send_file(self, fd: int, offset: int, length: int) -> int:
        """Send `length` bytes of the open file `fd` from `offset`, block by block; return how many.

        Pool thread only. Raises ClientGone like `send()`.
        """
        total = 0
        for block in read_blocks(fd, offset, length, OUTBOX_MAX):
            self.send((block,))
            total += len(block)
        return total

    def send_soon(self, parts: Sequence[bytes]) -> None:
        """Encrypt and queue everything. Reactor only."""
        if self.gone:
            raise ClientGone(WRITE_FAILED)
        data = b"".join(self._with_held(parts))
        self.bytes_out += len(data)
        self._put(data)
        self.empty_outbox()

    def pump(self) -> None:
        """Take what waits in the outbox if the client took what went before. Reactor only."""
        self._called = False
        if self.transport.unsent_by_reactor() <= ROOM_MAX:
            self.empty_outbox()

    def empty_outbox(self) -> None:
        """Take everything that waits in the outbox. Reactor only."""
        with self._room:
            data = b"".join(self._outbox)
            self._outbox.clear()
            self.queued = 0
            self._room.notify_all()
        if data:
            self.transport.write(data)

    def _put(self, data: bytes) -> None:
        with self._room:
            self._outbox.append(data)
            self.queued += len(data)

    def _hand_over(self, data: bytes) -> None:
        with self._room:
            while self.queued and self.queued + len(data) > OUTBOX_MAX and not self.gone:
                self._wait_for_progress()
            if self.gone:
                raise ClientGone(WRITE_FAILED)
            self._put(data)
            self.bytes_out += len(data)
            called, self._called = self._called, True
        if not called:
            self._call_in_reactor(self.pump)

    def _wait_for_progress(self) -> None:
        """Wait until the reactor took something, or the client did. The lock is held."""
        before = self.transport.unsent()
        if not self._room.wait(self.timeout) and self.transport.unsent() == before and not self.gone:
            self._fail()


class TLSChannel(Channel):
    """One HTTP connection over TLS. Bodies are read by the reactor: a pool thread only waits for them."""

    writer: TLSWriter
    transport: TLSTransport

    def __init__(
        self,
        server: Server,
        call_in_reactor: Callable[..., object],
        timeout: float,
        shaken: Callable[[TLSChannel, SSL.Connection], object],
        failed: Callable[[TLSChannel, Failure], object],
    ) -> None:
        super().__init__(server, call_in_reactor, timeout)
        self._shaken = shaken
        self._failed = failed

    def make_writer(self) -> SocketWriter:
        """Return the writer, which the socket's transport is to ask before it closes."""
        transport = self.transport
        writer = TLSWriter(transport, self.timeout, self._call_in_reactor)
        transport.transport.writer = writer
        return writer

    def handshake_done(self) -> None:
        """The handshake is over."""
        self._shaken(self, self.transport.getHandle())  # type: ignore[no-untyped-call]

    def handshake_failed(self, reason: Failure) -> None:
        """There will be no handshake, and so no request."""
        self._failed(self, reason)

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Tell everyone who waits for this client that it is gone."""
        self.writer.lose()
        super().connectionLost(reason)

    def hand_over(self) -> None:
        """Leave the reading to the reactor."""

    def receive(self, most: int = READ_SIZE) -> bool:
        """Leave the reading to the reactor, which also looks at the clock."""
        if self.state is State.TALK:
            self.deadline = time.monotonic() + self.timeout
        return False

    def retire(self) -> None:
        """Close the connection if nothing is asked on it; let a connection handler read no more."""
        if isinstance(self._incoming, Conversation):
            self._incoming.finish()
        else:
            super().retire()

    def _accept(self, head: Head) -> None:
        if self.transport.plain:
            self._refuse(BadRequest(400, "plain HTTP was spoken to a port that speaks TLS", PLAIN_HINT))
        else:
            super()._accept(head)
