"""TLS with backends: what mod_ssl's SSLProxy directives make of a handshake."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer  # type: ignore[import-untyped]

from olexd.config.errors import Problem
from olexd.config.server import HostConfig
from olexd.modules.proxy.tls_directives import ProxyTls
from olexd.modules.tls import (
    NO_CA_ERRORS,
    BadTls,
    PemFile,
    Verify,
    add_identity,
    certificates,
    new_context,
    read,
)
from olexd.networks import parse_address

_NO_CRL: Final = 3
"""X509_V_ERR_UNABLE_TO_GET_CRL."""
_CRL: Final = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


class Distrusted(Exception):
    """A backend's certificate is not good enough."""


# Handshakes


@implementer(IOpenSSLClientConnectionCreator)
class _Creator:
    """Brings a context into Twisted's TLS; the backend is told which host is meant (SNI)."""

    def __init__(self, context: SSL.Context, name: str) -> None:
        self._context = context
        self._name = b"" if parse_address(name) is not None else name.encode("idna")

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """Return OpenSSL's side of a connection."""
        connection = SSL.Connection(self._context, None)
        if self._name:
            connection.set_tlsext_host_name(self._name)
        return connection


class BackendTls:
    """The TLS side of backends under some settings. Raises BadTls."""

    def __init__(self, conf: ProxyTls) -> None:
        self._conf = conf
        self._context = _context(conf)

    def creator(self, name: str) -> Any:
        """Return what makes a connection (IOpenSSLClientConnectionCreator) to the host `name`.

        Raises UnicodeError for what cannot be a host's name.
        """
        return _Creator(self._context, name)

    def inspect(self, connection: Any, name: str) -> None:
        """Raise Distrusted when a finished handshake's certificate has expired, or is another host's.

        As in httpd this is looked at even where SSLProxyVerify asks for nothing.
        """
        conf = self._conf
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            raise Distrusted("it shows no certificate")
        if conf.check_expire and not _is_current(certificate):
            raise Distrusted("its certificate has expired, or is not valid yet")
        if conf.check_name or (conf.check_name is None and conf.check_cn is not False):
            if not any(covers(pattern, name) for pattern in names(certificate)):
                raise Distrusted(f"its certificate is not for {name}")
        elif conf.check_cn and name.lower() not in map(str.lower, _common_names(certificate)):
            raise Distrusted(f"its certificate's common name is not {name}")


_known: Final[dict[ProxyTls, BackendTls]] = {}
"""What `check()` made of the configuration, while the server could still read keys."""


def backend_tls(conf: ProxyTls) -> BackendTls:
    """Return the TLS side for settings. Raises BadTls for such as never were in a configuration."""
    known = _known.get(conf)
    if known is None:
        known = _known[conf] = BackendTls(conf)
    return known


def _is_current(certificate: x509.Certificate) -> bool:
    now = datetime.datetime.now(datetime.UTC)
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def names(certificate: x509.Certificate) -> list[str]:
    """Return the hosts that a certificate is for; its common names count if there are no others."""
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except (x509.ExtensionNotFound, ValueError):
        return _common_names(certificate)
    alternatives: Any = extension.value
    return [
        *alternatives.get_values_for_type(x509.DNSName),
        *map(str, alternatives.get_values_for_type(x509.IPAddress)),
    ]


def _common_names(certificate: x509.Certificate) -> list[str]:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [str(attribute.value) for attribute in found]


def covers(pattern: str, host: str) -> bool:
    """Return whether a name in a certificate is a host's; `*` stands for one whole label at the beginning."""
    pattern, host = pattern.lower().rstrip("."), host.lower().rstrip(".")
    if parse_address(host) is not None:
        return parse_address(pattern) == parse_address(host)
    if not pattern.startswith("*."):
        return pattern == host
    first, _, rest = host.partition(".")
    return bool(first) and "." in rest and rest == pattern[2:]


# Contexts


def _context(conf: ProxyTls) -> SSL.Context:
    context = new_context(SSL.TLS_CLIENT_METHOD, conf.protocols, conf.ciphers, conf.ciphers13)
    if conf.identity is not None:
        add_identity(context, conf.identity, conf.identity, "SSLProxyMachineCertificateFile")
        for certificate in (
            [] if conf.chain is None else certificates(conf.chain, "SSLProxyMachineCertificateChainFile")
        ):
            context.add_extra_chain_cert(certificate)
    if conf.verify is Verify.NONE:
        context.set_verify(SSL.VERIFY_NONE)
        return context
    _add_authorities(context, conf)
    _add_revocations(context, conf)
    context.set_verify(SSL.VERIFY_PEER, _verifier(conf))
    return context


def _verifier(conf: ProxyTls) -> Callable[[SSL.Connection, Any, int, int, int], bool]:
    def verify(connection: SSL.Connection, certificate: Any, error: int, depth: int, good: int) -> bool:
        if depth > conf.depth:
            return False
        if not good and error == _NO_CRL:
            return conf.crl_may_lack
        if not good and conf.verify is Verify.OPTIONAL_NO_CA:
            return error in NO_CA_ERRORS
        return bool(good)

    return verify


def _add_authorities(context: SSL.Context, conf: ProxyTls) -> None:
    if conf.ca_file is None and not conf.ca_path:
        if conf.verify is not Verify.OPTIONAL_NO_CA:
            raise BadTls(
                "SSLProxyVerify asks for certificates, but no authority is known: "
                "SSLProxyCACertificateFile or SSLProxyCACertificatePath is missing"
            )
        return
    if conf.ca_file is not None:
        certificates(conf.ca_file, "SSLProxyCACertificateFile")
    context.load_verify_locations(conf.ca_file.path if conf.ca_file else None, conf.ca_path or None)


def _add_revocations(context: SSL.Context, conf: ProxyTls) -> None:
    if conf.crl_check == "none":
        return
    if conf.crl_file is None and not conf.crl_path:
        raise BadTls(
            "SSLProxyCARevocationCheck needs lists: "
            "SSLProxyCARevocationFile or SSLProxyCARevocationPath is missing"
        )
    authorities = context.get_cert_store()
    assert authorities is not None
    if conf.crl_file is not None:
        for found in _revocations(conf.crl_file):
            authorities.add_crl(found)
    if conf.crl_path:
        context.load_verify_locations(None, conf.crl_path)
    flags = crypto.X509StoreFlags.CRL_CHECK
    if conf.crl_check == "chain":
        flags |= crypto.X509StoreFlags.CRL_CHECK_ALL
    authorities.set_flags(flags)


def _revocations(file: PemFile) -> list[x509.CertificateRevocationList]:
    try:
        found = [x509.load_pem_x509_crl(text) for text in _CRL.findall(read(file))]
    except ValueError as error:
        raise BadTls(f"a revocation list in '{file.path}' cannot be read: {error}", file) from None
    if not found:
        raise BadTls(f"there is no revocation list in '{file.path}'", file)
    return found


def check(host: HostConfig) -> Iterator[Problem]:
    """Yield what keeps backends from being spoken to over TLS."""
    for place in (None, *host.proxies):
        conf = host.merged(() if place is None else (place,))[ProxyTls]
        if conf.engine:
            try:
                _known[conf] = BackendTls(conf)
            except BadTls as error:
                where = host.where if place is None else place.where
                yield Problem(error.file.where if error.file else where, str(error))
