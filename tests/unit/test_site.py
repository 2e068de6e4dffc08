"""The joint of wire, model and phases: its clock."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace
from typing import Any, cast

from olexd.http.channel import Channel
from olexd.model.connection import Connection
from olexd.modules.registry import MODULES
from olexd.phases.table import PhaseTable
from olexd.process.pool import Pool
from olexd.site import Site
from tests.unit.python_support import make_config


class Reactor:
    """Takes calls from threads, and forgets them."""

    def callFromThread(self, call: Any, *args: Any) -> None:
        return


class Waiting:
    """A connection that has waited too long; `broken` ones cannot even be told."""

    def __init__(self, connection: Connection, broken: bool) -> None:
        self.connection = connection
        self.deadline = 0.0
        self.outlet = SimpleNamespace(deadline=inf)
        self.transport = self
        self.broken = broken
        self.calls: list[str] = []

    def timed_out(self, now: float) -> None:
        self.calls.append("timed out")
        if self.broken:
            raise LookupError("on purpose")

    def abortConnection(self) -> None:
        self.calls.append("aborted")


def test_the_clock_outlives_a_failure() -> None:
    """A connection whose time limit fails is given up, and all others are looked at all the same."""
    config = make_config()
    site = Site(config, PhaseTable(MODULES, ()), cast(Pool, None), cast(Any, Reactor()))
    address = ("127.0.0.1", 80)
    broken, *whole = [Waiting(Connection(config, config.main, address, address), at == 0) for at in range(5)]
    site.channels = {cast(Channel, channel) for channel in (broken, *whole)}
    site.sweep()
    assert broken.calls == ["timed out", "aborted"]
    assert [channel.calls for channel in whole] == [["timed out"]] * 4
