"""Requests that run on the reactor, on a pool thread, and on both in turn."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, reset, until

SIZE = 30_000_000

APPLICATION = """
import asyncio
import os
import threading

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from mod_python import apache

RECORD = os.path.join(os.path.dirname(__file__), "record")


def record(text):
    with open(RECORD, "a") as file:
        file.write(text + "\\n")


def handler(req):
    return globals()[req.uri.rpartition("/")[2]](req)


def where(req):
    req.write("reactor" if req._record.on_reactor else "pool", 0)
    return apache.OK


async def waits(req):
    await deferLater(reactor, 0.01)
    return where(req)


async def bare(req):
    await asyncio.sleep(0)
    return apache.OK


async def fails(req):
    await deferLater(reactor, 0.01)
    raise LookupError("on the reactor")


async def answers_failures(req):
    try:
        await deferLater(reactor, 0.01, lambda: 1 / 0)
    except ZeroDivisionError as error:
        req.write(f"caught {error}", 0)
    return apache.OK


async def forever(req):
    record("begun")
    try:
        await Deferred()
    finally:
        record("cancelled")


async def big(req):
    await deferLater(reactor, 0.01)
    for _ in range(30):
        req.write(b"0123456789" * 100000)
    return apache.OK


async def slowly(req):
    req.write("first")
    await deferLater(reactor, 0.01)
    req.write("second")
    return apache.OK


def redirect(req):
    req.internal_redirect("/" + req.args)
    record("back in %s" % threading.current_thread().name.partition("-")[0])
    return apache.OK


async def redirect_async(req):
    await req.ainternal_redirect("/" + req.args)
    record("back on the %s" % ("reactor" if req._record.on_reactor else "pool"))
    return apache.OK


async def redirect_blocking(req):
    req.internal_redirect("/where")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the application above."""
    directory = tmp_path_factory.mktemp("sides")
    port = free_port()
    with Olexd(application_config(directory, port, APPLICATION, 2), directory, port) as server:
        yield server


def recorded(server: RunningServer, text: str) -> None:
    """Wait until the application has recorded something, and forget it."""
    path = Path(server.directory / "site" / "record")
    until(lambda: path.exists() and text in path.read_text())
    path.unlink()


@pytest.mark.parametrize(("path", "side"), [("/where", b"pool"), ("/waits", b"reactor")])
def test_each_on_its_side(wire: Wire, path: str, side: bytes) -> None:
    """Plain handlers run on pool threads, what waits is on the reactor."""
    for _ in range(3):
        wire.get(path)
        assert wire.read().body == side


def test_flushes_of_a_coroutine(wire: Wire) -> None:
    """What a coroutine flushes goes out while it waits."""
    wire.get("/slowly")
    assert wire.head().status == 200
    assert wire._until(b"first\r\n") == b"5\r\n"
    assert wire._until(b"0\r\n\r\n") == b"6\r\nsecond\r\n"


def test_awaiting_what_nobody_can_wait_for(wire: Wire) -> None:
    """A coroutine that awaits something else than a Deferred is a 500, not a hanging connection."""
    wire.get("/bare")
    assert wire.read().status == 500


def test_failing_deferred(wire: Wire) -> None:
    """What a Deferred fails with is raised where it is awaited."""
    for _ in range(3):
        wire.get("/answers_failures")
        assert wire.read().body == b"caught division by zero"


def test_client_that_leaves(server: RunningServer) -> None:
    """A coroutine that waits is cancelled when its client leaves, in either way, and that is no failure."""
    for leave in (socket.socket.close, reset):
        with Wire(server) as wire:
            wire.get("/forever")
            wire.get("/where")
            recorded(server, "begun")
            leave(wire.socket)
            recorded(server, "cancelled")
    assert "CancelledError" not in server.error_log()


class TestRedirects:
    """A handler that waits on its pool thread for a redirect."""

    @pytest.mark.parametrize(("path", "side"), [("where", b"pool"), ("waits", b"reactor")])
    def test_comes_back(self, server: RunningServer, wire: Wire, path: str, side: bytes) -> None:
        """Wherever the other handler ran, this one goes on in its thread."""
        wire.get(f"/redirect?{path}")
        assert wire.read().body == side
        recorded(server, "back in handler")

    @pytest.mark.parametrize(("path", "side"), [("where", b"pool"), ("waits", b"reactor")])
    def test_coroutine_comes_back(self, server: RunningServer, wire: Wire, path: str, side: bytes) -> None:
        """A coroutine awaits a redirect, and is on the reactor again, wherever the other handler ran."""
        for _ in range(3):
            wire.get(f"/redirect_async?{path}")
            assert wire.read().body == side
            recorded(server, "back on the reactor")

    def test_coroutine_must_not_block(self, server: RunningServer, wire: Wire) -> None:
        """The blocking form is refused on the reactor, with advice."""
        wire.get("/redirect_blocking")
        assert wire.read().status == 500
        assert "await req.ainternal_redirect()" in server.error_log()

    def test_failure_on_the_reactor(self, server: RunningServer, wire: Wire) -> None:
        """A failure there is a 500 here, and costs no thread."""
        for _ in range(5):
            wire = Wire(server)
            wire.get("/redirect?fails")
            assert wire.read().status == 500
            wire.close()
        with Wire(server) as wire:
            wire.get("/where")
            assert wire.read().body == b"pool"

    @pytest.mark.parametrize("target", ["a%2Fb", "%00", "%zz"])
    def test_no_path(self, wire: Wire, target: str) -> None:
        """A target that is no path is answered as if a client had sent it."""
        wire.get(f"/redirect?{target}")
        assert wire.read().status == (400 if target == "%zz" else 404)

    @pytest.mark.parametrize("path", ["/big", "/redirect?big"])
    def test_slow_reader(self, wire: Wire, path: str) -> None:
        """A long answer from the reactor arrives whole and in order, and the next one after it."""
        wire.get(path)
        wire.get("/where")
        assert wire.read().body == b"0123456789" * (SIZE // 10)
        assert wire.read().body == b"pool"

    def test_client_that_leaves(self, server: RunningServer) -> None:
        """A redirect to a handler that waits for ever ends with its client; the thread comes back."""
        for _ in range(4):
            with Wire(server) as wire:
                wire.get("/redirect?forever")
                wire.get("/where")
            recorded(server, "cancelled")
        with Wire(server) as wire:
            wire.get("/where")
            assert wire.read().body == b"pool"
