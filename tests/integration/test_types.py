"""Handlers can be type-checked against what is installed: the wheel, away from the source tree."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from zlib import crc32

import pytest

from tests.integration.servers import REPOSITORY

SAMPLE = REPOSITORY / "tests" / "typing" / "handlers.py"
DEADLINE = 240.0


@pytest.fixture(scope="module")
def python(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python for which the wheel, and nothing else, is installed."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=DEADLINE)
    (packages,) = home.glob("lib/python*/site-packages")
    wheel.extractall(packages)
    return home / "bin" / "python"


def check(python: Path, directory: Path, source: str) -> list[str]:
    """Return what `mypy --strict` has to say about a module."""
    # mypy's cache tells versions of one file by time and size only: each gets a name of its own.
    module = f"handlers_{crc32(source.encode())}.py"
    (directory / module).write_text(source)
    words = ["--strict", "--no-error-summary", "--config-file=", f"--cache-dir={python.parent.parent}/cache"]
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", f"--python-executable={python}", *words, module],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_good_handlers(python: Path, tmp_path: Path) -> None:
    """There is nothing to say about them."""
    assert check(python, tmp_path, SAMPLE.read_text()) == []


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("req.content_type =", "req.content_typ =", '"mp_request" has no attribute "content_typ"'),
        ("req.get_options()", "req.get_option()", '"mp_request" has no attribute "get_option"'),
        ("req.headers_out[", "req.header_out[", '"mp_request" has no attribute "header_out"'),
        ("client.client_ip", "client.client_pi", '"mp_conn" has no attribute "client_pi"'),
        ("apache.HTTP_UNAUTHORIZED", "apache.HTTP_UNAUTHORISED", 'has no attribute "HTTP_UNAUTHORISED"'),
        ("form.getfirst(", "form.get_first(", '"FieldStorage" has no attribute "get_first"'),
        ("session.save()", "session.store()", '"store"'),
        ("req.set_content_length(len(body))", "req.set_content_length(body)", 'incompatible type "bytes"'),
    ],
)
def test_mistakes(python: Path, tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    """A misspelt name is found by its name, a wrong type by the type."""
    source = SAMPLE.read_text()
    assert source.count(right) >= 1
    (found, *_) = check(python, tmp_path, source.replace(right, wrong, 1))
    assert complaint in found
