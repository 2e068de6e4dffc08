"""Whole sites answer on olexd as on Apache with mod_python, with the configuration they have there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.backends import Backend
from tests.parity.conftest import need_apache
from tests.parity.runner.case import Case
from tests.parity.runner.pair import Pair, serving
from tests.sites.served import TreeSite
from tests.sites.tree import GUARD, PORTAL, TRAC, Tree, make_trac_state
from tests.sites.visits import guard, portal, trac


@contextmanager
def running(
    tree: Tree, cases: Sequence[Case], defines: Mapping[str, str] | None = None, state: Path | None = None
) -> Iterator[Pair]:
    """Start both servers with a site. Its folder is one that every account may read: pytest's are private."""
    need_apache(tree.modules())
    with tempfile.TemporaryDirectory(prefix=f"{tree.name}-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with serving(TreeSite(tree, directory, cases, defines or {}, state), directory) as pair:
            yield pair


@pytest.fixture(scope="module")
def trac_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both servers with the Trac site: two projects, and a host with TLS."""
    need_apache(TRAC.modules())
    state = tmp_path_factory.mktemp("trac")
    with running(TRAC, trac.CASES, make_trac_state(state), state) as pair:
        yield pair


@pytest.fixture(scope="module")
def portal_pair() -> Iterator[Pair]:
    """Both servers with the captive portal."""
    with running(PORTAL, portal.CASES) as pair:
        yield pair


@pytest.fixture(scope="module")
def guard_pair() -> Iterator[Pair]:
    """Both servers with the guarded site, and the backend behind them."""
    with (
        Backend(guard.backend) as backend,
        running(GUARD, guard.CASES, {"BACKEND_PORT": str(backend.port)}) as pair,
    ):
        yield pair


def check(pair: Pair, visit: Case) -> None:
    """Fail unless both servers answer all requests of a visit alike."""
    if wrong := pair.verdict(visit):
        pytest.fail(wrong, pytrace=False)


def named(cases: Sequence[Case]) -> list[object]:
    """Return the cases as parameters. They are none of the common pair, which asks for a `case`."""
    return [pytest.param(case, id=case.name) for case in cases]


@pytest.mark.parametrize("visit", named(trac.CASES))
def test_trac(visit: Case, trac_pair: Pair) -> None:
    """Each visit to the Trac site is answered alike."""
    check(trac_pair, visit)


@pytest.mark.parametrize("visit", named(portal.CASES))
def test_portal(visit: Case, portal_pair: Pair) -> None:
    """Each visit to the captive portal is answered alike."""
    check(portal_pair, visit)


@pytest.mark.parametrize("visit", named(guard.CASES))
def test_guard(visit: Case, guard_pair: Pair) -> None:
    """Each visit to the guarded site is answered alike."""
    check(guard_pair, visit)
