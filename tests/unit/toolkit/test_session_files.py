"""Sessions in dbm files and in files of their own: where they are, who may write there, how they go."""

from __future__ import annotations

import os
import pickle
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from mod_python import Session
from olexd.sessions.files import SessionFiles, SweepRules
from olexd.sessions.store import InvalidSid, SessionStoreError
from tests.unit.sessions.conftest import record
from tests.unit.toolkit.fake import FakeRequest

pytestmark = pytest.mark.usefixtures("temporary")

RULES = SweepRules(fast=True, verify=True, timeout=60, grace=10, time_limit=0)


def open_session(kind: str, **options: str) -> Session.BaseSession:
    """Open and save a session of a type."""
    named = {f"mod_python.{name.replace('__', '.')}": value for name, value in options.items()}
    session = Session.Session(FakeRequest(options={"session": kind, **named}))
    session.save()
    return session


# -- dbm

DBM_PLACES = [
    ({"mod_python.dbm_session.database_filename": "a/x", "session_dbm": "b/y"}, "a/x"),
    ({"session_dbm": "b/y", "mod_python.dbm_session.database_directory": "c"}, "b/y"),
    ({"mod_python.dbm_session.database_directory": "c", "session_directory": "d"}, "c/mp_sess.dbm"),
    ({"mod_python.session.database_directory": "d", "session_directory": "e"}, "d/mp_sess.dbm"),
    ({"session_directory": "e"}, "e/mp_sess.dbm"),
    ({}, "mp_sess.dbm"),
]


@pytest.mark.parametrize(("options", "place"), DBM_PLACES)
def test_the_dbm_file(temporary: Path, options: dict[str, str], place: str) -> None:
    """Options name the file, in mod_python's order."""
    options = {name: str(temporary / value) for name, value in options.items()}
    (temporary / place).parent.mkdir(exist_ok=True)
    assert Session.DbmSession(FakeRequest(options=options))._dbmfile == str(temporary / place)


@pytest.mark.parametrize("sid", ["0" * 32, "f" * 32])
def test_no_session_id_stands_for_the_dbm_file(sid: str) -> None:
    """A client that sends the id under which the file itself is locked does not lock the file out."""
    req = FakeRequest(options={"session": "DbmSession"}, Cookie=f"pysid={sid}")
    Session.Session(req).save()
    req.finish()


def test_any_dbm_module_will_do(temporary: Path) -> None:
    """A module that opens dbm files can be given, and so can the file."""
    import dbm.dumb

    req = FakeRequest()
    Session.DbmSession(req, dbm=str(temporary / "own"), dbmtype=dbm.dumb).save()
    assert (temporary / "own.dat").exists()


def test_a_dbm_file_others_can_write_is_refused(temporary: Path) -> None:
    """A file that anybody could have put there is not unpickled."""
    (temporary / "mp_sess.dbm").touch()
    (temporary / "mp_sess.dbm").chmod(0o666)
    with pytest.raises(SessionStoreError, match="lets others write to it"):
        open_session("DbmSession")


def test_a_value_that_cannot_be_pickled_is_an_error() -> None:
    """A dbm session says so when it cannot be saved."""
    session = open_session("DbmSession")
    session["f"] = lambda: None
    with pytest.raises((pickle.PicklingError, AttributeError)):
        session.save()


# -- files


def test_the_layout_of_session_files(temporary: Path) -> None:
    """A session is a private pickle in the subdirectory of its first two digits."""
    session = open_session("FileSession", session__database_directory=str(temporary / "d"))
    directory = temporary / "d" / "mp_sess"
    path = directory / session.id()[:2] / session.id()
    assert len(list(directory.iterdir())) == 256
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
    assert pickle.loads(path.read_bytes())["_timeout"] == 1800


def test_a_broken_file_is_logged() -> None:
    """A session that cannot be loaded is new, and the log says why."""
    session = open_session("FileSession")
    session._req.finish()  # type: ignore[attr-defined]
    Path(session._files._path(session.id())).write_bytes(b"no pickle")  # type: ignore[attr-defined]
    req = FakeRequest(options={"session": "FileSession"}, Cookie=f"pysid={session.id()}")
    assert Session.Session(req).is_new()
    assert req.logged[0][0].startswith("Error while loading a session : Traceback")


def test_a_failed_save_is_logged() -> None:
    """A session that cannot be saved is as it was, and the log says why."""
    session = open_session("FileSession")
    session["f"] = lambda: None
    session.save()
    logged: list[Any] = session._req.logged  # type: ignore[attr-defined]
    assert logged[0][0].startswith("Error while saving a session : Traceback")
    assert session.do_load()["_data"] == {}


@pytest.mark.parametrize("place", ["mp_sess", "file"])
def test_session_files_others_can_write_are_refused(temporary: Path, place: str) -> None:
    """Neither a directory nor a file that others can write to is read."""
    session = open_session("FileSession")
    files = SessionFiles(str(temporary / "mp_sess"))
    target = files._path(session.id()) if place == "file" else files.directory
    os.chmod(target, 0o777)
    with pytest.raises(SessionStoreError, match="lets others write to it"):
        SessionFiles(files.directory).load(session.id())


