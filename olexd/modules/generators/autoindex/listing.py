"""The entries of a list: what is in a directory, sorted as the client asks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from olexd.config.regex import compile_wildcard
from olexd.modules.generators.autoindex.settings import IndexDir

_FIELD: Final = re.compile(r"([COFVP])=([^&;]*)(?:[&;]|$)")
_DIGITS: Final = re.compile(r"(\d+)")
_CHOICES: Final = {"C": "NMSD", "O": "AD", "F": "012", "V": "01"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `name` ends in a slash for a directory; `modified` is epoch seconds, `size` bytes or -1."""

    name: str
    href: str
    modified: float
    size: int
    description: str = ""

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class Wish:
    """How the client wants the list: sort `key` (N, M, S, D), `direction` (A, D), form, names that match.

    `fancy` and `version` None leave it to the configuration.
    """

    key: str
    direction: str
    fancy: int | None = None
    version: bool | None = None
    pattern: re.Pattern[str] | None = None
    rest: str = ""


def wish_of(args: str | None, conf: IndexDir) -> Wish:
    """Return what the query asks for, as far as the configuration lets it."""
    wish = Wish(*conf.order)
    if conf.has("ignoreclient"):
        return wish
    position = 0
    query = args or ""
    while match := _FIELD.match(query, position):
        name, value = match[1], match[2]
        if name != "P" and (len(value) != 1 or value not in _CHOICES[name]):
            break
        wish = _with(wish, name, value)
        position = match.end()
    return wish


def _with(wish: Wish, name: str, value: str) -> Wish:
    match name:
        case "C":
            return replace(wish, key=value)
        case "O":
            return replace(wish, direction=value)
        case "F":
            return replace(wish, fancy=int(value), rest=f"{wish.rest};F={value}")
        case "V":
            return replace(wish, version=value == "1", rest=f"{wish.rest};V={value}")
    if not re.fullmatch(r"[\w.*?-]*", value):
        return wish
    return replace(wish, pattern=compile_wildcard(value, slash=True), rest=f"{wish.rest};P={value}")


def sort_entries(entries: Iterable[Entry], wish: Wish, conf: IndexDir) -> list[Entry]:
    """Return entries in the order that is asked for; equal ones by name."""
    version = conf.has("versionsort") if wish.version is None else wish.version
    folded = conf.has("ignorecase")

    def name_key(entry: Entry) -> Any:
        name = entry.name.lower() if folded else entry.name
        raw = name.encode("utf-8", "surrogateescape")
        return _natural(name) if version else raw

    def key(entry: Entry) -> tuple[Any, ...]:
        match wish.key:
            case "M":
                return entry.modified, name_key(entry)
            case "S":
                return entry.size, name_key(entry)
            case "D":
                return entry.description, name_key(entry)
        return (name_key(entry),)

    found = sorted(entries, key=key, reverse=wish.direction == "D")
    if conf.has("foldersfirst"):
        found.sort(key=lambda entry: not entry.is_directory)
    return found


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key by which file9 comes before file10."""
    return [
        (0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part)
        for part in _DIGITS.split(name)
        if part
    ]
