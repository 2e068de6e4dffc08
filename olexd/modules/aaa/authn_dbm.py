"""mod_authn_dbm: users and the hashes of their passwords in a dbm file (configuration spec 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context, Directive, Override, store, store_path
from olexd.config.settings import Settings, setting
from olexd.modules.aaa.providers import CannotAnswer, Provider, by_hash
from olexd.modules.dbm import BrokenDatabase, kind_of, read_table
from olexd.phases.hooks import Module


@dataclass(frozen=True, slots=True)
class DbmDir:
    """`path` is an absolute path, "" for none, without the ending that some kinds of files have."""

    path: str = setting("")
    kind: str = setting("default")

    def merged_with(self, inner: DbmDir) -> DbmDir:
        """Return what is in force in an inner section: only what it says itself, as in httpd."""
        return inner


_DH, _AUTHCONFIG = Context.DH, Override.AUTHCONFIG
DIRECTIVES: Final = (
    Directive(
        "AuthDBMUserFile",
        _DH,
        Arity.ONE,
        DbmDir,
        store_path("path"),
        "dbm database file containing user IDs and passwords",
        override=_AUTHCONFIG,
    ),
    Directive(
        "AuthDBMType",
        _DH,
        Arity.ONE,
        DbmDir,
        store("kind", kind_of),
        "what type of DBM file the user file is: default (which is DB), DB, GDBM or SDBM",
        "default",
        _AUTHCONFIG,
    ),
)


def _value(settings: Settings, key: bytes) -> bytes | None:
    """Return what stands before the first colon of a key's value, None for an unknown key."""
    conf = settings[DbmDir]
    if not conf.path:
        raise CannotAnswer("AH10288: AuthDBMUserFile not specified in the configuration", "authn_dbm")
    try:
        value = read_table(conf.path, conf.kind).get(key)
    except BrokenDatabase as error:
        message = f"AH01755: could not open dbm (type {conf.kind}) file: {conf.path}: {error}"
        raise CannotAnswer(message, "authn_dbm") from None
    return None if value is None else value.partition(b":")[0]


def _realm_hash(settings: Settings, name: bytes, realm: bytes) -> bytes | None:
    return _value(settings, name + b":" + realm)


PROVIDER: Final = Provider(by_hash(_value), _realm_hash)
MODULE: Final = Module(
    ModuleSpec(
        "authn_dbm", ("authn_dbm_module", "mod_authn_dbm.c"), directory=(DbmDir,), directives=DIRECTIVES
    )
)
