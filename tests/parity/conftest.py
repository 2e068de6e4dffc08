"""Parity as a pytest plugin: options, the pair of servers that all cases share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import pytest

from tests.integration.servers import missing
from tests.parity.runner.case import Case
from tests.parity.runner.pair import Pair, running_pair


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --parity-self."""
    parser.addoption(
        "--parity-self",
        action="store_true",
        help="compare Apache with a second Apache: a case that fails then is not deterministic",
    )


def selected_cases(session: pytest.Session) -> list[Case]:
    """Return the cases of the tests that were selected, in order."""
    specs = (getattr(item, "callspec", None) for item in session.items)
    found = (spec.params.get("case") for spec in specs if spec is not None)
    # Other suites have parameters of that name, too.
    return [case for case in found if isinstance(case, Case)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run cases with interpreters of their own last: starting one changes the others on mod_python."""
    items.sort(key=lambda item: _has_own_interpreter(item))


def _has_own_interpreter(item: pytest.Item) -> bool:
    spec = getattr(item, "callspec", None)
    case = spec.params.get("case") if spec is not None else None
    return isinstance(case, Case) and case.own_interpreter


def need_apache(modules: Iterable[str] = ("python",)) -> None:
    """Skip without an Apache with these modules; fail where OLEXD_REQUIRE_PARITY says there must be one."""
    if reason := missing(modules):
        if os.environ.get("OLEXD_REQUIRE_PARITY") == "1":
            pytest.fail(f"OLEXD_REQUIRE_PARITY is set, but {reason}", pytrace=False)
        pytest.skip(f"parity needs the real thing: {reason}")


@pytest.fixture(scope="session")
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Both servers, running, with all selected cases."""
    need_apache()
    against_itself = bool(request.config.getoption("--parity-self", default=False))
    with running_pair(selected_cases(request.session), against_itself) as pair:
        yield pair
