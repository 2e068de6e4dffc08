"""Texts of rules and conditions: what `$1`, `%1`, `%{VARIABLE}` and `${map:key|default}` stand for.

A text is taken apart once, when the configuration is read. Source: httpd manual, mod_rewrite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_OPEN: Final = {"%": "{", "$": "{"}


@dataclass(frozen=True, slots=True)
class Group:
    """What a group caught: of the rule's pattern (`$1`), or of the last condition that matched (`%1`)."""

    sign: str
    number: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`%{NAME}`, or `%{kind:name}` with a kind in upper case: ENV, HTTP, SSL, LA-U, LA-F."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """`${map:key|default}`."""

    map: str
    key: Text
    default: Text


Part = str | Group | Variable | Lookup


@dataclass(frozen=True, slots=True)
class Text:
    """A text, taken apart. `source` is how it was written."""

    source: str
    parts: tuple[Part, ...]

    @property
    def begins_open(self) -> bool:
        """Whether what it begins with depends on the request."""
        return bool(self.parts) and not isinstance(self.parts[0], str)

    @property
    def plain(self) -> str | None:
        """The text itself when nothing in it depends on the request, else None."""
        return "".join(map(str, self.parts)) if all(isinstance(part, str) for part in self.parts) else None


_KINDS: Final = frozenset({"ENV", "HTTP", "SSL", "LA-U", "LA-F"})


def parse_text(source: str) -> Text:
    """Return `source` taken apart. What only looks like a reference is text."""
    parts: list[Part] = []
    literal: list[str] = []
    position = 0
    while position < len(source):
        part, end = _part(source, position)
        if isinstance(part, str):
            literal.append(part)
        else:
            if literal:
                parts.append("".join(literal))
                literal = []
            parts.append(part)
        position = end
    if literal:
        parts.append("".join(literal))
    return Text(source, tuple(parts))


def _part(source: str, position: int) -> tuple[Part, int]:
    """Return the part that starts at `position`, and where it ends."""
    char = source[position]
    following = source[position + 1 : position + 2]
    if char == "\\" and following:
        return following, position + 2
    if char in _OPEN and following == "{":
        end = _closing(source, position + 2)
        if end > 0:
            inside = source[position + 2 : end]
            part = _variable(inside) if char == "%" else _lookup(inside)
            if part is not None:
                return part, end + 1
    elif char in _OPEN and following.isascii() and following.isdigit():
        return Group(char, int(following)), position + 2
    return char, position + 1


def _closing(source: str, start: int) -> int:
    """Return where the brace that was opened before `start` closes, -1 for nowhere."""
    depth = 1
    for position in range(start, len(source)):
        if source[position] == "{":
            depth += 1
        elif source[position] == "}":
            depth -= 1
            if not depth:
                return position
    return -1


def _variable(inside: str) -> Variable:
    kind, colon, name = inside.partition(":")
    if colon and kind.upper() in _KINDS:
        return Variable(kind.upper(), name)
    return Variable("", inside.upper())


def _lookup(inside: str) -> Lookup | None:
    name, colon, rest = inside.partition(":")
    if not colon:
        return None
    bar = _bar(rest)
    return Lookup(name, parse_text(rest[:bar]), parse_text(rest[bar + 1 :]))


def _bar(rest: str) -> int:
    """Return where the default of a look-up starts, behind all that stands in braces."""
    depth = 0
    for position, char in enumerate(rest):
        depth += (char == "{") - (char == "}")
        if char == "|" and not depth:
            return position
    return len(rest)
