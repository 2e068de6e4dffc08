"""Handlers of requests that speak a protocol of their own on the connection, in threads and as coroutines."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, reset, until

SWITCH = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: lines\r\nConnection: Upgrade\r\n\r\n"
APPLICATION = (
    f"""
import os
import threading

from mod_python import apache

HERE = os.path.dirname(__file__)
SWITCH = {SWITCH!r}
kept = []
"""
    + """
def record(text):
    with open(os.path.join(HERE, "record"), "a") as file:
        file.write(text + "\\n")


def handler(req):
    return globals()[req.uri.rpartition("/")[2]](req)


def echo(req):
    conn = req.connection
    conn.write(SWITCH)
    req.assbackwards = 1
    try:
        while True:
            conn.write(conn.readline())
    except OSError as error:
        record("echo: %s %s" % (error, conn.aborted))
    return apache.DONE


async def co_echo(req):
    conn = req.connection
    conn.write(SWITCH)
    req.assbackwards = 1
    try:
        while True:
            await conn.awrite(await conn.areadline())
    except OSError as error:
        record("co_echo: %s" % error)
    return apache.DONE


async def co_wrong_side(req):
    try:
        req.connection.read()
    except RuntimeError as error:
        req.write(str(error))
    return apache.OK


def awaits_in_a_thread(req):
    try:
        req.connection.aread().send(None)
    except RuntimeError as error:
        req.write(str(error))
    return apache.OK


def some(req):
    req.write(repr(req.connection.read(3)), 0)
    return apache.OK


def body_first(req):
    try:
        req.connection.read(1)
    except RuntimeError as error:
        req.write(str(error), 0)
    req.write(" %r" % req.read(), 0)
    if req.args:
        req.write(" %r" % req.connection.read(3), 0)
    return apache.OK


def early_hints(req):
    req.connection.write("HTTP/1.1 103 Early Hints\\r\\nLink: </style.css>\\r\\n\\r\\n")
    req.write("page", 0)
    return apache.OK


def keeps(req):
    kept.append(req.connection)
    return apache.OK


def uses_kept(req):
    conn = kept.pop()
    failures = []
    for call in (lambda: conn.read(1), lambda: conn.readline(), lambda: conn.write("x")):
        try:
            call()
        except RuntimeError as error:
            failures.append(str(error))
    req.write("%r" % failures, 0)
    return apache.OK


def loghandler(req):
    try:
        req.connection.write("behind")
    except RuntimeError as error:
        record("log: %s" % error)
    return apache.OK


def stuck(req):
    req.connection.write(SWITCH)
    threading.Event().wait(0.8)
    for _ in range(100):
        req.connection.write("late" * 10000)
    record("stuck: %s" % req.connection.aborted)
    return apache.OK
"""
)
MORE = """
Timeout 1
PythonLogHandler app
<Location /stuck>
    RequestTimeout 200ms
