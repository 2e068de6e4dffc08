"""Connection handlers: raw protocols over TCP and unix sockets, in threads and as coroutines."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import Olexd, RunningServer, base_config, free_port
from tests.integration.wire import DEADLINE, Wire, reset, until

STREAM = 200 << 20
MOST = 24 << 20

APPLICATION = """
import os
import threading

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from mod_python import apache

HERE = os.path.dirname(__file__)
BLOCK = b"x" * 65536


def record(text):
    with open(os.path.join(HERE, "record"), "a") as file:
        file.write(text + "\\n")


def connectionhandler(conn):
    conn.register_cleanup(record, "over")
    try:
        words = conn.readline().decode().split()
    except OSError as error:
        record("at first: %s" % error)
        return apache.OK
    try:
        return globals()["do_" + words[0]](conn, *words[1:])
    except OSError as error:
        record("%s: %s" % (words[0], error))
        return apache.OK


def do_echo(conn):
    while True:
        conn.write(conn.readline())


def do_count(conn):
    conn.write(str(len(conn.read(-1))))
    return apache.OK


def do_sink(conn):
    total = 0
    try:
        while True:
            total += len(conn.read(65536))
    except OSError:
        conn.write(str(total))
    return apache.OK


def do_lines(conn):
    pieces = [conn.readline(4), conn.readline(), conn.read(3), conn.read(1), conn.readline(), conn.read()]
    conn.write(repr(pieces))
    return apache.OK


def do_about(conn):
    conn.write("%s %s " % (apache.interpreter, conn.base_server.server_hostname))
    conn.write("%s %s %d " % (conn.hlist.handler, conn.client_ip, conn.aborted))
    conn.write(threading.current_thread().name.partition("-")[0])
    return apache.OK


def do_stream(conn):
    while not conn.aborted:
        conn.write(BLOCK)
    record("stream: aborted")
    return apache.OK


def do_decline(conn):
    conn.notes["declined"] = "yes"
    return apache.DECLINED


def do_fail(conn):
    raise LookupError("on purpose")


def do_nothing(conn):
    return None


async def coroutine(conn):
    conn.register_cleanup(record, "over")
    try:
        words = (await conn.areadline()).decode().split()
        return await globals()["co_" + words[0]](conn, *words[1:])
    except OSError as error:
        record("coroutine: %s" % error)
        return apache.OK


async def co_echo(conn):
    while True:
        await conn.awrite(await conn.areadline())


async def co_sink(conn):
    total = 0
    try:
        while True:
            total += len(await conn.aread(65536))
            await deferLater(reactor, 0.0002)
    except OSError:
        await conn.awrite(str(total))
    return apache.OK


async def co_all(conn):
    await conn.awrite(await conn.aread(-1))
    return apache.OK


async def co_stream(conn):
    while True:
        await conn.awrite(BLOCK)


async def co_park(conn):
    record("parked")
    await Deferred()


async def co_about(conn):
    await deferLater(reactor, 0.01)
    await conn.awrite("%s %s" % (apache.interpreter, conn.hlist.handler))
    return apache.OK


async def co_decline(conn):
    return apache.DECLINED


async def co_fail(conn):
    await deferLater(reactor, 0.01)
    raise LookupError("on the reactor")


async def co_wrong_side(conn):
    try:
        conn.read()
    except RuntimeError as error:
        await conn.awrite(str(error))
    return apache.OK


def handler(req):
    req.write("%s %s" % (req.connection.notes.get("declined"), hasattr(req.connection, "hlist")), 0)
    req.connection.register_cleanup(record, "http is over")
    return apache.OK
"""

CONFIG = """
Listen 127.0.0.1:{coroutine}
Listen 127.0.0.1:{http}
Listen unix:{directory}/socket
Timeout 2
KeepAliveTimeout 1
DocumentRoot "{directory}/site"
PythonPath "['{directory}/site'] + sys.path"
<Directory "{directory}/site">
Require all granted
SetHandler mod_python
PythonHandler app
</Directory>
PythonConnectionHandler app
<VirtualHost *:{coroutine}>
ServerName coroutine.test
PythonConnectionHandler app::coroutine ignored
</VirtualHost>
<VirtualHost *:{http}>
ServerName plain.test
PythonConnectionHandler app::do_decline
</VirtualHost>
"""


class Ports:
    """The server's addresses: threads answer on the first, coroutines on the second, HTTP on the third."""

    def __init__(self, server: RunningServer, coroutine: int, http: int) -> None:
        self.server = server
        self.thread = server
        self.coroutine = Olexd("", server.directory, coroutine)
        self.http = Olexd("", server.directory, http)
        self.local = Olexd("", server.directory, server.directory / "socket")


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """A server with the application above."""
    directory = tmp_path_factory.mktemp("connections")
    (directory / "site").mkdir()
    (directory / "site" / "app.py").write_text(APPLICATION)
    thread, coroutine, http = free_port(), free_port(), free_port()
    text = base_config(directory, thread, ["python"], 4)
    text += CONFIG.format(directory=directory, coroutine=coroutine, http=http)
    with Olexd(text, directory, thread) as server:
        made = Ports(server, coroutine, http)
        for other in (made.coroutine, made.http):
            other.config_file.write_text(text)
        yield made


