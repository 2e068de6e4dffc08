"""One request's way to a backend and back: streamed, bounded in memory and time."""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import CancelledError
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IResponse

from olexd.config.core import CoreServer
from olexd.errorlog import Level
from olexd.errors import BadRequest, ClientGone
from olexd.http.writer import WRITE_FAILED
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.proxy.address import UnknownScheme, split_url
from olexd.modules.proxy.attempt import Attempt
from olexd.modules.proxy.bodies import RequestBody, ResponseBody
from olexd.modules.proxy.fields import Head, request_fields
from olexd.modules.proxy.mapping import parameters_for, sendable
from olexd.modules.proxy.response import complain, pass_on
from olexd.modules.proxy.settings import Parameters, ProxyDir, ProxyServer
from olexd.modules.proxy.tunnel import Tunnel, wanted_upgrade
from olexd.modules.proxy.worker import Worker, Workers
from olexd.phases.sides import to_reactor
from olexd.status import (
    BAD_REQUEST,
    NOT_IMPLEMENTED,
    SERVICE_UNAVAILABLE,
)

WORKERS: Final = Workers()


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
    try:
        return await _in_turn(request, worker, sendable(path))
    except CancelledError as error:
        # The client left while the backend was waited for.
        raise ClientGone(WRITE_FAILED) from error


async def _in_turn(request: Request, worker: Worker, target: bytes) -> int:
    seconds = _patience(request, worker.parameters)
    if not await worker.take_turn(seconds):
        complain(request, f"the backend {worker.address} answers as many requests as it may")
        return SERVICE_UNAVAILABLE
    try:
        upgrade = wanted_upgrade(request, worker)
        if upgrade is not None:
            return await Tunnel(request, worker, target, seconds).run(upgrade)
        return await Exchange(request, worker, target, seconds).run()
    finally:
        worker.end_turn()


def _patience(request: Request, parameters: Parameters) -> float:
    """Return for how many seconds a backend may stand still."""
    server = request.host.server
    return parameters.timeout or server[ProxyServer].timeout or float(server[CoreServer].timeout)


class Exchange(Attempt):
    """A request that a backend answers, and its response."""

    def __init__(self, request: Request, worker: Worker, target: bytes, seconds: float) -> None:
        super().__init__(request, worker, target, seconds)
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
            asking = self._waiting = self._worker.request(method, self._target, headers, self._sent)
            return await asking
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

    def _failed(self, error: Exception) -> int:
        """Return the status for what went wrong, which may be the request's own body."""
        cause = None if self._sent is None else self._sent.error
        if isinstance(cause, BadRequest):
            log_request(self._request, str(cause))
            return int(cause.status)
        if cause is not None:
            raise ClientGone(WRITE_FAILED) from error
        return super()._failed(error)

    # The response

    async def _answer(self, response: IResponse) -> int:
        fields = [(name, value) for name, values in response.headers.getAllRawHeaders() for value in values]
        length = None if response.length is UNKNOWN_LENGTH or self._request.header_only else response.length
        body = ResponseBody(self._worker.reactor, self._seconds)
        response.deliverBody(body)  # type: ignore[call-arg, misc]
        try:
            head = Head(response.code, response.phrase, fields, length)
            return await pass_on(self._request, self._worker.address, head, body)
        finally:
            body.drop()
