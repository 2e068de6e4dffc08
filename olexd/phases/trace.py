"""TRACE: the request's head as it was read, sent back (configuration spec 3.13)."""

from __future__ import annotations

from typing import Final

from olexd.config.core import CoreServer
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.phases.sides import to_pool
from olexd.phases.walk import is_proxied
from olexd.status import DONE, METHOD_NOT_ALLOWED, REQUEST_ENTITY_TOO_LARGE

MAX_TRACED: Final = 65536
"""Bytes of a body that extended TRACE echoes."""


def is_answered_here(request: Request) -> bool:
    """Return whether TRACE is for the server itself: where it is allowed, backends see that of their URLs."""
    enabled = request.host.server[CoreServer].trace_enable
    return enabled == "off" or request.body.length != 0 or not is_proxied(request)


async def echo(request: Request) -> int:
    """Answer TRACE as far as TraceEnable lets it; return DONE, 405 or 413."""
    enabled = request.host.server[CoreServer].trace_enable
    if enabled == "off":
        return METHOD_NOT_ALLOWED
    has_body = request.body.length != 0
    if has_body and enabled != "extended":
        log_request(request, "TRACE with request body is not allowed", Level.ERR, "core")
        return REQUEST_ENTITY_TOO_LARGE
    head = [request.the_request_bytes, *(b"%s: %s" % line for line in request.header_lines), b"", b""]
    request.content_type = "message/http"
    request.output.write(b"\r\n".join(head), False)
    if has_body:
        await to_pool(request)
        request.output.write(request.body.read(MAX_TRACED), False)
    return DONE
