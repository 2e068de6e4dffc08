"""File status as handlers see it (core spec 4.5)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from olexd.model.finfo import LINK, mp_finfo, stat


@pytest.mark.parametrize(
    ("mode", "protection"),
    [(0o644, 0x644), (0o755, 0x755), (0o4755, 0x8755), (0o2755, 0x4755), (0o1777, 0x2777), (0, 0)],
)
def test_permissions_have_one_octal_digit_in_each_hexadecimal_one(mode: int, protection: int) -> None:
    """`protection` is APR's form of the mode."""
    result = os.stat_result((0o100000 | mode, 1, 2, 1, 0, 0, 5, 10, 20, 30))
    assert mp_finfo(result).protection == protection


def test_a_file(tmp_path: Path) -> None:
    """Attributes and items say the same of a file, item 12 included."""
    path = tmp_path / "f"
    path.write_text("hello")
    found = stat(str(path), 0)
    assert (found.filetype, found.size, found.fname, found.name) == (1, 5, str(path), None)
    assert list(found) == [found[index] for index in range(12)]
    assert (found[6], found[10], found[12]) == (5, str(path), 1)
    assert found.mtime == int(path.stat().st_mtime)
    assert found.valid == 0x73F370


def test_a_directory(tmp_path: Path) -> None:
    """A directory's type is APR_DIR."""
    assert stat(str(tmp_path), 0).filetype == 2


def test_a_link(tmp_path: Path) -> None:
    """A symbolic link is followed, unless APR_FINFO_LINK asks for the link itself."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert (stat(str(link), 0).filetype, stat(str(link), LINK).filetype) == (2, 6)


def test_no_file(tmp_path: Path) -> None:
    """A missing file has type 0 and no other fact."""
    missing = stat(str(tmp_path / "nope"), 0)
    assert missing.filetype == 0
    assert list(missing) == [None] * 12
    assert "'filetype': 0" in repr(missing)


def test_other_failures_are_raised() -> None:
    """A name that cannot be looked at raises OSError with APR's words."""
    with pytest.raises(OSError, match=r"apr_stat\(\) failed"):
        stat("/" + "x" * 5000, 0)
    with pytest.raises(NotADirectoryError, match=r"apr_stat\(\) failed"):
        stat(__file__ + "/nope", 0)
    with pytest.raises(TypeError, match="argument 1 must be str, not bytes"):
        stat(b"/", 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="embedded null character"):
        stat("/\0", 0)


@pytest.mark.parametrize("index", [-1, 13, 99])
def test_items_out_of_range(index: int) -> None:
    """Negative and too large indexes raise IndexError."""
    with pytest.raises(IndexError, match="tuple index out of range"):
        mp_finfo(None)[index]


def test_attributes_are_fixed() -> None:
    """Unknown attributes and assignments are refused; there is no len()."""
    with pytest.raises(AttributeError, match="class 'mp_finfo' has no attribute 'x'"):
        mp_finfo(None).x  # noqa: B018
    with pytest.raises(AttributeError, match="not writable"):
        mp_finfo(None).size = 1  # type: ignore[misc]
    with pytest.raises(TypeError, match="sequence index must be integer, not 'slice'"):
        mp_finfo(None)[0:2]  # type: ignore[index]
    with pytest.raises(TypeError):
        len(mp_finfo(None))  # type: ignore[arg-type]
