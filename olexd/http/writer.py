"""Sending on a connection's socket, and who may close it.

The writer owns the socket while it writes: a pool thread sends straight to the non-blocking socket and
polls for room when the client is slow. Until the thread gives the socket back, the reactor never closes
its descriptor (the number could be given to a new connection while the thread is about to write to it,
and one user's page would go to another); it shuts the connection down and leaves the closing to the owner.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Awaitable, Sequence
from typing import Final, NoReturn, Protocol

from olexd.errors import ClientGone

WRITE_FAILED: Final = "Write failed, client closed connection."
READ_SIZE: Final = 65536
POLL_MAX: Final = 1_000_000.0
"""Seconds; poll() takes little more than twice as many."""
_IOV_MAX: Final = 64
HELD_MAX: Final = 16384
"""How many flushed bytes may be held for a moment."""
ROOM_MAX: Final = 65536
"""How many bytes may wait in the reactor's transport before a coroutine has to wait for room."""
TURN_MAX: Final = 1 << 20
"""How much a coroutine may send before the reactor looks after others, however fast its client reads."""
JOIN_MAX: Final = 262144
"""Up to this size one copy is cheaper than a scattered send."""


class Transport(Protocol):
    """What the writer needs of the reactor's transport."""

    def write(self, data: bytes) -> None:
        """Queue bytes for sending."""

    def pending(self) -> bool:
        """Return whether queued bytes have not been sent yet."""

    def unsent(self) -> int:
        """Return how many bytes are queued."""

    def room(self) -> Awaitable[None]:
        """Return what a coroutine awaits until everything queued has been sent, or the client is gone.

        It waits for one turn of the reactor at least.
        """


class EndOfInput(ConnectionError):
    """The client has sent its last byte."""


