"""Loading and reloading handler modules (core spec 5.2)."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from olexd.importer import add_directory, import_module, load, modules
from olexd.importer.paths import search_path

Write = Callable[[str, str], Path]


def get(directory: Path, name: str, interpreter: str = "site") -> ModuleType:
    return import_module(interpreter, name, (f"{directory}/",))


def touch_later(path: Path) -> None:
    """Make a file's time another one, however fast the test is."""
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


class TestFinding:
    def test_the_handlers_directory_comes_first(self, tmp_path: Path, write: Write) -> None:
        """A module of the handler's directory wins over one on the path, and has its bare name."""
        write("index_a.py", "x = 1")
        module = get(tmp_path, "index_a")
        assert (module.x, module.__name__, sys.modules["index_a"]) == (1, "index_a", module)

    def test_equal_names_in_two_directories_are_two_modules(self, tmp_path: Path, write: Write) -> None:
        """The second one does not take the first one's place."""
        write("a/twin.py", "x = 'a'")
        write("b/twin.py", "x = 'b'")
        first, second = get(tmp_path / "a", "twin"), get(tmp_path / "b", "twin")
        assert (first.x, second.x) == ("a", "b")
        assert get(tmp_path / "a", "twin") is first
        assert sys.modules["twin"] is first
        assert sys.modules[second.__name__] is second

    def test_interpreters_share_no_state(self, tmp_path: Path, write: Write) -> None:
        """One file under two interpreters' names is two modules."""
        write("state.py", "x = []")
        one, two = get(tmp_path, "state", "one"), get(tmp_path, "state", "two")
        assert one is not two
        assert get(tmp_path, "state", "one") is one

    def test_the_same_file_by_two_ways_is_one_module(self, tmp_path: Path, write: Write) -> None:
        """Found by directory or by path, a file is loaded once."""
        write("once.py", "x = object()")
        sys.path.append(str(tmp_path))
        assert get(tmp_path, "once") is import_module("site", "once")

    def test_a_module_that_was_imported_already_is_taken_over(self, tmp_path: Path, write: Write) -> None:
        """What a plain import loaded is the handler module too."""
        write("plain.py", "x = 1")
        sys.path.insert(0, f"{tmp_path}/")
        import plain  # type: ignore[import-not-found]

        assert get(tmp_path, "plain") is plain

    def test_names_of_the_standard_library_are_left_alone(self, tmp_path: Path, write: Write) -> None:
        """A handler module called like a standard one does not replace it."""
        write("calendar.py", "x = 1")
        import calendar

        assert get(tmp_path, "calendar").x == 1
        assert sys.modules["calendar"] is calendar

    def test_packages(self, tmp_path: Path, write: Write) -> None:
        """Modules inside packages load with their relative imports."""
        write("pack_a/__init__.py", "")
        write("pack_a/util.py", "x = 1")
        write("pack_a/inner/__init__.py", "from ..util import x")
        write("pack_a/inner/publisher.py", "from ..util import x\nfrom . import x as y")
        module = get(tmp_path, "pack_a.inner.publisher")
        assert (module.x, module.y, module.__package__) == (1, 1, "pack_a.inner")
        assert sys.modules["pack_a.inner.publisher"] is module

    def test_built_in_modules(self) -> None:
        """Modules without a file are returned as they are."""
        assert import_module("site", "sys") is sys

    @pytest.mark.parametrize(
        ("name", "error"),
        [
            ("", ValueError),
            (".x", TypeError),
            ("./x", TypeError),
            ("no_such_module", ModuleNotFoundError),
            ("/srv/x", ModuleNotFoundError),
            ("no_such.module", ModuleNotFoundError),
            ("json.no_such", ModuleNotFoundError),
        ],
    )
    def test_what_is_no_module(self, name: str, error: type[Exception]) -> None:
        """Python's own errors are raised."""
        with pytest.raises(error):
            import_module("site", name)

    def test_other_sites_directories_are_not_searched(self, write: Write) -> None:
        """A module of one interpreter's directories is not found for another."""
        directory = write("own/private_a.py", "x = 1").parent
        add_directory("one", str(directory))
        assert import_module("one", "private_a").x == 1
        assert str(directory) not in search_path("two")


