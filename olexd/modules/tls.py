"""What TLS with clients and TLS with backends have in common: files, versions, ciphers, and their directives.

The settings of both call the same things by the same names: `protocols`, `ciphers`, `ciphers13`, `depth`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from olexd.config.errors import DirectiveError, Where
from olexd.config.rows import Args

C = TypeVar("C")

PROTOCOLS: Final = {"tlsv1": "TLSv1", "tlsv1.1": "TLSv1.1", "tlsv1.2": "TLSv1.2", "tlsv1.3": "TLSv1.3"}
MODERN: Final = frozenset({"TLSv1.2", "TLSv1.3"})
_BROKEN: Final = frozenset({"sslv2", "sslv3"})
_VERSIONS: Final = {
    "TLSv1": SSL.OP_NO_TLSv1,
    "TLSv1.1": SSL.OP_NO_TLSv1_1,
    "TLSv1.2": SSL.OP_NO_TLSv1_2,
    "TLSv1.3": SSL.OP_NO_TLSv1_3,
}
_ALWAYS: Final = (
    SSL.OP_NO_SSLv2 | SSL.OP_NO_SSLv3 | SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET
)
NO_CA_ERRORS: Final = frozenset({2, 18, 19, 20, 21, 24, 27})
"""X509_V_ERR_*: no issuer to be had, self-signed, not trusted. What `optional_no_ca` overlooks."""


class Verify(StrEnum):
    """What is asked of the other side's certificate."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRE = "require"
    OPTIONAL_NO_CA = "optional_no_ca"


VERIFY_WORDS: Final = {kind.value: kind for kind in Verify}


@dataclass(frozen=True, slots=True)
class PemFile:
    """A file that a directive names, and where that stands."""

    path: str
    where: Where


class BadTls(Exception):
    """The settings make no context; `file` is where the fault is, None for the host as a whole."""

    def __init__(self, message: str, file: PemFile | None = None) -> None:
        super().__init__(message)
        self.file = file


# Setters


def pem_file(args: Args) -> PemFile:
    """Return the file that a directive names. Raises DirectiveError when nothing is in it."""
    path = args.path()
    if not os.path.isfile(path) or not os.path.getsize(path):
        raise DirectiveError(f"{args.name}: file '{path}' does not exist or is empty")
    return PemFile(path, args.where)


def store_file(field: str) -> Callable[[C, Args], C]:
    """Return an `apply` that stores the file that is named."""
    return lambda conf, args: replace(conf, **{field: pem_file(args)})  # type: ignore[type-var]


def store_directory(field: str) -> Callable[[C, Args], C]:
    """Return an `apply` that stores the path of a directory."""

    def apply(conf: C, args: Args) -> C:
        if not os.path.isdir(args.path()):
            raise DirectiveError(f"{args.name}: directory '{args.path()}' does not exist")
        return replace(conf, **{field: args.path()})  # type: ignore[type-var]

    return apply


def warn_of_readable_key(args: Args) -> str:
    """Return a warning when others than owner and group may read a key."""
    try:
        exposed = os.stat(args.path()).st_mode & 0o004
    except OSError:
        return ""
    return f"{args.name}: everybody on this machine can read '{args.path()}'" if exposed else ""


def _named_protocols(args: Args, word: str) -> frozenset[str]:
    """Return what a name stands for. `all` is what is thought safe: older versions are to be named."""
    name = word.lstrip("+-").lower()
    if name == "all":
        return MODERN
    if name in PROTOCOLS:
        return frozenset({PROTOCOLS[name]})
    if name == "sslv3" and word[0] != "-":
        raise DirectiveError(f"{args.name}: SSLv3 is broken and not supported")
    if name in _BROKEN:
        return frozenset()
    raise DirectiveError(f"{args.name}: Illegal protocol '{word.lstrip('+-')}'")


