"""mod_auth_digest: passwords that never cross the wire (configuration spec 4.4, RFC 7616 with MD5)."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override
from olexd.config.settings import UNSET, setting
from olexd.errorlog import Level
from olexd.model.challenge import DigestDir, nonce_age, note_auth_failure
from olexd.model.logging import log_request
from olexd.model.realm import auth_name, is_auth_type, may_be_auth_type
from olexd.model.request import Request
from olexd.modules.aaa.authn_core import PROVIDERS, provider
from olexd.modules.aaa.providers import CannotAnswer, Provider, log_failure
from olexd.modules.words import accepted, store_as
from olexd.phases.derive import original
from olexd.phases.hooks import Hook, Module, Phase
from olexd.phases.sides import to_pool
from olexd.status import BAD_REQUEST, DECLINED, INTERNAL_SERVER_ERROR, OK, UNAUTHORIZED

# Settings


@dataclass(frozen=True, slots=True)
class DigestProviderDir:
    """`providers` are asked in turn; each knows hashes. The rest is in `DigestDir`."""

    providers: tuple[Provider, ...] = setting((PROVIDERS["file"],))


# What clients send


@dataclass(frozen=True, slots=True)
class Credentials:
    """The parts of an Authorization field; `qop` is "" for the old scheme without it."""

    user: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str = "MD5"
    cnonce: str = ""
    count: str = ""
    qop: str = ""


_PARAMETER: Final = re.compile(r'\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))\s*(?:,|$)')
_FIELDS: Final = {"username": "user", "nc": "count"}
_NAMES: Final = frozenset(
    {"username", "realm", "nonce", "uri", "response", "algorithm", "cnonce", "nc", "qop"}
)


def digest_credentials(value: str | None) -> Credentials | None:
    """Return the parts of an Authorization field; None when it is absent, of another scheme or incomplete."""
    scheme, _, text = (value or "").partition(" ")
    if scheme.lower() != "digest":
        return None
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(text):
        name = match[1].lower()
        if name in _NAMES:
            quoted: str | None = match[2]
            plain = match[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[_FIELDS.get(name, name)] = plain
    if not {"user", "realm", "nonce", "uri", "response"} <= found.keys():
        return None
    if found.get("qop") and not (found.get("cnonce") and found.get("count")):
        return None
    return Credentials(**found)


def _md5(*parts: str) -> str:
    text = ":".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def expected_response(sent: Credentials, ha1: str, method: str) -> str:
    """Return what `response` is when the password is right; `method` "" for the server's own answer."""
    ha2 = _md5(method, sent.uri)
    if not sent.qop:
        return _md5(ha1, sent.nonce, ha2)
    return _md5(ha1, sent.nonce, sent.count, sent.cnonce, sent.qop, ha2)


# Setters


def add_providers(conf: DigestProviderDir, args: Args) -> DigestProviderDir:
    """Store providers of hashes behind those that the section names already."""
    for word in args.words:
        found = provider(word, args.main)
        if found.realm_hash is None:
            raise DirectiveError(f"The '{word}' Authn provider doesn't support Digest Authentication")
        known: object = conf.providers
        conf = replace(conf, providers=(found,) if known is UNSET else (*conf.providers, found))
    return conf


def set_qop(conf: DigestDir, args: Args) -> DigestDir:
    """Store whether clients are offered qop=auth; anything else is refused."""
    if args.words not in (("none",), ("auth",)):
        raise DirectiveError(f"Unrecognized qop: {' '.join(args.words)}")
    return replace(conf, qop=args.word == "auth")


def set_algorithm(conf: DigestDir, args: Args) -> DigestDir:
    """Accept MD5."""
    if args.word.upper() != "MD5":
        raise DirectiveError(f"Unsupported algorithm in AuthDigestAlgorithm: {args.word}")
    return conf


def set_domain(conf: DigestDir, args: Args) -> DigestDir:
    """Store the places that the credentials are good for."""
    return replace(conf, domain=args.words)


# Rows

_DH, _AUTHCONFIG = Context.DH, Override.AUTHCONFIG

DIRECTIVES: Final = (
    Directive(
        "AuthDigestProvider",
        _DH,
        Arity.ITERATE,
        DigestProviderDir,
        add_providers,
        "specify the auth providers for a directory or location",
        "file",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthDigestNonceLifetime",
        _DH,
        Arity.ONE,
        DigestDir,
        store_as("lifetime", int, "Invalid time in AuthDigestNonceLifetime: {word}"),
        "Maximum lifetime of the server nonce (seconds)",
        "300",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthDigestQop",
        _DH,
        Arity.ITERATE,
        DigestDir,
        set_qop,
        "none, or auth",
        "auth",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthDigestAlgorithm",
        _DH,
        Arity.ONE,
        DigestDir,
        set_algorithm,
        "MD5",
        "MD5",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthDigestDomain",
        _DH,
        Arity.ITERATE,
        DigestDir,
        set_domain,
        "A list of URI's which belong to the same realm",
        override=_AUTHCONFIG,
    ),
    accepted("AuthDigestShmemSize", Context.SERVER, Arity.ONE, DigestDir, "nonces need no memory"),
    accepted("AuthDigestNcCheck", _DH, Arity.FLAG, DigestDir, "httpd never checks counts", _AUTHCONFIG),
)


