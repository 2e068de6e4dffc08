"""A client that sees every byte: sends what it is told, reads one response after the other."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from types import TracebackType

from tests.integration.servers import RunningServer

DEADLINE = 15.0


class Response:
    """One response: `status`, `fields` by lower-case name, `body`."""

    def __init__(self, head: bytes) -> None:
        line, *lines = head.split(b"\r\n")
        self.status = int(line.split(b" ")[1])
        self.fields: dict[str, str] = {}
        for field in lines:
            name, _, value = field.partition(b": ")
            self.fields[name.decode().lower()] = value.decode("latin-1")
        self.body = b""


class Wire:
    """A connection to a server. Reads raise TimeoutError after DEADLINE seconds."""

    def __init__(self, server: RunningServer, timeout: float = DEADLINE) -> None:
        self.socket = server.connect(timeout)
        self.buffer = b""

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def get(self, path: str, *fields: str, method: str = "GET", version: str = "1.1") -> None:
        """Send a request without a body."""
        lines = [f"{method} {path} HTTP/{version}", "Host: a.example", *fields]
        self.send("".join(f"{line}\r\n" for line in (*lines, "")).encode())

    def post(self, path: str, body: bytes, *fields: str, length: int | None = None) -> None:
        """Send a request with a body; `length` when it is to declare another one."""
        size = len(body) if length is None else length
        self.get(path, f"Content-Length: {size}", *fields, method="POST")
        self.send(body)

    def _more(self) -> bool:
        data = self.socket.recv(1 << 20)
        self.buffer += data
        return bool(data)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if not self._more():
                raise ConnectionError(f"the server closed after {self.buffer[:200]!r}")
        part, _, self.buffer = self.buffer.partition(mark)
        return part

    def _exactly(self, size: int) -> bytes:
        parts = [self.buffer]
        missing = size - len(self.buffer)
        while missing > 0:
            data = self.socket.recv(min(1 << 20, missing))
            if not data:
                raise ConnectionError(f"the server closed {missing} bytes before the end")
            parts.append(data)
            missing -= len(data)
        whole = b"".join(parts)
        self.buffer = whole[size:]
        return whole[:size]

    def head(self) -> Response:
        """Read a response's head."""
        return Response(self._until(b"\r\n\r\n"))

    def read(self, body: bool = True) -> Response:
        """Read a whole response; `body` False for those that have none (HEAD, 100)."""
        response = self.head()
        if not body:
            return response
        fields = response.fields
        if fields.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                response.body += self._exactly(size)
                assert self._until(b"\r\n") == b""
            assert self._until(b"\r\n") == b""
        elif "content-length" in fields:
            response.body = self._exactly(int(fields["content-length"]))
        else:
            response.body = self.rest()
        return response

    def ask(self, path: str, body: bytes | None = None, *fields: str) -> Response:
        """Return the answer to a GET, or to a POST of `body`."""
        if body is None:
            self.get(path, *fields)
        else:
            self.post(path, body, *fields)
        return self.read()

    def rest(self) -> bytes:
        """Read until the server closes."""
        while self._more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def closed(self) -> bool:
        """Whether the server closes the connection without another byte."""
        try:
            return self.rest() == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def ask(server: RunningServer, path: str) -> Response:
    """Return the answer to a request on a connection of its own."""
    with Wire(server) as wire:
        return wire.ask(path)


def reset(connection: socket.socket) -> None:
    """Close a connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def until(condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
