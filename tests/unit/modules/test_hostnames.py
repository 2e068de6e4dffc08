"""HostnameLookups: who waits for names, for how long, and what they are used for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from olexd.model.hosts import HostName
from olexd.modules import hostnames
from olexd.modules.hostnames import LOOKUPS, MAX_RUNNING, WAIT, Lookups
from tests.unit.support import complaint, configure, get

ADDRESS = "192.0.2.7"
NAMED = HostName(ADDRESS, "client.example.org")
NAMELESS = HostName(ADDRESS)
KEY = (ADDRESS, False)


class Reactor(Clock):
    """A clock whose calls from threads run when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[..., object], *args: object) -> None:
        """Keep a call for later."""
        self.pending.append(lambda: call(*args))

    def run(self, count: int = 1) -> None:
        """Run the calls that threads made; wait until there are so many."""
        deadline = time.monotonic() + 10
        while len(self.pending) < count:
            assert time.monotonic() < deadline
        for call in self.pending:
            call()
        self.pending.clear()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What the resolver was asked; every address has a name."""
    asked: list[tuple[str, bool]] = []

    def look_up(address: str, confirm: bool) -> HostName:
        asked.append((address, confirm))
        return HostName(address, "client.example.org", True if confirm else None)

    monkeypatch.setattr(hostnames, "look_up", look_up)
    return asked


def outcome(deferred: Deferred[HostName]) -> list[HostName]:
    """Return what a Deferred has come to, empty while it waits."""
    found: list[HostName] = []
    deferred.addCallback(found.append)
    return found


def test_one_look_up_serves_all(asked: list[tuple[str, bool]]) -> None:
    """Those who want the same name wait for one look-up, and later ones find it."""
    reactor, lookups = Reactor(), Lookups()
    found = [outcome(lookups.ask(KEY, reactor)) for _ in range(3)]
    assert found == [[], [], []] and lookups.known(KEY) is None
    reactor.run()
    assert found == [[NAMED]] * 3 and asked == [KEY]
    assert lookups.known(KEY) == NAMED and lookups.known((ADDRESS, True)) is None


def test_a_slow_resolver(asked: list[tuple[str, bool]]) -> None:
    """A request waits for a bounded time; the name that comes too late serves the next one."""
    reactor, lookups = Reactor(), Lookups()
    found = outcome(lookups.ask(KEY, reactor))
    reactor.advance(WAIT - 0.1)
    assert found == []
    reactor.advance(0.2)
    assert found == [NAMELESS]
    reactor.run()
    assert found == [NAMELESS] and lookups.known(KEY) == NAMED


def test_names_are_asked_for_again(asked: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch) -> None:
    """A name counts for a while."""
    monkeypatch.setattr(hostnames, "KEPT", -1.0)
    reactor, lookups = Reactor(), Lookups()
    lookups.ask(KEY, reactor)
    reactor.run()
    assert lookups.known(KEY) is None


def test_a_stuck_resolver_takes_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many look-ups hang, further addresses have no names for the moment."""
    over = Event()

    def hang(address: str, confirm: bool) -> HostName:
        over.wait(10)
        return HostName(address)

    monkeypatch.setattr(hostnames, "look_up", hang)
    reactor, lookups = Reactor(), Lookups()
    waiting = [outcome(lookups.ask((f"192.0.2.{n}", False), reactor)) for n in range(MAX_RUNNING)]
    assert outcome(lookups.ask(("198.51.100.1", False), reactor)) == [HostName("198.51.100.1")]
    over.set()
    reactor.run(MAX_RUNNING)
    assert all(waiting)


@pytest.fixture
def named() -> Iterator[None]:
    """The client's name is known to the server."""
    until = time.monotonic() + 60
    LOOKUPS._known |= {
        (ADDRESS, False): (until, NAMED),
        (ADDRESS, True): (until, HostName(ADDRESS, None, False)),
    }
    yield
    LOOKUPS._known.clear()


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ("HostnameLookups On", "client.example.org"),
        ("<Location /x>\nHostnameLookups On\n</Location>", "client.example.org"),
        ("<Location /y>\nHostnameLookups On\n</Location>", ADDRESS),
        ("HostnameLookups Off", ADDRESS),
        ("HostnameLookups Double", ADDRESS),
    ],
)
def test_where_names_are_looked_up(named: None, config: str, host: str) -> None:
    """Where the directive says so; with Double only names that lead back count."""
    text = f'DocumentRoot /\n{config}\nHeader always set X-Host "expr=%{{REMOTE_HOST}}"'
    answer = get(configure(text), "/x", peer=ADDRESS)
    assert answer.fields["x-host"] == host


def test_names_of_early_rules(named: None) -> None:
    """SetEnvIf knows the name."""
    text = (
        "HostnameLookups On\nSetEnvIf Remote_Host example.org$ KNOWN\nHeader always set X-Known 1 env=KNOWN"
    )
    assert "x-known" in get(configure(text), "/", peer=ADDRESS).fields


def test_refused() -> None:
    """A word that is none is refused in httpd's words."""
    assert complaint("HostnameLookups maybe") == "parameter must be 'on', 'off', or 'double'"
