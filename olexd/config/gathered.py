"""Fields that take entries line by line: they grow where they are, and are settled when their section ends.

A copy for each line would make long lists cost time by the square of their length.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from olexd.config.settings import UNSET, Settings

C = TypeVar("C")


class _Entries(list[Any]):
    """A tuple field of a section being read, which nobody else holds yet."""


class _Items(dict[Any, Any]):
    """A mapping field of a section being read, which nobody else holds yet."""


def extended(conf: C, field: str, entries: Iterable[Any]) -> C:
    """Return settings of the section being read with `entries` at the end of a tuple field."""
    value = getattr(conf, field)
    if type(value) is _Entries:
        value.extend(entries)
        return conf
    grown = _Entries(() if value is UNSET else value)
    grown.extend(entries)
    return dataclasses.replace(conf, **{field: grown})  # type: ignore[type-var]


def overlaid(conf: C, field: str, items: Mapping[Any, Any]) -> C:
    """Return settings of the section being read with `items` laid over a mapping field."""
    value = getattr(conf, field)
    if type(value) is _Items:
        value.update(items)
        return conf
    return dataclasses.replace(conf, **{field: _Items({**({} if value is UNSET else value), **items})})  # type: ignore[type-var]


def settled(conf: C) -> C:
    """Return settings in which nothing grows any more."""
    changes = {
        field.name: tuple(value) if type(value) is _Entries else dict(value)
        for field in dataclasses.fields(conf)  # type: ignore[arg-type]
        if type(value := getattr(conf, field.name)) in (_Entries, _Items)
    }
    return dataclasses.replace(conf, **changes) if changes else conf  # type: ignore[type-var]


def settle(settings: Settings) -> None:
    """Settle the settings of a section that has been read.

    A settings class may define `settled()` for what has grown inside of its fields.
    """
    for kind, conf in settings.items():
        special = getattr(conf, "settled", None)
        settings[kind] = settled(conf) if special is None else special()
