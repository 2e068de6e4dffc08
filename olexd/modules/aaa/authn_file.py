"""mod_authn_file: users and the hashes of their passwords in a text file (configuration spec 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context, Directive, Override, store_path
from olexd.config.settings import Settings, setting
from olexd.modules.aaa.files import REALM_USERS, USERS
from olexd.modules.aaa.providers import CannotAnswer, Provider, by_hash
from olexd.phases.hooks import Module
from olexd.watched import WatchedFile

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FileDir:
    """`path` is an absolute path, "" for none."""

    path: str = setting("")


DIRECTIVES: Final = (
    Directive(
        "AuthUserFile",
        Context.DH,
        Arity.ONE,
        FileDir,
        store_path("path"),
        "text file containing user IDs and passwords",
        override=Override.AUTHCONFIG,
    ),
)


def _read(files: WatchedFile[T], settings: Settings) -> T:
    path = settings[FileDir].path
    if not path:
        raise CannotAnswer("AH01619: AuthUserFile not specified in the configuration", "authn_file")
    try:
        return files.get(path)
    except OSError as error:
        message = f"AH01620: Could not open password file: {path}: {error.strerror}"
        raise CannotAnswer(message, "authn_file") from None


def _stored(settings: Settings, name: bytes) -> bytes | None:
    return _read(USERS, settings).get(name)


def _realm_hash(settings: Settings, name: bytes, realm: bytes) -> bytes | None:
    return _read(REALM_USERS, settings).get((name, realm))


PROVIDER: Final = Provider(by_hash(_stored), _realm_hash)
MODULE: Final = Module(
    ModuleSpec(
        "authn_file", ("authn_file_module", "mod_authn_file.c"), directory=(FileDir,), directives=DIRECTIVES
    )
)
