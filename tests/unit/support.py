"""Requests without a server: a configuration, a request, and what it would send."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from olexd.config.build import load_text
from olexd.config.core import CoreServer
from olexd.config.errors import ConfigError
from olexd.config.server import ServerConfig
from olexd.http.writer import SocketWriter
from olexd.model.body import Body
from olexd.model.connection import Connection
from olexd.model.output import Output
from olexd.model.request import Request
from olexd.modules.registry import MODULES, SPECS
from olexd.phases.run import serve
from olexd.phases.sides import Side
from olexd.phases.subrequest import internal_redirect
from olexd.phases.table import PhaseTable
from olexd.uri import decode_path

T = TypeVar("T")


class MemoryWriter:
    """Stands for a connection's outgoing side; `data` is what was sent."""

    def __init__(self) -> None:
        self.data = b""
        self.gone = False

    @property
    def accepted(self) -> int:
        """How much was sent."""
        return len(self.data)

    def send(self, parts: Sequence[bytes]) -> None:
        """Take bytes as a pool thread sends them."""
        self.data += b"".join(parts)

    send_soon = send

    def hold(self, parts: Sequence[bytes]) -> bool:
        """Never hold anything back."""
        return False

    def send_file(self, fd: int, offset: int, length: int) -> int:
        """Take a part of a file."""
        import os

        data = os.pread(fd, length, offset)
        self.data += data
        return len(data)


@dataclass(frozen=True)
class Response:
    """A response, taken apart: fields by lower-case name (the last of each) and the body."""

    status: int
    head: str
    fields: dict[str, str]
    body: bytes


def configure(text: str, root: object = "/") -> ServerConfig:
    """Return `text` compiled with all built-in modules."""
    return load_text(text, SPECS, server_root=str(root))


def complaint(text: str, root: object = "/") -> str:
    """Return the first message of a configuration that must be refused."""
    try:
        configure(text, root)
    except ConfigError as error:
        return error.problems[0].message
    raise AssertionError(f"accepted: {text}")


def make_request(
    config: ServerConfig,
    target: str = "/",
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (),
    peer: str = "127.0.0.1",
) -> Request:
    """Return a request as the site would make it, with an empty body and a `MemoryWriter`."""
    main = config.main
    request = Request(Connection(config, main, ("127.0.0.1", 80), (peer, 40000)), main, main.merged())
    request.phases = PhaseTable(MODULES, config.loaded)
    request.connection.redirector = OneThread()
    request.method = method
    request.header_lines = [(name.encode(), value.encode()) for name, value in headers]
    request.the_request_bytes = f"{method} {target} HTTP/1.1".encode()
    request.unparsed_uri = target
    path, mark, query = target.partition("?")
    request.args = query if mark else None
    core = main.server[CoreServer]
    request.uri = path if path == "*" else decode_path(path, core.encoded_slashes, core.merge_slashes)
    request.request_time = time.time()
    request.started = time.monotonic()
    request.persistent = True
    request.hostname = "localhost"
    request.body = Body(None, 0)
    request.output = Output(request, cast(SocketWriter, MemoryWriter()))
    return request


def drive(request: Request, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine of the phases to its end, on one thread that plays both sides."""
    try:
        while True:
            side = coroutine.send(None)
            assert isinstance(side, Side), f"the test cannot wait for {side!r}"
            request.connection.on_reactor = side is Side.REACTOR
    except StopIteration as end:
        return cast(T, end.value)


class OneThread:
    """What answers with other URLs, on the same thread."""

    def wait(self, request: Request, target: str) -> None:
        """Redirect."""
        self.complete(request, internal_redirect(request, target))

    def run(self, request: Request, target: str) -> Coroutine[Any, Any, None]:
        """Redirect as part of the request's own coroutine."""
        return internal_redirect(request, target)

    def complete(self, request: Request, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine to its end."""
        drive(request, coroutine)


def answer(request: Request) -> Response:
    """Serve a request and return what was sent."""
    drive(request, serve(request))
    head, _, body = cast(Any, request.output)._writer.data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Response(int(first.split(" ")[1]), head.decode("latin-1"), fields, body)


def get(
    config: ServerConfig,
    target: str = "/",
    method: str = "GET",
    peer: str = "127.0.0.1",
    **headers: str,
) -> Response:
    """Serve one request; header names are keyword arguments with `_` for `-`."""
    lines = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return answer(make_request(config, target, method, lines, peer))
