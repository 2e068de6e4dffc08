"""Import statements in the modules of a site: its own helpers, whatever other sites call theirs."""

from __future__ import annotations

import builtins
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from olexd.importer import apply_python_path, forget, import_module

Write = Callable[[str, str], Path]


def get(directory: Path, name: str, interpreter: str = "site") -> ModuleType:
    return import_module(interpreter, name, (f"{directory}/",))


FORMS = {
    "import helper": "helper.name",
    "import helper as other": "other.name",
    "from helper import name": "name",
    "from helper import *": "name",
    "import package": "package.name",
    "import package.inner": "package.inner.name + package.name",
    "import package.inner as inner": "inner.name",
    "from package import inner": "inner.name",
    "from package.inner import name": "name",
    "from package import name, inner": "name + inner.name",
    "import package.deep.er": "package.deep.er.name",
    "from package.deep import er": "er.name",
}


class TestHelpers:
    @pytest.mark.parametrize(("statement", "expression"), FORMS.items())
    def test_every_form(self, tmp_path: Path, write: Write, statement: str, expression: str) -> None:
        """Two sites with modules and packages of the same names get each its own, by every form of import."""
        for site in "ab":
            write(f"{site}/app.py", f"{statement}\ndef value():\n    return {expression}\n")
            write(
                f"{site}/late.py",
                f"def value():\n    {statement.replace('*', 'name')}\n    return {expression}\n",
            )
            write(f"{site}/helper.py", f"name = '{site}'")
            for module in ("__init__", "inner", "deep/__init__", "deep/er"):
                write(f"{site}/package/{module}.py", f"name = '{site}'")
        for name in ("app", "late"):
            for site in ("a", "b", "a"):
                assert set(get(tmp_path / site, name, f"{site}.test").value()) == {site}

    def test_helpers_of_helpers(self, tmp_path: Path, write: Write) -> None:
        """What a helper or a package's module imports comes from the same site, at whatever depth."""
        for site in "ab":
            write(f"{site}/app.py", "import one\nvalue = one.value")
            write(f"{site}/one.py", "from package.part import value")
            write(f"{site}/package/__init__.py", "from . import part")
            write(f"{site}/package/part.py", "from .sibling import value")
            write(f"{site}/package/sibling.py", "import settings\nvalue = settings.value")
            write(f"{site}/settings.py", f"value = '{site}'")
        assert [get(tmp_path / site, "app", site).value for site in "ab"] == ["a", "b"]

    def test_interpreters_share_no_helpers(self, tmp_path: Path, write: Write) -> None:
        """Two interpreters' names mean two copies of a helper, as of a handler module."""
        write("app.py", "import counter\ncounter.count += 1\ncount = counter.count")
        write("counter.py", "count = 0")
        assert [get(tmp_path, "app", name).count for name in ("one", "two")] == [1, 1]

    def test_one_interpreter_shares_them(self, tmp_path: Path, write: Write) -> None:
        """Handlers of one site see one and the same helper, which may be a handler module itself."""
        write("app.py", "import counter")
        write("page.py", "from counter import items")
        write("counter.py", "items = []")
        assert get(tmp_path, "app").counter.items is get(tmp_path, "page").items
        assert get(tmp_path, "counter") is get(tmp_path, "app").counter

    def test_the_interpreters_path_counts(self, tmp_path: Path, write: Write) -> None:
        """What PythonPath adds belongs to the site, too; so handlers in Locations find their own."""
        for site in "ab":
            write(f"{site}/handlers_of_site.py", "import settings_of_site\nvalue = settings_of_site.value")
            write(f"{site}/settings_of_site.py", f"value = '{site}'")
        for site in "ab":
            apply_python_path(site, f"[{str(tmp_path / site)!r}] + sys.path")
            assert import_module(site, "handlers_of_site").value == site

    def test_what_a_path_adds_later_is_found(self, tmp_path: Path, write: Write) -> None:
        """A name that the site did not have is looked for again when its path has changed."""
        for site in "ab":
            write(
                f"{site}/handlers/app.py",
                "def value():\n    import settings_late\n    return settings_late.value",
            )
            write(f"{site}/settings_late.py", f"value = '{site}'")
            app = get(tmp_path / site / "handlers", "app", site)
            if site == "a":
                with pytest.raises(ModuleNotFoundError):
                    app.value()
            apply_python_path(site, f"[{str(tmp_path / site)!r}] + sys.path")
            assert app.value() == site

    def test_the_library_is_everybodys(self, tmp_path: Path, write: Write) -> None:
        """Modules of the standard library and of the process's own path are what they always are."""
        write("app.py", "import json, pytest, os.path\nfrom collections import abc")
        write("json.py", "raise AssertionError")
        app = get(tmp_path, "app")
        assert (app.json, app.pytest) == (sys.modules["json"], pytest)

    def test_broken_helpers(self, tmp_path: Path, write: Write) -> None:
        """A helper that fails is tried again; one that does not exist is missed by its own name."""
        write("app.py", "def value():\n    import broken_helper\n    return broken_helper.x\n"
              "def missing():\n    import no_such_helper")  # fmt: skip
        helper = write("broken_helper.py", "1 / 0")
        app = get(tmp_path, "app")
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                app.value()
        helper.write_text("x = 1")
        assert app.value() == 1
        with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_helper'"):
            app.missing()

    def test_circles(self, tmp_path: Path, write: Write) -> None:
        """Helpers that import each other work as everywhere."""
        for site in "ab":
            write(f"{site}/app.py", "import left\nvalue = left.value()")
            write(f"{site}/left.py", f"import right\nname = '{site}'\ndef value():\n    return right.value()")
            write(f"{site}/right.py", "import left\ndef value():\n    return left.name")
            assert get(tmp_path / site, "app", site).value == site

    def test_reloaded_modules_stay_with_their_site(self, tmp_path: Path, write: Write) -> None:
        """A handler module that changes imports from its own site again."""
        for site in "ab":
            path = write(f"{site}/app.py", "version = 1")
            write(f"{site}/settings.py", f"value = '{site}'")
            assert get(tmp_path / site, "app", site).version == 1
            path.write_text("import settings\nversion = 2\nvalue = settings.value")
        deadline = time.monotonic() + 10
        for site in "ab":
            while (module := get(tmp_path / site, "app", site)).version != 2:
                assert time.monotonic() < deadline
            assert module.value == site

    def test_others_import_as_ever(self, tmp_path: Path, write: Write) -> None:
        """Modules outside of sites are not concerned, and `forget()` leaves `import` as it was."""
        get(tmp_path, write("app.py", "import helper_nine").parent and write("helper_nine.py", "").stem)
        import xml.dom.minidom

        assert xml.dom.minidom.__name__ == "xml.dom.minidom"
        forget()
        assert builtins.__import__.__module__ == "builtins"


