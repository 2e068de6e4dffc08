"""Finding elements in pages, whatever the blocks they come in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from olexd.modules.filters.include.parser import LONGEST, Element, Scanner, decode_entities

PAGES = {
    "text": [b"text"],
    '<!--#echo var="X" -->': [Element("echo", [("var", b"X")])],
    'a<!--#echo var="X"-->b': [b"a", Element("echo", [("var", b"X")]), b"b"],
    "<!--#else--><!--#endif -->": [Element("else"), Element("endif")],
    "<!--#-->": [Element("")],
    "<!--# echo -->": [Element("", [("echo", None)])],
    "<!-- #echo -->": [b"<!-- #echo -->"],
    "<!--#SET VAR = 'a' Value=`b` -->": [Element("set", [("var", b"a"), ("value", b"b")])],
    "<!--#set var=a value=b-->": [Element("set", [("var", b"a"), ("value", b"b")])],
    r'<!--#set var="a\"b" value="c\$d" -->': [Element("set", [("var", b'a"b'), ("value", rb"c\$d")])],
    '<!--#if expr="a --> b" -->': [Element("if", [("expr", b"a --> b")])],
    '<!--#echo var="X" ->i -->': [Element("echo", [("var", b"X"), ("->i", None)])],
    '<!--#a b="" --><!--#c -->': [Element("a", [("b", b"")]), Element("c")],
    "a<!-b": [b"a<!-b"],
}


def merged(pieces: list[bytes | Element]) -> list[bytes | Element]:
    """Return pieces with neighbouring text joined."""
    result: list[bytes | Element] = []
    for piece in pieces:
        if isinstance(piece, bytes) and result and isinstance(result[-1], bytes):
            result[-1] += piece
        elif piece != b"":
            result.append(piece)
    return result


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_pages(page: str, size: int) -> None:
    """The same elements, whether a page comes whole or byte by byte."""
    scanner = Scanner()
    data = page.encode()
    pieces = [piece for at in range(0, len(data), size) for piece in scanner.feed(data[at : at + size])]
    rest, unfinished = scanner.finish()
    assert merged([*pieces, rest]) == PAGES[page]
    assert not unfinished


@pytest.mark.parametrize(
    "page", ["<!--#", "<!--#echo", '<!--#echo var="X', '<!--#echo var="X" --', "<!--#a b="]
)
def test_unfinished(page: str) -> None:
    """An element that a page ends in is told apart from text."""
    scanner = Scanner()
    assert scanner.feed(b"a" + page.encode()) == [b"a"]
    assert scanner.finish() == (b"", True)


def test_tags() -> None:
    """What elements begin and end with can be changed."""
    scanner = Scanner(b"<%", b"%>")
    assert scanner.feed(b'<!--#x --><%echo var="X" %>') == [b"<!--#x -->", Element("echo", [("var", b"X")])]


def test_endless_elements_are_refused() -> None:
    """An element that never ends does not fill the memory."""
    scanner = Scanner()
    with pytest.raises(ValueError, match="an element has more than"):
        for _ in range(LONGEST // 65536 + 2):
            scanner.feed(b'<!--#echo var="' + b"x" * 65536)


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_text_without_elements_is_unchanged(blocks: list[bytes]) -> None:
    """Whatever a page holds, what is no element comes out as it went in."""
    blocks = [block.replace(b"#", b"") for block in blocks]
    scanner = Scanner()
    pieces = [piece for block in blocks for piece in scanner.feed(block)]
    rest, unfinished = scanner.finish()
    assert b"".join(piece for piece in [*pieces, rest] if isinstance(piece, bytes)) == b"".join(blocks)
    assert not unfinished


def test_entities() -> None:
    """Character references are replaced, in UTF-8 and in Latin-1 pages."""
    assert decode_entities(b"&lt;&amp;&quot;&#228;") == '<&"\xe4'.encode()
    assert decode_entities(b"\xe4&auml;") == b"\xe4\xe4"
