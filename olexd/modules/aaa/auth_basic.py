"""mod_auth_basic with the file provider of mod_authn_file (configuration spec 4.2, 4.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from olexd.config.core import CoreDir
from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag, store_path
from olexd.config.settings import setting
from olexd.errorlog import Level
from olexd.model.challenge import basic_credentials, note_auth_failure
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.aaa.files import USERS
from olexd.modules.aaa.passwords import Remembered
from olexd.modules.words import accepted
from olexd.phases.hooks import Hook, Module, Phase
from olexd.phases.sides import to_pool
from olexd.status import DECLINED, INTERNAL_SERVER_ERROR, OK, UNAUTHORIZED

# Settings


@dataclass(frozen=True, slots=True)
class BasicDir:
    """`user_file` is an absolute path, "" for none; `providers` are asked in turn."""

    authoritative: bool = setting(True)
    providers: tuple[str, ...] = setting(("file",))
    user_file: str = setting("")


REMEMBERED: Final = Remembered()


class Verdict(Enum):
    """What the providers say about a name and a password."""

    GRANTED = auto()
    DENIED = auto()
    UNKNOWN = auto()
    FAILED = auto()


# Setters


def set_providers(conf: BasicDir, args: Args) -> BasicDir:
    """Store the providers; only `file` is known here, and any other is refused."""
    for word in args.words:
        if word != "file":
            raise DirectiveError(f"Unknown Authn provider: {word}")
    return replace(conf, providers=args.words)


def refuse_digest(conf: BasicDir, args: Args) -> BasicDir:
    """Accept Off; hashes of another kind cannot be checked."""
    if args.word.lower() != "off":
        raise DirectiveError(f"AuthBasicUseDigestAlgorithm {args.word} is not supported")
    return conf


# Rows

_DH, _AUTHCONFIG = Context.DH, Override.AUTHCONFIG

BASIC_DIRECTIVES: Final = (
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
        set_providers,
        "specify the auth providers for a directory or location",
        "file",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthBasicUseDigestAlgorithm",
        _DH,
        Arity.ONE,
        BasicDir,
        refuse_digest,
        "only Off is supported",
        "Off",
        _AUTHCONFIG,
    ),
    accepted(
        "AuthBasicFake",
        _DH,
        Arity.ONE_OR_TWO,
        BasicDir,
        "no Authorization field is made up",
        _AUTHCONFIG,
    ),
)
FILE_DIRECTIVES: Final = (
    Directive(
        "AuthUserFile",
        _DH,
        Arity.ONE,
        BasicDir,
        store_path("user_file"),
        "text file containing user IDs and passwords",
        override=_AUTHCONFIG,
    ),
)


# Hooks


def _ask_file(request: Request, conf: BasicDir, name: bytes, password: bytes) -> Verdict:
    if not conf.user_file:
        log_request(
            request, "AH01619: AuthUserFile not specified in the configuration", Level.ERR, "authn_file"
        )
        return Verdict.FAILED
    try:
        users = USERS.get(conf.user_file)
    except OSError as error:
        message = f"AH01620: Could not open password file: {conf.user_file}: {error.strerror}"
        log_request(request, message, Level.ERR, "authn_file")
        return Verdict.FAILED
    stored = users.get(name)
    if stored is None:
        return Verdict.UNKNOWN
    return Verdict.GRANTED if REMEMBERED.matches(password, stored) else Verdict.DENIED


def _challenge(request: Request) -> int:
    note_auth_failure(request)
    return UNAUTHORIZED


async def check_user(request: Request) -> int:
    """Authenticate by the Authorization field and the user file."""
    core = request.conf[CoreDir]
    if core.auth_type.lower() != "basic":
        return DECLINED
    if not core.auth_name:
        log_request(request, f"AH01615: need AuthName: {request.uri}", Level.ERR, "auth_basic")
        return INTERNAL_SERVER_ERROR
    request.ap_auth_type = "Basic"
    credentials = basic_credentials(request.headers_in.get("Authorization"))
    if credentials is None:
        return _challenge(request)
    name, password = credentials
    request.user = name.decode("latin-1")
    await to_pool(request)
    conf = request.conf[BasicDir]
    return _judge(request, conf, _ask_file(request, conf, name, password))


def _judge(request: Request, conf: BasicDir, verdict: Verdict) -> int:
    if verdict is Verdict.GRANTED:
        return OK
    if not conf.authoritative and verdict is not Verdict.DENIED:
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


MODULE: Final = Module(
    ModuleSpec("auth_basic", ("auth_basic_module", "mod_auth_basic.c"), (), (BasicDir,), BASIC_DIRECTIVES),
    (
        Hook(
            Phase.CHECK_USER_ID,
            check_user,
            wanted=lambda settings: settings[CoreDir].auth_type.lower() == "basic",
        ),
    ),
)
FILE: Final = Module(
    ModuleSpec("authn_file", ("authn_file_module", "mod_authn_file.c"), (), (BasicDir,), FILE_DIRECTIVES)
)
