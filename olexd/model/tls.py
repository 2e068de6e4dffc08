"""What is known of a TLS connection, and mod_ssl's variables about it (configuration spec 5.6)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID
from OpenSSL import SSL

from olexd.config.server import HostConfig

VERSION_INTERFACE: Final = "mod_ssl/2.4"


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a handshake settled.

    `host` is whose certificate and rules were used, `sni` the name that the client asked for ("" for none),
    `bits` the strength of the cipher, `session` a name for the session in hexadecimal, `client` the client's
    certificate, `chain` what came with it, and `verify` mod_ssl's word for it (NONE, SUCCESS, GENEROUS).
    """

    host: HostConfig
    protocol: str
    cipher: str
    bits: int
    sni: str = ""
    session: str = ""
    verify: str = "NONE"
    server: x509.Certificate | None = None
    client: x509.Certificate | None = None
    chain: tuple[x509.Certificate, ...] = ()
    serves: Callable[[HostConfig], bool] = field(default=lambda host: True)
    """Whether the handshake is good enough for requests to a host."""

    def variable(self, name: str) -> str:
        """Return one of the `SSL_` variables (name in upper case), "" when it has no value."""
        plain = _PLAIN.get(name)
        if plain is not None:
            return plain(self)
        if name.startswith("SSL_SERVER_"):
            return _of_certificate(self.server, name.removeprefix("SSL_SERVER_"))
        if name.startswith("SSL_CLIENT_CERT_CHAIN_"):
            return self._chain_link(name.removeprefix("SSL_CLIENT_CERT_CHAIN_"))
        if name.startswith("SSL_CLIENT_"):
            return _of_certificate(self.client, name.removeprefix("SSL_CLIENT_"))
        return ""

    def _chain_link(self, number: str) -> str:
        if not number.isdecimal() or int(number) >= len(self.chain):
            return ""
        return _pem(self.chain[int(number)])

    def standard_variables(self) -> Iterator[tuple[str, str]]:
        """Yield what `SSLOptions +StdEnvVars` shows: names and values."""
        for name in _PLAIN:
            if name != "SSL_TLS_SNI":
                yield name, self.variable(name)
        yield from _shown("SSL_SERVER_", self.server)
        yield from _shown("SSL_CLIENT_", self.client)
        if self.client is not None:
            yield "SSL_CLIENT_V_REMAIN", self.variable("SSL_CLIENT_V_REMAIN")
            yield "SSL_CLIENT_CERT_RFC4523_CEA", self.variable("SSL_CLIENT_CERT_RFC4523_CEA")

    def exported_certificates(self) -> Iterator[tuple[str, str]]:
        """Yield what `SSLOptions +ExportCertData` adds: the certificates themselves, as PEM."""
        yield "SSL_SERVER_CERT", self.variable("SSL_SERVER_CERT")
        yield "SSL_CLIENT_CERT", self.variable("SSL_CLIENT_CERT")
        for number, certificate in enumerate(self.chain):
            yield f"SSL_CLIENT_CERT_CHAIN_{number}", _pem(certificate)


@cache
def _library() -> str:
    """Return OpenSSL's name and version as mod_ssl writes them."""
    words = SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode("ascii").split()
    return "/".join(words[:2])


_PLAIN: Final[dict[str, Callable[[TlsFacts], str]]] = {
    "SSL_TLS_SNI": lambda facts: facts.sni,
    "SSL_PROTOCOL": lambda facts: facts.protocol,
    "SSL_CIPHER": lambda facts: facts.cipher,
    "SSL_CIPHER_EXPORT": lambda facts: "false",
    "SSL_CIPHER_USEKEYSIZE": lambda facts: str(facts.bits),
    "SSL_CIPHER_ALGKEYSIZE": lambda facts: str(facts.bits),
    "SSL_COMPRESS_METHOD": lambda facts: "NULL",
    "SSL_SECURE_RENEG": lambda facts: "true",
    "SSL_SESSION_ID": lambda facts: facts.session,
    "SSL_SESSION_RESUMED": lambda facts: "Initial",
    "SSL_VERSION_INTERFACE": lambda facts: VERSION_INTERFACE,
    "SSL_VERSION_LIBRARY": lambda facts: _library(),
    "SSL_CLIENT_VERIFY": lambda facts: facts.verify,
}

