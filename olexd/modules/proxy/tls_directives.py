"""mod_ssl's SSLProxy directives: how backends are spoken to over TLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from olexd.config.errors import DirectiveError
from olexd.config.rows import Args, Arity, Context, Directive, store, store_flag
from olexd.config.settings import setting
from olexd.modules.tls import (
    MODERN,
    VERIFY_WORDS,
    PemFile,
    Verify,
    depth,
    set_ciphers,
    set_protocols,
    store_directory,
    store_file,
    warn_of_readable_key,
)
from olexd.modules.words import store_choice

CIPHERS: Final = "DEFAULT"
"""Up to TLS 1.2, when nothing is said: what OpenSSL thinks good, as backends may be old."""
Apply = Callable[[Any, Args], Any]


@dataclass(frozen=True, slots=True)
class ProxyTls:
    """How backends are spoken to over TLS; the fields are named as those of `SslServer`.

    `check_name` None means that `check_cn` decides. `identity` is what is shown to backends that ask.
    `crl_check` is one of none, leaf, chain; `crl_may_lack` lets authorities without a list pass.
    """

    engine: bool = setting(False)
    protocols: frozenset[str] = setting(MODERN)
    ciphers: str = setting(CIPHERS)
    ciphers13: str = setting("")
    verify: Verify = setting(Verify.NONE)
    depth: int = setting(1)
    ca_file: PemFile | None = setting(None)
    ca_path: str = setting("")
    check_name: bool | None = setting(None)
    check_cn: bool | None = setting(None)
    check_expire: bool = setting(True)
    identity: PemFile | None = setting(None)
    chain: PemFile | None = setting(None)
    crl_check: str = setting("none")
    crl_may_lack: bool = setting(False)
    crl_file: PemFile | None = setting(None)
    crl_path: str = setting("")


def _in_place(apply: Apply) -> Apply:
    """Return `apply` for the server and for Proxy sections: a client's path must not choose whom to trust."""

    def applied(conf: Any, args: Args) -> Any:
        if args.section is not None and not args.section[0].startswith("Proxy"):
            raise DirectiveError(f"{args.name} cannot occur within <{args.section[0]}> section")
        return apply(conf, args)

    return applied


def _set_revocation_check(conf: ProxyTls, args: Args) -> ProxyTls:
    kind, *flags = (word.lower() for word in args.words)
    if kind not in ("none", "leaf", "chain") or set(flags) - {"no_crl_for_cert_ok"}:
        raise DirectiveError(f"{args.name}: Invalid argument '{args.raw}'", "none, leaf or chain is wanted")
    return replace(conf, crl_check=kind, crl_may_lack=bool(flags))


def _row(
    name: str,
    arity: Arity,
    apply: Apply,
    help: str,
    default: str = "",
    warn: Callable[[Args], str] | None = None,
) -> Directive:
    name = f"SSLProxy{name}"
    return Directive(name, Context.SVD, arity, ProxyTls, _in_place(apply), help, default, warn=warn)


TLS_DIRECTIVES: Final = (
    _row(
        "Engine",
        Arity.FLAG,
        store_flag("engine"),
        "whether https:// backends are spoken to",
        "off",
    ),
    _row(
        "Verify",
        Arity.ONE,
        store_choice("verify", VERIFY_WORDS, "SSLProxyVerify: Invalid argument '{word}'"),
        "whether authorities have to vouch for backends: none, optional or require (alike), optional_no_ca",
        "none",
    ),
    _row(
        "VerifyDepth",
        Arity.ONE,
        store("depth", depth),
        "how many authorities may stand above a backend's certificate",
        "1",
    ),
    _row(
        "CACertificateFile",
        Arity.ONE,
        store_file("ca_file"),
        "the authorities that vouch for backends, as PEM",
    ),
    _row(
        "CACertificatePath",
        Arity.ONE,
        store_directory("ca_path"),
        "a directory of such authorities, named by hash",
    ),
    _row(
        "CheckPeerName",
        Arity.FLAG,
        store_flag("check_name"),
        "whether a certificate has to name the backend's host",
        "on",
    ),
    _row(
        "CheckPeerCN",
        Arity.FLAG,
        store_flag("check_cn"),
        "the same for the common name alone, where SSLProxyCheckPeerName is off",
        "on",
    ),
    _row(
        "CheckPeerExpire",
        Arity.FLAG,
        store_flag("check_expire"),
        "whether a certificate has to be valid now",
        "on",
    ),
    _row(
        "Protocol",
        Arity.ITERATE,
        set_protocols,
        "[+-]TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; all are the last two",
        "TLSv1.2 TLSv1.3",
    ),
    _row(
        "CipherSuite",
        Arity.ONE_OR_TWO,
        set_ciphers,
        "ciphers in OpenSSL's language, for TLSv1.3 or (SSL) for what is older",
        CIPHERS,
    ),
    _row(
        "MachineCertificateFile",
        Arity.ONE,
        store_file("identity"),
        "the certificate for backends that ask for one, and its key, as PEM",
        warn=warn_of_readable_key,
    ),
    _row(
        "MachineCertificateChainFile",
        Arity.ONE,
        store_file("chain"),
        "the certificates between that and a well-known one, as PEM",
    ),
    _row(
        "CARevocationCheck",
        Arity.ITERATE,
        _set_revocation_check,
        "none, leaf or chain; no_crl_for_cert_ok lets authorities without a list pass",
        "none",
    ),
    _row(
        "CARevocationFile",
        Arity.ONE,
        store_file("crl_file"),
        "lists of certificates that count no more, as PEM",
    ),
    _row(
        "CARevocationPath",
        Arity.ONE,
        store_directory("crl_path"),
        "a directory of such lists, named by hash",
    ),
)
