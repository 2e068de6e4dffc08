"""Which requests go to which backend, and what their URL is there."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from olexd.config.core import CoreDir
from olexd.config.settings import Settings
from olexd.errorlog import Level
from olexd.model.cgi_env import path_as_bytes_text
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.proxy.address import UnknownScheme, split_url
from olexd.modules.proxy.settings import DEFAULTS, Mapping, Parameters, ProxyDir
from olexd.modules.words import substitute
from olexd.phases.walk import PROXY_PREFIX, PROXYREQ_REVERSE, is_proxied
from olexd.status import BAD_REQUEST, DECLINED, OK

PROXY_HANDLER: Final = "proxy-server"
_RAW: Final = "proxy-nocanon"
_KEPT: Final = "/~$-_.+!*'(),;:@&="
_SLASHES: Final = re.compile("/{2,}")
_NOT_SENT: Final = re.compile(rb"[^\x21-\x7e]|#")


def translate(request: Request) -> int:
    """Make a proxied request of one whose path a ProxyPass covers."""
    if not request.uri.startswith("/"):
        return DECLINED
    conf = request.conf[ProxyDir]
    for mapping in conf.searched:
        url = _mapped(request, mapping)
        if url is not None:
            return _use(request, mapping, url)
    return DECLINED


def _mapped(request: Request, mapping: Mapping) -> str | None:
    """Return the URL that a mapping makes of the path, "" where it excludes it, None for no match."""
    path = _SLASHES.sub("/", request.uri)
    if mapping.regex is not None:
        match = mapping.regex.search(path)
        if match is None:
            return None
        if mapping.target is None:
            return ""
        url = substitute(mapping.target, match)
        return url if url != mapping.target else url + path
    rest = _rest(path, mapping.prefix)
    if rest is None:
        return None
    return "" if mapping.target is None else mapping.target + rest


def _rest(path: str, prefix: str) -> str | None:
    """Return what follows `prefix` in `path`, None when it is no prefix at a segment boundary."""
    if not path.startswith(prefix):
        return None
    rest = path[len(prefix) :]
    return rest if not rest or prefix.endswith("/") or rest.startswith("/") else None


def _use(request: Request, mapping: Mapping, url: str) -> int:
    if not url:
        return DECLINED
    if _leads_astray(mapping, url):
        message = (
            f"the path {request.uri!r} would change the host of {mapping.target}, which ends without a slash"
        )
        log_request(request, message, Level.ERR, "proxy")
        return BAD_REQUEST
    if mapping.raw and mapping.target is not None:
        raw = request.unparsed_uri.partition("?")[0]
        rest = _rest(raw, mapping.prefix) if mapping.regex is None else None
        # What the guards saw is what the backend gets, unless the paths begin alike.
        if rest is not None:
            url = mapping.target + rest
            request.notes[_RAW] = "1"
    request.filename = PROXY_PREFIX + url
    request.handler = PROXY_HANDLER
    request.proxyreq = PROXYREQ_REVERSE
    return OK


def _leads_astray(mapping: Mapping, url: str) -> bool:
    """Return whether what a client put behind the prefix became a part of the backend's name."""
    if mapping.regex is not None or mapping.target is None:
        return False
    try:
        return split_url(mapping.target)[0] != split_url(url)[0]
    except UnknownScheme:
        return False
    except ValueError:
        return True


def wanted(settings: Settings) -> bool:
    """Return whether requests with these settings may go to a backend."""
    conf = settings[ProxyDir]
    return bool(conf.mappings) or conf.here is not None


def wanted_as_handler(settings: Settings) -> bool:
    """Return whether requests with these settings may turn out to be a backend's."""
    core = settings[CoreDir]
    return wanted(settings) or core.handler.startswith(PROXY_PREFIX) or core.handler_expression is not None


def backend_url(request: Request) -> str | None:
    """Return the URL of the backend that is to answer, None when the request is nobody's but ours."""
    name = request.filename or ""
    if request.proxyreq:
        return name.removeprefix(PROXY_PREFIX) if name.startswith(PROXY_PREFIX) else None
    handler = request.handler or ""
    if not handler.startswith(PROXY_PREFIX):
        return None
    request.proxyreq = PROXYREQ_REVERSE
    request.filename = handler + name
    return handler.removeprefix(PROXY_PREFIX) + name


def parameters_for(conf: ProxyDir, url: str) -> Parameters:
    """Return the parameters of the mapping whose target is the longest beginning of `url`."""
    best, parameters = -1, DEFAULTS
    for mapping in conf.searched:
        target = (mapping.target or "").partition("$")[0]
        if target and len(target) > best and url.startswith(target):
            best, parameters = len(target), mapping.parameters
    return parameters


def canonicalise(request: Request) -> int:
    """Settle the URL for the backend: the path behind its host percent-encoded, and the query.

    What a handler puts in its place later is used as it is.
    """
    if not is_proxied(request):
        return DECLINED
    url = (request.filename or "").removeprefix(PROXY_PREFIX)
    try:
        _, path = split_url(url)
    except UnknownScheme:
        return OK
    except ValueError as error:
        log_request(request, f"cannot pass the request to {url!r}: {error}", Level.ERR, "proxy")
        return BAD_REQUEST
    if _RAW not in request.notes:
        encoded = quote(path_as_bytes_text(request, path).encode("latin-1"), safe=_KEPT)
    else:
        encoded = path
    query = "" if request.args is None else f"?{request.args}"
    request.filename = PROXY_PREFIX + url.removesuffix(path) + encoded + query
    return OK


def sendable(path: str) -> bytes:
    """Return a settled path and query as a request target: what no target may hold is percent-encoded."""
    data = path.encode("utf-8", "surrogateescape")
    return _NOT_SENT.sub(lambda found: b"%%%02X" % found[0][0], data)
