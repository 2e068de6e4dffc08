"""RequestTimeout: handlers that take too long are reported, and their clients are answered in their place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, ask, until

APPLICATION = """
import os
import threading

from twisted.internet.defer import CancelledError, Deferred

from mod_python import apache

HERE = os.path.dirname(__file__)
permits = threading.Semaphore(0)


def record(text):
    with open(os.path.join(HERE, "record"), "a") as file:
        file.write(text + "\\n")


def handler(req):
    return globals()[req.uri.rpartition("/")[2]](req)


def fine(req):
    req.write("fine", 0)
    return apache.OK


def wait_for_a_permit():
    permits.acquire(timeout=20)


@apache.nonblocking
def release(req):
    permits.release(int(req.args or 1))
    return fine(req)


def stuck(req):
    req.register_cleanup(record, "cleaned up")
    req.write("buffered", 0)
    wait_for_a_permit()
    for flush in (0, 1):
        try:
            req.write("late", flush)
        except OSError as error:
            record("write: %s %s" % (error, req.connection.aborted))
    try:
        req.flush()
    except OSError as error:
        record("flush: %s" % error)
    return apache.OK


def begun(req):
    req.write("begun")
    wait_for_a_permit()
    try:
        for _ in range(100):
            req.write("late" * 10000)
    except OSError as error:
        record("write: %s" % error)
    return apache.OK


def silent(req):
    wait_for_a_permit()
    return apache.OK


def reads(req):
    try:
        req.read()
    except OSError as error:
        record("read: %s" % error)
        raise
    return apache.OK


def redirects(req):
    try:
        req.internal_redirect("/stuck")
    except OSError as error:
        record("back: %s" % error)
    return apache.OK


async def waits(req):
    req.register_cleanup(record, "cleaned up")
    await Deferred()


async def shields(req):
    try:
        await Deferred()
    except CancelledError:
        record("shielded")
    try:
        await Deferred()
    finally:
        record("ended")


async def streams(req):
    await req.awrite("begun")
    await Deferred()


def accesshandler(req):
    if req.args == "access":
        wait_for_a_permit()
    return apache.OK


async def authenhandler(req):
    req.user = "somebody"
    if req.args == "authen":
        await Deferred()
    return apache.OK


def loghandler(req):
    record("logged %s %d %d" % (req.uri, req.status, req.bytes_sent))
    return apache.OK
