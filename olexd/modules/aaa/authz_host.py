"""mod_authz_host: requirements on where a request comes from (configuration spec 4.5)."""

from __future__ import annotations

from functools import partial
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.model.hosts import confirmed_name, has_address, is_in_domain
from olexd.model.request import Request
from olexd.modules.aaa.requirement import Kinds, Line, Names, Requirement, Verdict, verdict
from olexd.networks import Network, contains, parse_address, parse_network
from olexd.phases.hooks import Module


def _in_network(networks: tuple[Network, ...], request: Request) -> Verdict:
    address = parse_address(request.client_ip)
    return verdict(address is not None and any(contains(network, address) for network in networks))


def _is_local(request: Request) -> Verdict:
    address = parse_address(request.client_ip)
    if address is None:
        return Verdict.DENIED
    return verdict(address.is_loopback or address == parse_address(request.connection.local[0]))


def _by_host(names: Names, request: Request) -> Verdict:
    host = confirmed_name(request)
    return verdict(host is not None and any(is_in_domain(host, name) for name in names(request)))


def _by_address(names: Names, request: Request) -> Verdict:
    return verdict(any(has_address(name, request.client_ip) for name in names(request)))


def _network(word: str) -> Network:
    try:
        return parse_network(word)
    except ValueError as error:
        reason = f": {error}" if str(error) else ""
        raise DirectiveError(f"ip address '{word}' appears to be invalid{reason}") from None


def _ip(line: Line) -> Requirement:
    if not line.words:
        raise DirectiveError("'require ip' requires an argument")
    return Requirement(partial(_in_network, tuple(map(_network, line.words))))


KINDS: Final[Kinds] = {
    "ip": _ip,
    "local": lambda line: Requirement(_is_local),
    "host": lambda line: Requirement(partial(_by_host, line.names()), blocks=True),
    "forward-dns": lambda line: Requirement(partial(_by_address, line.names()), blocks=True),
}
MODULE: Final = Module(ModuleSpec("authz_host", ("authz_host_module", "mod_authz_host.c")))
