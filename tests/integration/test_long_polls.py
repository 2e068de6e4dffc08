"""Thousands of requests that wait for the same event cost no threads and little memory."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, until

PARKED = 5000
DESCRIPTORS = PARKED + 500
THREADS_MOST = 8
EACH_MOST = 32 << 10
"""Bytes of the server's memory that a parked request may take, its connection included."""
SECONDS = 60.0

APPLICATION = """
import threading

from twisted.internet.defer import Deferred

from mod_python import apache

parked = []


async def handler(req):
    waiter = Deferred()
    parked.append(waiter)
    req.write("%s heard %s" % (req.args, await waiter), 0)
    return apache.OK


@apache.nonblocking
def deferred(req):
    waiter = Deferred()
    parked.append(waiter)

    def answer(news):
        req.write("%s heard %s" % (req.args, news), 0)
        return apache.OK

    return waiter.addCallback(answer)


@apache.nonblocking
def status(req):
    req.write("%d %d" % (len(parked), threading.active_count()), 0)
    return apache.OK


@apache.nonblocking
def publish(req):
    waiting = parked[:]
    parked.clear()
    for waiter in waiting:
        waiter.callback(req.args)
    return apache.OK


def blocking(req):
    req.write("a thread is free", 0)
    return apache.OK
"""

LOCATIONS = "".join(
    f"<Location /{name}>\nSetHandler mod_python\nPythonHandler app::{name}\n</Location>\n"
    for name in ("deferred", "status", "publish", "blocking")
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that may have enough descriptors open, and so may we."""
    directory = tmp_path_factory.mktemp("parked")
    port = free_port()
    more = f"Timeout 300\nListenBackLog 5000\nPythonPath \"['{directory}/site'] + sys.path\"\n"
    text = application_config(directory, port, APPLICATION, 4, more + LOCATIONS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, DESCRIPTORS), max(hard, DESCRIPTORS)))
    try:
        with Olexd(text, directory, port) as server:
            yield server
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ask(server: RunningServer, path: str) -> bytes:
    """Return the answer's body."""
    with Wire(server, SECONDS) as wire:
        wire.get(path)
        return wire.read().body


def park(server: RunningServer, path: str, count: int) -> list[socket.socket]:
    """Return connections on each of which a request waits."""
    connections = []
    for number in range(count):
        connection = server.connect(SECONDS)
        connection.sendall(f"GET {path}?{number} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode())
        connections.append(connection)
    until(lambda: ask(server, "/status").split()[0] == str(count).encode(), SECONDS)
    return connections


def os_threads(server: RunningServer) -> int:
    """Return how many threads the server's process has."""
    return len(list(Path(f"/proc/{server.pid}/task").iterdir()))


@pytest.mark.parametrize("path", ["/", "/deferred"])
def test_five_thousand(server: RunningServer, path: str) -> None:
    """5,000 requests wait, others are answered meanwhile, and one event answers them all, each its own."""
    assert ask(server, "/blocking") == b"a thread is free"
    before = server.memory("VmRSS")
    connections = park(server, path, PARKED)
    try:
        each = (server.memory("VmRSS") - before) / PARKED
        assert os_threads(server) <= THREADS_MOST
        assert each < EACH_MOST
        assert ask(server, "/blocking") == b"a thread is free"
        started = time.monotonic()
        ask(server, "/publish?news")
        for number, connection in enumerate(connections):
            answer = connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"\r\n\r\n%d heard news" % number)
        print(f"{path}: {each:.0f} bytes each, answered in {time.monotonic() - started:.2f} s")
    finally:
        for connection in connections:
            connection.close()
    assert ask(server, "/status").split()[0] == b"0"
