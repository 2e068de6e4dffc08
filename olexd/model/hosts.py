"""Host names of clients: looked up both ways, so that no name server can claim another's name."""

from __future__ import annotations

import socket

from olexd.networks import parse_address


def confirmed_name(address: str) -> str | None:
    """Return the name of an address in lower case, if that name leads back to the address. Blocks."""
    try:
        host = socket.gethostbyaddr(address)[0]
        found = {str(item[4][0]) for item in socket.getaddrinfo(host, None)}
    except OSError:
        return None
    return host.lower() if parse_address(address) in map(parse_address, found) else None


def has_address(name: str, address: str) -> bool:
    """Return whether a name leads to an address. Blocks."""
    try:
        found = {str(item[4][0]) for item in socket.getaddrinfo(name, None)}
    except (OSError, UnicodeError):
        return False
    return parse_address(address) in map(parse_address, found)


def is_in_domain(host: str, name: str) -> bool:
    """Return whether `host` is `name` or ends in it at a label; a leading dot leaves the name itself out."""
    suffix = name.lower().lstrip(".")
    return (host == suffix and not name.startswith(".")) or host.endswith("." + suffix)
