"""Byte ranges of a response: reading the Range field, framing several parts (RFC 9110 section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_OVERLAPS: Final = 20
MAX_REVERSALS: Final = 20
_SPEC: Final = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` to `end`, both included."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.end - self.start + 1


def parse_ranges(value: str, length: int, limit: int) -> tuple[ByteRange, ...] | None:
    """Return the ranges that a Range field asks of `length` bytes, as httpd would send them.

    Neighbours and overlaps are joined in the order given. None means that the field does not count (bad
    syntax, another unit, more than `limit` ranges unless that is negative); an empty result means
    that no range can be satisfied.
    """
    unit, equals, specs = value.partition("=")
    if unit.lower() != "bytes" or not equals:
        return None
    words = [word for word in specs.split(",") if word]
    if not words or (0 <= limit < len(words)):
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
    return _join(ranges)


def _resolve(first: str, last: str, length: int) -> ByteRange | None:
    """Return one range cut to the length; None for bad syntax."""
    if not first:
        if not last or int(last) == 0:
            return None
        return ByteRange(max(0, length - int(last)), length - 1)
    if last and int(last) < int(first):
        return None
    return ByteRange(int(first), min(int(last), length - 1) if last else length - 1)


def _join(ranges: list[ByteRange]) -> tuple[ByteRange, ...] | None:
    joined: list[ByteRange] = []
    overlaps = reversals = 0
    for new in ranges:
        last = joined[-1] if joined else None
        if last is not None and new.start <= last.end + 1 and new.end >= last.start - 1:
            joined[-1] = ByteRange(min(last.start, new.start), max(last.end, new.end))
            overlaps += 1
            continue
        if last is not None and new.start < last.start:
            reversals += 1
        joined.append(new)
    if overlaps > MAX_OVERLAPS or reversals > MAX_REVERSALS:
        return None
    return tuple(joined)


def content_range(wanted: ByteRange, length: int) -> str:
    """Return the value of a Content-Range field."""
    return f"bytes {wanted.start}-{wanted.end}/{length}"


def part_heads(
    ranges: tuple[ByteRange, ...], length: int, boundary: str, content_type: str | None
) -> tuple[list[bytes], bytes]:
    """Return what stands before each part of a multipart/byteranges body, and its end."""
    kind = f"Content-type: {content_type}\r\n" if content_type else ""
    heads = [
        f"\r\n--{boundary}\r\n{kind}Content-range: {content_range(one, length)}\r\n\r\n".encode("latin-1")
        for one in ranges
    ]
    return heads, f"\r\n--{boundary}--\r\n".encode("ascii")
