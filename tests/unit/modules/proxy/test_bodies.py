"""Limits of bodies on their way, in a time of our own."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock

from olexd.modules.proxy.bodies import BLOCK, HIGH_WATER, Patience, ResponseBody


class FakeSource:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told = "nothing"

    def pause(self) -> None:
        """Be told so."""
        self.told = "pause"

    def resume(self) -> None:
        """Be told so."""
        self.told = "resume"

    def abort(self) -> None:
        """Be told so."""
        self.told = "abort"


def body_at(clock: Clock) -> tuple[ResponseBody, FakeSource]:
    """Return a response's body and whom it comes from."""
    source = FakeSource()
    return ResponseBody(clock, 5, source), source


def test_a_body_that_nobody_reads_pauses_its_backend() -> None:
    """At most so much waits for the client; reading goes on once it was taken."""
    body, source = body_at(Clock())
    for _ in range(HIGH_WATER // BLOCK + 1):
        body.take(bytes(BLOCK))
    assert source.told == "pause"
    taken = Deferred.fromCoroutine(body.read()).result
    assert isinstance(taken, bytes)
    assert len(taken) == HIGH_WATER + BLOCK
    assert source.told == "resume"


def test_a_backend_that_stands_still_is_given_up() -> None:
    """The time counts while the body is waited for, and begins anew with each part."""
    clock = Clock()
    body, source = body_at(clock)
    clock.advance(100)
    reading = Deferred.fromCoroutine(body.read())
    clock.advance(4)
    body.take(b"a")
    assert reading.result == b"a"
    reading = Deferred.fromCoroutine(body.read())
    clock.advance(4)
    assert not reading.called
    clock.advance(2)
    assert (reading.result, body.timed_out, source.told) == (b"", True, "abort")


def test_a_body_cut_short() -> None:
    """Its reader learns that this was not all."""
    body, _ = body_at(Clock())
    body.take(b"a")
    body.finish(ConnectionDone())
    assert Deferred.fromCoroutine(body.read()).result == b"a"
    assert isinstance(body.error, ConnectionDone)


def test_patience_without_a_limit() -> None:
    """Some waits may last for ever."""
    clock = Clock()
    Patience(clock, None, lambda: None).begin()
    assert clock.getDelayedCalls() == []


def test_patience_that_is_settled() -> None:
    """Nothing begins a wait again whose outcome is known."""
    clock = Clock()
    patience = Patience(clock, 5, lambda: None)
    patience.begin()
    patience.settle()
    patience.begin()
    assert clock.getDelayedCalls() == []
