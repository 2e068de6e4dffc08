"""Parts of files, block by block."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from olexd.blocks import read_blocks


@pytest.mark.parametrize(
    ("offset", "length", "blocks"),
    [
        (0, 10, [b"0123", b"4567", b"89"]),
        (1, 4, [b"1234"]),
        (8, 100, [b"89"]),
        (10, 5, []),
        (3, 0, []),
    ],
)
def test_blocks(tmp_path: Path, offset: int, length: int, blocks: list[bytes]) -> None:
    """No more than was asked for, and what there is of it."""
    (tmp_path / "file").write_bytes(b"0123456789")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        assert list(read_blocks(descriptor, offset, length, 4)) == blocks
    finally:
        os.close(descriptor)
