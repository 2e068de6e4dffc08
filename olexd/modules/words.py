"""Turning the words of directives into values, as leniently or strictly as httpd does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from olexd.config.errors import DirectiveError
from olexd.config.gathered import overlaid
from olexd.config.rows import Args, Arity, Context, Directive, Override, ignore
from olexd.config.settings import UNSET

C = TypeVar("C")

_UNITS: Final = {"": 1.0, "s": 1.0, "ms": 0.001, "mi": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SUBSTITUTION: Final = re.compile(r"\\(.)|\$(\d)", re.ASCII | re.DOTALL)
_NUMBER: Final = re.compile(r"\s*([+-]?\d{1,18})(.*)", re.DOTALL)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "did you mean X?" for the known word that is most like `word`, "" when none is."""
    near = get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]}?" if near else ""


def lenient_int(word: str) -> int:
    """Return the number that `word` starts with, 0 when it starts with none."""
    match = _NUMBER.match(word)
    return int(match.group(1)) if match else 0


def lenient_duration(word: str) -> float:
    """Return seconds from `N`, `Nms`, `Ns`, `Nmin` or `Nh`; an unreadable word counts as 0."""
    match = _NUMBER.match(word)
    if match is None:
        return 0.0
    return max(0.0, int(match.group(1)) * _UNITS.get(match.group(2).lower(), 1.0))


def duration(word: str) -> float:
    """Return seconds from a number with an optional unit. Raises ValueError on anything else."""
    match = _NUMBER.fullmatch(word)
    unit = match.group(2).lower() if match else "?"
    if match is None or unit not in _UNITS or int(match.group(1)) < 0:
        raise ValueError("has wrong format")
    return int(match.group(1)) * _UNITS[unit]


def store_as(field: str, convert: Callable[[str], Any], message: str) -> Callable[[C, Args], C]:
    """Return an `apply` that stores the first word, converted; a ValueError or KeyError gives `message`.

    `{name}` and `{word}` in the message are replaced.
    """

    def apply(conf: C, args: Args) -> C:
        try:
            value = convert(args.word)
        except (ValueError, KeyError):
            raise DirectiveError(message.format(name=args.name, word=args.word)) from None
        return replace(conf, **{field: value})  # type: ignore[type-var]

    return apply


def store_choice(field: str, choices: Mapping[str, Any], message: str) -> Callable[[C, Args], C]:
    """Return an `apply` that stores what `choices` has for the first word, in whatever case."""
    return store_as(field, lambda word: choices[word.lower()], message)


def current(conf: object, field: str) -> dict[Any, Any]:
    """Return a copy of a mapping field of the section being read; empty when nothing was said yet."""
    value = getattr(conf, field)
    return {} if value is UNSET else dict(value)


def overlay(field: str, entries: Callable[[Args], Mapping[Any, Any]]) -> Callable[[C, Args], C]:
    """Return an `apply` that lays `entries(args)` over a mapping field of the same section."""

    def apply(conf: C, args: Args) -> C:
        return overlaid(conf, field, entries(args))

    return apply


def accepted(
    name: str,
    contexts: Context,
    arity: Arity,
    target: type[Any],
    help: str,
    override: Override = Override.NONE,
    words: str = "",
) -> Directive:
    """Return the row of a directive that is accepted and has no effect; `help` says why.

    `words`, in lower case and with blanks between them, are the only ones it takes; "" for any.
    """
    apply = _one_of(words.split()) if words else ignore
    return Directive(name, contexts, arity, target, apply, help, override=override, effect=False)


def _one_of(words: Sequence[str]) -> Callable[[C, Args], C]:
    def apply(conf: C, args: Args) -> C:
        for word in args.words:
            if word.lower() not in words:
                raise DirectiveError(f"{args.name} must be one of {', '.join(words)}")
        return conf

    return apply


def substitute(target: str, match: re.Match[str], escape: Callable[[str], str] = str) -> str:
    """Return `target` with `$0` to `$9` replaced by what matched, each passed through `escape`.

    A backslash makes the next character an ordinary one.
    """
    return fill_groups(target, (match[0], *match.groups()), escape)


def fill_groups(target: str, groups: Sequence[str | None], escape: Callable[[str], str] = str) -> str:
    """Return `target` with `$0` to `$9` replaced by these groups; there may be fewer of them."""

    def one(found: re.Match[str]) -> str:
        if found.group(1):
            return found.group(1)
        number = int(found.group(2))
        return escape(groups[number] or "") if number < len(groups) else ""

    return _SUBSTITUTION.sub(one, target)
