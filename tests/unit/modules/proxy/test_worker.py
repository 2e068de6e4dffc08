"""Connections to backends: which are kept, for whom, and for how long."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from olexd.http.response_parser import BadResponse
from olexd.modules.proxy.address import split_url
from olexd.modules.proxy.backend import Backend, NoAnswer
from olexd.modules.proxy.bodies import ResponseBody
from olexd.modules.proxy.settings import Parameters
from olexd.modules.proxy.worker import Occupied, Unreachable, Worker

NAME = "192.0.2.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Transport(StringTransport):
    """A connection that knows TCP's options."""

    def setTcpNoDelay(self, wanted: bool) -> None:
        return

    def setTcpKeepAlive(self, wanted: bool) -> None:
        return


class Used:
    """A worker in a time of its own, over TCP."""

    def __init__(self, **parameters: Any) -> None:
        self.reactor: Any = MemoryReactorClock()
        address = split_url(f"http://{NAME}/")[0]
        self.worker = Worker(self.reactor, address, Parameters(**parameters), None)

    def connect(self, name: str = NAME, fresh: bool = False) -> Backend:
        """Return a connection, a new one if there has to be one."""
        before = len(self.reactor.tcpClients)
        connecting = self.worker.connect(name, fresh)
        if len(self.reactor.tcpClients) > before:
            factory = self.reactor.tcpClients[-1][2]
            protocol = factory.buildProtocol(None)
            protocol.makeConnection(Transport())
        found: list[Backend] = []
        connecting.addCallback(found.append)
        (backend,) = found
        return backend

    def answered(self, response: bytes = OK) -> Backend:
        """Return a connection that has been used, and given back."""
        backend = self.connect()
        backend.expect(b"GET", b"", ResponseBody(Clock(), 5, backend))
        backend.dataReceived(response)
        self.worker.give_back(backend, NAME)
        return backend


def closed(backend: Backend) -> bool:
    """Return whether a connection was closed."""
    return bool(backend.transport.disconnected or backend.transport.disconnecting)


def test_a_connection_is_kept() -> None:
    """The next request takes the connection of the last, unless it wants a new one."""
    used = Used()
    backend = used.answered()
    assert used.connect(fresh=True) is not backend
    assert used.connect() is backend
    assert used.connect() is not backend


