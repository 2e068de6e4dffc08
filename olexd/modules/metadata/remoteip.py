"""mod_remoteip: the client's address as listed proxies tell it (configuration spec 5.5 and 6.2).

Two directives of olexd's own take more from them: the user, and variables such as what TLS knows of the
client. Fields that are named there are dropped when anybody else sends them.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, extend, store, store_flag
from olexd.config.settings import Merge, setting
from olexd.model.request import Request
from olexd.networks import Address, Network, contains, parse_address, parse_network
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import OK

PROTO_HEADER: Final = "X-Forwarded-Proto"
_PRIVATE: Final = tuple(
    IPv4Network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16")
)
_NOTHING: Final = (None, "", "(null)")
"""What a front sends of something that it does not know."""
_GLOBAL_V6: Final = IPv6Network("2000::/3")


# Settings


@dataclass(frozen=True, slots=True)
class Proxy:
    """A network of trusted proxies; an `internal` one may also name private clients."""

    network: Network
    internal: bool


@dataclass(frozen=True, slots=True)
class RemoteIpServer:
    """The header field to read ("" for none), the proxies in file order, the field for their addresses.

    `user_header` names the field for the user ("" for none), `variables` the fields for variables.
    `proxy_exceptions` are the peers that need no PROXY header where `proxy_protocol` demands one.
    """

    user_header: str = setting("")
    variables: tuple[tuple[str, str], ...] = setting((), Merge.APPEND)
    header: str = setting("")
    proxies: tuple[Proxy, ...] = setting((), Merge.APPEND)
    proxies_header: str = setting("")
    proxy_protocol: bool = setting(False)
    proxy_exceptions: tuple[Network, ...] = setting((), Merge.APPEND)

    def wants_header(self, peer: str) -> bool:
        """Return whether connections from `peer` have to begin with a header of the PROXY protocol."""
        if not self.proxy_protocol:
            return False
        address = parse_address(peer)
        return address is None or not any(contains(network, address) for network in self.proxy_exceptions)


# Setters


def _proxies(word: str, name: str, internal: bool) -> Iterable[Proxy]:
    try:
        return [Proxy(parse_network(word), internal)]
    except ValueError as error:
        if str(error):
            raise DirectiveError(f"RemoteIP: Error parsing IP {word} ({error} error) for {name}") from None
    try:
        found = socket.getaddrinfo(word, None, type=socket.SOCK_STREAM)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DirectiveError(f"RemoteIP: Error parsing IP {word} ({reason} error) for {name}") from None
    return [Proxy(ip_network(item[4][0]), internal) for item in found]


def _listed(internal: bool) -> Callable[[Any, Args], Any]:
    return extend(
        "proxies",
        lambda args: tuple(proxy for word in args.words for proxy in _proxies(word, args.name, internal)),
    )


def _exceptions(args: Args) -> tuple[Network, ...]:
    return tuple(proxy.network for word in args.words for proxy in _proxies(word, args.name, True))


def _words_of_file(args: Args) -> list[str]:
    path = args.path()
    try:
        with open(path, encoding="utf-8") as file:
            return [word for line in file for word in line.partition("#")[0].split()]
    except OSError as error:
        raise DirectiveError(f"{args.name}: Could not open file {path}: {error.strerror}") from None


def _from_file(internal: bool) -> Callable[[Any, Args], Any]:
    return extend(
        "proxies",
        lambda args: tuple(
            proxy for word in _words_of_file(args) for proxy in _proxies(word, args.name, internal)
        ),
    )


# Rows


def _row(name: str, arity: Arity, apply: Callable[[Any, Args], Any], help: str) -> Directive:
    return Directive(name, Context.SV, arity, RemoteIpServer, apply, help)


DIRECTIVES: Final = (
    _row(
        "RemoteIPHeader",
        Arity.ONE,
        store("header"),
        "Specifies a request header to trust as the client IP, e.g. X-Forwarded-For",
    ),
    _row("RemoteIPInternalProxy", Arity.ITERATE, _listed(True), "proxies that may name any client"),
    _row("RemoteIPTrustedProxy", Arity.ITERATE, _listed(False), "proxies that may name public clients"),
    _row("RemoteIPInternalProxyList", Arity.ONE, _from_file(True), "a file of internal proxies"),
    _row("RemoteIPTrustedProxyList", Arity.ONE, _from_file(False), "a file of trusted proxies"),
    _row("RemoteIPProxiesHeader", Arity.ONE, store("proxies_header"), "a field for the proxies on the way"),
    _row("ForwardedUser", Arity.ONE, store("user_header"), "the field in which listed proxies name the user"),
    _row(
        "ForwardedVariable",
        Arity.TWO,
        extend("variables", lambda args: ((args.words[0], args.words[1]),)),
        "a field of listed proxies for a variable, e.g. X-SSL-Client-S-DN SSL_CLIENT_S_DN",
    ),
    _row(
        "RemoteIPProxyProtocol",
        Arity.FLAG,
        store_flag("proxy_protocol"),
        "Whether connections begin with a PROXY header; what an address's first host says counts",
    ),
    _row(
        "RemoteIPProxyProtocolExceptions",
        Arity.ITERATE,
        extend("proxy_exceptions", _exceptions),
        "Peers whose connections begin without that header",
    ),
)


# Hooks


def _trust(address: Address, proxies: tuple[Proxy, ...]) -> Proxy | None:
    return next((proxy for proxy in proxies if contains(proxy.network, address)), None)


def _is_public(address: Address) -> bool:
    if address.version == 6:
        return contains(_GLOBAL_V6, address)
    return not any(contains(network, address) for network in _PRIVATE)


@dataclass(slots=True)
class _Walk:
    """The way back from the peer: where it stands, what of the header is left, whom it passed."""

    address: Address
    left: list[str]
    passed: list[str]


def _step(walk: _Walk, proxies: tuple[Proxy, ...]) -> bool:
    """Go one proxy further back; return False where the telling cannot be trusted."""
    proxy = _trust(walk.address, proxies)
    if proxies and proxy is None:
        return False
    told = parse_address(walk.left[-1].strip())
    internal = proxy is not None and proxy.internal
    if told is None or not (internal or _is_public(told)):
        return False
    if not internal:
        walk.passed.append(str(walk.address))
    walk.address = told
    walk.left.pop()
    return True


def find_client(request: Request) -> int:
    """Put the client's address in the place of the proxy's, as far as the proxies can be trusted."""
    conf = request.host.server[RemoteIpServer]
    peer = parse_address(request.connection.client_ip)
    # Only a listed proxy is believed: without a list everyone would be.
    _believe(request, conf, peer is not None and _trust(peer, conf.proxies) is not None)
    value = request.headers_in.get(conf.header) if conf.header else None
    if peer is None or value is None:
        return OK
    # A redirected request goes on where the first one stopped: the rest was told by nobody who is trusted.
    walk = _Walk(parse_address(request.client_ip) or peer, value.split(","), [])
    moved = False
    while walk.left and _step(walk, conf.proxies):
        moved = True
    if moved:
        _tell(request, conf, walk)
    return OK


def _believe(request: Request, conf: RemoteIpServer, listed: bool) -> None:
    """Take the other facts that a listed proxy tells; drop them when somebody else does."""
    if listed and (request.headers_in.get(PROTO_HEADER) or "").lower() == "https":
        request.forwarded_secure = True
        request.subprocess_env["HTTPS"] = "on"
    for field, variable in conf.variables:
        if (value := _told(request, field, listed)) is not None:
            request.subprocess_env[variable] = value
    if conf.user_header and (user := _told(request, conf.user_header, listed)) is not None:
        request.user = user


def _told(request: Request, field: str, listed: bool) -> str | None:
    """Return what a proxy tells in a field, None for nothing; drop the field when the proxy is not listed."""
    value: str | None = request.headers_in.get(field)
    if value is not None and not listed:
        del request.headers_in[field]
        return None
    return None if value in _NOTHING else value


def _tell(request: Request, conf: RemoteIpServer, walk: _Walk) -> None:
    request.user_ip = str(walk.address)
    headers = request.headers_in
    if walk.left:
        headers[conf.header] = ",".join(walk.left).encode()
    else:
        del headers[conf.header]
    if conf.proxies_header and walk.passed:
        headers[conf.proxies_header] = ", ".join(walk.passed)


def _reads_fields(conf: RemoteIpServer) -> bool:
    return bool(conf.header or conf.user_header or conf.variables)


MODULE: Final = Module(
    ModuleSpec("remoteip", ("remoteip_module", "mod_remoteip.c"), (RemoteIpServer,), (), DIRECTIVES),
    (
        Hook(
            Phase.POST_READ_REQUEST,
            find_client,
            Order.REALLY_FIRST,
            wanted_on=lambda server: _reads_fields(server[RemoteIpServer]),
        ),
    ),
)
