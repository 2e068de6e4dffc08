"""Reading from all connections through one descriptor."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.main import CONNECTION_DONE
from twisted.logger import globalLogPublisher
from twisted.python.failure import Failure

from olexd.http.readers import Readers


class Reactor:
    """Notes who is read from."""

    def __init__(self) -> None:
        self.readers: list[object] = []

    def addReader(self, reader: object) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: object) -> None:
        self.readers.remove(reader)


class Transport:
    """A connection that answers each look with `over`, or by raising it."""

    def __init__(self, over: Exception | None = None, raises: bool = False) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.over = over
        self.raises = raises
        self.looks = 0
        self.lost: list[Failure] = []

    def read_ready(self) -> Exception | None:
        self.looks += 1
        self.ours.recv(100)
        if self.raises and self.over is not None:
            raise self.over
        return self.over

    def connectionLost(self, reason: Failure) -> None:
        self.lost.append(reason)


@pytest.fixture
def readers() -> Iterator[Readers]:
    """A set of connections."""
    made = Readers(Reactor())
    yield made
    made.close()


def add(readers: Readers, *transports: Transport) -> None:
    for transport in transports:
        readers.add(transport.ours.fileno(), transport)


def close(*transports: Transport) -> None:
    for transport in transports:
        transport.ours.close()
        transport.theirs.close()


def test_only_ready_ones_are_read(readers: Readers) -> None:
    """A connection that sent something is read; one that did not is left alone."""
    one, other = Transport(), Transport()
    add(readers, one, other)
    one.theirs.send(b"x")
    readers.doRead()
    assert (one.looks, other.looks) == (1, 0)
    close(one, other)


def test_the_set_is_ready_when_a_connection_is(readers: Readers) -> None:
    """The reactor learns of a connection through the set's own descriptor."""
    one = Transport()
    add(readers, one)
    assert select.select([readers], [], [], 0)[0] == []
    one.theirs.send(b"x")
    assert select.select([readers], [], [], 5)[0] == [readers]
    close(one)


def test_removed_ones_are_not_read(readers: Readers) -> None:
    """After its removal a connection is not looked at, until it is added again."""
    one = Transport()
    add(readers, one)
    readers.remove(one.ours.fileno())
    readers.remove(one.ours.fileno())
    one.theirs.send(b"x")
    readers.doRead()
    assert one.looks == 0
    add(readers, one)
    readers.doRead()
    assert one.looks == 1
    close(one)


def test_one_ends_another_of_the_batch(readers: Readers) -> None:
    """A connection that was removed while its batch was read is left alone."""
    one, other = Transport(), Transport()

    class Ending(Transport):
        def read_ready(self) -> Exception | None:
            for transport in (one, other):
                readers.remove(transport.ours.fileno())
            return super().read_ready()

    ending = Ending()
    add(readers, ending, one, other)
    for transport in (ending, one, other):
        transport.theirs.send(b"x")
    readers.doRead()
    assert (one.looks, other.looks) == (0, 0)
    close(ending, one, other)


def test_over(readers: Readers) -> None:
    """What ends a connection is told to it."""
    one = Transport(over=CONNECTION_DONE)
    add(readers, one)
    one.theirs.send(b"x")
    readers.doRead()
    assert [reason.type for reason in one.lost] == [ConnectionDone]
    close(one)


def test_failure(readers: Readers) -> None:
    """A connection that fails is logged and lost; the others of its batch are served."""
    events: list[Any] = []
    globalLogPublisher.addObserver(events.append)
    bad, good = Transport(over=ValueError("odd"), raises=True), Transport()
    try:
        add(readers, bad, good)
        bad.theirs.send(b"x")
        good.theirs.send(b"x")
        readers.doRead()
    finally:
        globalLogPublisher.removeObserver(events.append)
    assert bad.lost[0].check(ValueError)
    assert good.looks == 1
    assert any(event.get("log_failure") is not None for event in events)
    close(bad, good)
