"""mod_authz_core: whether a request may pass, first without and then with its user (spec 4.1, 4.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from olexd.config.core import CoreDir
from olexd.config.errors import DirectiveError
from olexd.config.lexer import split_words
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, extend, store_flag
from olexd.config.settings import UNSET, Merge, Settings, Unset, merge_values, overlaid, setting
from olexd.errorlog import Level
from olexd.model.challenge import note_auth_failure
from olexd.model.logging import log_request
from olexd.model.realm import auth_type
from olexd.model.request import Request
from olexd.modules.aaa.require import KINDS, read_kind, read_requirement, refuse_negative
from olexd.modules.aaa.requirement import (
    CannotDecide,
    Line,
    Requirement,
    Verdict,
    combine,
    contain,
    judge_any,
)
from olexd.modules.words import store_choice
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.phases.sides import to_pool
from olexd.status import DECLINED, FORBIDDEN, INTERNAL_SERVER_ERROR, OK, UNAUTHORIZED

# Settings


@dataclass(frozen=True, slots=True)
class AuthzDir:
    """The Require lines of the innermost section that has any: one that grants is enough.

    `merging` is how a section's lines meet the outer ones: `off`, `and`, `or`; it is not inherited.
    """

    requirements: tuple[Requirement, ...] = setting(())
    merging: str = setting("")
    forbidden_on_failure: bool = setting(False)

    def merged_with(self, inner: AuthzDir) -> AuthzDir:
        """Return what is in force in an inner section."""
        return replace(
            self,
            requirements=self._requirements_with(inner),
            merging=self.merging if self._stays(inner) else inner.merging,
            forbidden_on_failure=merge_values(
                Merge.INNER, self.forbidden_on_failure, inner.forbidden_on_failure
            ),
        )

    def _stays(self, inner: AuthzDir) -> bool:
        """Return whether an inner section says nothing about who may ask."""
        said: tuple[Any, Any] = inner.requirements, inner.merging
        outer_ones: Any = self.requirements
        return said == (UNSET, UNSET) and outer_ones is not UNSET

    def _requirements_with(self, inner: AuthzDir) -> Any:
        outer_ones: Any = self.requirements
        inner_ones: Any = inner.requirements
        merging: Any = inner.merging
        if merging is UNSET:
            return outer_ones if inner_ones is UNSET else inner_ones
        if merging == "off":
            # Saying so is a new start even without a Require.
            return () if inner_ones is UNSET else inner_ones
        outer = () if outer_ones is UNSET else outer_ones
        added = () if inner_ones is UNSET else inner_ones
        return combine(outer, added) if merging == "and" else (*outer, *added)


@dataclass(frozen=True, slots=True)
class AuthzServer:
    """What `<AuthzProviderAlias>` defined: requirements by the kind that names them."""

    aliases: Mapping[str, Requirement] = setting({}, Merge.OVERLAY)


# Setters


def _aliases(main: Settings) -> Mapping[str, Requirement]:
    """Return the aliases among the settings of a main server that is still being read."""
    found: object = main.get(AuthzServer, AuthzServer()).aliases
    return found if isinstance(found, Mapping) else {}


def add_alias(conf: AuthzServer, args: Args) -> AuthzServer:
    """Store an alias: a requirement, which looks up its files in the settings that stand in the section."""
    words = split_words(args.raw)
    if len(words) < 2:
        raise DirectiveError(f"{args.name} directive requires additional arguments")
    kind, name = words[:2]
    if name in KINDS:
        raise DirectiveError(f"{name} is the name of a built-in kind of requirement")
    raw = words[2] if len(words) > 2 else ""

    def settings(request: Request) -> Settings:
        return overlaid(request.conf, args.inner)

    found = read_kind(kind, Line(split_words(raw), raw, args.vocabulary, settings))
    return replace(conf, aliases={**_aliases(args.main), name: found})


def _doubts(args: Args) -> str:
    """Return a warning about words that an alias does not take, or one that is defined again."""
    words = split_words(args.raw)
    if len(words) > 3:
        return f"AH10142: {args.name} takes its arguments as one quoted word"
    if len(words) > 1 and words[1] in _aliases(args.main):
        return f"{words[1]} is defined again; the Require lines above keep the first meaning"
    return ""


def _requirement(args: Args) -> tuple[Requirement, ...]:
    return (read_requirement(args, _aliases(args.main)),)


def _container(args: Args) -> tuple[Requirement, ...]:
    if args.name == "<RequireNone>":
        refuse_negative(args.name, args.container)
    inside: tuple[Requirement, ...] | Unset = args.inner.requirements
    return (contain(args.name, () if isinstance(inside, Unset) else inside, args.methods),)


# Rows

_DH, _AUTHCONFIG = Context.DH, Override.AUTHCONFIG


def _container_row(name: str, help: str) -> Directive:
    return Directive(
        name,
        _DH,
        Arity.NONE,
        AuthzDir,
        extend("requirements", _container),
        help,
        override=_AUTHCONFIG,
        by_method=True,
    )


DIRECTIVES: Final = (
    Directive(
        "<AuthzProviderAlias>",
        Context.SERVER,
        Arity.RAW,
        AuthzServer,
        add_alias,
        "a kind of requirement, a name for it with the settings in this section, and its arguments",
        warn=_doubts,
        holds=_AUTHCONFIG,
    ),
    Directive(
        "Require",
        _DH,
        Arity.RAW,
        AuthzDir,
        extend("requirements", _requirement),
        "specifies authorization directives which one must pass (or not) for a request to succeed",
        override=_AUTHCONFIG,
        by_method=True,
    ),
    _container_row("<RequireAll>", "none of these may deny, one must grant"),
    _container_row("<RequireAny>", "one of these must grant"),
    _container_row("<RequireNone>", "none of these may grant"),
    Directive(
        "AuthMerging",
        _DH,
        Arity.ONE,
        AuthzDir,
        store_choice(
            "merging",
            {"off": "off", "and": "and", "or": "or"},
            "{name} must be one of: Off | And | Or",
        ),
        "controls how a section's authorization directives are combined with those of the one around it",
        "Off",
        _AUTHCONFIG,
    ),
    Directive(
        "AuthzSendForbiddenOnFailure",
        _DH,
        Arity.FLAG,
        AuthzDir,
        store_flag("forbidden_on_failure"),
        "Controls if an authorization failure should result in a '403 FORBIDDEN' response instead of the "
        "HTTP-conforming '401 UNAUTHORIZED'",
        "Off",
        _AUTHCONFIG,
    ),
)


# Hooks


async def _evaluate(request: Request, requirements: Sequence[Requirement]) -> Verdict | None:
    """Return the verdict of requirements, None when one of them could not be checked."""
    for requirement in requirements:
        if requirement.blocks:
            await to_pool(request)
    try:
        return judge_any(requirements, request)
    except CannotDecide as error:
        log_request(request, str(error), Level.ERR, error.module)
        return None


def _concerning(request: Request) -> tuple[Requirement, ...] | None:
    """Return the requirements on the request's method; None when there are only ones on other methods."""
    every = request.conf[AuthzDir].requirements
    found = tuple(requirement for requirement in every if requirement.concerns(request))
    return found if found or not every else None


