"""Files and Includes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from olexd.config.errors import DirectiveError
from olexd.config.source import decode, included_files, read_text


def test_text_is_utf8_or_latin1_line_by_line() -> None:
    """One line in Latin-1 does not spoil the others; a byte-order mark is dropped."""
    assert decode(b"\xef\xbb\xbfa \xc3\xa9\nb \xe9\n") == "a é\nb é\n"


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    """A FIFO would block the server for ever, so only regular files are read."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(DirectiveError, match="not a regular file"):
        read_text(str(tmp_path / "fifo"))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """The message has httpd's words."""
    with pytest.raises(
        DirectiveError, match=r"Could not open configuration file .*: No such file or directory"
    ):
        read_text(str(tmp_path / "missing"))


def test_order_is_that_of_bytes(tmp_path: Path) -> None:
    """Names are read in byte order, a directory with everything below it."""
    for name in ("b", "B", "a/z", "a/.y", "é"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = included_files(".", str(tmp_path), False)
    assert [os.path.relpath(path, tmp_path) for path in found] == ["B", "a/.y", "a/z", "b", "é"]


def test_a_matched_directory_without_the_file(tmp_path: Path) -> None:
    """Include insists that each matched directory has the file, IncludeOptional does not."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "x.conf").touch()
    (tmp_path / "two").mkdir()
    assert included_files("*/x.conf", str(tmp_path), True) == [str(tmp_path / "one" / "x.conf")]
    assert included_files("*/x.conf", str(tmp_path), False)[1] == str(tmp_path / "two" / "x.conf")


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    """A directory that links to itself is refused in bounded time."""
    (tmp_path / "loop").symlink_to(".")
    with pytest.raises(DirectiveError):
        [read_text(path) for path in included_files(".", str(tmp_path), False)]
