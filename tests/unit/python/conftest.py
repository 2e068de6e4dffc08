"""A place for handler modules, and a clean importer around each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.importer_support import fresh_importer

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def clean_importer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start with an importer that knows nothing; undo what handlers did to paths and modules."""
    with fresh_importer(monkeypatch):
        yield


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes a handler module which can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return path

    return write
