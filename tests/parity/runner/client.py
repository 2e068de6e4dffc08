"""An HTTP client that hides nothing: it sends exact bytes and keeps the exact response."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.integration.servers import RunningServer
from tests.parity.runner.case import Case, Request

TIMEOUT = 5.0
PAUSE = 0.004
"""How long the client waits between the parts of a request, in seconds: they are to arrive one by one."""


@dataclass
class Response:
    """One response as received. `trouble` says what was wrong with it on the wire, "" when nothing was."""

    raw: bytes = b""
    interim: list[str] = field(default_factory=list)
    status_line: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    trouble: str = ""
    new_connection: bool = True

    @property
    def status(self) -> int:
        """The status, 0 for none."""
        words = self.status_line.split(" ", 2)
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def value(self, name: str) -> str | None:
        """The value of a header, by lower-case name; repeated ones joined with ", "."""
        values = [value for header, value in self.headers if header.lower() == name]
        return ", ".join(values) if values else None

    @property
    def persistent(self) -> bool:
        """Whether the connection may be used again."""
        words = (self.value("connection") or "").lower()
        if self.status_line.startswith("HTTP/1.1"):
            framed = self.value("content-length") is not None or self.value("transfer-encoding") is not None
            return "close" not in words and (framed or self.status in (204, 304))
        return "keep-alive" in words


class Wire:
    """One connection, read in pieces of the grammar; every byte read is kept in `seen`."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = b""
        self.seen = b""

    def more(self) -> bool:
        """Read more; False at the end."""
        data = self.connection.recv(65536)
        self.buffer += data
        return bool(data)

    def take(self, size: int) -> bytes:
        """Take `size` bytes, fewer at the end."""
        while len(self.buffer) < size and self.more():
            pass
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        self.seen += data
        return data

    def line(self) -> bytes:
        """Take a line without its end, b"" at the end."""
        while b"\n" not in self.buffer and self.more():
            pass
        size = self.buffer.find(b"\n") + 1 or len(self.buffer)
        return self.take(size).rstrip(b"\r\n")

    def rest(self) -> bytes:
        """Take everything up to the end."""
        while self.more():
            pass
        return self.take(len(self.buffer))


def read_response(wire: Wire, method: str) -> Response:
    """Return the next response on the wire; `trouble` is set when it is cut short or framed badly."""
    response = Response()
    wire.seen = b""
    try:
        _read_head(wire, response)
        if not response.trouble:
            response.body = _read_body(wire, response, method)
    except (OSError, ValueError) as error:
        response.trouble = f"{type(error).__name__}: {error}"
    response.raw = wire.seen
    return response


def _read_head(wire: Wire, response: Response) -> None:
    start = wire.take(5)
    if start != b"HTTP/":
        response.trouble = "no response" if not start else ""
        response.body = start
        return
    response.status_line = "HTTP/" + wire.line().decode("latin-1")
    response.headers = [
        (name, value.strip()) for name, _, value in (line.partition(":") for line in _lines(wire))
    ]
    if 100 <= response.status < 200:
        response.interim.append(response.status_line)
        response.headers = []
        _read_head(wire, response)


def _lines(wire: Wire) -> Iterator[str]:
    while line := wire.line():
        yield line.decode("latin-1")


def _read_body(wire: Wire, response: Response, method: str) -> bytes:
    if not response.status_line:
        return response.body + wire.rest()
    if method == "HEAD" or response.status in (204, 304):
        return b""
    if (response.value("transfer-encoding") or "").lower() == "chunked":
        return b"".join(_chunks(wire))
    length = response.value("content-length")
    if length is None:
        return wire.rest()
    body = wire.take(int(length))
    if len(body) < int(length):
        response.trouble = f"body ends after {len(body)} of {length} bytes"
    return body


def _chunks(wire: Wire) -> Iterator[bytes]:
    while size := int(wire.line().split(b";")[0], 16):
        yield wire.take(size)
        if wire.take(2) != b"\r\n":
            raise ValueError("chunk without CRLF")
    for line in _lines(wire):
        raise ValueError(f"trailer {line!r}")


class Client:
    """Sends a case's requests to one server, in order, and returns the responses."""

    def __init__(self, server: RunningServer, case: Case, address: tuple[str, int] | None = None) -> None:
        self.server = server
        self.address = address
        self.case = case
        self.cookies: dict[str, str] = {}
        self.challenge = ""
        self.wire: Wire | None = None

    def run(self) -> list[Response]:
        """Return the responses to all requests."""
        try:
            return [response for request in self.case.requests for response in self.exchange(request)]
        finally:
            self.hang_up()

    def exchange(self, request: Request) -> list[Response]:
        """Send one request and return its responses."""
        fresh = self.wire is None
        wire = self.wire = self.wire or Wire(self.connect())
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.send(wire.connection, request.encode(self.case, cookie, self.challenge), request)
        methods = request.methods * request.answers
        responses = [read_response(wire, methods[number]) for number in range(request.answers)]
        for response in responses:
            response.new_connection = fresh
            self.keep_cookies(response)
            self.keep_challenge(request, response)
        if not self.case.same_connection or not responses[-1].persistent:
            self.hang_up(responses[-1])
        return responses

    def send(self, connection: socket.socket, data: bytes, request: Request) -> None:
        """Send the bytes, in parts if the request says so. Who has answered already may have closed."""
        starts = (0, *request.cuts)
        for start, end in zip(starts, (*request.cuts, len(data)), strict=True):
            if start:
                time.sleep(PAUSE)
            connection.sendall(data[start:end])
        if request.last:
            connection.shutdown(socket.SHUT_WR)

    def connect(self) -> socket.socket:
        """Return a new connection."""
        if self.address is None:
            return self.server.connect(TIMEOUT)
        return socket.create_connection(self.address, TIMEOUT)

    def keep_cookies(self, response: Response) -> None:
        """Remember what Set-Cookie lines say, when the case carries cookies."""
        if self.case.cookies:
            for name, value in response.headers:
                if name.lower() == "set-cookie":
                    key, _, text = value.split(";")[0].partition("=")
                    self.cookies[key.strip()] = text

    def keep_challenge(self, request: Request, response: Response) -> None:
        """Check the server's own proof against the challenge that was answered, and remember a new one."""
        info = response.value("authentication-info")
        answer = request.digest
        if answer and info and not answer.is_confirmed(info, self.challenge, request.path):
            response.trouble = f"the server does not prove that it knows the password: {info}"
        self.challenge = response.value("www-authenticate") or self.challenge

    def hang_up(self, last: Response | None = None) -> None:
        """End our side and note what the server still sends after its last response."""
        wire, self.wire = self.wire, None
        if wire is None:
            return
        with wire.connection as connection:
            try:
                connection.shutdown(socket.SHUT_WR)
                wire.seen = b""
                rest = wire.rest()
            except OSError:
                return
            if last is not None and rest and not last.trouble:
                last.trouble = f"{len(rest)} bytes after the response: {rest[:200]!r}"
                last.raw += rest
