"""A connection to a backend: a request at a time goes out, its response comes in, either side may be slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from olexd.http.response_parser import SWITCHING_PROTOCOLS, BadResponse, ResponseHead, ResponseParser
from olexd.modules.proxy.bodies import ResponseBody


class NoAnswer(Exception):
    """The backend closed the connection before it said anything."""


@implementer(IHandshakeListener)
class Backend(Protocol):
    """One connection. `usable` fires with it once requests can be sent, over TLS after the handshake.

    `inspect` looks at a handshake and raises what is wrong with it. `answered` counts the responses.
    """

    transport: Any

    def __init__(self, inspect: Callable[[Any], None] | None = None) -> None:
        self.answered = 0
        self.is_open = False
        self.on_unasked: Callable[[Backend], None] = lambda backend: None
        """Called when an unused connection ends, or says something that nobody asked for."""
        self.usable: Deferred[Backend] = Deferred(lambda _: self.abort())
        self._inspect = inspect
        self._parser: ResponseParser | None = None
        self._head: Deferred[ResponseHead] | None = None
        self._body: ResponseBody | None = None
        self._is_tunnel = False
        self._room: Deferred[None] | None = None
        self._is_slow = False

    # What an exchange does

    def expect(self, method: bytes, protocol: bytes, body: ResponseBody) -> Deferred[ResponseHead]:
        """Return a Deferred of the head of the response to the request that is sent next.

        It fails with NoAnswer, BadResponse or what ended the connection. `protocol` is the one to be
        switched to, if any. What follows the head goes to `body`.
        """
        self._parser = ResponseParser(method, protocol)
        self._body = body
        self._head = Deferred(lambda _: self.abort())
        return self._head

    async def write(self, data: bytes) -> None:
        """Send data, waiting while the backend is slow."""
        self.transport.write(data)
        if self._is_slow:
            self._room = Deferred()
            await self._room

    def end_writing(self) -> None:
        """Tell the backend of a tunnel that nothing more will come."""
        if isinstance(self.transport, TLSMemoryBIOProtocol):
            # There is no closing TLS by half; cut below it, it would look like an attack.
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    @property
    def is_idle(self) -> bool:
        """Whether the response is complete and the connection good for another request."""
        parser = self._parser
        if not self.is_open or self._is_tunnel or parser is None or parser.head is None:
            return False
        return parser.done and parser.head.keep_alive and not parser.rest

    def rest(self) -> None:
        """Be without a request until the next one."""
        self.answered += 1
        # A body that came faster than it was read left the connection paused.
        self.resume()
        self._parser = self._head = self._body = None

    def abort(self) -> None:
        """Close the connection at once."""
        self.is_open = False
        if self.transport is not None:
            self.transport.abortConnection()

    # A response's body slows the backend down

    def pause(self) -> None:
        """Read no more for now."""
        self.transport.pauseProducing()

    def resume(self) -> None:
        """Go on reading."""
        self.transport.resumeProducing()

    # What Twisted calls

    def connectionMade(self) -> None:
        """Learn how fast the backend reads."""
        self.is_open = True
        self.transport.registerProducer(self, True)
        if self._inspect is None:
            self.usable.callback(self)

    def handshakeCompleted(self) -> None:
        """Look at who the backend proved to be."""
        assert self._inspect is not None
        try:
            self._inspect(self.transport.getHandle())
        except Exception as error:
            self.usable.errback(error)
            self.abort()
        else:
            self.usable.callback(self)

    def dataReceived(self, data: bytes) -> None:
        """Take a part of the response, or of what a tunnel brings."""
        body, parser = self._body, self._parser
        if self._is_tunnel and body is not None:
            body.take(data)
        elif parser is None or body is None or parser.done:
            self._unasked()
        else:
            try:
                pieces = parser.feed(data)
            except BadResponse as error:
                self._fail(error)
                self.abort()
            else:
                self._tell(parser, body, pieces)

    def _tell(self, parser: ResponseParser, body: ResponseBody, pieces: list[bytes]) -> None:
        self._is_tunnel = parser.head is not None and parser.head.status == SWITCHING_PROTOCOLS
        if parser.head is not None and self._head is not None and not self._head.called:
            self._head.callback(parser.head)
        for piece in (parser.rest,) if self._is_tunnel else pieces:
            if piece:
                body.take(piece)
        if parser.done and not self._is_tunnel:
            body.finish()

    def _unasked(self) -> None:
        """End a connection on which the backend speaks out of turn: nobody knows whom it answers."""
        self.abort()
        self.on_unasked(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing more will come."""
        self.is_open = False
        self.resumeProducing()
        if not self.usable.called:
            self.usable.errback(reason)
        if self._parser is None:
            self.on_unasked(self)
            return
        in_order = reason.check(ConnectionDone) is not None
        if self._body is not None and (self._is_tunnel or (in_order and self._parser.is_whole_at_close())):
            self._body.finish()
        self._fail(self._ending(self._parser, reason))

    def _ending(self, parser: ResponseParser, reason: Failure) -> BaseException:
        """Return what the end of the connection means for the response."""
        if parser.head is not None:
            assert reason.value is not None
            return reason.value
        why = reason.getErrorMessage()
        return BadResponse(f"its head breaks off: {why}") if parser.begun else NoAnswer(why)

    def _fail(self, error: BaseException) -> None:
        if self._head is not None and not self._head.called:
            self._head.errback(error)
        if self._body is not None:
            self._body.finish(error)

    def pauseProducing(self) -> None:
        """The backend is slow."""
        self._is_slow = True

    def resumeProducing(self) -> None:
        """The backend takes more."""
        self._is_slow = False
        room, self._room = self._room, None
        if room is not None and not room.called:
            room.callback(None)

    def stopProducing(self) -> None:
        """The backend is gone, of which `connectionLost()` tells."""