# Hooks


def _refuse(request: Request, message: str, stale: bool = False) -> int:
    if message:
        log_request(request, message, Level.ERR, "auth_digest")
    note_auth_failure(request, stale)
    return UNAUTHORIZED


async def check_user(request: Request) -> int:
    """Authenticate by the Authorization field and a file of `user:realm:hash` lines."""
    if not is_auth_type(request, "digest"):
        return DECLINED
    realm = auth_name(request)
    if realm is None:
        log_request(request, f"AH01780: need AuthName: {request.uri}", Level.ERR, "auth_digest")
        return INTERNAL_SERVER_ERROR
    value = request.headers_in.get("Authorization")
    sent = digest_credentials(value)
    if sent is None:
        wrong = "" if value is None else f"AH01778: no usable digest credentials: {request.uri}"
        return _refuse(request, wrong)
    request.user, request.ap_auth_type = sent.user, "Digest"
    # The credentials are about the request that the client made.
    target = original(request).unparsed_uri
    if sent.uri != target:
        message = f"AH01785: uri mismatch - <{sent.uri}> does not match request-uri <{target}>"
        log_request(request, message, Level.ERR, "auth_digest")
        return BAD_REQUEST
    if sent.realm != realm:
        return _refuse(request, f"AH01788: realm mismatch - got `{sent.realm}' but expected `{realm}'")
    if sent.algorithm.upper() != "MD5":
        return _refuse(request, f"AH01789: unknown algorithm `{sent.algorithm}' received: {request.uri}")
    await to_pool(request)
    return _check_response(request, sent)


def _hash_of(request: Request, sent: Credentials) -> str | None:
    """Return the hash that the first provider with such a user has. Raises CannotAnswer."""
    name, realm = (text.encode("utf-8", "surrogateescape") for text in (sent.user, sent.realm))
    for asked in request.conf[DigestProviderDir].providers:
        found = None if asked.realm_hash is None else asked.realm_hash(request.conf, name, realm)
        if found is not None:
            return found.decode("latin-1")
    return None


def _check_response(request: Request, sent: Credentials) -> int:
    try:
        ha1 = _hash_of(request, sent)
    except CannotAnswer as error:
        log_failure(request, error)
        return INTERNAL_SERVER_ERROR
    if ha1 is None:
        return _refuse(
            request, f"AH01790: user `{sent.user}' in realm `{sent.realm}' not found: {request.uri}"
        )
    if sent.qop not in ("", "auth"):
        return _refuse(request, f"AH01793: invalid qop `{sent.qop}' received: {request.uri}")
    wanted = expected_response(sent, ha1, original(request).method)
    if not hmac.compare_digest(wanted.encode(), sent.response.encode("utf-8", "surrogateescape")):
        return _refuse(request, f"AH01794: user {sent.user}: password mismatch: {request.uri}")
    return _check_nonce(request, sent, ha1)


def _check_nonce(request: Request, sent: Credentials, ha1: str) -> int:
    age = nonce_age(sent.nonce, sent.realm)
    if age is None:
        return _refuse(request, f"AH01776: invalid nonce {sent.nonce} received - hash is not ours")
    lifetime = request.conf[DigestDir].lifetime
    if lifetime >= 0 and age > lifetime:
        return _refuse(request, "", stale=True)
    if sent.qop:
        answer = expected_response(sent, ha1, "")
        request.err_headers_out["Authentication-Info"] = (
            f'rspauth="{answer}", cnonce="{_quoted(sent.cnonce)}", nc={_token(sent.count)}, qop=auth'
        ).encode()
    return OK


def _quoted(text: str) -> str:
    return re.sub(r'[^\x20-\x7e]|["\\]', "", text)


def _token(text: str) -> str:
    return re.sub("[^0-9A-Za-z]", "", text)


MODULE: Final = Module(
    ModuleSpec(
        "auth_digest",
        ("auth_digest_module", "mod_auth_digest.c"),
        (),
        (DigestDir, DigestProviderDir),
        DIRECTIVES,
    ),
    (Hook(Phase.CHECK_USER_ID, check_user, wanted=lambda settings: may_be_auth_type(settings, "digest")),),
)
