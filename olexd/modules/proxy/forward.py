"""Which backend a request goes to, and what is answered when none can be reached."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from twisted.internet.defer import CancelledError

from olexd.config.core import CoreServer
from olexd.config.server import HostConfig
from olexd.errors import ClientGone
from olexd.http.writer import WRITE_FAILED
from olexd.model.request import Request
from olexd.modules.proxy.address import Address, UnknownScheme, balancer_url, is_balancer, split_url
from olexd.modules.proxy.balancer import (
    Balanced,
    Balancer,
    BalancerConf,
    balancer_conf,
    session_of,
    tell,
    told_parameters,
)
from olexd.modules.proxy.exchange import Exchange
from olexd.modules.proxy.mapping import parameters_for, sendable
from olexd.modules.proxy.response import complain
from olexd.modules.proxy.settings import Balancing, Member, Parameters, ProxyDir, ProxyServer
from olexd.modules.proxy.tls import BackendTls, backend_tls
from olexd.modules.proxy.tls_directives import ProxyTls
from olexd.modules.proxy.worker import Occupied, Unreachable, Worker, Workers, new_worker
from olexd.phases.sides import to_reactor
from olexd.status import (
    BAD_REQUEST,
    GATEWAY_TIMEOUT,
    INTERNAL_SERVER_ERROR,
    NOT_IMPLEMENTED,
    OK,
    SERVICE_UNAVAILABLE,
)

WORKERS: Final = Workers()


class CannotForward(Exception):
    """A URL that no request can be passed on to; `status` answers it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


async def forward(request: Request, url: str) -> int:
    """Let the backend at `url` answer; return OK or a status."""
    await to_reactor(request)
    try:
        return await (_balance(request, url) if is_balancer(url) else _pass_on(request, url))
    except CannotForward as error:
        complain(request, str(error))
        return error.status
    except CancelledError as error:
        # The client left while the backend was waited for.
        raise ClientGone(WRITE_FAILED) from error


async def _pass_on(request: Request, url: str) -> int:
    address, path = _split(request, url)
    parameters = told_parameters(request.host, url, parameters_for(request.conf[ProxyDir], url))
    worker = WORKERS.get(address, parameters, _tls(request, address))
    if worker.is_down:
        complain(request, f"the backend {address} could not be reached of late, and is left alone for now")
        return SERVICE_UNAVAILABLE
    try:
        return await _in_turn(request, worker, path)
    except Unreachable as error:
        if error.status == SERVICE_UNAVAILABLE and not isinstance(error, Occupied):
            worker.note_failure()
        complain(request, str(error))
        return error.status


def _split(request: Request, url: str) -> tuple[Address, str]:
    try:
        return split_url(url)
    except UnknownScheme as error:
        message = f"No protocol handler was valid for the URL {request.uri}: {error}"
        raise CannotForward(message, NOT_IMPLEMENTED) from None
    except ValueError as error:
        raise CannotForward(f"cannot pass the request to {url!r}: {error}", BAD_REQUEST) from None


def _tls(request: Request, address: Address) -> BackendTls | None:
    """Return how the backend at an address is spoken to over TLS, None for plain HTTP."""
    if not address.is_tls:
        return None
    conf = request.conf[ProxyTls]
    if not conf.engine:
        message = f"AH00961: cannot speak TLS with {address}: SSLProxyEngine is off"
        raise CannotForward(message, INTERNAL_SERVER_ERROR)
    return backend_tls(conf)


async def _in_turn(request: Request, worker: Worker, path: str) -> int:
    """Ask a backend when it is this request's turn. Raises Unreachable."""
    seconds = _patience(request, worker.parameters)
    await worker.take_turn(seconds)
    try:
        return await Exchange(request, worker, sendable(path), seconds).run()
    finally:
        worker.end_turn()


def _patience(request: Request, parameters: Parameters) -> float:
    """Return for how many seconds a backend may stand still."""
    server = request.host.server
    return parameters.timeout or server[ProxyServer].timeout or float(server[CoreServer].timeout)


# Balancers


async def _balance(request: Request, url: str) -> int:
    """Let a member of a balancer answer; another one when it cannot be reached, as nothing was sent then."""
    conf = balancer_conf(request.host, balancer_url(url))
    session = session_of(request, conf, url)
    balancer = _balancer(request, conf)
    tried: list[Balanced] = []
    status = SERVICE_UNAVAILABLE
    attempts = conf.balancing.attempts
    while attempts is None or len(tried) <= attempts:
        chosen = balancer.choose(session.route, tried)
        if chosen is None:
            break
        tell(request, conf, chosen.member, session)
        try:
            status = await _in_turn(request, chosen.worker, _path(chosen.member, conf, url))
        except Unreachable as error:
            if not isinstance(error, Occupied):
                chosen.worker.note_failure()
            complain(request, str(error))
            status = error.status
            tried.append(chosen)
        else:
            _judge(request, conf.balancing, chosen.worker, status)
            return status
    complain(request, f"AH01167: {conf.name}: All workers are in error state")
    return status


def _balancer(request: Request, conf: BalancerConf) -> Balancer:
    host = request.host
    addresses = [split_url(member.url)[0] for member in conf.members]
    secure = next((address for address in addresses if address.is_tls), None)
    return balancer_at_work(host, conf.name, None if secure is None else _tls(request, secure))


@lru_cache(1024)
def balancer_at_work(host: HostConfig, name: str, tls: BackendTls | None) -> Balancer:
    """Return the balancer of a host, with the backends that it knows. Reactor only."""
    conf = balancer_conf(host, name)
    workers = []
    for member in conf.members:
        address = split_url(member.url)[0]
        parameters = told_parameters(host, member.url, member.parameters)
        workers.append(new_worker(address, parameters, tls if address.is_tls else None))
    return Balancer(conf, workers)


def _path(member: Member, conf: BalancerConf, url: str) -> str:
    """Return what a member is asked for: what follows the balancer's name, behind the member's own path."""
    return split_url(member.url + url[len(conf.name) :])[1]


def _judge(request: Request, balancing: Balancing, worker: Worker, status: int) -> None:
    """Set a member aside for an answer that counts as a failure."""
    answered = request.status if status == OK else status
    late = status == GATEWAY_TIMEOUT and balancing.fail_on_timeout
    if late or answered in balancing.fail_statuses:
        worker.note_failure()
        complain(request, f"the backend {worker.address} answered {answered}, and is left alone for now")
