"""What several integration tests need: the wheel, built once; a connection to the module's own `server`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import pytest

from tests.integration.servers import REPOSITORY, RunningServer
from tests.integration.wire import Wire

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


@pytest.fixture(scope="session")
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


@pytest.fixture
def wire(server: RunningServer) -> Iterator[Wire]:
    """A connection to the server that the test's module calls `server`."""
    with Wire(server) as wire:
        yield wire
