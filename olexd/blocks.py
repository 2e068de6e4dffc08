"""Parts of open files, block by block."""

from __future__ import annotations

import os
from collections.abc import Iterator


def read_blocks(descriptor: int, offset: int, length: int, size: int) -> Iterator[bytes]:
    """Yield the `length` bytes of a file from `offset` in blocks of at most `size`.

    There are fewer where the file ends early. Blocks; raises OSError.
    """
    end = offset + length
    while offset < end and (block := os.pread(descriptor, min(size, end - offset), offset)):
        yield block
        offset += len(block)
