"""A backend's response on its way to the client."""

from __future__ import annotations

from OpenSSL import SSL

from olexd.errorlog import Level
from olexd.http.response_parser import ResponseHead
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.proxy.address import Address
from olexd.modules.proxy.bodies import ResponseBody
from olexd.modules.proxy.fields import take_head
from olexd.modules.proxy.settings import ProxyDir
from olexd.status import BAD_GATEWAY, GATEWAY_TIMEOUT, NO_BODY, OK, UNAUTHORIZED


def complain(request: Request, message: str) -> None:
    """Write what is wrong with a backend into the error log."""
    log_request(request, message, Level.ERR, "proxy")


async def pass_on(request: Request, address: Address, head: ResponseHead, body: ResponseBody) -> int:
    """Make a backend's response the request's; return OK, or the status that is to be answered instead."""
    take_head(request, head)
    if _overridden(request, head.status):
        return head.status
    if request.header_only or head.status in NO_BODY:
        return OK
    return await _stream(request, address, body)


async def _stream(request: Request, address: Address, body: ResponseBody) -> int:
    output = request.output
    while data := await body.read():
        await output.awrite(data, not body.ended or body.error is not None)
    if body.error is None:
        return OK
    complain(request, f"the response of {address} broke off: {told(body.error)}")
    if not output.committed:
        return GATEWAY_TIMEOUT if body.timed_out else BAD_GATEWAY
    # Only a closed connection tells the client that this was not all.
    output.abandon()
    return OK


def _overridden(request: Request, status: int) -> bool:
    """Return whether the error page is to be our own; what a client needs to log in stays."""
    conf = request.conf[ProxyDir]
    if not conf.override or status < 400 or (conf.override_codes and status not in conf.override_codes):
        return False
    challenge = request.headers_out.raw("WWW-Authenticate")
    if status == UNAUTHORIZED and challenge is not None:
        request.err_headers_out["WWW-Authenticate"] = challenge
    return True


def told(error: BaseException) -> str:
    """Return an exception in words."""
    said = error.args[0] if error.args else ""
    if isinstance(error, SSL.Error) and isinstance(said, list):
        return "; ".join(str(reason) for _, _, reason in said) or "the TLS connection ended"
    return str(error) or repr(error)
