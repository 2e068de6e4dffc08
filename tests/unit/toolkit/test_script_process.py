"""What CGI scripts take for their process (`mod_python._script_process`)."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from mod_python import _script_process
from mod_python._script_process import ScriptProcess, current, enter, leave, working_in


@contextmanager
def running(**environ: str) -> Iterator[ScriptProcess]:
    """Be a script (a fixture could not: tests have a context of their own)."""
    process = ScriptProcess(environ or {"MINE": "1", "PATH": "/bin:/usr/bin"}, argv=["script"])
    enter(process)
    try:
        yield process
    finally:
        leave()


class TestEnvironment:
    def test_is_the_scripts(self) -> None:
        """All operations work on the script's environment; the process's stays as it is."""
        with running() as script:
            os.environ["NEW"] = "n"
            del os.environ["MINE"]
            assert sorted(os.environ) == ["NEW", "PATH"]
            assert (len(os.environ), os.environ.copy(), os.getenv("MINE")) == (2, script.environ, None)
            with pytest.raises(TypeError, match="str expected, not int"):
                os.environ["X"] = 1  # type: ignore[assignment]
        assert "NEW" not in os.environ

    def test_as_bytes(self) -> None:
        """`os.environb` is the same environment."""
        with running():
            assert os.environb[b"MINE"] == b"1"
            os.environb[b"NEW"] = "\u00e4".encode()
            del os.environb[b"MINE"]
            assert (sorted(os.environb), os.environ["NEW"]) == ([b"NEW", b"PATH"], "\u00e4")
            assert os.environb.get(b"MINE") is None
            for missing in (b"MINE", b"NONE"):
                with pytest.raises(KeyError):
                    del os.environb[missing]
            with pytest.raises(TypeError, match="bytes expected, not str"):
                os.environb["NEW"]  # type: ignore[index]
        assert b"NEW" not in os.environb

    def test_is_the_processs_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Other threads, and those who are no script, see and change the process's."""
        with running(), ThreadPoolExecutor(1) as pool:
            assert "MINE" not in pool.submit(dict, os.environ).result(10)
        monkeypatch.setenv("OUTSIDE", "o")
        assert (os.environ["OUTSIDE"], "OUTSIDE" in repr(os.environ)) == ("o", True)
        monkeypatch.delenv("OUTSIDE")
        assert "OUTSIDE" not in os.environ

    def test_children(self) -> None:
        """They inherit the script's environment, unless they are given another."""
        show = ["/bin/sh", "-c", "echo $MINE"]
        others = (show, -1, None, None, -1, None, None, True, False, None, {"MINE": "3"})
        with running():
            assert subprocess.check_output(show) == b"1\n"
            assert subprocess.check_output(show, env={"MINE": "2"}) == b"2\n"
            with subprocess.Popen(*others) as child:
                assert child.communicate()[0] == b"3\n"
            assert os.system('test "$MINE" = 1') == 0
            assert os.waitstatus_to_exitcode(os.system("exit 3")) == 3
            assert os.waitstatus_to_exitcode(os.system("kill -9 $$")) == -9

    def test_children_of_others(self) -> None:
        """Outside of scripts nothing is different."""
        with running():
            pass
        assert os.system("exit 2") >> 8 == 2
        assert subprocess.call(["/bin/sh", "-c", 'test -z "$MINE"']) == 0


class TestSys:
    def test_what_a_script_assigns(self, capsys: pytest.CaptureFixture[str]) -> None:
        """It is seen there alone, by `print()` as well."""
        outside = sys.stderr
        with running():
            sys.stdout = sys.stderr = written = io.StringIO()
            print("inside")
            print("also inside", file=sys.stderr)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(print, "outside").result(10)
            assert sys.argv == ["script"]
        assert (sys.stderr is outside, sys.argv == ["script"]) == (True, False)
        assert (written.getvalue(), capsys.readouterr().out) == ("inside\nalso inside\n", "outside\n")

    def test_what_others_assign(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is the process's, as ever."""
        with running():
            pass
        monkeypatch.setattr(sys, "argv", ["other"])
        assert sys.argv == ["other"]
        with running():
            assert sys.argv == ["script"]


class TestNesting:
    def test_one_in_another(self) -> None:
        """The outer one is back after the inner one."""
        with running() as script:
            with running(INNER="1"):
                assert list(os.environ) == ["INNER"]
            assert current() is script
        assert current() is None

    def test_over(self) -> None:
        """A process whose request is over is nobody's, and the next one is not inside of it."""
        forgotten = ScriptProcess({"MINE": "forgotten"})
        enter(forgotten)
        forgotten.over = True
        assert current() is None
        with running() as script:
            assert script.outer is None
        assert current() is None


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    """A server whose directory was removed, or may not be entered, goes on in the root."""

    def work() -> list[str]:
        gone = tmp_path / "gone"
        gone.mkdir()
        seen = []
        with working_in(str(gone), threading.Lock()):
            gone.rmdir()
            with working_in(str(tmp_path), threading.Lock()):
                seen.append(os.getcwd())
            seen.append(os.getcwd())
        return seen

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result(10) == [str(tmp_path), "/"]


@pytest.mark.parametrize("own", [True, False])
def test_directories(own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script works in its directory; without one for each thread one script waits for the other."""
    monkeypatch.setattr(_script_process, "_unshare", (lambda: False) if not own else _script_process._unshare)
    lock, inside, go_on = threading.Lock(), threading.Event(), threading.Event()
    (tmp_path / "a").mkdir()
    before, seen = os.getcwd(), []

    def first() -> None:
        with working_in(str(tmp_path / "a"), lock):
            os.umask(0o077)
            inside.set()
            assert go_on.wait(10)
            seen.append(os.getcwd())
        seen.append(os.getcwd())

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert inside.wait(10)
        alone = lock.locked()
        go_on.set()
        running.result(10)
    assert seen == [str(tmp_path / "a"), before]
    assert (os.getcwd(), lock.locked()) == (before, False)
    if sys.platform.startswith("linux") and own:
        assert not alone
    if not own:
        assert alone
