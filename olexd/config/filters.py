"""Which filters stand behind a place of the site: what SetOutputFilter and its like say."""

from __future__ import annotations

from dataclasses import dataclass

from olexd.config.settings import Merge, setting


@dataclass(frozen=True, slots=True)
class FilterDir:
    """Names of filters, as written, in the order in which a response goes through them.

    `by_type` are pairs of a name and the media type (lower case) of the responses it is for.
    """

    output: tuple[str, ...] = setting(())
    input: tuple[str, ...] = setting(())
    by_type: tuple[tuple[str, str], ...] = setting((), Merge.APPEND)


def filter_names(word: str) -> tuple[str, ...]:
    """Return the names in a list that is separated by semicolons; `None` alone is an empty list."""
    names = tuple(filter(None, (name.strip() for name in word.split(";"))))
    return () if [name.lower() for name in names] == ["none"] else names
