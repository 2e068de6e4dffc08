"""RewriteMap: where `${name:key}` looks things up (configuration spec 3.8)."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import unquote

from olexd.config.errors import DirectiveError
from olexd.config.rows import Args
from olexd.modules.dbm import BrokenDatabase, ending_of, kind_of, read_table
from olexd.modules.mappers.rewrite.programs import MapProgram
from olexd.uri import escape_path
from olexd.watched import WatchedFile


class RewriteMap(Protocol):
    """Something that has values for keys."""

    def find(self, key: str) -> str | None:
        """Return the value of `key`, None for none. May read a file; raises OSError when it cannot."""
        ...


INTERNAL: Final[dict[str, Callable[[str], str]]] = {
    "tolower": str.lower,
    "toupper": str.upper,
    "escape": escape_path,
    "unescape": lambda text: unquote(text, errors="surrogateescape"),
}


class Function:
    """`int:`: a function of the key."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._function = INTERNAL[name]

    def find(self, key: str) -> str:
        """Return what the function makes of `key`."""
        return self._function(key)

    def __repr__(self) -> str:
        return f"int:{self._name}"


def parse_map(data: bytes) -> dict[str, str]:
    """Return key to value from lines `key value`; `#` starts a comment, the first line of a key counts."""
    entries: dict[str, str] = {}
    for line in data.split(b"\n"):
        words = line.split(None, 2)
        if len(words) >= 2 and not line.startswith(b"#"):
            entries.setdefault(_text(words[0]), _text(words[1]))
    return entries


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


FILES: Final = WatchedFile(parse_map)


class TextFile:
    """`txt:`: lines `key value`, read again when the file has changed."""

    kind = "txt"

    def __init__(self, path: str) -> None:
        self._path = path

    def find(self, key: str) -> str | None:
        """Return the value of `key`, None for none."""
        return FILES.get(self._path).get(key)

    def __repr__(self) -> str:
        return f"{self.kind}:{self._path}"


class RandomText(TextFile):
    """`rnd:`: the same, but a value `a|b|c` stands for one of the three."""

    kind = "rnd"

    def find(self, key: str) -> str | None:
        """Return one of the values of `key`, None for none."""
        found = super().find(key)
        # Spreading load is no secret.
        return None if found is None else random.choice(found.split("|"))


class DbmFile:
    """`dbm:`: a database file as httpd's tools write it, read again when it has changed."""

    def __init__(self, path: str, kind: str) -> None:
        self._path = path
        self._kind = kind

    def find(self, key: str) -> str | None:
        """Return the value of `key`, None for none."""
        try:
            value = read_table(self._path, self._kind).get(key.encode("utf-8", "surrogateescape"))
        except BrokenDatabase as error:
            raise OSError(errno.EIO, str(error)) from None
        return None if value is None else _text(value)

    def __repr__(self) -> str:
        return f"dbm={self._kind}:{self._path}"


class NoMap:
    """A map of a kind that is not supported: it has no values."""

    def find(self, key: str) -> None:
        """Return nothing."""

    def __repr__(self) -> str:
        return "none"


UNSUPPORTED: Final = frozenset({"dbd", "fastdbd"})
KINDS: Final = frozenset({"int", "txt", "rnd", "dbm", "prg", *UNSUPPORTED})


def split_source(word: str) -> tuple[str, str, str]:
    """Return kind, format and source of `kind=format:source`; a source without a kind is a text file."""
    kind, _, source = word.partition(":")
    kind, _, form = kind.partition("=")
    return (kind.lower(), form, source) if kind.lower() in KINDS else ("txt", "", word)


def make_map(args: Args) -> RewriteMap:
    """Return the map that `NAME TYPE:SOURCE` describes. Raises DirectiveError."""
    kind, form, source = split_source(args.words[1])
    if kind in UNSUPPORTED:
        return NoMap()
    if kind == "int":
        if source not in INTERNAL:
            raise DirectiveError(f"RewriteMap: internal map not found:{source}")
        return Function(source)
    if kind == "prg":
        program, *arguments = source.split() or [""]
        return MapProgram((_existing(args, program), *arguments))
    if kind == "dbm":
        found = kind_of(form or "default")
        _existing(args, source + ending_of(found))
        return DbmFile(args.path(source), found)
    path = _existing(args, source)
    return TextFile(path) if kind == "txt" else RandomText(path)


def _existing(args: Args, source: str) -> str:
    path = args.path(source)
    if not os.path.isfile(path):
        raise DirectiveError(f"RewriteMap: file for map {args.words[0]} not found:{path}")
    return path


def doubts(args: Args) -> str:
    """Return what the config check is to warn of, "" for nothing."""
    name, kind = args.words[0], split_source(args.words[1])[0]
    if kind in UNSUPPORTED:
        return f"RewriteMap {name} has no values here: {kind} maps are not supported"
    if kind == "prg" and len(args.words) > 2:
        return f"RewriteMap {name}: its program runs as the server's own user, not as {args.words[2]}"
    return ""
