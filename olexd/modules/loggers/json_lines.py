"""The log format `json`: each request as one JSON object on a line of its own (docs/logs.md)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from olexd.model.cgi_env import scheme
from olexd.model.request import Request

FORMAT: Final = "json"
"""The text of the format: what no other format could be meant to say."""

_encode: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
"""Everything but printable ASCII comes out escaped, so that no value ends its string or its line."""


def json_line(request: Request) -> str:
    """Return a request's line, its end included; takes the request as the client made it."""
    final = request
    while final.next is not None:
        final = final.next
    return _encode({name: value(request, final) for name, value in FIELDS.items()}) + "\n"


def _text(value: str | bytes | None) -> str | None:
    """Return what a client sent as text: UTF-8, or else Latin-1. Not every reader takes half a character."""
    if value is None:
        return None
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _time(request: Request) -> str:
    return datetime.fromtimestamp(request.request_time, UTC).isoformat(timespec="microseconds")


def _duration(request: Request) -> int:
    return int((time.monotonic() - request.started) * 1_000_000)


def _header(request: Request, name: str) -> str | None:
    value: str | None = request.headers_in.get(name)
    return _text(value)


FIELDS: Final[Mapping[str, Callable[[Request, Request], Any]]] = {
    "time": lambda request, final: _time(request),
    "server": lambda request, final: request.host.name,
    "client": lambda request, final: request.client_ip,
    "user": lambda request, final: _text(final.user),
    "scheme": lambda request, final: scheme(request),
    "host": lambda request, final: _header(request, "Host"),
    "request": lambda request, final: _text(request.the_request_bytes),
    "method": lambda request, final: _text(request.method),
    "path": lambda request, final: _text(request.uri),
    "query": lambda request, final: _text(request.args),
    "protocol": lambda request, final: _text(request.protocol),
    "status": lambda request, final: final.status,
    "bytes": lambda request, final: final.output.bytes_sent,
    "duration_us": lambda request, final: _duration(request),
    "referer": lambda request, final: _header(request, "Referer"),
    "user_agent": lambda request, final: _header(request, "User-Agent"),
    "log_id": lambda request, final: final.log_id,
}
"""What stands in a line, in order: each from the request as made and the one that was answered in the end."""
