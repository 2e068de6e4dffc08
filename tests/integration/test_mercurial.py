"""Mercurial, unmodified: its web application by mod_python.wsgi, with the program itself as client."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import ENVIRONMENT, Olexd, RunningServer, base_config, free_port
from tests.integration.wire import Wire

HG = Path(sys.executable).with_name("hg")
FILE = bytes(range(256)) * 1200
MESSAGE = "Grüße"
CONFIG = """
PythonPath "['{directory}'] + sys.path"
<Location /hg>
    SetHandler mod_python
    PythonHandler mod_python.wsgi
    PythonOption mod_python.wsgi.application hg_app
</Location>
<Location /frozen>
    SetHandler mod_python
    PythonHandler mod_python.wsgi
    PythonOption mod_python.wsgi.application hg_app::frozen
</Location>
"""
APPLICATION = """
from mercurial.hgweb import hgweb

application = hgweb(b"{directory}/repository")
frozen = hgweb(b"{directory}/frozen")
"""


def hg(*arguments: str, at: Path, check: bool = True) -> str:
    """Return what a command of Mercurial prints, run in the directory `at`."""
    command = [str(HG), "--config", "ui.username=ann", *arguments]
    environment = ENVIRONMENT | {"HGRCPATH": "", "HGENCODING": "utf-8"}
    ran = subprocess.run(
        command,
        cwd=at,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    text = (ran.stdout + ran.stderr).decode()
    assert not check or ran.returncode == 0, text
    return text


def make_repositories(directory: Path) -> None:
    """Make a repository with one change that everybody may push to, and its like that nobody may push to."""
    repository, frozen = directory / "repository", directory / "frozen"
    repository.mkdir()
    hg("init", at=repository)
    (repository / "a.txt").write_text("first\n")
    hg("commit", "--addremove", "--message", "first", at=repository)
    shutil.copytree(repository, frozen)
    for made, settings in ((repository, "allow_push = *\n"), (frozen, "")):
        (made / ".hg" / "hgrc").write_text(f"[web]\npush_ssl = no\n{settings}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of two repositories."""
    directory = tmp_path_factory.mktemp("mercurial")
    make_repositories(directory)
    (directory / "hg_app.py").write_text(APPLICATION.format(directory=directory))
    port = free_port()
    text = base_config(directory, port, ["python"]) + CONFIG.format(directory=directory)
    with Olexd(text, directory, port) as server:
        yield server


def address(server: RunningServer, path: str) -> str:
    """Return the URL of a path."""
    return f"http://127.0.0.1:{server.address}{path}"


def test_clone_and_push(server: RunningServer, wire: Wire, tmp_path: Path) -> None:
    """What one clone pushes another one has, and the pages show; who may not push is told so."""
    ann, bob = tmp_path / "ann", tmp_path / "bob"
    hg("clone", address(server, "/hg"), str(ann), at=tmp_path)
    assert (ann / "a.txt").read_text() == "first\n"
    (ann / "b.bin").write_bytes(FILE)
    hg("commit", "--addremove", "--message", MESSAGE, at=ann)
    assert "authorization failed" in hg("push", address(server, "/frozen"), at=ann, check=False)
    assert "added 1 changesets" in hg("push", at=ann)
    hg("clone", address(server, "/hg"), str(bob), at=tmp_path)
    assert (bob / "b.bin").read_bytes() == FILE
    assert MESSAGE.encode() in wire.ask("/hg/rev/tip").body
    answer = wire.ask("/hg/raw-file/tip/b.bin")
    assert (answer.status, answer.body) == (200, FILE)


def test_pages(wire: Wire) -> None:
    """Pages, static files, and statuses of the application's own."""
    answer = wire.ask("/frozen/file/tip/a.txt")
    assert (answer.status, answer.fields["content-type"]) == (200, "text/html; charset=UTF-8")
    wire.get("/frozen/file/tip/a.txt", f"If-None-Match: {answer.fields['etag']}")
    assert wire.read(False).status == 304
    assert wire.ask("/frozen/static/mercurial.js").fields["content-type"].endswith("javascript")
    assert wire.ask("/frozen/rev/none").status == 404
    assert wire.ask("/frozen/archive/tip.zip").status == 403
