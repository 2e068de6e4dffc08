"""Where a URL says that a backend is."""

from __future__ import annotations

import pytest

from olexd.modules.proxy.address import Address, UnknownScheme, split_url


@pytest.mark.parametrize(
    ("url", "address", "path"),
    [
        ("http://h", Address("http", "h", 80, "h"), "/"),
        ("HTTP://H:8080/x", Address("http", "h", 8080, "H:8080"), "/x"),
        ("http://[::1]:81/", Address("http", "::1", 81, "[::1]:81"), "/"),
        ("ws://h/x", Address("ws", "h", 80, "h"), "/x"),
        ("unix:/run/A.sock|http://n/x", Address("http", "n", 80, "n", "/run/A.sock"), "/x"),
    ],
)
def test_addresses(url: str, address: Address, path: str) -> None:
    """Scheme, host, port, unix socket and path are told apart."""
    assert split_url(url) == (address, path)


@pytest.mark.parametrize(
    "url", ["", "/x", "http:/x", "http://", "http://u@h/", "http://h:0/", "unix:x|http://h/"]
)
def test_no_urls(url: str) -> None:
    """What is no URL, or hides a host behind another, is refused."""
    with pytest.raises(ValueError):
        split_url(url)


def test_unknown_schemes() -> None:
    """Other protocols are known for what they are."""
    with pytest.raises(UnknownScheme):
        split_url("ajp://h/")
