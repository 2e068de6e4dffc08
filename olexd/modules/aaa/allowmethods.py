"""mod_allowmethods: which methods a place takes (configuration spec 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive
from olexd.config.settings import UNSET, setting
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.methods import INVALID, method_number
from olexd.model.request import Request
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import DECLINED, METHOD_NOT_ALLOWED


@dataclass(frozen=True, slots=True)
class AllowMethodsDir:
    """The methods that are taken, HEAD as GET; none named means all."""

    methods: frozenset[str] = setting(frozenset())


def _allow(conf: AllowMethodsDir, args: Args) -> AllowMethodsDir:
    if [word.lower() for word in args.words] == ["reset"]:
        return replace(conf, methods=frozenset())
    for word in args.words:
        if method_number(word) == INVALID:
            raise DirectiveError(f"AllowMethods: Invalid Method '{word}'")
    named = frozenset("GET" if word == "HEAD" else word for word in args.words)
    before = frozenset() if conf.methods is UNSET else conf.methods  # type: ignore[comparison-overlap]
    return replace(conf, methods=before | named)


def check_method(request: Request) -> int:
    """Refuse a request whose method the place does not take."""
    method = "GET" if request.method == "HEAD" else request.method
    allowed = request.conf[AllowMethodsDir].methods
    if not allowed or method in allowed:
        return DECLINED
    place = request.filename or f"uri {request.uri}"
    message = f"AH01623: client method denied by server configuration: '{request.method}' to {place}"
    log_request(request, message, Level.ERR, "allowmethods")
    return METHOD_NOT_ALLOWED


MODULE: Final = Module(
    ModuleSpec(
        "allowmethods",
        ("allowmethods_module", "mod_allowmethods.c"),
        directory=(AllowMethodsDir,),
        directives=(
            Directive(
                "AllowMethods",
                Context.DIRECTORY,
                Arity.ITERATE,
                AllowMethodsDir,
                _allow,
                "the methods that are taken, or reset for all",
                "reset",
            ),
        ),
    ),
    (
        Hook(
            Phase.ACCESS_CHECKER,
            check_method,
            Order.REALLY_FIRST,
            lambda settings: bool(settings[AllowMethodsDir].methods),
        ),
    ),
)