class TestReloading:
    def test_a_changed_module_is_executed_again(self, tmp_path: Path, write: Write) -> None:
        """The new module object takes the old one's place; the old one stays as it was."""
        path = write("changing.py", "x = 1\nold = True")
        old = get(tmp_path, "changing")
        write("changing.py", "x = 2")
        touch_later(path)
        new = get(tmp_path, "changing")
        assert (old.x, new.x, hasattr(new, "old")) == (1, 2, False)
        assert sys.modules["changing"] is new

    def test_an_unchanged_module_is_not(self, tmp_path: Path, write: Write) -> None:
        """Nothing happens while the file is the same."""
        write("steady.py", "x = object()")
        assert get(tmp_path, "steady") is get(tmp_path, "steady")

    def test_not_without_autoreload(self, tmp_path: Path, write: Write) -> None:
        """With reloading off the first module stays."""
        path = write("fixed.py", "x = 1")
        first = load("site", "fixed", (f"{tmp_path}/",), autoreload=False).module
        write("fixed.py", "x = 2")
        touch_later(path)
        assert load("site", "fixed", (f"{tmp_path}/",), autoreload=False).module is first

    def test_the_file_is_looked_at_once_a_second(
        self, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Within a second of the last look a change goes unnoticed."""
        path = write("hasty.py", "x = 1")
        first = get(tmp_path, "hasty")
        monkeypatch.setattr(modules, "CHECK_INTERVAL", 1.0)
        write("hasty.py", "x = 2")
        touch_later(path)
        assert get(tmp_path, "hasty") is first

    def test_modules_of_packages_are_replaced_in_their_package(self, tmp_path: Path, write: Write) -> None:
        """`package.module` and `sys.modules` both lead to the new module."""
        write("pack_b/__init__.py", "")
        path = write("pack_b/part.py", "x = 1")
        get(tmp_path, "pack_b.part")
        write("pack_b/part.py", "x = 2")
        touch_later(path)
        new = get(tmp_path, "pack_b.part")
        assert (new.x, sys.modules["pack_b.part"], sys.modules["pack_b"].part) == (2, new, new)

    def test_a_module_that_fails_is_tried_every_time(self, tmp_path: Path, write: Write) -> None:
        """Each attempt raises, and the mended file loads at once."""
        write("broken.py", "raise KeyError('first')")
        for _ in range(2):
            with pytest.raises(KeyError, match="first"):
                get(tmp_path, "broken")
        write("broken.py", "x = 1")
        assert get(tmp_path, "broken").x == 1

    def test_a_reload_that_fails_is_tried_every_time(self, tmp_path: Path, write: Write) -> None:
        """A change for the worse raises until it is mended; the old code does not come back."""
        path = write("worse.py", "x = 1")
        get(tmp_path, "worse")
        write("worse.py", "x = (")
        touch_later(path)
        for _ in range(2):
            with pytest.raises(SyntaxError):
                get(tmp_path, "worse")
        write("worse.py", "x = 3")
        assert get(tmp_path, "worse").x == 3

    def test_a_file_that_vanished_keeps_serving(self, tmp_path: Path, write: Write) -> None:
        """Editors replace files: a missing one is no change."""
        path = write("gone.py", "x = 1")
        module = get(tmp_path, "gone")
        path.unlink()
        assert get(tmp_path, "gone") is module

    def test_a_module_that_came_later_is_found(self, tmp_path: Path, write: Write) -> None:
        """A module that was missing can be added without a restart."""
        with pytest.raises(ModuleNotFoundError):
            get(tmp_path, "latecomer")
        write("latecomer.py", "x = 1")
        assert get(tmp_path, "latecomer").x == 1

    def test_the_log_is_told(self, tmp_path: Path, write: Write) -> None:
        """Each import and reimport is one message, and nothing else is."""
        path = write("told.py", "x = 1")
        messages: list[str] = []
        for _ in range(2):
            load("site", "told", (f"{tmp_path}/",), log=messages.append)
        touch_later(path)
        load("site", "told", (f"{tmp_path}/",), log=messages.append)
        assert messages == ["mod_python: (Re)importing module 'told'"] * 2


class TestThreads:
    def test_parallel_first_imports_import_once(self, tmp_path: Path, write: Write) -> None:
        """Eight threads get one and the same complete module."""
        write(
            "slow.py",
            "import threading\nthreading.Event().wait(0.05)\nend = 1",
        )
        barrier = threading.Barrier(8)

        def first(number: int) -> ModuleType:
            barrier.wait(10)
            module = get(tmp_path, "slow")
            assert module.end == 1
            return module

        with ThreadPoolExecutor(8) as pool:
            assert len(set(map(id, pool.map(first, range(8))))) == 1

    def test_nobody_sees_half_a_module_while_it_changes(self, tmp_path: Path, write: Write) -> None:
        """Under load every thread always gets a module whose beginning and end agree."""
        path = write("busy.py", "begin = 0\nimport time\ntime.sleep(0.001)\nend = 0")
        get(tmp_path, "busy")
        stop = threading.Event()

        def use(number: int) -> set[int]:
            seen = set()
            while not stop.is_set():
                module = get(tmp_path, "busy")
                assert module.begin == module.end
                seen.add(module.end)
            return seen

        with ThreadPoolExecutor(4) as pool:
            users = [pool.submit(use, number) for number in range(4)]
            deadline = time.monotonic() + 10
            for version in range(1, 6):
                fresh = tmp_path / "fresh"
                fresh.write_text(f"begin = {version}\nimport time\ntime.sleep(0.001)\nend = {version}")
                fresh.replace(path)
                while get(tmp_path, "busy").end != version:
                    assert time.monotonic() < deadline
            stop.set()
            assert all(5 in user.result(10) or user.result() for user in users)

    def test_modules_that_import_each_other(self, tmp_path: Path, write: Write) -> None:
        """A circle of imports ends, in one thread and in two."""
        body = "from olexd.importer import import_module\nimport_module('site', '{}', ('{}/',))\nx = 1"
        write("ring_a.py", body.format("ring_b", tmp_path))
        write("ring_b.py", body.format("ring_a", tmp_path))
        barrier = threading.Barrier(2)

        def first(name: str) -> int:
            barrier.wait(10)
            value: int = get(tmp_path, name).x
            return value

        with ThreadPoolExecutor(2) as pool:
            results = [pool.submit(first, name) for name in ("ring_a", "ring_b")]
            assert [result.result(20) for result in results] == [1, 1]
        assert get(tmp_path, "ring_a").x == 1

    def test_a_module_names_classes_that_can_be_found(self, tmp_path: Path, write: Write) -> None:
        """Dataclasses and pickles, which look modules up by name, work in every copy of a module."""
        text = (
            "from __future__ import annotations\nimport pickle\nfrom dataclasses import dataclass\n"
            "from typing import ClassVar\n@dataclass\nclass P:\n    n: ClassVar[int] = 1\n    x: int = 2\n"
            "def trip():\n    return pickle.loads(pickle.dumps(P()))\n"
        )
        write("a/picky.py", text)
        path = write("b/picky.py", text)
        get(tmp_path / "a", "picky")
        second = get(tmp_path / "b", "picky")
        assert second.trip() == second.P()
        touch_later(path)
        again = get(tmp_path / "b", "picky")
        assert again is not second
        assert again.trip() == again.P()
