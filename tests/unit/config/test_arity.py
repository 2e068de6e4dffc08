"""Counting words."""

from __future__ import annotations

import pytest

from olexd.config.arity import checked_words
from olexd.config.errors import DirectiveError
from olexd.config.rows import Arity, Context, Directive, ignore


def row(arity: Arity) -> Directive:
    """Return a row with this arity."""
    return Directive("X", Context.SV, arity, object, ignore, "help")


@pytest.mark.parametrize(
    ("arity", "raw", "words"),
    [
        (Arity.ONE_OR_TWO, 'a ""', ("a",)),
        (Arity.ITERATE, 'a "" b', ("a",)),
        (Arity.FLAG, "oN what ever", ("oN",)),
        (Arity.RAW, 'a ""', ("a", "")),
        (Arity.NONE, "", ()),
    ],
)
def test_words(arity: Arity, raw: str, words: tuple[str, ...]) -> None:
    """An empty word ends a list and stands for an optional word left out."""
    assert checked_words(row(arity), raw) == words


@pytest.mark.parametrize(
    ("arity", "raw"),
    [
        (Arity.NONE, '""'),
        (Arity.ONE, '""'),
        (Arity.ONE, 'a ""'),
        (Arity.TWO, 'a ""'),
        (Arity.TWO, '"" a'),
        (Arity.ONE_OR_THREE, "a b"),
        (Arity.ITERATE, '"" a'),
        (Arity.ITERATE2, 'a "" b'),
        (Arity.FLAG, "yes"),
        (Arity.FLAG, ""),
    ],
)
def test_refused(arity: Arity, raw: str) -> None:
    """The message is the directive's name and what its kind takes."""
    with pytest.raises(DirectiveError, match=f"X {arity.value}"):
        checked_words(row(arity), raw)
