"""Finding the elements in a page: `<!--#name attribute="value" -->` (configuration spec 3.14). Pure.

A page comes in blocks of any size; an element may be spread over several.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Final

Attributes = list[tuple[str, bytes | None]]

LONGEST: Final = 1 << 20
"""Bytes that an element may have."""

_SPACE: Final = re.compile(rb"\s*")
_QUOTES: Final = b"\"'`"


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its name, "" if it has none, and its attributes in order, all names in lower case.

    A value is None when there was no equals sign; it is as written, but for escaped quotes.
    """

    name: str
    attributes: Attributes = field(default_factory=list)


class _Incomplete(Exception):
    """The element goes on in the next block."""


class Scanner:
    """Takes a page apart into text and elements, block by block."""

    def __init__(self, start: bytes = b"<!--#", end: bytes = b"-->") -> None:
        self._start = start
        self._end = end
        self._rest = b""
        self._inside = False

    def feed(self, data: bytes) -> list[bytes | Element]:
        """Return the pieces that another block completes, in order.

        Raises ValueError for an element that does not end.
        """
        page = self._rest + data
        pieces: list[bytes | Element] = []
        at = 0
        while (found := page.find(self._start, at)) >= 0:
            if found > at:
                pieces.append(page[at:found])
            try:
                element, at = self._element(page, found + len(self._start))
            except _Incomplete:
                at = found
                break
            pieces.append(element)
        self._inside = found >= 0
        keep = at if self._inside else len(page) - self._begun(page[at:])
        if keep > at:
            pieces.append(page[at:keep])
        self._rest = page[keep:]
        if len(self._rest) > LONGEST:
            raise ValueError(f"an element has more than {LONGEST} bytes")
        return pieces

    def finish(self) -> tuple[bytes, bool]:
        """Return the text that is left at the end of the page, and whether an element was left open."""
        rest, self._rest = self._rest, b""
        return (b"", True) if self._inside else (rest, False)

    def _begun(self, text: bytes) -> int:
        """Return how many bytes at the end of `text` may be the beginning of a start tag."""
        longest = min(len(self._start) - 1, len(text))
        return next((size for size in range(longest, 0, -1) if text.endswith(self._start[:size])), 0)

    def _element(self, page: bytes, at: int) -> tuple[Element, int]:
        name, at = self._word(page, at)
        element = Element(name.decode("latin-1").lower())
        while True:
            at = self._skip_space(page, at)
            if page.startswith(self._end, at):
                return element, at + len(self._end)
            word, at = self._word(page, at, b"=")
            at = self._skip_space(page, at)
            value = None
            if page[at] == ord("="):
                value, at = self._value(page, self._skip_space(page, at + 1))
            element.attributes.append((word.decode("latin-1").lower(), value))

    def _skip_space(self, page: bytes, at: int) -> int:
        found = _SPACE.match(page, at)
        assert found is not None
        if len(page) - found.end() < len(self._end):
            raise _Incomplete
        return found.end()

    def _word(self, page: bytes, at: int, stops: bytes = b"") -> tuple[bytes, int]:
        """Return what ends before white space, an end tag or one of `stops`, and where it ends."""
        end = at
        while not (page[end : end + 1].isspace() or page.startswith(self._end, end)):
            if len(page) - end < len(self._end):
                raise _Incomplete
            if page[end] in stops and end > at:
                break
            end += 1
        return page[at:end], end

    def _value(self, page: bytes, at: int) -> tuple[bytes, int]:
        if page[at] not in _QUOTES:
            return self._word(page, at)
        quote = page[at : at + 1]
        found = re.compile(rb"(?s)((?:\\.|[^\\%b])*)%b" % (quote, quote)).match(page, at + 1)
        if found is None:
            raise _Incomplete
        return found.group(1).replace(b"\\" + quote, quote), found.end()


def decode_entities(value: bytes) -> bytes:
    """Return text with character references replaced: by UTF-8, or by one byte where the text is Latin-1."""
    if b"&" not in value:
        return value
    try:
        return html.unescape(value.decode()).encode()
    except UnicodeDecodeError:
        return html.unescape(value.decode("latin-1")).encode("latin-1", "replace")
