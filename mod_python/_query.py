"""Query strings in their parts: `parse_qs` and `parse_qsl` (toolkit spec 1.2)."""

from __future__ import annotations

import operator
import re
from typing import Final, TypeVar

T = TypeVar("T", str, bytes)

_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_SEPARATOR: Final = re.compile(rb"[&;]")


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))


def _unescape(token: bytes) -> bytes:
    """Decode plus signs and escapes; bad escapes stay, and what follows a NUL is dropped."""
    return _ESCAPE.sub(_byte, token.replace(b"+", b" ")).partition(b"\0")[0]


def _text(token: bytes) -> str:
    """Return the text of a token that came out of a str: UTF-8, in escapes or as characters."""
    try:
        return _unescape(token).decode()
    except UnicodeDecodeError:
        return _unescape(token.decode("latin-1").encode()).decode("utf-8", "replace")


def _tokens(query: bytes, keep_blank: bool) -> list[tuple[bytes, bytes]]:
    pieces = _SEPARATOR.split(query.partition(b"\0")[0])
    pairs = (piece.partition(b"=") for piece in pieces if piece)
    return [(name, value) for name, _, value in pairs if value or keep_blank]


def _bytes_of(qs: object) -> bytes:
    if type(qs) is bytes:
        return qs
    if type(qs) is str:
        try:
            return qs.encode("latin-1")
        except UnicodeEncodeError:
            pass
    raise TypeError("not an ISO-8859-1 string")


def parse_qsl(qs: T, keep_blank_values: int = 0, strict_parsing: int = 0, /) -> list[tuple[T, T]]:
    """Return the pairs of a query string in order: bytes for bytes, str for str.

    Pairs are separated by `&` or `;`. Those without a value are left out unless `keep_blank_values`;
    `strict_parsing` changes nothing. Raises TypeError for other types and text outside Latin-1.
    """
    operator.index(strict_parsing)
    tokens = _tokens(_bytes_of(qs), bool(operator.index(keep_blank_values)))
    convert = _text if isinstance(qs, str) else _unescape
    return [(convert(name), convert(value)) for name, value in tokens]


def parse_qs(qs: T, keep_blank_values: int = 0, strict_parsing: int = 0, /) -> dict[T, list[T]]:
    """Return the values of a query string by name; the rest as `parse_qsl`."""
    found: dict[T, list[T]] = {}
    for name, value in parse_qsl(qs, keep_blank_values, strict_parsing):
        found.setdefault(name, []).append(value)
    return found
