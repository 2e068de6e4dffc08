"""Reading Require lines: the kinds there are, and those of mod_authz_core and mod_ssl (spec 4.5).

Each line is read once into a function from a request to a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.lexer import next_word, split_words
from olexd.config.rows import Args
from olexd.expr import Condition, ExprError, condition
from olexd.model.methods import is_registered
from olexd.model.request import Request
from olexd.model.variables import RequestVariables
from olexd.modules.aaa import authz_dbm, authz_groupfile, authz_host, authz_owner, authz_user
from olexd.modules.aaa.requirement import Kinds, Line, Requirement, Verdict, negate, unreadable, verdict
from olexd.modules.words import nearest

# The checks


def _fixed(verdict: Verdict, request: Request) -> Verdict:
    return verdict


def _by_method(methods: frozenset[str], request: Request) -> Verdict:
    return verdict(request.method in methods)


def _by_environment(names: tuple[str, ...], request: Request) -> Verdict:
    env = request.subprocess_env_table
    return verdict(env is not None and any(name in env for name in names))


def _by_condition(condition: Condition, request: Request) -> Verdict:
    if RequestVariables(request).holds(condition):
        return Verdict.GRANTED
    # As in httpd another user could always change it, whoever the present one is.
    return Verdict.NEEDS_USER if "REMOTE_USER" in condition.names else Verdict.DENIED


def _is_tls(request: Request) -> Verdict:
    return verdict(request.connection.tls is not None)


def _is_verified(request: Request) -> Verdict:
    tls = request.connection.tls
    return verdict(tls is not None and tls.verify == "SUCCESS")


# Reading


def _about_tls(kind: str, check: Callable[[Request], Verdict], line: Line) -> Requirement:
    if line.words:
        raise DirectiveError(f"'Require {kind}' does not take arguments")
    return Requirement(check)


def _all(line: Line) -> Requirement:
    fixed = {"granted": Verdict.GRANTED, "denied": Verdict.DENIED}.get("".join(line.words[:1]).lower())
    if fixed is None or len(line.words) != 1:
        raise DirectiveError("Argument for 'Require all' must be 'granted' or 'denied'")
    return Requirement(partial(_fixed, fixed))


def _method(line: Line) -> Requirement:
    for word in line.words:
        if not is_registered(word):
            raise DirectiveError(f"Invalid Method '{word}'")
    methods = frozenset(line.words) | ({"HEAD"} if "GET" in line.words else frozenset())
    return Requirement(partial(_by_method, methods))


def _expr(line: Line) -> Requirement:
    """Read `expr`, whose condition is one quoted word or all the rest of the line."""
    text, position = next_word(line.raw)
    if position < len(line.raw):
        text = line.raw
    try:
        found = condition(text, line.vocabulary)
    except ExprError as error:
        raise unreadable(error) from None
    return Requirement(partial(_by_condition, found), blocks=True)


KINDS: Final[Kinds] = {
    "all": _all,
    "method": _method,
    "env": lambda line: Requirement(partial(_by_environment, line.words)),
    "expr": _expr,
    "ssl": partial(_about_tls, "ssl", _is_tls),
    "ssl-verify-client": partial(_about_tls, "ssl-verify-client", _is_verified),
    **authz_dbm.KINDS,
    **authz_groupfile.KINDS,
    **authz_host.KINDS,
    **authz_owner.KINDS,
    **authz_user.KINDS,
}
_STATIC: Final = frozenset(
    ["all", "ip", "method", "env", "local", "valid-user", "file-owner", "file-group", "dbm-file-group"]
)
"""The kinds whose arguments are taken as they are written."""


def read_requirement(args: Args, aliases: Mapping[str, Requirement]) -> Requirement:
    """Return the requirement that a Require line states; `aliases` are kinds that the configuration defines.

    Raises DirectiveError: what is not understood must never open anything.
    """
    word, position = next_word(args.raw)
    negative = word.lower() == "not"
    kind, position = next_word(args.raw, position if negative else 0)
    raw = args.raw[position:]
    found = aliases.get(kind) or read_kind(kind, Line(split_words(raw), raw, args.vocabulary), aliases)
    found = replace(found, methods=args.methods, lines=(" ".join(split_words(args.raw)),))
    if not negative:
        return found
    refuse_negative("negative Require", args.container)
    return replace(found, check=negate(found.check), negative=True)


def refuse_negative(what: str, container: str) -> None:
    """Refuse what can only deny where nothing beside it could be denied."""
    if container != "<RequireAll>":
        raise DirectiveError(f"{what} directive has no effect in {container or '<RequireAny>'} directive")


def read_kind(kind: str, line: Line, others: Iterable[str] = ()) -> Requirement:
    """Return the requirement of a built-in kind. Raises DirectiveError; `others` may have been meant, too."""
    reader = KINDS.get(kind)
    if reader is None:
        raise DirectiveError(f"Unknown Authz provider: {kind}", nearest(kind, [*KINDS, *others]))
    if kind in _STATIC and any("%{" in word for word in line.words):
        raise DirectiveError(f"Require {kind} takes no expressions")
    return reader(line)
