"""How many words a directive takes: the check that the core does for every row (configuration spec 1.2)."""

from __future__ import annotations

from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.lexer import split_words
from olexd.config.rows import Arity, Directive

_COUNTS: Final = {
    Arity.NONE: (0,),
    Arity.ONE: (1,),
    Arity.TWO: (2,),
    Arity.THREE: (3,),
    Arity.ONE_OR_TWO: (1, 2),
    Arity.TWO_OR_THREE: (2, 3),
    Arity.ONE_TO_THREE: (1, 2, 3),
    Arity.ONE_OR_THREE: (1, 3),
}


def checked_words(row: Directive, raw: str) -> tuple[str, ...]:
    """Return the words of `raw` as `row` takes them; raise DirectiveError when there are too few or many.

    As in httpd an empty quoted word stands for an optional one left out, a list stops at one, and only the
    first word of a flag is looked at.
    """
    words = split_words(raw)
    if row.arity is Arity.RAW:
        return words
    if row.arity in (Arity.ITERATE, Arity.ITERATE2):
        return _list(row, words)
    if row.arity is Arity.FLAG:
        if not words or words[0].lower() not in ("on", "off"):
            raise DirectiveError(f"{row.name} {row.arity.value}")
        return words[:1]
    counts = _COUNTS[row.arity]
    given = words[:-1] if not all(words) and not words[-1] and len(words) - 1 in counts else words
    if len(words) not in counts or not all(given):
        detail = "" if row.arity is Arity.NONE else f", {row.help}"
        raise DirectiveError(f"{row.name} {row.arity.value}{detail}")
    return given


def _list(row: Directive, words: tuple[str, ...]) -> tuple[str, ...]:
    given = words[: words.index("")] if "" in words else words
    if len(given) < (1 if row.arity is Arity.ITERATE else 2):
        raise DirectiveError(f"{row.name} {row.arity.value}, {row.help}")
    return given
