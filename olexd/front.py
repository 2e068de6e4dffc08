"""What a connection begins with before it speaks HTTP: the header of a PROXY protocol, TLS.

Listeners of a configuration without either never come here.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.interfaces import IAddress, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer  # type: ignore[import-untyped]

from olexd.config.core import CoreServer
from olexd.config.server import HostConfig, ServerConfig
from olexd.errorlog import Level
from olexd.http.channel import Channel
from olexd.http.proxy_header import BadProxyHeader, read_proxy_header
from olexd.http.readers import Readers
from olexd.http.tls import TLSChannel, TLSTransport
from olexd.http.writer import SocketWriter
from olexd.model.logging import log_connection, log_server
from olexd.modules.metadata.remoteip import RemoteIpServer
from olexd.modules.ssl import Handshakes, SslServer
from olexd.site import Site, addresses

HEADER_SECONDS: Final = 20.0
"""How long a proxy may take for its header; it sends it at once."""


def is_wanted(config: ServerConfig) -> bool:
    """Return whether any connection begins with something else than HTTP."""
    return any(
        host.server[SslServer].engine or host.server[RemoteIpServer].proxy_protocol for host in config.hosts
    )


@implementer(IOpenSSLServerConnectionCreator)
class _Creator:
    """Brings our handshakes into Twisted's TLS."""

    def __init__(self, handshakes: Handshakes) -> None:
        self._handshakes = handshakes

    def serverConnectionForTLS(self, protocol: TLSTransport) -> Any:
        """Return OpenSSL's side of a connection."""
        return self._handshakes.begin(protocol)


class FrontFactory(Factory):
    """Makes the first protocol of each accepted connection. Raises BadTls."""

    noisy = False

    def __init__(self, site: Site, readers: Readers) -> None:
        self.site = site
        self.readers = readers
        self.handshakes = Handshakes(site.config)
        self.waiting: set[Front] = set()
        self._tls: Any = TLSMemoryBIOFactory(_Creator(self.handshakes), False, Factory())  # type: ignore[arg-type]

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """Return what a connection speaks to at first."""
        return Front(self)

    def speaker(self, host: HostConfig, local: tuple[str, int], client: str | None) -> Protocol:
        """Return what goes on with a connection to an address that `host` speaks for."""
        if not self.handshakes.expected(host):
            plain = self.site.channel()
            plain.client_address = client
            return plain
        site = self.site
        timeout = site.config.main.server[CoreServer].timeout
        channel = TLSChannel(site, site.call_in_reactor, timeout, self._shaken, _log_failure)
        channel.client_address = client
        transport = TLSTransport(self._tls, channel)  # type: ignore[no-untyped-call]
        transport.local = local
        return transport

    def drop_waiting(self) -> None:
        """Close the connections that are not with the site yet."""
        for front in tuple(self.waiting):
            front.drop()

    def _shaken(self, channel: TLSChannel, connection: Any) -> None:
        facts = self.handshakes.settled(connection)
        if facts is not None:
            channel.connection.settle_tls(facts)
        else:
            log_connection(
                channel.connection, "the client's version of TLS is not one of the host's", Level.INFO, "ssl"
            )
            channel.transport.abortConnection()


def _log_failure(channel: Channel, reason: Failure) -> None:
    said: Any = reason.value.args[0] if reason.value is not None and reason.value.args else ()
    text = "; ".join(error[-1] for error in said) if isinstance(said, list) else reason.getErrorMessage()
    log_connection(channel.connection, f"AH02008: SSL handshake failed: {text}", Level.INFO, "ssl")


class Front(Protocol):
    """Finds out who speaks and how, then leaves the connection to who goes on with it."""

    transport: Any

    def __init__(self, factory: FrontFactory) -> None:
        self._factory = factory
        self._received = b""
        self._deadline: Any = None

    def connectionMade(self) -> None:
        """Wait for a proxy's header where there has to be one."""
        transport = self.transport
        core = self._factory.site.config.main.server[CoreServer]
        transport.writer = SocketWriter(transport.socket, transport, core.timeout)
        self._local, peer = addresses(transport)
        self._host = self._factory.site.config.selector.default(*self._local)
        if self._host.server[RemoteIpServer].wants_header(peer[0]):
            self._factory.waiting.add(self)
            self._deadline = transport.reactor.callLater(
                HEADER_SECONDS, self._give_up, "did not come in time"
            )
        else:
            self._enter(None, b"")

    def dataReceived(self, data: bytes) -> None:
        """Read the header; a connection that has another beginning is closed without a word."""
        self._received += data
        try:
            header = read_proxy_header(self._received)
        except BadProxyHeader as error:
            self._give_up(str(error))
            return
        if header is not None:
            self._enter(header.client, self._received[header.length :])

    def answer_pending(self) -> bool:
        """The peer sent its last byte: there is nothing to answer."""
        return False

    def drop(self) -> None:
        """Close the connection."""
        self.transport.drop()

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Forget the connection."""
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        self._factory.waiting.discard(self)
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def _give_up(self, why: str) -> None:
        peer = addresses(self.transport)[1][0]
        log_server(self._host, f"PROXY protocol: {why} (from {peer})", Level.INFO, "remoteip")
        self._stop_waiting()
        self.transport.abortConnection()

    def _enter(self, client: str | None, rest: bytes) -> None:
        self._stop_waiting()
        transport = self.transport
        protocol = transport.protocol = self._factory.speaker(self._host, self._local, client)
        protocol.makeConnection(transport)
        if rest:
            protocol.dataReceived(rest)