def test_a_connection_is_read_from_again() -> None:
    """A large body that came at once stopped the reading; the next response is read all the same."""
    used = Used()
    backend = used.answered(b"HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + bytes(400_000))
    assert used.connect() is backend
    assert backend.transport.producerState == "producing"


def test_a_connection_belongs_to_a_host() -> None:
    """What was proven for one name is not used for another."""
    used = Used()
    backend = used.answered()
    assert used.connect("other.example") is not backend
    assert used.connect() is backend


def test_a_connection_is_kept_for_a_while() -> None:
    """Then it is closed; one that is used again is not closed under its request."""
    used = Used(idle=9.0)
    backend = used.answered()
    used.reactor.advance(8)
    assert used.connect() is backend
    used.reactor.advance(8)
    assert not closed(backend)
    backend = used.answered()
    used.reactor.advance(10)
    assert closed(backend)
    assert used.connect() is not backend


@pytest.mark.parametrize(
    "response",
    [
        OK + b"x",
        OK[:-1],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"",
    ],
)
def test_what_is_not_kept(response: bytes) -> None:
    """A response that is not over, that closes, or that something follows leaves no connection behind."""
    used = Used()
    backend = used.answered(response)
    assert closed(backend)
    assert used.connect() is not backend


def test_reuse_switched_off() -> None:
    """Nothing is kept then."""
    assert closed(Used(reuse=False).answered())


def test_only_so_many_are_kept() -> None:
    """No more than the backend is asked at a time."""
    used = Used(most=1)
    first, second = used.connect(), used.connect()
    for backend in (first, second):
        backend.expect(b"GET", b"", ResponseBody(Clock(), 5, backend))
        backend.dataReceived(OK)
        used.worker.give_back(backend, NAME)
    assert (closed(first), closed(second)) == (False, True)


def test_words_that_nobody_asked_for() -> None:
    """A backend that speaks on an unused connection is not heard: its words would answer the next request."""
    used = Used()
    backend = used.answered()
    backend.dataReceived(OK)
    assert closed(backend)
    assert used.connect() is not backend
    assert used.reactor.getDelayedCalls() == []


def test_an_unused_connection_that_ends() -> None:
    """It is forgotten."""
    used = Used()
    backend = used.answered()
    backend.connectionLost(Failure(ConnectionDone()))
    assert used.connect() is not backend


def test_nobody_there() -> None:
    """No connection means that nothing was sent, which those who wait are told."""
    used = Used()
    connecting = used.worker.connect(NAME)
    factory = used.reactor.tcpClients[0][2]
    factory.clientConnectionFailed(None, Failure(ConnectionRefusedError(111, "refused")))
    reasons: list[Failure] = []
    connecting.addErrback(reasons.append)
    assert reasons[0].check(Unreachable)
    assert NAME in reasons[0].getErrorMessage()


@pytest.mark.parametrize(
    ("sent", "reason", "expected"),
    [
        (b"", ConnectionDone(), NoAnswer),
        (b"HTTP/1.1 200 OK\r\nX", ConnectionDone(), BadResponse),
        (b"HTTP/1.1 200 OK\n", ConnectionDone(), BadResponse),
    ],
)
def test_heads_that_do_not_come(sent: bytes, reason: Exception, expected: type[Exception]) -> None:
    """Whether anything came before the end is told apart: only nothing at all may be asked for again."""
    backend = Used().connect()
    head = backend.expect(b"GET", b"", ResponseBody(Clock(), 5, backend))
    if sent:
        backend.dataReceived(sent)
    backend.connectionLost(Failure(reason))
    reasons: list[Failure] = []
    head.addErrback(reasons.append)
    assert reasons[0].check(expected)


@pytest.mark.parametrize(
    ("head", "reason", "whole"),
    [
        (b"", ConnectionDone(), True),
        (b"", ConnectionLost(), False),
        (b"Content-Length: 9\r\n", ConnectionDone(), False),
        (b"Transfer-Encoding: chunked\r\n", ConnectionDone(), False),
    ],
)
def test_bodies_that_end_with_the_connection(head: bytes, reason: Exception, whole: bool) -> None:
    """An end in order ends a body without a length; any other end cuts it."""
    backend = Used().connect()
    body = ResponseBody(Clock(), 5, backend)
    backend.expect(b"GET", b"", body)
    backend.dataReceived(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
    backend.connectionLost(Failure(reason))
    assert (body.ended, body.error is None) == (True, whole)


def test_turns() -> None:
    """A backend that answers as many requests as it may makes others wait, for so long."""
    used = Used(most=1, acquire=2.0)
    first = Deferred.fromCoroutine(used.worker.take_turn(9))
    second, third = (Deferred.fromCoroutine(used.worker.take_turn(9)) for _ in range(2))
    assert (first.called, second.called, used.worker.busy) == (True, False, 1)
    used.worker.end_turn()
    assert (second.called, used.worker.busy) == (True, 1)
    used.reactor.advance(3)
    reasons: list[Failure] = []
    third.addErrback(reasons.append)
    assert reasons[0].check(Occupied)
    assert used.worker.busy == 1


def test_a_backend_that_is_left_alone() -> None:
    """It is tried again after a while, or as soon as somebody reached it."""
    used = Used(retry=5.0)
    used.worker.note_failure()
    used.reactor.advance(4)
    assert used.worker.is_down
    used.reactor.advance(2)
    assert not used.worker.is_down
    used.worker.note_failure()
    used.worker.note_success()
    assert not used.worker.is_down
