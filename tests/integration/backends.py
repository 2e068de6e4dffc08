"""Backends that do as a test says, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

SECONDS = 20.0


class Asked:
    """One request as the backend sees it, and the connection to answer on."""

    def __init__(self, connection: socket.socket, head: bytes, buffer: bytes, number: int) -> None:
        self.connection = connection
        self.head = head
        self.number = number
        """How many connections there were when this one came, itself included."""
        self._buffer = buffer

    @property
    def path(self) -> str:
        """The request's target."""
        return self.head.split(b" ")[1].decode()

    def field(self, name: str) -> list[str]:
        """Return the values of a field."""
        lines = [line.partition(b": ") for line in self.head.split(b"\r\n")[1:]]
        return [value.decode("latin-1") for key, _, value in lines if key.decode().lower() == name]

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.sendall(data)

    def answer(self, body: bytes, *fields: str, status: str = "200 OK") -> None:
        """Send a whole response."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
        self.send("\r\n".join(lines).encode() + body)

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes that follow the head; b"" at the end."""
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data or self.connection.recv(size)


class Backend:
    """A server whose every request `script` answers; it returns True to keep the connection.

    It speaks TLS with `context`, if there is one.
    """

    def __init__(
        self,
        script: Callable[[Asked], bool],
        path: Path | None = None,
        context: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self._script = script
        self._context = context
        self._listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(str(path) if path else ("127.0.0.1", port))
        self._listener.listen(50)
        self._open: list[socket.socket] = []
        self.connections = 0
        self.port = 0 if path else int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(SECONDS)
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                while self._one(connection, number):
                    pass

    def _one(self, connection: socket.socket, number: int) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return False
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return self._script(Asked(connection, head, rest, number))

    def __enter__(self) -> Backend:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()
