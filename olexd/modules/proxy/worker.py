"""Backends as they are used: connections kept open, turns that requests wait for, backends left alone."""

from __future__ import annotations

from typing import Any, Final, Protocol

from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore, TimeoutError, succeed
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    UNIXClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.error import ConnectError, ConnectingCancelledError, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from olexd.modules.proxy.address import Address
from olexd.modules.proxy.backend import Backend
from olexd.modules.proxy.settings import Parameters
from olexd.networks import parse_address
from olexd.status import GATEWAY_TIMEOUT, SERVICE_UNAVAILABLE

CONNECT_SECONDS: Final = 60.0
IDLE_CONNECTIONS: Final = 64
"""How many unused connections are kept to a backend without `max`."""
WORKERS_MAX: Final = 512
"""How many backends are remembered: patterns can make any number of them."""


class Unreachable(Exception):
    """No connection to the backend could be made: nothing was sent. `status` answers the request."""

    def __init__(self, message: str, status: int = SERVICE_UNAVAILABLE) -> None:
        super().__init__(message)
        self.status = status


class Occupied(Unreachable):
    """The backend answers as many requests as it may."""


class TlsClient(Protocol):
    """How a backend is spoken to over TLS."""

    def creator(self, name: str) -> Any:
        """Return what makes a connection (IOpenSSLClientConnectionCreator) to the host `name`."""

    def inspect(self, connection: Any, name: str) -> None:
        """Raise an exception when a finished handshake is not good enough for the host `name`."""


def _endpoint(reactor: Any, address: Address, seconds: float) -> Any:
    if address.socket:
        return UNIXClientEndpoint(reactor, address.socket, timeout=seconds)
    number = parse_address(address.host)
    if number is None:
        return HostnameEndpoint(reactor, address.host.encode("idna"), address.port, timeout=seconds)
    kind = TCP6ClientEndpoint if number.version == 6 else TCP4ClientEndpoint
    return kind(reactor, address.host, address.port, timeout=seconds)


class Worker:
    """One backend with one set of parameters. Used on the reactor's thread only.

    `tls` is how it is spoken to, None for plain HTTP. `busy` counts the requests it answers now, `traffic`
    the bytes of bodies, both ways.
    """

    def __init__(self, reactor: Any, address: Address, parameters: Parameters, tls: TlsClient | None) -> None:
        self.reactor = reactor
        self.address = address
        self.parameters = parameters
        self.busy = 0
        self.traffic = 0
        self._tls = tls
        self._down_until = 0.0
        self._turns = DeferredSemaphore(parameters.most) if parameters.most else None
        self._idle: dict[Backend, tuple[str, Any]] = {}
        self._connect_seconds = parameters.connect_timeout or parameters.timeout or CONNECT_SECONDS
        self._endpoint = _endpoint(reactor, address, self._connect_seconds)

    # Whether it answers

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

    # Turns

    async def take_turn(self, seconds: float) -> None:
        """Wait until the backend takes another request. Raises Occupied when that takes too long."""
        if self._turns is not None:
            turn: Deferred[Any] = self._turns.acquire()
            turn.addTimeout(self.parameters.acquire or seconds, self.reactor)
            try:
                await turn
            except TimeoutError:
                raise Occupied(f"the backend {self.address} answers as many requests as it may") from None
        self.busy += 1

    def end_turn(self) -> None:
        """Let another request have the turn."""
        self.busy -= 1
        if self._turns is not None:
            self._turns.release()

    # Connections

    def connect(self, name: str, fresh: bool = False) -> Deferred[Backend]:
        """Return a Deferred of a connection to the backend; a used one unless it is to be `fresh`.

        `name` is the host that a backend over TLS has to be. The Deferred fails with Unreachable.
        """
        backend = None if fresh else self._kept(name)
        if backend is not None:
            self._take_out(backend)
            return succeed(backend)
        tls, inspect, endpoint = self._tls, None, self._endpoint
        if tls is not None:
            endpoint = wrapClientTLS(tls.creator(name), endpoint)

            def inspect(connection: Any) -> None:
                tls.inspect(connection, name)

        connecting: Deferred[Any] = endpoint.connect(Factory.forProtocol(lambda: Backend(inspect)))
        connecting.addErrback(self._not_connected)
        return connecting.addCallback(self._connected)

    def _kept(self, name: str) -> Backend | None:
        """Return the unused connection to a host that was used last."""
        return next((backend for backend, (kept, _) in reversed(self._idle.items()) if kept == name), None)

    def _not_connected(self, failure: Failure) -> Failure:
        if failure.check(ConnectingCancelledError, CancelledError):
            return failure
        if failure.check(ConnectError, ConnectTimeout, DNSLookupError, OSError):
            return Failure(
                Unreachable(f"attempt to connect to {self.address} failed: {failure.getErrorMessage()}")
            )
        return failure

    def _connected(self, backend: Any) -> Deferred[Backend]:
        if not self.address.socket:
            # A head and a small body are two sends; the second must not wait for the first's receipt.
            backend.transport.setTcpNoDelay(True)
            backend.transport.setTcpKeepAlive(self.parameters.keep_alive)
        usable: Deferred[Backend] = backend.usable
        if self._tls is not None:
            usable.addTimeout(self._connect_seconds, self.reactor, self._too_slow)
        return usable

    def _too_slow(self, result: object, seconds: float) -> object:
        raise Unreachable(
            f"{self.address} did not finish the TLS handshake within {seconds:g} seconds", GATEWAY_TIMEOUT
        )

    def give_back(self, backend: Backend, name: str) -> None:
        """Keep a connection to the host `name` for the next request, if it can take one; else close it."""
        most = self.parameters.most or IDLE_CONNECTIONS
        if not backend.is_idle or not self.parameters.reuse or len(self._idle) >= most:
            backend.abort()
            return
        backend.rest()
        backend.on_unasked = self._take_out
        expiry = self.reactor.callLater(self.parameters.idle, self._expire, backend)
        self._idle[backend] = (name, expiry)

    def _expire(self, backend: Backend) -> None:
        del self._idle[backend]
        backend.abort()

    def _take_out(self, backend: Backend) -> None:
        kept = self._idle.pop(backend, None)
        if kept is not None and kept[1].active():
            kept[1].cancel()


def new_worker(address: Address, parameters: Parameters, tls: TlsClient | None) -> Worker:
    """Return a worker of the program's reactor."""
    # Importing it installs one, which is for the program that runs to choose.
    from twisted.internet import reactor

    return Worker(reactor, address, parameters, tls)


class Workers:
    """The workers of a process, made when they are first needed. Members of balancers have their own."""

    def __init__(self) -> None:
        self._workers: dict[tuple[Address, Parameters, TlsClient | None], Worker] = {}

    def get(self, address: Address, parameters: Parameters, tls: TlsClient | None) -> Worker:
        """Return the worker for a backend under these parameters. Reactor only."""
        key = (address, parameters, tls)
        worker = self._workers.get(key)
        if worker is None:
            if len(self._workers) >= WORKERS_MAX:
                del self._workers[next(iter(self._workers))]
            worker = self._workers[key] = new_worker(*key)
        return worker
