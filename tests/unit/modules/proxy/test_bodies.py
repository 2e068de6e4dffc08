"""Limits of bodies on their way, in a time of our own."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from olexd.modules.proxy.bodies import BLOCK, HIGH_WATER, Patience, ResponseBody


def body_at(clock: Clock) -> tuple[ResponseBody, StringTransport]:
    """Return a response's body and the transport that it comes from."""
    body, transport = ResponseBody(clock, 5), StringTransport()
    body.makeConnection(transport)
    return body, transport


def test_a_body_that_nobody_reads_pauses_its_backend() -> None:
    """At most so much waits for the client; reading goes on once it was taken."""
    body, transport = body_at(Clock())
    for _ in range(HIGH_WATER // BLOCK + 1):
        body.dataReceived(bytes(BLOCK))
    assert transport.producerState == "paused"
    taken = Deferred.fromCoroutine(body.read()).result
    assert isinstance(taken, bytes)
    assert len(taken) == HIGH_WATER + BLOCK
    assert transport.producerState == "producing"


def test_a_backend_that_stands_still_is_given_up() -> None:
    """The time counts while the body is waited for, and begins anew with each part."""
    clock = Clock()
    body, transport = body_at(clock)
    clock.advance(100)
    reading = Deferred.fromCoroutine(body.read())
    clock.advance(4)
    body.dataReceived(b"a")
    assert reading.result == b"a"
    reading = Deferred.fromCoroutine(body.read())
    clock.advance(4)
    assert not reading.called
    clock.advance(2)
    assert (reading.result, body.timed_out, transport.producerState) == (b"", True, "stopped")


def test_a_body_cut_short() -> None:
    """Its reader learns that this was not all."""
    body, _ = body_at(Clock())
    body.dataReceived(b"a")
    body.connectionLost(Failure(ConnectionDone()))
    assert Deferred.fromCoroutine(body.read()).result == b"a"
    assert isinstance(body.error, ConnectionDone)


def test_patience_without_a_limit() -> None:
    """Some waits may last for ever."""
    clock = Clock()
    Patience(clock, None, lambda: None).begin()
    assert clock.getDelayedCalls() == []
