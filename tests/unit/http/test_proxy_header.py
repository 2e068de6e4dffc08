"""The PROXY protocol's header, byte by byte."""

from __future__ import annotations

import struct

import pytest

from olexd.http.proxy_header import BINARY_MAX, SIGNATURE, BadProxyHeader, ProxyHeader, read_proxy_header


def binary(command: int, transport: int, addresses: bytes, size: int | None = None) -> bytes:
    """Return a header of version 2."""
    length = len(addresses) if size is None else size
    return SIGNATURE + struct.pack("!BBH", command, transport, length) + addresses


V4 = bytes([203, 0, 113, 8, 127, 0, 0, 1]) + b"\x13\x88\x01\xbb"
V6 = bytes.fromhex("20010db8000000000000000000000007") + bytes(15) + b"\x01" + b"\x13\x88\x01\xbb"

GOOD = [
    (b"PROXY TCP4 203.0.113.7 127.0.0.1 5000 443\r\n", "203.0.113.7"),
    (b"PROXY TCP6 2001:db8::7 ::1 0 65535\r\n", "2001:db8::7"),
    (binary(0x21, 0x11, V4), "203.0.113.8"),
    (binary(0x21, 0x21, V6), "2001:db8::7"),
    (binary(0x21, 0x11, V4 + b"\x04\x00\x03abc"), "203.0.113.8"),
    (binary(0x20, 0x00, b""), None),
    (binary(0x20, 0x11, V4), None),
]

BAD = [
    b"GET / HTTP/1.1\r\n",
    b"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY UNKNOWN\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
    b"PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
    b"PROXY TCP4 1.2.3.400 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 ::1 ::1 1 2\r\n",
    b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 1.2.3.4 host 1 2\r\n",
    b"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 " + b"1" * 100,
    binary(0x11, 0x11, V4),
    binary(0x22, 0x11, V4),
    binary(0x21, 0x12, V4),
    binary(0x21, 0x31, bytes(216)),
    binary(0x21, 0x00, b""),
    binary(0x21, 0x11, V4[:11]),
    binary(0x21, 0x21, V4),
    binary(0x21, 0x11, V4, BINARY_MAX + 1),
]


@pytest.mark.parametrize(("header", "client"), GOOD)
def test_good(header: bytes, client: str | None) -> None:
    """A header is read to its end and no further; before that there is nothing wrong with it."""
    assert read_proxy_header(header + b"GET /") == ProxyHeader(client, len(header))
    for size in range(len(header)):
        assert read_proxy_header(header[:size]) is None


@pytest.mark.parametrize("data", BAD)
def test_bad(data: bytes) -> None:
    """What is malformed, unknown, or about something else than TCP is refused."""
    with pytest.raises(BadProxyHeader):
        read_proxy_header(data)


def test_wrong_beginning_is_refused_at_once() -> None:
    """Nobody is waited for who did not begin with a header."""
    for data in (b"G", b"PRI", b"\r\nX", b"\x16\x03\x01"):
        with pytest.raises(BadProxyHeader):
            read_proxy_header(data)
