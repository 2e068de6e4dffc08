"""Query strings (toolkit spec 1.2)."""

from __future__ import annotations

from typing import Any

import pytest

from mod_python._apache import parse_qs, parse_qsl


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", []),
        ("id=5", [("id", "5")]),
        ("a=1&b=2;c=3", [("a", "1"), ("b", "2"), ("c", "3")]),
        ("&&a=1;;", [("a", "1")]),
        ("a+b=c%2Bd", [("a b", "c+d")]),
        ("a==b=c", [("a", "=b=c")]),
        ("a%3Db=c", [("a=b", "c")]),
        ("a=%26b", [("a", "&b")]),
        ("a=%zz%2%u20ac%", [("a", "%zz%2%u20ac%")]),
        ("a=x%00y", [("a", "x")]),
        ("a=x\0y&b=1", [("a", "x")]),
        ("a=%00", [("a", "")]),
        ("a=&b&c=1", [("c", "1")]),
        ("=v", [("", "v")]),
        (" a =\r\n", [(" a ", "\r\n")]),
        ("a=%C3%A9", [("a", "é")]),
        ("a=\xc3\xa9", [("a", "é")]),
        ("a=é", [("a", "é")]),
        ("a=%ff", [("a", "\ufffd")]),
    ],
)
def test_pairs(query: str, pairs: list[tuple[str, str]]) -> None:
    """Text in, text out, by mod_python's rules."""
    assert parse_qsl(query) == pairs


def test_bytes() -> None:
    """Bytes in, bytes out, nothing decoded but escapes."""
    assert parse_qsl(b"a=%ff&b=\xe9") == [(b"a", b"\xff"), (b"b", b"\xe9")]


def test_blank_values() -> None:
    """Pairs without a value are kept on request."""
    assert parse_qsl("a=&b&=", 1) == [("a", ""), ("b", ""), ("", "")]


def test_values_by_name() -> None:
    """`parse_qs` collects the values of each name."""
    assert parse_qs("a=1&b=2&a=3") == {"a": ["1", "3"], "b": ["2"]}


class Word(str):
    """A subclass of str."""


@pytest.mark.parametrize("query", [None, 1, bytearray(b"a=1"), "a=€", Word("a=1")])
def test_other_types(query: Any) -> None:
    """Anything but plain str in Latin-1 and bytes is refused."""
    with pytest.raises(TypeError, match="not an ISO-8859-1 string"):
        parse_qsl(query)


@pytest.mark.parametrize("arguments", [("1",), (0, "1")])
def test_flags_are_numbers(arguments: tuple[Any, ...]) -> None:
    """A flag that is text is refused."""
    with pytest.raises(TypeError):
        parse_qsl("a=1", *arguments)


def test_no_keywords() -> None:
    """Flags are given by position."""
    with pytest.raises(TypeError):
        parse_qsl("a=1", keep_blank_values=1)  # type: ignore[call-arg]
