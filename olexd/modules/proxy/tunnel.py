"""Connections that a backend takes over: WebSocket and other protocols that begin as an HTTP request."""

from __future__ import annotations

from typing import Any, Final

import httptools
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss

from olexd.config.core import CoreServer
from olexd.errors import ClientGone
from olexd.http.framing import field_lines, head_start
from olexd.model.body import Body
from olexd.model.request import Request
from olexd.modules.proxy.attempt import Attempt
from olexd.modules.proxy.bodies import BLOCK, Patience, ResponseBody
from olexd.modules.proxy.fields import Field, Head, passed_on, request_fields, take_head
from olexd.modules.proxy.response import pass_on
from olexd.modules.proxy.worker import Worker
from olexd.status import OK

SWITCHING_PROTOCOLS: Final = 101
HEAD_MAX: Final = 65536
"""How long the head of a response may be."""


def wanted_upgrade(request: Request, worker: Worker) -> bytes | None:
    """Return the protocol that the client asks for and the backend may speak, None for plain HTTP."""
    allowed = worker.parameters.upgrade or ("websocket" if worker.address.scheme == "ws" else "")
    asked = request.headers_in.raw("Upgrade")
    connection = request.headers_in.raw("Connection") or b""
    if not allowed or asked is None or request.method != "GET" or request.body.length != 0:
        return None
    if b"upgrade" not in [word.strip() for word in connection.lower().split(b",")]:
        return None
    return asked if allowed == "any" or asked.lower() == allowed.encode("latin-1") else None


class Backend(Protocol):
    """A connection to a backend, for one request. `head` fires with the response's, `body` is the rest."""

    transport: Any

    def __init__(self, body: ResponseBody) -> None:
        self.body = body
        self.head: Deferred[Head] = Deferred()
        self._parser: Any = httptools.HttpResponseParser(self)
        self._phrase = b""
        self._fields: list[Field] = []
        self._received = 0
        self._room: Deferred[None] | None = None
        self._paused = False

    # What Twisted calls

    def connectionMade(self) -> None:
        """Learn how fast the backend reads, and let the body slow it down."""
        self.body.makeConnection(self.transport)  # type: ignore[no-untyped-call]
        self.transport.registerProducer(self, True)

    def dataReceived(self, data: bytes) -> None:
        """Take a part of the response, or of what follows it."""
        if self._parser is None:
            self.body.dataReceived(data)
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
            if not self.head.called and self._received > HEAD_MAX:
                raise ValueError("the response's head is too long")
        except httptools.HttpParserUpgrade as upgrade:
            self._parser = None
            self._tell_head(SWITCHING_PROTOCOLS)
            if rest := data[upgrade.args[0] :]:
                self.body.dataReceived(rest)
        except (httptools.HttpParserError, ValueError) as error:
            self._fail(error)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing more will come."""
        self.resumeProducing()
        if not self.head.called:
            self.head.errback(reason)
        if not self.body.ended:
            whole = self._parser is None or self._until_close()
            self.body.connectionLost(Failure(PotentialDataLoss() if whole else ConnectionLost()))

    def pauseProducing(self) -> None:
        """The backend is slow."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The backend takes more."""
        self._paused = False
        room, self._room = self._room, None
        if room is not None and not room.called:
            room.callback(None)

    def stopProducing(self) -> None:
        """The backend is gone, of which `connectionLost()` tells."""

    async def write(self, data: bytes) -> None:
        """Send data, waiting while the backend is slow."""
        self.transport.write(data)
        if self._paused:
            self._room = Deferred()
            await self._room

    # What the parser calls

    def on_message_begin(self) -> None:
        """Forget an interim response."""
        self._phrase = b""
        self._fields = []

    def on_status(self, phrase: bytes) -> None:
        """Take the reason phrase, which may come in parts."""
        self._phrase += phrase

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field."""
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head of a plain response is complete."""
        status = self._parser.get_status_code()
        if status >= 200:
            self._tell_head(status)

    def on_body(self, data: bytes) -> None:
        """Take a part of a plain response's body."""
        self.body.dataReceived(data)

    def on_message_complete(self) -> None:
        """A plain response is complete."""
        if self.head.called and not self.body.ended:
            self.body.connectionLost(Failure(ResponseDone()))

    def _tell_head(self, status: int) -> None:
        if not self.head.called:
            self.head.callback(Head(status, self._phrase, self._fields))

    def _until_close(self) -> bool:
        """Return whether the end of the connection is the end of the response."""
        names = {name.lower() for name, _ in self._fields}
        return not names & {b"content-length", b"transfer-encoding"}

    def _fail(self, error: Exception) -> None:
        if not self.head.called:
            self.head.errback(error)
        self.transport.abortConnection()


