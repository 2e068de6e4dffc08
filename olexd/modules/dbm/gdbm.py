"""GDBM files as 64-bit systems write them: a directory of buckets, whose entries say where pairs lie."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from olexd.modules.dbm.pages import BrokenDatabase, Table, gathered, numbers, part

MAGICS: Final = (0x13579ACF, 0x13579AD1)
_ORDER: Final = "<" if sys.byteorder == "little" else ">"
_HEAD: Final = f"{_ORDER}IIqIIII"
"""Magic number, block size, place and size of the directory, its bits, size of a bucket, entries in it."""
_ENTRIES_AT: Final = 112
"""Where the entries of a bucket begin: behind its list of free places."""
_ENTRY: Final = f"{_ORDER}i4xqii"
"""Hash (-1: empty), the key's first bytes, place of key and value, their sizes."""
_ENTRY_SIZE: Final = 24


def parse(data: bytes) -> Table:
    """Return the keys and values of a file. Raises BrokenDatabase."""
    magic, _, place, size, _, _, entries = numbers(_HEAD, data)
    if magic not in MAGICS:
        raise BrokenDatabase("it is no GDBM file of a 64-bit system like this one")
    directory = part(data, place, size)
    if size % 8:
        raise BrokenDatabase(f"a directory of {size} bytes")
    buckets = dict.fromkeys(numbers(f"{_ORDER}{size // 8}q", directory))
    return gathered((pair for bucket in buckets for pair in _pairs(data, bucket, entries)), len(data))


def _pairs(data: bytes, bucket: int, entries: int) -> Iterator[tuple[bytes, bytes]]:
    places = part(data, bucket + _ENTRIES_AT, entries * _ENTRY_SIZE)
    for start in range(0, len(places), _ENTRY_SIZE):
        hashed, place, key_size, value_size = numbers(_ENTRY, places, start)
        if hashed != -1:
            key = part(data, place, key_size)
            yield key, part(data, place + key_size, value_size)
