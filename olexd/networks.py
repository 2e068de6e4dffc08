"""Addresses and networks as directives write them and connections have them."""

from __future__ import annotations

import functools
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PREFIX: Final = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\.?", re.ASCII)


@functools.lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """Return the address that `text` is, IPv4 also when written as IPv6; None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def parse_network(word: str) -> Network:
    """Return the network of an address, `10.1`, `10.1.0.0/16` or `10.1.0.0/255.255.0.0`.

    Raises ValueError, with what is wrong as its text or with none when `word` is no address at all.
    """
    if _PREFIX.fullmatch(word):
        octets = word.rstrip(".").split(".")
        return ip_network(f"{'.'.join(octets + ['0'] * (4 - len(octets)))}/{8 * len(octets)}")
    address, slash, mask = word.partition("/")
    if parse_address(address) is None:
        raise ValueError("")
    try:
        return ip_network(f"{address}/{mask}" if slash else address, strict=False)
    except ValueError:
        raise ValueError("The specified network mask is invalid.") from None


def contains(network: Network, address: Address) -> bool:
    """Return whether `address` is in `network`; never for different versions."""
    return address.version == network.version and address in network
