"""The KEY=VALUE words of ProxyPass, BalancerMember and ProxySet (httpd manual, mod_proxy: ProxyPass)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from olexd.config.errors import DirectiveError
from olexd.config.rows import Args
from olexd.modules.words import duration
from olexd.status import REASONS

Fields = tuple[tuple[str, object], ...]
"""Fields of a settings class and the values they get."""
Table = Mapping[str, tuple[str, Callable[[str], Any]]]
"""Words, the fields they set, and how their values are read."""

_FLAGS: Final = {"on": True, "off": False}
_METHODS: Final = ("byrequests", "bytraffic", "bybusyness")
_LETTERS: Final = "DSIRHENC"


# Values


def seconds(word: str, unit: float = 1.0) -> float:
    """Return a time; `unit` is what a number alone counts. Raises ValueError."""
    if word.isascii() and word.isdigit():
        return int(word) * unit
    return duration(word)


def positive(word: str) -> float:
    """Return a time of more than nothing. Raises ValueError."""
    found = seconds(word)
    if found <= 0:
        raise ValueError("must be a time of more than zero")
    return found


def count(word: str) -> int:
    """Return a number. Raises ValueError."""
    if not (word.isascii() and word.isdigit()):
        raise ValueError("must be a number")
    return int(word)


def switch(word: str) -> bool:
    """Return what On or Off means. Raises ValueError."""
    if word.lower() not in _FLAGS:
        raise ValueError("must be On|Off")
    return _FLAGS[word.lower()]


def _factor(word: str) -> int:
    """Return a share of the requests in hundredths."""
    try:
        factor = round(float(word) * 100)
    except ValueError:
        factor = 0
    if not 100 <= factor <= 10000:
        raise ValueError("must be a number between 1..100")
    return factor


def _method(word: str) -> str:
    if word.lower() not in _METHODS:
        raise ValueError(f"must be one of {', '.join(_METHODS)}")
    return word.lower()


def _sticky(word: str) -> tuple[str, str]:
    cookie, _, path = word.partition("|")
    return cookie, path or cookie


def _separator(word: str) -> str:
    if word.lower() == "off":
        return ""
    if len(word) != 1:
        raise ValueError("must be a single character or Off")
    return word


def _attempts(word: str) -> int | None:
    return count(word) or None


def _statuses(word: str) -> frozenset[int]:
    codes = frozenset(map(count, word.split(",")))
    if not codes <= REASONS.keys():
        raise ValueError("must be one or more response codes, with commas between them")
    return codes


def _status(word: str) -> frozenset[str]:
    """Return the letters that are switched on; a member begins with none."""
    letters: set[str] = set()
    add = True
    for char in word.upper():
        if char in "+-":
            add = char == "+"
        elif char not in _LETTERS:
            raise ValueError(f"has the unknown letter {char}")
        elif add:
            letters.add(char)
        else:
            letters.discard(char)
    return frozenset(letters)


# Words

WORKER: Final[Table] = {
    "timeout": ("timeout", positive),
    "connectiontimeout": ("connect_timeout", positive),
    "acquire": ("acquire", lambda word: seconds(word, 0.001)),
    "max": ("most", count),
    "ttl": ("idle", seconds),
    "retry": ("retry", seconds),
    "keepalive": ("keep_alive", switch),
    "enablereuse": ("reuse", switch),
    "disablereuse": ("reuse", lambda word: not switch(word)),
    "upgrade": ("upgrade", str.lower),
}
MEMBER: Final[Table] = {
    "loadfactor": ("factor", _factor),
    "route": ("route", str),
    "redirect": ("redirect", str),
    "lbset": ("group", count),
    "status": ("status", _status),
}
BALANCER: Final[Table] = {
    "lbmethod": ("method", _method),
    "stickysession": ("sticky", _sticky),
    "stickysessionsep": ("separator", _separator),
    "nofailover": ("no_failover", switch),
    "maxattempts": ("attempts", _attempts),
    "failonstatus": ("fail_statuses", _statuses),
    "failontimeout": ("fail_on_timeout", switch),
    "forcerecovery": ("recover", switch),
}
_SETTLED: Final = """
    min smax flushpackets flushwait iobuffersize receivebuffersize responsefieldsize ping addressttl
    loadfactor route redirect lbset status hcmethod hcpasses hcfails hcinterval hcuri hctemplate hcexpr
"""
_SETTLED_FOR_BALANCERS: Final = "timeout scolonpathdelim nonce growth"


def read(args: Args, words: Iterable[str], balancer: bool, *tables: Table) -> Fields:
    """Return what words say, by the first of the tables that knows them. Raises DirectiveError."""
    settled = (_SETTLED_FOR_BALANCERS if balancer else _SETTLED).split()
    fields: list[tuple[str, object]] = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise DirectiveError(f"Invalid {args.name} parameter. Parameter must be in the form 'key=value'.")
        found = next((table[key.lower()] for table in tables if key.lower() in table), None)
        if found is not None:
            fields.append((found[0], _converted(args, key, value, found[1])))
        elif key.lower() not in settled:
            raise DirectiveError(
                f"{args.name} unknown {'Balancer' if balancer else 'Worker'} parameter {key}"
            )
    return tuple(fields)


def _converted(args: Args, key: str, value: str, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(value)
    except ValueError as error:
        raise DirectiveError(f"{args.name} {key} {error}") from None
