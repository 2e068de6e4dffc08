"""One request's way to a backend and back: streamed, bounded in memory and time."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectingCancelledError
from twisted.python.failure import Failure

from olexd.errorlog import Level
from olexd.errors import BadRequest, ClientGone
from olexd.http.framing import field_lines
from olexd.http.response_parser import SWITCHING_PROTOCOLS, ResponseHead
from olexd.http.writer import WRITE_FAILED
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.proxy.backend import Backend, NoAnswer
from olexd.modules.proxy.bodies import Patience, RequestBody, ResponseBody
from olexd.modules.proxy.fields import Field, host_name, request_fields
from olexd.modules.proxy.response import complain, pass_on, told
from olexd.modules.proxy.tunnel import tunnel, wanted_upgrade
from olexd.modules.proxy.worker import Unreachable, Worker
from olexd.status import BAD_GATEWAY, GATEWAY_TIMEOUT

T = TypeVar("T")
Answer = tuple[Backend, ResponseHead, ResponseBody]

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})
"""Methods that may be sent again over a new connection when a kept one turns out to be closed."""


class Exchange:
    """A request for the path `target` of a worker's backend, which may stand still for `seconds`."""

    def __init__(self, request: Request, worker: Worker, target: bytes, seconds: float) -> None:
        self._request = request
        self._worker = worker
        self._target = target
        self._seconds = seconds
        self._name = host_name(request, worker.address)
        self._protocol = wanted_upgrade(request, worker) or b""
        self._backend: Backend | None = None
        self._sent: RequestBody | None = None
        self._received: ResponseBody | None = None
        self._sending: Deferred[None] | None = None
        self._waiting: Deferred[Any] | None = None
        self._patience = Patience(worker.reactor, seconds, self._stop_waiting)

    async def run(self) -> int:
        """Return OK once the response was passed on, or the status of a failure that nobody was told of.

        Raises Unreachable when there was no connection to send anything over, and ClientGone.
        """
        try:
            try:
                backend, head, body = await self._ask()
            except Unreachable:
                raise
            except Exception as error:
                return self._failed(error)
            self._worker.note_success()
            if head.status == SWITCHING_PROTOCOLS:
                clock = self._worker.reactor
                return await tunnel(self._request, backend, head, body, clock, self._seconds)
            return await pass_on(self._request, self._worker.address, head, body)
        finally:
            self._end()

    # The request

    async def _ask(self) -> Answer:
        """Return the response to the request, which is sent once more if a kept connection proves dead."""
        self._sent = self._body()
        try:
            return await self._try(fresh=False)
        except NoAnswer:
            kept = self._backend is not None and self._backend.answered
            if not kept or self._sent is not None or self._request.method not in _REPEATABLE:
                raise
            return await self._try(fresh=True)
        finally:
            self._patience.settle()

    async def _try(self, fresh: bool) -> Answer:
        backend = self._backend = await self._connected(fresh)
        self._patience.begin()
        method = self._request.method.encode("latin-1")
        body = self._received = ResponseBody(self._worker.reactor, self._seconds, backend)
        coming = backend.expect(method, self._protocol, body)
        await backend.write(b"%b %b HTTP/1.1\r\n%b\r\n" % (method, self._target, field_lines(self._fields())))
        if self._sent is not None:
            self._sending = Deferred.fromCoroutine(self._sent.send(backend.write))
            self._sending.addErrback(self._not_sent, coming)
        return backend, await self._wait(coming), body

    async def _connected(self, fresh: bool) -> Backend:
        """Return a connection. Whatever else goes wrong with that, nothing of the request was sent."""
        try:
            return await self._wait(self._worker.connect(self._name, fresh))
        except (Unreachable, CancelledError, ConnectingCancelledError):
            raise
        except Exception as error:
            address = self._worker.address
            raise Unreachable(f"cannot speak with {address}: {told(error)}", BAD_GATEWAY) from error

    def _not_sent(self, failure: Failure, coming: Deferred[ResponseHead]) -> None:
        """Give the response up, unless it has begun: backends may answer before they have read all."""
        if not failure.check(CancelledError):
            coming.cancel()

    async def _wait(self, deferred: Deferred[T]) -> T:
        self._waiting = deferred
        return await deferred

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()

    def _fields(self) -> list[Field]:
        fields = request_fields(self._request, self._worker.address)
        if self._sent is not None:
            fields.append(self._sent.framing)
        if self._protocol:
            return [*fields, (b"Connection", b"Upgrade"), (b"Upgrade", self._protocol)]
        return [*fields, (b"Connection", b"Keep-Alive" if self._worker.parameters.reuse else b"close")]

    def _body(self) -> RequestBody | None:
        request = self._request
        body = request.body
        if body.length == 0 or (request.prev is not None and request.method == "GET"):
            return None
        if body.started:
            log_request(
                request, "the request's body was read before: it goes without", Level.WARNING, "proxy"
            )
            return None
        if request.input_filters is not None:
            return RequestBody(request.input_filters, None, self._patience)
        return RequestBody(body, body.length, self._patience)

    # The end

    def _failed(self, error: Exception) -> int:
        """Return the status for what kept the backend from answering. Raises ClientGone."""
        request, address = self._request, self._worker.address
        cause = None if self._sent is None else self._sent.error
        if isinstance(cause, BadRequest):
            log_request(request, str(cause))
            return int(cause.status)
        if cause is not None or request.connection.aborted:
            raise ClientGone(WRITE_FAILED) from error
        if self._patience.passed:
            complain(request, f"the backend {address} did not answer within {self._seconds:g} seconds")
            return GATEWAY_TIMEOUT
        complain(request, f"Error reading from remote server {address}: {told(error)}")
        return BAD_GATEWAY

    def _end(self) -> None:
        """Keep the connection for others, or close it."""
        self._patience.settle()
        self._worker.traffic += self._request.body.received + (self._received.size if self._received else 0)
        backend = self._backend
        if backend is None:
            return
        if self._sent is None or self._sent.is_sent:
            self._worker.give_back(backend, self._name)
            return
        # The backend waits for the rest of a body, and would take the next request for it.
        backend.abort()
        if self._sending is not None:
            self._sending.cancel()
