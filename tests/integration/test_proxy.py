"""olexd as the front: streams, pools, limits, failures and upgrades, beside Apache where both do the same."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.backends import Asked, Backend
from tests.integration.servers import Apache, Olexd, RunningServer, base_config, free_port, missing
from tests.integration.wire import Wire, until

BLOCK = bytes(1 << 20)
MOST = 24 << 20
"""Bytes that a stream of any size may add to the front's memory."""

GUARD = """
from mod_python import apache


def accesshandler(req):
    if req.args == "raise":
        raise ValueError("a broken guard")
    return apache.OK if req.headers_in.get("X-Key") == "right" else apache.HTTP_FORBIDDEN


def outputfilter(filter):
    data = filter.read()
    while data:
        filter.write(data.upper())
        data = filter.read()
    if data is None:
        filter.close()
"""


OK_HEAD = b"HTTP/1.1 200 OK\r\n"
INNER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nINNER"
"""A second response, hidden behind the first."""
HOSTILE = {
    "no-http": b"what is HTTP?\r\n\r\n",
    "http-0.9": b"<html>hello</html>",
    "version": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "status": b"HTTP/1.1 099 What\r\nContent-Length: 2\r\n\r\nok",
    "bare-cr": OK_HEAD + b"X-Bad: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
    "bare-lf": OK_HEAD + b"X-Bad: a\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
    "bare-lf-head": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "nul": OK_HEAD + b"X-Bad: a\0b\r\nContent-Length: 2\r\n\r\nok",
    "folded": OK_HEAD + b"X-Bad: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
    "blank-name": OK_HEAD + b"Content-Length : 2\r\n\r\nok",
    "no-colon": OK_HEAD + b"Content-Length\r\n\r\nok",
    "two-lengths": OK_HEAD + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\nok" + INNER,
    "same-lengths": OK_HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "listed-lengths": OK_HEAD + b"Content-Length: 2, 2\r\n\r\nok",
    "signed-length": OK_HEAD + b"Content-Length: +2\r\n\r\nok",
    "huge-length": OK_HEAD + b"Content-Length: 99999999999999999999\r\n\r\nok",
    "both": OK_HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "coding": OK_HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "codings": OK_HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding-1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk-size": OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n",
    "unasked-switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n" + INNER,
    "interims": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000 + INNER,
    "long-status": b"HTTP/1.1 200 " + b"x" * 10_000 + b"\r\nContent-Length: 2\r\n\r\nok",
    "long-field": OK_HEAD + b"X-Long: " + b"x" * 20_000 + b"\r\nContent-Length: 2\r\n\r\nok",
    "endless-field": OK_HEAD + b"X-Long: " + b"x" * 2_000_000,
    "many-fields": OK_HEAD + b"X-Many: 1\r\n" * 300 + b"Content-Length: 2\r\n\r\nok",
    "long-head": OK_HEAD + (b"X-Many: " + b"x" * 8000 + b"\r\n") * 10 + b"Content-Length: 2\r\n\r\nok",
    "half-a-head": OK_HEAD + b"Content-Le",
}
"""Responses that can be read in more than one way, or without an end."""
LIES = {
    "none": b"HTTP/1.1 204 No Content\r\n\r\n" + INNER,
    "not-modified": b"HTTP/1.1 304 Not Modified\r\n\r\n" + INNER,
    "head": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + INNER,
    "behind": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst" + INNER,
    "behind-chunks": OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n" + INNER,
}
"""Complete responses with another one behind them, for whoever asks next."""


@dataclass
class Setup:
    """A front and the backends behind it. `seen` are the heads of requests, by path."""

    front: RunningServer
    backend: Backend
    seen: dict[str, bytes] = field(default_factory=dict)
    release: threading.Event = field(default_factory=threading.Event)
    sent: int = 0
    number: int = 0
    left: threading.Event = field(default_factory=threading.Event)


