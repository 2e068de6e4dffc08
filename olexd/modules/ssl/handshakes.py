"""Which host's certificate and rules a handshake uses, and what it settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from cryptography import x509
from OpenSSL import SSL

from olexd.config.server import HostConfig, ServerConfig
from olexd.model.tls import TlsFacts
from olexd.modules.ssl.contexts import make_context, mode_of, verifier
from olexd.modules.ssl.settings import SslServer

_SESSION_LABEL: Final = b"EXPERIMENTAL olexd session"


@dataclass(slots=True)
class Handshake:
    """A handshake under way: with which host, and what the client asked for."""

    host: HostConfig
    sni: str = ""
    generous: bool = False
    """A client certificate was accepted although nobody vouches for it."""


class Bearer(Protocol):
    """A connection's transport, which OpenSSL knows as the connection's data."""

    local: tuple[str, int]
    """The address that the client connected to."""
    shake: Any
    """The `Handshake`, which is kept here."""


class Handshakes:
    """The TLS side of a configuration. Raises BadTls when a host's files are no good any more."""

    def __init__(self, config: ServerConfig) -> None:
        self._selector = config.selector
        self._contexts = {host: make_context(host) for host in config.hosts if host.server[SslServer].engine}
        for context in self._contexts.values():
            context.set_tlsext_servername_callback(self._choose)

    def expected(self, host: HostConfig) -> bool:
        """Return whether connections that a host speaks for begin with a handshake."""
        return host in self._contexts

    def begin(self, bearer: Bearer) -> SSL.Connection:
        """Return OpenSSL's side of a new connection."""
        host = self._selector.default(*bearer.local)
        bearer.shake = Handshake(host)
        connection = SSL.Connection(self._contexts[host], None)
        connection.set_app_data(bearer)
        connection.set_accept_state()
        return connection

    def _choose(self, connection: SSL.Connection) -> None:
        """Go on as the virtual host that the client named; one without TLS is not to be had this way."""
        named = connection.get_servername()
        if named is None:
            return
        bearer: Bearer = connection.get_app_data()
        shake: Handshake = bearer.shake
        shake.sni = named.decode("ascii", "replace")
        host = self._selector.select(*bearer.local, shake.sni.lower())
        context = self._contexts.get(host)
        if context is None or host is shake.host:
            return
        shake.host = host
        connection.set_context(context)
        # OpenSSL takes over the new context's certificate, but not what it asks of the client.
        conf = host.server[SslServer]
        connection.set_verify(mode_of(conf), verifier(conf))

    def settled(self, connection: SSL.Connection) -> TlsFacts | None:
        """Return what a finished handshake settled; None when the host forbids the protocol's version.

        OpenSSL settles the version before it asks for the host.
        """
        shake: Handshake = connection.get_app_data().shake
        protocol = connection.get_protocol_version_name()
        if protocol not in shake.host.server[SslServer].protocols:
            return None
        client = connection.get_peer_certificate(as_cryptography=True)
        return TlsFacts(
            host=shake.host,
            protocol=protocol,
            cipher=connection.get_cipher_name() or "",
            bits=connection.get_cipher_bits() or 0,
            sni=shake.sni,
            session=connection.export_keying_material(_SESSION_LABEL, 32).hex(),
            verify="NONE" if client is None else "GENEROUS" if shake.generous else "SUCCESS",
            server=connection.get_certificate(as_cryptography=True),
            client=client,
            chain=_chain(connection, client),
            serves=lambda host: _alike(host, shake.host),
        )


def _alike(host: HostConfig, other: HostConfig) -> bool:
    return host is other or host.server[SslServer].rules == other.server[SslServer].rules


def _chain(connection: SSL.Connection, client: x509.Certificate | None) -> tuple[x509.Certificate, ...]:
    if client is None:
        return ()
    sent = connection.get_peer_cert_chain(as_cryptography=True) or []
    return tuple(certificate for certificate in sent if certificate != client)
