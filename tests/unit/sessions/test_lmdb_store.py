"""What the LMDB store adds: growth, privacy of its files, life across processes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from olexd.sessions.lmdb_store import LmdbStore, open_store
from olexd.sessions.places import private_directory
from olexd.sessions.store import SessionStoreError
from tests.unit.sessions.conftest import SID, record

SAVE_AND_WAIT = """
import sys
from olexd.sessions.lmdb_store import LmdbStore
store = LmdbStore(sys.argv[1])
for number in range(100):
    store.save(f"{number:032x}", {"_data": {"n": number}, "_created": 1.0, "_accessed": 1.0, "_timeout": 1.0})
print("saved", flush=True)
sys.stdin.read()
"""


def test_sessions_survive_kill_9(tmp_path: Path) -> None:
    """What a process saved is there after it was killed without warning."""
    directory = str(tmp_path / "sessions")
    command = [sys.executable, "-c", SAVE_AND_WAIT, directory]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"saved\n"
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    store = LmdbStore(directory)
    loaded = [store.load(f"{number:032x}") for number in range(100)]
    store.close()
    assert [found and found["_data"]["n"] for found in loaded] == list(range(100))


def test_threads_use_it_together(tmp_path: Path) -> None:
    """Threads that save and load at the same time see neither errors nor losses."""
    store = LmdbStore(str(tmp_path / "sessions"))
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(30):
                sid = f"{number * 1000 + turn:032x}"
                store.save(sid, record("x" * 10_000))
                assert store.load(sid) is not None
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    store.close()
    assert not failures


def test_a_full_store_says_so(tmp_path: Path) -> None:
    """A full store refuses the save, with its directory in the message, and still works."""
    store = LmdbStore(str(tmp_path / "sessions"), map_size=256 << 10)
    store.save(SID, record())
    with pytest.raises(SessionStoreError, match="sessions: full at 262144 bytes"):
        store.save("f" * 32, record("x" * 500_000))
    assert store.load(SID) == record()
    store.close()


def test_a_store_that_outgrew_this_process_says_so(tmp_path: Path) -> None:
    """What another process wrote beyond the map of this one is refused, not misread."""
    directory = str(tmp_path / "sessions")
    store = LmdbStore(directory, map_size=256 << 10)
    store.save(SID, record())
    grow = (
        "import sys; from olexd.sessions.lmdb_store import LmdbStore; s = LmdbStore(sys.argv[1])\n"
        "for n in range(100): s.save(f'{n:032x}', "
        "{'_data': {'n': 'x' * 20000}, '_created': 1.0, '_accessed': 1.0, '_timeout': 1.0})"
    )
    subprocess.run([sys.executable, "-c", grow, directory], check=True, timeout=30)
    with pytest.raises(SessionStoreError, match="full at"):
        store.load(SID)
    with pytest.raises(SessionStoreError, match="full at"):
        store.save(SID, record(2))
    store.close()


def test_a_limited_address_space_gets_a_smaller_map(tmp_path: Path) -> None:
    """Under `ulimit -v` the store takes as much of the address space as there is."""
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "from olexd.sessions.lmdb_store import LmdbStore; s = LmdbStore(sys.argv[1])\n"
        "s.save('0' * 32, {'_data': {}, '_created': 1.0, '_accessed': 1.0, '_timeout': 1.0})\n"
        "assert s.load('0' * 32)"
    )
    subprocess.run([sys.executable, "-c", limited, str(tmp_path / "sessions")], check=True, timeout=30)


def test_a_forked_child_opens_its_own(tmp_path: Path) -> None:
    """After a fork, parent and child both load and save; each sees the other's sessions."""
    store = LmdbStore(str(tmp_path / "sessions"))
    store.save(SID, record("parent"))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if store.load(SID) == record("parent"):
                store.save("c" * 32, record("child"))
                code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert store.load("c" * 32) == record("child")
    store.save(SID, record("again"))
    store.close()


def test_its_files_are_private(tmp_path: Path) -> None:
    """The directory gets mode 0700, the files 0600, whatever the umask."""
    old = os.umask(0)
    try:
        store = LmdbStore(str(tmp_path / "sessions"))
        store.save(SID, record())
    finally:
        os.umask(old)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "sessions").iterdir()}
    store.close()
    assert stat.S_IMODE((tmp_path / "sessions").stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_a_directory_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    """A store in a directory that group or world can write to is not opened."""
    directory = tmp_path / "sessions"
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(SessionStoreError, match="lets others write to it"):
        LmdbStore(str(directory)).load(SID)


@pytest.mark.parametrize("name", ["data.mdb", "lock.mdb"])
@pytest.mark.parametrize("mode", [0o660, 0o602])
def test_a_file_others_can_write_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    """A store with a file that group or world can write to is not opened: its pickles could be anybody's."""
    directory = tmp_path / "sessions"
    store = LmdbStore(str(directory))
    store.save(SID, record())
    store.close()
    (directory / name).chmod(mode)
    with pytest.raises(SessionStoreError, match="lets others write to it"):
        store.load(SID)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["", "data.mdb"])
def test_what_belongs_to_another_user_is_refused(tmp_path: Path, name: str) -> None:
    """A store whose directory or file another user owns is not opened."""
    directory = tmp_path / "sessions"
    store = LmdbStore(str(directory))
    store.save(SID, record())
    store.close()
    os.chown(directory / name, 65534, -1)
    with pytest.raises(SessionStoreError, match="belongs to uid 65534"):
        store.load(SID)


def test_a_link_is_refused(tmp_path: Path) -> None:
    """A data file that is a symbolic link is not followed."""
    directory = private_directory(str(tmp_path / "sessions"))
    os.symlink("/etc/passwd", os.path.join(directory, "data.mdb"))
    with pytest.raises(SessionStoreError, match="symbolic link"):
        LmdbStore(directory).load(SID)


def test_one_store_per_directory(tmp_path: Path) -> None:
    """However a directory is spelled, a process has one store for it."""
    (tmp_path / "a").mkdir()
    assert open_store(str(tmp_path / "a")) is open_store(str(tmp_path / "a" / ".." / "a"))