_PARTS: Final = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "T": NameOID.TITLE,
    "I": NameOID.INITIALS,
    "G": NameOID.GIVEN_NAME,
    "S": NameOID.SURNAME,
    "D": x509.ObjectIdentifier("2.5.4.13"),
    "UID": NameOID.USER_ID,
    "Email": NameOID.EMAIL_ADDRESS,
}
_PARTS_BY_UPPER: Final = {name.upper(): oid for name, oid in _PARTS.items()}
_NAMES: Final = {
    NameOID.EMAIL_ADDRESS: "emailAddress",
    NameOID.STREET_ADDRESS: "street",
    NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.SURNAME: "SN",
    NameOID.GIVEN_NAME: "GN",
    NameOID.TITLE: "title",
    NameOID.INITIALS: "initials",
    NameOID.GENERATION_QUALIFIER: "generationQualifier",
    NameOID.X500_UNIQUE_IDENTIFIER: "x500UniqueIdentifier",
    NameOID.DN_QUALIFIER: "dnQualifier",
    NameOID.PSEUDONYM: "pseudonym",
    NameOID.JURISDICTION_COUNTRY_NAME: "jurisdictionC",
    NameOID.JURISDICTION_LOCALITY_NAME: "jurisdictionL",
    NameOID.JURISDICTION_STATE_OR_PROVINCE_NAME: "jurisdictionST",
    NameOID.BUSINESS_CATEGORY: "businessCategory",
    NameOID.POSTAL_ADDRESS: "postalAddress",
    NameOID.POSTAL_CODE: "postalCode",
    NameOID.INN: "INN",
    NameOID.OGRN: "OGRN",
    NameOID.SNILS: "SNILS",
    NameOID.UNSTRUCTURED_NAME: "unstructuredName",
}
"""OpenSSL's short names for what RFC 4514 has none for, or another one."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KEYS: Final[tuple[tuple[type[Any], str], ...]] = (
    (rsa.RSAPublicKey, "rsaEncryption"),
    (ec.EllipticCurvePublicKey, "id-ecPublicKey"),
    (dsa.DSAPublicKey, "dsaEncryption"),
    (ed25519.Ed25519PublicKey, "ED25519"),
    (ed448.Ed448PublicKey, "ED448"),
)


def _of_certificate(certificate: x509.Certificate | None, name: str) -> str:
    """Return a variable about a certificate: `S_DN_CN`, `V_START`, `M_SERIAL`, ..."""
    if certificate is None:
        return ""
    known = _OF_CERTIFICATE.get(name)
    if known is not None:
        return known(certificate)
    if name.startswith("S_DN_"):
        return _part(certificate.subject, name[5:])
    if name.startswith("I_DN_"):
        return _part(certificate.issuer, name[5:])
    if name.startswith("SAN_"):
        return dict(_alternatives(certificate)).get(name, "")
    return ""


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _serial(certificate: x509.Certificate) -> str:
    text = f"{certificate.serial_number:X}"
    return text if len(text) % 2 == 0 else "0" + text


def _date(moment: datetime.datetime) -> str:
    """Return a time as OpenSSL prints it, whatever the locale."""
    month = _MONTHS[moment.month - 1]
    return f"{month} {moment.day:2} {moment:%H:%M:%S %Y} GMT"


def _days_left(certificate: x509.Certificate) -> str:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    return str(max(0, (certificate.not_valid_after_utc - now) // datetime.timedelta(days=1)))


def _key_kind(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    return next((name for kind, name in _KEYS if isinstance(key, kind)), "UNKNOWN")


def _signature_kind(certificate: x509.Certificate) -> str:
    """Return the signature's algorithm by the name that OpenSSL has for it."""
    name: str = certificate.signature_algorithm_oid._name
    return name


