"""The functions and operators of expressions that depend on their arguments alone."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from olexd.expr.vocabulary import EvaluationError
from olexd.networks import Network, contains, parse_address, parse_network
from olexd.regex import RegexError, compile_wildcard

_NUMBER: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]{1,18})")
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3})?")
_FALSE_WORDS: Final = frozenset({"", "0", "off", "false", "no"})
_ESCAPE: Final = re.compile(r"%[0-9A-F]{2}")
_LDAP_SPECIAL: Final = re.compile(rb'[\x00-\x1f"()*+,;<>\\\x7f-\xff]')
_PATH_SAFE: Final = "!$&'()*+,-./:;=@_~"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _unbase64(text: str) -> str:
    """Return what the letters that `text` begins with stand for; padding is not needed, as in httpd."""
    letters = _BASE64.match(text)
    assert letters is not None
    return _text(base64.b64decode(letters[0] + "=" * (-len(letters[0]) % 4)))


def _unescape(text: str) -> str:
    """Return `text` decoded once; nothing for a bad escape, a slash or a NUL, as in httpd."""
    if re.search(r"%(?![0-9A-Fa-f]{2})|%(2f|00)", text, re.IGNORECASE):
        return ""
    return _text(unquote_to_bytes(_bytes(text)))


def _escape(text: str) -> str:
    return _ESCAPE.sub(lambda match: match[0].lower(), quote(_bytes(text), _PATH_SAFE))


def _ldap(text: str) -> str:
    """Return `text` as it may stand in names and filters of LDAP."""
    return _LDAP_SPECIAL.sub(lambda match: b"\\%02x" % match[0][0], _bytes(text)).decode("ascii")


FUNCTIONS: Final[dict[str, Callable[[str], str]]] = {
    "tolower": str.lower,
    "toupper": str.upper,
    "escape": _escape,
    "unescape": _unescape,
    "base64": lambda text: base64.b64encode(_bytes(text)).decode("ascii"),
    "unbase64": _unbase64,
    "md5": lambda text: hashlib.md5(_bytes(text), usedforsecurity=False).hexdigest(),
    "sha1": lambda text: hashlib.sha1(_bytes(text), usedforsecurity=False).hexdigest(),
    "ldap": _ldap,
}


def number(text: str) -> int:
    """Return the number that `text` begins with, 0 when it begins with none."""
    match = _NUMBER.match(text)
    return int(match[1]) if match else 0


COMPARISONS: Final[dict[str, Callable[[str, str], bool]]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: _bytes(left) < _bytes(right),
    "<=": lambda left, right: _bytes(left) <= _bytes(right),
    ">": lambda left, right: _bytes(left) > _bytes(right),
    ">=": lambda left, right: _bytes(left) >= _bytes(right),
    "eq": lambda left, right: number(left) == number(right),
    "ne": lambda left, right: number(left) != number(right),
    "lt": lambda left, right: number(left) < number(right),
    "le": lambda left, right: number(left) <= number(right),
    "gt": lambda left, right: number(left) > number(right),
    "ge": lambda left, right: number(left) >= number(right),
}

TESTS: Final[dict[str, Callable[[str], bool]]] = {
    "n": bool,
    "z": lambda text: not text,
    "T": lambda text: text.lower() not in _FALSE_WORDS,
}


@lru_cache(maxsize=256)
def _wildcard(pattern: str, slash: bool) -> re.Pattern[str]:
    try:
        return compile_wildcard(pattern, slash)
    except RegexError as error:
        raise EvaluationError(f"bad wildcard: {error}") from None


@lru_cache(maxsize=256)
def subnet(text: str) -> Network:
    """Return the network that `text` names. Raises EvaluationError."""
    try:
        return parse_network(text)
    except ValueError as error:
        raise EvaluationError(f"bad subnet '{text}': {error}") from None


def in_subnet(address: str, network: str) -> bool:
    """Return whether an address lies in a network; what is no address lies in none."""
    found = parse_address(address)
    return found is not None and contains(subnet(network), found)


BINARY: Final[dict[str, Callable[[str, str], bool]]] = {
    "ipmatch": in_subnet,
    "strmatch": lambda text, pattern: _wildcard(pattern, True).fullmatch(text) is not None,
    "strcmatch": lambda text, pattern: _wildcard(pattern.lower(), True).fullmatch(text.lower()) is not None,
    "fnmatch": lambda text, pattern: _wildcard(pattern, False).fullmatch(text) is not None,
}
