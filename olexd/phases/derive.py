"""Requests made of requests: what a redirected request or a subrequest takes over.

Core spec 1.1 (which phases run for which kind) and 3.4; configuration spec 3.7.
"""

from __future__ import annotations

import re
from typing import Final

from olexd.config.core import CoreServer
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.uri import decode_path

_HOST: Final = re.compile("^[a-z][a-z0-9+.-]*://[^/?]*", re.IGNORECASE)
AS_SENT: Final = (
    "phases",
    "protocol",
    "proto_num",
    "hostname",
    "port_in_host",
    "header_lines",
    "headers_in_table",
    "request_time",
    "started",
)
"""What a request that answers in another one's place has in common with it, whatever it asks for."""
_SHARED: Final = (
    *AS_SENT,
    "the_request_bytes",
    "persistent",
    "keep_alive_token",
    "expecting_100",
    "user_ip",
    "forwarded_secure",
    "trace",
    "body",
    "output",
)


def path_of(target: str) -> str:
    """Return the path of a request target as it was sent: scheme, host and query count for nothing."""
    return _HOST.sub("", target.partition("?")[0])


def derive(request: Request, target: str) -> Request:
    """Return a new request for `target` (path and query; a scheme and host count for nothing) on its behalf.

    Raises BadRequest when the path cannot be one.
    """
    derived = Request(request.connection, request.host, request.host.merged())
    path, mark, query = _HOST.sub("", target).partition("?")
    derived.uri = decode_path(path, request.host.server[CoreServer].encoded_slashes)
    derived.args = query if mark else None
    derived.unparsed_uri = target
    derived.method = request.method
    for name in _SHARED:
        setattr(derived, name, getattr(request, name))
    return derived


def _environment_of(request: Request) -> Table:
    """Return the environment a redirected request inherits: every variable under a REDIRECT_ name."""
    inherited = Table()
    for key, value in request.subprocess_env.items():
        inherited[f"REDIRECT_{key}"] = value
    inherited["REDIRECT_STATUS"] = str(request.status)
    return inherited


def follow(request: Request, target: str) -> Request:
    """Return the request that answers in place of `request`; its status and headers are what is sent."""
    derived = derive(request, target)
    derived.prev = request
    request.next = derived
    derived.subprocess_env_table = _environment_of(request)
    derived.err_headers_out = request.err_headers_out
    derived.status = request.status
    derived.main = request.main
    derived.assbackwards = request.assbackwards
    derived.no_cache = request.no_cache
    derived.no_local_copy = request.no_local_copy
    request.output.discard()
    request.output.request = derived
    return derived


def depth(request: Request) -> tuple[int, int]:
    """Return how many redirects led to `request`, and in how many requests it stands."""
    redirects = subrequests = 0
    while (outer := request.prev or request.main) is not None:
        if request.prev is not None:
            redirects += 1
        else:
            subrequests += 1
        request = outer
    return redirects, subrequests


def original(request: Request) -> Request:
    """Return the request that the client made, which `request` came of by redirects and subrequests."""
    while (outer := request.main or request.prev) is not None:
        request = outer
    return request
