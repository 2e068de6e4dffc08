"""Server transports whose socket can be lent to a thread."""

from __future__ import annotations

import socket
from typing import Any, cast

from twisted.internet import tcp, unix

from olexd.http.writer import SocketWriter


class _Lendable:
    """What both transports add to Twisted's: they close a lent socket only through its owner.

    The protocol sets `writer` when the connection is made.
    """

    writer: SocketWriter
    socket: socket.socket
    dataBuffer: bytes
    _tempDataLen: int

    def pending(self) -> bool:
        """Return whether queued bytes have not been sent yet."""
        return bool(self._tempDataLen or self.dataBuffer)

    def _closeSocket(self, orderly: bool) -> None:
        if self.writer.abandon():
            super()._closeSocket(orderly)  # type: ignore[misc]

    def doWrite(self) -> Any:
        result = super().doWrite()  # type: ignore[misc]
        if result is None and not self.pending():
            cast(Any, self).protocol.drained()
        return result


class TCPServer(_Lendable, tcp.Server):
    """A TCP connection whose socket a pool thread may write to."""


class UNIXServer(_Lendable, unix.Server):
    """A unix-socket connection whose socket a pool thread may write to."""


class TCPPort(tcp.Port):
    """A TCP listener for `TCPServer` connections.

    TCP_NODELAY is set on the listening socket (accepted ones inherit it): a response may take two sends,
    and the second must not wait for the acknowledgement of the first.
    """

    transport = TCPServer

    def createInternetSocket(self) -> socket.socket:
        """Create the listening socket."""
        sock: socket.socket = tcp.Port.createInternetSocket(self)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


class UNIXPort(unix.Port):
    """A unix-socket listener for `UNIXServer` connections."""

    transport = UNIXServer
