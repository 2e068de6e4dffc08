"""OpenSSL contexts: what a virtual host's settings mean in a handshake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from OpenSSL import SSL

from olexd.config.errors import Problem
from olexd.config.server import HostConfig
from olexd.modules.ssl.settings import SslServer
from olexd.modules.tls import NO_CA_ERRORS, BadTls, Verify, add_identity, certificates, new_context

ALPN: Final = b"http/1.1"
_MODES: Final = {
    Verify.NONE: SSL.VERIFY_NONE,
    Verify.OPTIONAL: SSL.VERIFY_PEER,
    Verify.OPTIONAL_NO_CA: SSL.VERIFY_PEER,
    Verify.REQUIRE: SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
}
Verifier = Callable[[SSL.Connection, Any, int, int, int], bool]


def check(host: HostConfig) -> Iterator[Problem]:
    """Yield what keeps a host from speaking TLS."""
    if host.server[SslServer].engine:
        try:
            make_context(host)
        except BadTls as error:
            yield Problem(error.file.where if error.file else host.where, str(error))


def make_context(host: HostConfig) -> SSL.Context:
    """Return what a host's handshakes are made with. Raises BadTls.

    No session is ever resumed: one that was begun with a host must not open another that asks for more.
    """
    conf = host.server[SslServer]
    context = new_context(SSL.TLS_SERVER_METHOD, conf.protocols, conf.ciphers, conf.ciphers13)
    if conf.honor_order:
        context.set_options(SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_alpn_select_callback(_select_protocol)
    _add_certificates(context, host.name, conf)
    _add_authorities(context, conf)
    context.set_verify(mode_of(conf), verifier(conf))
    return context


def mode_of(conf: SslServer) -> int:
    """Return OpenSSL's flags for what is asked of clients."""
    return _MODES[conf.verify]


def verifier(conf: SslServer) -> Verifier:
    """Return what OpenSSL asks about each certificate that a client showed."""

    def verify(connection: SSL.Connection, certificate: Any, error: int, depth: int, good: int) -> bool:
        if depth > conf.depth:
            return False
        if not good and conf.verify is Verify.OPTIONAL_NO_CA and error in NO_CA_ERRORS:
            connection.get_app_data().shake.generous = True
            return True
        return bool(good)

    return verify


def _select_protocol(connection: SSL.Connection, offered: list[bytes]) -> Any:
    """Agree on HTTP/1.1; a client that does not offer it learns nothing, and may try."""
    return ALPN if ALPN in offered else SSL.NO_OVERLAPPING_PROTOCOLS


def _add_certificates(context: SSL.Context, name: str, conf: SslServer) -> None:
    if not conf.certificates:
        raise BadTls(
            f"AH02572: Failed to configure at least one certificate and key for {name}: "
            "SSLEngine is on, and there is no SSLCertificateFile"
        )
    for number, file in enumerate(conf.certificates):
        key = conf.keys[number] if number < len(conf.keys) else file
        add_identity(context, file, key, "SSLCertificateFile")
    if conf.chain is not None:
        for certificate in certificates(conf.chain, "SSLCertificateChainFile"):
            context.add_extra_chain_cert(certificate)


def _add_authorities(context: SSL.Context, conf: SslServer) -> None:
    if conf.verify is Verify.NONE:
        return
    if conf.ca_file is None and not conf.ca_path:
        if conf.verify is not Verify.OPTIONAL_NO_CA:
            raise BadTls(
                "AH02238: SSLVerifyClient asks for certificates, but no authority is known: "
                "SSLCACertificateFile or SSLCACertificatePath is missing"
            )
        return
    if conf.ca_file is not None:
        certificates(conf.ca_file, "SSLCACertificateFile")
        context.load_client_ca(conf.ca_file.path.encode())
    context.load_verify_locations(conf.ca_file.path if conf.ca_file else None, conf.ca_path or None)
