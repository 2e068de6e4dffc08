"""mod_authz_owner: requirements on whose file is asked for (configuration spec 4.5)."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.model.accounts import group_name, user_name
from olexd.model.request import Request
from olexd.modules.aaa.requirement import Kinds, Line, Requirement, Verdict, of_user, verdict
from olexd.phases.hooks import Module


def owning_group(request: Request) -> str | None:
    """Return the name of the group that the file belongs to, None when there is no file or no name."""
    return None if request.stat is None else group_name(request.stat.st_gid)


def _is_owner(request: Request, user: str) -> Verdict:
    owner = None if request.stat is None else user_name(request.stat.st_uid)
    return verdict(owner is not None and owner == user)


def _file_owner(line: Line) -> Requirement:
    return of_user(_is_owner, blocks=True)


KINDS: Final[Kinds] = {"file-owner": _file_owner}
MODULE: Final = Module(ModuleSpec("authz_owner", ("authz_owner_module", "mod_authz_owner.c")))
