"""mod_access_compat: Order, Allow, Deny, Satisfy (configuration spec 4.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Methods, Override
from olexd.config.settings import UNSET, Settings, setting
from olexd.errorlog import Level
from olexd.model.hosts import confirmed_name, is_in_domain
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.networks import Network, contains, parse_address, parse_network
from olexd.phases.hooks import Hook, Module, Phase
from olexd.phases.sides import to_pool
from olexd.status import DECLINED, FORBIDDEN, OK

ALLOW_DENY: Final = "allow,deny"
DENY_ALLOW: Final = "deny,allow"
ORDERS: Final = {ALLOW_DENY: ALLOW_DENY, DENY_ALLOW: DENY_ALLOW, "mutual-failure": ALLOW_DENY}


# Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of Allow or Deny: a network, a host name, `all`, or an environment variable.

    Exactly one of `network`, `host`, `variable` is set; none of them means everybody. `methods` are those of
    the enclosing `<Limit>`.
    """

    methods: Methods | None
    network: Network | None = None
    host: str = ""
    variable: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What one section says; a section that says anything replaces all that outer ones said."""

    orders: tuple[tuple[Methods | None, str], ...] = ()
    allows: tuple[Entry, ...] = ()
    denies: tuple[Entry, ...] = ()
    satisfies: tuple[tuple[Methods | None, bool], ...] = ()

    def satisfy_any(self, request: Request) -> bool:
        """Return whether access by address or by user is enough for a request."""
        result = False
        for methods, any_is_enough in self.satisfies:
            if _covers(methods, request):
                result = any_is_enough
        return result


@dataclass(frozen=True, slots=True)
class AccessDir:
    """The rules of the innermost section that has any."""

    rules: Rules = setting(Rules())


# Setters


def _rules(conf: AccessDir) -> Rules:
    value: object = conf.rules
    return Rules() if value is UNSET else conf.rules


def _change(conf: AccessDir, **values: Any) -> AccessDir:
    return replace(conf, rules=replace(_rules(conf), **values))


def set_order(conf: AccessDir, args: Args) -> AccessDir:
    """Store which of Allow and Deny has the last word."""
    order = ORDERS.get(args.word.lower())
    if order is None:
        raise DirectiveError("unknown order")
    return _change(conf, orders=(*_rules(conf).orders, (args.methods, order)))


def _entry(word: str, methods: Methods | None) -> Entry:
    lower = word.lower()
    if lower == "all":
        return Entry(methods)
    if lower.startswith("env="):
        name = word[4:]
        return Entry(methods, variable=name.removeprefix("!"), negated=name.startswith("!"))
    try:
        return Entry(methods, network=parse_network(word))
    except ValueError as error:
        if str(error) or "/" in word:
            raise DirectiveError(str(error) or "The specified network mask is invalid.") from None
    if not word.strip(".0123456789"):
        raise DirectiveError("The specified IP address is invalid.")
    return Entry(methods, host=word)


def add_entries(conf: AccessDir, args: Args) -> AccessDir:
    """Store who is allowed or denied."""
    if args.word.lower() != "from":
        raise DirectiveError("allow and deny must be followed by 'from'")
    field = "allows" if args.name.lower() == "allow" else "denies"
    new = tuple(_entry(word, args.methods) for word in args.words[1:])
    return _change(conf, **{field: getattr(_rules(conf), field) + new})


def set_satisfy(conf: AccessDir, args: Args) -> AccessDir:
    """Store whether access by address or by user is enough."""
    if args.word.lower() not in ("any", "all"):
        raise DirectiveError("Satisfy either 'any' or 'all'.")
    entry = (args.methods, args.word.lower() == "any")
    return _change(conf, satisfies=(*_rules(conf).satisfies, entry))


# Rows

_LIMIT: Final = Override.LIMIT
_FROM: Final = "'from' followed by hostnames or IP-address wildcards"

DIRECTIVES: Final = (
    Directive(
        "Order",
        Context.DH,
        Arity.ONE,
        AccessDir,
        set_order,
        "'allow,deny', 'deny,allow', or 'mutual-failure'",
        DENY_ALLOW,
        _LIMIT,
        by_method=True,
    ),
    Directive(
        "Allow", Context.DH, Arity.ITERATE2, AccessDir, add_entries, _FROM, override=_LIMIT, by_method=True
    ),
    Directive(
        "Deny", Context.DH, Arity.ITERATE2, AccessDir, add_entries, _FROM, override=_LIMIT, by_method=True
    ),
    Directive(
        "Satisfy",
        Context.DH,
        Arity.ONE,
        AccessDir,
        set_satisfy,
        "access policy if both allow and require used ('all' or 'any')",
        "All",
        Override.AUTHCONFIG,
        by_method=True,
    ),
)


# Hooks


def _covers(methods: Methods | None, request: Request) -> bool:
    return methods is None or methods.cover(request.method)


def _matches(entry: Entry, request: Request) -> bool:
    if not _covers(entry.methods, request):
        return False
    if entry.variable or entry.negated:
        env = request.subprocess_env_table
        return (env is not None and entry.variable in env) is not entry.negated
    if entry.host:
        name = confirmed_name(request)
        return name is not None and is_in_domain(name, entry.host)
    if entry.network is None:
        return True
    address = parse_address(request.client_ip)
    return address is not None and contains(entry.network, address)


def _allows(rules: Rules, request: Request) -> bool:
    order = DENY_ALLOW
    for methods, word in rules.orders:
        if _covers(methods, request):
            order = word
    allowed = any(_matches(entry, request) for entry in rules.allows)
    denied = any(_matches(entry, request) for entry in rules.denies)
    return allowed and not denied if order == ALLOW_DENY else allowed or not denied


async def _judge(request: Request) -> bool:
    rules = request.conf[AccessDir].rules
    if any(entry.host for entry in (*rules.allows, *rules.denies)):
        await to_pool(request)
    return _allows(rules, request)


async def check_access(request: Request) -> int:
    """Refuse who is not allowed."""
    if await _judge(request):
        return OK
    log_request(
        request,
        f"AH01797: client denied by server configuration: {request.filename or request.uri}",
        Level.INFO if _any_is_enough(request) else Level.ERR,
        "access_compat",
    )
    return FORBIDDEN


def _any_is_enough(request: Request) -> bool:
    return request.conf[AccessDir].rules.satisfy_any(request)


def satisfies(request: Request) -> int:
    """Tell whether `Satisfy Any` makes it enough to be allowed by address."""
    return OK if _any_is_enough(request) else DECLINED


def _restricts(settings: Settings) -> bool:
    rules = settings[AccessDir].rules
    return bool(rules.orders or rules.denies or rules.allows)


MODULE: Final = Module(
    ModuleSpec(
        "access_compat", ("access_compat_module", "mod_access_compat.c"), (), (AccessDir,), DIRECTIVES
    ),
    (
        Hook(Phase.ACCESS_CHECKER, check_access, wanted=_restricts),
        Hook(
            Phase.SATISFY_ANY,
            satisfies,
            wanted=lambda settings: any(enough for _, enough in settings[AccessDir].rules.satisfies),
        ),
    ),
)
