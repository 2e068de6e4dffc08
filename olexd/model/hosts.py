"""Host names of clients.

Who owns an address says what it is called: for rights only a name counts that leads back to the address.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from olexd.networks import parse_address

if TYPE_CHECKING:
    from olexd.model.request import Request

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")


@dataclass(frozen=True, slots=True)
class HostName:
    """What was found out about an address: its name, None for none, and whether that leads back to it.

    `confirmed` is None when nobody asked that.
    """

    address: str
    name: str | None = None
    confirmed: bool | None = None


def look_up(address: str, confirm: bool) -> HostName:
    """Return the name of an address; with `confirm` only one that leads back. Blocks, never raises."""
    name = _claimed_name(address)
    if not confirm:
        return HostName(address, name)
    confirmed = name is not None and has_address(name, address)
    return HostName(address, name if confirmed else None, confirmed)


def _claimed_name(address: str) -> str | None:
    """Return the name of an address in lower case, None for none and for what is no host name."""
    try:
        name = socket.gethostbyaddr(address)[0]
    except (OSError, UnicodeError):
        return None
    return name.lower() if _NAME.fullmatch(name) else None


def has_address(name: str, address: str) -> bool:
    """Return whether a name leads to an address. Blocks."""
    try:
        found = {str(item[4][0]) for item in socket.getaddrinfo(name, None)}
    except (OSError, UnicodeError):
        return False
    return parse_address(address) in map(parse_address, found)


def known_name(request: Request) -> str | None:
    """Return the client's name if it has been looked up and found. Never blocks."""
    known = request.connection.host_name
    return known.name if known is not None and known.address == request.client_ip else None


def confirmed_name(request: Request) -> str | None:
    """Return the client's name if it leads back to its address; remembered on the connection. Blocks."""
    address = request.client_ip
    known = request.connection.host_name
    if known is None or known.address != address or known == HostName(address):
        # Where no name came, it may just have come too late.
        known = look_up(address, confirm=True)
    elif known.name is not None and known.confirmed is None:
        known = replace(known, confirmed=has_address(known.name, address))
    request.connection.host_name = known
    return known.name if known.confirmed else None


def is_in_domain(host: str, name: str) -> bool:
    """Return whether `host` is `name` or ends in it at a label; a leading dot leaves the name itself out."""
    suffix = name.lower().lstrip(".")
    return (host == suffix and not name.startswith(".")) or host.endswith("." + suffix)
