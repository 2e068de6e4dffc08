"""What is installed is all that is needed: the wheel is built from a copy of the tree and looked into."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import REPOSITORY

BUILD_DEADLINE = 240.0
PARTS = ("olexd", "mod_python", "handlers", "twisted", "docs")
FILES = (
    "pyproject.toml",
    "setup.py",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "olexd.conf",
    "Makefile",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel that `pip wheel --no-deps .` builds."""
    tree = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        shutil.copytree(REPOSITORY / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(REPOSITORY / name, tree / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "dist", "."]
    built = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, timeout=BUILD_DEADLINE, check=False
    )
    assert built.returncode == 0, built.stderr
    (path,) = (tree / "dist").glob("olexd-*.whl")
    with zipfile.ZipFile(path) as wheel:
        yield wheel


def names(wheel: zipfile.ZipFile) -> set[str]:
    """Return the paths of the files in the wheel."""
    return set(wheel.namelist())


def test_every_file_of_the_packages_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """No module, template or page is left behind, whatever kind of file it is."""
    ours = {
        path.relative_to(REPOSITORY).as_posix()
        for part in ("olexd", "mod_python", "handlers")
        for path in (REPOSITORY / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours - names(wheel) == set()


def test_the_plugin_joins_twisteds_own(wheel: zipfile.ZipFile) -> None:
    """The plugin is there, and no __init__.py that would hide Twisted itself."""
    below = {name for name in names(wheel) if name.startswith("twisted/")}
    assert below == {"twisted/plugins/olexd_plugin.py"}


def test_nothing_else_is_installed(wheel: zipfile.ZipFile) -> None:
    """Tests, benchmarks and caches stay out."""
    tops = {Path(name).parts[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "handlers",
        "mod_python",
        "olexd",
        "twisted",
    }
    assert not [name for name in names(wheel) if name.endswith((".pyc", "dropin.cache"))]


def test_the_types_and_the_licence_come_along(wheel: zipfile.ZipFile) -> None:
    """Type checkers read the package, and the licence travels with it."""
    assert {"olexd/py.typed", "mod_python/py.typed"} <= names(wheel)
    (licence,) = (name for name in names(wheel) if name.endswith("/LICENSE"))
    assert b"Apache License" in wheel.read(licence)
