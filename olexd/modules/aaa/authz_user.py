"""mod_authz_user: requirements on the name of the user (configuration spec 4.5)."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.model.request import Request
from olexd.modules.aaa.requirement import Kinds, Line, Requirement, Verdict, of_user, verdict
from olexd.phases.hooks import Module


def _valid_user(line: Line) -> Requirement:
    return of_user(lambda request, user: Verdict.GRANTED)


def _user(line: Line) -> Requirement:
    names = line.names()

    def is_named(request: Request, user: str) -> Verdict:
        return verdict(user in names(request))

    return of_user(is_named)


KINDS: Final[Kinds] = {"user": _user, "valid-user": _valid_user}
MODULE: Final = Module(ModuleSpec("authz_user", ("authz_user_module", "mod_authz_user.c")))
