"""Requests without a network: a record with its configuration, body and output, for handlers to work on."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Sequence
from types import coroutine
from typing import Any, cast

from olexd.config.build import load_text
from olexd.config.server import ServerConfig
from olexd.errors import ClientGone
from olexd.model import runtime
from olexd.model.body import Body, Signal
from olexd.model.connection import Connection
from olexd.model.mp_request import mp_request
from olexd.model.output import Output
from olexd.model.request import Request
from olexd.modules.registry import MODULES, SPECS
from olexd.phases.sides import Side
from olexd.phases.table import PhaseTable

PHASES = PhaseTable(MODULES)


class FakeOutput:
    """Takes what is written. `gone` makes writes fail as when the client has left."""

    def __init__(self) -> None:
        self.sent = b""
        self.flushes = 0
        self.committed = False
        self.finished = False
        self.gone = False
        self.bytes_sent = 0
        self.bytes_queued = 0

    def write(self, data: bytes, flush: bool) -> None:
        if self.gone:
            raise ClientGone("Write failed, client closed connection.")
        self.sent += data
        self.bytes_queued += len(data)
        if flush:
            self.flush()

    def flush(self) -> None:
        if self.gone:
            raise ClientGone("Write failed, client closed connection.")
        self.flushes += 1
        self.committed = True
        self.bytes_sent = len(self.sent)

    def discard(self) -> None:
        """Forget nothing: what was written counts as sent."""

    def send_file(self, fd: int, offset: int, length: int) -> int:
        data = os.pread(fd, length, offset)
        self.write(data, True)
        return len(data)


def make_config(text: str = "", **options: Any) -> ServerConfig:
    """Return a compiled configuration; `ServerName` and a silent error log are there already."""
    return load_text(f"ServerName app.test\nErrorLog /dev/null\n{text}\n", SPECS, **options)


class NoSource:
    """Where a body comes from that has arrived already."""

    def resume(self) -> None:
        raise AssertionError("nothing more will come")

    def signal(self) -> Signal:
        raise AssertionError("nothing more will come")


def full_body(data: bytes) -> Body:
    """Return a body that has arrived completely."""
    body = Body(NoSource(), len(data))
    if data:
        body.feed(data)
        body.finish()
    return body


def make_record(
    config: ServerConfig | str = "",
    *,
    method: str = "GET",
    uri: str = "/",
    args: str | None = None,
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"",
    sections: bool = True,
) -> Request:
    """Return a request on a pool thread, its Location sections merged unless `sections` is off."""
    if isinstance(config, str):
        config = make_config(config)
    host = config.main
    connection = Connection(config, host, ("192.0.2.1", 80), ("192.0.2.7", 4711))
    connection.on_reactor = False
    found = host.locations.match(uri) if sections else ()
    record = Request(connection, host, host.merged(found))
    record.method = method
    record.uri = uri
    record.unparsed_uri = uri if args is None else f"{uri}?{args}"
    record.args = args
    record.hostname = "app.test"
    record.the_request_bytes = f"{method} {record.unparsed_uri} HTTP/1.1".encode()
    record.header_lines = list(headers)
    record.phases = PHASES
    record.body = full_body(body)
    record.output = cast(Output, FakeOutput())
    runtime.set_config(config)
    return record


def make_request(config: ServerConfig | str = "", **details: Any) -> mp_request:
    """Return what a handler gets for such a request."""
    return mp_request(make_record(config, **details))


def sent(record: Request) -> bytes:
    """Return what was written."""
    return cast(FakeOutput, record.output).sent


def drive(record: Request, awaitable: Awaitable[int], hops: list[Side] | None = None) -> int:
    """Run a hook to its end as the site does; `hops` gets the sides it asked for."""
    task = cast(Any, awaitable)
    try:
        while True:
            side = task.send(None)
            assert isinstance(side, Side)
            record.connection.on_reactor = side is Side.REACTOR
            if hops is not None:
                hops.append(side)
    except StopIteration as done:
        return cast(int, done.value)


@coroutine
def hop_nowhere() -> Any:
    """An awaitable that is done at once."""
    return None
    yield
