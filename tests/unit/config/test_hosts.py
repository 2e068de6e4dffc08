"""Virtual host addresses and the choice of host."""

from __future__ import annotations

import pytest

from olexd.config.errors import DirectiveError
from olexd.config.hosts import parse_addresses
from olexd.config.server import Address
from tests.unit.config.specimen import load


@pytest.mark.parametrize(
    ("word", "address"),
    [
        ("*", Address(None, None)),
        ("*:*", Address(None, None)),
        ("_default_:443", Address(None, 443)),
        ("0.0.0.0:80", Address(None, 80)),
        ("[::]:80", Address(None, 80)),
        ("127.0.0.1", Address("127.0.0.1", None)),
        ("127.0.0.1:80", Address("127.0.0.1", 80)),
        ("[::1]:80", Address("::1", 80)),
        ("[0:0:0:0:0:0:0:1]", Address("::1", None)),
        ("[::ffff:127.0.0.1]:80", Address("127.0.0.1", 80)),
        ("::1", Address("::1", None)),
    ],
)
def test_addresses(word: str, address: Address) -> None:
    """An address has a host or any, a port or any, and one spelling."""
    assert parse_addresses(word) == (address,)


@pytest.mark.parametrize("word", ["80", "*:0", "*:65536", "*:x", "127.0.0.1:", "[nope]:80", "[::1]:x"])
def test_bad_addresses(word: str) -> None:
    """A bad port or address is refused with httpd's words."""
    with pytest.raises(DirectiveError, match="The address or port is invalid"):
        parse_addresses(word)


def test_names_resolve() -> None:
    """A host name stands for its addresses."""
    assert Address("127.0.0.1", 80) in parse_addresses("localhost:80")


def test_the_set_is_chosen_before_the_name() -> None:
    """A more specific address wins even if only a wider one knows the name."""
    config = load(
        "<VirtualHost *:80>\nServerName wide\n</VirtualHost>\n"
        "<VirtualHost 127.0.0.1:*>\nServerName narrow\n</VirtualHost>\n"
    )
    assert config.selector.select("127.0.0.1", 80, "wide").name == "narrow"
    assert config.selector.select("127.0.0.2", 80, "narrow").name == "wide"
    assert config.selector.select("127.0.0.2", 81, "wide") is config.main
    assert config.selector.default("127.0.0.1", 80).name == "narrow"


def test_a_host_without_a_name_has_the_main_servers() -> None:
    """It also answers to it, in its turn; aliases are not inherited."""
    config = load(
        "ServerName https://main.test:8443\n"
        "<VirtualHost *>\nServerName first\nServerAlias also\n</VirtualHost>\n"
        "<VirtualHost *>\n</VirtualHost>\n"
    )
    second = config.hosts[2]
    assert (second.name, second.port, second.scheme, second.aliases) == ("main.test", 8443, "https", ())
    assert config.selector.select("127.0.0.1", 80, "main.test") is second
    assert config.selector.select("127.0.0.1", 80, "also") is config.hosts[1]


def test_a_host_without_a_name_has_its_addresses_port() -> None:
    """What the main server's name says of the port counts where the first address says nothing."""
    config = load(
        "ServerName main.test:8443\n"
        "<VirtualHost *:81 *:82>\n</VirtualHost>\n"
        "<VirtualHost *>\n</VirtualHost>\n"
        "<VirtualHost *:83>\nServerName named\n</VirtualHost>\n"
    )
    assert [host.port for host in config.hosts] == [8443, 81, 8443, 0]


def test_addresses_as_aliases() -> None:
    """IPv6 addresses are known without brackets; brackets are no wildcard."""
    config = load(
        "ServerName main.test\n"
        "<VirtualHost *:80>\nServerName first\nServerAlias ::1 [::* [::2]\n</VirtualHost>\n"
    )
    assert (config.hosts[1].aliases, config.hosts[1].wild_aliases) == (("::1", "[::2]"), ("[::*",))
    assert config.selector.select("127.0.0.1", 80, "::1") is config.hosts[1]


def test_names_that_are_known() -> None:
    """A host name is known when a host of the address has it, as its name or by an alias."""
    config = load(
        "ServerName main.test\n"
        "<VirtualHost *:80>\nServerName first\nServerAlias also *.wild\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName second\n</VirtualHost>\n"
    )
    for name in ("first", "also", "x.wild", "second", "second.", None):
        assert config.selector.knows("127.0.0.1", 80, name)
    assert not config.selector.knows("127.0.0.1", 80, "third")
    assert config.selector.knows("127.0.0.1", 81, "main.test")
    assert not config.selector.knows("127.0.0.1", 81, "first")
