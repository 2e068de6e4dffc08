"""dbm files: what httpd's libraries wrote is read, and what is broken lets nobody in."""

from __future__ import annotations

import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from olexd.modules.dbm import KINDS, BrokenDatabase, berkeley, gdbm, read_table, sdbm
from olexd.modules.dbm.pages import MAX_SIZE, Table
from tests import dbm_files
from tests.unit.modules.aaa.support import ANN, JOE, JOE_WRONG, SHA, credentials, site
from tests.unit.support import complaint, get

FORMATS = {"db": ("db", berkeley.parse), "gdbm": ("gdbm", gdbm.parse), "sdbm": ("pag", sdbm.parse)}
BASIC = "AuthType Basic\nAuthName here\nAuthBasicProvider dbm\n"


def parse(kind: str, data: bytes) -> Table:
    """Return what a file of a kind holds."""
    return FORMATS[kind][1](data)


@pytest.mark.parametrize("kind", FORMATS)
def test_all_entries_are_found(kind: str) -> None:
    """Entries on many pages are all found, long ones whole."""
    table = parse(kind, dbm_files.read(f"many.{FORMATS[kind][0]}"))
    long = table.pop(b"long", None)
    assert table == {b"user%d" % number: b"value of %d" % number for number in range(1, 201)}
    if kind != "sdbm":
        assert long == bytes(97 + number % 26 for number in range(1, 9001))


@pytest.mark.parametrize("kind", FORMATS)
def test_passwords_and_groups(kind: str) -> None:
    """The formats agree, but for empty values: Berkeley DB has none."""
    table = parse(kind, dbm_files.read(f"users.{FORMATS[kind][0]}"))
    assert table[b"joe"] == SHA.encode()
    assert table[b"ann"] == f"{SHA}:staff:a remark".encode()
    assert table.get(b"eve") == (None if kind == "db" else b"")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", ["users", "many"])
def test_cut_off(kind: str, name: str) -> None:
    """However much is missing at the end, what is left is read or refused, and nothing is made up."""
    data = dbm_files.read(f"{name}.{FORMATS[kind][0]}")
    whole = parse(kind, data)
    for size in range(0, len(data), 509):
        with suppress(BrokenDatabase):
            assert parse(kind, data[:size]).items() <= whole.items()


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged(kind: str) -> None:
    """Wrong bytes anywhere end in a table of bounded size, or in BrokenDatabase and nothing else."""
    data = dbm_files.read(f"many.{FORMATS[kind][0]}")
    chance = random.Random(20)
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(chance.randrange(1, 12)):
            damaged[chance.randrange(len(data))] = chance.randrange(256)
        try:
            table = parse(kind, bytes(damaged))
        except BrokenDatabase:
            continue
        assert sum(map(len, table)) + sum(map(len, table.values())) <= len(data)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("start", [0, 12, 16, 24, 26, 64])
@pytest.mark.parametrize("value", [b"\0" * 4, b"\xff" * 4, b"\xff\x7f\0\0", b"\0\0\0\x7f"])
def test_head_damaged(kind: str, start: int, value: bytes) -> None:
    """Sizes and places in the head that cannot be right are refused before anything is taken for granted."""
    data = dbm_files.read(f"users.{FORMATS[kind][0]}")
    with suppress(BrokenDatabase):
        parse(kind, data[:start] + value + data[start + 4 :])


@given(st.binary(max_size=3000))
def test_anything(data: bytes) -> None:
    """Any bytes at all are read or refused."""
    for read in (berkeley.parse, gdbm.parse, sdbm.parse):
        with suppress(BrokenDatabase):
            read(data)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("db", b""),
        ("db", b"joe:x\n" * 20),
        ("gdbm", b"joe:x\n" * 20),
        ("sdbm", b"joe:x\n"),
        ("sdbm", b"\3\0" + b"\0" * 1022),
        ("sdbm", b"\2\0\1\0\1\0" + b"\0" * 1018),
        ("sdbm", b"\2\0\0\3\0\4" + b"\0" * 1018),
        ("sdbm", b"\2\0\0\x7f\0\1" + b"\0" * 1018),
        ("sdbm", b"\xff\xff" + b"\0" * 1022),
    ],
)
def test_no_database(kind: str, data: bytes) -> None:
    """A text file, half a page, items that lie outside the page or in its table are no database."""
    with pytest.raises(BrokenDatabase):
        parse(kind, data)


