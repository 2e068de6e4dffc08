"""Fields behind a chunked body, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire

APPLICATION = """
from mod_python import apache


def handler(req):
    names = ("X-Behind", "X-Twice", "Host", "Authorization")
    before = [req.headers_in.get(name) for name in names]
    body = req.read()
    req.write("%s %s %s" % (body.decode(), before, [req.headers_in.get(name) for name in names]))
    return apache.OK


async def later(req):
    body = await req.aread()
    req.write("%s %s" % (body.decode(), req.headers_in.get("X-Behind")))
    return apache.OK
"""
BODY = b"3\r\nabc\r\n0\r\nX-Behind: yes\r\nX-Twice: second\r\nHost: evil\r\nAuthorization: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that merges trailers."""
    directory, port = tmp_path_factory.mktemp("trailers"), free_port()
    more = "MergeTrailers On\n<Location /later>\nSetHandler mod_python\nPythonHandler app::later\n</Location>"
    with Olexd(application_config(directory, port, APPLICATION, 4, more), directory, port) as server:
        yield server


def post(wire: Wire, path: str, pause: bool) -> bytes:
    """Send the body, at once or in two parts; return the answer's body."""
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\nX-Twice: first\r\nTransfer-Encoding: chunked\r\n\r\n"
    cut = 3 if pause else len(BODY)
    wire.send(head.encode() + BODY[:cut])
    if pause:
        wire.send(BODY[cut:])
    return wire.read().body


@pytest.mark.parametrize("pause", [False, True])
def test_merged_when_read(server: RunningServer, pause: bool) -> None:
    """Once the body is read its trailers are there, beside what came first, but for what they may not say."""
    with Wire(server) as wire:
        before, after = "[None, 'first', 'here', None]", "['yes', 'first', 'here', None]"
        for _ in range(2):
            assert post(wire, "/", pause).decode() == f"abc {before} {after}"


def test_coroutines(server: RunningServer) -> None:
    """Coroutine handlers find them, too."""
    with Wire(server) as wire:
        assert post(wire, "/later", False) == b"abc yes"
