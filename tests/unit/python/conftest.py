"""A place for handler modules, and a clean importer around each test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from olexd.importer import modules, paths

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def clean_importer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start with an importer that knows nothing; undo what handlers did to paths and modules."""
    for name in ("_loaded", "_places", "_names"):
        monkeypatch.setattr(modules, name, {})
    monkeypatch.setattr(paths, "_paths", {})
    monkeypatch.setattr(paths, "_applied", set())
    monkeypatch.setattr(paths, "_process_path", [])
    before, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes a handler module which can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return path

    return write
