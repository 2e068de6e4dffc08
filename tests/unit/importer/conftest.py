"""A clean importer for each test: what a test imports or adds to the path is gone after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from olexd.importer import modules, paths


@pytest.fixture(autouse=True)
def clean_importer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start with an importer that knows nothing, and look at files at every call."""
    monkeypatch.setattr(modules, "CHECK_INTERVAL", 0.0)
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


Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file below the test's directory."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write
