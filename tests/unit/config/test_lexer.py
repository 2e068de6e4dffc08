"""Lines, words and variables."""

from __future__ import annotations

import pytest

from olexd.config.lexer import MAX_LINE, expand, logical_lines, split_name, split_words


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a\n\n  b\t\n", [(1, "a"), (3, "b")]),
        ("a\\\nb\n", [(2, "ab")]),
        ("a \\\n  b", [(2, "a   b")]),
        ("a\r\nb\\\r\nc\r\n", [(1, "a"), (3, "bc")]),
        ("a\\\\\nb", [(2, "a\\b")]),
        ("a\\ \nb", [(1, "a\\"), (2, "b")]),
        ("a\\", [(1, "a")]),
        ("# c \\\nstill\nx", [(2, "# c still"), (3, "x")]),
        ("\x0b\x0c a \x0c", [(1, "a")]),
        ("\\\n\\\n", []),
    ],
)
def test_lines(text: str, lines: list[tuple[int, str]]) -> None:
    """Lines are continued by any last backslash and carry the number of their last part."""
    assert list(logical_lines(text)) == lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ("a", "b", "c")),
        ('"a b" c', ("a b", "c")),
        ("'a \"b' c", ('a "b', "c")),
        ('a"b c"', ('a"b', 'c"')),
        (r'"a\"b"', ('a"b',)),
        (r'"a\'b"', (r"a\'b",)),
        (r"'a\'b'", ("a'b",)),
        (r'"a\\" b', ("a\\", "b")),
        (r"\.x \\d \d", (r"\.x", r"\d", r"\d")),
        ('"open to the end', ("open to the end",)),
        (r'"open\"', ('open"',)),
        ('""', ("",)),
        ('a "" b', ("a", "", "b")),
        ('"a"b', ("a", "b")),
        ("x # y", ("x", "#", "y")),
        ("  ", ()),
        ("no\u00a0break \u2003wide", ("no\u00a0break", "\u2003wide")),
        ("unit\x1fseparator", ("unit\x1fseparator",)),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    """Quotes count at the start of a word, escapes only where httpd knows them, blanks are ASCII's."""
    assert split_words(text) == words


def test_a_quoted_name_is_a_name() -> None:
    """The directive name is a word like any other."""
    assert split_name('"Set Handler"  x y') == ("Set Handler", "x y")


def test_variables() -> None:
    """Known variables are replaced once, unknown ones stay and are told."""
    missing: list[str] = []
    values = {"A": "x ${B}", "B": "no"}
    assert expand("1 ${A} $A ${C} ${", values.get, missing.append) == "1 x ${B} $A ${C} ${"
    assert missing == ["C"]


def test_expansion_is_bounded() -> None:
    """A line that variables blow up is refused."""
    with pytest.raises(ValueError, match="Line too long"):
        expand("${A}${A}", lambda name: "x" * MAX_LINE, lambda name: None)
