"""What readers of dbm files share: parts of a file, checked against its end."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, Final

Table = dict[bytes, bytes]
MAX_SIZE: Final = 64 * 1024 * 1024
"""The largest file that is read, in bytes."""


class BrokenDatabase(ValueError):
    """A file is not what it should be; the text says how."""


def gathered(pairs: Iterable[tuple[bytes, bytes]], size: int) -> Table:
    """Return the pairs of a file of `size` bytes. Raises BrokenDatabase when they cannot all be in there."""
    table: Table = {}
    for key, value in pairs:
        size -= len(key) + len(value)
        if size < 0:
            raise BrokenDatabase("items that overlap")
        table[key] = value
    return table


def part(data: bytes, start: int, size: int) -> bytes:
    """Return `size` bytes from `start`. Raises BrokenDatabase when there are not so many."""
    if start < 0 or size < 0 or start + size > len(data):
        raise BrokenDatabase(f"{size} bytes at {start} of {len(data)}")
    return data[start : start + size]


def numbers(form: str, data: bytes, start: int = 0) -> tuple[Any, ...]:
    """Return the numbers at `start` that a struct format describes. Raises BrokenDatabase."""
    return struct.unpack(form, part(data, start, struct.calcsize(form)))
