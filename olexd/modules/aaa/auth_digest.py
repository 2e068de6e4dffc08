"""mod_auth_digest: passwords that never cross the wire (configuration spec 4.4, RFC 7616 with MD5)."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag
from olexd.config.settings import UNSET, Settings, setting
from olexd.errorlog import Level
from olexd.model.cgi_env import server_name, server_port
from olexd.model.challenge import DigestDir, digest_nonce, note_auth_failure
from olexd.model.logging import log_request
from olexd.model.nonces import USES, nonce_age
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
    """The parts of an Authorization field."""

    user: str
    realm: str
    nonce: str
    uri: str
    response: str
    cnonce: str
    count: str
    qop: str = ""
    algorithm: str = "MD5"
    opaque: str | None = None


_PARAMETER: Final = re.compile(r'\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))\s*(?:,|$)')
_COUNT: Final = re.compile("[0-9A-Fa-f]{1,16}")
_FIELDS: Final = {"username": "user", "nc": "count"}
_NAMES: Final = frozenset(
    {"username", "realm", "nonce", "uri", "response", "algorithm", "cnonce", "nc", "qop", "opaque"}
)
_NEEDED: Final = frozenset({"user", "realm", "nonce", "uri", "response", "cnonce", "count"})


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
    return Credentials(**found) if found.keys() >= _NEEDED else None


def _md5(*parts: str) -> str:
    text = ":".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def expected_response(sent: Credentials, ha1: str, method: str) -> str:
    """Return what `response` is when the password is right; `method` "" for the server's own answer."""
    return _md5(ha1, sent.nonce, sent.count, sent.cnonce, sent.qop, _md5(method, sent.uri))


def is_about(uri: str, request: Request) -> bool:
    """Return whether the `uri` of credentials names what a request asks for, however it is escaped."""
    try:
        sent, asked = urlsplit(uri), urlsplit(request.unparsed_uri)
        port = sent.port
    except ValueError:
        return False
    if sent.hostname and sent.hostname != (asked.hostname or server_name(request)).lower():
        return False
    if port is not None and port != (asked.port or server_port(request)):
        return False
    return unquote_to_bytes(sent.path) == unquote_to_bytes(asked.path) and unquote_to_bytes(
        sent.query
    ) == unquote_to_bytes(asked.query)


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
    """Accept auth: without it credentials could be used again for other requests."""
    if [word.lower() for word in args.words] != ["auth"]:
        raise DirectiveError("AuthDigestQop is deprecated: only 'auth' is supported")
    return conf


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
        "auth",
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
    accepted(
        "AuthDigestShmemSize",
        Context.SERVER,
        Arity.ONE,
        DigestDir,
        "as many nonces are remembered as there is reason to",
    ),
    Directive(
        "AuthDigestNcCheck",
        _DH,
        Arity.FLAG,
        DigestDir,
        store_flag("counted"),
        "Whether or not to check the nonce-count sent by the client",
        "Off",
        _AUTHCONFIG,
    ),
)


# Hooks


def _refuse(request: Request, message: str, stale: bool = False) -> int:
    if message:
        log_request(request, message, Level.ERR, "auth_digest")
    note_auth_failure(request, stale)
    return UNAUTHORIZED


def _complaint(value: str | None, request: Request) -> str:
    """Return what the log says of an Authorization field that is of no use, "" for an absent one."""
    if value is None:
        return ""
    scheme = value.partition(" ")[0]
    if scheme.lower() != "digest":
        return f"AH01781: client used wrong authentication scheme `{scheme}': {request.uri}"
    missing = "missing user, realm, nonce, uri, digest, cnonce, or nonce_count"
    return f"AH01782: {missing} in authorization header: {request.uri}"


