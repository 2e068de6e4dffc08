"""One HTTP/1.1 connection: the Twisted protocol that reads requests and passes them on.

The reactor reads; a pool thread may write (see `writer.py`). What follows what is in `state.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from olexd.errors import BadRequest
from olexd.http.chunked import ChunkedDecoder
from olexd.http.length import LengthDecoder
from olexd.http.outlet import Outlet, fire
from olexd.http.parser import Head, HeadParser
from olexd.http.roles import Intake, Server
from olexd.http.state import (
    ANSWERED,
    BODY,
    BODY_END,
    BUSY,
    CLOSED,
    DRAIN,
    HEAD,
    LAST_ANSWER,
    LINGER,
    LOST,
    REQUEST,
    REQUEST_WITH_BODY,
    TAKEN,
    TALK,
    TRANSITIONS,
    Event,
    State,
)
from olexd.http.writer import READ_SIZE, EndOfInput, SocketWriter

PIPELINED_MAX: Final = 65536
"""How many bytes of further requests are taken in while one is answered; then reading pauses."""
LINGER_SECONDS: Final = 2.0
"""How long a closing connection may go on sending, so that it can read our last response first."""
DRAIN_MAX: Final = 1 << 20
"""How many unread body bytes are worth reading to keep a connection; more, and it closes."""


class Channel(Protocol):
    """One connection. `connection` is the server's own record of it.

    `deadline` (monotonic seconds) is when the present wait becomes too long, that of the `outlet` when the
    client has to have taken something of what a coroutine wants to send; the server's clock compares.
    """

    writer: SocketWriter
    outlet: Outlet
    client_address: str | None = None
    """Who the client is when a proxy said so before the first request."""
    transport: Any
    """A transport of `transport.py` (Twisted types only part of its methods)."""

    def __init__(self, server: Server, call_in_reactor: Callable[..., object], timeout: float) -> None:
        self.server = server
        self.connection: Any = None
        self.task: Any = None
        """What answers the present request, for the server."""
        self.keep_alive_timeout = 5.0
        self.state: State = HEAD
        self.deadline = inf
        self._timeout = self._talk_timeout = timeout
        self._call_in_reactor = call_in_reactor
        self._parser = HeadParser(server.limits, server.heads)
        self._pending = bytearray()
        self._looking = False
        """`_take_pending()` is at work."""
        self._paused = False
        self._paused_at = 0.0
        self._intake: Intake | None = None
        self._pulled = False
        """A pool thread reads the body."""
        self._ended = False
        """The client will send nothing more."""
        self._broken = False
        """The framing of the present request's body is lost."""
        self._decoder: ChunkedDecoder | LengthDecoder = LengthDecoder(0)
        self._drained_bytes = 0
        self._wait_started = 0.0
        self._wait_received = 0
        self._waited = 0.0
        self._probed: Any = None
        """The task that waits for a client which was asked whether it is still there."""

    # What Twisted calls

    def connectionMade(self) -> None:
        """Get ready for the first head."""
        self.writer = self.transport.writer = self.make_writer()
        self.outlet = Outlet(self.transport, self._timeout)
        self._expect_head(time.monotonic())
        self.server.connected(self)

    def make_writer(self) -> SocketWriter:
        """Return what sends on the connection."""
        return SocketWriter(self.transport.socket, self.transport, self._timeout)

    def dataReceived(self, data: bytes) -> None:
        """Take what the client sent."""
        state = self.state
        if state is HEAD:
            self._head_data(data)
        elif state is BUSY:
            self._hold(data)
        elif state is BODY or state is DRAIN:
            self._body_data(data)
        elif state is TALK:
            self._talk_data(data)

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Tell everyone who waits for this client that it is gone."""
        self._go(LOST)
        self.deadline = inf
        self.writer.gone = True
        # First what is cancelled: what is woken below may begin to wait for something else, and is let.
        self.server.disconnected(self)
        if self._intake is not None:
            self._intake.fail(ConnectionError("client closed connection"))
            self._intake = None
        self.outlet.tell()

    def drained(self) -> None:
        """Everything queued in the transport has been sent."""
        if self.state is LINGER:
            self.deadline = time.monotonic() + LINGER_SECONDS
        elif self.state is HEAD and not self._wait_started:
            self.deadline = time.monotonic() + self.keep_alive_timeout
        self.outlet.tell()

    def answer_pending(self) -> bool:
        """The client sent its last byte; return whether it is to get an answer all the same.

        Many clients close their sending side after the request. One that left altogether looks the same until
        something is sent; see `_may_be_there()`.
        """
        if self.state is BUSY:
            task = self.task
            self._ended = task is None or not task.keeps_waiting or self._may_be_there()
        elif self.state is TALK:
            self._ended = True
            self.deadline = inf
            if self._intake is not None:
                self._intake.finish()
        elif self.state is HEAD or self.state is LINGER:
            self._ended = self.transport.unsent() > 0
            if self._ended:
                self._close()
        return self._ended

    # What the answering side calls

    def answer_waits(self) -> None:
        """The answer waits for something on the reactor: is a client that sent its last byte still there?"""
        if self._ended and self.state is BUSY and not self._may_be_there():
            self.transport.abortConnection()

    def _may_be_there(self) -> bool:
        """Return whether a client that sent its last byte may be waiting for the answer still.

        A unix socket tells when its client leaves altogether. Over TCP only sending something does: the
        kernel of a client that left answers with a reset, which `Readers` watches for. Where nothing can be
        sent in advance of the answer the client counts as left.
        """
        if self.transport.tells_departure or self._probed is self.task:
            return True
        self._probed = self.task
        return bool(self.task.probe())

    def when_drained(self) -> Deferred[None]:
        """Return a Deferred that fires once the transport has sent what was queued (or the client left)."""
        deferred: Deferred[None] = Deferred(self._wake_if_gone)
        if self.state is CLOSED or not self.transport.pending():
            deferred.callback(None)
        else:
            self.outlet.wait(deferred)
        return deferred

    def room(self) -> Deferred[None]:
        """`when_drained()` that lets the reactor look after others first."""
        if self.transport.pending():
            return self.when_drained()
        deferred: Deferred[None] = Deferred(self._wake_if_gone)
        self._call_in_reactor(fire, deferred)
        return deferred

    def answered(self, persist: bool, in_reactor: bool) -> None:
        """The response is complete. Any thread; `in_reactor` tells which.

        In the common case - the request had arrived whole, nothing follows it yet - a pool thread makes
        the connection ready for its next request without waking the reactor.
        """
        self.writer.give_back()
        if persist and self.state is BUSY and not (self._pending or self._paused or self._ended):
            self.deadline = time.monotonic() + self.keep_alive_timeout
            self._wait_started = 0.0
            self._intake = None
            self.state = TRANSITIONS[BUSY][ANSWERED]
            # What came in between the two looks must not be forgotten.
            if self._pending or self._ended:
                self._call_in_reactor(self._take_pending)
        elif in_reactor:
            self._answered(persist)
        else:
            self._call_in_reactor(self._answered, persist)

    def resume(self) -> None:
        """The body's reader has room again. Any thread."""
        if not self._pulled:
            self._call_in_reactor(self._resume)

    def hand_over(self) -> None:
        """Let the pool thread that answers read the rest of the body itself. Reactor only."""
        if self.state is BODY or self.state is TALK:
            self._pause()
            self._pulled = True

    def take_back(self) -> None:
        """Read the rest of the body on the reactor again. Reactor only."""
        if self._pulled:
            self._resume()

    def receive(self, most: int = READ_SIZE) -> bool:
        """Read up to `most` bytes of the body on this pool thread; False when the reactor does that."""
        if not self._pulled:
            return False
        if self.state is TALK:
            self._receive_talk()
            return True
        limits = self.server.limits
        allowed = limits.body_seconds(self._wait_received)
        started = time.monotonic()
        try:
            data = self.writer.receive(allowed - self._waited, most)
        except OSError as error:
            if self._intake is not None:
                self._intake.fail(error)
        else:
            # Only the time spent waiting for the client counts against it.
            self._waited += time.monotonic() - started
            self._body_data(data)
        return True

    def invited(self) -> None:
        """The client was told to send the body: from now on it is to hurry. Any thread."""
        if self.state is BODY:
            self._wait_started = time.monotonic()
            self.deadline = self._wait_started + (self.server.limits.body_timeout or inf)

    def signal(self) -> Deferred[None]:
        """Return something a coroutine on the reactor can wait for.

        Cancelling it when the client is gone wakes the coroutine: it finds out itself, and says so in the
        words of the blocking calls.
        """
        if self.state is TALK:
            self.deadline = time.monotonic() + self._talk_timeout
        return Deferred(self._wake_if_gone)

    def _wake_if_gone(self, deferred: Deferred[None]) -> None:
        if self.writer.gone:
            deferred.callback(None)
        elif self.state is TALK:
            self.deadline = inf

    def retire(self) -> None:
        """Close the connection if nothing is asked on it; let a connection handler read no more."""
        if self.state is HEAD and not self._parser.started:
            self.transport.loseConnection()
        elif self.state is TALK:
            self.writer.end_input()

    def cut_off(self) -> None:
        """The request was answered in its handler's place, which may use the socket still. Reactor only."""
        intake, self._intake = self._intake, None
        self._close()
        if intake is not None:
            intake.fail(ConnectionError("the request took too long"))

    # Connection handlers

    def talk(self, intake: Intake, patience: float | None = None) -> None:
        """Give what arrives to `intake` from now on, as it is. Reactor only.

        `patience` is for how many seconds a reader may wait for the client (default: Timeout).
        """
        self._go(TAKEN)
        self.deadline = inf
        self._talk_timeout = self._timeout if patience is None else patience
        self._intake = intake
        if self._pending:
            data = bytes(self._pending)
            self._pending.clear()
            self._resume()
            self._talk_data(data)
        if self._ended:
            intake.finish()

    def speak_http(self, rest: bytes) -> None:
        """The connection handler declined: read requests, beginning with what it left. Reactor only."""
        self.writer.give_back()
        if self.state is CLOSED:
            self.server.disconnected(self)
            return
        self._go(ANSWERED)
        self._intake = None
        self._pulled = False
        self._expect_head(time.monotonic())
        self._pending += rest
        self._take_pending()

    def hang_up(self) -> None:
        """The connection handler is done: send what is queued and close. Reactor only."""
        self.writer.give_back()
        if self.state is CLOSED:
            self.server.disconnected(self)
        else:
            self._close()

    def _talk_data(self, data: bytes) -> None:
        self.deadline = inf
        if self._intake is not None and not self._intake.feed(data):
            self._pause()

    def _receive_talk(self) -> None:
        """Read on this pool thread for a connection handler."""
        intake = self._intake
        if intake is None:
            return
        try:
            data = self.writer.receive(inf)
        except EndOfInput:
            self._ended = True
            intake.finish()
        except OSError as error:
            intake.fail(error)
        else:
            intake.feed(data)

    # Timeouts

    def timed_out(self, now: float) -> None:
        """A deadline has passed: say so if the client is owed an answer, and close."""
        if self.outlet.deadline < now:
            if self.outlet.is_stuck(now):
                self.transport.abortConnection()
            return
        if self._pulled:
            # The thread that reads keeps the time itself.
            return
        self.deadline = inf
        if self.state is BUSY or (self.transport.pending() and self._still_sending(now)):
            return
        if self.state is HEAD and self._parser.started:
            self._refuse(BadRequest(408, "the request's head did not arrive in time"))
        elif self.state is BODY and self._paused:
            # It is not the client that keeps us waiting.
            self.deadline = now + self.server.limits.body_timeout
        elif self.state is BODY and self._intake is not None:
            self._intake.fail(TimeoutError("the request's body did not arrive in time"))
        elif self.state is TALK and self._intake is not None:
            self._intake.fail(TimeoutError("nothing arrived in time"))
        elif self.state is DRAIN or self.transport.pending():
            self.transport.abortConnection()
        else:
            # Not a reset: a slow client may have some of our last response to read yet.
            self.transport.loseConnection()

    def _still_sending(self, now: float) -> bool:
        """Return whether the client takes what is queued for it, and look again after another timeout."""
        taking = self.outlet.moves()
        if taking:
            self.deadline = now + self._timeout
        return taking

    # Inside

    def _go(self, event: Event) -> None:
        self.state = TRANSITIONS[self.state][event]

    def _expect_head(self, now: float) -> None:
        limits = self.server.limits
        self._wait_started = now
        self._wait_received = 0
        self.deadline = now + (limits.header_timeout or inf)

    def _head_data(self, data: bytes) -> None:
        parser = self._parser
        if not self._wait_started:
            self._expect_head(time.monotonic())
        try:
            head = parser.feed(data)
        except BadRequest as error:
            self._refuse(error)
            return
        if head is None:
            self._wait_received += len(data)
            limits = self.server.limits
            self.deadline = self._wait_started + limits.header_seconds(self._wait_received)
        else:
            self._accept(head)

    def _accept(self, head: Head) -> None:
        self.deadline = inf
        rest, self._parser.rest = self._parser.rest, b""
        if not head.has_body:
            if rest:
                self._pending += rest
            self.state = TRANSITIONS[HEAD][REQUEST]
            self.server.request(self, head)
            self.server.start(self)
            return
        length = head.content_length
        self._decoder = ChunkedDecoder(self.server.limits) if length is None else LengthDecoder(length)
        self._go(REQUEST_WITH_BODY)
        self._expect_body()
        if head.expects_continue:
            self.deadline = inf
        self._intake = self.server.request(self, head)
        if rest:
            self._body_data(rest)
        self.server.start(self)

    def _expect_body(self) -> None:
        now = time.monotonic()
        self._wait_started = now
        self._wait_received = 0
        self._waited = 0.0
        self._drained_bytes = 0
        self.deadline = now + (self.server.limits.body_timeout or inf)

    def _hold(self, data: bytes) -> None:
        """Keep a pipelined request until the present one is answered."""
        self._pending += data
        if len(self._pending) > PIPELINED_MAX:
            self._pause()
        # A pool thread may have finished between the look at the state and the append.
        if self.state is HEAD:
            self._take_pending()

    def _take_pending(self) -> None:
        """Go on with what came in meanwhile.

        Requests that are answered at once make this loop, not recurse.
        """
        if self._looking:
            return
        self._looking = True
        try:
            while self.state is HEAD and self._pending:
                data = bytes(self._pending)
                self._pending.clear()
                self._expect_head(time.monotonic())
                self._head_data(data)
        finally:
            self._looking = False
        if self._ended and self.state is HEAD:
            self._close()
        elif len(self._pending) <= PIPELINED_MAX:
            self._resume()

    def _body_data(self, data: bytes) -> None:
        limits = self.server.limits
        self._wait_received += len(data)
        allowed = limits.body_seconds(self._wait_received)
        # However much a client has earned by what it sent: it must not stand still for longer than Timeout.
        self.deadline = min(self._wait_started + allowed, time.monotonic() + self._timeout)
        decoder = self._decoder
        try:
            pieces = decoder.feed(data)
        except BadRequest as error:
            self._body_broken(error)
            return
        for piece in pieces:
            self._deliver(piece)
        if decoder.done:
            self._body_complete(decoder.rest)

    def _deliver(self, piece: bytes) -> None:
        if self.state is DRAIN or self._intake is None:
            self._drained_bytes += len(piece)
            if self._drained_bytes > DRAIN_MAX and self.state is DRAIN:
                self._close()
        elif not self._intake.feed(piece):
            self._pause()

    def _body_broken(self, error: BadRequest) -> None:
        """The framing is lost: whoever reads gets the error, and the connection cannot go on."""
        self._pause()
        self._broken = True
        self.deadline = inf
        if self._intake is not None:
            self._intake.fail(error)
        else:
            self._close()

    def _body_complete(self, rest: bytes) -> None:
        if self.state is LINGER:
            return
        intake, self._intake = self._intake, None
        self.deadline = inf
        if rest:
            self._pending += rest
        drained = self.state is DRAIN
        self._go(BODY_END)
        if intake is not None:
            intake.finish(self._decoder.trailers)
        if drained:
            self._next_request()

    def _answered(self, persist: bool) -> None:
        if self.state is CLOSED:
            self.server.disconnected(self)
            return
        if not persist or self._broken or (self._ended and not self._pending):
            self._close()
            return
        self._go(ANSWERED)
        self._intake = None
        if self.state is DRAIN:
            self._resume()
            self._expect_body()
        else:
            self._next_request()

    def _next_request(self) -> None:
        self.deadline = time.monotonic() + self.keep_alive_timeout
        self._wait_started = 0.0
        self._take_pending()

    def _refuse(self, error: BadRequest) -> None:
        """Answer what is not a request. The head's bytes go along for the log."""
        head = self._parser.received
        self.deadline = inf
        self._go(REQUEST)
        self.server.refuse(self, error, head)

    def _close(self) -> None:
        """Send what is queued, then let the client read it before the connection goes away.

        Closing at once while the client still sends would make its kernel throw our response away.
        """
        self._go(LAST_ANSWER)
        self._intake = None
        self._pending.clear()
        self.deadline = time.monotonic() + LINGER_SECONDS
        if self._ended:
            self.transport.loseConnection()
            return
        self._resume()
        self.transport.loseWriteConnection()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._paused_at = time.monotonic()
            self.transport.pauseProducing()

    def _resume(self) -> None:
        self._pulled = False
        if self._paused and self.state is not CLOSED:
            self._paused = False
            self.transport.resumeProducing()
            if self.state is BODY and not self._broken:
                # The time that we kept the client waiting does not count.
                waited = time.monotonic() - self._paused_at
                self._wait_started += waited
                self.deadline += waited