class SocketWriter:
    """One connection's outgoing side.

    Exactly one side uses it at a time: a pool thread between `lend()` and `give_back()`, else the reactor.
    `gone` is set as soon as the connection is known to be lost; every later send raises ClientGone.
    """

    __slots__ = (
        "_held",
        "_held_size",
        "_holding",
        "_turn_began",
        "abandoned",
        "bytes_out",
        "gone",
        "lent",
        "sock",
        "timeout",
        "transport",
    )

    def __init__(self, sock: socket.socket, transport: Transport, timeout: float) -> None:
        self.sock = sock
        self.transport = transport
        self.timeout = timeout
        """Seconds that a send may stand still before the client counts as gone."""
        self.bytes_out = 0
        self._held: list[bytes] = []
        self._held_size = 0
        self._holding: threading.Lock | None = None
        """Set once something was held: from then on every use of the socket takes it."""
        self._turn_began = 0
        self.lent = False
        self.gone = False
        self.abandoned = False
        """The reactor is done with the socket and its descriptor."""

    @property
    def accepted(self) -> int:
        """How many bytes were sent or are about to be."""
        return self.bytes_out + self._held_size

    def gone_twin(self) -> SocketWriter:
        """Return a writer of the same connection for which the client is gone: it never sends anything."""
        twin = SocketWriter(self.sock, self.transport, self.timeout)
        twin.gone = True
        return twin

    def lend(self) -> None:
        """Hand the socket to the pool thread that answers the request. Reactor only."""
        self.lent = True

    def give_back(self) -> None:
        """End the loan; close the socket when the reactor gave it up meanwhile. Any thread.

        The order of the two steps, and the opposite order in `abandon()`, make sure that at least one side
        sees the other's; both seeing it is harmless, closing twice is not an error.
        """
        self.lent = False
        if self.abandoned:
            self.sock.close()

    def abandon(self) -> bool:
        """Give the connection up; return whether the caller shall close the socket. Reactor only."""
        self.gone = self.abandoned = True
        if not self.lent:
            return True
        self.shut_down()
        return False

    def shut_down(self) -> None:
        """End the conversation in both directions without touching the descriptor's number."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            # Not connected any more: that is what was wanted.
            return

    def end_input(self) -> None:
        """Let whoever reads find the client's last byte; what is written still goes out. Any thread."""
        try:
            self.sock.shutdown(socket.SHUT_RD)
        except OSError:
            # Not connected any more: there is nothing to read either.
            return

    def hold(self, parts: Sequence[bytes]) -> bool:
        """Keep flushed bytes for a moment; return False when they should rather be sent now.

        A handler's flush and the end of its response are mostly microseconds apart: what is held goes out
        together with the next send, or when `release()` is called because the handler takes longer.
        """
        if self.gone:
            raise ClientGone(WRITE_FAILED)
        size = sum(map(len, parts))
        if self._held_size + size > HELD_MAX:
            return False
        if self._holding is None:
            self._holding = threading.Lock()
        with self._holding:
            self._held += parts
            self._held_size += size
        return True

    def release(self) -> None:
        """Send what is held as far as the socket takes it now. Reactor only, at any time."""
        if self._holding is None or not self._held or self.gone:
            return
        with self._holding:
            data = b"".join(self._take_held())
            if not data:
                return
            try:
                sent = 0 if self.transport.pending() else self.sock.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                # The handler learns of it at its next write.
                self.gone = True
                self.shut_down()
                return
            self.bytes_out += sent
            if sent == len(data):
                return
            if self.lent:
                self._held = [data[sent:]]
                self._held_size = len(data) - sent
            else:
                self.bytes_out += len(data) - sent
                self.transport.write(data[sent:])

    def _take_held(self) -> list[bytes]:
        held = self._held
        self._held = []
        self._held_size = 0
        return held

    def _with_held(self, parts: Sequence[bytes]) -> Sequence[bytes]:
        """Return what is to be sent before and with `parts`."""
        if self._holding is None:
            return parts
        with self._holding:
            return [*self._take_held(), *parts]

    def send(self, parts: Sequence[bytes]) -> None:
        """Send all of `parts`, waiting for room as long as the client takes data. Pool thread only.

        Raises ClientGone when the client closed, reset, or took nothing for `timeout` seconds.
        """
        if self.gone:
            raise ClientGone(WRITE_FAILED)
        parts = self._with_held(parts)
        if not parts:
            return
        size = sum(map(len, parts))
        if size <= JOIN_MAX and len(parts) > 1:
            parts = (b"".join(parts),)
        try:
            sent = self.sock.send(parts[0]) if len(parts) == 1 else self.sock.sendmsg(parts[:_IOV_MAX])
        except BlockingIOError:
            sent = 0
        except OSError:
            self._fail()
        self.bytes_out += sent
        if sent != size:
            self._send_rest([memoryview(part) for part in parts], sent)

    def _send_rest(self, views: list[memoryview], done: int) -> None:
        while True:
            while views and done >= len(views[0]):
                done -= len(views.pop(0))
            if not views:
                return
            views[0] = views[0][done:]
            done = 0
            self._wait_for_room()
            try:
                done = self.sock.sendmsg(views[:_IOV_MAX])
            except BlockingIOError:
                continue
            except OSError:
                self._fail()
            self.bytes_out += done

    def send_file(self, fd: int, offset: int, length: int) -> int:
        """Send `length` bytes of the open file `fd` from `offset`; return how many. Pool thread only.

        Fewer are sent only when the file ends early. Raises ClientGone like `send()`.
        """
        # Not only what is held goes first, but also what the reactor is about to release.
        self.send(())
        total = 0
        while total < length:
            try:
                sent = os.sendfile(self.sock.fileno(), fd, offset + total, length - total)
            except BlockingIOError:
                self._wait_for_room()
                continue
            except OSError:
                self._fail()
            if not sent:
                break
            total += sent
            self.bytes_out += sent
        return total

    def receive(self, seconds: float, most: int = READ_SIZE) -> bytes:
        """Return `most` or fewer bytes that the client sent, waiting for them. Pool thread only.

        Raises TimeoutError when nothing comes in `seconds` (or the writer's own timeout, if that is less),
        EndOfInput when the client sends no more, another OSError when it is gone.
        """
        while True:
            try:
                data = self.sock.recv(most)
            except BlockingIOError:
                self._wait_for(select.POLLIN, min(seconds, self.timeout))
                continue
            if not data:
                raise EndOfInput("client closed connection")
            return data

    def _wait_for(self, event: int, seconds: float) -> None:
        poll = select.poll()
        poll.register(self.sock, event)
        if seconds <= 0 or not poll.poll(min(seconds, POLL_MAX) * 1000):
            raise TimeoutError("the client stands still")

    def send_soon(self, parts: Sequence[bytes]) -> None:
        """Send what the socket takes now and leave the rest to the transport. Reactor only."""
        if self.gone:
            raise ClientGone(WRITE_FAILED)
        data = b"".join(self._with_held(parts))
        self.bytes_out += len(data)
        sent = 0
        if not self.transport.pending():
            try:
                sent = self.sock.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._fail()
        if sent != len(data):
            self.transport.write(data[sent:])

    async def room(self, turn: bool = False) -> None:
        """Wait until little is queued in the transport; for a `turn` of the reactor if nothing is.

        Reactor only. Raises ClientGone.
        """
        if turn or self.transport.unsent() > ROOM_MAX or self.bytes_out - self._turn_began > TURN_MAX:
            self._turn_began = self.bytes_out
            await self.transport.room()
        if self.gone:
            raise ClientGone(WRITE_FAILED)

    def _wait_for_room(self) -> None:
        if self.gone:
            self._fail()
        try:
            self._wait_for(select.POLLOUT, self.timeout)
        except TimeoutError:
            self._fail()

    def _fail(self) -> NoReturn:
        self.gone = True
        self.shut_down()
        raise ClientGone(WRITE_FAILED)
