"""Connections that a backend takes over: WebSocket and other protocols that begin as an HTTP request."""

from __future__ import annotations

from math import inf
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from olexd.config.core import CoreServer
from olexd.http.framing import field_lines, head_start
from olexd.http.response_parser import ResponseHead
from olexd.model.body import Body
from olexd.model.request import Request
from olexd.modules.proxy.backend import Backend
from olexd.modules.proxy.bodies import BLOCK, Patience, ResponseBody
from olexd.modules.proxy.fields import passed_on, take_head
from olexd.modules.proxy.worker import Worker
from olexd.status import OK


def wanted_upgrade(request: Request, worker: Worker) -> bytes | None:
    """Return the protocol that the client asks for and the backend may speak, None for plain HTTP."""
    allowed = worker.parameters.upgrade or ("websocket" if worker.address.is_websocket else "")
    asked = request.headers_in.raw("Upgrade")
    connection = request.headers_in.raw("Connection") or b""
    if not allowed or asked is None or request.method != "GET" or request.body.length != 0:
        return None
    if b"upgrade" not in [word.strip() for word in connection.lower().split(b",")]:
        return None
    return asked if allowed == "any" or asked.lower() == allowed.encode("latin-1") else None


async def tunnel(
    request: Request, backend: Backend, head: ResponseHead, body: ResponseBody, clock: Any, seconds: float
) -> int:
    """Pass everything on in both directions until one side is done or both stand still for `seconds`."""
    take_head(request, head)
    take_over = request.connection.take_over
    assert take_over is not None
    body.wait_forever()
    request.output.upgrade(_switching(request, head))
    idle = Patience(clock, seconds, backend.abort)
    idle.begin()
    sending = Deferred.fromCoroutine(_to_backend(take_over(inf), backend, idle))
    sending.addErrback(lambda failure: failure.trap(CancelledError))
    try:
        await _to_client(request, body, idle)
    finally:
        idle.end()
        sending.cancel()
    return OK


def _switching(request: Request, head: ResponseHead) -> bytes:
    """Return the head that tells the client of the other protocol."""
    tokens = request.host.server[CoreServer].server_tokens
    upgrade = [(name, value) for name, value in head.fields if name.lower() == b"upgrade"]
    fields = [(b"Connection", b"Upgrade"), *upgrade, *passed_on(head.fields)]
    own = [field for field in fields if field[0].lower() not in (b"date", b"server", b"content-length")]
    table = request.headers_out
    start = head_start(head.status, request.status_line, tokens, table.raw("Date"), table.raw("Server"))
    return start + field_lines(own) + b"\r\n"


async def _to_backend(client: Body, backend: Backend, idle: Patience) -> None:
    try:
        while data := await client.aread_some(BLOCK):
            idle.begin()
            await backend.write(data)
        backend.end_writing()
    except OSError:
        backend.abort()


async def _to_client(request: Request, body: ResponseBody, idle: Patience) -> None:
    writer = request.connection.writer
    assert writer is not None
    while data := await body.read():
        idle.begin()
        writer.send_soon([data])
        await writer.room()