@pytest.fixture(autouse=True)
def fresh(ports: Ports) -> None:
    """Forget what was recorded and logged."""
    (ports.server.directory / "site" / "record").unlink(missing_ok=True)
    (ports.server.directory / "error.log").write_text("")


def recorded(ports: Ports, *lines: str) -> None:
    """Wait until the application has recorded lines."""
    path = ports.server.directory / "site" / "record"
    until(lambda: path.exists() and set(lines) <= set(path.read_text().split("\n")))


def logged(ports: Ports, text: str) -> str:
    """Wait until the error log holds a text; return the log."""
    path = ports.server.directory / "error.log"
    until(lambda: text in path.read_text())
    return path.read_text()


def say(server: RunningServer, data: bytes, end: bool = True) -> bytes:
    """Send something to a server and return all that it answers."""
    with Wire(server) as wire:
        wire.send(data)
        if end:
            wire.socket.shutdown(socket.SHUT_WR)
        return wire.rest()


class TestThreads:
    def test_echo(self, ports: Ports) -> None:
        """A conversation goes to and fro; at its end reading fails."""
        with Wire(ports.thread) as wire:
            wire.send(b"echo\n")
            for line in (b"one\n", b"two\n", b"\xff\x00\n"):
                wire.send(line)
                assert wire._until(b"\n") + b"\n" == line
            wire.send(b"the rest")
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.rest() == b"the rest"
        recorded(ports, "echo: Connection read error", "over")

    def test_to_the_end(self, ports: Ports) -> None:
        """read(-1) gives all up to the end."""
        assert say(ports.thread, b"count\n" + b"x" * 300_000) == b"300000"

    def test_pieces(self, ports: Ports) -> None:
        """Lines may be limited, and nothing of a longer one is lost; read(n) gives at most n bytes."""
        answer = say(ports.thread, b"lines\nabcdefg\nhijklmn\nlast\n")
        assert answer == b"[b'abcd', b'efg\\n', b'hij', b'k', b'lmn\\n', b'last\\n']"

    def test_attributes(self, ports: Ports) -> None:
        """The connection knows its server, its handler, and the interpreter's name."""
        assert say(ports.thread, b"about\n") == b"localhost localhost app 127.0.0.1 0 handler"

    @pytest.mark.parametrize("way", ["thread", "local"])
    def test_upload(self, ports: Ports, way: str) -> None:
        """Much data streams through without filling the memory."""
        server = getattr(ports, way)
        with Wire(server, 60.0) as wire:
            before = ports.server.memory("VmRSS")
            ports.server.forget_peak()
            wire.send(b"sink\n")
            for _ in range(100):
                wire.send(bytes(1 << 20))
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.rest() == str(100 << 20).encode()
        assert ports.server.memory("VmHWM") - before < MOST

    def test_client_that_leaves(self, ports: Ports) -> None:
        """Writing ignores it, as in mod_python; `aborted` tells."""
        with Wire(ports.thread) as wire:
            wire.send(b"stream\n")
            wire._exactly(1000)
        recorded(ports, "stream: aborted", "over")

    @pytest.mark.parametrize("way", ["thread", "coroutine"])
    def test_client_that_says_nothing(self, ports: Ports, way: str) -> None:
        """Timeout ends the wait for the client."""
        started = time.monotonic()
        with Wire(getattr(ports, way)) as wire:
            assert wire.closed()
        assert 1.5 < time.monotonic() - started < DEADLINE
        recorded(
            ports,
            "at first: Connection read error" if way == "thread" else "coroutine: Connection read error",
        )

    def test_more_than_there_are_threads(self, ports: Ports) -> None:
        """Connections beyond ThreadsPerChild wait for their turn, and coroutines do not."""
        wires = [Wire(ports.thread) for _ in range(4)]
        for wire in wires:
            wire.send(b"echo\nx\n")
            assert wire._until(b"\n") == b"x"
        with Wire(ports.thread) as waiting:
            waiting.send(b"about\n")
            assert say(ports.coroutine, b"about\n") == b"coroutine.test app::coroutine"
            for wire in wires:
                wire.close()
            assert waiting.rest().startswith(b"localhost")

    def test_unix_socket(self, ports: Ports) -> None:
        """The same protocol over a unix socket."""
        assert say(ports.local, b"echo\none\ntwo\n") == b"one\ntwo\n"


