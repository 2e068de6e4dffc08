"""What a test gets to see of an exchange: the response, and what no client sees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import BadStatusLine, HTTPMessage, HTTPResponse, IncompleteRead
from io import BytesIO
from typing import Any, cast

from olexd.model.mp_request import mp_request
from olexd.model.trace import HandlerCall


@dataclass(frozen=True, slots=True)
class Response:
    """A response.

    `headers` is a multi-dict: `headers["name"]`, `headers.get_all("Set-Cookie")`. `complete` is False when
    the server cut the body short. `req` is the request as its handlers left it (`req.next` leads to those it
    was redirected to). `handlers` are the Python handlers that ran, in order, those of redirected requests
    included. `log` are the lines that the error logs got meanwhile.
    """

    status: int
    reason: str
    headers: HTTPMessage
    body: bytes
    complete: bool
    req: mp_request
    handlers: list[HandlerCall]
    log: list[str]

    @property
    def text(self) -> str:
        """The body in the charset that Content-Type names, else in UTF-8."""
        return self.body.decode(self.headers.get_content_charset("utf-8"))

    def json(self) -> Any:
        """Return the body read as JSON. Raises ValueError."""
        return json.loads(self.body)

    @property
    def error(self) -> BaseException | None:
        """The first exception that a handler raised, None when none did."""
        return next((call.error for call in self.handlers if call.error is not None), None)

    @property
    def phases(self) -> list[str]:
        """The phases in which Python handlers ran, in order: `["PythonAccessHandler", "PythonHandler"]`."""
        return [call.phase for call in self.handlers]

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason}, {len(self.body)} bytes>"


class _Bytes:
    """What `HTTPResponse` takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> BytesIO:
        """Return the bytes as a file."""
        return BytesIO(self._data)


def read_response(data: bytes, method: str, **seen: Any) -> tuple[Response, HTTPResponse]:
    """Return the response in `data`, and the same as the standard library has it (for a cookie jar).

    Raises ConnectionError when the server ended the connection without a response.
    """
    reader = HTTPResponse(cast(Any, _Bytes(data)), method=method)
    try:
        reader.begin()
    except BadStatusLine:
        raise ConnectionError(f"no response, but {data[:200]!r}; log: {seen['log']}") from None
    body, complete = _body(reader)
    return Response(reader.status, reader.reason, reader.headers, body, complete, **seen), reader


def _body(reader: HTTPResponse) -> tuple[bytes, bool]:
    try:
        return reader.read(), True
    except IncompleteRead as cut:
        return cut.partial, False
