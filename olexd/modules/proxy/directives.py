"""The proxy's directives (configuration spec 6)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.regex import compile_regex
from olexd.config.rows import Args, Arity, Context, Directive, extend, store_flag
from olexd.modules.proxy.address import UnknownScheme, balancer_url, is_balancer, split_url
from olexd.modules.proxy.parameters import BALANCER, MEMBER, WORKER, Fields, positive, read
from olexd.modules.proxy.settings import DEFAULTS, Mapping, Member, ProxyDir, ProxyServer, Reversal, Told
from olexd.modules.words import store_as, store_choice
from olexd.status import REASONS

_LITERAL: Final = "location"
_FLAGS: Final = {"on": True, "off": False}


# Setters


def _check_target(args: Args, url: str) -> None:
    """Refuse what is no URL; a scheme that is not supported is warned of and refused per request."""
    try:
        split_url(url.partition("$")[0])
    except UnknownScheme:
        pass
    except ValueError as error:
        raise DirectiveError(f"{args.name} {error}") from None


def _check_section(args: Args) -> str | None:
    """Return the kind of the Location around a directive, None outside of sections."""
    if args.section is None:
        return None
    kind = args.section[0].lower()
    if not kind.startswith(_LITERAL):
        raise DirectiveError(f"{args.name} cannot occur within <{args.section[0]}> section")
    return kind


def _read_words(args: Args, words: list[str]) -> tuple[str | None, bool, Fields]:
    """Return target, `nocanon` and parameters of what follows the path."""
    target, *more = words
    refused = [word for word in more if word.lower() in ("interpolate", "noquery")]
    if refused:
        raise DirectiveError(f"{args.name} {refused[0].lower()} is not supported")
    rest = [word for word in more if word.lower() != "nocanon"]
    fields = _read_fields(args, rest, target)
    if target == "!":
        return None, len(rest) < len(more), ()
    _check_target(args, target)
    return target, len(rest) < len(more), fields


def _read_fields(args: Args, words: list[str], url: str) -> Fields:
    """Return what KEY=VALUE words say of the backend or balancer at a URL."""
    return read(args, words, True, BALANCER) if is_balancer(url) else read(args, words, False, WORKER)


def add_mapping(conf: ProxyDir, args: Args) -> ProxyDir:
    """Store a path or pattern and the URL it stands for; in a Location, the URL of the whole section."""
    words = list(args.words)
    kind = _check_section(args)
    is_match = args.name.lower().endswith("match")
    if kind is not None:
        assert args.section is not None
        if len(words) > 1 and (words[1] == "!" or "://" in words[1].partition("=")[0]):
            raise DirectiveError(f"{args.name} can not have a path when defined in a location.")
        pattern = args.section[1]
        is_match = is_match or kind != _LITERAL
    elif len(words) < 2:
        raise DirectiveError(f"{args.name} requires at least two arguments when not in a Location section.")
    else:
        pattern = words.pop(0)
    target, raw, fields = _read_words(args, words)
    regex = compile_regex(pattern) if is_match else None
    parameters = DEFAULTS
    if target is not None and is_balancer(target):
        conf = extend("told", lambda args: (Told(balancer_url(target), fields),))(conf, args)
    else:
        parameters = replace(DEFAULTS, **dict(fields))  # type: ignore[arg-type]
    mapping = Mapping("" if is_match else pattern, target, regex, raw, parameters)
    if kind is not None:
        return replace(conf, here=mapping)
    return extend("mappings", lambda args: (mapping,))(conf, args)


def _unsupported(args: Args) -> str:
    """Return what the config check says of targets that no request can be passed to."""
    for word in args.words[:2]:
        try:
            split_url(word.partition("$")[0])
        except UnknownScheme as error:
            member = args.name == "BalancerMember"
            what = "it gets no requests" if member else "requests for it are answered with 501"
            return f"{args.name}: {error}; {what}"
        except ValueError:
            continue
    return ""


def add_reversal(conf: ProxyDir, args: Args) -> ProxyDir:
    """Store a path and the backend's URL; in a Location the URL alone."""
    words = [word for word in args.words if word.lower() != "interpolate"]
    if _check_section(args) is not None and len(words) == 1:
        assert args.section is not None
        reversal = Reversal(args.section[1], words[0])
    elif len(words) == 2:
        reversal = Reversal(words[0], words[1])
    else:
        raise DirectiveError(f"{args.name} needs a path when not defined in a location")
    return extend("reversals", lambda args: (reversal,))(conf, args)


def _section_url(args: Args, words: list[str]) -> str:
    """Return the URL that a line is about: that of the Proxy section around it, or its first word."""
    if args.section is None:
        url = words.pop(0)
    elif args.section[0] == "Proxy":
        url = args.section[1]
    else:
        raise DirectiveError(f"{args.name} cannot occur within <{args.section[0]}> section")
    try:
        split_url(url)
    except ValueError as error:
        raise DirectiveError(f"{args.name} {error}") from None
    return balancer_url(url) if is_balancer(url) else url