def script(setup: Setup, asked: Asked) -> bool:
    """Answer a request as its path says; return whether the connection stays open."""
    path = asked.path.partition("?")[0]
    setup.seen[path] = asked.head
    match path.strip("/").split("/"):
        case ["plain", *_] | ["once", *_] | ["guarded", *_] | ["filtered", *_]:
            asked.answer(f"connection {asked.number}".encode(), "Content-Type: text/plain", "X-Kept: 1")
        case ["close", *_]:
            return False
        case ["halves", *_]:
            setup.number = asked.number
            asked.send(OK_HEAD + b"Content-Length: 11\r\n\r\nfirst")
            setup.release.wait(20)
            asked.send(b"second")
        case ["closing", *_]:
            asked.answer(b"announced nowhere")
            return False
        case ["hostile", name]:
            asked.send(HOSTILE[name])
            return False
        case ["lies", name]:
            asked.send(LIES[name])
        case ["early", *_]:
            asked.answer(b"no more", status="413 Content Too Large")
            _wait_for_the_end(setup, asked)
        case ["both-ways", *_]:
            _both_ways(asked)
        case ["short", *_]:
            asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            return False
        case ["short-chunk", *_]:
            asked.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this")
            return False
        case ["until-close", *_]:
            asked.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")
            return False
        case ["interim", *_]:
            asked.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            asked.answer(b"final")
        case ["trailers", *_]:
            asked.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n")
            asked.send(b"2\r\nok\r\n0\r\nX-T: 1\r\n\r\n")
        case ["hang", *_]:
            setup.release.wait(20)
            return False
        case ["stall", *_]:
            asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
            setup.release.wait(20)
            return False
        case ["head", *_]:
            asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
        case ["none", *_]:
            asked.send(b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n')
        case ["count", *_]:
            _count(asked)
        case ["endless", *_]:
            _endless(setup, asked)
        case ["events", *_]:
            asked.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            setup.release.wait(20)
            asked.send(b"6\r\nsecond\r\n0\r\n\r\n")
        case ["trickle", *_]:
            _trickle(setup, asked)
        case ["ws", *_] if asked.field("upgrade"):
            _echo(asked)
            return False
        case _:
            asked.answer(b"not upgraded", status="426 Upgrade Required")
    return True


def _wait_for_the_end(setup: Setup, asked: Asked) -> None:
    try:
        while asked.read(65536):
            pass
    finally:
        setup.left.set()


def _both_ways(asked: Asked) -> None:
    """Answer with the body as it comes."""
    left = int(asked.field("content-length")[0])
    asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % left)
    while left:
        data = asked.read(65536)
        left -= len(data)
        asked.send(data)


def _count(asked: Asked) -> None:
    total, missing_bytes = 0, int(asked.field("content-length")[0])
    while total < missing_bytes:
        total += len(asked.read(1 << 20))
    asked.answer(str(total).encode())


def _endless(setup: Setup, asked: Asked) -> None:
    size = 1 << 30
    asked.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    setup.sent = 0
    try:
        while setup.sent < size:
            asked.send(BLOCK)
            setup.sent += len(BLOCK)
    except OSError:
        setup.left.set()
        raise


def _trickle(setup: Setup, asked: Asked) -> None:
    asked.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        while not setup.left.wait(0.02):
            asked.send(b"1\r\nx\r\n")
    except OSError:
        setup.left.set()
        raise


def _echo(asked: Asked) -> None:
    asked.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
    while data := asked.read(65536):
        asked.send(data)


def config(directory: Path, port: int, backend: Backend, other: Path) -> str:
    """Return a front's configuration."""
    target = f"http://127.0.0.1:{backend.port}"
    (directory / "guard.py").write_text(GUARD)
    return (
        base_config(directory, port, ("proxy", "proxy_http", "python"))
        + f"""
DocumentRoot "{directory}"
PythonPath "['{directory}'] + sys.path"
LimitRequestBody 0
PythonOutputFilter guard::outputfilter SHOUT
<Location /filtered>
SetOutputFilter SHOUT
</Location>
ProxyPass /unix unix:{other}|http://named.test/plain
ProxyPass /refused http://127.0.0.1:1/
ProxyPass /hang {target}/hang timeout=1
ProxyPass /stall {target}/stall timeout=1
ProxyPass /once {target}/once disablereuse=on
ProxyPass /one {target}/events max=1 acquire=200
ProxyPass /ws {target}/ws upgrade=websocket timeout=20
ProxyPass /raw {target}/plain nocanon
ProxyPass /guarded {target}/guarded
ProxyPass / {target}/
<Location /guarded>
PythonAccessHandler guard
</Location>
"""
    )


