"""Filters and included pages on a real server: both sides, streams, memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.integration.servers import Olexd, RunningServer, base_config, free_port
from tests.integration.test_upload_memory import BLOCK
from tests.integration.wire import Wire

SECONDS = 60.0
MEBIBYTES = 128
MOST = 24 << 20
"""Bytes that a stream of `MEBIBYTES` may add to the server's memory."""

APPLICATION = """
import threading

from twisted.internet import reactor
from twisted.internet.task import deferLater

from mod_python import apache


def upper(filter):
    data = filter.read()
    while data:
        filter.write(data.upper())
        data = filter.read()
    if data is None:
        filter.close()


def side(filter):
    data = filter.read()
    where = 'reactor' if filter.req._record.on_reactor else 'pool'
    if data:
        filter.write(data + b'(' + where.encode() + b')')
    if data is None or filter.read() is None:
        filter.close()


def handler(req):
    return globals()[req.uri.rpartition("/")[2]](req)


def big(req):
    for _ in range(@MEBIBYTES@):
        req.write(b"x" * (1 << 20))
    return apache.OK


def count(req):
    total = 0
    while block := req.read(65536):
        total += len(block)
    req.write(str(total), 0)
    return apache.OK


async def acount(req):
    total = 0
    while block := await req.aread(65536):
        total += len(block)
    req.write(str(total), 0)
    return apache.OK


def echo(req):
    req.write(req.read(), 0)
    return apache.OK


async def aecho(req):
    req.write(await req.aread(), 0)
    return apache.OK


async def waits(req):
    req.write("early", 1)
    await deferLater(reactor, 0.01)
    req.write("late", 0)
    return apache.OK


def redirects(req):
    req.internal_redirect("/app/echo")
    return apache.OK


async def page(req):
    req.content_type = "text/html"
    req.add_output_filter("INCLUDES")
    req.write('<!--#include virtual="/app/waits" -->')
    await deferLater(reactor, 0.01)
    req.write('|<!--#echo var="REQUEST_URI" -->', 0)
    return apache.OK


"""

PAGE = (
    '[<!--#include virtual="/app/waits" -->|<!--#include virtual="/app/redirects" -->|'
    '<!--#include virtual="/app/echo" -->|<!--#include file="inner.shtml" -->]'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with filters of every kind."""
    directory = tmp_path_factory.mktemp("filters")
    site = directory / "site"
    site.mkdir()
    (site / "app.py").write_text(APPLICATION.replace("@MEBIBYTES@", str(MEBIBYTES)))
    (site / "page.shtml").write_text(PAGE)
    (site / "inner.shtml").write_text('<!--#include virtual="/app/waits" -->')
    with (site / "big.bin").open("wb") as file:
        file.truncate(MEBIBYTES << 20)
    port = free_port()
    text = base_config(directory, port, ["include", "python"], 4) + (
        f'DocumentRoot "{site}"\nLimitRequestBody 0\nPythonPath "[\'{site}\'] + sys.path"\n'
        "PythonOutputFilter app::upper UPPER\nPythonInputFilter app::upper UPPER\n"
        "PythonOutputFilter app::side SIDE\n"
        "<Location /app>\nOptions +Includes\nSetHandler mod_python\nPythonHandler app\n</Location>\n"
        "<Location /app/big>\nSetOutputFilter UPPER\n</Location>\n"
        "<LocationMatch ^/app/(a?count|a?echo)>\nSetInputFilter UPPER\n</LocationMatch>\n"
        "<Location /app/waits>\nSetOutputFilter SIDE\n</Location>\n"
        "<Location /big.bin>\nSetOutputFilter UPPER\n</Location>\n"
        f'<Directory "{site}">\nOptions +Includes\nAddType text/html .shtml\n'
        "AddOutputFilter INCLUDES .shtml\n</Directory>\n"
    )
    with Olexd(text, directory, port) as server:
        yield server


@pytest.mark.parametrize("path", ["/app/big", "/big.bin"])
def test_big_responses(server: RunningServer, path: str) -> None:
    """A response streams through a filter: it adds next to nothing to the server's memory."""
    with Wire(server, SECONDS) as wire:
        wire.get("/app/echo")
        wire.read()
        before = server.memory("VmRSS")
        server.forget_peak()
        wire.get(path)
        total = 0
        while data := wire.socket.recv(1 << 20):
            total += len(data)
            if data.endswith(b"\r\n0\r\n\r\n"):
                break
    assert total > MEBIBYTES << 20
    assert server.memory("VmHWM") - before < MOST


def pump(connection: socket.socket) -> None:
    """Send the upload."""
    for _ in range(MEBIBYTES):
        connection.sendall(b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK))
    connection.sendall(b"0\r\n\r\n")


@pytest.mark.parametrize("path", ["/app/count", "/app/acount"])
def test_big_uploads(server: RunningServer, path: str) -> None:
    """An upload streams through a filter, into handlers of both kinds."""
    with Wire(server, SECONDS) as wire:
        wire.post(path, b"\0")
        assert wire.read().body == b"1"
        before = server.memory("VmRSS")
        server.forget_peak()
        wire.get(path, "Transfer-Encoding: chunked", method="POST")
        sender = threading.Thread(target=pump, args=(wire.socket,), daemon=True)
        sender.start()
        assert wire.read().body == str(MEBIBYTES << 20).encode()
        sender.join(SECONDS)
    assert server.memory("VmHWM") - before < MOST


@pytest.mark.parametrize("path", ["/app/echo", "/app/aecho"])
def test_body_in_pieces(server: RunningServer, path: str) -> None:
    """A body that arrives bit by bit is filtered as it comes, and read whole."""
    with Wire(server) as wire:
        wire.get(path, "Content-Length: 8", method="POST")
        for piece in (b"ab", b"cd", b"efgh"):
            wire.socket.sendall(piece)
        assert wire.read().body == b"ABCDEFGH"


def test_coroutines_and_filters(server: RunningServer) -> None:
    """What a coroutine pushes is filtered at once, where it runs; the rest on a pool thread."""
    with Wire(server) as wire:
        wire.get("/app/waits")
        assert wire.read().body == b"early(reactor)late(pool)"


def test_page(server: RunningServer) -> None:
    """A page includes coroutines, redirects and other pages, in order, and the connection persists."""
    waits = b"early(reactor)late(pool)"
    with Wire(server) as wire:
        for _ in range(2):
            wire.get("/page.shtml")
            assert wire.read().body == b"[" + waits + b"|||" + waits + b"]"


def test_page_from_a_coroutine(server: RunningServer) -> None:
    """A coroutine's own page is parsed too, although its includes have to be waited for."""
    with Wire(server) as wire:
        wire.get("/app/page")
        assert wire.read().body == b"early(reactor)late(pool)|/app/page"


def test_clients_that_leave(server: RunningServer) -> None:
    """A client that leaves in the middle of a filtered response does no harm."""
    with Wire(server, SECONDS) as wire:
        wire.get("/app/big")
        wire.socket.recv(1000)
    with Wire(server) as wire:
        wire.get("/app/waits")
        assert wire.read().status == 200
