"""Keeps what the toolkit stores in the temporary directory in one of the test's own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from mod_python import Session


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make `tmp_path` the temporary directory, empty the memory sessions, and never clean up by chance."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Session, "tempdir", str(tmp_path))
    monkeypatch.setattr(Session.MemorySession, "sdict", {})
    monkeypatch.setattr(Session, "CLEANUP_CHANCE", 10**9)
    return tmp_path
