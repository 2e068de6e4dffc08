"""Coroutine handlers: streaming with back-pressure, clients that leave, what belongs to one request alone."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, ask, until

BLOCK = 1 << 16
STREAM = 200 << 20
MOST = 24 << 20
"""Bytes that a stream of any length may add to the server's memory."""

APPLICATION = """
import os
from contextvars import ContextVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from mod_python import apache

HERE = os.path.dirname(__file__)
MINE = ContextVar("mine", default="nobody's")
parked = []


def record(text):
    with open(os.path.join(HERE, "record"), "a") as file:
        file.write(text + "\\n")


async def handler(req):
    return await globals()[req.uri.rpartition("/")[2]](req)


async def stream(req):
    block = b"x" * 65536
    try:
        for _ in range(int(req.args) // len(block)):
            await req.awrite(block)
    except OSError as error:
        record("stream: %s %s" % (error, req.connection.aborted))
        raise
    return apache.OK


async def at_once(req):
    await req.awrite("y" * int(req.args), 0)
    return apache.OK


async def small(req):
    await req.awrite("one ", 0)
    await req.awrite(b"two", 0)
    return apache.OK


async def flushes(req):
    await req.awrite("one ", 0)
    await req.aflush()
    await req.awrite("two", 0)
    return apache.OK


async def file(req):
    part = map(int, req.args.split(",")) if req.args else ()
    sent = await req.asendfile(os.path.join(HERE, "file.bin"), *part)
    await req.awrite("|%d" % sent)
    return apache.OK


async def count(req):
    total = 0
    while data := await req.aread(65536):
        total += len(data)
        if req.args:
            await deferLater(reactor, float(req.args))
    await req.awrite(str(total), 0)
    return apache.OK


async def lines(req):
    while line := await req.areadline():
        await req.awrite(repr(line), 0)
    return apache.OK


async def park(req):
    waiter = Deferred()
    parked.append(waiter)
    req.register_cleanup(record, "cleaned up")
    record("parked")
    try:
        await req.awrite(await waiter, 0)
    except BaseException as error:
        record(type(error).__name__)
        raise
    return apache.OK


async def wake(req):
    while parked:
        waiter = parked.pop()
        if not waiter.called:
            waiter.callback("woken")
    return apache.OK


async def begun(req):
    await req.awrite("begun")
    return await park(req)


async def mine(req):
    before = MINE.get()
    MINE.set(req.args)
    await deferLater(reactor, 0.05)
    await req.awrite("%s %s" % (before, MINE.get()), 0)
    return apache.OK


async def loghandler(req):
    await deferLater(reactor, 0.01)
    record("logged " + req.unparsed_uri)
    return apache.OK


def misuse(req):
    for wrong in (req.awrite(b"x"), req.aflush(), req.aread(), req.asendfile("/etc/hostname")):
        try:
            wrong.send(None)
        except RuntimeError as error:
            req.write("%s. " % error, 0)
    return apache.OK
"""

MORE = """
Timeout 2
PythonLogHandler app
<Location /misuse>
SetHandler mod_python
PythonHandler app::misuse
</Location>
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the application above, on TCP and on a unix socket."""
    directory = tmp_path_factory.mktemp("coroutines")
    port = free_port()
    more = f"Listen unix:{directory}/socket\nPythonPath \"['{directory}/site'] + sys.path\"\n{MORE}"
    text = application_config(directory, port, APPLICATION, 2, more)
    (directory / "site" / "file.bin").write_bytes(bytes(range(256)) * 4096)
    with Olexd(text, directory, port) as server:
        yield server


@pytest.fixture
def local(server: RunningServer) -> Iterator[Wire]:
    """A connection to its unix socket."""
    with Wire(Olexd("", server.directory, server.directory / "socket")) as wire:
        yield wire


def recorded(server: RunningServer, text: str) -> None:
    """Wait until the application has recorded a line, and forget everything."""
    path = server.directory / "site" / "record"
    until(lambda: path.exists() and f"{text}\n" in path.read_text())
    path.unlink()


