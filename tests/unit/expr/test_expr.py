"""Expressions: what is read, what is refused, what they yield."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from olexd.expr import (
    OF_HTACCESS,
    OF_PAGES,
    REQUEST,
    EvaluationError,
    ExprError,
    Vocabulary,
    condition,
    string,
)


class Facts:
    """A provider of a few facts; it notes what it was asked."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.asked: list[str] = []

    def variable(self, name: str) -> str:
        self.asked.append(name)
        return self.values.get(name, "")

    def function(self, name: str, argument: str) -> str:
        if argument == "fail":
            raise EvaluationError("asked to")
        return f"{name}<{argument}>"

    def test(self, operator: str, argument: str) -> bool:
        return argument == operator


def holds(text: str, **values: str) -> bool:
    """Whether an expression holds."""
    return condition(text, REQUEST).holds(Facts(**values))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("! true", False),
        ("false || true && false", False),
        ("(false || true) && true", True),
        ("not false and true", True),
        ("'a'='a'", True),
        ("'a'<'b'", True),
        ("10 -gt 9", True),
        ("'10' > '9'", False),
        ("'99999999999999999999999' -gt 1", True),
        ("'x' eq 0", True),
        ("'b' in { 'a' , 'b' }", True),
        ("'a' . 'b' . 'c' == 'abc'", True),
        ("'a$1b' == 'ab'", True),
        ("'abc' =~ /b(.)/ && $1 == 'c' && 'x$0' == 'xbc'", True),
        ("'abc' =~ m,B,i", True),
        ("'abc' !~ /x/", True),
        ("'\\101\\n' == 'A\n'", True),
        ("-n 'a' && -z ''", True),
        ("-T 'OFF'", False),
        ("-d 'd'", True),
        ("-R 'R'", True),
        ("'192.0.2.7' -ipmatch '192.0.2.0/24'", True),
        ("'nobody' -ipmatch '192.0.2.0/24'", False),
        ("'a/b' -strmatch 'a*'", True),
        ("'a/b' -fnmatch 'a*'", False),
        ("'AB' -strcmatch 'a?'", True),
        ("toupper('a') . tolower('B') == 'Ab'", True),
        ("escape('a b') == 'a%20b'", True),
        ("unescape('a%2Fb') == ''", True),
        ("unbase64('%%') == ''", True),
        ("ldap('a*b') == 'a\\\\2ab'", True),
        ("req('X') == 'req<X>'", True),
        ("%{req:X y} == 'req<X y>'", True),
        ("'<%{req:X}>' == '<req<X>>'", True),
    ],
)
def test_conditions(text: str, expected: bool) -> None:
    """Conditions hold as in httpd."""
    assert holds(text) is expected


def test_variables_are_found_in_any_case() -> None:
    """Names of variables are not case-sensitive."""
    assert holds("%{request_uri} == '/a' && %{HTTPS} == ''", REQUEST_URI="/a")


def test_what_need_not_be_asked_is_not() -> None:
    """The right side of a settled `&&` or `||` is not evaluated."""
    facts = Facts()
    assert condition("true || -n %{REQUEST_URI}", REQUEST).holds(facts)
    assert not condition("false && -n %{REQUEST_URI}", REQUEST).holds(facts)
    assert facts.asked == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unexpected end of the expression"),
        ("true true", "unexpected 'true'"),
        ("%{REQUEST_URI}", "unexpected end"),
        ("%{NOPE} == 'a'", "Variable 'NOPE' does not exist"),
        ("nope('a') == 'a'", "Function 'nope' does not exist"),
        ("'a' in nope('a')", "Function 'nope' does not exist"),
        ("-Q 'a'", "Unary operator '-Q' does not exist"),
        ("'a' -nope 'b'", "Binary operator '-nope' does not exist"),
        ("'a", "Unterminated string"),
        ("'a' =~ /b", "Unterminated regex"),
        ("'a' =~ 'b'", "expecting regular expression"),
        ("'a' =~ /(/", "could not be compiled"),
        ("'%{REQUEST_URI' == 'a'", "unterminated variable"),
        ("'\\777' == 'a'", "out of range"),
        ("'a' in {", "unexpected end"),
        ("(true", "expecting ')'"),
        ("'a' == @", "unexpected '@'"),
        ("(" * 500 + "true" + ")" * 500, "nested more than"),
        ("!" * 500 + "true", "nested more than"),
        ("tolower(" * 500 + "'a'" + ")" * 500 + " == 'a'", "nested more than"),
        ("'" + "a" * 20000 + "' == 'a'", "longer than"),
    ],
)
def test_refused(text: str, message: str) -> None:
    """What cannot be understood is refused when it is read."""
    with pytest.raises(ExprError, match=message.replace("(", r"\(").replace(")", r"\)")):
        condition(text, REQUEST)


