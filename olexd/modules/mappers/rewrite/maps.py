"""RewriteMap: where `${name:key}` looks things up (configuration spec 3.8)."""

from __future__ import annotations

import dbm
import errno
import os
import random
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import unquote

from olexd.config.errors import DirectiveError
from olexd.config.rows import Args
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
    """`dbm:`: a database file of a kind that Python's `dbm` reads."""

    def __init__(self, path: str) -> None:
        self._path = path

    def find(self, key: str) -> str | None:
        """Return the value of `key`, None for none. The file is opened each time: it may change."""
        try:
            with dbm.open(self._path, "r") as found:
                value = found.get(key.encode("utf-8", "surrogateescape"))
        except dbm.error as error:
            raise OSError(errno.EIO, str(error)) from None
        return None if value is None else _text(value)

    def __repr__(self) -> str:
        return f"dbm:{self._path}"


class NoMap:
    """A map of a kind that is not supported: it has no values."""

    def find(self, key: str) -> None:
        """Return nothing."""

    def __repr__(self) -> str:
        return "none"


UNSUPPORTED: Final = frozenset({"dbd", "fastdbd"})
KINDS: Final = frozenset({"int", "txt", "rnd", "dbm", "prg", *UNSUPPORTED})


def split_source(word: str) -> tuple[str, str]:
    """Return the kind and the source of `kind:source`; a source without a kind is a text file.

    The format that `dbm=FORMAT:` names counts for nothing: the file itself tells.
    """
    kind, _, source = word.partition(":")
    kind = kind.partition("=")[0].lower()
    return (kind, source) if kind in KINDS else ("txt", word)


def make_map(args: Args) -> RewriteMap:
    """Return the map that `NAME TYPE:SOURCE` describes. Raises DirectiveError."""
    kind, source = split_source(args.words[1])
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
        path = args.path(source)
        if dbm.whichdb(path) is None:
            raise _missing(args, path)
        return DbmFile(path) if _is_readable(path) else NoMap()
    path = _existing(args, source)
    return TextFile(path) if kind == "txt" else RandomText(path)


def _existing(args: Args, source: str) -> str:
    path = args.path(source)
    if not os.path.isfile(path):
        raise _missing(args, path)
    return path


def _missing(args: Args, path: str) -> DirectiveError:
    return DirectiveError(f"RewriteMap: file for map {args.words[0]} not found:{path}")


def _is_readable(path: str) -> bool:
    """Return whether a database file is there, and of a kind for which this Python has a module."""
    try:
        dbm.open(path, "r").close()
    except (ImportError, *dbm.error):
        return False
    return True


def doubts(args: Args) -> str:
    """Return what the config check is to warn of, "" for nothing."""
    name, (kind, source) = args.words[0], split_source(args.words[1])
    if kind in UNSUPPORTED:
        return f"RewriteMap {name} has no values here: {kind} maps are not supported"
    if kind == "dbm" and not _is_readable(path := args.path(source)):
        return f"RewriteMap {name} has no values here: Python's dbm cannot read {path}; a txt map can be read"
    if kind == "prg" and len(args.words) > 2:
        return f"RewriteMap {name}: its program runs as the server's own user, not as {args.words[2]}"
    return ""
