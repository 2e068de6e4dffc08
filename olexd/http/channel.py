"""One HTTP/1.1 connection: the Twisted protocol that reads requests and passes them on.

The reactor reads; a pool thread may write (see `writer.py`). What follows what is in `state.py`, what becomes
of bytes that are no heads in `incoming.py`.
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
from olexd.http.incoming import Conversation, Incoming, RequestBody
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
from olexd.http.writer import READ_SIZE, SocketWriter

PIPELINED_MAX: Final = 65536
"""How many bytes of further requests are taken in while one is answered; then reading pauses."""
LINGER_SECONDS: Final = 2.0
"""How long a closing connection may go on sending, so that it can read our last response first."""


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
        self.timeout = timeout
        """Timeout, in seconds."""
        self.paused = False
        """Nothing is read on the reactor."""
        self.ended = False
        """The client will send nothing more."""
        self._call_in_reactor = call_in_reactor
        self._parser = HeadParser(server.limits, server.heads)
        self._pending = bytearray()
        self._looking = False
        """`_take_pending()` is at work."""
        self._paused_at = 0.0
        self._incoming: Incoming | None = None
        self._pulled = False
        """A pool thread reads what comes in."""
        self._wait_started = 0.0
        self._wait_received = 0
        self._probed: Any = None
        """The task that waits for a client which was asked whether it is still there."""

    # What Twisted calls

    def connectionMade(self) -> None:
        """Get ready for the first head."""
        self.writer = self.transport.writer = self.make_writer()
        self.outlet = Outlet(self.transport, self.timeout)
        self._expect_head(time.monotonic())
        self.server.connected(self)

    def make_writer(self) -> SocketWriter:
        """Return what sends on the connection."""
        return SocketWriter(self.transport.socket, self.transport, self.timeout)

    def dataReceived(self, data: bytes) -> None:
        """Take what the client sent."""
        state = self.state
        if state is HEAD:
            self._head_data(data)
        elif state is BUSY:
            self._hold(data)
        elif self._incoming is not None:
            self._incoming.take(data)

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Tell everyone who waits for this client that it is gone."""
        self._go(LOST)
        self.deadline = inf
        self.writer.gone = True
        # First what is cancelled: what is woken below may begin to wait for something else, and is let.
        self.server.disconnected(self)
        if self._incoming is not None:
            self._incoming.fail(ConnectionError("client closed connection"))
            self._incoming = None
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
            self.ended = task is None or not task.keeps_waiting or self._may_be_there()
        elif self.state is TALK:
            self.ended = True
            self.deadline = inf
            if isinstance(self._incoming, Conversation):
                self._incoming.finish()
        elif self.state is HEAD or self.state is LINGER:
            self.ended = self.transport.unsent() > 0
            if self.ended:
                self.close()
        return self.ended

    # What the answering side calls

    def answer_waits(self) -> None:
        """The answer waits for something on the reactor: is a client that sent its last byte still there?"""
        if self.ended and self.state is BUSY and not self._may_be_there():
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
        if persist and self.state is BUSY and not (self._pending or self.paused or self.ended):
            self.deadline = time.monotonic() + self.keep_alive_timeout
            self._wait_started = 0.0
            self._incoming = None
            self.state = TRANSITIONS[BUSY][ANSWERED]
            # What came in between the two looks must not be forgotten.
            if self._pending or self.ended:
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
            self.pause()
            self._pulled = True

    def take_back(self) -> None:
        """Read the rest of the body on the reactor again. Reactor only."""
        if self._pulled:
            self._pulled = False
            self._resume()

    def receive(self, most: int = READ_SIZE) -> bool:
        """Read up to `most` bytes on this pool thread; False when the reactor does that."""
        if not self._pulled:
            return False
        # The reactor may drop it at any time.
        incoming = self._incoming
        if incoming is not None:
            incoming.receive(most)
        return True

    def invited(self) -> None:
        """The client was told to send the body: from now on it is to hurry. Any thread."""
        if isinstance(self._incoming, RequestBody) and self.state is BODY:
            self._incoming.expect()

    def signal(self) -> Deferred[None]:
        """Return something a coroutine on the reactor can wait for.

        Cancelling it when the client is gone wakes the coroutine: it finds out itself, and says so in the
        words of the blocking calls.
        """
        if isinstance(self._incoming, Conversation):
            self._incoming.awaited()
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
        incoming = self._incoming
        self.close()
        if incoming is not None:
            incoming.fail(ConnectionError("the request took too long"))

    # Connection handlers

    def talk(self, intake: Intake, patience: float | None = None) -> None:
        """Give what arrives to `intake` from now on, as it is. Reactor only.

        `patience` is for how many seconds a reader may wait for the client (default: Timeout).
        """
        self._go(TAKEN)
        self.deadline = inf
        conversation = Conversation(self, intake, self.timeout if patience is None else patience)
        self._incoming = conversation
        if self._pending:
            data = bytes(self._pending)
            self._pending.clear()
            self._resume()
            conversation.take(data)
        if self.ended:
            conversation.finish()

    def speak_http(self, rest: bytes) -> None:
        """The connection handler declined: read requests, beginning with what it left. Reactor only."""
        self.writer.give_back()
        if self.state is CLOSED:
            self.server.disconnected(self)
            return
        self._go(ANSWERED)
        self._incoming = None
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
            self.close()

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
        elif self._incoming is not None and self.state is not DRAIN:
            self._incoming.timed_out()
        elif self.state is DRAIN or self.transport.pending():
            self.transport.abortConnection()
        else:
            # Not a reset: a slow client may have some of our last response to read yet.
            self.transport.loseConnection()

    def _still_sending(self, now: float) -> bool:
        """Return whether the client takes what is queued for it, and look again after another timeout."""
        taking = self.outlet.moves()
        if taking:
            self.deadline = now + self.timeout
        return taking

    # What `incoming.py` calls

    def pause(self) -> None:
        """Read nothing on the reactor until somebody resumes."""
        if not self.paused:
            self.paused = True
            self._paused_at = time.monotonic()
            self.transport.pauseProducing()

    def body_ended(self, rest: bytes) -> None:
        """The request has arrived whole; `rest` came with its last bytes."""
        self.deadline = inf
        if rest:
            self._pending += rest
        self._go(BODY_END)

    def next_request(self) -> None:
        """Wait for the next request, or go on with what has come of it."""
        self.deadline = time.monotonic() + self.keep_alive_timeout
        self._wait_started = 0.0
        self._take_pending()

    def close(self) -> None:
        """Send what is queued, then let the client read it before the connection goes away.

        Closing at once while the client still sends would make its kernel throw our response away.
        """
        self._go(LAST_ANSWER)
        self._incoming = None
        self._pending.clear()
        self.deadline = time.monotonic() + LINGER_SECONDS
        if self.ended:
            self.transport.loseConnection()
            return
        self._pulled = False
        self._resume()
        self.transport.loseWriteConnection()

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
        self._go(REQUEST_WITH_BODY)
        body = self._incoming = RequestBody(self, head.content_length)
        if head.expects_continue:
            self.deadline = inf
        body.intake = self.server.request(self, head)
        if rest:
            body.take(rest)
        if self.ended and self.state is BODY:
            body.fail(ConnectionError("client closed connection"))
        self.server.start(self)

    def _hold(self, data: bytes) -> None:
        """Keep a pipelined request until the present one is answered."""
        self._pending += data
        if len(self._pending) > PIPELINED_MAX:
            self.pause()
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
        if self.ended and self.state is HEAD:
            self.close()
        elif len(self._pending) <= PIPELINED_MAX:
            self._resume()

    def _answered(self, persist: bool) -> None:
        if self.state is CLOSED:
            self.server.disconnected(self)
            return
        self._pulled = False
        body, self._incoming = self._incoming, None
        if not persist or (body is not None and body.broken) or (self.ended and not self._pending):
            self.close()
            return
        self._go(ANSWERED)
        if self.state is DRAIN and isinstance(body, RequestBody):
            body.intake = None
            self._incoming = body
            self._resume()
            body.expect()
        else:
            self.next_request()

    def _refuse(self, error: BadRequest) -> None:
        """Answer what is not a request. The head's bytes go along for the log."""
        head = self._parser.received
        self.deadline = inf
        self._go(REQUEST)
        self.server.refuse(self, error, head)

    def _resume(self) -> None:
        """Read on the reactor again, unless a pool thread has begun to: each byte has one reader."""
        if self.paused and not self._pulled and self.state is not CLOSED:
            self.paused = False
            self.transport.resumeProducing()
            if self.state is BODY and isinstance(self._incoming, RequestBody):
                self._incoming.excuse(time.monotonic() - self._paused_at)
