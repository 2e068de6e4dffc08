"""The table: what handlers may rely on (core spec 4.4), expression by expression."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from olexd.model.fields import fields_of
from olexd.model.table import Table


def filled(*pairs: tuple[str, str]) -> Table:
    table = Table()
    for name, value in pairs:
        table.add(name, value)
    return table


def abA() -> Table:
    return filled(("A", "1"), ("B", "2"), ("a", "3"))


class Word(str):
    """A subclass of str, as templating libraries make them."""


EXPRESSIONS: list[tuple[str, Any]] = [
    ("Table({'a': 1, 'b': None}).items()", [("a", "1"), ("b", "None")]),
    ("Table([('a', '1'), ('A', '2')]).items()", [("a", "2")]),
    ("Table(items={'a': 'b'}).items()", [("a", "b")]),
    ("Table({'a': b'x'}).items()", [("a", "x")]),
    ("Table().items()", []),
    ("abA().items()", [("A", "1"), ("B", "2"), ("a", "3")]),
    ("abA().keys()", ["A", "B", "a"]),
    ("abA().values()", ["1", "2", "3"]),
    ("list(abA())", ["A", "B", "a"]),
    ("list(abA().iterkeys())", ["A", "B", "a"]),
    ("list(abA().itervalues())", ["1", "2", "3"]),
    ("list(abA().iteritems())", [("A", "1"), ("B", "2"), ("a", "3")]),
    ("abA().iterkeys().next()", "A"),
    ("abA()['a']", ["1", "3"]),
    ("abA()['b']", "2"),
    ("abA().get('a')", "1"),
    ("abA().get('x')", None),
    ("abA().get('x', 7)", 7),
    ("'A' in abA(), 'b' in abA(), 'x' in abA()", (True, True, False)),
    ("abA().has_key('b'), abA().has_key('x')", (1, 0)),
    ("len(abA()), bool(abA()), len(Table()), bool(Table())", (3, True, 0, False)),
    ("repr(abA())", "{'a': '3', 'B': '2', 'A': '1'}"),
    ("str(Table({'a': \"x'y\"}))", "{'a': \"x'y\"}"),
    ("repr(filled(('a', 'é')))", "{'a': '\\xe9'}"),
    ("repr(Table({'a': 'é'.encode()}))", "{'a': '\\xc3\\xa9'}"),
    ("repr(Table())", "{}"),
    ("abA() == dict(abA())", True),
    ("dict(abA())", {"A": ["1", "3"], "B": "2", "a": ["1", "3"]}),
    ("Table() == {}", True),
    ("Table({'a': 'b'}) == {'a': 'b'}", True),
    ("Table({'a': 'b'}) == {'A': 'b'}", False),
    ("Table({'a': 'b'}) == Table({'A': 'b'})", False),
    ("Table({'a': 'b'}) != Table({'A': 'b'})", True),
    ("Table({'a': 'b'}) == 5", False),
    ("abA().copy().items()", [("A", "3"), ("B", "2")]),
    ("abA().setdefault('a', '9')", "1"),
    ("abA().setdefault('x', '9')", "9"),
    ("abA().setdefault('x')", ""),
    ("abA().popitem()", ("a", "3")),
    ("abA().pop('a')", "1"),
    ("abA().pop('x', 4)", 4),
    ("Table({'': 'x'}).items()", [("", "x")]),
    ("type(Table()).__name__", "mp_table"),
    ("Table({Word('a'): Word('b')}).items()", [("a", "b")]),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS, ids=[e for e, _ in EXPRESSIONS])
def test_expression(expression: str, expected: Any) -> None:
    """Reading a table gives what mod_python gives."""
    assert eval(expression) == expected


CHANGES: list[tuple[str, list[tuple[str, str]]]] = [
    ("t['a'] = 'x'", [("A", "x"), ("B", "2")]),
    ("t['b'] = 'x'", [("A", "1"), ("B", "x"), ("a", "3")]),
    ("t['new'] = 'x'", [("A", "1"), ("B", "2"), ("a", "3"), ("new", "x")]),
    ("t['b'] = b'x'", [("A", "1"), ("B", "x"), ("a", "3")]),
    ("t[b'b'] = 'x'", [("A", "1"), ("B", "x"), ("a", "3")]),
    ("t['b'] = 'é'.encode()", [("A", "1"), ("B", "é"), ("a", "3")]),
    ("t['b'] = 'é'", [("A", "1"), ("B", "é"), ("a", "3")]),
    ("t['b'] = Word('x')", [("A", "1"), ("B", "x"), ("a", "3")]),
    ("t.add('b', '4')", [("A", "1"), ("B", "2"), ("a", "3"), ("b", "4")]),
    ("del t['a']", [("B", "2")]),
    ("del t['x']", [("A", "1"), ("B", "2"), ("a", "3")]),
    ("t.clear()", []),
    ("t.popitem()", [("A", "1"), ("B", "2")]),
    ("t.update({'b': 5, 'c': None})", [("A", "1"), ("B", "5"), ("a", "3"), ("c", "None")]),
    ("t.setdefault('c', 'x')", [("A", "1"), ("B", "2"), ("a", "3"), ("c", "x")]),
    ("t.copy().clear()", [("A", "1"), ("B", "2"), ("a", "3")]),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[c for c, _ in CHANGES])
def test_change(change: str, expected: list[tuple[str, str]]) -> None:
    """Changing a table leaves what mod_python leaves."""
    t = abA()
    exec(change)
    assert t.items() == expected
    assert all(t.get(name) is not None for name in t)


ERRORS: list[tuple[str, type[Exception], str]] = [
    ("Table()['x']", KeyError, "'x'"),
    ("Table()[1]", TypeError, "not an ISO-8859-1 string"),
    ("1 in Table()", TypeError, "not an ISO-8859-1 string"),
    ("Table().get(1)", TypeError, "not an ISO-8859-1 string"),
    ("Table().__setitem__('a', 1)", TypeError, "not an ISO-8859-1 string"),
    ("Table().__setitem__('a', None)", TypeError, "not an ISO-8859-1 string"),
    ("Table().__setitem__('a', '€')", TypeError, "not an ISO-8859-1 string"),
    ("Table().__setitem__('€', 'a')", TypeError, "not an ISO-8859-1 string"),
    ("Table().__setitem__(1, 'a')", TypeError, "not an ISO-8859-1 string"),
    ("Table().add('a', 1)", TypeError, "not an ISO-8859-1 string"),
    ("Table().setdefault('a', None)", TypeError, "not an ISO-8859-1 string"),
    ("Table(1)", TypeError, "'int' object is not iterable"),
    ("Table([1])", TypeError, "cannot convert table update sequence element #0 to a sequence"),
    ("Table([('a',)])", ValueError, "table update sequence element #0 has length 1; 2 is required"),
    ("Table(x=1)", TypeError, "unexpected keyword argument"),
    ("Table().update([('a', 'b')])", AttributeError, "no attribute 'keys'"),
    ("Table().popitem()", KeyError, "popitem\\(\\): table is empty"),
    ("Table().pop('x')", KeyError, "x"),
    ("hash(Table())", TypeError, "mp_table objects are unhashable"),
    ("Table() < Table()", TypeError, "not supported"),
    ("copy.copy(Table())", TypeError, "pickle"),
    ("pickle.dumps(Table())", TypeError, "pickle"),
    ("setattr(Table(), 'x', 1)", AttributeError, "x"),
]


@pytest.mark.parametrize(("expression", "error", "text"), ERRORS, ids=[e for e, _, _ in ERRORS])
def test_refusal(expression: str, error: type[Exception], text: str) -> None:
    """What mod_python refuses is refused with its error."""
    assert copy and pickle
    with pytest.raises(error, match=text):
        eval(expression)


def test_changes_during_iteration_are_noticed() -> None:
    """A table that changes its size while it is iterated over says so."""
    table = abA()
    names = iter(table)
    next(names)
    table["new"] = "x"
    with pytest.raises(RuntimeError, match="table changed size during iteration"):
        next(names)


def test_subclasses_behave_as_tables() -> None:
    """A subclass is filled by its constructor and may have attributes."""

    class Mine(Table):
        pass

    mine = Mine({"a": "b"})
    mine.extra = 1
    assert mine["A"] == "b"


def test_wire_form_is_latin1_for_text_and_verbatim_for_bytes() -> None:
    """Text goes out in Latin-1, bytes as they were given."""
    table = Table()
    table["X-Text"] = "é"
    table["X-Bytes"] = b"\xc3\xa9\xff"
    assert table.raw_items() == [(b"X-Text", b"\xe9"), (b"X-Bytes", b"\xc3\xa9\xff")]


@pytest.mark.parametrize("bad", ["a\rb", "a\nb", "a\0b", b"a\nb", "a\x1bb"])
@pytest.mark.parametrize("place", ["name", "value"])
def test_wire_form_refuses_what_would_break_a_head(bad: Any, place: str) -> None:
    """Control characters never reach a response head; the exception names the field."""
    table = Table()
    if place == "name":
        table[bad] = "x"
    else:
        table["X-Bad"] = bad
    with pytest.raises(ValueError, match=r"a control character in .* field X-Bad|is no header field name"):
        fields_of(table)


def test_request_headers_are_decoded_and_joined() -> None:
    """Header lines read as UTF-8, else Latin-1; repeated names are joined; bytes are kept for sending on."""
    table = Table.from_wire([(b"Cookie", b"a=1"), (b"X", "é".encode()), (b"Y", b"\xe9"), (b"cookie", b"b=2")])
    assert table.items() == [("Cookie", "a=1, b=2"), ("X", "é"), ("Y", "é")]
    assert table.raw_items()[1:] == [(b"X", "é".encode()), (b"Y", b"\xe9")]


def test_the_server_may_note_an_absent_value() -> None:
    """A None that the server noted reads as None and is sent as nothing."""
    table = Table()
    table.put_none("SCRIPT_FILENAME")
    assert table.items() == [("SCRIPT_FILENAME", None)]
    assert table.raw_items() == [(b"SCRIPT_FILENAME", b"")]


def test_variables_put_in_leave_the_last_of_several_values() -> None:
    """As with httpd a program sees what was set last; it stands where the first one stood."""
    table = abA()
    table.put_variables({"C": "4", "D": None})
    assert list(table.items()) == [("a", "3"), ("B", "2"), ("C", "4"), ("D", None)]
