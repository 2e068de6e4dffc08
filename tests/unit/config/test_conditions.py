"""Conditional sections."""

from __future__ import annotations

import pytest

from tests.unit.config.specimen import load, problems


@pytest.mark.parametrize(
    ("header", "true"),
    [
        ("IfVersion 2.4.71", True),
        ("IfVersion 2.4", False),
        ("IfVersion == 2.4.71", True),
        ("IfVersion > 2.4.70", True),
        ("IfVersion > 2.4.71", False),
        ("IfVersion <= 2.4.71", True),
        ("IfVersion < 3", True),
        ("IfVersion !< 3", False),
        ("IfVersion ~ ^2", True),
        ("IfVersion !~ ^2", False),
        ("IfVersion /^2/", True),
        ("IfModule core.c", True),
        ("IfModule Core.c", False),
        ("IfModule ! core.c", False),
        ("IfModule mpm_event_module", True),
        ("IfModule prefork.c", False),
        ("IfModule site_module and more", True),
        ('IfDefine "GIVEN"', True),
        ("IfDefine given", False),
        ("IfFile /", True),
        ("IfFile !/", False),
        ("IfDirective sslengine", True),
        ("IfDirective Directory", False),
        ("IfSection directory", True),
        ("IfSection !Nope", True),
    ],
)
def test_conditions(header: str, true: bool) -> None:
    """Each kind of condition answers as httpd does."""
    name = header.split()[0]
    assert bool(load(f"<{header}>\nStep a\n</{name}>", ["GIVEN"]).tree) is true


@pytest.mark.parametrize(
    "header", ["IfVersion", "IfVersion x", "IfVersion 1.2.3.4", "IfVersion ? 2", "IfModule", "IfModule !"]
)
def test_refused(header: str) -> None:
    """A condition that cannot be judged is an error."""
    assert problems(f"<{header}>\n</{header.split()[0]}>")
