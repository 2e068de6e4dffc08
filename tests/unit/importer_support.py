"""A clean importer for tests that import handler modules."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from olexd.importer import modules, paths


@contextmanager
def fresh_importer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start with an importer that knows nothing; at the end undo what was done to paths and modules."""
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
