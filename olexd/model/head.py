"""The head of a response: how its end is told, whether the connection persists, and the lines that say so.

Rules: core spec 3.5.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.http.framing import content_type_line, field_lines, head_start, http_date
from olexd.model.fields import fields_of, vary_line
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.status import CLOSES_CONNECTION, NO_BODY

HTTP_1_0: Final = 1000
AP_CONN_CLOSE: Final = 1
AP_CONN_KEEPALIVE: Final = 2


class Framing(Enum):
    """How the end of the response is told."""

    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    CLOSE = "until the connection closes"
    NO_BODY = "no body"


# Python searches a class for its members anew each time.
LENGTH, CHUNKED, CLOSE, BODILESS = Framing


def settle_head(request: Request, size: int | None) -> tuple[bytes, Framing, int, bool]:
    """Return the head, the framing, the length that is declared, and whether the connection persists.

    `size` is that of the whole body, None while it is not known. Raises ValueError when a field cannot be
    sent. The connection's `keepalive` is settled too.
    """
    if request.no_cache:
        del request.err_headers_out["Expires"]
        request.headers_out["Expires"] = http_date()[6:-2].decode("ascii")
    if request.bare_environment is not None:
        _heed(request, request.bare_environment)
    always, normal = fields_of(request.err_headers_out_table), fields_of(request.headers_out_table)
    framing, length = _framing(request, size, normal.length or always.length)
    if always.closes or normal.closes:
        # Chunks all the same: so a client sees that a page is whole.
        request.connection.keepalive = AP_CONN_CLOSE
    parts = [_start(request), always.lines, normal.lines]
    if always.vary or normal.vary:
        parts.append(vary_line(always.vary + normal.vary))
    if framing is not BODILESS and (request.content_encoding or request.content_languages):
        parts.append(_metadata(request))
    if framing is LENGTH and (length or not request.header_only):
        parts.append(b"Content-Length: %d\r\n" % length)
    elif framing is CHUNKED and not request.header_only:
        parts.append(b"Transfer-Encoding: chunked\r\n")
    persist = _settle_connection(request, framing, parts)
    if framing is not BODILESS:
        if request.content_type:
            parts.append(content_type_line(with_charset(request, request.content_type)))
        else:
            parts.append(always.content_type or normal.content_type)
    parts.append(b"\r\n")
    return b"".join(parts), framing, length, persist


def _heed(request: Request, env: Table) -> None:
    """Do what `nokeepalive` and `downgrade-1.0` in the environment ask for (configuration spec 3.10)."""
    if "downgrade-1.0" in env and request.proto_num > HTTP_1_0:
        request.proto_num = HTTP_1_0
        request.persistent = request.persistent and request.keep_alive_token
    if "nokeepalive" in env:
        request.persistent = False


def closes_after_all(request: Request) -> bool:
    """Return whether it turned out behind the head that the connection is to be closed, as in httpd."""
    return request.status in CLOSES_CONNECTION or request.connection.keepalive == AP_CONN_CLOSE


def _start(request: Request) -> bytes:
    """Return the status line, Date and Server; those of a backend stay as they are."""
    tokens = request.host.server[CoreServer].server_tokens
    if not request.proxyreq:
        return head_start(request.status, request.status_line, tokens)
    fields = request.headers_out
    return head_start(request.status, request.status_line, tokens, fields.raw("Date"), fields.raw("Server"))


def _framing(request: Request, size: int | None, declared: bytes | None) -> tuple[Framing, int]:
    """Return the framing, and the length that goes with it."""
    if request.status in NO_BODY or 100 <= request.status < 200:
        return BODILESS, 0
    if declared is not None and declared.isdigit():
        return LENGTH, int(declared)
    if size is not None:
        return LENGTH, size
    if (
        request.proto_num >= 1001
        and request.connection.keepalive != AP_CONN_CLOSE
        and not request.expecting_100
    ):
        request.chunked = not request.header_only
        return CHUNKED, 0
    return CLOSE, 0


def _settle_connection(request: Request, framing: Framing, parts: list[bytes]) -> bool:
    """Return whether the connection persists, and add the lines by which httpd says so."""
    connection = request.connection
    core = request.host.server[CoreServer]
    left = core.max_keep_alive_requests - connection.keepalives if core.max_keep_alive_requests else 1
    if not (
        request.persistent
        and core.keep_alive
        and connection.keepalive != AP_CONN_CLOSE
        and framing is not CLOSE
        and request.status not in CLOSES_CONNECTION
        and not 100 <= request.status < 200
        and not request.expecting_100
        and left > 0
    ):
        connection.keepalive = AP_CONN_CLOSE
        if connection.keepalives and not left:
            # httpd counts the last request that MaxKeepAliveRequests allows, too.
            connection.keepalives += 1
        parts.append(b"Connection: close\r\n")
        return False
    connection.keepalive = AP_CONN_KEEPALIVE
    connection.keepalives += 1
    if request.keep_alive_token:
        most = b", max=%d" % left if core.max_keep_alive_requests else b""
        parts.append(
            b"Keep-Alive: timeout=%d%b\r\nConnection: Keep-Alive\r\n" % (core.keep_alive_timeout, most)
        )
    return True


def _metadata(request: Request) -> bytes:
    """Return the fields about coding and languages."""
    fields = []
    if request.content_encoding:
        fields.append((b"Content-Encoding", request.content_encoding.encode("latin-1")))
    if request.content_languages:
        fields.append((b"Content-Language", ",".join(request.content_languages).encode("latin-1")))
    return field_lines(fields)


def with_charset(request: Request, content_type: str) -> str:
    """Return a content type with AddDefaultCharset's charset, if it is a plain or HTML text without one."""
    charset = request.conf[CoreDir].add_default_charset
    if not charset or "charset=" in content_type.lower():
        return content_type
    kind = content_type.partition(";")[0].strip().lower()
    return f"{content_type}; charset={charset}" if kind in ("text/plain", "text/html") else content_type
