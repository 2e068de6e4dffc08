"""mod_authz_owner: requirements on whose file is asked for, and on groups (configuration spec 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.model.accounts import group_name, user_name
from olexd.model.request import Request
from olexd.modules.aaa.requirement import Kinds, Line, Requirement, Verdict, of_user, verdict
from olexd.phases.hooks import Module


def owning_group(request: Request) -> str | None:
    """Return the name of the group that the file belongs to, None when there is no file or no name."""
    return None if request.stat is None else group_name(request.stat.st_gid)


Membership = Callable[[Line, Iterable[str], Request, str], Verdict]
"""Tells, for a Require line, whether a user is in one of the groups. Blocks."""


def in_named_group(is_in: Membership) -> Callable[[Line], Requirement]:
    """Return the kind of requirement whose lines name the groups."""

    def require(line: Line) -> Requirement:
        names = line.names()
        return of_user(lambda request, user: is_in(line, names(request), request, user), blocks=True)

    return require


def in_owning_group(is_in: Membership) -> Callable[[Line], Requirement]:
    """Return the kind of requirement that wants the group which the file belongs to."""

    def require(line: Line) -> Requirement:
        def is_member(request: Request, user: str) -> Verdict:
            group = owning_group(request)
            return Verdict.DENIED if group is None else is_in(line, [group], request, user)

        return of_user(is_member, blocks=True)

    return require


def _is_owner(request: Request, user: str) -> Verdict:
    owner = None if request.stat is None else user_name(request.stat.st_uid)
    return verdict(owner is not None and owner == user)


def _file_owner(line: Line) -> Requirement:
    return of_user(_is_owner, blocks=True)


KINDS: Final[Kinds] = {"file-owner": _file_owner}
MODULE: Final = Module(ModuleSpec("authz_owner", ("authz_owner_module", "mod_authz_owner.c")))