class Tunnel(Attempt):
    """A request that asks for another protocol: what the backend accepts is passed through both ways."""

    async def run(self, upgrade: bytes) -> int:
        """Return OK once the connection or a plain response is over, or a status."""
        body = ResponseBody(self._worker.reactor, self._seconds)
        backend = Backend(body)
        try:
            head = await self._ask(backend, upgrade)
            self._worker.note_success()
            if head.status == SWITCHING_PROTOCOLS:
                return await self._speak(backend, head)
            return await pass_on(self._request, self._worker.address, head, body)
        except ClientGone:
            raise
        except Exception as error:
            return self._failed(error)
        finally:
            self._patience.end()
            if backend.transport is not None:
                backend.transport.abortConnection()

    async def _ask(self, backend: Backend, upgrade: bytes) -> Head:
        request = self._request
        fields = request_fields(request, self._worker.address)
        fields += [(b"Connection", b"Upgrade"), (b"Upgrade", upgrade)]
        self._patience.begin()
        self._waiting = self._worker.endpoint.connect(Factory.forProtocol(lambda: backend))  # type: ignore[arg-type]
        await self._waiting
        line = b"%b %b HTTP/1.1\r\n" % (request.method.encode("latin-1"), self._target)
        await backend.write(line + field_lines(fields) + b"\r\n")
        self._waiting = backend.head
        head = await backend.head
        self._patience.end()
        return head

    # After the upgrade

    async def _speak(self, backend: Backend, head: Head) -> int:
        """Pass everything on in both directions until one side is done or both stand still."""
        request = self._request
        take_head(request, head)
        take_over = request.connection.take_over
        assert take_over is not None
        backend.body.wait_forever()
        request.output.upgrade(self._switching(head))
        idle = Patience(self._worker.reactor, self._seconds, backend.transport.abortConnection)
        idle.begin()
        sending = Deferred.fromCoroutine(self._to_backend(take_over(), backend, idle))
        sending.addErrback(lambda failure: failure.trap(CancelledError))
        try:
            await self._to_client(backend.body, idle)
        finally:
            idle.end()
            sending.cancel()
        return OK

    def _switching(self, head: Head) -> bytes:
        """Return the head that tells the client of the other protocol."""
        tokens = self._request.host.server[CoreServer].server_tokens
        upgrade = [(name, value) for name, value in head.fields if name.lower() == b"upgrade"]
        fields = [(b"Connection", b"Upgrade"), *upgrade, *passed_on(head.fields)]
        own = [field for field in fields if field[0].lower() not in (b"date", b"server", b"content-length")]
        table = self._request.headers_out
        start = head_start(
            head.status, self._request.status_line, tokens, table.raw("Date"), table.raw("Server")
        )
        return start + field_lines(own) + b"\r\n"

    async def _to_backend(self, client: Body, backend: Backend, idle: Patience) -> None:
        try:
            while data := await client.aread_some(BLOCK):
                idle.begin()
                await backend.write(data)
            backend.transport.loseWriteConnection()
        except OSError:
            backend.transport.abortConnection()

    async def _to_client(self, body: ResponseBody, idle: Patience) -> None:
        writer = self._request.connection.writer
        assert writer is not None
        while data := await body.read():
            idle.begin()
            writer.send_soon([data])
            await writer.room()
