"""PCRE and wildcards in Python's terms."""

from __future__ import annotations

import re

import pytest

from olexd.config.errors import DirectiveError
from olexd.config.regex import compile_regex, compile_wildcard, has_wildcard
from olexd.regex import RegexOptions, regex_options


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"^/a.b$", ["/a\nb", "/axb"], ["/axb\n", "/ab"]),
        (r"(?<year>\d{4})", ["/2026"], ["/26"]),
        (r"(?'n'x)\k<n>", ["xx"], ["x"]),
        (r"(a)(b)\g{-1}\g1", ["abba"], ["abab"]),
        (r"(?<c>a)\k{c}\g{c}", ["aaa"], ["aa"]),
        (r"^[[:alpha:]_]+$", ["ab_"], ["a1"]),
        (r"^[^[:digit:]]$", ["x"], ["1"]),
        (r"^[]a]$", ["]", "a"], ["b"]),
        (r"^[a[b]$", ["[", "a"], ["c"]),
        (r"^[a&&b~~c||d]$", ["&", "~", "|"], ["e"]),
        (r"^\Qa.b\E.$", ["a.bx"], ["axbx"]),
        (r"^\h+\H$", [" \tx"], ["\n"]),
        (r"^a\R$", ["a\r\n", "a\n"], ["a"]),
        (r"a(?i)b|c", ["aB", "C"], ["AB"]),
        (r"(a(?i)b)c", ["aBc"], ["aBC"]),
        (r"(?i)abc", ["ABC"], ["abd"]),
        (r"^(?i-s)a.$", ["Ab"], ["a\n"]),
        (r"x\Z", ["x", "x\n"], ["xy"]),
        (r"x\z", ["x"], ["x\n"]),
        (r"(?m)^b$", ["a\nb\nc"], ["ab"]),
        (r"^\x{41}[\x{42}]$", ["AB"], ["41"]),
        (r"^a{,2}$", ["a{,2}"], ["aa"]),
        (r"^a++b(?>c+)$", ["aabcc"], ["b"]),
        (r"\.(py|html)$", ["x.py"], ["xpy"]),
        (r"^\w$", ["a"], ["é"]),
        (r"\e", ["\x1b"], ["e"]),
    ],
)
def test_regex(pattern: str, yes: list[str], no: list[str]) -> None:
    """A PCRE pattern matches what it matches in httpd."""
    compiled = compile_regex(pattern)
    assert [text for text in yes if not compiled.search(text)] == []
    assert [text for text in no if compiled.search(text)] == []


@pytest.mark.parametrize("pattern", ["(", "[a", "a**", r"\K", r"\p{L}", "(?|a|b)", "[[:nope:]]", "(?R)"])
def test_refused_regex(pattern: str) -> None:
    """A broken pattern, or one this engine cannot do, is an error and never matches something else."""
    with pytest.raises(DirectiveError, match="Regex could not be compiled"):
        compile_regex(pattern)


def test_flags() -> None:
    """Flags are those of `re`."""
    assert compile_regex("a", re.IGNORECASE).search("A")


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("/a/*", ["/a/x", "/a/"], ["/a/x/y", "/a"]),
        ("/a?c", ["/abc"], ["/a/c", "/ac"]),
        ("/[a-c]", ["/b"], ["/d", "//"]),
        ("/[!a]x", ["/bx"], ["/ax", "//x"]),
        ("/[^a]x", ["/bx"], ["/ax"]),
        (r"/\*x?", ["/*xy"], ["/axy"]),
        ("a.b*", ["a.bc"], ["axbc"]),
        ("[]x]*", ["]1", "x"], ["y"]),
        ("a[b", ["a[b"], ["ab"]),
    ],
)
def test_wildcard(pattern: str, yes: list[str], no: list[str]) -> None:
    """Wildcards match the whole text and never a slash."""
    compiled = compile_wildcard(pattern)
    assert [text for text in yes if not compiled.fullmatch(text)] == []
    assert [text for text in no if compiled.fullmatch(text)] == []


def test_wildcard_across_slashes() -> None:
    """A name that is no path may let `*` match anything."""
    assert compile_wildcard("*.x", slash=True).fullmatch("a/b.x")


@pytest.mark.parametrize(("text", "expected"), [("*", True), ("a[b]", True), ("a[b", False), (r"\*", False)])
def test_has_wildcard(text: str, expected: bool) -> None:
    """An escaped or unclosed wildcard is plain text."""
    assert has_wildcard(text) is expected


def test_a_reversed_range_in_a_wildcard_is_refused() -> None:
    """A wildcard that cannot be compiled is a configuration error."""
    with pytest.raises(DirectiveError):
        compile_wildcard("[z-a]")


def test_default_options() -> None:
    """RegexDefaultOptions change what patterns mean, within one reading of a configuration."""
    with regex_options(RegexOptions(icase=True, dotall=False, dollar_endonly=False)):
        pattern = compile_regex("^a.b$")
        assert pattern.search("A-B\n")
        assert not pattern.search("a\nb")
    pattern = compile_regex("^a.b$")
    assert pattern.search("a\nb")
    assert not pattern.search("a-b\n")
    assert not pattern.search("A-B")
