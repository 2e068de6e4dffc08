"""Backends as they are used: connections kept open, turns that requests wait for, backends left alone."""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore, TimeoutError
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
)
from twisted.internet.error import ConnectError, ConnectingCancelledError, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.python.failure import Failure
from twisted.web.client import HTTPConnectionPool, ProxyAgent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IResponse

from olexd.modules.proxy.address import Address
from olexd.modules.proxy.settings import Parameters
from olexd.networks import parse_address

CONNECT_SECONDS: Final = 60.0
IDLE_CONNECTIONS: Final = 64
"""How many unused connections are kept to a backend without `max`."""


WORKERS_MAX: Final = 512
"""How many backends are remembered: patterns can make any number of them."""


class Unreachable(Exception):
    """No connection to the backend could be made."""


class BackendEndpoint:
    """The endpoint of a backend. What keeps it from that is told apart from what goes wrong later."""

    def __init__(self, reactor: Any, address: Address, seconds: float, keep_alive: bool) -> None:
        self._inner = _endpoint(reactor, address, seconds)
        self._is_tcp = not address.socket
        self._keep_alive = keep_alive

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Return a Deferred of the connected protocol; it fails with Unreachable."""
        connecting: Deferred[Any] = self._inner.connect(protocolFactory)
        connecting.addCallbacks(self._connected, _not_connected)
        return connecting

    def _connected(self, protocol: Any) -> Any:
        if self._is_tcp:
            # A head and a small body are two sends; the second must not wait for the first's receipt.
            protocol.transport.setTcpNoDelay(True)
            protocol.transport.setTcpKeepAlive(self._keep_alive)
        return protocol


def _endpoint(reactor: Any, address: Address, seconds: float) -> Any:
    if address.socket:
        return UNIXClientEndpoint(reactor, address.socket, timeout=seconds)
    number = parse_address(address.host)
    if number is None:
        return HostnameEndpoint(reactor, address.host.encode("idna"), address.port, timeout=seconds)
    kind = TCP6ClientEndpoint if number.version == 6 else TCP4ClientEndpoint
    return kind(reactor, address.host, address.port, timeout=seconds)


def _not_connected(failure: Failure) -> Failure:
    if failure.check(ConnectingCancelledError, CancelledError):
        return failure
    if failure.check(ConnectError, ConnectTimeout, DNSLookupError, OSError):
        return Failure(Unreachable(failure.getErrorMessage()))
    return failure


class Worker:
    """One backend with one set of parameters. Used on the reactor's thread only."""

    def __init__(self, reactor: Any, address: Address, parameters: Parameters) -> None:
        self.reactor = reactor
        self.address = address
        self.parameters = parameters
        self._down_until = 0.0
        self._turns = DeferredSemaphore(parameters.most) if parameters.most else None
        pool = HTTPConnectionPool(reactor, persistent=parameters.reuse)
        pool.maxPersistentPerHost = parameters.most or IDLE_CONNECTIONS
        pool.cachedConnectionTimeout = int(parameters.idle)
        seconds = parameters.connect_timeout or parameters.timeout or CONNECT_SECONDS
        self.endpoint = BackendEndpoint(reactor, address, seconds, parameters.keep_alive)
        # Unlike Agent it sends the target exactly as it is given.
        self._agent = ProxyAgent(self.endpoint, reactor, pool)

    @property
    def is_down(self) -> bool:
        """Whether the backend could not be reached of late and is left alone for now."""
        return self.reactor.seconds() < self._down_until  # type: ignore[no-any-return]

    def note_failure(self) -> None:
        """Leave the backend alone for a while: it could not be reached."""
        self._down_until = self.reactor.seconds() + self.parameters.retry

    def note_success(self) -> None:
        """The backend answers."""
        self._down_until = 0.0

    async def take_turn(self, seconds: float) -> bool:
        """Wait until the backend takes another request; return False when that takes longer than allowed."""
        if self._turns is None:
            return True
        turn: Deferred[Any] = self._turns.acquire()
        turn.addTimeout(self.parameters.acquire or seconds, self.reactor)
        try:
            await turn
        except TimeoutError:
            return False
        return True

    def end_turn(self) -> None:
        """Let another request have the turn."""
        if self._turns is not None:
            self._turns.release()

    def request(self, method: bytes, target: bytes, headers: Headers, body: Any) -> Deferred[IResponse]:
        """Send a request; the Deferred fires with the response's head. It fails as `Agent.request()`'s does.

        `headers` have a Host field. Raises ValueError for a target that cannot be sent.
        """
        return self._agent.request(method, target, headers, body)  # type: ignore[no-any-return]


class Workers:
    """The workers of a process, made when they are first needed."""

    def __init__(self) -> None:
        self._workers: dict[tuple[Address, Parameters], Worker] = {}

    def get(self, address: Address, parameters: Parameters) -> Worker:
        """Return the worker for a backend under these parameters. Reactor only."""
        worker = self._workers.get((address, parameters))
        if worker is None:
            if len(self._workers) >= WORKERS_MAX:
                del self._workers[next(iter(self._workers))]
            # Importing it installs one, which is for the program that runs to choose.
            from twisted.internet import reactor

            worker = self._workers[address, parameters] = Worker(reactor, address, parameters)
        return worker
