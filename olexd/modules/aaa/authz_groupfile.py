"""mod_authz_groupfile: requirements on groups that a text file lists (configuration spec 4.3, 4.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context, Directive, Override, store_path
from olexd.config.settings import setting
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.aaa.authz_owner import in_named_group, in_owning_group
from olexd.modules.aaa.files import GROUPS
from olexd.modules.aaa.requirement import Kinds, Line, Verdict, verdict
from olexd.phases.hooks import Module


@dataclass(frozen=True, slots=True)
class GroupFileDir:
    """`path` is an absolute path, "" for none."""

    path: str = setting("")


DIRECTIVES: Final = (
    Directive(
        "AuthGroupFile",
        Context.DH,
        Arity.ONE,
        GroupFileDir,
        store_path("path"),
        "text file containing group names and member user IDs",
        override=Override.AUTHCONFIG,
    ),
)


def _in_one_of(line: Line, names: Iterable[str], request: Request, user: str) -> Verdict:
    path = line.settings(request)[GroupFileDir].path
    if not path:
        message = "AH01664: No group file was specified in the configuration"
        log_request(request, message, module="authz_groupfile")
        return Verdict.DENIED
    try:
        groups = GROUPS.get(path)
    except OSError as error:
        message = f"AH01665: Could not open group file: {path}: {error.strerror}"
        log_request(request, message, Level.ERR, "authz_groupfile")
        return Verdict.DENIED
    return verdict(any(user in groups.get(name, ()) for name in names))


KINDS: Final[Kinds] = {"group": in_named_group(_in_one_of), "file-group": in_owning_group(_in_one_of)}
MODULE: Final = Module(
    ModuleSpec(
        "authz_groupfile",
        ("authz_groupfile_module", "mod_authz_groupfile.c"),
        directory=(GroupFileDir,),
        directives=DIRECTIVES,
    )
)
