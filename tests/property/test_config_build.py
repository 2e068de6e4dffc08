"""Loading any configuration: a result or a ConfigError, never anything else."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from olexd.config.dump import dump
from olexd.config.errors import ConfigError
from olexd.config.known import known_directives
from tests.unit.config.specimen import SITE, load

NAMES = sorted({known.name for known in known_directives().values()} | {row.name for row in SITE.directives})
ARGUMENT = st.sampled_from(
    [
        "a",
        '"b c"',
        "",
        "/a",
        "*",
        "~",
        '"("',
        "on",
        "${X}",
        "*:80",
        "[::1]:80",
        "[",
        "80",
        ">",
        "None",
        "!x",
        "\\",
        "a:1",
    ]
)
ARGUMENTS = st.lists(ARGUMENT, max_size=4).map(" ".join)
SAFE = [name for name in NAMES if name not in ("Include", "IncludeOptional", "<VirtualHost>")]
LINE = st.tuples(st.sampled_from(SAFE), ARGUMENTS).map(
    lambda pair: f"{pair[0][:-1]} {pair[1]}>" if pair[0].startswith("<") else f"{pair[0]} {pair[1]}"
)
COMMON = st.sampled_from(
    ["<Location /a>", "<Directory /a>", "<Files x>", "<IfDefine X>", "<IfDefine !X>", "<Limit GET>"]
)
END = st.sampled_from(
    ["Location", "Directory", "Files", "IfDefine", "Limit", "RequireAll", "Macro", "VirtualHost"]
)
LINES = (
    LINE | COMMON | END.map(lambda name: f"</{name}>") | st.text(max_size=12) | st.just("<VirtualHost *:80>")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=25))
def test_any_directives(lines: list[str]) -> None:
    """Random directives in random sections compile or are refused, and every refusal has a place."""
    try:
        dump(load("\n".join(lines)))
    except ConfigError as error:
        assert error.problems
        assert all(problem.where and problem.message for problem in error.problems)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Random text compiles or is refused."""
    with contextlib.suppress(ConfigError):
        load(text)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["Step a", "Timeout x", "Bogus", "Active 1"]), st.booleans()), max_size=12
    )
)
def test_every_error_is_reported(lines: list[tuple[str, bool]]) -> None:
    """Each bad line gives exactly one problem, in file order."""
    text = "".join(
        f"<Location /a>\n{line}\n</Location>\n" if inside else f"{line}\n" for line, inside in lines
    )
    bad = [
        number
        for number, line in enumerate(text.split("\n"), 1)
        if line and not line.startswith(("<", "Step"))
    ]
    with contextlib.suppress(ConfigError):
        load(text)
        assert not bad
    try:
        load(text)
    except ConfigError as error:
        assert [problem.where.line for problem in error.problems if problem.where] == bad
