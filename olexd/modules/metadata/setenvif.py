"""mod_setenvif: variables that depend on what the request is like (configuration spec 3.10)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.gathered import extended
from olexd.config.lexer import split_words
from olexd.config.module import ModuleSpec
from olexd.config.regex import compile_regex
from olexd.config.rows import Args, Arity, Context, Directive, Override
from olexd.config.settings import Merge, setting
from olexd.expr import Condition, ExprError, condition
from olexd.model.hosts import known_name
from olexd.model.request import Request
from olexd.model.variables import RequestVariables
from olexd.modules.words import fill_groups
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import DECLINED

# Settings


@dataclass(frozen=True, slots=True)
class Rule:
    """One SetEnvIf: variables to set when `value_of(request)` matches `regex`, or when `expr` holds.

    `variables` are pairs of a name and a value with `$0` to `$9`, unless the pattern is `literal`; in an
    expression its last match counts. None takes the variable back.
    """

    variables: tuple[tuple[str, str | None], ...]
    value_of: Callable[[Request], str] | None = None
    regex: re.Pattern[str] | None = None
    literal: bool = False
    expr: Condition | None = None


@dataclass(frozen=True, slots=True)
class SetEnvIfDir:
    """`early` rules stand outside of sections and act when the request was read, `late` ones in sections."""

    early: tuple[Rule, ...] = setting((), Merge.APPEND)
    late: tuple[Rule, ...] = setting((), Merge.APPEND)


# What a rule looks at

_SPECIAL: Final[dict[str, Callable[[Request], str]]] = {
    "remote_addr": lambda request: request.client_ip,
    "remote_host": lambda request: known_name(request) or request.client_ip,
    "server_addr": lambda request: request.connection.local[0],
    "request_method": lambda request: request.method,
    "request_protocol": lambda request: request.protocol,
    "request_uri": lambda request: request.uri,
}
_LITERAL: Final = re.compile(r"(?:[^\\^.$|()\[\]*+?{}]|\\[\\^.$|()\[\]*+?{}])*")
"""Patterns without anything special in them; for those `$0` in a value is plain text, as in httpd."""
_PLAIN_NAME: Final = re.compile("[-A-Za-z0-9_]*")


def _of_header(name: str) -> Callable[[Request], str]:
    """Return what reads a header field, or else a variable that an earlier rule set."""

    def value(request: Request) -> str:
        found = request.headers_in.get(name)
        if found is None and request.subprocess_env_table is not None:
            found = request.subprocess_env_table.get(name)
        return found or ""

    return value


def _of_headers(names: re.Pattern[str]) -> Callable[[Request], str]:
    """Return what reads the last header field whose name matches."""

    def value(request: Request) -> str:
        found = [value for name, value in request.headers_in.items() if names.search(name)]
        return found[-1] if found else ""

    return value


def _attribute(word: str) -> Callable[[Request], str]:
    special = _SPECIAL.get(word.lower())
    if special is not None:
        return special
    if _PLAIN_NAME.fullmatch(word):
        return _of_header(word)
    try:
        return _of_headers(compile_regex(word, re.IGNORECASE))
    except DirectiveError as error:
        raise DirectiveError("Header name regex could not be compiled.", error.suggestion) from None


# Setters


def _variables(words: tuple[str, ...], name: str) -> tuple[tuple[str, str | None], ...]:
    if not words:
        raise DirectiveError(f"Missing envariable expression for {name}")
    found: dict[str, str | None] = {}
    for word in words:
        if word.startswith("!"):
            found[word[1:]] = None
        else:
            variable, equals, value = word.partition("=")
            found[variable] = value if equals else "1"
    return tuple(found.items())


def _append(conf: SetEnvIfDir, args: Args, rule: Rule) -> SetEnvIfDir:
    return extended(conf, "early" if args.section is None else "late", [rule])


def _matching(conf: SetEnvIfDir, args: Args, attribute: str, words: tuple[str, ...]) -> SetEnvIfDir:
    if not words:
        raise DirectiveError(f"Missing regular expression for {args.name}")
    try:
        regex = compile_regex(words[0], re.IGNORECASE if args.name.lower().endswith("nocase") else 0)
    except DirectiveError as error:
        raise DirectiveError(f"{args.name} regex could not be compiled.", error.suggestion) from None
    literal = _LITERAL.fullmatch(words[0]) is not None
    rule = Rule(_variables(words[1:], args.name), _attribute(attribute), regex, literal)
    return _append(conf, args, rule)


def set_env_if(conf: SetEnvIfDir, args: Args) -> SetEnvIfDir:
    """Store a rule about a header field or another attribute."""
    if not args.words or not args.word:
        raise DirectiveError(f"Missing header-field name for {args.name}")
    return _matching(conf, args, args.word, args.words[1:])


def browser_match(conf: SetEnvIfDir, args: Args) -> SetEnvIfDir:
    """Store a rule about the User-Agent field."""
    return _matching(conf, args, "User-Agent", args.words)


def set_env_if_expr(conf: SetEnvIfDir, args: Args) -> SetEnvIfDir:
    """Store a rule with an expression."""
    words = split_words(args.raw)
    if not words:
        raise DirectiveError(f"Missing expression for {args.name}")
    try:
        expr = condition(words[0], args.vocabulary)
    except ExprError as error:
        raise DirectiveError(f"Could not parse expression '{words[0]}': {error}") from None
    return _append(conf, args, Rule(_variables(words[1:], args.name), expr=expr))


# Rows


def _row(name: str, apply: Callable[[SetEnvIfDir, Args], SetEnvIfDir], help: str) -> Directive:
    return Directive(name, Context.SVDH, Arity.RAW, SetEnvIfDir, apply, help, override=Override.FILEINFO)


_VARIABLES_HELP: Final = "and variables to set: NAME, NAME=VALUE or !NAME"
DIRECTIVES: Final = (
    _row("SetEnvIf", set_env_if, f"A header-name, a regex for its value {_VARIABLES_HELP}"),
    _row("SetEnvIfNoCase", set_env_if, f"A header-name, a regex in any case {_VARIABLES_HELP}"),
    _row("SetEnvIfExpr", set_env_if_expr, f"An expression {_VARIABLES_HELP}"),
    _row("BrowserMatch", browser_match, f"A regex for the User-Agent {_VARIABLES_HELP}"),
    _row("BrowserMatchNoCase", browser_match, f"A regex for the User-Agent in any case {_VARIABLES_HELP}"),
)


# Hooks


def _apply(request: Request, rules: tuple[Rule, ...]) -> int:
    provider = RequestVariables(request)
    for rule in rules:
        if rule.expr is not None:
            caught = provider.match(rule.expr)
            if caught is not None:
                _set(request, rule, caught or None)
        elif rule.value_of is not None and rule.regex is not None:
            match = rule.regex.search(rule.value_of(request))
            if match is not None:
                _set(request, rule, None if rule.literal else (match[0], *match.groups()))
    return DECLINED


def _set(request: Request, rule: Rule, groups: Sequence[str | None] | None) -> None:
    env = request.subprocess_env
    for name, value in rule.variables:
        if value is None:
            del env[name]
        else:
            text = value if groups is None else fill_groups(value, groups)
            env[name] = text.encode("utf-8", "surrogateescape")


def set_early(request: Request) -> int:
    """Apply the rules outside of sections."""
    return _apply(request, request.conf[SetEnvIfDir].early)


def set_late(request: Request) -> int:
    """Apply the rules of sections."""
    return _apply(request, request.conf[SetEnvIfDir].late)


MODULE: Final = Module(
    ModuleSpec("setenvif", ("setenvif_module", "mod_setenvif.c"), (), (SetEnvIfDir,), DIRECTIVES),
    (
        Hook(
            Phase.POST_READ_REQUEST,
            set_early,
            Order.MIDDLE,
            lambda settings: bool(settings[SetEnvIfDir].early),
        ),
        Hook(Phase.HEADER_PARSER, set_late, Order.MIDDLE, lambda settings: bool(settings[SetEnvIfDir].late)),
    ),
)
