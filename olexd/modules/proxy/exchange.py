"""One request's way to a backend and back: streamed, bounded in memory and time."""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IResponse

from olexd.config.core import CoreServer
from olexd.errorlog import Level
from olexd.errors import BadRequest, ClientGone
from olexd.http.writer import WRITE_FAILED
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.proxy.address import UnknownScheme, split_url
from olexd.modules.proxy.bodies import Patience, RequestBody, ResponseBody
from olexd.modules.proxy.fields import BadField, request_fields, take_fields
from olexd.modules.proxy.mapping import parameters_for, target_of
from olexd.modules.proxy.settings import Parameters, ProxyDir, ProxyServer
from olexd.modules.proxy.worker import Unreachable, Worker, Workers
from olexd.phases.sides import to_reactor
from olexd.status import (
    BAD_GATEWAY,
    BAD_REQUEST,
    GATEWAY_TIMEOUT,
    NO_BODY,
    NOT_IMPLEMENTED,
    OK,
    SERVICE_UNAVAILABLE,
    UNAUTHORIZED,
)

WORKERS: Final = Workers()


def complain(request: Request, message: str) -> None:
    """Write what is wrong with a backend into the error log."""
    log_request(request, message, Level.ERR, "proxy")


async def forward(request: Request, url: str) -> int:
    """Let the backend at `url` answer; return OK or a status."""
    try:
        address, path = split_url(url)
    except UnknownScheme as error:
        complain(request, f"No protocol handler was valid for the URL {request.uri}: {error}")
        return NOT_IMPLEMENTED
    except ValueError as error:
        complain(request, f"cannot pass the request to {url!r}: {error}")
        return BAD_REQUEST
    await to_reactor(request)
    worker = WORKERS.get(address, parameters_for(request.conf[ProxyDir], url))
    if worker.is_down:
        complain(request, f"the backend {address} could not be reached of late, and is left alone for now")
        return SERVICE_UNAVAILABLE
    return await _in_turn(request, worker, target_of(request, path))


async def _in_turn(request: Request, worker: Worker, target: bytes) -> int:
    seconds = _patience(request, worker.parameters)
    if not await worker.take_turn(seconds):
        complain(request, f"the backend {worker.address} answers as many requests as it may")
        return SERVICE_UNAVAILABLE
    try:
        return await Exchange(request, worker, target, seconds).run()
    finally:
        worker.end_turn()


def _patience(request: Request, parameters: Parameters) -> float:
    """Return for how many seconds a backend may stand still."""
    server = request.host.server
    return parameters.timeout or server[ProxyServer].timeout or float(server[CoreServer].timeout)


class Exchange:
    """A request that a backend answers, and its response."""

    def __init__(self, request: Request, worker: Worker, target: bytes, seconds: float) -> None:
        self._request = request
        self._worker = worker
        self._target = target
        self._seconds = seconds
        self._asking: Deferred[IResponse] | None = None
        self._patience = Patience(worker.reactor, seconds, self._stop_asking)
        self._sent: RequestBody | None = None

    async def run(self) -> int:
        """Return OK once the response was passed on, or the status of a failure that nobody was told of."""
        try:
            response = await self._ask()
        except Exception as error:
            return self._failed(error)
        self._worker.note_success()
        return await self._answer(response)

    # The request

    async def _ask(self) -> IResponse:
        request = self._request
        headers = Headers()
        for name, value in request_fields(request, self._worker.address):
            headers.addRawHeader(name, value)
        if self._worker.parameters.reuse:
            headers.setRawHeaders(b"Connection", [b"Keep-Alive"])
        self._sent = self._body()
        method = request.method.encode("latin-1")
        self._patience.begin()
        try:
            self._asking = self._worker.request(method, self._target, headers, self._sent)
            return await self._asking
        finally:
            self._patience.end()

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

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    def _failed(self, error: Exception) -> int:
        """Return the status for what kept the backend from answering."""
        request, address = self._request, self._worker.address
        cause = None if self._sent is None else self._sent.error
        if isinstance(cause, BadRequest):
            log_request(request, str(cause))
            return int(cause.status)
        if request.connection.aborted or cause is not None:
            raise ClientGone(WRITE_FAILED) from error
        if self._patience.passed:
            complain(request, f"the backend {address} did not answer within {self._seconds:g} seconds")
            return GATEWAY_TIMEOUT
        if isinstance(error, Unreachable):
            self._worker.note_failure()
            complain(request, f"attempt to connect to {address} failed: {error}")
            return SERVICE_UNAVAILABLE
        complain(request, f"Error reading from remote server {address}: {_told(error)}")
        return BAD_GATEWAY

    # The response

    async def _answer(self, response: IResponse) -> int:
        request = self._request
        body = ResponseBody(self._worker.reactor, self._seconds)
        response.deliverBody(body)  # type: ignore[call-arg, misc]
        try:
            return await self._pass_on(response, body)
        except BadField as error:
            complain(request, f"the backend {self._worker.address} sent a bad header field: {error}")
            return BAD_GATEWAY
        finally:
            body.drop()

    async def _pass_on(self, response: IResponse, body: ResponseBody) -> int:
        request = self._request
        status = response.code
        if not 200 <= status <= 999:
            raise BadField(f"status {status}")
        fields = [(name, value) for name, values in response.headers.getAllRawHeaders() for value in values]
        take_fields(request, fields)
        if _overridden(request, status):
            return status
        request.status = status
        request.status_line = f"{status} {response.phrase.decode('latin-1')}"
        if request.header_only or status in NO_BODY:
            return OK
        if response.length is not UNKNOWN_LENGTH:
            request.headers_out["Content-Length"] = str(response.length)
        return await self._stream(body)

    async def _stream(self, body: ResponseBody) -> int:
        output = self._request.output
        while data := await body.read():
            await output.awrite(data, not body.ended or body.error is not None)
        if body.error is None:
            return OK
        complain(self._request, f"the response of {self._worker.address} broke off: {_told(body.error)}")
        if not output.committed:
            return GATEWAY_TIMEOUT if body.timed_out else BAD_GATEWAY
        # Only a closed connection tells the client that this was not all.
        output.abandon()
        return OK


def _overridden(request: Request, status: int) -> bool:
    """Return whether the error page is to be our own; what a client needs to log in stays."""
    conf = request.conf[ProxyDir]
    if not conf.override or status < 400 or (conf.override_codes and status not in conf.override_codes):
        return False
    challenge = request.headers_out.raw("WWW-Authenticate")
    if status == UNAUTHORIZED and challenge is not None:
        request.err_headers_out["WWW-Authenticate"] = challenge
    return True


def _told(error: BaseException) -> str:
    """Return an exception in words; Twisted's wrap the reasons."""
    reasons = getattr(error, "reasons", None)
    if reasons:
        return ", ".join(reason.getErrorMessage() or repr(reason.value) for reason in reasons)
    return str(error) or repr(error)