def one_line(name: x509.Name) -> str:
    """Return a distinguished name as OpenSSL writes it in one line: `/C=DE/O=Example/CN=name`."""
    return "".join(
        f"/{_NAMES.get(part.oid, part.rfc4514_attribute_name)}={_escaped(str(part.value))}" for part in name
    )


def _escaped(text: str) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02X}" for byte in text.encode("utf-8"))


def _name(name: x509.Name) -> str:
    """Return a distinguished name as RFC 2253 writes it: the last part first."""
    return name.rfc4514_string(_NAMES)


def _exact_issue(certificate: x509.Certificate) -> str:
    """Return serial number and issuer as RFC 4523's CertificateExactAssertion, not ASCII escaped."""
    issuer = "".join(
        char if char.isascii() else "".join(f"\\{byte:02X}" for byte in char.encode("utf-8"))
        for char in _name(certificate.issuer)
    )
    return f'{{ serialNumber {certificate.serial_number}, issuer rdnSequence:"{issuer}" }}'


_OF_CERTIFICATE: Final[dict[str, Callable[[x509.Certificate], str]]] = {
    "M_VERSION": lambda certificate: str(certificate.version.value + 1),
    "M_SERIAL": _serial,
    "V_START": lambda certificate: _date(certificate.not_valid_before_utc),
    "V_END": lambda certificate: _date(certificate.not_valid_after_utc),
    "V_REMAIN": _days_left,
    "S_DN": lambda certificate: _name(certificate.subject),
    "I_DN": lambda certificate: _name(certificate.issuer),
    "A_KEY": _key_kind,
    "A_SIG": _signature_kind,
    "CERT": _pem,
    "CERT_RFC4523_CEA": _exact_issue,
}
_STANDARD: Final = ("M_VERSION", "M_SERIAL", "V_START", "V_END", "S_DN", "I_DN", "A_KEY", "A_SIG")


def _part(name: x509.Name, wanted: str) -> str:
    """Return part `CN`, `CN_0`, `CN_1`, ... of a name; `_RAW` behind it changes nothing."""
    wanted = wanted.removesuffix("_RAW")
    part, _, number = wanted.partition("_")
    oid = _PARTS_BY_UPPER.get(part.upper())
    if oid is None or not (number or "0").isdecimal():
        return ""
    found = name.get_attributes_for_oid(oid)
    position = int(number or "0")
    return str(found[position].value) if position < len(found) else ""


def _alternatives(certificate: x509.Certificate) -> Iterator[tuple[str, str]]:
    """Yield the e-mail addresses and host names that a certificate is also good for."""
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except (x509.ExtensionNotFound, ValueError):
        return
    names: Any = extension.value
    for label, kind in (("Email", x509.RFC822Name), ("DNS", x509.DNSName)):
        for number, value in enumerate(names.get_values_for_type(kind)):
            yield f"SAN_{label.upper()}_{number}", str(value)


def _parts(label: str, name: x509.Name) -> Iterator[tuple[str, str]]:
    for part, oid in _PARTS.items():
        for number, attribute in enumerate(name.get_attributes_for_oid(oid)):
            yield f"{label}_{part}{f'_{number}' if number else ''}", str(attribute.value)


def _shown(prefix: str, certificate: x509.Certificate | None) -> Iterator[tuple[str, str]]:
    if certificate is None:
        return
    for name in _STANDARD:
        yield prefix + name, _OF_CERTIFICATE[name](certificate)
    yield from ((prefix + name, value) for name, value in _parts("S_DN", certificate.subject))
    yield from ((prefix + name, value) for name, value in _parts("I_DN", certificate.issuer))
    for name, value in _alternatives(certificate):
        yield prefix + name.replace("SAN_EMAIL_", "SAN_Email_"), value
