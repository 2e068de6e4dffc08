"""Byte ranges of a response: reading the Range field, framing several parts (RFC 9110 section 14)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

from olexd.config.core import CoreDir

_SPEC: Final = re.compile(r"(\d{0,19})-(\d{0,19})", re.ASCII)
_MOST: Final = 2**63 - 1
"""The greatest position that means anything."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` to `end`, both included."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.end - self.start + 1


def parse_ranges(value: str, length: int, core: CoreDir) -> tuple[ByteRange, ...] | None:
    """Return the ranges that a Range field asks of `length` bytes, as httpd would send them.

    Neighbours and overlaps are joined in the order given. None means that the field does not count (bad
    syntax, another unit, more ranges or more disorder than `core` allows, more bytes than there are); an
    empty result means that no range can be satisfied.
    """
    unit, equals, specs = value.partition("=")
    if unit.lower() != "bytes" or not equals:
        return None
    words = [word for word in specs.split(",") if word]
    if not words or specs.startswith(","):
        return None
    ranges: list[ByteRange] = []
    for word in words:
        match = _SPEC.fullmatch(word)
        if match is None:
            return None
        found = _resolve(match.group(1), match.group(2), length)
        if found is None:
            return None
        if found.start < length and found.length > 0:
            ranges.append(found)
    joined, overlaps, reversals = _join(ranges)
    if sum(one.length for one in joined) > length or not (
        _within(len(joined), core.max_ranges)
        and _within(overlaps, core.max_overlaps)
        and _within(reversals, core.max_reversals)
    ):
        return None
    return tuple(joined)


def _within(count: int, limit: int) -> bool:
    return limit < 0 or count <= limit


def _resolve(first: str, last: str, length: int) -> ByteRange | None:
    """Return one range cut to the length; None for bad syntax."""
    if int(first or "0") > _MOST or int(last or "0") > _MOST:
        return None
    if not first:
        if not last or int(last) == 0:
            return None
        return ByteRange(max(0, length - int(last)), length - 1)
    if last and int(last) < int(first):
        return None
    return ByteRange(int(first), min(int(last), length - 1) if last else length - 1)


def _join(ranges: list[ByteRange]) -> tuple[list[ByteRange], int, int]:
    """Return the ranges with neighbours and overlaps joined, how many of them there were, and how many of
    those began before what they were joined to."""
    joined = ranges[:1]
    overlaps = reversals = 0
    for new in ranges[1:]:
        last = joined[-1]
        if new.start > last.end + 1 or new.end < last.start - 1:
            joined.append(new)
            continue
        joined[-1] = ByteRange(min(last.start, new.start), max(last.end, new.end))
        overlaps += 1
        reversals += new.start < last.start
    return joined, overlaps, reversals


def content_range(wanted: ByteRange, length: int) -> str:
    """Return the value of a Content-Range field."""
    return f"bytes {wanted.start}-{wanted.end}/{length}"


@dataclass(frozen=True, slots=True)
class Parts:
    """A multipart/byteranges body: its type, what stands before each part, its end, its length in bytes."""

    content_type: str
    heads: tuple[bytes, ...]
    end: bytes
    length: int


def frame_parts(ranges: tuple[ByteRange, ...], length: int, content_type: str) -> Parts:
    """Return what frames several ranges of `length` bytes of a type, "" for none."""
    boundary = secrets.token_hex(8)
    kind = f"Content-type: {content_type}\r\n" if content_type else ""
    heads = tuple(
        f"\r\n--{boundary}\r\n{kind}Content-range: {content_range(one, length)}\r\n\r\n".encode("latin-1")
        for one in ranges
    )
    end = f"\r\n--{boundary}--\r\n".encode("ascii")
    whole = sum(map(len, heads)) + sum(one.length for one in ranges) + len(end)
    return Parts(f"multipart/byteranges; boundary={boundary}", heads, end, whole)
