"""Every case answers on olexd as it answers on Apache with mod_python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.servers import REPOSITORY
from tests.parity.cases import CASES
from tests.parity.runner.case import Case
from tests.parity.runner.pair import Pair

DIFFERENCES = REPOSITORY / "docs" / "differences.md"


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_case(case: Case, pair: Pair) -> None:
    """Status, headers, body and log of the case are equal, or differ in just the documented way."""
    if wrong := pair.verdict(case):
        pytest.fail(wrong, pytrace=False)


def test_names_are_unique() -> None:
    """No case hides behind another's name, host or module."""
    modules = [case.module for case in CASES]
    assert sorted(modules) == sorted(set(modules))


def documented_differences(page: Path = DIFFERENCES) -> set[str]:
    """Return the case names in the first column of the page's tables."""
    text = page.read_text() if page.exists() else ""
    return set(re.findall(r"^\| `([\w.-]+)` \|", text, re.M))


def test_differences_are_documented() -> None:
    """Each case that differs on purpose has its row in docs/differences.md, and no row lacks its case."""
    assert documented_differences() == {case.name for case in CASES if case.differs}