@pytest.fixture(scope="module", params=["olexd", "apache"])
def both(request: pytest.FixtureRequest) -> Iterator[Setup]:
    """Either server as the front."""
    if request.param == "apache" and (reason := missing(("proxy", "proxy_http", "python"))):
        if os.environ.get("OLEXD_REQUIRE_PARITY") == "1":
            pytest.fail(f"OLEXD_REQUIRE_PARITY is set, but {reason}", pytrace=False)
        pytest.skip(reason)
    yield from running(Olexd if request.param == "olexd" else Apache)


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    """olexd as the front."""
    yield from running(Olexd)


def running(kind: type[RunningServer]) -> Iterator[Setup]:
    """A front of some kind and its backends, until the tests are done."""
    port = free_port()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="proxy-")))
        # Apache's children are nobody in particular.
        directory.chmod(0o755)
        setup: Setup
        path = directory / "b.sock"
        backend = stack.enter_context(Backend(lambda asked: script(setup, asked)))
        stack.enter_context(Backend(lambda asked: script(setup, asked), path))
        path.chmod(0o666)
        front = kind(config(directory, port, backend, path), directory, port)
        setup = Setup(front, backend)
        stack.callback(setup.release.set)
        stack.enter_context(front)
        yield setup


def ask(setup: Setup, path: str, *fields: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Return status, fields and body of a response."""
    with Wire(setup.front) as wire:
        wire.get(path, *fields, method=method)
        response = wire.read()
        return response.status, response.fields, response.body


# What both do


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/until-close", 200, b"all of it"),
        ("/interim", 200, b"final"),
        ("/trailers", 200, b"ok"),
        ("/close", 502, None),
        ("/refused", 503, None),
        ("/none", 304, b""),
        ("/unix/x", 200, None),
        ("/guarded/x", 403, None),
        ("/guarded/x?raise", 500, None),
    ],
)
def test_answers(both: Setup, path: str, status: int, body: bytes | None) -> None:
    """Every way to end a response reaches the client, and failures have their statuses."""
    found, _, data = ask(both, path)
    assert (found, data if body is not None else None) == (status, body)


def test_a_guard_lets_through(both: Setup) -> None:
    """A Python access handler decides who reaches a backend; whom it refuses, the backend never sees."""
    both.seen.clear()
    assert ask(both, "/guarded/y")[0] == 403
    assert ask(both, "/guarded/y?raise", "X-Key: right")[0] == 500
    assert "/guarded/y" not in both.seen
    assert ask(both, "/guarded/y", "X-Key: right")[0] == 200
    assert "/guarded/y" in both.seen


def test_connections_are_reused(both: Setup) -> None:
    """Requests one after the other share a connection, but for a backend that is not to be held."""
    before = both.backend.connections
    for number in range(5):
        ask(both, f"/plain/{number}")
    assert both.backend.connections <= before + 1
    before = both.backend.connections
    for number in range(3):
        ask(both, f"/once/{number}")
    assert both.backend.connections == before + 3


def test_the_length_of_head(both: Setup) -> None:
    """HEAD tells the length that GET would have."""
    with Wire(both.front) as wire:
        wire.get("/head", method="HEAD")
        assert b"Content-Length: 1234" in wire._until(b"\r\n\r\n")


def test_raw_targets(both: Setup) -> None:
    """nocanon sends the path as the client did."""
    ask(both, "/raw/%41%7E/x?y=%7E")
    assert "/plain/%41%7E/x" in both.seen


def test_hop_by_hop_fields(both: Setup) -> None:
    """What concerns one connection, or is listed as such, stays there; ours are added after that."""
    ask(
        both,
        "/plain/hop",
        "Connection: X-Mine, X-Forwarded-For",
        "X-Mine: 1",
        "X-Forwarded-For: 9.9.9.9",
        "TE: x",
    )
    head = both.seen["/plain/hop"].lower()
    assert b"x-mine" not in head
    assert b"\r\nte:" not in head
    assert b"x-forwarded-for: 127.0.0.1" in head


# What is olexd's own


def test_output_filters(setup: Setup) -> None:
    """What a backend sends goes through the output filters. Those of mod_python read memory that is free."""
    assert ask(setup, "/filtered/x")[2].startswith(b"CONNECTION ")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_can_be_read_in_two_ways_is_502(setup: Setup, name: str) -> None:
    """A response that cannot be trusted is not passed on, nothing of it; the log says why."""
    status, fields, body = ask(setup, f"/hostile/{name}")
    assert status == 502
    assert not set(fields) & {"x-bad", "set-cookie", "upgrade"}
    assert b"INNER" not in body
    assert "Error reading from remote server 127.0.0.1" in setup.front.error_log()


@pytest.mark.parametrize("name", LIES)
def test_a_second_response_is_nobodys(setup: Setup, name: str) -> None:
    """What a backend sends behind a response goes to no one: not to this client, not to the next."""
    method = "HEAD" if name == "head" else "GET"
    with Wire(setup.front) as wire:
        wire.get(f"/lies/{name}", method=method)
        first = wire.read(body=method == "GET" and name.startswith("behind"))
        assert first.body == (b"first" if name.startswith("behind") else b"")
        for _ in range(3):
            assert wire.ask("/plain/next").body.startswith(b"connection ")


def test_a_backend_that_answers_early(setup: Setup) -> None:
    """A client that is still sending gets the answer, and its backend no more of the body."""
    setup.left.clear()
    with Wire(setup.front) as wire:
        wire.get("/early", f"Content-Length: {256 << 20}", method="POST")
        wire.send(BLOCK)
        response = wire.read()
        assert (response.status, response.body) == (413, b"no more")
        assert setup.left.wait(20)


def test_a_request_that_breaks_off(setup: Setup) -> None:
    """A connection whose backend waits for the rest of a body takes no other request."""
    setup.release.clear()
    with Wire(setup.front) as wire:
        wire.get("/halves", "Transfer-Encoding: chunked", method="POST")
        wire.send(b"5\r\nhello\r\n")
        wire._until(b"first")
        wire.send(b"what a chunk\r\n")
        ask(setup, "/plain/meanwhile")
        setup.release.set()
        assert wire._until(b"second") == b""
    for number in range(3):
        body = ask(setup, f"/plain/after/{number}")[2]
        assert body != f"connection {setup.number}".encode()


def test_both_ways_at_once(setup: Setup) -> None:
    """A backend may answer while it reads: neither side waits for the other to end."""
    size = 8
    with Wire(setup.front) as wire:
        wire.get("/both-ways", f"Content-Length: {size << 20}", method="POST")
        for number in range(size):
            block = os.urandom(1 << 20)
            sender = threading.Thread(target=wire.send, args=(block,))
            sender.start()
            if not number:
                assert wire.head().status == 200
            assert wire._exactly(len(block)) == block, number
            sender.join()


def test_a_connection_that_its_backend_closed(setup: Setup) -> None:
    """One that was kept and is closed by now is not used: nobody gets an error for it."""
    for number in range(5):
        assert ask(setup, f"/closing/{number}")[0] == 200


@pytest.mark.parametrize("path", ["/short", "/short-chunk"])
def test_a_response_that_breaks_off(setup: Setup, path: str) -> None:
    """The client sees what came, and that it was not all."""
    with Wire(setup.front) as wire:
        wire.get(path)
        data = b""
        while more := wire.socket.recv(65536):
            data += more
    assert b"only this" in data
    assert not data.endswith(b"0\r\n\r\n")


def test_time_limits(setup: Setup) -> None:
    """A backend that does not answer is 504; one that stops in the middle ends the connection."""
    setup.release.clear()
    assert ask(setup, "/hang")[0] == 504
    with Wire(setup.front) as wire:
        wire.get("/stall")
        data = b""
        while more := wire.socket.recv(65536):
            data += more
    assert data.endswith(b"begun")


def test_a_backend_that_is_down(setup: Setup) -> None:
    """It is left alone for a while, and the log says so."""
    assert ask(setup, "/refused/1")[0] == 503
    assert ask(setup, "/refused/2")[0] == 503
    assert "left alone for now" in (setup.front.directory / "error.log").read_text()


def test_events_arrive_at_once(setup: Setup) -> None:
    """What a backend sends is passed on when it comes; only so many requests at a time reach it."""
    setup.release.clear()
    with Wire(setup.front) as wire:
        wire.get("/one/x")
        data = b""
        while b"first" not in data:
            data += wire.socket.recv(65536)
        assert ask(setup, "/one/y")[0] == 503
        setup.release.set()
        while not data.endswith(b"0\r\n\r\n"):
            data += wire.socket.recv(65536)
    assert b"second" in data


def test_a_big_upload(setup: Setup) -> None:
    """A body is passed on as it comes and takes little memory."""
    ask(setup, "/plain")
    before = setup.front.memory("VmRSS")
    setup.front.forget_peak()
    with Wire(setup.front) as wire:
        wire.get("/count", f"Content-Length: {256 << 20}", method="POST")
        for _ in range(256):
            wire.send(BLOCK)
        assert wire.read().body == str(256 << 20).encode()
    assert setup.front.memory("VmHWM") - before < MOST


def test_a_slow_reader_slows_the_backend(setup: Setup) -> None:
    """What a client does not take is not read from the backend; when it leaves, the backend is told."""
    setup.left.clear()
    before = setup.front.memory("VmRSS")
    setup.front.forget_peak()
    with Wire(setup.front) as wire:
        wire.get("/endless")
        for _ in range(64):
            wire._exactly(1 << 20)
            wire.buffer = b""
        until(lambda: _stands_still(setup))
        assert setup.sent < 256 << 20
    assert setup.left.wait(20)
    assert setup.front.memory("VmHWM") - before < MOST


@pytest.mark.parametrize("path", ["/trickle", "/one/hang"])
def test_a_client_that_leaves(setup: Setup, path: str) -> None:
    """Its backend is told at once, and it is no failure of ours."""
    setup.left.clear()
    setup.release.clear()
    with Wire(setup.front) as wire:
        wire.get(path)
        if path == "/trickle":
            wire._until(b"x")
    if path == "/trickle":
        assert setup.left.wait(20)
    setup.release.set()
    # Its turn is free again.
    assert ask(setup, "/one/after")[0] == 200
    assert "unexpected failure" not in (setup.front.directory / "error.log").read_text()


def _stands_still(setup: Setup) -> bool:
    sent = setup.sent
    return not setup.left.wait(0.3) and setup.sent == sent > 0


UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13")


def test_websocket(both: Setup) -> None:
    """An upgrade that the backend accepts becomes a tunnel, both ways, with what was sent early."""
    with Wire(both.front) as wire:
        wire.get("/ws/a", *UPGRADE)
        wire.send(b"early")
        head = wire._until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"Upgrade: websocket" in head
        assert wire._exactly(10) == b"helloearly"
        wire.buffer = b""
        block = os.urandom(1 << 20)
        sender = threading.Thread(target=wire.send, args=(block,))
        sender.start()
        assert wire._exactly(len(block)) == block
        sender.join()
        wire.buffer = b""
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.socket.recv(1) == b""
    assert b"sec-websocket-key: x" in both.seen["/ws/a"].lower()


def test_upgrades_that_are_not_meant(setup: Setup) -> None:
    """Elsewhere, for other protocols and for plain requests, a request stays a request."""
    assert ask(setup, "/elsewhere", *UPGRADE)[0] == 426
    assert b"upgrade" not in setup.seen["/elsewhere"].lower()
    assert ask(setup, "/ws/b", "Connection: Upgrade", "Upgrade: h2c")[0] == 426
    assert ask(setup, "/ws/c")[0] == 426
