"""HostnameLookups: clients' names, looked up beside the requests, which wait for them for a bounded time."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed

from olexd.config.core import CoreDir
from olexd.config.rows import Arity, Context, Directive
from olexd.config.settings import Settings
from olexd.model.hosts import HostName, look_up
from olexd.model.request import Request
from olexd.modules.words import store_choice
from olexd.phases.hooks import Answer, Hook, Order, Phase
from olexd.phases.sides import wait_for
from olexd.status import DECLINED

WAIT: Final = 2.0
"""Seconds that a request waits for a name; then it goes on with the address."""
KEPT: Final = 300.0
"""For how many seconds a name counts."""
KEPT_NOTHING: Final = 30.0
"""For how many seconds an address without a name is not asked for again."""
MAX_KNOWN: Final = 4096
"""How many addresses are remembered."""
MAX_RUNNING: Final = 16
"""How many look-ups run at a time: each has a thread, for as long as the system's resolver takes."""

Key = tuple[str, bool]
"""An address, and whether its name has to lead back to it."""


class Lookups:
    """Names of addresses, remembered for a while. Those who want the same name share one look-up."""

    def __init__(self) -> None:
        self._known: dict[Key, tuple[float, HostName]] = {}
        self._waiting: dict[Key, list[Deferred[HostName]]] = {}

    def known(self, key: Key) -> HostName | None:
        """Return what is remembered, None for nothing. Serves all threads."""
        until, found = self._known.get(key, (0.0, None))
        return found if time.monotonic() < until else None

    def ask(self, key: Key, reactor: Any) -> Deferred[HostName]:
        """Look a name up; there is none if it takes too long, or too many wait already. Reactor only."""
        nothing = HostName(key[0])
        waiting = self._waiting.get(key)
        if waiting is None:
            if len(self._waiting) >= MAX_RUNNING:
                return succeed(nothing)
            waiting = self._waiting[key] = []
            threading.Thread(target=self._run, args=(key, reactor), daemon=True).start()
        deferred: Deferred[HostName] = Deferred()
        waiting.append(deferred)
        return deferred.addTimeout(WAIT, reactor, lambda failure, seconds: nothing)

    def _run(self, key: Key, reactor: Any) -> None:
        reactor.callFromThread(self._end, key, look_up(*key))

    def _end(self, key: Key, found: HostName) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[key] = time.monotonic() + (KEPT if found.name else KEPT_NOTHING), found
        for deferred in self._waiting.pop(key):
            deferred.callback(found)


LOOKUPS: Final = Lookups()


def find_name(request: Request) -> Answer:
    """Find the client's name out before anybody asks for it."""
    address = request.client_ip
    confirm = request.conf[CoreDir].hostname_lookups == "double"
    told = request.connection.host_name
    if told is not None and told.address == address and (told.confirmed is not None or not confirm):
        return DECLINED
    known = LOOKUPS.known((address, confirm))
    if known is None:
        return _look_up(request, (address, confirm))
    request.connection.host_name = known
    return DECLINED


async def _look_up(request: Request, key: Key) -> int:
    # Importing it installs one, which is for the program that runs to choose.
    from twisted.internet import reactor

    request.connection.host_name = await wait_for(request, LOOKUPS.ask(key, reactor))
    return DECLINED


def _wanted(settings: Settings) -> bool:
    return settings[CoreDir].hostname_lookups != "off"


HOSTNAME_DIRECTIVES: Final = (
    Directive(
        "HostnameLookups",
        Context.SVD,
        Arity.ONE,
        CoreDir,
        store_choice(
            "hostname_lookups",
            {"on": "on", "off": "off", "double": "double"},
            "parameter must be 'on', 'off', or 'double'",
        ),
        "Whether clients' names are looked up; Double: and must lead back to their addresses",
        "Off",
    ),
)

HOSTNAME_HOOKS: Final = (
    Hook(Phase.POST_READ_REQUEST, find_name, Order.EARLY, _wanted),
    Hook(Phase.HEADER_PARSER, find_name, Order.REALLY_FIRST, _wanted),
)