def add_member(conf: ProxyDir, args: Args) -> ProxyDir:
    """Add a backend to a balancer."""
    words = list(args.words)
    balancer = _section_url(args, words)
    if not is_balancer(balancer) or not words:
        raise DirectiveError(
            "BalancerMember needs a balancer and a URL", "it stands in <Proxy balancer://name>, or names both"
        )
    url, *rest = words
    _check_target(args, url)
    fields = dict(read(args, rest, False, WORKER, MEMBER))
    own = {name: value for name, value in fields.items() if hasattr(Member, name)}
    parameters = replace(DEFAULTS, **{name: value for name, value in fields.items() if name not in own})  # type: ignore[arg-type]
    member = Member(url.rstrip("/"), parameters, **own)  # type: ignore[arg-type]
    return extend("members", lambda args: ((balancer, member),))(conf, args)


def set_parameters(conf: ProxyDir, args: Args) -> ProxyDir:
    """Store what is said of a backend or balancer apart from the requests it gets."""
    words = list(args.words)
    url = _section_url(args, words)
    told = Told(url, _read_fields(args, words, url))
    return extend("told", lambda args: (told,))(conf, args)


def _pair(args: Args) -> tuple[tuple[str, str], ...]:
    return ((args.words[0], args.words[1]),)


def set_override(conf: ProxyDir, args: Args) -> ProxyDir:
    """Store whether, and for which statuses, error pages are the server's own."""
    first, *codes = args.words
    if first.lower() not in _FLAGS:
        raise DirectiveError("ProxyErrorOverride first parameter must be On or Off")
    for word in codes:
        if not re.fullmatch(r"[45]\d\d", word, re.ASCII) or int(word) not in REASONS:
            raise DirectiveError(f"ProxyErrorOverride: status code {word} is not an error")
    return replace(conf, override=_FLAGS[first.lower()], override_codes=frozenset(map(int, codes)))


def refuse_forward(conf: ProxyServer, args: Args) -> ProxyServer:
    """Accept Off: olexd never lets clients choose where their requests go."""
    if args.flag:
        raise DirectiveError("ProxyRequests On is not supported: olexd is no forward proxy")
    return conf


# Rows

_SVD, _SV = Context.SVD, Context.SV
_VIAS: Final = {word: word for word in ("off", "on", "full", "block")}
_MAPPING: Final = "a path and a URL or !, then KEY=VALUE and nocanon; in a Location without the path"

DIRECTIVES: Final = (
    Directive("ProxyPass", _SVD, Arity.ITERATE, ProxyDir, add_mapping, _MAPPING, warn=_unsupported),
    Directive(
        "ProxyPassMatch",
        _SVD,
        Arity.ITERATE,
        ProxyDir,
        add_mapping,
        "a regular expression and a URL with $0 to $9 or !; in a Location without the expression",
        warn=_unsupported,
    ),
    Directive(
        "BalancerMember",
        _SVD,
        Arity.ITERATE,
        ProxyDir,
        add_member,
        "a backend's URL, then KEY=VALUE; outside of <Proxy balancer://name> behind the balancer's URL",
        warn=_unsupported,
    ),
    Directive(
        "ProxySet",
        _SVD,
        Arity.ITERATE,
        ProxyDir,
        set_parameters,
        "KEY=VALUE for the backend or balancer of a <Proxy URL> section; elsewhere behind its URL",
    ),
    Directive(
        "ProxyPassReverse",
        _SVD,
        Arity.ONE_TO_THREE,
        ProxyDir,
        add_reversal,
        "a path and the backend's URL; in a Location the URL alone",
    ),
    Directive(
        "ProxyPassReverseCookieDomain",
        _SVD,
        Arity.TWO_OR_THREE,
        ProxyDir,
        extend("cookie_domains", _pair),
        "the backend's domain and ours",
    ),
    Directive(
        "ProxyPassReverseCookiePath",
        _SVD,
        Arity.TWO_OR_THREE,
        ProxyDir,
        extend("cookie_paths", _pair),
        "the backend's path and ours",
    ),
    Directive(
        "ProxyPreserveHost",
        _SVD,
        Arity.FLAG,
        ProxyDir,
        store_flag("preserve_host"),
        "whether the backend sees the Host field that the client sent",
        "Off",
    ),
    Directive(
        "ProxyAddHeaders",
        _SVD,
        Arity.FLAG,
        ProxyDir,
        store_flag("add_headers"),
        "whether X-Forwarded-For, -Host and -Server are added",
        "On",
    ),
    Directive(
        "ProxyErrorOverride",
        _SVD,
        Arity.ITERATE,
        ProxyDir,
        set_override,
        "On or Off, and the statuses whose pages are our own (default: all from 400)",
        "Off",
    ),
    Directive(
        "ProxyTimeout",
        _SV,
        Arity.ONE,
        ProxyServer,
        store_as("timeout", positive, "{name} must be a positive time: {word}"),
        "seconds that a backend may stand still",
        "Timeout",
    ),
    Directive(
        "ProxyVia",
        _SV,
        Arity.ONE,
        ProxyServer,
        store_choice("via", _VIAS, "ProxyVia must be one of: off | on | full | block"),
        "on, off, full or block",
        "Off",
    ),
    Directive("ProxyRequests", _SV, Arity.FLAG, ProxyServer, refuse_forward, "only Off is supported", "Off"),
)