def test_circle_of_pages() -> None:
    """A chain of pages that leads back to itself ends."""
    data = bytearray(dbm_files.read("many.db"))
    size = 4096
    for start in range(0, len(data), size):
        if data[start + 25] == 7:
            data[start + 16 : start + 20] = (start // size).to_bytes(4, "little")
    with pytest.raises(BrokenDatabase):
        berkeley.parse(bytes(data))


def test_overlapping_entries() -> None:
    """Entries that all name the same bytes are refused before they fill the memory."""
    data = bytearray(dbm_files.read("many.gdbm"))
    place, size = (int.from_bytes(data[at : at + width], "little") for at, width in ((8, 8), (16, 4)))
    for at in range(place, place + size, 8):
        bucket = int.from_bytes(data[at : at + 8], "little")
        for entry in range(bucket + 112, bucket + 112 + 10 * 24, 24):
            data[entry : entry + 24] = (
                b"\0" * 8 + b"\0" * 8 + b"\1\0\0\0" + (len(data) - 1).to_bytes(4, "little")
            )
    with pytest.raises(BrokenDatabase, match="overlap"):
        gdbm.parse(bytes(data))


def test_too_large(tmp_path: Path) -> None:
    """A file beyond the limit is refused unread."""
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(MAX_SIZE + 1)
    with pytest.raises(BrokenDatabase, match="too large"):
        read_table(str(tmp_path / "huge"), "db")


# Behind directives


@pytest.fixture
def files(tree: Path) -> Path:
    """The tree with all dbm files."""
    for name, data in dbm_files.files("users", "groups").items():
        (tree / name).write_bytes(data)
    return tree


@pytest.mark.parametrize("kind", KINDS)
def test_who_gets_in(files: Path, kind: str) -> None:
    """The user file and the group file of each type are asked."""
    ending = {"gdbm": ".gdbm", "sdbm": ""}.get(kind, ".db")
    lines = (
        f"{BASIC}AuthDBMType {kind}\nAuthDBMUserFile {files}/users{ending}\n"
        f"AuthzDBMType {kind}\nAuthDBMGroupFile {files}/groups{ending}\n"
    )
    valid, staff = site(files, lines + "Require valid-user"), site(files, lines + "Require dbm-group adm")
    for who, passes, is_member in (
        (JOE, 200, 200),
        (JOE_WRONG, 401, 401),
        (ANN, 200, 401),
        (credentials("eve", ""), 401, 401),
        (credentials("nobody", ""), 401, 401),
    ):
        assert get(valid, "/f.txt", Authorization=who).status == passes
        assert get(staff, "/f.txt", Authorization=who).status == is_member


def test_changed_file_counts_at_once(files: Path) -> None:
    """Who is taken out of the file is out."""
    config = site(files, f"{BASIC}AuthDBMUserFile {files}/users.db\nRequire valid-user")
    assert get(config, "/f.txt", Authorization=JOE).status == 200
    shutil.copy(files / "groups.db", files / "users.db")
    assert get(config, "/f.txt", Authorization=JOE).status == 401


@pytest.mark.parametrize(
    "lines",
    [
        "Require valid-user",
        "AuthDBMUserFile /nonexistent\nRequire valid-user",
        "AuthDBMUserFile USERS\nRequire valid-user",
        "AuthDBMType SDBM\nAuthDBMUserFile DIR/users.db\nRequire valid-user",
        "AuthDBMType GDBM\nAuthDBMUserFile DIR/users.db\nRequire valid-user",
        "AuthDBMUserFile DIR/users.db\nAuthDBMGroupFile /nonexistent\nRequire dbm-group adm",
        "AuthDBMUserFile DIR/users.db\nAuthDBMGroupFile USERS\nRequire dbm-group adm",
        "AuthDBMUserFile DIR/users.db\nAuthDBMGroupFile USERS\n<RequireAll>\nRequire valid-user\n"
        "Require not dbm-group adm\n</RequireAll>",
    ],
)
def test_what_is_missing_or_broken_refuses(files: Path, lines: str) -> None:
    """A file that is not there, of another kind or no database at all is an error of the server."""
    response = get(site(files, BASIC + lines.replace("DIR", str(files))), "/f.txt", Authorization=JOE)
    assert (response.status, b"content" in response.body) == (500, False)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("AuthDBMType NDBM", "dbm files of type NDBM cannot be read"),
        ("AuthzDBMType ndbm", "dbm files of type NDBM cannot be read"),
        ("AuthDBMType other", "unknown dbm type other"),
    ],
)
def test_types_refused(line: str, message: str) -> None:
    """Types that cannot be read stop the start."""
    assert complaint(f"<Location />\n{line}\n</Location>") == message
