"""mod_headers: Header and RequestHeader (configuration spec 3.11)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.gathered import extended
from olexd.config.lexer import split_words
from olexd.config.module import ModuleSpec
from olexd.config.regex import compile_regex
from olexd.config.rows import Args, Arity, Context, Directive, Override
from olexd.config.settings import Merge, setting
from olexd.expr import Condition, ExprError, Vocabulary, condition
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.model.variables import RequestVariables
from olexd.modules.metadata.values import Value, read_value
from olexd.modules.words import substitute
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import DECLINED, OK

ACTIONS: Final = frozenset(
    {"add", "set", "setifempty", "append", "merge", "unset", "echo", "note", "edit", "edit*"}
)
UNKNOWN_ACTION: Final = (
    "first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', 'echo', 'note', 'edit', "
    "or 'edit*'."
)


# Settings


@dataclass(frozen=True, slots=True)
class Change:
    """One Header or RequestHeader: what to do (`action`) with a field (`name`).

    `regex` is what `edit` looks for in values and `echo` in names. It acts only if `variable` is in the
    environment (`negated`: is not), or if `expr` holds; `early` ones right after the request was read.
    """

    action: str
    name: str
    value: Value | None = None
    regex: re.Pattern[str] | None = None
    variable: str = ""
    negated: bool = False
    expr: Condition | None = None
    early: bool = False


@dataclass(frozen=True, slots=True)
class HeadersDir:
    """Changes of the request's fields, of the response's normal ones, and of those that errors carry too."""

    request: tuple[Change, ...] = setting((), Merge.APPEND)
    normal: tuple[Change, ...] = setting((), Merge.APPEND)
    always: tuple[Change, ...] = setting((), Merge.APPEND)


# Setters


def _split_condition(words: list[str], least: int) -> tuple[list[str], str]:
    """Take a trailing `early`, `env=...` or `expr=...` off the words behind the first `least` ones."""
    if len(words) > least and (
        words[-1].lower() == "early" or words[-1].lower().startswith(("env=", "expr="))
    ):
        return words[:-1], words[-1]
    return words, ""


def _with_condition(change: Change, clause: str, vocabulary: Vocabulary) -> Change:
    key, _, value = clause.partition("=")
    if not clause:
        return change
    if key.lower() == "early":
        return replace(change, early=True)
    if key.lower() == "env":
        name = value.removeprefix("!")
        if not name:
            raise DirectiveError("error: missing environment variable name. envclause should be in the form")
        return replace(change, variable=name, negated=value.startswith("!"))
    try:
        return replace(change, expr=condition(value, vocabulary))
    except ExprError as error:
        raise DirectiveError(f"Can't parse envclause/expression: {error}") from None


_MIN_WORDS: Final = {"unset": 2, "echo": 2, "edit": 4, "edit*": 4}


def _compiled(word: str, action: str) -> re.Pattern[str]:
    try:
        return compile_regex(word)
    except DirectiveError as error:
        raise DirectiveError(f"Header {action} regex could not be compiled", error.suggestion) from None


def _read(words: list[str], args: Args) -> Change:
    """Read `ACTION NAME [VALUE [REPLACEMENT]] [CONDITION]`."""
    action = words[0].lower() if words else ""
    if action not in ACTIONS:
        raise DirectiveError(UNKNOWN_ACTION)
    if action == "echo" and args.name == "RequestHeader":
        raise DirectiveError("Header echo only valid on Header directives")
    words, clause = _split_condition(words, _MIN_WORDS.get(action, 3))
    if len(words) < 2:
        raise DirectiveError(f"{args.name} requires two arguments")
    name, rest = words[1].removesuffix(":"), words[2:]
    return _with_condition(_change(action, name, rest, args), clause, args.vocabulary)


def _change(action: str, name: str, rest: list[str], args: Args) -> Change:
    if action in ("edit", "edit*"):
        if len(rest) < 2:
            raise DirectiveError("Header edit requires a match and a substitution")
        _nothing_more(rest[2:])
        return Change(action, name, read_value(rest[1], args.vocabulary), _compiled(rest[0], "edit"))
    if action in ("unset", "echo"):
        if rest:
            raise DirectiveError(f"Header {action} takes two arguments")
        return Change(action, name, None, _compiled(name, "echo") if action == "echo" else None)
    if not rest:
        raise DirectiveError(f"{args.name} requires three arguments")
    _nothing_more(rest[1:])
    return Change(action, name, read_value(rest[0], args.vocabulary))


def _nothing_more(words: list[str]) -> None:
    if words:
        raise DirectiveError(f"Unknown parameter: {words[0]}")


def add_header(conf: HeadersDir, args: Args) -> HeadersDir:
    """Store a change of the response's fields."""
    words = list(split_words(args.raw))
    condition = words[0].lower() if words else ""
    if condition in ("always", "onsuccess"):
        words = words[1:]
    return extended(conf, "always" if condition == "always" else "normal", [_read(words, args)])


def add_request_header(conf: HeadersDir, args: Args) -> HeadersDir:
    """Store a change of the request's fields."""
    return extended(conf, "request", [_read(list(split_words(args.raw)), args)])


# Rows


def _row(name: str, apply: Callable[[HeadersDir, Args], HeadersDir], help: str) -> Directive:
    return Directive(name, Context.SVDH, Arity.RAW, HeadersDir, apply, help, override=Override.FILEINFO)


DIRECTIVES: Final = (
    _row(
        "Header",
        add_header,
        "an optional condition, an action, header and value followed by optional env clause",
    ),
    _row("RequestHeader", add_request_header, "an action, header and value followed by optional env clause"),
)


