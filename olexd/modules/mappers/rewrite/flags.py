"""Flags of rules and conditions: the words in square brackets (configuration spec 3.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.modules.mappers.rewrite.text import Text, parse_text
from olexd.modules.words import lenient_int
from olexd.status import FORBIDDEN, REASONS

MAX_ROUNDS: Final = 10_000
"""How often `N` starts over when it does not say itself."""
ANSWERS: Final = {"permanent": 301, "temp": 302, "seeother": 303}


@dataclass(frozen=True, slots=True)
class Environment:
    """`E=NAME:VALUE`; `value` None removes the variable."""

    name: Text
    value: Text | None


@dataclass(frozen=True, slots=True)
class RuleFlags:
    """What a rule does besides substituting.

    `redirect` is a 3xx status to send the client elsewhere with, 0 for none, `answer` a status to answer with
    at once. `rounds` is how often `N` may start over, 0 without `N`. `escape` is None without `B`, else what
    to escape of what groups caught: "" everything special, else these characters; `unescaped` are exempt.
    """

    nocase: bool = False
    last: bool = False
    end: bool = False
    redirect: int = 0
    answer: int = 0
    proxy: bool = False
    pass_through: bool = False
    noescape: bool = False
    no_subrequests: bool = False
    rounds: int = 0
    chain: bool = False
    skip: int = 0
    environment: tuple[Environment, ...] = ()
    cookies: tuple[Text, ...] = ()
    content_type: Text | None = None
    handler: Text | None = None
    query_append: bool = False
    query_discard: bool = False
    query_last: bool = False
    discard_path_info: bool = False
    escape: str | None = None
    escape_controls: bool = False
    unescaped: str = ""
    blanks_as_percent: bool = False
    allow_question_mark: bool = False
    allow_prefix: bool = False


@dataclass(frozen=True, slots=True)
class ConditionFlags:
    """What a condition adds to its test: `alternative` is OR, `novary` NV."""

    nocase: bool = False
    alternative: bool = False
    novary: bool = False


def _words(directive: str, text: str) -> Iterator[tuple[str, str]]:
    """Return name and value of each flag; a value in quotes may hold commas."""
    if not (text.startswith("[") and text.endswith("]")):
        raise DirectiveError(f"{directive}: bad flag delimiters")
    for word in text[1:-1].split(","):
        name, _, value = word.strip().partition("=")
        if name:
            yield name, value


def _number(value: str, what: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise DirectiveError(f"RewriteRule: {what} flag needs a number")
    return int(value)


def _redirect(flags: RuleFlags, value: str) -> RuleFlags:
    # Words that are none of httpd's mean nothing to it: the answer stays the usual one.
    status = ANSWERS.get(value.lower()) or (lenient_int(value) if value[:1].isdigit() else 302)
    if status not in REASONS or not 300 <= status <= 599:
        raise DirectiveError(f"RewriteRule: invalid HTTP response code '{value}' for flag 'R'")
    return replace(flags, redirect=status) if status < 400 else replace(flags, answer=status)


def _environment(flags: RuleFlags, value: str) -> RuleFlags:
    if value.startswith("!"):
        entry = Environment(parse_text(value[1:]), None)
    else:
        name, _, text = value.partition(":")
        entry = Environment(parse_text(name), parse_text(text))
    return replace(flags, environment=(*flags.environment, entry))


def _cookie(flags: RuleFlags, value: str) -> RuleFlags:
    return replace(flags, cookies=(*flags.cookies, parse_text(value)))


def _rounds(flags: RuleFlags, value: str) -> RuleFlags:
    return replace(flags, rounds=_number(value, "N") if value else MAX_ROUNDS)


def _switch(**fields: bool | int) -> Callable[[RuleFlags, str], RuleFlags]:
    return lambda flags, value: replace(flags, **fields)  # type: ignore[arg-type]


_RULE_FLAGS: Final[dict[str, Callable[[RuleFlags, str], RuleFlags]]] = {
    "b": lambda flags, value: replace(flags, escape=value),
    "bctls": _switch(escape_controls=True),
    "bne": lambda flags, value: replace(flags, unescaped=value, escape=flags.escape or ""),
    "bnp": _switch(blanks_as_percent=True),
    "backrefnoplus": _switch(blanks_as_percent=True),
    "c": _switch(chain=True),
    "chain": _switch(chain=True),
    "co": _cookie,
    "cookie": _cookie,
    "dpi": _switch(discard_path_info=True),
    "discardpath": _switch(discard_path_info=True),
    "e": _environment,
    "env": _environment,
    "end": _switch(end=True),
    "f": _switch(answer=FORBIDDEN),
    "forbidden": _switch(answer=FORBIDDEN),
    "g": _switch(answer=410),
    "gone": _switch(answer=410),
    "h": lambda flags, value: replace(flags, handler=parse_text(value)),
    "handler": lambda flags, value: replace(flags, handler=parse_text(value)),
    "l": _switch(last=True),
    "last": _switch(last=True),
    "n": _rounds,
    "next": _rounds,
    "nc": _switch(nocase=True),
    "nocase": _switch(nocase=True),
    "ne": _switch(noescape=True),
    "noescape": _switch(noescape=True),
    "ns": _switch(no_subrequests=True),
    "nosubreq": _switch(no_subrequests=True),
    "p": _switch(proxy=True),
    "proxy": _switch(proxy=True),
    "pt": _switch(pass_through=True),
    "passthrough": _switch(pass_through=True),
    "qsa": _switch(query_append=True),
    "qsappend": _switch(query_append=True),
    "qsd": _switch(query_discard=True),
    "qsdiscard": _switch(query_discard=True),
    "qsl": _switch(query_last=True),
    "qslast": _switch(query_last=True),
    "r": _redirect,
    "redirect": _redirect,
    "s": lambda flags, value: replace(flags, skip=_number(value, "S")),
    "skip": lambda flags, value: replace(flags, skip=_number(value, "S")),
    "t": lambda flags, value: replace(flags, content_type=parse_text(value)),
    "type": lambda flags, value: replace(flags, content_type=parse_text(value)),
    "unsafeallow3f": _switch(allow_question_mark=True),
    "unsafeprefixstat": _switch(allow_prefix=True),
}
_CONDITION_FLAGS: Final = {
    "nc": "nocase",
    "nocase": "nocase",
    "or": "alternative",
    "ornext": "alternative",
    "nv": "novary",
    "novary": "novary",
}


def rule_flags(text: str) -> RuleFlags:
    """Return the flags of a RewriteRule. Raises DirectiveError."""
    flags = RuleFlags()
    for name, value in _words("RewriteRule", text):
        apply = _RULE_FLAGS.get(name.lower())
        if apply is None:
            raise DirectiveError(f"RewriteRule: unknown flag '{name}'")
        flags = apply(flags, value)
    return flags


def condition_flags(text: str) -> ConditionFlags:
    """Return the flags of a RewriteCond. Raises DirectiveError."""
    flags = ConditionFlags()
    for name, _ in _words("RewriteCond", text):
        field = _CONDITION_FLAGS.get(name.lower())
        if field is None:
            raise DirectiveError(f"RewriteCond: unknown flag '{name}'")
        flags = replace(flags, **{field: True})
    return flags
