"""How connections begin: the time a proxy has for its header, and who needs none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock

from olexd.front import HEADER_SECONDS, Front, FrontFactory
from olexd.http.channel import Channel
from olexd.http.readers import Readers
from olexd.modules.registry import MODULES
from olexd.phases.table import PhaseTable
from olexd.process.pool import Pool
from olexd.site import Site
from tests.unit.support import configure

HEADER = b"PROXY TCP4 203.0.113.7 127.0.0.1 5000 80\r\n"


class Transport:
    """An accepted connection in a time of our own; `ended` is how it was closed."""

    def __init__(self, clock: Clock, peer: str) -> None:
        self.reactor = clock
        self.socket = socket.socket()
        self.peer = peer
        self.protocol: Any = None
        self.writer: Any = None
        self.ended = ""

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 80)

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", self.peer, 5000)

    def abortConnection(self) -> None:
        self.ended = "aborted"

    def drop(self) -> None:
        self.ended = "dropped"


class Reactor:
    """Takes calls from threads, and forgets them."""

    def callFromThread(self, call: Any, *args: Any) -> None:
        return


class Begun:
    """A connection that has just been accepted."""

    def __init__(self, peer: str = "192.0.2.1", more: str = "") -> None:
        config = configure(f"ErrorLog /dev/null\nLogLevel crit\nRemoteIPProxyProtocol On\n{more}")
        site = Site(config, PhaseTable(MODULES, ()), cast(Pool, None), cast(Any, Reactor()))
        self.clock = Clock()
        self.factory = FrontFactory(site, cast(Readers, None))
        self.front = cast(Front, self.factory.buildProtocol(None))
        self.transport = Transport(self.clock, peer)
        self.transport.protocol = self.front
        self.front.makeConnection(cast(Any, self.transport))

    @property
    def client(self) -> str | None:
        """Who the site thinks is there, None as long as it knows of nobody."""
        speaker = self.transport.protocol
        return speaker.connection.client_ip if isinstance(speaker, Channel) else None


@pytest.fixture
def begun() -> Iterator[Begun]:
    """A connection that has to begin with a header."""
    begun = Begun()
    yield begun
    begun.transport.socket.close()


def test_a_header_that_does_not_come(begun: Begun) -> None:
    """A connection without one is closed when its time is over, and not before."""
    begun.clock.advance(HEADER_SECONDS - 0.1)
    assert begun.transport.ended == ""
    begun.clock.advance(0.2)
    assert begun.transport.ended == "aborted"
    assert begun.factory.waiting == set()


def test_a_header_that_trickles_in(begun: Begun) -> None:
    """Single bytes do not prolong the time."""
    for byte in HEADER[:30]:
        begun.clock.advance(HEADER_SECONDS / 29)
        if begun.transport.ended:
            break
        begun.front.dataReceived(bytes([byte]))
    assert begun.transport.ended == "aborted"


def test_a_header_in_time(begun: Begun) -> None:
    """It names the client; the time limit is over, and what is waited for now is a request."""
    begun.clock.advance(HEADER_SECONDS - 0.1)
    begun.front.dataReceived(HEADER)
    assert begun.client == "203.0.113.7"
    assert begun.clock.getDelayedCalls() == []
    assert begun.factory.waiting == set()


def test_another_beginning(begun: Begun) -> None:
    """It is closed at once, and nothing is left behind."""
    begun.front.dataReceived(b"GET / HTTP/1.1\r\n")
    assert (begun.transport.ended, begun.client) == ("aborted", None)
    assert begun.clock.getDelayedCalls() == []


def test_a_client_that_leaves(begun: Begun) -> None:
    """Nobody waits for its header any more."""
    begun.front.connectionLost()
    assert begun.clock.getDelayedCalls() == []
    assert begun.factory.waiting == set()


def test_the_end_of_the_service(begun: Begun) -> None:
    """Connections that have not begun are closed too."""
    begun.factory.drop_waiting()
    assert begun.transport.ended == "dropped"


@pytest.mark.parametrize(
    ("peer", "needs_header"),
    [
        ("192.0.2.1", False),
        ("192.0.2.2", True),
        ("10.1.2.3", False),
        ("10.2.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("2001:db8::1", False),
        ("2001:db9::1", True),
    ],
)
def test_exceptions(peer: str, needs_header: bool) -> None:
    """Listed peers begin without a header, and are who they are; all others have to send one."""
    listed = "RemoteIPProxyProtocolExceptions 192.0.2.1 10.1.0.0/16 2001:db8::/32"
    begun = Begun(peer, listed)
    assert begun.client == (None if needs_header else peer.removeprefix("::ffff:"))
    assert bool(begun.clock.getDelayedCalls()) is needs_header
    begun.transport.socket.close()


def test_a_listed_peer_cannot_say_who_it_is() -> None:
    """The header of one that needs none is no header: it is a malformed request."""
    begun = Begun("192.0.2.1", "RemoteIPProxyProtocolExceptions 192.0.2.1")
    assert isinstance(begun.transport.protocol, Channel)
    assert begun.client == "192.0.2.1"
    begun.transport.socket.close()