@pytest.mark.parametrize("sid", ["../../etc/passwd", "", "a" * 31, "a" * 32 + "\n"])
def test_forged_ids_are_no_paths_cve_2006_1095(temporary: Path, sid: str) -> None:
    """A text that is no session id never becomes a file name."""
    files = SessionFiles(str(temporary))
    for call in (files.load, files.delete, lambda sid: files.save(sid, record())):
        with pytest.raises(InvalidSid):
            call(sid)


@pytest.fixture
def files(temporary: Path) -> SessionFiles:
    """Three sessions: one in use, one expired, one old but with a long life of its own."""
    made = SessionFiles(str(temporary / "mp_sess"))
    now = time.time()
    for sid, age, timeout in (("0" * 32, 5, 60), ("1" * 32, 1000, 60), ("f" * 32, 1000, 99999)):
        made.save(sid, record(accessed=now - age, timeout=timeout))
        os.utime(made._path(sid), (now - age, now - age))
    return made


def left(files: SessionFiles) -> str:
    """Return the first digits of the sessions that are left."""
    return "".join(digit for digit in "01f" if os.path.exists(files._path(digit * 32)))


@pytest.mark.parametrize(
    ("fast", "verify", "expected"),
    [(True, True, "0f"), (True, False, "0"), (False, True, "0f"), (False, False, "0f")],
)
def test_sweeps(files: SessionFiles, fast: bool, verify: bool, expected: str) -> None:
    """A sweep removes what its rules call expired."""
    logged: list[str] = []
    files.sweep(SweepRules(fast, verify, timeout=60, grace=10, time_limit=0), logged.append)
    assert left(files) == expected
    assert logged[0] == f"FileSession cleanup: (fast={fast}, verify={verify}) ..."
    assert logged[1].startswith(f"FileSession cleanup: deleted {3 - len(expected)} of 3 in ")
    assert not os.path.exists(os.path.join(files.directory, ".mp_sess.lck"))


def test_a_sweep_goes_on_where_the_last_one_stopped(files: SessionFiles) -> None:
    """With no time to spare, a sweep does one subdirectory and the next one the next."""
    logged: list[str] = []
    rules = SweepRules(fast=False, verify=True, timeout=60, grace=0, time_limit=1e-9)
    for _ in range(0x11):
        files.sweep(rules, logged.append)
        assert left(files) == "01f"
    files.sweep(rules, logged.append)
    assert left(files) == "0f"
    assert logged[1] == "FileSession cleanup incomplete: next cleanup will start at index 1 (01)"
    status = Path(files.directory, "fs_status.txt").read_text().split()
    assert status[:4] == ["MPFS_3.2", "18", "1", "2"]


@pytest.mark.parametrize("status", ["", "MPFS_3.1 9 0 0 0", "MPFS_3.2 999 0 0 0", "MPFS_3.2 x 0 0 0"])
def test_a_bad_status_starts_over(files: SessionFiles, status: str) -> None:
    """A status file that makes no sense is as none."""
    Path(files.directory, "fs_status.txt").write_text(status)
    os.chmod(os.path.join(files.directory, "fs_status.txt"), 0o600)
    files.sweep(RULES, lambda message: None)
    assert left(files) == "0f"


def test_one_sweep_at_a_time(files: SessionFiles) -> None:
    """A second sweep leaves the work to the first; a lock file left for an hour is removed."""
    lock = Path(files.directory, ".mp_sess.lck")
    lock.touch()
    logged: list[str] = []
    files.sweep(RULES, logged.append)
    assert lock.exists()
    os.utime(lock, (1, 1))
    files.sweep(RULES, logged.append)
    assert not lock.exists()
    assert left(files) == "01f"
    assert [line.split(": ")[1] for line in logged] == ["already running", "removed a stale lock file"]


def test_a_sweep_survives_a_broken_file(files: SessionFiles) -> None:
    """A file that is no session is logged, and the sweep goes on."""
    Path(files._path("0" * 32)).write_bytes(b"no pickle")
    logged: list[str] = []
    files.sweep(SweepRules(fast=False, verify=True, timeout=60, grace=0, time_limit=0), logged.append)
    assert left(files) == "0f"
    assert logged[1].startswith("FileSession cleanup error: ")


def test_a_sweep_of_nothing(temporary: Path) -> None:
    """Before the first session there is nothing to sweep, and nothing is made."""
    SessionFiles(str(temporary / "mp_sess")).sweep(RULES, lambda message: None)
    assert not (temporary / "mp_sess").exists()


def test_options_set_the_rules() -> None:
    """Arguments beat options, new options beat old ones; On and Off are not among the words."""
    options = {"session_fast_cleanup": "no", "session_grace_period": "7", "session_verify_cleanup": "0"}
    new = options | {"mod_python.file_session.cleanup_grace_period": "9"}
    assert rules(FakeRequest(options=new), verify_cleanup=True) == SweepRules(False, True, 1800, 9, 2)
    assert rules(FakeRequest(), timeout=60, fast_cleanup=False) == SweepRules(False, True, 60, 240, 2)
    with pytest.raises(Exception) as caught:
        rules(FakeRequest(options={"session_fast_cleanup": "On"}))
    assert caught.value.args == ()


def rules(req: FakeRequest, **arguments: Any) -> SweepRules:
    """Return the rules of the sweep that a session asks for."""
    Session.FileSession(req, **arguments).cleanup()
    found = [data[1] for function, data in req.cleanups if function is Session.filesession_cleanup]
    assert isinstance(found[0], SweepRules)
    return found[0]
