"""Balancers: which of several backends gets a request, and who takes over when one is gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from olexd.config.server import HostConfig
from olexd.config.settings import UNSET, Settings
from olexd.model.request import Request
from olexd.modules.proxy.address import is_balancer, is_supported
from olexd.modules.proxy.settings import Balancing, Member, Parameters, ProxyDir, Told
from olexd.modules.proxy.worker import Worker

_STOPPED: Final = frozenset("DS")
_VALUE_END: Final = "[^;,&?/#\\s]*"


@dataclass(frozen=True, slots=True)
class BalancerConf:
    """What the configuration says of a balancer."""

    name: str
    balancing: Balancing
    members: tuple[Member, ...]


# What the configuration says


@lru_cache(4096)
def told_of(host: HostConfig) -> tuple[Told, ...]:
    """Return what is said of backends and balancers on a host, apart from mappings."""
    return tuple(told for conf in _confs(host) for told in conf.told)


@lru_cache(4096)
def balancer_conf(host: HostConfig, name: str) -> BalancerConf:
    """Return the balancer `name` (`balancer://…` in lower case) of a host; an unknown one has no members."""
    named = (member for conf in _confs(host) for balancer, member in conf.members if balancer == name)
    members = tuple(member for member in named if is_supported(member.url))
    balancing = Balancing()
    for told in told_of(host):
        if told.url == name:
            balancing = replace(balancing, **dict(told.fields))  # type: ignore[arg-type]
    return BalancerConf(name, balancing, members)


def told_parameters(host: HostConfig, url: str, parameters: Parameters) -> Parameters:
    """Return parameters with what is said besides of URLs that begin as this one; the longest counts most."""
    found = sorted((told for told in told_of(host) if _begins(url, told.url)), key=lambda told: len(told.url))
    for told in found:
        parameters = replace(parameters, **dict(told.fields))  # type: ignore[arg-type]
    return parameters


def _begins(url: str, beginning: str) -> bool:
    """Return whether a backend's URL is one that ProxySet named, or below it."""
    return not is_balancer(beginning) and (url + "/").startswith(beginning.rstrip("/") + "/")


def _confs(host: HostConfig) -> Iterable[ProxyDir]:
    """Yield the proxy's settings outside of sections, and those of sections for backends and Locations."""
    sections = (*host.proxies, *host.locations.sections)
    for settings in (host.base, *(section.settings for section in sections)):
        if ProxyDir in settings:
            yield _told_only(settings)


def _told_only(settings: Settings) -> ProxyDir:
    conf = settings[ProxyDir]
    members = () if conf.members is UNSET else conf.members  # type: ignore[comparison-overlap]
    told = () if conf.told is UNSET else conf.told  # type: ignore[comparison-overlap]
    return ProxyDir(members=members, told=told)


# Choosing


class Balanced:
    """A member as it is used. `owed` is the share of requests that it has not had yet."""

    __slots__ = ("member", "owed", "worker")

    def __init__(self, member: Member, worker: Worker) -> None:
        self.member = member
        self.worker = worker
        self.owed = 0

    @property
    def is_set_aside(self) -> bool:
        """Whether it failed of late."""
        return self.worker.is_down and "I" not in self.member.status

    @property
    def takes_sessions(self) -> bool:
        """Whether it goes on with sessions that it began."""
        return not (self.is_set_aside or self.member.status & _STOPPED)

    @property
    def is_usable(self) -> bool:
        """Whether it takes requests of anybody."""
        return self.takes_sessions and "N" not in self.member.status


def _by_requests(candidates: Sequence[Balanced]) -> Balanced:
    return _by_turn(candidates, lambda one: 0)


def _by_busyness(candidates: Sequence[Balanced]) -> Balanced:
    return _by_turn(candidates, lambda one: one.worker.busy)


def _by_turn(candidates: Sequence[Balanced], load: Callable[[Balanced], int]) -> Balanced:
    """Return the one with the least load; of several the one that is owed most, then the first."""
    best = min(candidates, key=lambda one: (load(one), -one.owed - one.member.factor))
    _count(best, candidates)
    return best


