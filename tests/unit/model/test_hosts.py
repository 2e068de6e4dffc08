"""Host names count only when they lead back to the address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from olexd.model.hosts import confirmed_name, is_in_domain

Resolver = Callable[[str, str], None]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """Return a function that makes every address have one name, and every name one address."""

    def set_up(name: str, address: str) -> None:
        monkeypatch.setattr("socket.gethostbyaddr", lambda _: (name, [], []))
        monkeypatch.setattr("socket.getaddrinfo", lambda *_: [(2, 1, 6, "", (address, 0))])

    return set_up


def test_a_name_that_leads_back(resolver: Resolver) -> None:
    """It is returned in lower case."""
    resolver("Client.Example.ORG", "192.0.2.7")
    assert confirmed_name("192.0.2.7") == "client.example.org"


def test_one_address_in_two_notations(resolver: Resolver) -> None:
    """An IPv4 address written as IPv6 is the same address."""
    resolver("client.example.org", "::ffff:192.0.2.7")
    assert confirmed_name("192.0.2.7") == "client.example.org"


@pytest.mark.parametrize("address", ["192.0.2.8", "2001:db8::7", "not an address"])
def test_a_claimed_name(resolver: Resolver, address: str) -> None:
    """Whoever runs the address's name server cannot claim a name that belongs to another address."""
    resolver("trusted.example.org", "192.0.2.7")
    assert confirmed_name(address) is None


@pytest.mark.parametrize("broken", ["socket.gethostbyaddr", "socket.getaddrinfo"])
def test_a_look_up_that_fails(resolver: Resolver, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """Without an answer, either way, there is no name."""

    def fail(*_: object) -> None:
        raise OSError("no answer")

    resolver("client.example.org", "192.0.2.7")
    monkeypatch.setattr(broken, fail)
    assert confirmed_name("192.0.2.7") is None


@pytest.mark.parametrize(
    ("host", "name", "expected"),
    [
        ("example.org", "example.org", True),
        ("a.example.org", "Example.org", True),
        ("a.example.org", ".example.org", True),
        ("example.org", ".example.org", False),
        ("badexample.org", "example.org", False),
        ("example.org.evil.test", "example.org", False),
    ],
)
def test_domains(host: str, name: str, expected: bool) -> None:
    """A domain ends at a label."""
    assert is_in_domain(host, name) is expected
