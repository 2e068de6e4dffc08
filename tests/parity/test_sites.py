"""Whole sites answer on olexd as on Apache with mod_python, with the configuration they have there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.integration.servers import missing
from tests.integration.test_trackers import run
from tests.parity.runner.case import Case
from tests.parity.runner.pair import Pair, serving
from tests.parity.runner.tree import TreeSite
from tests.parity.visits import portal, trac
from tests.sites import PACKAGES, Tree


@contextmanager
def common_folder(name: str) -> Iterator[Path]:
    """A temporary folder that every account may read: pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture(scope="module")
def trac_pair() -> Iterator[Pair]:
    """Both servers with the Trac site: two projects, and a host with TLS."""
    with common_folder("trac") as directory:
        projects = directory / "state" / "projects"
        projects.mkdir(parents=True)
        for name, title in (("cafe", "Café"), ("tea", "Tea")):
            run("trac-admin", projects / name, "initenv", title, "sqlite:db/trac.db")
        run("trac-admin", projects / "cafe", "permission", "add", "grace", "TRAC_ADMIN")
        identity = Authority(directory).issue("dev.example.test")
        defines = {
            "TRAC_PACKAGES": str(PACKAGES),
            "CERTIFICATE": str(identity.cert_file),
            "CERTIFICATE_KEY": str(identity.key_file),
        }
        tree = Tree("trac", "etc/apache2.conf", defines)
        with serving(TreeSite(tree, directory, trac.CASES, directory / "state"), directory) as pair:
            yield pair


@pytest.mark.parametrize("visit", [pytest.param(case, id=case.name) for case in trac.CASES])
def test_trac(visit: Case, trac_pair: Pair) -> None:
    """Each visit to the Trac site is answered alike."""
    if wrong := trac_pair.verdict(visit):
        pytest.fail(wrong, pytrace=False)


@pytest.fixture(scope="module")
def portal_pair() -> Iterator[Pair]:
    """Both servers with the captive portal."""
    with common_folder("portal") as directory:
        tree = Tree("portal", "conf/httpd.conf")
        with serving(TreeSite(tree, directory, portal.CASES), directory) as pair:
            yield pair


@pytest.mark.parametrize("visit", [pytest.param(case, id=case.name) for case in portal.CASES])
def test_portal(visit: Case, portal_pair: Pair) -> None:
    """Each visit to the captive portal is answered alike."""
    if wrong := portal_pair.verdict(visit):
        pytest.fail(wrong, pytrace=False)
