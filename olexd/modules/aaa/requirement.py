"""What a Require line states, and what several of them state together (configuration spec 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from olexd.config.errors import DirectiveError
from olexd.config.lexer import split_words
from olexd.config.rows import Methods
from olexd.config.settings import Settings
from olexd.expr import ExprError, Vocabulary, string
from olexd.model.request import Request
from olexd.model.variables import RequestVariables


class Verdict(Enum):
    """What a requirement says about a request."""

    GRANTED = auto()
    DENIED = auto()
    NEEDS_USER = auto()
    """Denied so far; a user could change that."""
    NEUTRAL = auto()
    """Nothing for or against."""


class CannotDecide(Exception):
    """A check failed, and so nothing is granted; the text is for the log, `module` is who says it."""

    def __init__(self, message: str, module: str) -> None:
        super().__init__(message)
        self.module = module


@dataclass(frozen=True, slots=True)
class Requirement:
    """One Require line or container.

    `check` may only be called on a pool thread when it `blocks`, and may raise CannotDecide. `negative` tells
    that it can only deny. With `methods` it speaks of requests with these alone, with `parts` of those that
    one of them speaks of. `lines` are the arguments of the Require lines it stands for.
    """

    check: Callable[[Request], Verdict]
    blocks: bool = False
    negative: bool = False
    methods: Methods | None = None
    parts: tuple[Requirement, ...] = ()
    lines: tuple[str, ...] = ()

    def concerns(self, request: Request) -> bool:
        """Return whether the request's method is one it speaks of."""
        if self.parts and not any(part.concerns(request) for part in self.parts):
            return False
        return self.methods is None or self.methods.cover(request.method)

    def judge(self, request: Request) -> Verdict:
        """Return the verdict, NEUTRAL on requests with other methods."""
        return self.check(request) if self.concerns(request) else Verdict.NEUTRAL


# Containers


def judge_any(requirements: Sequence[Requirement], request: Request) -> Verdict:
    """Return GRANTED when one requirement grants."""
    return _strongest(requirements, request, (Verdict.GRANTED, Verdict.NEEDS_USER, Verdict.DENIED))


def judge_all(requirements: Sequence[Requirement], request: Request) -> Verdict:
    """Return GRANTED when one requirement grants and none denies."""
    return _strongest(requirements, request, (Verdict.DENIED, Verdict.NEEDS_USER, Verdict.GRANTED))


def _strongest(
    requirements: Sequence[Requirement], request: Request, order: tuple[Verdict, Verdict, Verdict]
) -> Verdict:
    """Return the first verdict of `order` that is given; the very first ends the questions at once."""
    found = set()
    for requirement in requirements:
        verdict = requirement.judge(request)
        if verdict is order[0]:
            return verdict
        found.add(verdict)
    for verdict in order[1:]:
        if verdict in found:
            return verdict
    return Verdict.NEUTRAL


def negate(check: Callable[[Request], Verdict]) -> Callable[[Request], Verdict]:
    """Return the check that denies what `check` grants, and never grants itself."""

    def negated(request: Request) -> Verdict:
        return Verdict.DENIED if check(request) is Verdict.GRANTED else Verdict.NEUTRAL

    return negated


def contain(name: str, inside: tuple[Requirement, ...], methods: Methods | None) -> Requirement:
    """Return the requirement that a container (`<RequireAll>`, ...) of others makes."""
    if not inside:
        raise DirectiveError(f"{name} directive contains no authorization directives")
    if name == "<RequireAll>":
        if all(requirement.negative for requirement in inside):
            raise DirectiveError("<RequireAll> directive contains only negative authorization directives")
        check = partial(judge_all, inside)
    else:
        check = partial(judge_any, inside)
    negative = name == "<RequireNone>"
    return Requirement(
        negate(check) if negative else check,
        any(requirement.blocks for requirement in inside),
        negative,
        methods,
        lines=_lines(inside),
    )


def _lines(requirements: tuple[Requirement, ...]) -> tuple[str, ...]:
    return tuple(line for requirement in requirements for line in requirement.lines)


def combine(outer: tuple[Requirement, ...], inner: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    """Return the requirement that two sections make together when both have to grant."""
    if not outer or not inner:
        return outer or inner
    both = (_any_of(outer), _any_of(inner))
    return (_group(partial(judge_all, both), both),)


def _any_of(requirements: tuple[Requirement, ...]) -> Requirement:
    return _group(partial(judge_any, requirements), requirements)


def _group(check: Callable[[Request], Verdict], parts: tuple[Requirement, ...]) -> Requirement:
    return Requirement(
        check,
        any(part.blocks for part in parts),
        parts=parts,
        lines=_lines(parts),
    )


# What a line says


def own_settings(request: Request) -> Settings:
    """Return the settings of the place that was asked for."""
    return request.conf


@dataclass(frozen=True, slots=True)
class Line:
    """What stands behind the kind in a Require line: its words, and as it was written.

    Expressions in it may use `vocabulary`. `settings` tells in which settings a requirement looks up its
    files: those of the request, or those that an alias lays over them.
    """

    words: tuple[str, ...]
    raw: str
    vocabulary: Vocabulary
    settings: Callable[[Request], Settings] = own_settings

    def names(self) -> Names:
        """Return what yields the words; with `%{}` in them they are worked out for each request."""
        text = " ".join(self.words)
        if "%{" not in text:
            fixed = frozenset(self.words)
            return lambda request: fixed
        try:
            expression = string(text, self.vocabulary)
        except ExprError as error:
            raise unreadable(error) from None
        return lambda request: split_words(RequestVariables(request, varies=False).text(expression))


def unreadable(error: ExprError) -> DirectiveError:
    """Return the complaint about an expression in a Require line."""
    return DirectiveError(f"Cannot parse expression in require line: {error}")


Names = Callable[[Request], Iterable[str]]
"""What yields the names that a requirement speaks of: fixed ones, or those of an expression."""
Kinds = Mapping[str, Callable[[Line], Requirement]]
"""How the lines of each kind are read."""


def verdict(granted: bool) -> Verdict:
    """Return the verdict of a check that has only two."""
    return Verdict.GRANTED if granted else Verdict.DENIED


def of_user(check: Callable[[Request, str], Verdict], blocks: bool = False) -> Requirement:
    """Return a requirement that needs a user; `check` gets the request and the user's name."""

    def checked(request: Request) -> Verdict:
        return Verdict.NEEDS_USER if request.user is None else check(request, request.user)

    return Requirement(checked, blocks)