class TestWriting:
    def test_small_answers_have_a_length(self, wire: Wire) -> None:
        """What is not flushed goes out together, with its length."""
        wire.get("/small")
        answer = wire.read()
        assert (answer.body, answer.fields["content-length"]) == (b"one two", "7")

    def test_flush(self, wire: Wire) -> None:
        """aflush() sends what there is."""
        wire.get("/flushes")
        answer = wire.read()
        assert (answer.body, answer.fields["transfer-encoding"]) == (b"one two", "chunked")

    def test_one_large_write(self, wire: Wire) -> None:
        """Whatever is written at once arrives whole, and the connection goes on."""
        wire.get(f"/at_once?{10 << 20}")
        assert wire.read().body == b"y" * (10 << 20)
        wire.get("/small")
        assert wire.read().body == b"one two"

    def test_file(self, wire: Wire) -> None:
        """asendfile() sends the part that was asked for, and says how much that was."""
        whole = bytes(range(256)) * 4096
        wire.get("/file")
        assert wire.read().body == whole + b"|1048576"
        wire.get("/file?300,512")
        assert wire.read().body == whole[300:812] + b"|512"

    def test_memory_with_a_slow_reader(self, server: RunningServer) -> None:
        """A stream that is much longer than what the client has read waits for it, and fills no memory."""
        with Wire(server, 60.0) as wire:
            wire.get(f"/stream?{1 << 20}")
            wire.read()
            before = server.memory("VmRSS")
            server.forget_peak()
            wire.get(f"/stream?{STREAM}")
            slow_until = time.monotonic() + 1.0
            received = 0
            while received < STREAM:
                if time.monotonic() < slow_until:
                    time.sleep(0.02)
                data = wire.socket.recv(1 << 20)
                assert data
                received += len(data)
            assert ask(server, "/small").status == 200
        assert server.memory("VmHWM") - before < MOST

    def test_others_are_served_beside_a_fast_reader(self, server: RunningServer) -> None:
        """A stream that never has to wait for its client lets other requests in all the same."""
        with Wire(server, 60.0) as wire:
            wire.get(f"/stream?{1 << 30}")
            reader = threading.Thread(target=_swallow, args=(wire.socket,), daemon=True)
            reader.start()
            for _ in range(5):
                assert ask(server, "/small").body == b"one two"
            assert reader.is_alive()

    def test_client_that_leaves(self, server: RunningServer) -> None:
        """awrite() fails as write() does, and the connection is known to be aborted."""
        with Wire(server) as wire:
            wire.get(f"/stream?{STREAM}")
            wire.head()
        recorded(server, "stream: Write failed, client closed connection. 1")

    def test_client_that_stands_still(self, server: RunningServer) -> None:
        """A client that takes nothing for Timeout seconds is given up."""
        with Wire(server) as wire:
            wire.get(f"/stream?{STREAM}")
            recorded(server, "stream: Write failed, client closed connection. 1")

    def test_only_for_coroutines(self, wire: Wire) -> None:
        """A handler that has a thread is told that it cannot wait in this way."""
        wire.get("/misuse")
        assert wire.read().body.count(b"can only be awaited by a coroutine") == 4


def _swallow(connection: socket.socket) -> None:
    try:
        while connection.recv(1 << 20):
            pass
    except OSError:
        return


class TestReading:
    def test_lines(self, wire: Wire) -> None:
        """areadline() gives a line at a time."""
        wire.post("/lines", b"one\n\ntwo")
        assert wire.read().body == b"b'one\\n'b'\\n'b'two'"

    def test_memory_with_a_fast_sender(self, server: RunningServer) -> None:
        """An upload that comes faster than it is read waits, and fills no memory."""
        size = 64 << 20
        with Wire(server, 60.0) as wire:
            wire.post("/count", b"warm")
            wire.read()
            before = server.memory("VmRSS")
            server.forget_peak()
            wire.get("/count?0.0005", f"Content-Length: {size}", method="POST")
            sender = threading.Thread(target=wire.socket.sendall, args=(bytes(size),), daemon=True)
            sender.start()
            assert wire.read().body == str(size).encode()
            sender.join(10.0)
        assert server.memory("VmHWM") - before < MOST

    def test_sender_that_leaves(self, server: RunningServer) -> None:
        """An upload that breaks off is an error for the coroutine, and is logged."""
        with Wire(server) as wire:
            wire.get("/count?0.01", "Content-Length: 100", method="POST")
            wire.send(b"x" * 50)
        recorded(server, "logged /count?0.01")
        assert "Client read error" in server.error_log()


