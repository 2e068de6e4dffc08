"""A Subversion server that olexd guards: a real client at work, in front of Apache's mod_dav_svn."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.servers import Apache, Olexd, RunningServer, base_config, free_port, missing
from tests.integration.wire import Wire
from tests.parity.runner.case import basic

SECONDS = 60.0
BACK = ("dav", "dav_svn", "authn_anon")
PASSWORDS = {"joe": "joe's", "ann": "ann's", "eve": "eve's"}

GUARD = '''
"""Joe may do everything but touch what is sealed, Ann reads, and writes documents, Eve may do nothing."""

import posixpath
import re
from urllib.parse import unquote, urlsplit

from mod_python import apache

PASSWORDS = @PASSWORDS@
READING = ("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT")
# What the client means by paths of its protocol: a place in a transaction or in a revision.
INSIDE = re.compile(r"^/!svn/(?:(?:txr|txn|rvr|ver|wrk|bc)/[^/]+|[a-z]+)")


def authenhandler(req):
    password = req.get_basic_auth_pw()
    return apache.OK if PASSWORDS.get(req.user) == password else apache.HTTP_UNAUTHORIZED


def authzhandler(req):
    if req.user == "eve":
        return apache.HTTP_FORBIDDEN
    if req.method in READING or all(may_write(req.user, path) for path in written(req)):
        return apache.OK
    return apache.HTTP_FORBIDDEN


def written(req):
    if req.method not in ("COPY", "MOVE"):
        return [req.uri]
    target = posixpath.normpath(unquote(urlsplit(req.headers_in["Destination"]).path))
    return [target] if req.method == "COPY" else [req.uri, target]


def may_write(user, path):
    path = INSIDE.sub("", path.removeprefix("/svn/repo"))
    if user == "joe":
        return not path.startswith("/trunk/sealed/")
    # A transaction as a whole is nowhere; what is put into it is somewhere.
    return path in ("", "/") or (path + "/").startswith("/trunk/docs/")
'''


def refusal() -> str | None:
    """Return why there can be no such test here, or None."""
    reason = missing(BACK)
    if reason is None and not (shutil.which("svn") and shutil.which("svnadmin")):
        reason = "Subversion is not installed"
    return reason


class Setup:
    """A repository, the server that has it, olexd in front, and working copies."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.directory = directory
        self.repository = directory / "repo"
        subprocess.run(["svnadmin", "create", str(self.repository)], check=True, timeout=SECONDS)
        self.give_away()
        self.back = self.server(Apache, self.backend_config)
        self.guard = directory / "guard.py"
        self.guard.write_text(GUARD.replace("@PASSWORDS@", repr(PASSWORDS)))
        self.front = self.server(Olexd, self.front_config)
        for server in (self.back, self.front):
            stack.enter_context(server)
        self.url = f"http://127.0.0.1:{self.front.address}/svn/repo"

    def give_away(self) -> None:
        """Give the repository to whom Apache's workers are."""
        if account := Apache.account():
            for path in (self.repository, *self.repository.rglob("*")):
                shutil.chown(path, account, account)

    def server(self, kind: type[RunningServer], config: Callable[[Path, int], str]) -> RunningServer:
        """Return a server of a kind."""
        place = self.directory / kind.name
        place.mkdir()
        place.chmod(0o755)
        port = free_port()
        return kind(config(place, port), place, port)

    def backend_config(self, place: Path, port: int) -> str:
        """Return the configuration of the server that has the repository, and believes what it is told."""
        return base_config(place, port, BACK) + (
            f"<Location /svn/repo>\nDAV svn\nSVNPath {self.repository}\n"
            # Whom the front let through is whom he says: his name becomes the author.
            'AuthType Basic\nAuthName "behind"\nAuthBasicProvider anon\nAnonymous "*"\n'
            "Anonymous_MustGiveEmail Off\nAnonymous_LogEmail Off\nRequire valid-user\n</Location>\n"
        )

    def front_config(self, place: Path, port: int) -> str:
        """Return olexd's configuration."""
        backend = f"http://127.0.0.1:{self.back.address}/svn/"
        return base_config(place, port, ("proxy", "proxy_http", "headers", "python")) + (
            f"PythonPath \"['{self.directory}'] + sys.path\"\nLimitRequestBody 0\n"
            f"ProxyPass /svn/ {backend}\nProxyPassReverse /svn/ {backend}\nProxyPreserveHost On\n"
            '<Location /svn/>\nAuthType Basic\nAuthName "Repositories"\nRequire valid-user\n'
            "AuthBasicAuthoritative Off\nPythonAuthenHandler guard\nPythonAuthzHandler guard\n</Location>\n"
        )

    def svn(self, user: str, *words: str, password: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run the client as somebody, "" for nobody."""
        home = self.directory / "client"
        who = ["--username", user, "--password", PASSWORDS.get(user, "") if password is None else password]
        return subprocess.run(
            [
                "svn",
                "--non-interactive",
                "--no-auth-cache",
                "--config-dir",
                str(home),
                *(who if user else []),
                *words,
            ],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            cwd=self.directory,
        )

    def refused(self, user: str, *words: str, password: str | None = None) -> str:
        """Return what the client complains about, having failed; the repository is as it was."""
        before = self.youngest()
        done = self.svn(user, *words, password=password)
        assert done.returncode != 0
        assert self.youngest() == before
        return done.stderr

    def youngest(self) -> int:
        """Return the number of the last revision."""
        look = ["svnlook", "youngest", str(self.repository)]
        return int(subprocess.run(look, capture_output=True, check=True, timeout=SECONDS).stdout)

    def did(self, user: str, *words: str) -> str:
        """Return what the client prints when it succeeds."""
        done = self.svn(user, *words)
        assert done.returncode == 0, f"{words}: {done.stderr}\n{self.front.error_log()[-2000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    """The servers, and a repository with some folders."""
    if reason := refusal():
        if os.environ.get("OLEXD_REQUIRE_PARITY") == "1":
            pytest.fail(f"OLEXD_REQUIRE_PARITY is set, but {reason}", pytrace=False)
        pytest.skip(reason)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="svn-")))
        directory.chmod(0o755)
        setup = Setup(directory, stack)
        folders = [f"{setup.url}/{name}" for name in ("trunk/docs", "trunk/sealed", "branches")]
        setup.did("joe", "mkdir", "--parents", "-m", "folders", *folders)
        yield setup


def test_strangers(setup: Setup) -> None:
    """Nobody, a wrong password and a user without business here see nothing of the repository."""
    assert "E215004" in setup.refused("", "ls", setup.url)
    assert "E215004" in setup.refused("joe", "checkout", setup.url, "stolen", password="wrong")
    assert "forbidden" in setup.refused("eve", "checkout", setup.url, "stolen")
    assert not list(setup.directory.glob("stolen/*"))


def test_a_day_of_work(setup: Setup) -> None:
    """Checkout, commit, copy, move, update: with names of all kinds, large files and their authors."""
    trunk, here, there = f"{setup.url}/trunk", setup.directory / "joe", setup.directory / "ann"
    setup.did("joe", "checkout", trunk, str(here))
    setup.did("ann", "checkout", trunk, str(there))
    large = os.urandom(3_000_000)
    (here / "large").write_bytes(large)
    (here / "docs" / "ein Brief & mehr, schön.txt").write_text("hello\n")
    setup.did("joe", "add", str(here / "large"), str(here / "docs" / "ein Brief & mehr, schön.txt"))
    setup.did("joe", "commit", "-m", "two files", str(here))
    setup.did("joe", "copy", "-m", "a branch", trunk, f"{setup.url}/branches/one #1")
    setup.did(
        "joe", "move", "-m", "another name", f"{setup.url}/branches/one%20%231", f"{setup.url}/branches/two"
    )
    setup.did("joe", "update", str(here))
    setup.did("joe", "move", str(here / "large"), str(here / "docs" / "large"))
    setup.did("joe", "commit", "-m", "moved in the working copy", str(here))
    setup.did("ann", "update", str(there))
    assert (there / "docs" / "large").read_bytes() == large
    assert (there / "docs" / "ein Brief & mehr, schön.txt").read_text() == "hello\n"
    assert setup.did("ann", "ls", f"{setup.url}/branches") == "two/\n"
    assert "| joe |" in setup.did("ann", "log", "-l", "1", setup.url)


def test_who_may_write_where(setup: Setup) -> None:
    """A reader commits to her own corner and nowhere else; nothing of a refused commit stays."""
    docs, here = f"{setup.url}/trunk/docs", setup.directory / "docs"
    setup.did("ann", "checkout", docs, str(here))
    (here / "ann").write_text("mine")
    setup.did("ann", "add", str(here / "ann"))
    setup.did("ann", "commit", "-m", "hers", str(here))
    assert "| ann |" in setup.did("joe", "log", "-l", "1", setup.url)
    assert "forbidden" in setup.refused("ann", "mkdir", "-m", "no", f"{setup.url}/trunk/hers")
    assert "forbidden" in setup.refused("ann", "delete", "-m", "no", f"{setup.url}/branches")
    assert "forbidden" in setup.refused("joe", "mkdir", "-m", "no", f"{setup.url}/trunk/sealed/x")


def test_where_copies_go(setup: Setup) -> None:
    """The target of a copy or a move counts, which only the Destination field names."""
    source = f"{setup.url}/branches"
    setup.did("ann", "copy", "-m", "into her corner", source, f"{setup.url}/trunk/docs/copied")
    assert "forbidden" in setup.refused("ann", "copy", "-m", "no", source, f"{setup.url}/trunk/copied")
    assert "forbidden" in setup.refused("joe", "copy", "-m", "no", source, f"{setup.url}/trunk/sealed/copied")
    assert "forbidden" in setup.refused("joe", "move", "-m", "no", source, f"{setup.url}/trunk/sealed/moved")


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize("target", ["/trunk/sealed/x", "/trunk/docs/../sealed/x", "/trunk/%73ealed/x"])
def test_destinations_by_hand(setup: Setup, method: str, target: str) -> None:
    """A client that writes the field itself gets no further, however it spells the path."""
    with Wire(setup.front) as wire:
        wire.get(
            "/svn/repo/branches",
            f"Destination: {setup.url}{target}",
            basic("joe", PASSWORDS["joe"]),
            method=method,
        )
        assert wire.read().status == 403