class TestThreads:
    def test_a_storm_of_first_requests(self, tmp_path: Path, write: Write) -> None:
        """Many threads need many handlers at once, with helpers in common and in circles: none fails."""
        for site in "ab":
            for number in range(8):
                write(
                    f"{site}/app{number}.py",
                    f"import left, right\nfrom package import part\nimport slow{number % 2}\n"
                    f"value = left.name + part.name + slow{number % 2}.name\n",
                )
            write(f"{site}/left.py", f"import right\nname = '{site}'\n")
            write(f"{site}/right.py", f"import left\nname = '{site}'\n")
            write(f"{site}/slow0.py", f"import time, slow1\ntime.sleep(0.01)\nname = '{site}'\n")
            write(f"{site}/slow1.py", f"import time, slow0\ntime.sleep(0.01)\nname = '{site}'\n")
            write(f"{site}/package/__init__.py", "import time\ntime.sleep(0.005)\n")
            write(f"{site}/package/part.py", f"name = '{site}'\n")
        for seed in range(3):
            self.storm(tmp_path, random.Random(seed))
            forget()
            for name in [name for name, module in sys.modules.items() if from_here(module, tmp_path)]:
                del sys.modules[name]

    @staticmethod
    def storm(directory: Path, chance: random.Random) -> None:
        """Ask for everything from 32 threads that start together."""
        wanted = [(site, number) for site in "ab" for number in range(8)] * 4
        chance.shuffle(wanted)
        barrier = threading.Barrier(32)

        def first(place: int) -> None:
            barrier.wait(10)
            for site, number in wanted[place::32]:
                module = get(directory / site, f"app{number}", site)
                assert module.value == site * 3

        with ThreadPoolExecutor(32) as pool:
            for result in [pool.submit(first, place) for place in range(32)]:
                result.result(30)

    def test_changes_under_load(self, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        """While handlers change, every thread gets whole ones, with the helper of their own site."""
        monkeypatch.setattr("olexd.importer.modules.CHECK_INTERVAL", 0.0)
        for site in "ab":
            write(f"{site}/app.py", "import helper\nbegin = end = 0\nvalue = helper.value")
            write(f"{site}/helper.py", f"value = '{site}'")
        stop = threading.Event()

        def use(number: int) -> int:
            site, latest = "ab"[number % 2], 0
            while not stop.is_set():
                module = get(tmp_path / site, "app", site)
                assert module.begin == module.end >= latest
                assert module.value == site
                latest = module.end
            return latest

        with ThreadPoolExecutor(12) as pool:
            users = [pool.submit(use, number) for number in range(12)]
            for version in range(1, 9):
                for site in "ab":
                    text = f"begin = {version}\nimport helper, time\ntime.sleep(0.001)\n"
                    fresh = write(f"{site}/fresh", f"{text}value = helper.value\nend = {version}")
                    fresh.replace(tmp_path / site / "app.py")
                time.sleep(0.005)
            deadline = time.monotonic() + 20
            while any(get(tmp_path / site, "app", site).end != 8 for site in "ab"):
                assert time.monotonic() < deadline
            stop.set()
            assert all(user.result(10) <= 8 for user in users)


def from_here(module: ModuleType, directory: Path) -> bool:
    """Return whether a module came from a directory."""
    return (getattr(module, "__file__", None) or "").startswith(str(directory))
