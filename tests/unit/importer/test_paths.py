"""PythonPath and handler directories (core spec 2.1)."""

from __future__ import annotations

import sys

import pytest

from olexd.importer import add_directory, apply_python_path
from olexd.importer.paths import search_path


def test_an_expression_sees_the_interpreters_path() -> None:
    """Its result is the interpreter's path, and joins `sys.path`."""
    apply_python_path("one", "['/srv/one'] + sys.path + ['/srv/last']")
    assert search_path("one")[0] == sys.path[0] == "/srv/one"
    assert search_path("one")[-1] == sys.path[-1] == "/srv/last"


def test_once_for_each_expression_and_interpreter() -> None:
    """Going back and forth between two expressions changes nothing any more."""
    for expression in ("['/srv/a'] + sys.path", "['/srv/b'] + sys.path", "['/srv/a'] + sys.path"):
        apply_python_path("one", expression)
    assert search_path("one")[:2] == ["/srv/b", "/srv/a"]
    assert search_path("one").count("/srv/a") == 1


def test_interpreters_have_paths_of_their_own() -> None:
    """One site's directories are not another's."""
    apply_python_path("one", "['/srv/one'] + sys.path")
    apply_python_path("two", "['/srv/two'] + sys.path")
    assert "/srv/two" not in search_path("one")
    assert "/srv/one" not in search_path("two")


def test_the_process_keeps_its_own_path() -> None:
    """An expression that names only its own directories does not take the library away."""
    before = list(sys.path)
    apply_python_path("one", "['/srv/only']")
    assert set(before) <= set(sys.path)
    assert search_path("one")[0] == "/srv/only"


def test_a_failing_expression_fails_every_time() -> None:
    """What raises is not remembered."""
    for _ in range(2):
        with pytest.raises(NameError):
            apply_python_path("one", "nope")


def test_directories_are_added_once_in_front() -> None:
    """The same directory is not added again."""
    for directory in ("/srv/x/", "/srv/y/", "/srv/x/"):
        add_directory("one", directory)
    assert search_path("one")[:2] == ["/srv/y/", "/srv/x/"]
    assert sys.path.count("/srv/x/") == 1
