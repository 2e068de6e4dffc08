"""apr's SDBM: pages of 1024 bytes, each with a table of where its keys and values begin, last byte first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from olexd.modules.dbm.pages import BrokenDatabase, Table, gathered, numbers, part

PAGE: Final = 1024


def parse(data: bytes) -> Table:
    """Return the keys and values of a `.pag` file. Raises BrokenDatabase."""
    if len(data) % PAGE:
        raise BrokenDatabase(f"its {len(data)} bytes are not whole pages")
    pages = (data[start : start + PAGE] for start in range(0, len(data), PAGE))
    return gathered(chain.from_iterable(map(_pairs, pages)), len(data))


def _pairs(page: bytes) -> Iterator[tuple[bytes, bytes]]:
    (count,) = numbers("=h", page)
    if count < 0 or count % 2:
        raise BrokenDatabase(f"a page of {count} parts")
    offsets = numbers(f"={count}h", page, 2)
    items, end = [], PAGE
    for offset in offsets:
        if offset < 2 + 2 * count:
            raise BrokenDatabase(f"an item at {offset}, inside the table")
        items.append(part(page, offset, end - offset))
        end = offset
    return zip(items[::2], items[1::2], strict=True)
