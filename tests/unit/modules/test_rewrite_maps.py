"""RewriteMap: files, databases, and programs that are kept running."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from olexd.model import runtime
from olexd.modules.mappers.rewrite import programs
from olexd.modules.mappers.rewrite.maps import parse_map
from olexd.modules.mappers.rewrite.programs import MapProgram
from tests import dbm_files
from tests.unit.support import complaint, configure, get

PROGRAM = """#!/bin/sh
echo $$ >> {log}
while read key; do
    case $key in
    null) echo NULL ;;
    die) exit 1 ;;
    two) printf 'a\\nb\\n' ;;
    later) echo a; sleep 0.2; echo stray ;;
    slow) sleep 60 ;;
    endless) while :; do printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done ;;
    env) echo "$SECRET-$PWD" ;;
    *) echo "$key.txt" ;;
    esac
done
"""


def site(tree: Path, kind: str) -> ServerConfig:
    """Return a server whose paths are looked up in a map."""
    for name in ("a", "b"):
        (tree / f"{name}.txt").write_text(name)
    text = f"RewriteEngine On\nRewriteMap m {kind}\nRewriteRule ^/([a-z]+)$ /${{m:$1|none}}"
    return configure(f"ErrorLog -\nDocumentRoot {tree}\n{text}", tree)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MapProgram]:
    """A program that answers, fails or hangs, as it is asked to; `starts()` counts its lives."""
    script = tmp_path / "map.sh"
    script.write_text(PROGRAM.format(log=tmp_path / "starts"))
    script.chmod(0o700)
    monkeypatch.setattr(programs, "PAUSE", 0.0)
    monkeypatch.setenv("SECRET", "secret")
    found = MapProgram((str(script),))
    yield found
    found.stop()


def starts(tmp_path: Path) -> list[int]:
    """Return the process numbers of the program's lives."""
    return [int(line) for line in (tmp_path / "starts").read_text().split()]


def test_lines_of_files() -> None:
    """Words are parted by blanks alone, the first line of a key counts, what is not UTF-8 survives."""
    found = parse_map(b"# k no\nk a more\r\nk b\nlonely\n\nx\xa0y v\xff\n")
    assert found == {"k": "a", "x\udca0y": "v\udcff"}


def test_files_are_read_again(tmp_path: Path) -> None:
    """A changed map file counts from the next look-up; one that went away yields the default."""
    file = tmp_path / "map.txt"
    file.write_text("# comment\nk a.txt more\n")
    config = site(tmp_path, f"txt:{file}")
    assert get(config, "/k").body == b"a"
    file.write_text("k b.txt\n")
    os.utime(file, (1, 1))
    assert get(config, "/k").body == b"b"
    file.unlink()
    assert get(config, "/k").status == 404


def test_random_values(tmp_path: Path) -> None:
    """A value of a random map is one of its alternatives."""
    (tmp_path / "map.txt").write_text("k a.txt|b.txt\n")
    config = site(tmp_path, f"rnd:{tmp_path}/map.txt")
    assert {get(config, "/k").body for _ in range(50)} == {b"a", b"b"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("dbm", "many.db"), ("dbm=db", "many.db"), ("dbm=GDBM", "many.gdbm"), ("dbm=sdbm", "many.pag")],
)
def test_databases(tmp_path: Path, kind: str, name: str) -> None:
    """The formats that httpd's tools write are read; a file that went away yields the default."""
    (tmp_path / name).write_bytes(dbm_files.read(name))
    (tmp_path / "value of 7").write_text("seven")
    text = f"RewriteEngine On\nRewriteMap m {kind}:{tmp_path}/{name.removesuffix('.pag')}"
    config = configure(
        f"ErrorLog -\nDocumentRoot {tmp_path}\n{text}\nRewriteRule ^/(.*)$ /${{m:$1|none}}", tmp_path
    )
    assert (get(config, "/user7").body, get(config, "/user700").status) == (b"seven", 404)
    (tmp_path / name).unlink()
    assert get(config, "/user7").status == 404


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("dbm=ndbm", "dbm files of type NDBM cannot be read"),
        ("dbm=odd", "unknown dbm type odd"),
        ("dbm=sdbm", "RewriteMap: file for map m not found:/nope.pag"),
    ],
)
def test_databases_that_cannot_be_read(kind: str, message: str) -> None:
    """An unknown format and a missing file are refused."""
    assert complaint(f"RewriteMap m {kind}:/nope") == message


