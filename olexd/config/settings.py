"""Module settings: frozen dataclasses in which *unset* is a value, and how they merge.

A module declares what it can be told as one or two frozen dataclasses (server-wide and
per-directory). Every field is made with `setting()`, which holds its default and its merge rule. While a
configuration is read and merged a field may hold `UNSET`; `resolve()` puts the defaults in, and only
resolved settings reach a request.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET = Unset.UNSET


class Merge(Enum):
    """How an outer section's value meets an inner one's (letters of the configuration spec)."""

    INNER = "O"
    """The innermost value that is set wins."""
    APPEND = "A"
    """Tuples: the outer entries first, then the inner ones."""
    PREPEND = "P"
    """Tuples: the inner entries are searched first, then the outer ones."""
    OVERLAY = "K"
    """Mappings: per key the inner entry wins, other keys are inherited."""


def setting(default: Any = None, merge: Merge = Merge.INNER) -> Any:
    """Declare one field of a settings dataclass.

    `default` is what `resolve()` puts in when nobody set the field; for APPEND and PREPEND it is normally
    `()`, for OVERLAY an empty dict.
    """
    return dataclasses.field(default=UNSET, metadata={"default": default, "merge": merge})


def merge_values(rule: Merge, outer: Any, inner: Any) -> Any:
    """Return the merged value of one field; either side may be `UNSET`."""
    if inner is UNSET:
        return outer
    if outer is UNSET or rule is Merge.INNER:
        return inner
    if rule is Merge.APPEND:
        return outer + inner
    if rule is Merge.PREPEND:
        return inner + outer
    return {**outer, **inner}


def merge(outer: T, inner: T) -> T:
    """Return settings of one type as seen in the inner section.

    A settings class may define `merged_with(inner)` for rules that no single field can express.
    """
    special = getattr(outer, "merged_with", None)
    if special is not None:
        return special(inner)  # type: ignore[no-any-return]
    return merge_fields(outer, inner)


def merge_fields(outer: T, inner: T) -> T:
    """Return settings of one type as seen in the inner section, each field by its own rule."""
    values = {
        field.name: merge_values(
            field.metadata["merge"], getattr(outer, field.name), getattr(inner, field.name)
        )
        for field in dataclasses.fields(outer)  # type: ignore[arg-type]
    }
    return dataclasses.replace(outer, **values)  # type: ignore[type-var]


def resolve(conf: T) -> T:
    """Return `conf` with the default of every field that is still unset."""
    missing = {
        field.name: field.metadata["default"]
        for field in dataclasses.fields(conf)  # type: ignore[arg-type]
        if getattr(conf, field.name) is UNSET
    }
    return dataclasses.replace(conf, **missing) if missing else conf  # type: ignore[type-var]


class Settings(dict[type[Any], Any]):
    """The settings of all modules in one place of the configuration, keyed by their dataclass.

    `settings[MimeDir]` is typed as `MimeDir`. A type that nothing was said about yields its defaults.
    Unresolved settings (straight from a section) and resolved ones share the class; requests only ever
    hold resolved ones.
    """

    __slots__ = ("__dict__", "__weakref__")

    plan: Any = None
    """What the phases worked out for these settings (`olexd.phases.table.Plan`), once they did."""

    if TYPE_CHECKING:
        # At run time the dict's own, which is many times faster.
        def __getitem__(self, kind: type[T]) -> T: ...

    def __missing__(self, kind: type[T]) -> T:
        conf = self[kind] = resolve(kind())
        return conf

    __hash__ = object.__hash__  # type: ignore[assignment]


def merge_settings(outer: Mapping[type[Any], Any], inner: Mapping[type[Any], Any]) -> Settings:
    """Return unresolved settings of the inner section merged over the outer one's."""
    result = Settings(outer)
    for kind, conf in inner.items():
        result[kind] = merge(outer[kind], conf) if kind in outer else conf
    return result


def overlaid(settings: Settings, inner: Mapping[type[Any], Any]) -> Settings:
    """Return resolved settings with unresolved ones laid over them, as in an inner section."""
    if not inner:
        return settings
    result = Settings(settings)
    for kind, conf in inner.items():
        result[kind] = resolve(merge(settings[kind], conf))
    return result


def resolve_settings(settings: Mapping[type[Any], Any]) -> Settings:
    """Return settings fit for requests: every field has a value."""
    return Settings({kind: resolve(conf) for kind, conf in settings.items()})
