"""Host and port as a request names them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

from olexd.errors import BadRequest
from olexd.http.grammar import AUTHORITY, HOST_NAME

CACHED_MAX = 255
"""Longer values are no real host names and not worth remembering."""


def split_host(value: bytes) -> tuple[str, int | None]:
    """Return the host of a Host field or an authority and its port, None when it names none.

    The host is in lower case, without a trailing dot, an IPv6 address without its brackets. Raises
    BadRequest(400) for what httpd refuses (configuration spec 2.2, RFC 9110 section 7.2).
    """
    return _split_cached(value) if len(value) <= CACHED_MAX else _split(value)


def canonical(authority: bytes) -> bytes:
    """Return an authority with its host in lower case and without a trailing dot, and its port as it is.

    Raises BadRequest as `split_host` does.
    """
    host, _ = split_host(authority)
    name = f"[{host}]" if ":" in host else host
    port = authority.rpartition(b"]")[2].partition(b":")
    return name.encode("ascii") + port[1] + port[2]


def _split(value: bytes) -> tuple[str, int | None]:
    match = AUTHORITY.fullmatch(value)
    if match is None or not _is_host(match[1]):
        raise BadRequest(400, f"invalid host {value[:CACHED_MAX]!r}")
    host = match[1].decode("ascii").lower()
    host = host[1:-1] if host[0] == "[" else host.removesuffix(".")
    return host, None if match[2] is None else _port(match[2])


_split_cached = lru_cache(1024)(_split)


def _is_host(host: bytes) -> bool:
    if host[:1] != b"[":
        return HOST_NAME.fullmatch(host) is not None
    try:
        IPv6Address(host[1:-1].decode("ascii"))
    except AddressValueError:
        return False
    return True


def _port(digits: bytes) -> int:
    significant = digits.lstrip(b"0")
    if not significant or len(significant) > 5 or int(significant) > 65535:
        raise BadRequest(400, f"invalid port {digits[:CACHED_MAX]!r}")
    return int(significant)
