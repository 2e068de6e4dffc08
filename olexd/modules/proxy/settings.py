"""What the proxy's directives leave behind: mappings, their parameters, and what is done to fields."""

from __future__ import annotations

import re
from dataclasses import dataclass

from olexd.config.settings import Merge, setting


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a backend is used: the KEY=VALUE words of ProxyPass. Times are seconds, None where unset.

    `most` is how many requests it gets at a time, 0 for any number, `acquire` how long one waits for a turn.
    `idle` is how long an unused connection is kept, `retry` how long a backend that could not be reached is
    left alone. `upgrade` names the protocol that may take a connection over, "" for none.
    """

    timeout: float | None = None
    connect_timeout: float | None = None
    acquire: float | None = None
    most: int = 0
    idle: float = 60.0
    retry: float = 60.0
    reuse: bool = True
    keep_alive: bool = False
    upgrade: str = ""


DEFAULTS = Parameters()


@dataclass(frozen=True, slots=True)
class Member:
    """A backend of a balancer. `factor` is its share in hundredths, `route` its name in sessions.

    Members of a lower `group` come first. `status` are httpd's letters for what it is not to do: D and S take
    nothing, N only takes sessions, H waits until no other is left, R until another falls out, I never fails.
    """

    url: str
    parameters: Parameters = DEFAULTS
    factor: int = 100
    route: str = ""
    redirect: str = ""
    group: int = 0
    status: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Balancing:
    """How a balancer chooses. `sticky` are the names of a session's cookie and of its parameter in URLs.

    `separator` stands before the route in their values. `no_failover` binds a session to its member,
    `attempts` is how many others are tried, None for all. `fail_statuses` of a response put its member aside,
    as a timeout does with `fail_on_timeout`; `recover` tries members again at once when all are set aside.
    """

    method: str = "byrequests"
    sticky: tuple[str, str] | None = None
    separator: str = "."
    no_failover: bool = False
    attempts: int | None = None
    fail_statuses: frozenset[int] = frozenset()
    fail_on_timeout: bool = False
    recover: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """What ProxySet says of a URL: fields of `Parameters`, a balancer's of `Balancing`, and their values."""

    url: str
    fields: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """One ProxyPass: a URL `prefix`, or a `regex` searched for in the path, and the URL it stands for.

    `target` None leaves the path to the other modules. `raw` passes the path on as the client sent it.
    """

    prefix: str
    target: str | None
    regex: re.Pattern[str] | None = None
    raw: bool = False
    parameters: Parameters = DEFAULTS


@dataclass(frozen=True, slots=True)
class Reversal:
    """One ProxyPassReverse: URLs of the backend that begin with `target` are ours below `prefix`."""

    prefix: str
    target: str


@dataclass(frozen=True, slots=True)
class ProxyServer:
    """`timeout` None stands for Timeout; `via` is one of off, on, full, block."""

    timeout: float | None = setting(None)
    via: str = setting("off")


@dataclass(frozen=True, slots=True)
class ProxyDir:
    """Mappings and reversals in search order; `here` is the mapping of a Location.

    `members` come with the URL of their balancer, `told` is what is said of URLs besides.
    `override` is whether error pages are our own: those of `override_codes`, of all errors if there are none.
    """

    mappings: tuple[Mapping, ...] = setting((), Merge.PREPEND)
    here: Mapping | None = setting(None)
    reversals: tuple[Reversal, ...] = setting((), Merge.APPEND)
    cookie_domains: tuple[tuple[str, str], ...] = setting((), Merge.APPEND)
    cookie_paths: tuple[tuple[str, str], ...] = setting((), Merge.APPEND)
    members: tuple[tuple[str, Member], ...] = setting((), Merge.APPEND)
    told: tuple[Told, ...] = setting((), Merge.APPEND)
    preserve_host: bool = setting(False)
    add_headers: bool = setting(True)
    override: bool = setting(False)
    override_codes: frozenset[int] = setting(frozenset())

    @property
    def searched(self) -> tuple[Mapping, ...]:
        """All mappings, the Location's own first."""
        return self.mappings if self.here is None else (self.here, *self.mappings)
