"""A large upload takes no more of the server's memory than a small one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire

BLOCK = bytes(1 << 20)
BLOCKS = 1024
"""One gibibyte."""
MOST = 20 << 20
"""Bytes that an upload may add to the server's memory."""
SECONDS = 60.0

APPLICATION = """
from mod_python import apache


def handler(req):
    total = 0
    while True:
        block = req.read(65536)
        if not block:
            break
        total += len(block)
    req.write(str(total), 0)
    return apache.OK
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that counts what it is sent."""
    directory = tmp_path_factory.mktemp("upload")
    port = free_port()
    text = application_config(directory, port, APPLICATION, 4, "LimitRequestBody 0")
    with Olexd(text, directory, port) as server:
        yield server


def pump(connection: socket.socket, chunked: bool) -> None:
    """Send a gibibyte."""
    before, after = (b"%x\r\n" % len(BLOCK), b"\r\n") if chunked else (b"", b"")
    block = before + BLOCK + after
    for _ in range(BLOCKS):
        connection.sendall(block)
    if chunked:
        connection.sendall(b"0\r\n\r\n")


@pytest.mark.parametrize("framing", [f"Content-Length: {BLOCKS * len(BLOCK)}", "Transfer-Encoding: chunked"])
def test_one_gibibyte(server: RunningServer, framing: str) -> None:
    """A gibibyte that the handler reads in blocks adds less than 20 MiB to the server, at any time."""
    with Wire(server, SECONDS) as wire:
        wire.post("/", b"warm")
        assert wire.read().body == b"4"
        before = server.memory("VmRSS")
        server.forget_peak()
        wire.get("/", framing, method="POST")
        sender = threading.Thread(target=pump, args=(wire.socket, "chunked" in framing), daemon=True)
        sender.start()
        assert wire.read().body == str(BLOCKS * len(BLOCK)).encode()
        sender.join(SECONDS)
    assert server.memory("VmHWM") - before < MOST


def test_nobody_reads(server: RunningServer) -> None:
    """An upload that meets no reader fills no memory either: the connection is closed instead."""
    with Wire(server, SECONDS) as wire:
        before = server.memory("VmRSS")
        server.forget_peak()
        wire.get("/missing%2Fpage", f"Content-Length: {64 * len(BLOCK)}", method="POST")
        try:
            for _ in range(64):
                wire.socket.sendall(BLOCK)
        except OSError:
            pass
    assert server.memory("VmHWM") - before < MOST
