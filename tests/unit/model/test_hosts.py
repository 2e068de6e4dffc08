"""Host names count only when they lead back to the address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from olexd.model.hosts import HostName, confirmed_name, is_in_domain, known_name, look_up
from tests.unit.support import configure, make_request

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
    assert look_up("192.0.2.7", True) == HostName("192.0.2.7", "client.example.org", True)


def test_one_address_in_two_notations(resolver: Resolver) -> None:
    """An IPv4 address written as IPv6 is the same address."""
    resolver("client.example.org", "::ffff:192.0.2.7")
    assert look_up("192.0.2.7", True).name == "client.example.org"


@pytest.mark.parametrize("address", ["192.0.2.8", "2001:db8::7", "not an address"])
def test_a_claimed_name(resolver: Resolver, address: str) -> None:
    """Whoever runs the address's name server cannot claim a name that belongs to another address."""
    resolver("trusted.example.org", "192.0.2.7")
    assert look_up(address, True) == HostName(address, None, False)
    assert look_up(address, False) == HostName(address, "trusted.example.org")


@pytest.mark.parametrize("broken", ["socket.gethostbyaddr", "socket.getaddrinfo"])
@pytest.mark.parametrize("error", [OSError("no answer"), UnicodeError("label too long")])
def test_a_look_up_that_fails(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, broken: str, error: Exception
) -> None:
    """Without an answer, either way, there is no name."""

    def fail(*_: object) -> None:
        raise error

    resolver("client.example.org", "192.0.2.7")
    monkeypatch.setattr(broken, fail)
    assert look_up("192.0.2.7", True) == HostName("192.0.2.7", None, False)


@pytest.mark.parametrize("name", ["<b>", "a b", "a\nb", "a,b", "", "x" * 256, "\xe4.test"])
def test_what_is_no_name(resolver: Resolver, name: str) -> None:
    """A name server can say anything; what is no host name reaches no log, no page and no program."""
    resolver(name, "192.0.2.7")
    assert look_up("192.0.2.7", False).name is None


def test_a_connection_remembers(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up once for a connection, and again where the client turns out to be another one."""
    resolver("client.example.org", "192.0.2.7")
    request = make_request(configure(""), peer="192.0.2.7")
    assert known_name(request) is None
    assert confirmed_name(request) == known_name(request) == "client.example.org"
    monkeypatch.setattr("socket.gethostbyaddr", None)
    assert confirmed_name(request) == "client.example.org"
    request.user_ip = "192.0.2.8"
    assert known_name(request) is None
    resolver("client.example.org", "192.0.2.7")
    assert confirmed_name(request) is None


def test_a_name_that_came_too_late(resolver: Resolver) -> None:
    """What gives rights asks again for a name that did not come in time."""
    resolver("client.example.org", "192.0.2.7")
    request = make_request(configure(""), peer="192.0.2.7")
    request.connection.host_name = HostName("192.0.2.7")
    assert confirmed_name(request) == "client.example.org"


def test_a_name_that_is_known_is_confirmed_when_it_has_to_be(resolver: Resolver) -> None:
    """HostnameLookups On believes names; what gives rights does not."""
    resolver("trusted.example.org", "192.0.2.7")
    request = make_request(configure(""), peer="192.0.2.8")
    request.connection.host_name = look_up("192.0.2.8", False)
    assert confirmed_name(request) is None
    assert known_name(request) == "trusted.example.org"
    assert request.connection.host_name.confirmed is False


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
