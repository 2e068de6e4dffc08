"""Connections to a live olexd: keep-alive, pipelining, deadlines, bodies, clients that leave."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import DEADLINE, Wire, reset, until

BLOCK = 1 << 20
BIG = 50

APPLICATION = """
import os
from mod_python import apache

RECORD = os.path.join(os.path.dirname(__file__), "record")
BLOCK = bytes(range(256)) * 4096


def record(text):
    with open(RECORD, "a") as file:
        file.write(text + "\\n")


def handler(req):
    return globals()[req.uri.rpartition("/")[2]](req)


def hello(req):
    req.write("hello " + (req.args or ""), 0)
    return apache.OK


def chunked(req):
    req.write("one ")
    req.write("two")
    return apache.OK


def unread(req):
    req.write("did not look", 0)
    return apache.OK


def echo(req):
    body = req.read()
    req.write("%d " % len(body), 0)
    req.write(body[:100], 0)
    return apache.OK


def stalled(req):
    try:
        req.read()
    except OSError as error:
        record("read: %s" % error)
    else:
        record("read everything")
    req.write("done", 0)
    return apache.OK


def big(req):
    for number in range(int(req.args)):
        req.write(BLOCK)
    return apache.OK


def endless(req):
    try:
        while True:
            req.write(BLOCK)
    except OSError as error:
        record("write: %s, aborted %d" % (error, req.connection.aborted))
        raise


def token(req):
    for number in range(20):
        req.write(("[%s]" % req.args) * 1000)
    return apache.OK
