"""Virtual hosts: their addresses, and which of them answers (configuration spec 2.2)."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.regex import compile_wildcard
from olexd.config.server import Address, HostConfig

_ANY: Final = frozenset({"*", "_default_", "0.0.0.0", "[::]"})
"""What stands for any local address in a VirtualHost header."""


class UnknownHost(Exception):
    """A host name in a VirtualHost header has no address."""


def parse_addresses(word: str) -> tuple[Address, ...]:
    """Return the addresses that one word of a VirtualHost header stands for.

    Raises DirectiveError for a bad port and UnknownHost for a name that does not resolve.
    """
    if word.isdecimal():
        raise DirectiveError("The address or port is invalid")
    host, port = split_port(word)
    if host.lower() in _ANY:
        return (Address(None, port),)
    return tuple(Address(address, port) for address in _resolve(host))


def split_port(word: str) -> tuple[str, int | None]:
    """Split `HOST[:PORT]`; a port of `*` is none. IPv6 addresses stand in brackets, or bare without port."""
    host, colon, port = word.rpartition(":")
    if not colon or word.endswith("]") or (":" in host and not host.endswith("]")):
        return word, None
    if port == "*":
        return host, None
    if not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise DirectiveError("The address or port is invalid")
    return host, int(port)


def _resolve(host: str) -> list[str]:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(bare)
        return [str(getattr(address, "ipv4_mapped", None) or address).partition("%")[0]]
    except ValueError:
        if bare != host:
            raise DirectiveError("The address or port is invalid") from None
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnknownHost(host) from None
    return list(dict.fromkeys(plain_address(str(entry[4][0])) for entry in found))


def plain_address(address: str) -> str:
    """Return an IP address as the tables here hold it: IPv4 in IPv6 dress as IPv4, no zone."""
    return address.removeprefix("::ffff:").partition("%")[0] if ":" in address else address


@dataclass(slots=True, eq=False)
class _HostSet:
    """The hosts of one address. A name's host is the first that has it; `wild` are (position, test)."""

    hosts: list[HostConfig] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    wild: list[tuple[int, re.Pattern[str]]] = field(default_factory=list)

    def add(self, host: HostConfig) -> None:
        """Add a host, whose addresses come one after the other."""
        if self.hosts and self.hosts[-1] is host:
            return
        position = len(self.hosts)
        self.hosts.append(host)
        for name in (host.name, *host.aliases):
            self.names.setdefault(name.lower(), position)
        for alias in host.wild_aliases:
            self.wild.append((position, compile_wildcard(alias.lower(), slash=True)))

    def has(self, name: str) -> bool:
        """Return whether a host has this name or alias."""
        return name in self.names or any(pattern.fullmatch(name) for _, pattern in self.wild)

    def find(self, name: str) -> HostConfig:
        position = self.names.get(name, len(self.hosts))
        for earlier, pattern in self.wild:
            if earlier >= position:
                break
            if pattern.fullmatch(name):
                position = earlier
                break
        return self.hosts[position if position < len(self.hosts) else 0]


class HostSelector:
    """Finds the host: first the set for the local address, then in it the first host with the name."""

    def __init__(self, main: HostConfig, hosts: Sequence[HostConfig]) -> None:
        self._main = main
        self._sets: dict[tuple[str | None, int | None], _HostSet] = {}
        for host in hosts:
            for address in host.addresses:
                self._sets.setdefault((address.host, address.port), _HostSet()).add(host)

    def _set(self, address: str, port: int) -> _HostSet | None:
        sets = self._sets
        if not sets:
            return None
        address = plain_address(address)
        return (
            sets.get((address, port))
            or sets.get((address, None))
            or sets.get((None, port))
            or sets.get((None, None))
        )

    def default(self, address: str, port: int) -> HostConfig:
        """Return the host that speaks for a local address before any name is known."""
        found = self._set(address, port)
        return self._main if found is None else found.hosts[0]

    def knows(self, address: str, port: int, name: str | None) -> bool:
        """Return whether a request's host name is one of those configured for a local address."""
        if name is None:
            return True
        found = self._set(address, port)
        if found is None:
            main = self._main
            return name.removesuffix(".") in (main.name.lower(), *map(str.lower, main.aliases))
        return found.has(name.removesuffix("."))

    def select(self, address: str, port: int, name: str | None) -> HostConfig:
        """Return the host for a local address and a request's host name (lower case, no port)."""
        found = self._set(address, port)
        if found is None:
            return self._main
        return found.hosts[0] if name is None else found.find(name.removesuffix("."))
