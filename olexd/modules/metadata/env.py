"""mod_env: variables for handlers, logs and headers (configuration spec 3.10)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override
from olexd.config.settings import Merge, setting
from olexd.model.request import Request
from olexd.modules.words import current, overlay
from olexd.phases.hooks import Hook, Module, Phase
from olexd.status import OK


@dataclass(frozen=True, slots=True)
class EnvDir:
    """The variables and their values as sent to the wire's tables; None takes a variable back."""

    variables: dict[str, bytes | None] = setting({}, Merge.OVERLAY)

    def merged_with(self, inner: EnvDir) -> EnvDir:
        """Return what is in force in an inner section. What it takes back is forgotten then, as in httpd."""
        merged = {**current(self, "variables"), **current(inner, "variables")}
        return EnvDir({name: value for name, value in merged.items() if value is not None})


def _set(args: Args) -> dict[str, bytes | None]:
    return {args.word: os.fsencode(args.words[1]) if len(args.words) > 1 else b""}


def _unset(args: Args) -> dict[str, bytes | None]:
    return dict.fromkeys(args.words)


def _pass(args: Args) -> dict[str, bytes | None]:
    return {name: os.environb[os.fsencode(name)] for name in args.words if name in os.environ}


def _undefined(args: Args) -> str:
    missing = [name for name in args.words if name not in os.environ]
    return f"AH01506: PassEnv variable {', '.join(missing)} was undefined" if missing else ""


def _row(
    name: str,
    arity: Arity,
    entries: Callable[[Args], Mapping[str, bytes | None]],
    help: str,
    warn: Callable[[Args], str] | None = None,
) -> Directive:
    apply = overlay("variables", entries)
    return Directive(name, Context.SVDH, arity, EnvDir, apply, help, override=Override.FILEINFO, warn=warn)


DIRECTIVES: Final = (
    _row("SetEnv", Arity.ONE_OR_TWO, _set, "an environment variable name and optional value"),
    _row("UnsetEnv", Arity.ITERATE, _unset, "a list of variables to take back"),
    _row(
        "PassEnv",
        Arity.ITERATE,
        _pass,
        "a list of variables to pass on from the server's environment",
        _undefined,
    ),
)


def set_variables(request: Request) -> int:
    """Add the configured variables to the request's environment; one that is there already stays first."""
    env = request.subprocess_env
    for name, value in request.conf[EnvDir].variables.items():
        if value is not None:
            env.add(name, value)
    return OK


MODULE: Final = Module(
    ModuleSpec("env", ("env_module", "mod_env.c"), (), (EnvDir,), DIRECTIVES),
    (Hook(Phase.FIXUPS, set_variables, wanted=lambda settings: bool(settings[EnvDir].variables)),),
)
