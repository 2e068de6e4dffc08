"""Which sections a path is subject to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.specimen import load, patterns


def locations(*arguments: str) -> str:
    """Return a configuration of Locations."""
    return "".join(f"<Location {argument}>\n</Location>\n" for argument in arguments)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/nosl", "/nosl", True),
        ("/nosl", "/nosl/", True),
        ("/nosl", "/nosl/x", True),
        ("/nosl", "/noslx", False),
        ("/sl/", "/sl/", True),
        ("/sl/", "/sl/x", True),
        ("/sl/", "/sl", False),
        ("/", "/anything", True),
        ('"/"', "*", False),
        ("nosl", "/nosl", False),
        ("/a/*", "/a/x", True),
        ("/a/*", "/a/x/y", False),
        ("/w*", "/w/b", False),
        ("/Case", "/case", False),
        ('"/a b"', "/a b", True),
        ("/a%20b", "/a b", False),
        ('~ "b$"', "/a/b", True),
        ("/a/b", "//a///b//c", True),
        ("/a/", "/a//", True),
        ("/a/*", "/a//x", True),
        ('~ "^/a/b"', "/a//b", False),
    ],
)
def test_location(pattern: str, path: str, expected: bool) -> None:
    """Plain Locations end at a segment, wildcards match the whole path, regexes search."""
    matched = load(locations(pattern)).main.locations.match(path)
    assert bool(matched) is expected


def test_file_order_decides() -> None:
    """Locations are not sorted by length; regex and plain ones are mixed."""
    index = load(locations("/a/b", '~ "a"', "/a", '"/*/b"')).main.locations
    assert patterns(index.match("/a/b")) == ["/a/b", "a", "/a", "/*/b"]


def test_a_file_counts_as_its_own_directory(tmp_path: Path) -> None:
    """The walk tries an existing file's full name too, plain and with wildcards; a missing one's never."""
    (tmp_path / "a.py").touch()
    index = load(
        f"<Directory {tmp_path}/a.py>\n</Directory>\n<Directory {tmp_path}/*>\n</Directory>\n"
        f"<Directory {tmp_path}/b.py>\n</Directory>\n"
    ).main.directories
    assert patterns(index.match(f"{tmp_path}/a.py")) == [f"{tmp_path}/a.py/", f"{tmp_path}/*/"]
    assert patterns(index.match(f"{tmp_path}/b.py")) == []


def test_directories_go_from_short_to_long_then_regexes_by_slashes() -> None:
    """File order counts only at equal depth."""
    index = load(
        "".join(
            f"<Directory {argument}>\n</Directory>\n"
            for argument in ('~ "/a/b"', "~ b", "/a/b", "/*", "/a", "/", "/a/../a/b/")
        )
    ).main.directories
    assert patterns(index.match("/a/b/c")) == ["/", "/*/", "/a/", "/a/b/", "/a/b/", "b", "/a/b"]


def test_a_relative_directory_starts_at_the_root() -> None:
    """A running httpd has gone to the root directory before it takes relative names."""
    index = load("<Directory *>\n</Directory>\n<Directory srv/x>\n</Directory>\n").main.directories
    assert patterns(index.match("/srv/x/y")) == ["/*/", "/srv/x/"]
