"""The sites run on olexd: their configurations load as they are, and what must be open or shut is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from olexd.config.build import load
from olexd.modules.registry import SPECS
from tests.integration.backends import Backend
from tests.integration.servers import Olexd, RunningServer, free_port
from tests.parity.runner.case import Case, Request, ask
from tests.parity.runner.client import Client
from tests.sites.tree import GUARD, PORTAL, TRAC, Tree, make_trac_state
from tests.sites.visits import guard, portal, trac

Step = tuple[Request, int, str]
"""A request, the status of its answer, and what is found in the answer's head or body."""


@contextmanager
def running(tree: Tree, directory: Path, defines: Mapping[str, str]) -> Iterator[RunningServer]:
    """Serve a site whose state, if it has any, is in `directory`/state."""
    copy = tree.copy(directory)
    for name in ("logs", "state"):
        (directory / name).mkdir(exist_ok=True)
    ports = free_port(), free_port()
    text = tree.config(copy, directory, ports, defines)
    with Olexd(text, directory, ports[0]) as server:
        config = load(str(server.config_file), SPECS)
        assert all("is accepted without effect" in warning for warning in config.warnings)
        yield server


def walk(server: RunningServer, steps: Sequence[Step]) -> None:
    """Make the requests in order, as one browser, and look at each answer."""
    case = Case("alone", [request for request, _, _ in steps], cookies=True)
    for (request, status, pattern), response in zip(steps, Client(server, case).run(), strict=True):
        assert response.status == status, (request, response.raw)
        assert re.search(pattern, response.raw.decode("utf-8", "replace")), (request, response.raw)


def test_trac(tmp_path: Path) -> None:
    """Hosts of their own, pages for everybody, log-in for members of the right groups, a way to TLS."""
    (tmp_path / "state").mkdir()

    def to(path: str, *headers: str, host: str = trac.PROJECTS) -> Request:
        return ask("GET", path, *headers, host=host)

    steps = [
        (to("/", host="www.example.test"), 200, "All projects"),
        (to("/trac", host="www.example.test"), 301, "Location: http://projects.example.test"),
        (to("/internal/", host="www.example.test"), 401, "Ask the directory's keeper"),
        (to("/projects"), 200, "Available Projects"),
        (to("/projects/cafe"), 200, "Welcome to Trac"),
        (to("/projects/cafe/chrome/common/css/trac.css"), 200, "X-Served-By: files"),
        (to("/projects/cafe/search?q=x", "User-Agent: some spider"), 403, ""),
        (to("/projects/cafe/login"), 401, 'Basic realm="Trac"'),
        (to("/projects/cafe/login", trac.BOB), 403, ""),
        (to("/projects/tea/login", trac.ALICE), 403, ""),
        (to("/projects/cafe/login", trac.ALICE), 302, "trac_auth="),
        (to("/projects/cafe/wiki"), 200, "logged in as"),
        (to("/projects/cafe/admin", trac.ALICE), 401, ""),
        (to("/login", host=trac.DEV), 302, "Location: https://dev.example.test:"),
        (to("/logos/cafe.svg", host=trac.DEV), 200, "<svg"),
        (to("/t/99", host=trac.DEV), 404, "Ticket 99 does not exist"),
    ]
    with running(TRAC, tmp_path, make_trac_state(tmp_path / "state")) as server:
        walk(server, steps)
    assert "Traceback" not in (tmp_path / "logs" / "trac.log").read_text()
    assert "GET /t/99 " in (tmp_path / "logs" / "dev.example.test.access").read_text()


def test_portal(tmp_path: Path) -> None:
    """Every name leads to the sign-in; a guest who has signed in may pass until signing out."""

    def to(path: str, host: str = portal.PORTAL) -> Request:
        return ask("GET", path, host=host)

    form = "name=Ann&terms=yes"
    steps = [
        (to("/any/page?x=1", portal.ELSEWHERE), 302, "Location: http://portal.test:"),
        (ask("GET", "/generate_204", host="gstatic.test"), 302, "X-Portal: /generate_204"),
        (to("/net"), 511, "Asked for: /net"),
        (to("/portal/guest"), 511, "Cache-Control: no-cache"),
        (ask("POST", "/portal/sign_in", portal.FORM, body="name=Ann", host=portal.PORTAL), 302, "incomplete"),
        (ask("POST", "/portal/sign_in", portal.FORM, body=form, host=portal.PORTAL), 302, "Set-Cookie"),
        (to("/portal/guest"), 200, "Ann has 60 minutes"),
        (to("/net"), 200, "Ann, page 1 of 02:00:00:00:00:01"),
        (to("/portal/sign_out"), 200, "Good bye"),
        (to("/net"), 511, "Sign in"),
        (to("/guests", portal.STAFF), 401, ""),
        (to("/public", portal.STAFF), 200, "whoever you are"),
    ]
    with running(PORTAL, tmp_path, {}) as server:
        walk(server, steps)


def test_guard(tmp_path: Path) -> None:
    """Files, programs and a backend are for those whom Python and Require let in, by method."""

    def to(path: str, *headers: str, method: str = "GET") -> Request:
        return ask(method, path, *headers)

    steps = [
        (to("/files/one.txt"), 200, "one"),
        (to("/files/one.txt", "User-Agent: Evil/1.0"), 403, ""),
        (to("/files/private/plan.txt"), 401, ""),
        (to("/files/private/plan.txt", guard.BOB), 200, "secret"),
        (to("/files/private/plan.txt", guard.EVE), 403, ""),
        (to("/files/private/server.key", guard.BOB), 401, ""),
        (to("/files/private/public-hello.txt"), 200, "hello"),
        (to("/viewvc/trunk"), 401, ""),
        (to("/viewvc/trunk", guard.ALICE), 200, "user alice"),
        (to("/pub/page.html"), 401, ""),
        (to("/pub/page.html", "X-Inside: yes"), 200, "page"),
        (to("/svn/closed/x"), 401, ""),
        (to("/svn/closed/x", guard.BOB), 200, "x-remote-user: bob\nauthorization: \n"),
        (to("/svn/closed/x", guard.BOB, method="PUT"), 403, ""),
        (to("/svn/closed/x", guard.ALICE, method="PUT"), 200, "PUT /svn/closed/x"),
        (to("/svn/open/x", guard.ALICE, method="PUT"), 405, ""),
    ]
    with (
        Backend(guard.backend) as backend,
        running(GUARD, tmp_path, {"BACKEND_PORT": str(backend.port)}) as server,
    ):
        walk(server, steps)


@pytest.mark.parametrize("tree", [TRAC, PORTAL, GUARD], ids=lambda tree: tree.name)
def test_trees_are_apaches(tree: Tree) -> None:
    """Each site is configured in several files, with no word about olexd."""
    texts = [path.read_text().lower() for path in tree.config_files()]
    assert len(texts) > 4
    assert not [text for text in texts if "olexd" in text]
