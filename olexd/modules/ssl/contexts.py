"""OpenSSL contexts: what a virtual host's settings mean in a handshake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from olexd.config.errors import Problem
from olexd.config.server import HostConfig
from olexd.modules.ssl.settings import PemFile, SslServer, Verify

ALPN: Final = b"http/1.1"
_VERSIONS: Final = {
    "TLSv1": SSL.OP_NO_TLSv1,
    "TLSv1.1": SSL.OP_NO_TLSv1_1,
    "TLSv1.2": SSL.OP_NO_TLSv1_2,
    "TLSv1.3": SSL.OP_NO_TLSv1_3,
}
_ALWAYS: Final = (
    SSL.OP_NO_SSLv2 | SSL.OP_NO_SSLv3 | SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET
)
_MODES: Final = {
    Verify.NONE: SSL.VERIFY_NONE,
    Verify.OPTIONAL: SSL.VERIFY_PEER,
    Verify.OPTIONAL_NO_CA: SSL.VERIFY_PEER,
    Verify.REQUIRE: SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
}
_NO_CA_ERRORS: Final = frozenset({2, 18, 19, 20, 21, 24, 27})
"""X509_V_ERR_*: no issuer to be had, self-signed, not trusted. What `optional_no_ca` overlooks."""

Verifier = Callable[[SSL.Connection, Any, int, int, int], bool]


class BadTls(Exception):
    """The settings make no context; `file` is where the fault is, None for the host as a whole."""

    def __init__(self, message: str, file: PemFile | None = None) -> None:
        super().__init__(message)
        self.file = file


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
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_options(_ALWAYS | _unwanted(conf.protocols))
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    if conf.honor_order:
        context.set_options(SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_cipher_list(conf.ciphers.encode())
    if conf.ciphers13:
        context.set_tls13_ciphersuites(conf.ciphers13.encode())
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
        if not good and conf.verify is Verify.OPTIONAL_NO_CA and error in _NO_CA_ERRORS:
            connection.get_app_data().shake.generous = True
            return True
        return bool(good)

    return verify


def _unwanted(protocols: frozenset[str]) -> int:
    options = 0
    for name, option in _VERSIONS.items():
        if name not in protocols:
            options |= option
    return options


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
        _add_certificate(context, file, key)
    if conf.chain is not None:
        for certificate in _certificates(conf.chain, "SSLCertificateChainFile"):
            context.add_extra_chain_cert(certificate)


def _add_certificate(context: SSL.Context, file: PemFile, key: PemFile) -> None:
    certificate = _certificates(file, "SSLCertificateFile")[0]
    try:
        private = load_pem_private_key(_read(key), None)
    except TypeError:
        raise BadTls(f"the private key in '{key.path}' is encrypted, and nobody can be asked", key) from None
    except Exception as error:
        raise BadTls(f"there is no private key in '{key.path}': {error}", key) from None
    if private.public_key() != certificate.public_key():
        message = f"the private key in '{key.path}' does not belong to the certificate in '{file.path}'"
        raise BadTls(message, key)
    try:
        context.use_certificate_chain_file(file.path)
        context.use_privatekey(private)  # type: ignore[arg-type]
    except SSL.Error as error:
        raise BadTls(f"the certificate in '{file.path}' cannot be used: {_reason(error)}", file) from None


def _read(file: PemFile) -> bytes:
    try:
        with open(file.path, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise BadTls(f"cannot read '{file.path}': {error.strerror}", file) from None


def _certificates(file: PemFile, directive: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(file))
    except ValueError as error:
        raise BadTls(f"{directive}: there is no certificate in '{file.path}': {error}", file) from None


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
        _certificates(conf.ca_file, "SSLCACertificateFile")
        context.load_client_ca(conf.ca_file.path.encode())
    context.load_verify_locations(conf.ca_file.path if conf.ca_file else None, conf.ca_path or None)


def _reason(error: SSL.Error) -> str:
    """Return what OpenSSL says of an error."""
    errors = error.args[0] if error.args else ()
    return errors[-1][2] if errors and isinstance(errors, list) else str(error)