def test_long_chains_are_no_nesting() -> None:
    """Many alternatives beside each other are fine."""
    assert holds(" || ".join(["false"] * 1000 + ["true"]))


@pytest.mark.parametrize(
    ("vocabulary", "text", "name"),
    [
        *(
            (vocabulary, text, name)
            for vocabulary in (OF_HTACCESS, OF_PAGES)
            for text, name in [
                ("file('x') == 'x'", "file"),
                ("FileSize('x') -gt 1", "FileSize"),
                ("-n '%{file:x}'", "file"),
                ("-n tolower(file('x'))", "file"),
            ]
        ),
        *((OF_PAGES, f"-{letter} 'x'", f"-{letter}") for letter in "defhLsx"),
    ],
)
def test_what_others_write_cannot_look_at_files(vocabulary: Vocabulary, text: str, name: str) -> None:
    """Where not the administrator wrote an expression, the file system is closed to it."""
    condition(text, REQUEST)
    with pytest.raises(ExprError, match=f"^{name} not available in restricted context$"):
        condition(text, vocabulary)


def test_what_others_write_can_still_use() -> None:
    """Only what is withheld is refused; .htaccess files may test for files, as in httpd."""
    assert condition("-n req('x') && -U '/x'", OF_PAGES)
    assert condition("-f 'x' && -d 'x'", OF_HTACCESS)
    assert string("%{REQUEST_URI}", OF_HTACCESS)
    with pytest.raises(ExprError, match="restricted"):
        string("a %{file:x}", OF_HTACCESS)


def test_own_vocabulary() -> None:
    """A provider may know names of its own."""
    own = Vocabulary(REQUEST.variables | {"DATE"}, REQUEST.functions | {"v"}, frozenset())
    assert condition("v('x') == 'v<x>' && %{DATE} == 'now'", own).holds(Facts(DATE="now"))


def test_evaluation_may_fail() -> None:
    """A provider's failure is the caller's to judge."""
    with pytest.raises(EvaluationError, match="asked to"):
        holds("req('fail') == ''")
    with pytest.raises(EvaluationError, match="subnet"):
        holds("'192.0.2.1' -ipmatch 'nonsense'")


def test_strings() -> None:
    """In a string expression everything but `%{}`, `$N` and escapes is text."""
    assert string('a %{REQUEST_URI} "b" %{req:X}\\n 100%', REQUEST).evaluate(Facts(REQUEST_URI="/u")) == (
        'a /u "b" req<X>\n 100%'
    )
    assert string("", REQUEST).evaluate(Facts()) == ""
    with pytest.raises(ExprError, match="Variable 'NOPE'"):
        string("%{NOPE}", REQUEST)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes reading fail in another way."""
    try:
        condition(text, REQUEST)
    except ExprError:
        return


WORDS = st.sampled_from(
    ["'a'", "%{REQUEST_URI}", "==", "-n", "(", ")", "!", "&&", "or", "in", "{", "}", ",", "tolower", "$1",
     "/a/", "=~", ".", "1", "-eq", "true", "false", "-ipmatch", "-strmatch", "'%{req:X}'"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=12))
def test_what_is_read_can_be_evaluated(words: list[str]) -> None:
    """Whatever was accepted yields a bool, or fails as an evaluation."""
    try:
        found = condition(" ".join(words), REQUEST)
    except ExprError:
        return
    try:
        assert found.holds(Facts()) in (True, False)
    except EvaluationError:
        return