# Hooks


def _applies(change: Change, request: Request, provider: RequestVariables) -> bool:
    if change.variable:
        env = request.subprocess_env_table
        return (env is not None and change.variable in env) is not change.negated
    return change.expr is None or provider.holds(change.expr)


def _apply(request: Request, changes: tuple[Change, ...], table: Table, early: bool) -> None:
    provider = RequestVariables(request)
    for change in changes:
        if change.early is early and _applies(change, request, provider):
            _ACT[change.action](request, change, table)


def _text(request: Request, change: Change) -> bytes:
    text = "" if change.value is None else change.value(request)
    # What a variable holds may have line breaks, which no field can have.
    return re.sub(r"[\r\n\0]+", " ", text).encode("utf-8", "surrogateescape")


def _set(request: Request, change: Change, table: Table) -> None:
    value = _text(request, change)
    if change.name.lower() == "content-type" and table is not request.headers_in_table:
        request.content_type = value.decode("latin-1")
    table[change.name] = value


def _set_if_empty(request: Request, change: Change, table: Table) -> None:
    if not table.get(change.name):
        _set(request, change, table)


def _add(request: Request, change: Change, table: Table) -> None:
    table.add(change.name, _text(request, change))


def _append_value(request: Request, change: Change, table: Table) -> None:
    _join(table, change.name, _text(request, change))


def _join(table: Table, name: str, value: bytes) -> None:
    """Put a value behind the first one of a field, behind a comma."""
    values = _raw_values(table, name)
    if values:
        del table[name]
        values[0] += b", " + value
    for one in values or [value]:
        table.add(name, one)


def _merge(request: Request, change: Change, table: Table) -> None:
    old = _raw(table, change.name) or b""
    value = _text(request, change)
    if value.strip() not in [word.strip() for word in old.split(b",")]:
        _join(table, change.name, value)


def _raw(table: Table, name: str) -> bytes | None:
    values = _raw_values(table, name)
    return b", ".join(values) if values else None


def _raw_values(table: Table, name: str) -> list[bytes]:
    lower = name.lower().encode()
    return [value for found, value in table.raw_items() if found.lower() == lower]


def _unset(request: Request, change: Change, table: Table) -> None:
    if change.name.lower() == "content-type" and table is not request.headers_in_table:
        request.content_type = None
    del table[change.name]


def _echo(request: Request, change: Change, table: Table) -> None:
    if change.regex is not None:
        for name, value in request.headers_in.raw_items():
            if change.regex.search(name.decode("latin-1")):
                table.add(name, value)


def _note(request: Request, change: Change, table: Table) -> None:
    value = _raw(table, change.name)
    if value is not None:
        request.notes[_text(request, change)] = value


def _edited(request: Request, change: Change, value: str) -> str:
    """Return a value with the first match replaced, or with `edit*` every one."""
    replacement = _text(request, change).decode("utf-8", "surrogateescape")
    assert change.regex is not None
    count = 0 if change.action == "edit*" else 1
    return change.regex.sub(lambda match: substitute(replacement, match), value, count)


def _edit(request: Request, change: Change, table: Table) -> None:
    of_response = table is not request.headers_in_table
    if change.name.lower() == "content-type" and request.content_type and of_response:
        request.content_type = _edited(request, change, request.content_type)
    values = _raw_values(table, change.name)
    if not values:
        return
    edited = [_edited(request, change, value.decode("utf-8", "surrogateescape")) for value in values]
    del table[change.name]
    for value in edited:
        table.add(change.name, value.encode("utf-8", "surrogateescape"))


_ACT: Final[dict[str, Callable[[Request, Change, Table], None]]] = {
    "set": _set,
    "setifempty": _set_if_empty,
    "add": _add,
    "append": _append_value,
    "merge": _merge,
    "unset": _unset,
    "echo": _echo,
    "note": _note,
    "edit": _edit,
    "edit*": _edit,
}


def change_early(request: Request) -> int:
    """Apply the changes marked `early`, for tests mostly."""
    conf = request.conf[HeadersDir]
    _apply(request, conf.request, request.headers_in, True)
    _apply(request, conf.always, request.err_headers_out, True)
    _apply(request, conf.normal, request.headers_out, True)
    return DECLINED


def change_request(request: Request) -> int:
    """Apply RequestHeader."""
    _apply(request, request.conf[HeadersDir].request, request.headers_in, False)
    return OK


def change_response(request: Request) -> int:
    """Apply Header, to the server's own error pages only `Header always`."""
    conf = request.conf[HeadersDir]
    if conf.always:
        _apply(request, conf.always, request.err_headers_out, False)
    if conf.normal and not request.refused:
        _apply(request, conf.normal, request.headers_out, False)
    return OK


def _has_early(conf: HeadersDir) -> bool:
    return any(change.early for change in (*conf.request, *conf.normal, *conf.always))


MODULE: Final = Module(
    ModuleSpec("headers", ("headers_module", "mod_headers.c"), (), (HeadersDir,), DIRECTIVES),
    (
        Hook(
            Phase.POST_READ_REQUEST,
            change_early,
            Order.FIRST,
            lambda settings: _has_early(settings[HeadersDir]),
        ),
        Hook(Phase.FIXUPS, change_request, Order.LAST, lambda settings: bool(settings[HeadersDir].request)),
        Hook(
            Phase.RESPONSE_HEAD,
            change_response,
            Order.LAST,
            lambda settings: bool(settings[HeadersDir].normal or settings[HeadersDir].always),
        ),
    ),
)
