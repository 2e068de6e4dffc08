"""mod_ssl's directives as rows, and how their words are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from olexd.config.errors import DirectiveError
from olexd.config.rows import Args, Arity, Context, Directive, Override, extend, store, store_flag
from olexd.expr import ExprError, condition
from olexd.modules.ssl.settings import CIPHERS, SslDir, SslServer
from olexd.modules.tls import (
    VERIFY_WORDS,
    depth,
    pem_file,
    set_ciphers,
    set_protocols,
    store_directory,
    store_file,
    warn_of_readable_key,
)
from olexd.modules.words import accepted, current, store_choice

OPTIONS: Final = frozenset(
    {
        "stdenvvars",
        "exportcertdata",
        "fakebasicauth",
        "strictrequire",
        "optrenegotiate",
        "legacydnstringformat",
    }
)
_UNSUPPORTED_OPTIONS: Final = frozenset({"legacydnstringformat"})


# Setters


def set_engine(conf: SslServer, args: Args) -> SslServer:
    """Store whether the server speaks TLS. A change in the middle of a connection is not supported."""
    word = args.word.lower()
    if word == "optional":
        raise DirectiveError(
            "SSLEngine optional is not supported",
            "it upgrades a connection as RFC 2817 says: no browser does",
        )
    if word not in ("on", "off"):
        raise DirectiveError("Argument must be On, Off, or Optional")
    return replace(conf, engine=word == "on")


def set_options(conf: SslDir, args: Args) -> SslDir:
    """Store what SSLOptions switches; a list without signs decides on every option."""
    flags: dict[str, bool] = current(conf, "flags")
    if not any(word[0] in "+-" for word in args.words):
        flags = dict.fromkeys(OPTIONS, False)
    for word in args.words:
        name = word.lstrip("+-").lower()
        if name not in OPTIONS:
            raise DirectiveError(f"SSLOptions: Illegal option '{word.lstrip('+-')}'")
        if name in _UNSUPPORTED_OPTIONS and word[0] != "-":
            raise DirectiveError(f"SSLOptions {word} is not supported")
        flags[name] = word[0] != "-"
    return replace(conf, flags=flags)


_COMPARISON: Final = re.compile(
    r'"(?:\\.|[^"\\])*"|(<=|>=|==|!=|<|>|\b(?:lt|le|gt|ge|eq|ne)\b)(?:\s*(-?\d+)\b)?'
)
_SIGNS: Final = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_NUMERIC: Final = {sign: f"-{word}" for word, sign in _SIGNS.items()}


def modern_expression(text: str) -> str:
    """Return an expression of SSLRequire's old grammar in today's.

    There `eq` and `==` mean the same, and so on: numbers are compared as such, everything else as text.
    """

    def modern(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        sign = _SIGNS.get(found[1], found[1])
        return f" {sign} " if found[2] is None else f" {_NUMERIC[sign]} {found[2]}"

    return _COMPARISON.sub(modern, text)


def add_requirement(conf: SslDir, args: Args) -> SslDir:
    """Add a condition that requests have to meet."""
    try:
        found = condition(modern_expression(args.raw), args.vocabulary)
    except ExprError as error:
        raise DirectiveError(f"Cannot parse expression: {error}") from None
    return extend("requires", lambda args: (found,))(conf, args)


# Rows


def _without_effect() -> Iterator[Directive]:
    """Yield the rows of what is not needed here, or only makes handshakes faster: nothing is less safe."""
    no_sessions = "TLS sessions are not resumed"
    no_stapling = "no answers of an authority are stapled to handshakes"
    yield accepted("SSLRandomSeed", Context.SERVER, Arity.TWO_OR_THREE, SslServer, "OpenSSL seeds itself")
    yield accepted("SSLPassPhraseDialog", Context.SERVER, Arity.ONE, SslServer, "encrypted keys are refused")
    yield accepted("SSLCryptoDevice", Context.SERVER, Arity.ONE, SslServer, "OpenSSL chooses by itself")
    yield accepted("SSLSessionCache", Context.SERVER, Arity.ONE, SslServer, no_sessions)
    for name in ("SSLSessionCacheTimeout", "SSLSessionTicketKeyFile"):
        yield accepted(name, Context.SV, Arity.ONE, SslServer, no_sessions)
    yield accepted("SSLSessionTickets", Context.SV, Arity.FLAG, SslServer, no_sessions)
    yield accepted("SSLStaplingCache", Context.SERVER, Arity.ONE, SslServer, no_stapling)
    for name in ("SSLUseStapling", "SSLStaplingReturnResponderErrors", "SSLStaplingFakeTryLater"):
        yield accepted(name, Context.SV, Arity.FLAG, SslServer, no_stapling)
    for name in (
        "ResponderTimeout",
        "ResponseMaxAge",
        "ResponseTimeSkew",
        "StandardCacheTimeout",
        "ForceURL",
    ):
        yield accepted(f"SSLStapling{name}", Context.SV, Arity.ONE, SslServer, no_stapling)
    yield accepted("SSLCompression", Context.SV, Arity.FLAG, SslServer, "TLS never compresses: it leaks")


def _server(
    name: str,
    arity: Arity,
    apply: Callable[[Any, Args], Any],
    help: str,
    default: str = "",
    warn: Callable[[Args], str] | None = None,
) -> Directive:
    return Directive(name, Context.SV, arity, SslServer, apply, help, default, warn=warn)


_AUTHCONFIG = Override.AUTHCONFIG

DIRECTIVES: Final = (
    _server("SSLEngine", Arity.ONE, set_engine, "Whether the server speaks TLS: on or off", "off"),
    _server(
        "SSLCertificateFile",
        Arity.ONE,
        extend("certificates", lambda args: (pem_file(args),)),
        "The server's certificate as PEM; the chain, and the key, may stand in the same file",
    ),
    _server(
        "SSLCertificateKeyFile",
        Arity.ONE,
        extend("keys", lambda args: (pem_file(args),)),
        "The certificate's private key as PEM, not encrypted",
        warn=warn_of_readable_key,
    ),
    _server(
        "SSLCertificateChainFile",
        Arity.ONE,
        store_file("chain"),
        "The certificates between the server's and a well-known one, as PEM",
    ),
    _server(
        "SSLProtocol",
        Arity.ITERATE,
        set_protocols,
        "[+-]TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; all are the last two. Those of an address's first host count",
        "TLSv1.2 TLSv1.3",
    ),
    _server(
        "SSLCipherSuite",
        Arity.ONE_OR_TWO,
        set_ciphers,
        "Ciphers in OpenSSL's language, for TLSv1.3 or (SSL) for what is older",
        CIPHERS,
    ),
    _server(
        "SSLHonorCipherOrder",
        Arity.FLAG,
        store_flag("honor_order"),
        "Whether the server's order of ciphers counts, not the client's",
        "Off",
    ),
    _server(
        "SSLCACertificateFile",
        Arity.ONE,
        store_file("ca_file"),
        "The authorities whose client certificates count, as PEM; for a whole virtual host",
    ),
    _server(
        "SSLCACertificatePath",
        Arity.ONE,
        store_directory("ca_path"),
        "A directory of such authorities, named by hash; for a whole virtual host",
    ),
    _server(
        "SSLVerifyClient",
        Arity.ONE,
        store_choice(
            "verify",
            VERIFY_WORDS,
            "SSLVerifyClient: Invalid argument '{word}'",
        ),
        "Whether clients show a certificate: none, optional, require or optional_no_ca; for a virtual host",
        "none",
    ),
    _server(
        "SSLVerifyDepth",
        Arity.ONE,
        store("depth", depth),
        "How many authorities may stand above a client's certificate; for a whole virtual host",
        "1",
    ),
    Directive(
        "SSLOptions",
        Context.SVDH,
        Arity.ITERATE,
        SslDir,
        set_options,
        "[+-]StdEnvVars ExportCertData FakeBasicAuth StrictRequire",
        override=Override.OPTIONS,
    ),
    Directive(
        "SSLRequireSSL",
        Context.DH,
        Arity.NONE,
        SslDir,
        lambda conf, args: replace(conf, require_ssl=True),
        "Refuse what does not come over TLS",
        override=_AUTHCONFIG,
    ),
    Directive(
        "SSLRequire",
        Context.DH,
        Arity.RAW,
        SslDir,
        add_requirement,
        "A condition that requests have to meet, in the old grammar",
        override=_AUTHCONFIG,
    ),
    Directive(
        "SSLUserName",
        Context.SVDH,
        Arity.ONE,
        SslDir,
        store("user_name"),
        "The TLS variable that becomes the user's name",
        override=_AUTHCONFIG,
    ),
    *_without_effect(),
)
