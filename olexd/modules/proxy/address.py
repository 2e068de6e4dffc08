"""Where a backend is, read from its URL: `http://host:port/path` or `unix:/socket|http://host/path`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

SCHEMES: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443, "balancer": 80}
"""The schemes that backends can be asked with, and their ports. A balancer's name is no host."""
_UNIX: Final = re.compile(r"unix:(?P<path>/[^|]*)\|", re.IGNORECASE)
_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?P<authority>(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::(?P<port>\d{1,5}))?)(?P<path>/.*|$)",
    re.DOTALL,
)


class UnknownScheme(ValueError):
    """A URL with a scheme that no backend can be asked with."""


@dataclass(frozen=True, slots=True)
class Address:
    """A backend. `socket` is the path of its unix socket, "" for TCP; `host` has no brackets.

    `authority` is host and port as the URL has them, for the Host field.
    """

    scheme: str
    host: str
    port: int
    authority: str
    socket: str = ""

    @property
    def is_tls(self) -> bool:
        """Whether the backend is spoken to over TLS."""
        return self.scheme in ("https", "wss")

    @property
    def is_websocket(self) -> bool:
        """Whether requests may become WebSockets without another word."""
        return self.scheme in ("ws", "wss")

    def __str__(self) -> str:
        return f"unix:{self.socket}" if self.socket else self.authority


def is_balancer(url: str) -> bool:
    """Return whether a URL is that of a balancer."""
    return url[:11].lower() == "balancer://"


def is_supported(url: str) -> bool:
    """Return whether a backend with this URL can be asked. Raises ValueError for what is no URL."""
    try:
        split_url(url)
    except UnknownScheme:
        return False
    return True


def balancer_url(url: str) -> str:
    """Return the balancer in a URL: `balancer://name`, in lower case."""
    return f"balancer://{url[11:].partition('/')[0].lower()}"


def split_url(url: str) -> tuple[Address, str]:
    """Return the address in a URL and the path behind it, at least "/".

    Raises UnknownScheme, or ValueError for what is no URL.
    """
    unix = _UNIX.match(url)
    match = _URL.match(url, unix.end() if unix else 0)
    if match is None:
        raise ValueError("URL must be absolute!")
    socket = unix["path"] if unix else ""
    return _address(match["scheme"].lower(), match["authority"], socket), match["path"] or "/"


@lru_cache(256)
def _address(scheme: str, authority: str, socket: str) -> Address:
    if scheme not in SCHEMES:
        raise UnknownScheme(f"{scheme}:// is not supported")
    match = re.fullmatch(r"\[?([^\]]*?)\]?(?::(\d+))?", authority)
    assert match is not None
    port = int(match[2]) if match[2] else SCHEMES[scheme]
    if not 0 < port < 65536:
        raise ValueError(f"there is no port {port}")
    return Address(scheme, match[1].lower(), port, authority, socket)
