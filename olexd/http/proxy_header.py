"""The header that a proxy of the PROXY protocol puts before a connection: versions 1 and 2.

Source: HAProxy's specification "The PROXY protocol", 2.1 and 2.2.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
"""What version 2 begins with."""
LINE_MAX: Final = 107
"""The longest line of version 1, its CR LF included."""
BINARY_MAX: Final = 4096
"""The longest address part of version 2 that is read; itself it needs 36 bytes, the rest are additions."""
_FIRST: Final = b"PROXY "
_LINE: Final = re.compile(
    rb"PROXY (TCP4|TCP6) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) ([0-9]{1,5}) ([0-9]{1,5})\r\n"
)
_HEAD: Final = struct.Struct("!12sBBH")
_LOCAL, _PROXY = 0x20, 0x21
_STREAMS: Final = {0x11: ("4s4sHH", 4), 0x21: ("16s16sHH", 6)}
"""TCP over IPv4 and over IPv6: how the addresses stand, and the family's number."""


class BadProxyHeader(ValueError):
    """A connection does not begin as it has to."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """A header of `length` bytes. `client` is the address of the proxy's client, None for the peer's own."""

    client: str | None
    length: int


def read_proxy_header(data: bytes) -> ProxyHeader | None:
    """Return the header at the beginning of `data`, None while it is not complete. Raises BadProxyHeader."""
    if data[: len(SIGNATURE)] == SIGNATURE[: len(data)]:
        return _read_binary(data)
    if data[: len(_FIRST)] == _FIRST[: len(data)]:
        return _read_line(data)
    raise BadProxyHeader("the connection does not begin with a PROXY header")


def _read_line(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\n", 0, LINE_MAX) + 1
    if not end:
        if len(data) >= LINE_MAX:
            raise BadProxyHeader("the PROXY line does not end")
        return None
    match = _LINE.fullmatch(data[:end])
    if match is None:
        raise BadProxyHeader("the PROXY line is malformed, or names no address")
    family = 4 if match[1] == b"TCP4" else 6
    client, server = (_address(word.decode("ascii"), family) for word in match.group(2, 3))
    if any(int(port) > 65535 for port in match.group(4, 5)) or not server:
        raise BadProxyHeader("the PROXY line names a port that does not exist")
    return ProxyHeader(client, end)


def _address(text: str, family: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise BadProxyHeader("the PROXY line names something that is no address") from None
    if address.version != family:
        raise BadProxyHeader("the PROXY line names an address of another family")
    return str(address)


def _read_binary(data: bytes) -> ProxyHeader | None:
    if len(data) < _HEAD.size:
        return None
    _, command, transport, size = _HEAD.unpack_from(data)
    if size > BINARY_MAX:
        raise BadProxyHeader("the PROXY header is too long")
    if command not in (_LOCAL, _PROXY):
        raise BadProxyHeader("the PROXY header has another version, or an unknown command")
    length = _HEAD.size + size
    if len(data) < length:
        return None
    if command == _LOCAL:
        return ProxyHeader(None, length)
    form, family = _STREAMS.get(transport, ("", 0))
    if not form:
        raise BadProxyHeader("the PROXY header is not about TCP")
    if size < struct.calcsize("!" + form):
        raise BadProxyHeader("the PROXY header is too short for its addresses")
    packed = struct.unpack_from("!" + form, data, _HEAD.size)[0]
    address = ipaddress.IPv4Address(packed) if family == 4 else ipaddress.IPv6Address(packed)
    return ProxyHeader(str(address), length)
