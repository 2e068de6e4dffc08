"""mod_authz_dbm: requirements on groups that a dbm file lists by user (configuration spec 4.3, 4.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context, Directive, Override, store, store_path
from olexd.config.settings import setting
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.realm import auth_name
from olexd.model.request import Request
from olexd.modules.aaa.authz_owner import in_named_group, in_owning_group
from olexd.modules.aaa.requirement import CannotDecide, Kinds, Line, Verdict, verdict
from olexd.modules.dbm import BrokenDatabase, kind_of, read_table
from olexd.phases.hooks import Module

# Settings


@dataclass(frozen=True, slots=True)
class DbmGroupDir:
    """`path` is an absolute path, "" for none, without the ending that some kinds of files have."""

    path: str = setting("")
    kind: str = setting("default")

    def merged_with(self, inner: DbmGroupDir) -> DbmGroupDir:
        """Return what is in force in an inner section: only what it says itself, as in httpd."""
        return inner


# Rows

_DH, _AUTHCONFIG = Context.DH, Override.AUTHCONFIG
DIRECTIVES: Final = (
    Directive(
        "AuthDBMGroupFile",
        _DH,
        Arity.ONE,
        DbmGroupDir,
        store_path("path"),
        "database file containing group names and member user IDs",
        override=_AUTHCONFIG,
    ),
    Directive(
        "AuthzDBMType",
        _DH,
        Arity.ONE,
        DbmGroupDir,
        store("kind", kind_of),
        "what type of DBM file the group file is: default (which is DB), DB, GDBM or SDBM",
        "default",
        _AUTHCONFIG,
    ),
)


# The checks


def _groups_of(request: Request, conf: DbmGroupDir, user: str) -> frozenset[str]:
    """Return the groups of a user; the entry `user:realm` goes before `user`. Raises BrokenDatabase."""
    table = read_table(conf.path, conf.kind)
    name = user.encode("latin-1", "surrogateescape")
    realm = (auth_name(request) or "").encode("utf-8", "surrogateescape")
    value = table.get(name + b":" + realm, table.get(name))
    if value is None:
        return frozenset()
    # One file may serve for both: a password comes first, then groups, then a remark.
    fields = value.split(b":")
    groups = fields[1] if len(fields) > 1 else value
    return frozenset(groups.decode("latin-1").split(","))


def _in_one_of(line: Line, names: Iterable[str], request: Request, user: str) -> Verdict:
    conf = line.settings(request)[DbmGroupDir]
    if not conf.path:
        message = "AH01790: No group file was specified in the configuration"
        log_request(request, message, Level.ERR, "authz_dbm")
        return Verdict.DENIED
    try:
        groups = _groups_of(request, conf, user)
    except BrokenDatabase as error:
        what = f"AH01799: could not open dbm (type {conf.kind}) group access file"
        raise CannotDecide(f"{what}: {conf.path}: {error}", "authz_dbm") from None
    return verdict(not groups.isdisjoint(names))


KINDS: Final[Kinds] = {"dbm-group": in_named_group(_in_one_of), "dbm-file-group": in_owning_group(_in_one_of)}
MODULE: Final = Module(
    ModuleSpec(
        "authz_dbm", ("authz_dbm_module", "mod_authz_dbm.c"), directory=(DbmGroupDir,), directives=DIRECTIVES
    )
)