def set_protocols(conf: C, args: Args) -> C:
    """Store the versions of the protocol: words with a sign edit, one without starts over."""
    chosen: frozenset[str] = frozenset()
    for word in args.words:
        named = _named_protocols(args, word)
        if word[0] == "-":
            chosen -= named | (frozenset(PROTOCOLS.values()) if word.lower() == "-all" else frozenset())
        else:
            chosen = chosen | named if word[0] == "+" else named
    if not chosen:
        raise DirectiveError(f"No SSL protocols available [hint: {args.name}]")
    return replace(conf, protocols=chosen)  # type: ignore[type-var]


def set_ciphers(conf: C, args: Args) -> C:
    """Store a list of ciphers in OpenSSL's language, checked by OpenSSL."""
    kind, text = args.words if len(args.words) == 2 else ("SSL", args.word)
    context = SSL.Context(SSL.TLS_METHOD)
    try:
        if kind.lower() == "tlsv1.3":
            context.set_tls13_ciphersuites(text.encode())
            return replace(conf, ciphers13=text)  # type: ignore[type-var]
        if kind.lower() != "ssl":
            raise DirectiveError(f"{args.name}: protocol '{kind}' not supported")
        context.set_cipher_list(text.encode())
    except SSL.Error:
        raise DirectiveError(f"{args.name}: OpenSSL knows no cipher in '{text}'") from None
    return replace(conf, ciphers=text)  # type: ignore[type-var]


def depth(word: str) -> int:
    """Return how many authorities a chain may have. Raises ValueError."""
    if not word.isascii() or not word.isdigit():
        raise ValueError("Invalid argument: a number from 0 is wanted")
    return int(word)


# Contexts


def new_context(method: int, protocols: frozenset[str], ciphers: str, ciphers13: str) -> SSL.Context:
    """Return a context that never compresses, renegotiates, or resumes a session."""
    context = SSL.Context(method)
    options = _ALWAYS
    for name, option in _VERSIONS.items():
        if name not in protocols:
            options |= option
    context.set_options(options)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_cipher_list(ciphers.encode())
    if ciphers13:
        context.set_tls13_ciphersuites(ciphers13.encode())
    return context


def read(file: PemFile) -> bytes:
    """Return what is in a file. Raises BadTls."""
    try:
        with open(file.path, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise BadTls(f"cannot read '{file.path}': {error.strerror}", file) from None


def certificates(file: PemFile, directive: str) -> list[x509.Certificate]:
    """Return the certificates in a file, at least one. Raises BadTls."""
    try:
        return x509.load_pem_x509_certificates(read(file))
    except ValueError as error:
        raise BadTls(f"{directive}: there is no certificate in '{file.path}': {error}", file) from None


def private_key(file: PemFile) -> Any:
    """Return the private key in a file. Raises BadTls."""
    try:
        return load_pem_private_key(read(file), None)
    except TypeError:
        raise BadTls(
            f"the private key in '{file.path}' is encrypted, and nobody can be asked", file
        ) from None
    except Exception as error:
        raise BadTls(f"there is no private key in '{file.path}': {error}", file) from None


def add_identity(context: SSL.Context, file: PemFile, key: PemFile, directive: str) -> None:
    """Make a certificate, and those that come with it, what a context shows. Raises BadTls."""
    certificate = certificates(file, directive)[0]
    private = private_key(key)
    if private.public_key() != certificate.public_key():
        message = f"the private key in '{key.path}' does not belong to the certificate in '{file.path}'"
        raise BadTls(message, key)
    try:
        context.use_certificate_chain_file(file.path)
        context.use_privatekey(private)
    except SSL.Error as error:
        raise BadTls(f"the certificate in '{file.path}' cannot be used: {reason(error)}", file) from None


def reason(error: SSL.Error) -> str:
    """Return what OpenSSL says of an error."""
    errors = error.args[0] if error.args else ()
    return errors[-1][2] if errors and isinstance(errors, list) else str(error)