</Location>
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the application above."""
    directory = tmp_path_factory.mktemp("taken")
    port = free_port()
    text = application_config(directory, port, APPLICATION, 4, MORE)
    with Olexd(text, directory, port) as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(server: RunningServer) -> None:
    """Forget what was recorded."""
    _record(server).unlink(missing_ok=True)


def _record(server: RunningServer) -> Path:
    return server.directory / "site" / "record"


def recorded(server: RunningServer, line: str) -> None:
    """Wait until the application has recorded a line."""
    until(lambda: _record(server).exists() and line in _record(server).read_text().split("\n"))


def hinted(wire: Wire) -> tuple[int, bytes]:
    """Return the status of an interim response and the page that follows it."""
    wire.get("/early_hints")
    return wire.read(False).status, wire.read().body


@pytest.mark.parametrize(
    ("path", "end"),
    [("/echo", "echo: Connection read error 0"), ("/co_echo", "co_echo: Connection read error")],
)
class TestConversation:
    def test_to_and_fro(self, server: RunningServer, wire: Wire, path: str, end: str) -> None:
        """The handler writes its own head and talks; what came with the request is not lost."""
        wire.send(f"GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\none\ntw".encode())
        assert wire._until(b"\r\n\r\n") + b"\r\n\r\n" == SWITCH.encode()
        assert wire._until(b"\n") == b"one"
        for rest in (b"o\n", b"\xff\0\n"):
            wire.send(rest)
            wire._until(b"\n")
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.closed()
        recorded(server, end)

    def test_client_that_stands_still(self, server: RunningServer, wire: Wire, path: str, end: str) -> None:
        """Reading fails after Timeout, and the connection closes."""
        wire.get(path)
        wire._until(b"\r\n\r\n")
        assert wire.closed()
        recorded(server, end)

    def test_client_that_leaves(self, server: RunningServer, path: str, end: str) -> None:
        """A reset ends the conversation; the server goes on."""
        with Wire(server) as wire:
            wire.get(path)
            wire._until(b"\r\n\r\n")
            wire.send(b"one\n")
            wire._until(b"\n")
            reset(wire.socket)
        recorded(server, end)
        with Wire(server) as wire:
            assert hinted(wire) == (103, b"page")

    def test_after_other_requests(self, wire: Wire, path: str, end: str) -> None:
        """A connection that persisted can be taken."""
        assert hinted(wire) == (103, b"page")
        wire.get(path)
        wire._until(b"\r\n\r\n")
        wire.send(b"one\n")
        assert wire._until(b"\n") == b"one"


class TestBesideTheResponse:
    def test_in_front(self, wire: Wire) -> None:
        """What is written at the connection goes out as it is, and the response follows; HTTP goes on."""
        for _ in range(2):
            assert hinted(wire) == (103, b"page")

    def test_reading_ends_http(self, wire: Wire) -> None:
        """Who has read from the connection answers as usual, but the last time."""
        wire.send(b"GET /some HTTP/1.1\r\nHost: a.example\r\n\r\nabcGET /some HTTP/1.1\r\n")
        answer = wire.read()
        assert (answer.body, answer.fields["connection"]) == (b"b'abc'", "close")
        assert wire.closed()


class TestRefusals:
    @pytest.mark.parametrize("body", [b"abc", b"x" * 300_000])
    def test_body(self, wire: Wire, body: bytes) -> None:
        """The request's body is not what the connection's read() is for."""
        answer = wire.ask("/body_first", body)
        refusal = b"the request has a body: read it to its end before reading from the connection"
        assert answer.body == refusal + b" %r" % body

    def test_behind_a_body(self, wire: Wire) -> None:
        """Once the body has been read, what follows it can be read from the connection."""
        wire.post("/body_first?more", b"body")
        wire.send(b"abc")
        assert wire.read().body.endswith(b" b'body' b'abc'")

    def test_sides(self, wire: Wire) -> None:
        """Coroutines await, threads do not."""
        assert b"await conn.aread()" in wire.ask("/co_wrong_side").body
        assert b"can only be awaited" in wire.ask("/awaits_in_a_thread").body

    def test_another_connection(self, server: RunningServer, wire: Wire) -> None:
        """A connection that a handler kept is nobody's when nothing is being answered there."""
        wire.ask("/keeps")
        with Wire(server) as other:
            answer = other.ask("/uses_kept").body
        assert answer.count(b"nothing is being answered on this connection") == 3

    def test_after_the_response(self, server: RunningServer, wire: Wire) -> None:
        """A log handler can no longer say anything."""
        assert hinted(wire) == (103, b"page")
        recorded(server, "log: the response is complete: the connection is not the handler's any more")

    def test_time_is_up(self, server: RunningServer, wire: Wire) -> None:
        """RequestTimeout cuts off a handler that has begun to talk, as one that has begun its response."""
        wire.get("/stuck")
        wire._until(b"\r\n\r\n")
        assert wire.closed()
        recorded(server, "stuck: 1")