"""

MORE = """
RequestTimeout 600ms
PythonAutoReload Off
PythonPath "['{directory}/site'] + sys.path"
PythonLogHandler app
CustomLog {directory}/access.log "%r %>s"
ErrorDocument 504 "sorry
<Location /unlimited>
RequestTimeout Off
</Location>
<Location /release>
SetHandler mod_python
PythonHandler app::release
</Location>
<Location /guarded>
PythonAccessHandler app
PythonAuthenHandler app
AuthType Custom
AuthName x
Require valid-user
</Location>
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the application above and two threads."""
    directory = tmp_path_factory.mktemp("timeout")
    port = free_port()
    text = application_config(directory, port, APPLICATION, 2, MORE.format(directory=directory))
    with Olexd(text, directory, port) as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(server: RunningServer) -> None:
    """Forget what was recorded and logged."""
    (server.directory / "site" / "record").unlink(missing_ok=True)
    (server.directory / "error.log").write_text("")


def recorded(server: RunningServer, *lines: str) -> None:
    """Wait until the application has recorded lines."""
    path = server.directory / "site" / "record"
    until(lambda: path.exists() and set(lines) <= set(path.read_text().split("\n")))


def release(server: RunningServer, count: int = 1) -> None:
    """Let handlers that are stuck go on."""
    assert ask(server, f"/release?{count}").body == b"fine"


class TestThreads:
    def test_answered(self, server: RunningServer) -> None:
        """The client gets 504 while the handler is stuck; others are served; the thread comes back."""
        with Wire(server) as wire:
            wire.get("/stuck")
            answer = wire.read()
            assert (answer.status, answer.body) == (504, b"sorry")
            assert answer.fields["connection"] == "close"
            assert wire.closed()
        assert ask(server, "/fine").body == b"fine"
        release(server)
        recorded(
            server,
            "write: Write failed, client closed connection. 1",
            "flush: Flush failed, client closed connection.",
            "logged /stuck 504 5",
            "cleaned up",
        )
        text = (server.directory / "site" / "record").read_text()
        assert text.count("write: Write failed, client closed connection. 1") == 2
        until(lambda: "GET /stuck HTTP/1.1 504\n" in (server.directory / "access.log").read_text())
        for _ in range(4):
            assert ask(server, "/fine").body == b"fine"

    def test_reported_once_with_the_stack(self, server: RunningServer) -> None:
        """The error log tells where the handler is, from the application's first line on, and only once."""
        assert ask(server, "/silent").status == 504
        before = server.error_log()
        assert ask(server, "/unlimited/fine").status == 200
        release(server)
        recorded(server, "logged /silent 504 5")
        text = server.error_log()
        assert before in text and len(re.findall(r"takes longer than RequestTimeout allows", text)) == 1
        assert "PythonHandler app takes longer than RequestTimeout allows (0.6 seconds)" in text
        assert re.search(
            r"PythonHandler app:   File \".*app.py\", line \d+, in silent\\n    wait_for_a_permit", text
        )
        assert "task.py" not in text and 'threading.py", line' in text

    def test_begun(self, server: RunningServer) -> None:
        """An answer that has begun is broken off: nothing else tells the client that it is not whole."""
        with Wire(server) as wire:
            wire.get("/begun")
            assert wire.head().status == 200
            with pytest.raises((ConnectionError, ValueError)):
                assert wire._exactly(10_000)
        release(server)
        recorded(server, "write: Write failed, client closed connection.")
        assert ask(server, "/fine").body == b"fine"

    def test_without_another_write(self, server: RunningServer) -> None:
        """A handler that ends without noticing is logged with what its client got."""
        assert ask(server, "/silent").status == 504
        release(server)
        recorded(server, "logged /silent 504 5")

    def test_while_it_reads(self, server: RunningServer) -> None:
        """The time spent waiting for the client's body counts, and reading fails."""
        with Wire(server) as wire:
            wire.get("/reads", "Content-Length: 100", method="POST")
            wire.send(b"x" * 10)
            assert wire.read().status == 504
        recorded(server, "read: Client read error (Timeout?)", "logged /reads 504 5")

    def test_while_it_waits_for_100(self, server: RunningServer) -> None:
        """A client that was invited to send its body and does not gets 504 after 100."""
        with Wire(server) as wire:
            wire.get("/reads", "Content-Length: 100", "Expect: 100-continue", method="POST")
            assert wire.read(body=False).status == 100
            assert wire.read().status == 504

    def test_redirected(self, server: RunningServer) -> None:
        """A handler that waits for an internal redirect gets its thread back when the other one ends."""
        assert ask(server, "/redirects").status == 504
        release(server)
        recorded(server, "back: Write failed, client closed connection.")
        assert ask(server, "/fine").body == b"fine"

    def test_head(self, server: RunningServer) -> None:
        """HEAD gets no body here either."""
        with Wire(server) as wire:
            wire.get("/silent", method="HEAD")
            assert wire.read(body=False).status == 504
            assert wire.closed()
        release(server)

    def test_all_threads_stuck(self, server: RunningServer) -> None:
        """Every client of a stuck handler is answered, and all threads come back."""
        wires = [Wire(server) for _ in range(2)]
        for wire in wires:
            wire.get("/silent")
        for wire in wires:
            assert wire.read().status == 504
            wire.close()
        release(server, 2)
        assert [ask(server, "/fine").body for _ in range(4)] == [b"fine"] * 4

    def test_unlimited(self, server: RunningServer) -> None:
        """A section switches the limit off for what is below it."""
        with Wire(server) as wire:
            wire.get("/unlimited/silent")
            assert ask(server, "/waits").status == 504
            release(server)
            assert wire.read().status == 200

    def test_quick_ones_are_left_alone(self, server: RunningServer) -> None:
        """Handlers that are done in time notice nothing, and connections persist."""
        with Wire(server) as wire:
            for _ in range(50):
                wire.get("/fine")
                assert wire.read().body == b"fine"
        assert "RequestTimeout" not in server.error_log()


class TestCoroutines:
    def test_cancelled(self, server: RunningServer) -> None:
        """A coroutine is cancelled, its client gets 504, and the log tells where it waited."""
        with Wire(server) as wire:
            wire.get("/waits")
            answer = wire.read()
            assert (answer.status, answer.body) == (504, b"sorry")
            wire.get("/fine")
            assert wire.read().body == b"fine"
        recorded(server, "cleaned up", "logged /waits 504 5")
        text = server.error_log()
        assert "PythonHandler app takes longer than RequestTimeout allows (0.6 seconds)" in text
        assert re.search(r"in waits\\n    await Deferred\(\)", text)

    def test_does_not_let_itself_be_cancelled(self, server: RunningServer) -> None:
        """One that goes on waiting is answered for; it ends with its connection."""
        with Wire(server) as wire:
            wire.get("/shields")
            assert wire.read().status == 504
            assert wire.closed()
        recorded(server, "shielded", "ended", "logged /shields 504 5")

    def test_begun(self, server: RunningServer) -> None:
        """An answer that has begun is broken off, and the coroutine cancelled."""
        with Wire(server) as wire:
            wire.get("/streams")
            assert wire.head().status == 200
            with pytest.raises((ConnectionError, ValueError)):
                assert wire._exactly(10_000)
        recorded(server, "logged /streams 504 5")


class TestGuards:
    """A handler that guards something and takes too long lets nobody in."""

    def test_access(self, server: RunningServer) -> None:
        assert ask(server, "/guarded/fine?access").status == 504
        release(server)

    def test_authentication(self, server: RunningServer) -> None:
        assert ask(server, "/guarded/fine?authen").status == 504
        assert ask(server, "/guarded/fine").body == b"fine"


@pytest.mark.parametrize("word", ["soon", "-1", "1.5.2", ""])
def test_bad_value(tmp_path: Path, word: str) -> None:
    """What is no time is refused at the start, with the place."""
    from tests.unit.support import complaint

    assert "RequestTimeout" in complaint(f'RequestTimeout "{word}"', tmp_path)
