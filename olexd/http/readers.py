"""Reading from all connections through one descriptor.

The reactor spends several microseconds on every ready descriptor (log context, checks, dispatch). Connections
therefore stand in an epoll set of their own, and the reactor sees only that set: once per batch.
"""

from __future__ import annotations

import select
from typing import Any, Final, Protocol

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.logger import Logger
from twisted.python.failure import Failure

BATCH: Final = 256
"""How many ready connections are served before the reactor looks after other things."""
_READY: Final = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR
_DONE: Final = Failure(ConnectionDone())
_LOST: Final = Failure(ConnectionLost())


class Readable(Protocol):
    """A connection's transport."""

    def read_ready(self) -> Exception | None:
        """Read what there is; return why the connection is over, or None."""

    def connectionLost(self, reason: Failure) -> None:
        """The connection is over."""


class Readers:
    """The connections that are being read from. Reactor only."""

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._epoll = select.epoll()
        self._transports: dict[int, Readable] = {}
        reactor.addReader(self)

    def add(self, descriptor: int, transport: Readable) -> None:
        """Read from a connection from now on."""
        if descriptor not in self._transports:
            self._transports[descriptor] = transport
            self._epoll.register(descriptor, _READY)

    def watch(self, descriptor: int) -> None:
        """Only look out for the end of a connection that is being read from."""
        if descriptor in self._transports:
            self._epoll.modify(descriptor, 0)

    def remove(self, descriptor: int) -> None:
        """Stop reading from a connection; must be called before its descriptor is closed."""
        if self._transports.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def close(self) -> None:
        """Give the set itself up, at the end of the service."""
        self._reactor.removeReader(self)
        self._epoll.close()

    # What the reactor calls

    def fileno(self) -> int:
        """The descriptor of the set."""
        return self._epoll.fileno()

    def logPrefix(self) -> str:
        """How the reactor's log calls this."""
        return "http"

    def doRead(self) -> None:
        """Let every connection read that has something."""
        transports = self._transports
        for descriptor, _ in self._epoll.poll(0, BATCH):
            # An earlier one of the batch may have ended this one.
            transport = transports.get(descriptor)
            if transport is None:
                continue
            try:
                over = transport.read_ready()
            except Exception as error:
                self._log.failure("a connection failed")
                over = error
            if over is not None:
                transport.connectionLost(_reason(over))

    def connectionLost(self, reason: Failure) -> None:
        """Nothing can be done about a lost epoll set but to say so."""
        self._log.error("the set of connections was lost: {reason}", reason=reason)


def _reason(over: Exception) -> Failure:
    if isinstance(over, ConnectionDone):
        return _DONE
    return _LOST if isinstance(over, ConnectionLost) else Failure(over)
