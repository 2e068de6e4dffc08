"""mod_authz_core: whether a request may pass, first without and then with its user (spec 4.1, 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from olexd.config.core import CoreDir
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, extend, store_flag, store_path
from olexd.config.settings import UNSET, Merge, Settings, Unset, merge_values, setting
from olexd.errorlog import Level
from olexd.model.challenge import note_auth_failure
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.aaa.require import (
    Requirement,
    Verdict,
    combine,
    contain,
    judge_any,
    read_requirement,
    refuse_negative,
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
    `group_file` is an absolute path, "" for none.
    """

    requirements: tuple[Requirement, ...] = setting(())
    merging: str = setting("")
    forbidden_on_failure: bool = setting(False)
    group_file: str = setting("")

    def merged_with(self, inner: AuthzDir) -> AuthzDir:
        """Return what is in force in an inner section."""
        return replace(
            self,
            requirements=self._requirements_with(inner),
            merging=self.merging if self._stays(inner) else inner.merging,
            forbidden_on_failure=merge_values(
                Merge.INNER, self.forbidden_on_failure, inner.forbidden_on_failure
            ),
            group_file=merge_values(Merge.INNER, self.group_file, inner.group_file),
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


# Setters


def _group_file(request: Request) -> str:
    return request.conf[AuthzDir].group_file


def _requirement(args: Args) -> tuple[Requirement, ...]:
    return (read_requirement(args.raw, args.container, args.methods, _group_file),)


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
GROUP_DIRECTIVES: Final = (
    Directive(
        "AuthGroupFile",
        _DH,
        Arity.ONE,
        AuthzDir,
        store_path("group_file"),
        "text file containing group names and member user IDs",
        override=_AUTHCONFIG,
    ),
)


# Hooks


async def _evaluate(request: Request, requirements: Sequence[Requirement]) -> Verdict:
    for requirement in requirements:
        if requirement.blocks:
            await to_pool(request)
    return judge_any(requirements, request)


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
    if verdict is Verdict.GRANTED:
        return OK
    if verdict is Verdict.NEEDS_USER or _depends_on_user(request, requirements):
        return DECLINED
    log_request(
        request,
        f"AH01630: client denied by server configuration: {request.filename or request.uri}",
        Level.ERR,
        "authz_core",
    )
    return FORBIDDEN


def _depends_on_user(request: Request, requirements: Sequence[Requirement]) -> bool:
    """Return whether a user that is known already was refused: that is for the later phases to tell."""
    if request.user is None:
        return False
    return any(requirement.by_user for requirement in requirements)


def _undecided(request: Request) -> int:
    if not request.conf[CoreDir].auth_type:
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
    if await _evaluate(request, requirements) is Verdict.GRANTED:
        return OK
    log_request(
        request,
        f'AH01631: user {request.user}: authorization failure for "{request.uri}"',
        Level.ERR,
        "authz_core",
    )
    if request.conf[AuthzDir].forbidden_on_failure:
        return FORBIDDEN
    note_auth_failure(request)
    return UNAUTHORIZED


def _wanted(settings: Settings) -> bool:
    return bool(settings[AuthzDir].requirements or settings[CoreDir].auth_type)


MODULE: Final = Module(
    ModuleSpec("authz_core", ("authz_core_module", "mod_authz_core.c"), (), (AuthzDir,), DIRECTIVES),
    (
        Hook(Phase.ACCESS_DECIDER, decide_early, wanted=_wanted),
        Hook(Phase.AUTH_CHECKER, authorize, Order.LAST, _wanted),
    ),
)
GROUP_FILE: Final = Module(
    ModuleSpec(
        "authz_groupfile",
        ("authz_groupfile_module", "mod_authz_groupfile.c"),
        (),
        (AuthzDir,),
        GROUP_DIRECTIVES,
    )
)
HOST: Final = Module(ModuleSpec("authz_host", ("authz_host_module", "mod_authz_host.c")))
OWNER: Final = Module(ModuleSpec("authz_owner", ("authz_owner_module", "mod_authz_owner.c")))
USER: Final = Module(ModuleSpec("authz_user", ("authz_user_module", "mod_authz_user.c")))
