"""Files that are read again when they change, and only then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from olexd.watched import WatchedFile


def test_read_once_until_it_changes(tmp_path: Path) -> None:
    """The parsed file is the same object until size, times or inode differ."""
    file = tmp_path / "file"
    file.write_bytes(b"one")
    watched = WatchedFile(lambda data: [data])
    first = watched.get(str(file))
    assert first == [b"one"] and watched.get(str(file)) is first
    file.write_bytes(b"three")
    assert watched.get(str(file)) == [b"three"]


def test_a_change_that_hides_is_seen(tmp_path: Path) -> None:
    """A file of the same size whose time was put back is another one all the same."""
    file = tmp_path / "file"
    file.write_bytes(b"one")
    before = file.stat()
    watched = WatchedFile(bytes)
    assert watched.get(str(file)) == b"one"
    other = tmp_path / "other"
    other.write_bytes(b"two")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(file)
    assert watched.get(str(file)) == b"two"


def test_a_missing_file(tmp_path: Path) -> None:
    """What cannot be read is an error, also when it could be before."""
    file = tmp_path / "file"
    file.write_bytes(b"one")
    watched = WatchedFile(bytes)
    watched.get(str(file))
    file.unlink()
    with pytest.raises(FileNotFoundError):
        watched.get(str(file))
