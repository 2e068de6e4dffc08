"""Where compiled pages are kept: in memory, and in a dbm file."""

from __future__ import annotations

import dbm
import dbm.dumb
import importlib.util
from pathlib import Path

import pytest

from mod_python import psp
from tests.unit.python_support import make_request
from tests.unit.toolkit.fake import FakeRequest
from tests.unit.toolkit.test_psp import page

pytestmark = pytest.mark.usefixtures("temporary")


def test_a_cache_keeps_what_is_asked_for() -> None:
    """Over its size, a cache keeps the three quarters with the most hits."""
    cache = psp.HitsCache(8)
    for number in range(8):
        cache.store(number, f"v{number}")
    for number in (0, 1, 2, 3, 4):
        assert cache.get(number) == f"v{number}"
    cache.store(8, "v8")
    assert len(cache.cache) == 6
    assert [cache.get(number) for number in range(5)] == [f"v{number}" for number in range(5)]
    assert psp.HitsCache().get("none") is None


def test_the_file_cache_knows_times() -> None:
    """An entry of another time is dropped."""
    cache = psp.FileCache(4)
    cache.store("f", 2.0, "code")
    assert cache.get("f", 2.0) == "code"
    assert cache.get("f", 1.0) is None
    assert cache.get("f", 2.0) is None


# -- on disk


@pytest.fixture(params=["mod_python.psp.cache_database_filename", "PSPDbmCache"])
def req(request: pytest.FixtureRequest, tmp_path: Path) -> FakeRequest:
    """A request for a page, with a cache file."""
    made = page(tmp_path, "<%= 6 * 7 %>")
    made.options[request.param] = str(tmp_path / "cache")
    made.server = make_request().server
    return made


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that were compiled, in order."""
    names: list[str] = []
    compile_page = psp.compile_page

    def noted(program: object, filename: str) -> object:
        names.append(filename)
        return compile_page(program, filename)  # type: ignore[arg-type]

    monkeypatch.setattr(psp, "compile_page", noted)
    return names


def restart() -> None:
    """Forget what is in memory, as a new process has."""
    psp.mem_fcache.cache.clear()


def run(req: FakeRequest) -> str:
    """Return what the page writes now."""
    req.output.clear()
    psp.PSP(req).run()
    return req.text


def test_a_restarted_server_compiles_nothing_again(req: FakeRequest, compiled: list[str]) -> None:
    """The code comes from the cache file, and from memory after that."""
    assert run(req) == "42"
    restart()
    assert run(req) == run(req) == "42"
    assert len(compiled) == 1
    assert req.logged == []


def test_a_changed_page_is_compiled_again(req: FakeRequest, compiled: list[str], tmp_path: Path) -> None:
    """The cache file knows of which time its pages are; and what they included."""
    run(req)
    restart()
    (tmp_path / "inc.txt").write_text("1")
    page(tmp_path, '<%@ include file="inc.txt" %>!')
    assert run(req) == "1!"
    restart()
    (tmp_path / "inc.txt").write_text("22")
    assert run(req) == "22!"
    assert len(compiled) == 3


def test_a_cache_file_others_can_write_to_is_not_read(
    req: FakeRequest, compiled: list[str], tmp_path: Path
) -> None:
    """It holds code: whoever writes it would run what they like. The page works without."""
    run(req)
    restart()
    for file in tmp_path.glob("cache*"):
        file.chmod(0o666)
    assert run(req) == "42"
    assert len(compiled) == 2
    assert "lets others write to it" in req.logged[0][0]


@pytest.mark.parametrize("damage", [b"", b"x", importlib.util.MAGIC_NUMBER, b"\0" * 8])
def test_a_damaged_entry_is_made_anew(req: FakeRequest, compiled: list[str], damage: bytes) -> None:
    """Also one of another version of Python."""
    run(req)
    restart()
    file = str(psp.PSP(req).dbmcache)
    with dbm.open(file, "w") as cache:
        for key in list(cache.keys()):
            cache[key] = cache[key].partition(b" ")[0] + b" " + damage
    restart()
    assert run(req) == "42"
    assert len(compiled) == 2


def test_a_cache_that_is_none_is_logged(req: FakeRequest, tmp_path: Path) -> None:
    """A file that is no database: pages work, and the log says why."""
    (tmp_path / "cache").write_text("no database" * 100)
    assert run(req) == "42"
    assert "PSP cache" in req.logged[0][0]


def test_files_of_new_modes_are_private(req: FakeRequest, tmp_path: Path) -> None:
    """The cache is made for its owner alone."""
    run(req)
    assert [file.stat().st_mode & 0o077 for file in tmp_path.glob("cache*")] in ([0], [0, 0], [0, 0, 0])


def test_the_type_of_a_cache_file(tmp_path: Path) -> None:
    """A file is opened by the module that made it; a new one by the default."""
    name = str(tmp_path / "dumb")
    assert psp.dbm_cache_type(name) is dbm
    dbm.dumb.open(name, "c").close()
    assert psp.dbm_cache_type(name) is dbm.dumb
    assert psp.dbm_types[name] is dbm.dumb
