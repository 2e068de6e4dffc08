"""Header fields on their way to a backend and back: what is dropped, added and rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from olexd.http.framing import server_name
from olexd.http.response_parser import ResponseHead
from olexd.model import cgi_env
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.modules.proxy.address import Address, balancer_url, is_balancer
from olexd.modules.proxy.balancer import balancer_conf
from olexd.modules.proxy.settings import ProxyDir, ProxyServer

Field = tuple[bytes, bytes]

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"trailers",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Fields that concern one connection (RFC 9110 section 7.6.1)."""
_OUR_OWN: Final = HOP_BY_HOP | {b"host", b"content-length", b"expect"}
"""Fields that are made anew for a backend."""
_URLS: Final = (b"location", b"content-location", b"uri")
"""Fields of a response with a URL in which the backend may name itself."""
_COOKIE_PART: Final = re.compile(rb"(;\s*)(path|domain)=([^;]*)", re.IGNORECASE)


# Requests


def request_fields(request: Request, address: Address) -> list[Field]:
    """Return the fields for the backend, those that belong to the body's framing left out."""
    conf = request.conf[ProxyDir]
    sent = request.headers_in.raw_items()
    dropped = _OUR_OWN | _listed(value for name, value in sent if name.lower() == b"connection")
    via = request.host.server[ProxyServer].via
    if via == "block":
        dropped |= {b"via"}
    kept = [(name, value) for name, value in sent if name.lower() not in dropped]
    fields = [(b"Host", _host(request, conf, address)), *kept]
    for name, value in _added(request, conf, via):
        fields = _appended(fields, name, value)
    return fields


def _listed(values: Iterable[bytes]) -> frozenset[bytes]:
    """Return the names that Connection fields list."""
    return frozenset(word.strip().lower() for value in values for word in value.split(b","))


def _host(request: Request, conf: ProxyDir, address: Address) -> bytes:
    if not conf.preserve_host:
        return address.authority.encode("ascii")
    return request.headers_in.raw("Host") or request.host.name.encode("utf-8")


def host_name(request: Request, address: Address) -> str:
    """Return the host, without a port, that the backend has to be: the one that the request asks it for."""
    return (request.conf[ProxyDir].preserve_host and request.hostname) or address.host


def _added(request: Request, conf: ProxyDir, via: str) -> Iterable[Field]:
    if conf.add_headers:
        yield b"X-Forwarded-For", request.client_ip.encode("ascii")
        if host := request.headers_in.raw("Host"):
            yield b"X-Forwarded-Host", host
        yield b"X-Forwarded-Server", request.host.name.encode("utf-8")
    if via in ("on", "full"):
        yield b"Via", via_value(request, via)


def _appended(fields: Sequence[Field], name: bytes, value: bytes) -> list[Field]:
    """Return the fields with `value` behind what those called `name` say already."""
    before = [old for field, old in fields if field.lower() == name.lower()]
    others = [field for field in fields if field[0].lower() != name.lower()]
    return [*others, (name, b", ".join([*before, value]))]


def via_value(request: Request, via: str) -> bytes:
    """Return what a Via field says of this server."""
    port = cgi_env.server_port(request)
    name = cgi_env.server_name(request)
    shown = name if port == 80 else f"{name}:{port}"
    version = request.protocol.removeprefix("HTTP/")
    software = f" ({server_name('min')})" if via == "full" else ""
    return f"{version} {shown}{software}".encode()


# Responses


def take_head(request: Request, head: ResponseHead) -> None:
    """Make a backend's status and fields the request's own."""
    conf = request.conf[ProxyDir]
    table = Table()
    # Cookies that handlers set on the way are no business of the backend's.
    for name, value in request.headers_out.raw_items():
        if name.lower() == b"set-cookie":
            table.add(name, value)
    content_type = None
    for name, value in passed_on(head.fields):
        lower = name.lower()
        if lower == b"content-type":
            content_type = value.decode("latin-1")
        else:
            table.add(name, _rewritten(request, conf, lower, value))
    _say_via(request, table)
    request.headers_out = table
    request.content_type = content_type
    request.status = head.status
    request.status_line = f"{head.status} {head.phrase.decode('latin-1')}"


def passed_on(fields: Iterable[Field]) -> list[Field]:
    """Return the fields of a response that do not concern the backend's connection."""
    fields = list(fields)
    dropped = HOP_BY_HOP | _listed(value for name, value in fields if name.lower() == b"connection")
    return [(name, value) for name, value in fields if name.lower() not in dropped]


def _rewritten(request: Request, conf: ProxyDir, name: bytes, value: bytes) -> bytes:
    if name in _URLS:
        return reverse_url(request, conf, value)
    return reverse_cookie(conf, value) if name == b"set-cookie" else value


def _say_via(request: Request, table: Table) -> None:
    via = request.host.server[ProxyServer].via
    if via == "block":
        del table["Via"]
    elif via != "off":
        before = table.raw("Via")
        said = via_value(request, via)
        table["Via"] = said if before is None else before + b", " + said


def reverse_url(request: Request, conf: ProxyDir, url: bytes) -> bytes:
    """Return the URL by which our clients know what a backend calls `url` (ProxyPassReverse)."""
    text = url.decode("latin-1")
    for reversal in conf.reversals:
        for target in _targets(request, reversal.target):
            if text.lower().startswith(target.lower()):
                path = reversal.prefix + text[len(target) :]
                return cgi_env.own_url(request, path).encode("latin-1", "replace")
    return url


def _targets(request: Request, target: str) -> list[str]:
    """Return the URLs that the target of a reversal stands for: those of all members for a balancer's."""
    if not is_balancer(target):
        return [target]
    conf = balancer_conf(request.host, balancer_url(target))
    return [member.url + target[len(conf.name) :] for member in conf.members]


def reverse_cookie(conf: ProxyDir, cookie: bytes) -> bytes:
    """Return a cookie with the path and domain that our clients know."""
    if not (conf.cookie_paths or conf.cookie_domains):
        return cookie

    def part(found: re.Match[bytes]) -> bytes:
        text = found[3].decode("latin-1")
        text = _our_path(conf, text) if found[2].lower() == b"path" else _our_domain(conf, text)
        return found[1] + found[2] + b"=" + text.encode("latin-1", "replace")

    return _COOKIE_PART.sub(part, cookie)


def _our_path(conf: ProxyDir, path: str) -> str:
    for theirs, ours in conf.cookie_paths:
        if path.startswith(theirs):
            # As in httpd: the whole path, not its beginning.
            return ours
    return path


def _our_domain(conf: ProxyDir, domain: str) -> str:
    for theirs, ours in conf.cookie_domains:
        if domain.lower() == theirs.lower():
            return ours
    return domain