"""


def config(directory: Path, port: int, threads: int, more: str) -> str:
    """Return a configuration that serves the application below."""
    return application_config(directory, port, APPLICATION, threads, more)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with two handler threads and a limit on bodies in one place."""
    directory = tmp_path_factory.mktemp("connection")
    port = free_port()
    more = "<Location /limited>\nLimitRequestBody 1000\n</Location>"
    with Olexd(config(directory, port, 2, more), directory, port) as server:
        yield server


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that is short of patience."""
    directory = tmp_path_factory.mktemp("strict")
    port = free_port()
    more = "RequestReadTimeout header=1 body=1\nKeepAliveTimeout 1\nMaxKeepAliveRequests 3\nTimeout 1"
    with Olexd(config(directory, port, 2, more), directory, port) as server:
        yield server


def recorded(server: RunningServer, text: str) -> None:
    """Wait until the application has recorded something, and forget it."""
    path = server.directory / "site" / "record"
    until(lambda: path.exists() and text in path.read_text())
    path.unlink()


class TestKeepAlive:
    def test_many_requests(self, wire: Wire) -> None:
        """A connection serves one request after the other."""
        for number in range(50):
            wire.get(f"/hello?{number}")
            assert wire.read().body == b"hello %d" % number

    def test_most_requests(self, strict: RunningServer) -> None:
        """MaxKeepAliveRequests 3 allows three requests after the first; the last answer says close."""
        with Wire(strict) as wire:
            said = []
            for _ in range(4):
                wire.get("/hello", "Connection: keep-alive")
                said.append(wire.read().fields["connection"])
            assert said == ["Keep-Alive"] * 3 + ["close"]
            assert wire.closed()

    def test_idle_connection_is_closed(self, strict: RunningServer) -> None:
        """An idle connection is closed after KeepAliveTimeout, without a word."""
        with Wire(strict) as wire:
            wire.get("/hello")
            wire.read()
            started = time.monotonic()
            assert wire.closed()
            assert 0.4 < time.monotonic() - started < 5

    def test_client_that_closes(self, wire: Wire) -> None:
        """`Connection: close` ends the connection after the answer."""
        wire.get("/hello", "Connection: close")
        assert wire.read().fields["connection"] == "close"
        assert wire.closed()

    def test_after_an_error(self, wire: Wire) -> None:
        """A 404 is no reason to part."""
        wire.get("/missing/")
        assert wire.read().status in (404, 500)

    def test_half_closed_client(self, wire: Wire) -> None:
        """A client that closed its sending side still gets its answer."""
        wire.get("/chunked")
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.read().body == b"one two"
        assert wire.closed()


class TestPipelining:
    def test_in_order(self, wire: Wire) -> None:
        """Answers come in the order of the requests, whatever the handlers do."""
        paths = ["/hello?%d", "/chunked?%d", "/unread?%d", "/missing%d/x"]
        for number in range(80):
            wire.get(paths[number % 3] % number)
        for number in range(80):
            body = wire.read().body
            assert body == [b"hello %d" % number, b"one two", b"did not look"][number % 3]

    def test_with_bodies(self, wire: Wire) -> None:
        """Bodies between the requests are kept apart from them, read or not."""
        for number in range(30):
            body = b"%05d" % number * 1000
            wire.post("/echo" if number % 2 else "/unread", body)
        for number in range(30):
            answer = wire.read().body
            assert answer == (b"5000 " + b"%05d" % number * 20 if number % 2 else b"did not look")

    def test_many_refusals(self, wire: Wire) -> None:
        """Hundreds of requests that are answered without a handler come back one by one."""
        for _ in range(90):
            wire.get("/a%2Fb")
        assert {wire.read().status for _ in range(90)} == {404}


class TestVersions:
    def test_old_client(self, wire: Wire) -> None:
        """HTTP/1.0 gets a body that ends with the connection."""
        wire.get("/chunked", version="1.0")
        answer = wire.read()
        assert (answer.body, answer.fields["connection"]) == (b"one two", "close")
        assert "transfer-encoding" not in answer.fields

    def test_old_client_that_asks(self, wire: Wire) -> None:
        """HTTP/1.0 with keep-alive persists."""
        for _ in range(3):
            wire.get("/hello?1", "Connection: Keep-Alive", version="1.0")
            answer = wire.read()
            assert (answer.body, answer.fields["connection"]) == (b"hello 1", "Keep-Alive")

    def test_head(self, wire: Wire) -> None:
        """HEAD is answered by a head alone; the connection goes on."""
        for path, length in (("/hello?1", "7"), ("/chunked", None), ("/hello?1", "7")):
            wire.get(path, method="HEAD")
            answer = wire.read(body=False)
            assert (answer.status, answer.fields.get("content-length")) == (200, length)
        wire.get("/hello?2")
        assert wire.read().body == b"hello 2"


class TestContinue:
    def test_when_the_handler_reads(self, wire: Wire) -> None:
        """100 Continue is sent when the handler first reads, then the answer."""
        wire.get("/echo", "Content-Length: 5", "Expect: 100-continue", method="POST")
        assert wire.read(body=False).status == 100
        wire.send(b"12345")
        assert wire.read().body == b"5 12345"
        wire.get("/hello?again")
        assert wire.read().body == b"hello again"

    def test_when_it_does_not(self, wire: Wire) -> None:
        """A handler that does not read answers at once, and the connection ends: the body may come or not."""
        wire.get("/unread", "Content-Length: 5", "Expect: 100-continue", method="POST")
        answer = wire.read()
        assert (answer.status, answer.body) == (200, b"did not look")
        assert answer.fields["connection"] == "close"

    def test_client_that_does_not_wait(self, wire: Wire) -> None:
        """A client that sends the body at once gets the same answer."""
        wire.post("/echo", b"12345", "Expect: 100-continue")
        answer = wire.read(body=False)
        if answer.status == 100:
            answer = wire.read()
        assert answer.status == 200


class TestDeadlines:
    def test_slow_head(self, strict: RunningServer) -> None:
        """A head that does not arrive within its second is answered with 408."""
        started = time.monotonic()
        with Wire(strict) as wire:
            wire.send(b"GET /hello HTTP/1.1\r\nHost: a")
            assert wire.read().status == 408
            assert 0.9 < time.monotonic() - started < 5
            assert wire.closed()

    def test_trickling_head(self, strict: RunningServer) -> None:
        """Nor do single bytes prolong it."""
        with Wire(strict) as wire:
            stop = threading.Event()

            def trickle() -> None:
                try:
                    wire.send(b"GET /hello HTTP/1.1\r\nX: ")
                    while not stop.wait(0.05):
                        wire.send(b"x")
                except OSError:
                    return

            thread = threading.Thread(target=trickle)
            thread.start()
            try:
                assert wire.read().status == 408
            finally:
                stop.set()
                thread.join(DEADLINE)

    def test_half_heads_cost_no_thread(self, server: RunningServer) -> None:
        """Two hundred clients with half a head hold up nobody, with two handler threads."""
        waiting = [Wire(server) for _ in range(200)]
        try:
            for wire in waiting:
                wire.send(b"GET /hello?late HTTP/1.1\r\nHost: a.ex")
            with Wire(server, 5.0) as quick:
                for number in range(50):
                    quick.get(f"/hello?{number}")
                    assert quick.read().body == b"hello %d" % number
            for wire in waiting[::20]:
                wire.send(b"ample\r\n\r\n")
                assert wire.read().body == b"hello late"
        finally:
            for wire in waiting:
                wire.close()

    def test_slow_body(self, strict: RunningServer) -> None:
        """A body that does not arrive in time raises OSError in the handler, which still can answer."""
        with Wire(strict) as wire:
            wire.post("/stalled", b"12345", length=10)
            recorded(strict, "read: Client read error (Timeout?)")
            assert wire.read().body == b"done"

    def test_body_in_time(self, strict: RunningServer) -> None:
        """One that does is read."""
        with Wire(strict) as wire:
            wire.post("/stalled", b"1234567890")
            recorded(strict, "read everything")

    def test_stalled_reader(self, strict: RunningServer) -> None:
        """A client that takes nothing for Timeout seconds costs its thread no longer than that."""
        with Wire(strict) as wire:
            wire.get("/endless")
            recorded(strict, "write: Write failed, client closed connection., aborted 1")


class TestBodies:
    @pytest.mark.parametrize("size", [0, 1, 5000, 300_000])
    def test_unread_body_is_drained(self, wire: Wire, size: int) -> None:
        """A body that nobody read does not spoil the next request."""
        wire.post("/unread", b"GET /echo HTTP/1.1\r\n"[:size].ljust(size, b"x"))
        assert wire.read().body == b"did not look"
        wire.get("/hello?next")
        assert wire.read().body == b"hello next"

    def test_chunked(self, wire: Wire) -> None:
        """A chunked body is read to its end."""
        wire.get("/echo", "Transfer-Encoding: chunked", method="POST")
        wire.send(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n")
        assert wire.read().body == b"5 abcde"
        wire.get("/hello?next")
        assert wire.read().body == b"hello next"

    @pytest.mark.parametrize("handler", ["echo", "unread"])
    def test_malformed_chunk(self, wire: Wire, handler: str) -> None:
        """After a malformed chunk nothing is taken for a request."""
        wire.get(f"/{handler}", "Transfer-Encoding: chunked", method="POST")
        wire.send(b"zz\r\n0\r\n\r\nGET /hello?hidden HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert wire.read().status in (200, 400)
        assert wire.closed()

    def test_declared_too_long(self, wire: Wire) -> None:
        """A declared body beyond LimitRequestBody is 413 at once, and the connection ends."""
        wire.get("/limited/echo", "Content-Length: 1001", method="POST")
        assert wire.read().status == 413
        assert wire.closed()

    @pytest.mark.parametrize("size", [1001, 100_000])
    def test_declared_too_long_and_sent(self, wire: Wire, size: int) -> None:
        """The same when the body comes along with the head."""
        wire.post("/limited/echo", b"x" * size)
        assert wire.read().status == 413

    @pytest.mark.parametrize("size", [1001, 100_000])
    def test_chunked_too_long(self, wire: Wire, size: int) -> None:
        """A chunked body is counted while it comes."""
        wire.get("/limited/echo", "Transfer-Encoding: chunked", method="POST")
        wire.send(b"%x\r\n" % size + b"x" * size + b"\r\n")
        assert wire.read().status == 413
        assert wire.closed()

    def test_just_within(self, wire: Wire) -> None:
        """A body of exactly the limit passes."""
        wire.post("/limited/echo", b"x" * 1000)
        assert wire.read().body.startswith(b"1000 ")


class TestClients:
    @pytest.mark.parametrize("leave", [socket.socket.close, reset], ids=["close", "reset"])
    def test_client_that_leaves(self, server: RunningServer, leave: object) -> None:
        """The next write after the client left raises OSError with mod_python's words."""
        with Wire(server) as wire:
            wire.get("/endless")
            wire.head()
            leave(wire.socket)  # type: ignore[operator]
        recorded(server, "write: Write failed, client closed connection., aborted 1")

    def test_client_that_leaves_during_its_upload(self, server: RunningServer) -> None:
        """A read that waits for a client that left raises OSError."""
        with Wire(server) as wire:
            wire.post("/stalled", b"12345", length=10)
        recorded(server, "read: Client read error (Timeout?)")

    @pytest.mark.parametrize("last", [True, False])
    def test_slow_reader(self, server: RunningServer, last: bool) -> None:
        """A client that reads 50 MB slowly gets all of it, while others are served."""
        with Wire(server, 30.0) as slow:
            slow.get(f"/big?{BIG}", *(["Connection: close"] if last else []))
            answer = slow.head()
            with Wire(server) as quick:
                for number in range(5):
                    quick.get(f"/hello?{number}")
                    assert quick.read().body == b"hello %d" % number
            assert answer.fields["transfer-encoding"] == "chunked"
            total, digest = read_chunks(slow)
            assert (total, digest) == (BIG * BLOCK, expected_digest())
            if last:
                assert slow.closed()

    def test_clients_do_not_mix(self, server: RunningServer) -> None:
        """Clients at the same time get their own answers, all of them, and nothing else."""
        wrong: list[object] = []

        def client(number: int) -> None:
            try:
                with Wire(server) as wire:
                    for turn in range(10):
                        token = f"{number}-{turn}"
                        wire.get(f"/token?{token}")
                        if wire.read().body != f"[{token}]".encode() * 20_000:
                            wrong.append(token)
            except Exception as error:
                wrong.append(error)

        clients = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join(DEADLINE)
        assert wrong == []


def read_chunks(wire: Wire) -> tuple[int, str]:
    """Read a chunked body without keeping it; return its size and digest."""
    total, digest = 0, hashlib.sha256()
    while size := int(wire._until(b"\r\n"), 16):
        digest.update(wire._exactly(size))
        total += size
        wire._until(b"\r\n")
    wire._until(b"\r\n")
    return total, digest.hexdigest()


def expected_digest() -> str:
    """The digest of what /big writes."""
    digest = hashlib.sha256()
    for _ in range(BIG):
        digest.update(bytes(range(256)) * 4096)
    return digest.hexdigest()
