"""The lexer on any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from olexd.config.errors import DirectiveError
from olexd.config.lexer import BLANKS, expand, logical_lines, split_name, split_words
from olexd.config.regex import compile_regex, compile_wildcard, has_wildcard
from olexd.config.source import decode

TEXT = st.text(alphabet=st.sampled_from("ab \t\\\"'\n\r#<>/${}*?[]()|.^!-\0é"), max_size=60)


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_any_text_gives_lines_and_words(text: str) -> None:
    """No text crashes the lexer; lines are trimmed, not empty, and in ascending order."""
    lines = list(logical_lines(text))
    assert all(line and line == line.strip(BLANKS) for _, line in lines)
    assert [number for number, _ in lines] == sorted({number for number, _ in lines})
    for _, line in lines:
        split_words(line)
        split_name(expand(line, {"a": "b"}.get, lambda name: None))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet=st.sampled_from("ab \\\"'\té"), min_size=0, max_size=8), max_size=5))
def test_quoting_is_undone(words: list[str]) -> None:
    """Words that are quoted by the rules come back as they were."""
    quoted = ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words]
    assert split_words(" ".join(quoted)) == tuple(words)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_decode(data: bytes) -> None:
    """Every file has a text, without characters that could not be written again."""
    decode(data).encode()


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab()[]{}?*+|\\^$.,:-QEkgdwhKx<>='1/#!imP&~"), max_size=20))
def test_any_pattern_compiles_or_is_refused(pattern: str) -> None:
    """Patterns and wildcards are compiled or refused with a configuration error, nothing else."""
    for compile_it in (compile_regex, compile_wildcard):
        try:
            compile_it(pattern)
        except DirectiveError:
            continue


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab/.-\\"), max_size=12))
def test_text_without_wildcards_matches_itself(text: str) -> None:
    """What holds no wildcard compiles to itself, backslash escapes apart."""
    assert not has_wildcard(text)
    if "\\" not in text:
        assert compile_wildcard(text).fullmatch(text)
