"""RewriteMap: where `${name:key}` looks things up (configuration spec 3.8)."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import unquote

from olexd.config.errors import DirectiveError
from olexd.config.rows import Args
from olexd.uri import escape_path


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


class TextFile:
    """`txt:`: lines `key value`, read again when the file has changed."""

    kind = "txt"

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._state: tuple[int, int] | None = None
        self._entries: Mapping[str, str] = {}

    def find(self, key: str) -> str | None:
        """Return the value of `key`, None for none."""
        return self._current().get(key)

    def _current(self) -> Mapping[str, str]:
        with self._lock:
            found = os.stat(self._path)
            state = found.st_mtime_ns, found.st_size
            if state != self._state:
                self._entries = _read(self._path)
                self._state = state
            return self._entries

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


class NoMap:
    """A map of a kind that is not supported: it has no values."""

    def find(self, key: str) -> None:
        """Return nothing."""

    def __repr__(self) -> str:
        return "none"


UNSUPPORTED: Final = frozenset({"prg", "dbm", "dbd", "fastdbd"})


def _read(path: str) -> dict[str, str]:
    entries: dict[str, str] = {}
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            words = line.split(None, 2)
            if len(words) >= 2 and not line.startswith("#"):
                # The first of several lines for a key counts.
                entries.setdefault(words[0], words[1])
    return entries


def kind_of(word: str) -> str:
    """Return the kind in `kind:source`; a source without one is a text file."""
    kind, colon, _ = word.partition(":")
    kind = kind.partition("=")[0].lower()
    return kind if colon and kind in {"int", "txt", "rnd", *UNSUPPORTED} else "txt"


def make_map(args: Args) -> RewriteMap:
    """Return the map that `NAME TYPE:SOURCE` describes. Raises DirectiveError."""
    name, word = args.words[0], args.words[1]
    kind = kind_of(word)
    source = word.partition(":")[2] if word.lower().startswith(f"{kind}:") else word
    if kind in UNSUPPORTED:
        return NoMap()
    if kind == "int":
        if source not in INTERNAL:
            raise DirectiveError(f"RewriteMap: internal map not found:{source}")
        return Function(source)
    path = args.path(source)
    if not os.path.isfile(path):
        raise DirectiveError(f"RewriteMap: file for map {name} not found:{path}")
    return TextFile(path) if kind == "txt" else RandomText(path)
