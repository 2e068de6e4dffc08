"""A clean importer for each test: what a test imports or adds to the path is gone after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from olexd.importer import modules
from tests.unit.importer_support import fresh_importer


@pytest.fixture(autouse=True)
def clean_importer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start with an importer that knows nothing, and look at files at every call."""
    monkeypatch.setattr(modules, "CHECK_INTERVAL", 0.0)
    with fresh_importer(monkeypatch):
        yield


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
