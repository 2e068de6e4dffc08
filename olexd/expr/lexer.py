"""Characters to tokens: the words, operators, strings and patterns of an expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from olexd.expr.vocabulary import ExprError

MAX_LENGTH: Final = 16384
"""The longest expression, in characters."""

_DELIMITERS: Final = re.escape("/#$%^,;:_?|!'\"-.")
_TOKEN: Final = re.compile(
    rf"""[ \t\n\v\f\r]*(?:
      (?P<end>\Z)
    | (?P<regex>m(?=[{_DELIMITERS}])|(?=/))
    | (?P<quote>["'])
    | (?P<variable>%\{{)
    | \$(?P<capture>[0-9])
    | (?P<number>-?[0-9]+)
    | -(?P<binary>[A-Za-z_][A-Za-z0-9_]+)
    | -(?P<unary>[A-Za-z_])
    | (?P<sign>=~|!~|==|!=|<=|>=|&&|\|\||[=<>!.(){{}},])
    | (?P<word>[A-Za-z][A-Za-z0-9_]*)
    )""",
    re.VERBOSE,
)
_VARIABLE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::([^}]*))?\}")
_STRING_PART: Final = re.compile(r"\\([0-7]{1,3}|.)|%\{|\$([0-9])", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_FLAGS: Final = re.compile("i*")


class Kind(Enum):
    """What a token is. The value is how messages name it."""

    WORD = "word"
    NUMBER = "number"
    STRING = "string"
    REGEX = "regular expression"
    VARIABLE = "variable"
    CAPTURE = "back-reference"
    UNARY = "unary operator"
    BINARY = "binary operator"
    SIGN = "sign"
    END = "end of the expression"


@dataclass(frozen=True, slots=True)
class Variable:
    """`%{NAME}`, or `%{NAME:argument}`, which is a function call."""

    name: str
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """`$N`: what a group of the last match caught."""

    number: int


Part = str | Variable | Capture


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `parts` are those of a string or the single one of a variable; `flags` a pattern's."""

    kind: Kind
    text: str = ""
    parts: tuple[Part, ...] = ()
    flags: str = ""


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of an expression, the last one of kind END. Raises ExprError."""
    if len(text) > MAX_LENGTH:
        raise ExprError(f"expression longer than {MAX_LENGTH} characters")
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExprError(f"syntax error, unexpected '{text[position:].lstrip()[:1]}'")
        kind, position = match.lastgroup or "", match.end()
        if kind == "end":
            yield Token(Kind.END)
            return
        if kind == "regex":
            token, position = _regex(text, position)
        elif kind == "quote":
            parts, position = string_parts(text, position, match[kind])
            token = Token(Kind.STRING, parts=parts)
        elif kind == "variable":
            variable, position = _variable(text, position)
            token = Token(Kind.VARIABLE, parts=(variable,))
        elif kind == "capture":
            token = Token(Kind.CAPTURE, parts=(Capture(int(match[kind])),))
        else:
            token = Token(Kind[kind.upper()], match[kind])
        yield token


def string_parts(text: str, position: int, quote: str) -> tuple[tuple[Part, ...], int]:
    """Return the parts of a string from `position` to `quote` ("": to the end), and what follows it."""
    parts: list[Part] = []
    while True:
        match = _STRING_PART.search(text, position)
        end = text.find(quote, position) if quote else len(text)
        if match is None or -1 < end < match.start():
            if end < 0:
                raise ExprError("Unterminated string")
            parts.append(text[position:end])
            return _joined(parts), end + len(quote)
        parts.append(text[position : match.start()])
        position = match.end()
        if match[1]:
            parts.append(_escaped(match[1]))
        elif match[2]:
            parts.append(Capture(int(match[2])))
        else:
            variable, position = _variable(text, position)
            parts.append(variable)


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts with neighbouring texts put together and empty ones left out."""
    result: list[Part] = []
    for part in parts:
        if isinstance(part, str) and result and isinstance(last := result[-1], str):
            result[-1] = last + part
        elif part:
            result.append(part)
    return tuple(result)


def _escaped(char: str) -> str:
    if char.isdigit() and char[0] in "01234567":
        if int(char, 8) > 255:
            raise ExprError("Escape sequence out of range")
        return chr(int(char, 8))
    return _ESCAPES.get(char, char)


def _variable(text: str, position: int) -> tuple[Variable, int]:
    match = _VARIABLE.match(text, position)
    if match is None:
        raise ExprError(f"syntax error, unterminated variable '%{{{text[position : position + 20]}'")
    return Variable(match[1], match[2]), match.end()


def _regex(text: str, position: int) -> tuple[Token, int]:
    delimiter = text[position]
    end = text.find(delimiter, position + 1)
    if end < 0:
        raise ExprError("Unterminated regex")
    flags = _FLAGS.match(text, end + 1)
    assert flags is not None
    return Token(Kind.REGEX, text[position + 1 : end], flags=flags[0]), flags.end()
