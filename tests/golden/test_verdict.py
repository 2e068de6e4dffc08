"""The real Apache agrees with the golden files, line by line: olexd refuses what it refuses, nothing else.

A comment `#! LINE: reason` names a line on which the two differ, and why. The files of `config/` are left
out: they are about a module made for tests, which Apache does not have.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from olexd.config.build import load
from olexd.config.errors import ConfigError, Problem
from olexd.modules.registry import SPECS
from tests.golden.test_golden import FOLDER, OF_MODULES, write_files
from tests.golden.verdict import MODULES, Place, Verdict, ask
from tests.parity.conftest import need_apache

_DIFFERENCE = re.compile(r"(?m)^#! (\d+): \S.*$")


def our_problems(root: Path) -> list[Problem]:
    """Return what olexd finds wrong."""
    try:
        load(str(root / "httpd.conf"), SPECS, ["GIVEN"])
    except ConfigError as error:
        return list(error.problems)
    return []


def disagreement(problems: list[Problem], verdict: Verdict) -> set[Place]:
    """Return the places where one finds an error and the other does not."""
    ours = {(problem.where.file, problem.where.line) for problem in problems if problem.where}
    theirs = set(verdict.places)
    if verdict.final:
        # Apache did not get any further, olexd did.
        return theirs - ours
    return theirs ^ {place for place in ours if place in theirs or place not in verdict.covered}


@pytest.mark.parametrize("case", OF_MODULES, ids=lambda case: case.stem)
def test_apache_agrees(case: Path, tmp_path: Path) -> None:
    """Each error is one for Apache, too, at the same place; what olexd accepts Apache accepts."""
    need_apache(MODULES)
    config = case.read_bytes().decode().partition("----\n")[0]
    write_files(config, tmp_path)
    problems = our_problems(tmp_path)
    verdict = ask(tmp_path)
    differing = {(str(tmp_path / "httpd.conf"), int(line)) for line in _DIFFERENCE.findall(config)}
    assert disagreement(problems, verdict) == differing, (verdict, problems)
    assert problems or not verdict.final


def test_folders() -> None:
    """No golden file is overlooked."""
    found = set(FOLDER.parent.rglob("*.txt"))
    assert found == {*OF_MODULES, *FOLDER.glob("*.txt")}