class TestFailures:
    def test_exception(self, ports: Ports) -> None:
        """It is logged without the client's address, nothing is sent, the connection ends."""
        assert say(ports.thread, b"fail\n", end=False) == b""
        text = logged(ports, "ConnectionHandler app: LookupError: on purpose")
        assert "ConnectionHandler app: Traceback (most recent call last):" in text
        assert "[client" not in text
        assert "modules/python" not in text

    def test_no_result(self, ports: Ports) -> None:
        """Anything but an int is the handler's mistake."""
        assert say(ports.thread, b"nothing\n", end=False) == b""
        logged(ports, "AssertionError: ConnectionHandler 'app' returned invalid return code.")

    def test_coroutine(self, ports: Ports) -> None:
        """The same for coroutines."""
        assert say(ports.coroutine, b"fail\n", end=False) == b""
        logged(ports, "ConnectionHandler app::coroutine: LookupError: on the reactor")

    def test_wrong_side(self, ports: Ports) -> None:
        """A coroutine is told to await."""
        assert b"await conn.aread()" in say(ports.coroutine, b"wrong_side\n")


class TestCoroutines:
    def test_echo(self, ports: Ports) -> None:
        """A conversation goes to and fro; at its end reading fails."""
        with Wire(ports.coroutine) as wire:
            wire.send(b"echo\n")
            for line in (b"one\n", b"two\n"):
                wire.send(line)
                assert wire._until(b"\n") + b"\n" == line
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.rest() == b""
        recorded(ports, "coroutine: Connection read error", "over")

    def test_everything(self, ports: Ports) -> None:
        """aread(-1) gives all up to the end, and what is sent then still arrives."""
        data = bytes(range(256)) * 20_000
        assert say(ports.coroutine, b"all\n" + data) == data

    def test_upload(self, ports: Ports) -> None:
        """A fast sender waits for a slow coroutine."""
        with Wire(ports.coroutine, 60.0) as wire:
            before = ports.server.memory("VmRSS")
            ports.server.forget_peak()
            wire.send(b"sink\n")
            sender = threading.Thread(target=wire.socket.sendall, args=(bytes(64 << 20),), daemon=True)
            sender.start()
            sender.join(60.0)
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.rest() == str(64 << 20).encode()
        assert ports.server.memory("VmHWM") - before < MOST

    def test_download(self, ports: Ports) -> None:
        """A stream waits for a slow client, and ends with it."""
        with Wire(ports.coroutine, 60.0) as wire:
            before = ports.server.memory("VmRSS")
            ports.server.forget_peak()
            wire.send(b"stream\n")
            slow_until = time.monotonic() + 0.5
            received = 0
            while received < STREAM:
                if time.monotonic() < slow_until:
                    time.sleep(0.02)
                received += len(wire.socket.recv(1 << 20))
        recorded(ports, "coroutine: Write failed, client closed connection.", "over")
        assert ports.server.memory("VmHWM") - before < MOST

    def test_client_that_leaves(self, ports: Ports) -> None:
        """One that waits for something else is cancelled when the connection breaks; that is no failure."""
        wire = Wire(ports.coroutine)
        wire.send(b"park\n")
        recorded(ports, "parked")
        reset(wire.socket)
        recorded(ports, "over")
        assert "CancelledError" not in ports.server.error_log()


class TestHTTP:
    @pytest.mark.parametrize(
        ("way", "word"), [("thread", b"decline"), ("coroutine", b"decline"), ("local", b"decline")]
    )
    def test_declined(self, ports: Ports, way: str, word: bytes) -> None:
        """A handler that declines leaves the connection, and what it has not read, to HTTP."""
        with Wire(getattr(ports, way)) as wire:
            wire.send(word + b"\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTT")
            declined = b"None" if way == "coroutine" else b"yes"
            assert wire.read().body == declined + b" False"
            wire.send(b"P/1.1\r\nHost: x\r\n\r\n")
            assert wire.read().body == declined + b" False"
        recorded(ports, "http is over")

    def test_without_reading(self, ports: Ports) -> None:
        """The same when it declines at once."""
        with Wire(ports.http) as wire:
            for _ in range(3):
                wire.post("/", b"body")
                assert wire.read().body == b"yes False"
        recorded(ports, "http is over")


def test_stop(tmp_path: Path) -> None:
    """A server that is to stop lets idle conversations end, and waits for none of them."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "app.py").write_text(APPLICATION)
    port, other = free_port(), free_port()
    text = base_config(tmp_path, port, ["python"], 4)
    text += CONFIG.format(directory=tmp_path, coroutine=other, http=free_port()).replace(
        "Timeout 2", "Timeout 60"
    )
    with Olexd(text, tmp_path, port) as server:
        made = [Wire(server), Wire(Olexd("", tmp_path, other))]
        server.config_file.write_text(text)
        for wire in made:
            wire.send(b"echo\nx\n")
            assert wire._until(b"\n") == b"x"
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 5.0
        for wire in made:
            assert wire.closed()
            wire.close()
    record = (tmp_path / "site" / "record").read_text()
    assert "echo: Connection read error" in record
    assert "coroutine: Connection read error" in record
