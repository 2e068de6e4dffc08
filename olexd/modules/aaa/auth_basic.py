"""mod_auth_basic: names and passwords in the Authorization field (configuration spec 4.2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag
from olexd.config.settings import UNSET, Settings, setting
from olexd.errorlog import Level
from olexd.expr import EvaluationError, ExprError, String, Vocabulary, string
from olexd.model.challenge import basic_credentials, note_auth_failure
from olexd.model.logging import log_request
from olexd.model.realm import auth_name, auth_type, is_auth_type, may_be_auth_type
from olexd.model.request import Request
from olexd.model.variables import RequestVariables
from olexd.modules.aaa.authn_core import PROVIDERS, provider
from olexd.modules.aaa.providers import CannotAnswer, Provider, Verdict, log_failure
from olexd.modules.words import store_choice
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.phases.sides import to_pool
from olexd.status import DECLINED, INTERNAL_SERVER_ERROR, OK, UNAUTHORIZED

# Settings


@dataclass(frozen=True, slots=True)
class Fake:
    """The name and the password that AuthBasicFake puts into requests."""

    name: String
    password: String


@dataclass(frozen=True, slots=True)
class BasicDir:
    """`providers` are asked in turn. With `hashed` they are asked for Digest's hashes.

    `fake` is None where AuthBasicFake is not set or off.
    """

    authoritative: bool = setting(True)
    providers: tuple[Provider, ...] = setting((PROVIDERS["file"],))
    hashed: bool = setting(False)
    fake: Fake | None = setting(None)


# Setters


def add_providers(conf: BasicDir, args: Args) -> BasicDir:
    """Store providers behind those that the section names already."""
    known: object = conf.providers
    added = tuple(provider(word, args.main) for word in args.words)
    return replace(conf, providers=added if known is UNSET else conf.providers + added)


def set_fake(conf: BasicDir, args: Args) -> BasicDir:
    """Store what requests are to look like, or that they are left alone."""
    if args.word.lower() == "off":
        return replace(conf, fake=None)
    name = _expression("username expression", args.word, args.vocabulary)
    password = args.words[1] if len(args.words) > 1 and args.words[1] else "password"
    what = f"password expression associated to user '{args.word}':"
    return replace(conf, fake=Fake(name, _expression(what, password, args.vocabulary)))


def _expression(what: str, text: str, vocabulary: Vocabulary) -> String:
    try:
        return string(text, vocabulary)
    except ExprError as error:
        raise DirectiveError(f"Could not parse fake {what} '{text}': {error}") from None


# Rows

_DH, _AUTHCONFIG = Context.DH, Override.AUTHCONFIG

DIRECTIVES: Final = (
    Directive(
        "AuthBasicAuthoritative",
        _DH,
        Arity.FLAG,
        BasicDir,
        store_flag("authoritative"),
        "Set to 'Off' to allow access control to be passed along to lower modules if the UserID is not known",
        "On",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthBasicProvider",
        _DH,
        Arity.ITERATE,
        BasicDir,
        add_providers,
        "specify the auth providers for a directory or location",
        "file",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthBasicUseDigestAlgorithm",
        _DH,
        Arity.ONE,
        BasicDir,
        store_choice(
            "hashed",
            {"off": False, "md5": True},
            "Invalid algorithm in AuthBasicUseDigestAlgorithm: {word}",
        ),
        "MD5 to check passwords against the hashes that Digest needs",
        "Off",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthBasicFake",
        _DH,
        Arity.ONE_OR_TWO,
        BasicDir,
        set_fake,
        "Fake basic authentication using the given expressions for username and password, 'off' to disable. "
        "Password defaults to 'password' if missing.",
        "off",
        _AUTHCONFIG,
    ),
)


# Hooks


def _ask(request: Request, name: bytes, password: bytes) -> Verdict:
    """Return what the first provider that knows the name says of the password."""
    conf = request.conf[BasicDir]
    check = _check_hash if conf.hashed else _check_password
    try:
        for asked in conf.providers:
            verdict = check(request, asked, name, password)
            if verdict is not Verdict.UNKNOWN:
                return verdict
    except CannotAnswer as error:
        log_failure(request, error)
        return Verdict.FAILED
    return Verdict.UNKNOWN


def _check_password(request: Request, asked: Provider, name: bytes, password: bytes) -> Verdict:
    return asked.check(request, request.conf, name, password)


def _check_hash(request: Request, asked: Provider, name: bytes, password: bytes) -> Verdict:
    if asked.realm_hash is None:
        message = "AH02493: Authn provider does not support AuthBasicUseDigestAlgorithm"
        raise CannotAnswer(message, "auth_basic")
    realm = (auth_name(request) or "").encode("utf-8", "surrogateescape")
    found = asked.realm_hash(request.conf, name, realm)
    if found is None:
        return Verdict.UNKNOWN
    text = b":".join((name, realm, password))
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest().encode()
    return Verdict.GRANTED if hmac.compare_digest(found, digest) else Verdict.DENIED


def _challenge(request: Request) -> int:
    note_auth_failure(request)
    return UNAUTHORIZED


async def check_user(request: Request) -> int:
    """Authenticate by the Authorization field and the providers."""
    if not is_auth_type(request, "basic"):
        return DECLINED
    if auth_name(request) is None:
        log_request(request, f"AH01615: need AuthName: {request.uri}", Level.ERR, "auth_basic")
        return INTERNAL_SERVER_ERROR
    request.ap_auth_type = auth_type(request)
    credentials = basic_credentials(request.headers_in.get("Authorization"))
    if credentials is None:
        return _challenge(request)
    name, password = credentials
    request.user = name.decode("latin-1")
    await to_pool(request)
    return _judge(request, _ask(request, name, password))


def _judge(request: Request, verdict: Verdict) -> int:
    if verdict is Verdict.GRANTED:
        return OK
    if verdict is not Verdict.DENIED and not request.conf[BasicDir].authoritative:
        return DECLINED
    if verdict is Verdict.FAILED:
        return INTERNAL_SERVER_ERROR
    if verdict is Verdict.DENIED:
        message = (
            f'AH01617: user {request.user}: authentication failure for "{request.uri}": Password Mismatch'
        )
    else:
        message = f"AH01618: user {request.user} not found: {request.uri}"
    log_request(request, message, Level.ERR, "auth_basic")
    return _challenge(request)


def fake_credentials(request: Request) -> int:
    """Put credentials into the request, or none, for a backend or a handler that asks for some."""
    fake = request.conf[BasicDir].fake
    if fake is None:
        return DECLINED
    variables = RequestVariables(request, varies=False)
    try:
        name, password = fake.name.evaluate(variables), fake.password.evaluate(variables)
    except EvaluationError as error:
        message = f"AH02455: AuthBasicFake: could not evaluate expression for URI '{request.uri}': {error}"
        log_request(request, message, Level.ERR, "auth_basic")
        return INTERNAL_SERVER_ERROR
    del request.headers_in["Authorization"]
    if name and password:
        text = f"{name}:{password}".encode("utf-8", "surrogateescape")
        request.headers_in["Authorization"] = "Basic " + base64.b64encode(text).decode("ascii")
    return OK


def _is_faked(settings: Settings) -> bool:
    return settings[BasicDir].fake is not None


MODULE: Final = Module(
    ModuleSpec("auth_basic", ("auth_basic_module", "mod_auth_basic.c"), (), (BasicDir,), DIRECTIVES),
    (
        Hook(Phase.CHECK_USER_ID, check_user, wanted=lambda settings: may_be_auth_type(settings, "basic")),
        Hook(Phase.FIXUPS, fake_credentials, Order.LAST, _is_faked),
    ),
)
