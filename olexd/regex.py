"""PCRE patterns and wildcards as Python regular expressions (configuration spec 2.3)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NamedTuple

_POSIX: Final = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r" \t\n\r\f\v",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "cntrl": r"\x00-\x1f\x7f",
    "graph": "!-~",
    "print": " -~",
    "xdigit": "0-9A-Fa-f",
    "word": r"\w",
    "ascii": r"\x00-\x7f",
}
_ESCAPES: Final = {
    "h": r"[ \t\xa0]",
    "H": r"[^ \t\xa0]",
    "v": r"[\n\x0b\f\r\x85\u2028\u2029]",
    "V": r"[^\n\x0b\f\r\x85\u2028\u2029]",
    "R": r"(?:\r\n|[\n\x0b\f\r\x85\u2028\u2029])",
    "N": r"[^\n]",
    "z": r"\Z",
    "Z": r"(?=\n?\Z)",
    "e": r"\x1b",
}
_CLASS_ESCAPES: Final = {"h": r" \t\xa0", "v": r"\n\x0b\f\r\x85\u2028\u2029", "e": r"\x1b"}
_GROUP_NAME: Final = re.compile(r"\?P?<([A-Za-z_]\w*)>|\?'([A-Za-z_]\w*)'", re.ASCII)
_BACK_REFERENCE: Final = re.compile(
    r"k(?:<(?P<a>\w+)>|'(?P<b>\w+)'|\{(?P<c>\w+)\})|g\{(?P<d>[A-Za-z_]\w*)\}|g\{?(?P<number>-?\d+)\}?",
    re.ASCII,
)
_OPTIONS: Final = re.compile(r"\?([ims]*)(?:-([ims]+))?\)")
_HEX: Final = re.compile(r"x\{([0-9A-Fa-f]{1,6})\}")
_POSIX_CLASS: Final = re.compile(r"\[:(\^?)([a-z]+):\]")


class RegexOptions(NamedTuple):
    """What patterns mean by default: those of RegexDefaultOptions."""

    icase: bool = False
    dotall: bool = True
    dollar_endonly: bool = True

    @property
    def flags(self) -> int:
        """The flags of `re`."""
        return re.IGNORECASE * self.icase | re.DOTALL * self.dotall


DEFAULT_OPTIONS: Final = RegexOptions()
_options: Final[ContextVar[RegexOptions]] = ContextVar("regex_options", default=DEFAULT_OPTIONS)


@contextmanager
def regex_options(options: RegexOptions) -> Iterator[None]:
    """Let `options` hold for the patterns that are compiled inside, until `change_options()`."""
    token = _options.set(options)
    try:
        yield
    finally:
        _options.reset(token)


def current_options() -> RegexOptions:
    """Return the options in force."""
    return _options.get()


def change_options(options: RegexOptions) -> None:
    """Let `options` hold from now on, within the innermost `regex_options()`."""
    _options.set(options)


class RegexError(ValueError):
    """A pattern cannot be compiled; the text says why."""


def compile_regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a PCRE `pattern` compiled with the options in force (see `RegexOptions`).

    `flags` are those of `re` (IGNORECASE). Raises RegexError if it cannot be compiled or uses what
    Python's engine lacks.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options = _options.get()
            translated = _Translation(pattern, options.dollar_endonly).run()
            return re.compile(translated, flags | options.flags | re.ASCII)
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise RegexError(str(error)) from None


def has_wildcard(pattern: str) -> bool:
    """Return whether `pattern` holds `*`, `?` or a closed `[` outside of backslash escapes."""
    bracket = False
    escaped = False
    for char in pattern:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in "*?" or (char == "]" and bracket):
            return True
        elif char == "[":
            bracket = True
    return False


def compile_wildcard(pattern: str, slash: bool = False) -> re.Pattern[str]:
    """Return a shell wildcard compiled for `fullmatch`; only with `slash` do `*` and `?` match a `/`.

    Raises RegexError if it cannot be compiled.
    """
    single = "." if slash else "[^/]"
    out: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*":
            if not out or out[-1] != single + "*":
                out.append(single + "*")
        elif char == "?":
            out.append(single)
        elif char == "[" and (end := _bracket_end(pattern, position)) > 0:
            out.append(_bracket(pattern[position:end], slash))
            position = end + 1
        elif char == "\\" and position < len(pattern):
            out.append(re.escape(pattern[position]))
            position += 1
        else:
            out.append(re.escape(char))
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise RegexError(str(error)) from None


def _bracket_end(pattern: str, start: int) -> int:
    negated = pattern.startswith(("!", "^"), start)
    return pattern.find("]", start + negated + 1)


def _bracket(content: str, slash: bool) -> str:
    negated = content[:1] in ("!", "^")
    members = re.sub(r"\\(.)", r"\1", content[negated:], flags=re.DOTALL)
    members = re.sub(r"([\\\[\]^&~|])", r"\\\1", members)
    guard = "" if slash else "(?!/)"
    return f"{guard}[{'^' if negated else ''}{members}]"


class _Translation:
    """One pattern on its way: `scopes` holds, per open group, the inline options set in it."""

    def __init__(self, pattern: str, dollar_endonly: bool = True) -> None:
        self.pattern = pattern
        self.dollar = r"\Z" if dollar_endonly else r"(?=\n?\Z)"
        self.position = 0
        self.out: list[str] = []
        self.scopes: list[list[str]] = [[]]
        self.groups = 0
        self.multiline = bool(re.search(r"\(\?[a-z]*m", pattern))

    def run(self) -> str:
        while self.position < len(self.pattern):
            char = self.pattern[self.position]
            self.position += 1
            self._step(char)
        self.out.append(")" * len(self.scopes[0]))
        return "".join(self.out)

    def _step(self, char: str) -> None:
        if char == "\\":
            self._escape()
        elif char == "[":
            self._class()
        elif char == "(":
            self._group()
        elif char == ")":
            self._close()
        elif char == "|":
            options = self.scopes[-1]
            self.out.append(")" * len(options) + "|" + "".join(options))
        elif char == "$":
            self.out.append("$" if self.multiline else self.dollar)
        elif char == "{" and self.pattern.startswith(",", self.position):
            self.out.append(r"\{")
        else:
            self.out.append(char)

    def _close(self) -> None:
        options = self.scopes.pop() if len(self.scopes) > 1 else []
        self.out.append(")" * len(options) + ")")

    def _group(self) -> None:
        rest = self.pattern
        if options := _OPTIONS.match(rest, self.position):
            self.position = options.end()
            if options[1] or options[2]:
                off = f"-{options[2]}" if options[2] else ""
                opened = f"(?{options[1]}{off}:"
                self.scopes[-1].append(opened)
                self.out.append(opened)
            return
        self.scopes.append([])
        if name := _GROUP_NAME.match(rest, self.position):
            self.groups += 1
            self.position = name.end()
            self.out.append(f"(?P<{name[1] or name[2]}>")
            return
        if not rest.startswith("?", self.position):
            self.groups += 1
        self.out.append("(")

    def _escape(self) -> None:
        rest = self.pattern
        char = rest[self.position : self.position + 1]
        if char == "Q":
            end = rest.find("\\E", self.position)
            end = len(rest) if end < 0 else end
            self.out.append(re.escape(rest[self.position + 1 : end]))
            self.position = end + 2
        elif char == "E":
            self.position += 1
        elif reference := _BACK_REFERENCE.match(rest, self.position):
            self.position = reference.end()
            self.out.append(self._reference(reference))
        elif digits := _HEX.match(rest, self.position):
            self.position = digits.end()
            self.out.append(re.escape(chr(int(digits[1], 16))))
        else:
            self.position += 1
            self.out.append(_ESCAPES.get(char, "\\" + char))

    def _reference(self, match: re.Match[str]) -> str:
        number = match["number"]
        if number is None:
            return f"(?P={match['a'] or match['b'] or match['c'] or match['d']})"
        index = int(number)
        return f"(?:\\{self.groups + 1 + index if index < 0 else index})"

    def _class(self) -> None:
        rest = self.pattern
        out = ["["]
        if rest.startswith("^", self.position):
            out.append("^")
            self.position += 1
        if rest.startswith("]", self.position):
            out.append("\\]")
            self.position += 1
        while self.position < len(rest) and rest[self.position] != "]":
            out.append(self._member())
        if self.position >= len(rest):
            raise ValueError("missing terminating ] for character class")
        self.position += 1
        self.out.append("".join(out) + "]")

    def _member(self) -> str:
        rest = self.pattern
        if posix := _POSIX_CLASS.match(rest, self.position):
            if posix[1] or posix[2] not in _POSIX:
                raise ValueError(f"unsupported POSIX class {posix[0]}")
            self.position = posix.end()
            return _POSIX[posix[2]]
        char = rest[self.position]
        self.position += 1
        if char != "\\":
            return "\\" + char if char in "[&~|" else char
        if digits := _HEX.match(rest, self.position):
            self.position = digits.end()
            return re.escape(chr(int(digits[1], 16)))
        char = rest[self.position : self.position + 1]
        self.position += 1
        return _CLASS_ESCAPES.get(char, "\\" + char)
