"""The file by which a server is found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from olexd.process.pid_file import PidFile


def test_a_server_is_found(tmp_path: Path) -> None:
    """Its id is in the file, instead of what was there; the file goes with it."""
    path = tmp_path / "pid"
    path.write_text("a longer text than any id has\n")
    file = PidFile(str(path))
    assert path.read_text() == f"{os.getpid()}\n" and file.is_mine()
    file.give_up()
    assert not path.exists()


def test_the_next_servers_file_stays(tmp_path: Path) -> None:
    """A server that was replaced sees it, also when it may no longer read the file, and leaves it alone."""
    path = tmp_path / "pid"
    file = PidFile(str(path))
    path.write_text("1\n")
    path.chmod(0)
    assert not file.is_mine()
    file.give_up()
    assert path.exists()


def test_no_place(tmp_path: Path) -> None:
    """A directory that is not there is an error at once."""
    with pytest.raises(FileNotFoundError):
        PidFile(str(tmp_path / "none" / "pid"))