def test_broken_databases(tmp_path: Path) -> None:
    """One that is broken has no values."""
    (tmp_path / "map").write_bytes(b"\0" * 64)
    assert get(site(tmp_path, f"dbm:{tmp_path}/map"), "/k").status == 404


def test_programs(tmp_path: Path, program: MapProgram) -> None:
    """One process answers all; NULL, and a key that is more than a line, have no value."""
    config = site(tmp_path, repr(program))
    assert (get(config, "/a").body, get(config, "/b").body) == (b"a", b"b")
    assert get(config, "/null").status == 404
    assert len(starts(tmp_path)) == 1
    assert program.find("a\nb") is None
    runtime.run_cleanups()
    with pytest.raises(ProcessLookupError):
        os.kill(starts(tmp_path)[0], 0)


def test_programs_see_nothing_of_the_server(tmp_path: Path, program: MapProgram) -> None:
    """They run in their own directory, without the server's environment."""
    assert program.find("env") == f"-{tmp_path}"


def test_a_program_that_dies_is_started_again(tmp_path: Path, program: MapProgram) -> None:
    """The look-up that it died of fails, the next one finds a new one."""
    with pytest.raises(OSError, match="ended without an answer"):
        program.find("die")
    assert program.find("a") == "a.txt"
    os.kill(starts(tmp_path)[-1], 9)
    # Who looks up just when it dies has bad luck, as with any key that it dies of.
    deadline = time.monotonic() + 5
    while True:
        try:
            found = program.find("b")
        except OSError:
            assert time.monotonic() < deadline
            continue
        break
    assert found == "b.txt"
    assert len(starts(tmp_path)) == 3


@pytest.mark.parametrize("key", ["two", "endless"])
def test_a_program_that_says_too_much_is_stopped(tmp_path: Path, program: MapProgram, key: str) -> None:
    """What is more than a line, or a line without end, is no answer, and nobody else's either."""
    with pytest.raises(OSError, match=r"more than a line|longer than"):
        program.find(key)
    assert program.find("a") == "a.txt"
    assert len(starts(tmp_path)) == 2


def test_a_stray_line_is_nobodys_answer(tmp_path: Path, program: MapProgram) -> None:
    """What a program says without being asked does not answer the next key."""
    assert program.find("later") == "a"
    process = program._process
    assert process is not None
    deadline = time.monotonic() + 5
    while not programs._speaks(process) and time.monotonic() < deadline:
        pass
    assert program.find("b") == "b.txt"
    assert len(starts(tmp_path)) == 2


def test_a_program_that_hangs_is_stopped(
    tmp_path: Path, program: MapProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits longer than the limit, those behind it neither, and the next one finds a new program."""
    monkeypatch.setattr(programs, "TIMEOUT", 0.5)
    failures: list[str] = []

    def ask() -> None:
        try:
            program.find("slow")
        except OSError as error:
            failures.append(error.strerror)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(failures) == 2
    assert {"the program did not answer within 0.5 seconds"} <= set(failures)
    assert program.find("a") == "a.txt"


def test_a_failing_program_is_not_started_all_the_time(
    tmp_path: Path, program: MapProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failure there is a pause."""
    monkeypatch.setattr(programs, "PAUSE", 60.0)
    with pytest.raises(OSError, match="ended without an answer"):
        program.find("die")
    with pytest.raises(OSError, match="failed a moment ago"):
        program.find("a")
    assert len(starts(tmp_path)) == 1


def test_another_user_is_told_of(tmp_path: Path) -> None:
    """The third word of httpd, the user of the program, counts for nothing, and the check says so."""
    config = configure("RewriteMap m prg:/bin/cat nobody:nogroup", tmp_path)
    assert any("runs as the server's own user, not as nobody:nogroup" in one for one in config.warnings)
