"""The requirements of mod_authz_core, mod_authz_host, mod_authz_user and mod_authz_groupfile.

Each is read once into a function from a request to a verdict (configuration spec 4.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.lexer import next_word, split_words
from olexd.config.rows import Methods
from olexd.errorlog import Level
from olexd.expr import Condition, ExprError, condition, string
from olexd.model.accounts import group_name, user_name
from olexd.model.hosts import confirmed_name, has_address, is_in_domain
from olexd.model.logging import log_request
from olexd.model.methods import is_registered
from olexd.model.request import Request
from olexd.model.variables import RequestVariables
from olexd.modules.aaa.files import GROUPS
from olexd.networks import Network, contains, parse_address, parse_network


class Verdict(Enum):
    """What a requirement says about a request."""

    GRANTED = auto()
    DENIED = auto()
    NEEDS_USER = auto()
    """Denied so far; a user could change that."""
    NEUTRAL = auto()
    """Nothing for or against."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One Require line or container.

    `check` may only be called on a pool thread when it `blocks`. `by_user` tells whether the user matters,
    `negative` whether it can only deny. With `methods` it speaks of requests with these alone, with `parts`
    of those that one of them speaks of. `lines` are the arguments of the Require lines it stands for.
    """

    check: Callable[[Request], Verdict]
    blocks: bool = False
    by_user: bool = False
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


def _verdict(granted: bool) -> Verdict:
    return Verdict.GRANTED if granted else Verdict.DENIED


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
        any(requirement.by_user for requirement in inside),
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
        any(part.by_user for part in parts),
        parts=parts,
    )


# The checks


def _fixed(verdict: Verdict, request: Request) -> Verdict:
    return verdict


def _valid_user(request: Request) -> Verdict:
    return Verdict.NEEDS_USER if request.user is None else Verdict.GRANTED


def _named_user(names: Words, request: Request) -> Verdict:
    if request.user is None:
        return Verdict.NEEDS_USER
    return _verdict(request.user in names(request))


def _in_network(networks: tuple[Network, ...], request: Request) -> Verdict:
    address = parse_address(request.client_ip)
    return _verdict(address is not None and any(contains(network, address) for network in networks))


def _is_local(request: Request) -> Verdict:
    address = parse_address(request.client_ip)
    if address is None:
        return Verdict.DENIED
    return _verdict(address.is_loopback or address == parse_address(request.connection.local[0]))


def _by_method(methods: frozenset[str], request: Request) -> Verdict:
    return _verdict(request.method in methods)


def _by_environment(names: tuple[str, ...], request: Request) -> Verdict:
    env = request.subprocess_env_table
    return _verdict(env is not None and any(name in env for name in names))


def _in_group(group_file: Callable[[Request], str], names: Words, request: Request) -> Verdict:
    if request.user is None:
        return Verdict.NEEDS_USER
    return _in_one_of(group_file, names(request), request)


def _in_one_of(group_file: Callable[[Request], str], names: Iterable[str], request: Request) -> Verdict:
    path = group_file(request)
    if not path:
        log_request(
            request, "AH01664: No group file was specified in the configuration", module="authz_groupfile"
        )
        return Verdict.DENIED
    try:
        groups = GROUPS.get(path)
    except OSError as error:
        log_request(
            request,
            f"AH01665: Could not open group file: {path}: {error.strerror}",
            Level.ERR,
            "authz_groupfile",
        )
        return Verdict.DENIED
    return _verdict(any(request.user in groups.get(name, ()) for name in names))


def _by_host(names: Words, request: Request) -> Verdict:
    host = confirmed_name(request)
    return _verdict(host is not None and any(is_in_domain(host, name) for name in names(request)))


def _by_address(names: Words, request: Request) -> Verdict:
    return _verdict(any(has_address(name, request.client_ip) for name in names(request)))


def _by_condition(condition: Condition, request: Request) -> Verdict:
    if RequestVariables(request).holds(condition):
        return Verdict.GRANTED
    needs_user = "REMOTE_USER" in condition.names and request.user is None
    return Verdict.NEEDS_USER if needs_user else Verdict.DENIED


def _is_owner(request: Request) -> Verdict:
    if request.user is None:
        return Verdict.NEEDS_USER
    owner = None if request.stat is None else user_name(request.stat.st_uid)
    return _verdict(owner is not None and owner == request.user)


def _is_in_owning_group(group_file: Callable[[Request], str], request: Request) -> Verdict:
    if request.user is None:
        return Verdict.NEEDS_USER
    group = None if request.stat is None else group_name(request.stat.st_gid)
    return Verdict.DENIED if group is None else _in_one_of(group_file, [group], request)


def _is_tls(request: Request) -> Verdict:
    return _verdict(request.connection.tls is not None)


def _is_verified(request: Request) -> Verdict:
    tls = request.connection.tls
    return _verdict(tls is not None and tls.verify == "SUCCESS")


# Reading


def _about_tls(kind: str, words: tuple[str, ...], check: Callable[[Request], Verdict]) -> Requirement:
    if words:
        raise DirectiveError(f"'Require {kind}' does not take arguments")
    return Requirement(check)


def _all(words: tuple[str, ...]) -> Requirement:
    verdict = {"granted": Verdict.GRANTED, "denied": Verdict.DENIED}.get("".join(words[:1]).lower())
    if verdict is None or len(words) != 1:
        raise DirectiveError("Argument for 'Require all' must be 'granted' or 'denied'")
    return Requirement(partial(_fixed, verdict))


def _network(word: str) -> Network:
    try:
        return parse_network(word)
    except ValueError as error:
        reason = f": {error}" if str(error) else ""
        raise DirectiveError(f"ip address '{word}' appears to be invalid{reason}") from None


def _ip(words: tuple[str, ...]) -> Requirement:
    if not words:
        raise DirectiveError("'require ip' requires an argument")
    return Requirement(partial(_in_network, tuple(map(_network, words))))


def _method(words: tuple[str, ...]) -> Requirement:
    for word in words:
        if not is_registered(word):
            raise DirectiveError(f"Invalid Method '{word}'")
    methods = frozenset(words) | ({"HEAD"} if "GET" in words else frozenset())
    return Requirement(partial(_by_method, methods))


Words = Callable[[Request], Iterable[str]]
"""What yields the names that a requirement speaks of: fixed ones, or those of an expression."""


def _words(words: tuple[str, ...]) -> Words:
    """Return what yields names; with `%{}` in them they are worked out for each request."""
    text = " ".join(words)
    if "%{" not in text:
        fixed = frozenset(words)
        return lambda request: fixed
    try:
        expression = string(text)
    except ExprError as error:
        raise DirectiveError(f"Cannot parse expression in require line: {error}") from None
    return lambda request: split_words(RequestVariables(request).text(expression))


def _expression(raw: str) -> Requirement:
    """Read `expr`, whose condition is one quoted word or all the rest of the line."""
    text, position = next_word(raw)
    if position < len(raw):
        text = raw
    try:
        found = condition(text)
    except ExprError as error:
        raise DirectiveError(f"Cannot parse expression in require line: {error}") from None
    return Requirement(partial(_by_condition, found), True, "REMOTE_USER" in found.names)


_READERS: Final[dict[str, Callable[[tuple[str, ...]], Requirement]]] = {
    "all": _all,
    "ip": _ip,
    "method": _method,
    "valid-user": lambda words: Requirement(_valid_user, by_user=True),
    "user": lambda words: Requirement(partial(_named_user, _words(words)), by_user=True),
    "local": lambda words: Requirement(_is_local),
    "env": lambda words: Requirement(partial(_by_environment, words)),
    "host": lambda words: Requirement(partial(_by_host, _words(words)), True),
    "forward-dns": lambda words: Requirement(partial(_by_address, _words(words)), True),
    "ssl": lambda words: _about_tls("ssl", words, _is_tls),
    "ssl-verify-client": lambda words: _about_tls("ssl-verify-client", words, _is_verified),
    "file-owner": lambda words: Requirement(_is_owner, True, True),
}


_STATIC: Final = frozenset({"all", "ip", "method", "env", "local", "valid-user", "file-owner", "file-group"})
"""The kinds whose arguments are taken as they are written."""


def read_requirement(
    raw: str, container: str, methods: Methods | None, group_file: Callable[[Request], str]
) -> Requirement:
    """Return the requirement that a Require line states.

    `raw` is the line behind Require, `container` what stands around it, "" for a section. `group_file` tells
    which group file a request is subject to. Raises DirectiveError: what is not understood must never open
    anything.
    """
    word, position = next_word(raw)
    negative = word.lower() == "not"
    found = _read(raw[position:] if negative else raw, group_file)
    found = replace(found, methods=methods, lines=(" ".join(split_words(raw)),))
    if not negative:
        return found
    refuse_negative("negative Require", container)
    return replace(found, check=negate(found.check), negative=True)


def refuse_negative(what: str, container: str) -> None:
    """Refuse what can only deny where nothing beside it could be denied."""
    if container != "<RequireAll>":
        raise DirectiveError(f"{what} directive has no effect in {container or '<RequireAny>'} directive")


def _read(raw: str, group_file: Callable[[Request], str]) -> Requirement:
    kind, position = next_word(raw)
    rest = split_words(raw[position:])
    if kind == "expr":
        return _expression(raw[position:])
    if kind in _STATIC and any("%{" in word for word in rest):
        raise DirectiveError(f"Require {kind} takes no expressions")
    if kind == "group":
        return Requirement(partial(_in_group, group_file, _words(rest)), blocks=True, by_user=True)
    if kind == "file-group":
        return Requirement(partial(_is_in_owning_group, group_file), blocks=True, by_user=True)
    reader = _READERS.get(kind)
    if reader is None:
        raise DirectiveError(f"Unknown Authz provider: {kind}")
    return reader(rest)
