"""Which backend a request goes to, and what is answered when none can be reached."""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import CancelledError

from olexd.config.core import CoreServer
from olexd.errors import ClientGone
from olexd.http.writer import WRITE_FAILED
from olexd.model.request import Request
from olexd.modules.proxy.address import UnknownScheme, split_url
from olexd.modules.proxy.exchange import Exchange
from olexd.modules.proxy.mapping import parameters_for, sendable
from olexd.modules.proxy.response import complain
from olexd.modules.proxy.settings import Parameters, ProxyDir, ProxyServer
from olexd.modules.proxy.tls import backend_tls
from olexd.modules.proxy.tls_directives import ProxyTls
from olexd.modules.proxy.worker import Unreachable, Worker, Workers
from olexd.phases.sides import to_reactor
from olexd.status import BAD_REQUEST, INTERNAL_SERVER_ERROR, NOT_IMPLEMENTED, SERVICE_UNAVAILABLE

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
    tls = request.conf[ProxyTls]
    if address.is_tls and not tls.engine:
        complain(request, f"AH00961: cannot speak TLS with {address}: SSLProxyEngine is off")
        return INTERNAL_SERVER_ERROR
    parameters = parameters_for(request.conf[ProxyDir], url)
    worker = WORKERS.get(address, parameters, backend_tls(tls) if address.is_tls else None)
    if worker.is_down:
        complain(request, f"the backend {address} could not be reached of late, and is left alone for now")
        return SERVICE_UNAVAILABLE
    try:
        return await _in_turn(request, worker, sendable(path))
    except Unreachable as error:
        worker.note_failure()
        complain(request, f"attempt to connect to {address} failed: {error}")
        return SERVICE_UNAVAILABLE
    except CancelledError as error:
        # The client left while the backend was waited for.
        raise ClientGone(WRITE_FAILED) from error


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