async def decide_early(request: Request) -> int:
    """Return OK when no user is needed, DECLINED when one is, else the refusal."""
    requirements = _concerning(request)
    request.requirements = requirements or ()
    if requirements is None:
        return OK
    if not requirements:
        return _undecided(request)
    verdict = await _evaluate(request, requirements)
    if verdict is None:
        return INTERNAL_SERVER_ERROR
    if verdict is Verdict.GRANTED:
        return OK
    if verdict is Verdict.NEEDS_USER:
        return DECLINED
    return _deny(request)


def _deny(request: Request) -> int:
    message = f"AH01630: client denied by server configuration: {request.filename or request.uri}"
    log_request(request, message, Level.ERR, "authz_core")
    return FORBIDDEN


def _undecided(request: Request) -> int:
    if auth_type(request) is None:
        return OK
    log_request(
        request,
        f"AH01627: AuthType configured with no corresponding authorization directives: {request.uri}",
        Level.ERR,
        "authz_core",
    )
    return INTERNAL_SERVER_ERROR


async def authorize(request: Request) -> int:
    """Return OK when a requirement grants access to the request's user, else the refusal."""
    requirements = _concerning(request)
    if not requirements:
        return DECLINED
    verdict = await _evaluate(request, requirements)
    if verdict is None:
        return INTERNAL_SERVER_ERROR
    if verdict is Verdict.GRANTED:
        return OK
    if verdict is Verdict.NEEDS_USER:
        return _refuse(request, "AH01629: authorization failure (no authenticated user)", UNAUTHORIZED)
    if auth_type(request) is None:
        # There is no way to ask for other credentials.
        return _deny(request)
    status = FORBIDDEN if request.conf[AuthzDir].forbidden_on_failure else UNAUTHORIZED
    return _refuse(request, f"AH01631: user {request.user}: authorization failure", status)


def _refuse(request: Request, message: str, status: int) -> int:
    log_request(request, f'{message} for "{request.uri}"', Level.ERR, "authz_core")
    if status == UNAUTHORIZED:
        note_auth_failure(request)
    return status


def _wanted(settings: Settings) -> bool:
    return bool(settings[AuthzDir].requirements or settings[CoreDir].auth_type is not None)


MODULE: Final = Module(
    ModuleSpec(
        "authz_core", ("authz_core_module", "mod_authz_core.c"), (AuthzServer,), (AuthzDir,), DIRECTIVES
    ),
    (
        Hook(Phase.ACCESS_DECIDER, decide_early, wanted=_wanted),
        Hook(Phase.AUTH_CHECKER, authorize, Order.LAST, _wanted),
    ),
)