async def check_user(request: Request) -> int:
    """Authenticate by the Authorization field and the providers' hashes."""
    if not is_auth_type(request, "digest"):
        return DECLINED
    realm = auth_name(request)
    if realm is None:
        log_request(request, f"AH01780: need AuthName: {request.uri}", Level.ERR, "auth_digest")
        return INTERNAL_SERVER_ERROR
    value = request.headers_in.get("Authorization")
    sent = digest_credentials(value)
    if sent is None:
        return _refuse(request, _complaint(value, request))
    request.user, request.ap_auth_type = sent.user, "Digest"
    # The credentials are about the request that the client made.
    asked = original(request)
    if not is_about(sent.uri, asked):
        message = f"AH01786: uri mismatch - <{sent.uri}> does not match request-uri <{asked.unparsed_uri}>"
        log_request(request, message, Level.ERR, "auth_digest")
        return BAD_REQUEST
    if sent.opaque is not None:
        return _refuse(request, f"AH01787: received invalid opaque - got `{sent.opaque}'", stale=True)
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
    if sent.qop.lower() != "auth":
        return _refuse(request, f"AH10560: invalid or missing qop value '{sent.qop}': {request.uri}")
    wanted = expected_response(sent, ha1, original(request).method)
    if not hmac.compare_digest(wanted.encode(), sent.response.encode("utf-8", "surrogateescape")):
        return _refuse(request, f"AH01794: user {sent.user}: password mismatch: {request.uri}")
    return _check_nonce(request, sent, ha1)


def _check_nonce(request: Request, sent: Credentials, ha1: str) -> int:
    age = nonce_age(sent.nonce, sent.realm)
    if age is None:
        return _refuse(request, f"AH01776: invalid nonce {sent.nonce} received - hash is not ours")
    conf = request.conf[DigestDir]
    if 0 < conf.lifetime < age:
        return _refuse(request, "", stale=True)
    first = original(request)
    # What the server itself redirects is the same use of the credentials.
    is_counted = first.authentication_info is not None and first.conf[DigestDir].watched
    if conf.watched and not is_counted:
        refusal = _check_use(request, conf, sent)
        if refusal != OK:
            return refusal
    first.authentication_info = _proof(conf, sent, ha1)
    return OK


def _check_use(request: Request, conf: DigestDir, sent: Credentials) -> int:
    """Return OK for credentials that were not used before, and note that they are now."""
    if not _COUNT.fullmatch(sent.count):
        return _refuse(request, f"AH01773: invalid nc {sent.count} received - not a number")
    if conf.lifetime == 0:
        used = f"AH01779: user {sent.user}: one-time-nonce {sent.nonce} already used - sending new nonce"
        return OK if USES.spend(sent.nonce) else _refuse(request, used, stale=True)
    count = int(sent.count, 16)
    last = USES.last(sent.nonce, count)
    if last is None:
        return _refuse(request, "AH10618: client is no longer known - sending new nonce", stale=True)
    if count > last:
        return OK
    failed = f"nonce-count check failed: {count} is not above {last} for nonce {sent.nonce}"
    return _refuse(request, f"AH01774: Warning, possible replay attack: {failed}")


def _proof(conf: DigestDir, sent: Credentials, ha1: str) -> bytes:
    """Return an Authentication-Info value; it names the next nonce where each is good for one use."""
    parts = [f'rspauth="{expected_response(sent, ha1, "")}"']
    if conf.lifetime == 0:
        parts.append(f'nextnonce="{digest_nonce(sent.realm, conf)}"')
    parts += [f'cnonce="{_quoted(sent.cnonce)}"', f"nc={_token(sent.count)}", f"qop={sent.qop}"]
    return ", ".join(parts).encode()


def prove(request: Request) -> int:
    """Let the response to what the client asked for prove that the server knows the password too."""
    if request.authentication_info is None:
        return DECLINED
    request.headers_out["Authentication-Info"] = request.authentication_info
    return OK


def _quoted(text: str) -> str:
    return re.sub(r'[^\x20-\x7e]|["\\]', "", text)


def _token(text: str) -> str:
    return re.sub("[^0-9A-Za-z]", "", text)


def _wanted(settings: Settings) -> bool:
    return may_be_auth_type(settings, "digest")


MODULE: Final = Module(
    ModuleSpec(
        "auth_digest",
        ("auth_digest_module", "mod_auth_digest.c"),
        (),
        (DigestDir, DigestProviderDir),
        DIRECTIVES,
    ),
    (Hook(Phase.CHECK_USER_ID, check_user, wanted=_wanted), Hook(Phase.FIXUPS, prove, wanted=_wanted)),
)
