"""Berkeley DB's hash files: pages of keys and values; long ones lie on chains of pages of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from olexd.modules.dbm.pages import BrokenDatabase, Table, gathered, numbers, part

MAGIC: Final = 0x061561
_MAGIC_AT: Final = 12
_HEAD: Final = 26
"""Bytes of what stands before each page's table."""
_OVERFLOW, _HASH_PAGES = 7, (2, 13)
_INLINE, _ELSEWHERE = 1, 3


def parse(data: bytes) -> Table:
    """Return the keys and values of a file. Raises BrokenDatabase."""
    for order in "<>":
        if numbers(f"{order}I", data, _MAGIC_AT) == (MAGIC,):
            return gathered(_File(data, order).pairs(), len(data))
    raise BrokenDatabase("it is no hash file of Berkeley DB")


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    order: str

    def pairs(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and values; an empty value counts as none, which is how apr takes it."""
        size = self._page_size()
        for start in range(size, len(self.data), size):
            page = part(self.data, start, size)
            if page[_HEAD - 1] in _HASH_PAGES:
                items = list(self._items(page))
                yield from (pair for pair in zip(items[::2], items[1::2], strict=True) if pair[1])

    def _page_size(self) -> int:
        size: int = numbers(f"{self.order}I", self.data, 20)[0]
        encryption = self.data[24:25]
        if not 512 <= size <= 65536 or size & (size - 1) or len(self.data) % size or encryption != b"\0":
            raise BrokenDatabase(f"pages of {size} bytes in {len(self.data)}, or encrypted ones")
        return size

    def _items(self, page: bytes) -> Iterator[bytes]:
        (count,) = numbers(f"{self.order}H", page, 20)
        if count % 2:
            raise BrokenDatabase(f"a page of {count} items")
        end = len(page)
        for offset in numbers(f"{self.order}{count}H", page, _HEAD):
            if offset < _HEAD + 2 * count or offset >= end:
                raise BrokenDatabase(f"an item from {offset} to {end}")
            yield self._item(part(page, offset, end - offset))
            end = offset

    def _item(self, item: bytes) -> bytes:
        if item[0] == _INLINE:
            return item[1:]
        if item[0] != _ELSEWHERE:
            raise BrokenDatabase(f"an item of kind {item[0]}")
        number, length = numbers(f"{self.order}II", item, 4)
        return self._chain(number, length)

    def _chain(self, number: int, length: int) -> bytes:
        """Return `length` bytes from page `number` and those after it; each adds some, so a circle ends."""
        size, found = self._page_size(), b""
        while len(found) < length:
            page = part(self.data, number * size, size)
            number, used = numbers(f"{self.order}I2xH", page, 16)
            if page[_HEAD - 1] != _OVERFLOW or not used:
                raise BrokenDatabase("a chain of pages is torn")
            found += part(page, _HEAD, used)
        if len(found) != length:
            raise BrokenDatabase(f"{len(found)} bytes where {length} are promised")
        return found
