"""What is installed is all that is needed: the wheel is built from a copy of the tree and looked into."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.integration.servers import REPOSITORY


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


def test_the_command_is_installed(wheel: zipfile.ZipFile) -> None:
    """`mod_python` is a command."""
    (entry_points,) = (name for name in names(wheel) if name.endswith("/entry_points.txt"))
    assert b"mod_python = mod_python.command:main" in wheel.read(entry_points)
