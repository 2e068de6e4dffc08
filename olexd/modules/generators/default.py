"""The default handler: files, OPTIONS, and the refusal of other methods (configuration spec 3.13)."""

from __future__ import annotations

from typing import Final

from olexd.config.module import ModuleSpec
from olexd.errorlog import Level
from olexd.model.head import AP_CONN_CLOSE
from olexd.model.logging import log_request
from olexd.model.methods import SERVED, is_registered
from olexd.model.request import Request
from olexd.modules.generators.static import send_file
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.phases.respond import allow
from olexd.phases.sides import to_pool
from olexd.status import CLOSES_CONNECTION, METHOD_NOT_ALLOWED, NOT_IMPLEMENTED, OK

_READS: Final = frozenset({"GET", "HEAD", "POST"})


async def default_handler(request: Request) -> int:
    """Serve the file that the request was mapped to."""
    await to_pool(request)
    if request.status in CLOSES_CONNECTION:
        request.connection.keepalive = AP_CONN_CLOSE
    method = request.method
    if method in _READS:
        return send_file(request)
    request.methods_allowed |= SERVED
    if method == "OPTIONS":
        request.headers_out["Allow"] = allow(request)
        return OK
    request.err_headers_out["Allow"] = allow(request)
    if is_registered(method):
        return METHOD_NOT_ALLOWED
    log_request(request, f"AH00135: Invalid method in request {request.the_request}", Level.ERR, "core")
    return NOT_IMPLEMENTED


MODULE: Final = Module(
    ModuleSpec("default", ()),
    (Hook(Phase.HANDLER, default_handler, Order.REALLY_LAST),),
)
