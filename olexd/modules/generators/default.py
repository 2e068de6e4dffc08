"""The default handler: files, OPTIONS, TRACE, and the refusal of other methods (configuration spec 3.13)."""

from __future__ import annotations

from typing import Final

from olexd.config.core import CoreServer
from olexd.config.module import ModuleSpec
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.methods import REGISTERED
from olexd.model.request import Request
from olexd.modules.generators.static import send_file
from olexd.phases.hooks import Answer, Hook, Module, Order, Phase
from olexd.phases.sides import to_pool
from olexd.status import (
    DECLINED,
    DONE,
    METHOD_NOT_ALLOWED,
    NOT_IMPLEMENTED,
    OK,
    REQUEST_ENTITY_TOO_LARGE,
)

MAX_TRACED: Final = 65536
"""Bytes of a body that extended TRACE echoes."""

_READS: Final = frozenset({"GET", "HEAD", "POST"})


def _allow(request: Request) -> str:
    traced = request.host.server[CoreServer].trace_enable != "off"
    return "GET,POST,OPTIONS,HEAD,TRACE" if traced else "GET,POST,OPTIONS,HEAD"


def trace(request: Request) -> Answer:
    """Answer TRACE with the request's head as it was read, once the URL has been translated."""
    return _echo(request) if request.method == "TRACE" else DECLINED


async def _echo(request: Request) -> int:
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


async def default_handler(request: Request) -> int:
    """Serve the file that the request was mapped to."""
    await to_pool(request)
    method = request.method
    if method in _READS:
        return send_file(request)
    if method == "OPTIONS":
        if request.uri != "*":
            request.headers_out["Allow"] = _allow(request)
        request.headers_out["Content-Length"] = "0"
        return OK
    request.err_headers_out["Allow"] = _allow(request)
    if method in REGISTERED:
        return METHOD_NOT_ALLOWED
    log_request(request, f"AH00135: Invalid method in request {request.the_request}", Level.ERR, "core")
    return NOT_IMPLEMENTED


MODULE: Final = Module(
    ModuleSpec("default", ()),
    (
        Hook(Phase.HEADER_PARSER, trace, Order.REALLY_FIRST),
        Hook(Phase.HANDLER, default_handler, Order.REALLY_LAST),
    ),
)