def _count(chosen: Balanced, candidates: Sequence[Balanced]) -> None:
    """Give each candidate its share of a request, all of which the chosen one gets."""
    for one in candidates:
        one.owed += one.member.factor
    chosen.owed -= sum(one.member.factor for one in candidates)


def _by_traffic(candidates: Sequence[Balanced]) -> Balanced:
    return min(candidates, key=lambda one: one.worker.traffic / one.member.factor)


_METHODS: Final = {"byrequests": _by_requests, "bytraffic": _by_traffic, "bybusyness": _by_busyness}


class Balancer:
    """A balancer at work. Reactor only."""

    def __init__(self, conf: BalancerConf, workers: Iterable[Worker]) -> None:
        self.conf = conf
        self.members = [Balanced(*pair) for pair in zip(conf.members, workers, strict=True)]

    def choose(self, route: str | None, tried: Sequence[Balanced]) -> Balanced | None:
        """Return who is to answer a request of the session of `route`, None when nobody can.

        `tried` are members that could not be reached for this request.
        """
        bound = self._bound(route)
        if bound is not None and bound not in tried and bound.takes_sessions:
            _count(bound, [one for one in self.members if one.is_usable])
            return bound
        if bound is not None and self.conf.balancing.no_failover:
            return None
        if not tried:
            self._recover()
        for standby in (False, True):
            for group in sorted({one.member.group for one in self.members}):
                found = self._usable(group, standby, tried)
                if found:
                    return _METHODS[self.conf.balancing.method](found)
        return None

    def _bound(self, route: str | None) -> Balanced | None:
        """Return the member that a session belongs to, or the one to which that redirects."""
        own = next((one for one in self.members if route and one.member.route == route), None)
        if own is None or own.takes_sessions or not own.member.redirect:
            return own
        return next((one for one in self.members if one.member.route == own.member.redirect), own)

    def _usable(self, group: int, standby: bool, tried: Sequence[Balanced]) -> list[Balanced]:
        here = [one for one in self.members if one.member.group == group]
        here = [one for one in here if ("H" in one.member.status) is standby]
        usable = [one for one in here if one.is_usable and one not in tried]
        regular = [one for one in usable if "R" not in one.member.status]
        spares = [one for one in usable if "R" in one.member.status]
        missing = sum("R" not in one.member.status for one in here) - len(regular)
        return regular + spares[:missing]

    def _recover(self) -> None:
        """Try everybody again when nobody is left."""
        failed = [one for one in self.members if one.is_set_aside]
        if self.conf.balancing.recover and len(failed) == len(self.members):
            for one in failed:
                one.worker.note_success()


# Sessions


@dataclass(frozen=True, slots=True)
class Session:
    """The session that a request belongs to: where it was named, and its `route`; None for none."""

    name: str = ""
    route: str | None = None


def session_of(request: Request, conf: BalancerConf, url: str) -> Session:
    """Return the session that a request names in its URL or its cookie."""
    sticky = conf.balancing.sticky
    if sticky is None:
        return Session()
    cookie, parameter = sticky
    value, name = _found(f"[;?&]{re.escape(parameter)}=({_VALUE_END})", url), parameter
    if value is None:
        sent = request.headers_in.raw_items()
        cookies = b"; ".join(text for name, text in sent if name.lower() == b"cookie").decode("latin-1")
        value, name = _found(f"(?:^|[;,\\s]){re.escape(cookie)}\\s*=\\s*([^;,\\s]*)", cookies), cookie
    separator = conf.balancing.separator
    if value is None or separator not in value:
        return Session()
    return Session(name, value.partition(separator)[2] if separator else value)


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return None if match is None else match[1]


def tell(request: Request, conf: BalancerConf, chosen: Member, session: Session) -> None:
    """Put into the environment who answers, for logs and for `Header … env=BALANCER_ROUTE_CHANGED`."""
    env = request.subprocess_env
    env["BALANCER_NAME"] = conf.name
    env["BALANCER_WORKER_NAME"] = chosen.url
    env["BALANCER_WORKER_ROUTE"] = chosen.route
    if session.route is not None:
        env["BALANCER_SESSION_STICKY"], env["BALANCER_SESSION_ROUTE"] = session.name, session.route
    if conf.balancing.sticky is not None and session.route != chosen.route:
        env["BALANCER_ROUTE_CHANGED"] = "1"