class TestClientsThatLeave:
    def test_cancelled(self, server: RunningServer) -> None:
        """The coroutine is cancelled where it waits; log handlers, which may wait too, and cleanups run."""
        with Wire(server) as wire:
            wire.get("/park")
            recorded(server, "parked")
        path = server.directory / "site" / "record"
        until(lambda: path.exists() and "cleaned up" in path.read_text())
        assert path.read_text().split("\n") == ["CancelledError", "logged /park", "cleaned up", ""]
        path.unlink()

    def test_half_closed_over_tcp(self, server: RunningServer, wire: Wire) -> None:
        """A client that only closed its sending side gets its answer; it is asked whether it is there."""
        wire.get("/park")
        recorded(server, "parked")
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.read(body=False).status == 100
        assert ask(server, "/wake").status == 200
        assert wire.read().body == b"woken"
        assert wire.closed()

    def test_half_closed_before_it_waits(self, server: RunningServer, wire: Wire) -> None:
        """The same for one that closed it right after its request, as `nc -N` does."""
        wire.get("/park")
        wire.socket.shutdown(socket.SHUT_WR)
        recorded(server, "parked")
        assert wire.read(body=False).status == 100
        ask(server, "/wake")
        assert wire.read().body == b"woken"

    @pytest.mark.parametrize("path", ["/park", "/begun"])
    def test_half_closed_and_nothing_to_ask_with(self, server: RunningServer, wire: Wire, path: str) -> None:
        """Where no interim response can be sent the client counts as left."""
        wire.get(path, version="1.0" if path == "/park" else "1.1")
        recorded(server, "parked")
        wire.socket.shutdown(socket.SHUT_WR)
        recorded(server, "cleaned up")

    def test_half_closed_unix_socket(self, server: RunningServer, local: Wire) -> None:
        """Over a unix socket nothing has to be asked."""
        local.get("/park", version="1.0")
        recorded(server, "parked")
        local.socket.shutdown(socket.SHUT_WR)
        ask(server, "/small")
        ask(server, "/wake")
        assert local.read().body == b"woken"

    def test_left_unix_socket(self, server: RunningServer, local: Wire) -> None:
        """There a client that left altogether is noticed at once, after it closed its sending side too."""
        local.get("/park")
        recorded(server, "parked")
        local.socket.shutdown(socket.SHUT_WR)
        ask(server, "/small")
        local.close()
        recorded(server, "cleaned up")


def test_context_variables(server: RunningServer) -> None:
    """What a coroutine sets in a context variable is there after it waited, and never in another request."""
    with Wire(server) as one, Wire(server) as other:
        one.get("/mine?one")
        other.get("/mine?other")
        assert one.read().body == b"nobody's one"
        assert other.read().body == b"nobody's other"
    assert ask(server, "/mine?third").body == b"nobody's third"


INTERPRETERS = """
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet import reactor
from twisted.internet.task import deferLater

from mod_python import apache


async def inner(names):
    await deferLater(reactor, 0.01)
    names.append(apache.interpreter)


async def handler(req):
    names = [apache.interpreter]
    for _ in range(20):
        await deferLater(reactor, 0.002)
        names.append(apache.interpreter)
    await inner(names)
    await Deferred.fromCoroutine(inner(names))
    req.write(" ".join(sorted(set(names))), 0)
    return apache.OK


@inlineCallbacks
def generator(req):
    names = [apache.interpreter]
    for _ in range(20):
        yield deferLater(reactor, 0.002)
        names.append(apache.interpreter)
    req.write(" ".join(sorted(set(names))), 0)
    return apache.OK


def redirects(req):
    before = apache.interpreter
    req.internal_redirect("/two")
    req.log_error("interpreters: %s %s" % (before, apache.interpreter))
    return apache.OK
"""


def test_interpreters_interleave(tmp_path: Path) -> None:
    """apache.interpreter is a coroutine's own, however many others run while it waits."""
    (tmp_path / "site").mkdir()
    port = free_port()
    locations = "".join(
        f"<Location /{name}>\nSetHandler mod_python\nPythonHandler app{handler}\nPythonInterpreter {name}\n"
        f"PythonPath \"['{tmp_path}/site'] + sys.path\"\n</Location>\n"
        for name, handler in [
            ("one", ""),
            ("two", ""),
            ("three", "::generator"),
            ("four", "::generator"),
            ("five", "::redirects"),
        ]
    )
    text = application_config(tmp_path, port, INTERPRETERS, 4, locations)
    with Olexd(text, tmp_path, port) as server:
        names = ["one", "two", "three", "four", "one", "two"]
        wires = [Wire(server) for _ in names]
        for wire, name in zip(wires, names, strict=True):
            wire.get(f"/{name}")
        for wire, name in zip(wires, names, strict=True):
            assert wire.read().body == name.encode()
            wire.close()
        assert ask(server, "/five").body == b"two"
        until(lambda: "interpreters: five five" in (tmp_path / "error.log").read_text())
