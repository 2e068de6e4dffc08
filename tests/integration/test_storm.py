"""Many clients at once, some of which leave at any moment: each whole answer is its request's own."""

from __future__ import annotations

import ast
import base64
import itertools
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.integration import storm_site
from tests.integration.servers import Olexd, RunningServer, base_config, free_port
from tests.integration.wire import DEADLINE, Response, Wire, ask, reset, until

CLIENTS = 12
SECONDS = 4.0
THREADS = 6
GROWTH_MOST = 24 << 20
"""Bytes of memory that a second storm may take beyond the first."""
PIPELINED_MOST = 40_000
"""Bytes of further requests that a client sends before it reads an answer."""
TOKENS = itertools.count(1)


@dataclass
class Asked:
    """A request as it is sent; what its answer's body must be, or what looks at that."""

    path: str
    data: bytes
    token: str
    body: bytes | Callable[[bytes], object]
    status: int = 200

    def verify(self, response: Response) -> None:
        """Raise AssertionError unless the response is this request's, from the first byte to the last."""
        assert response.status == self.status
        assert response.fields.get("x-token", self.token) == self.token
        if callable(self.body):
            self.body(response.body)
        else:
            assert response.body == self.body


class Client:
    """Asks for anything; the same `seed`, the same requests."""

    def __init__(self, storm: Storm, seed: int) -> None:
        self.storm = storm
        self.choose = random.Random(seed)

    def run(self, end: float) -> None:
        """Use one connection after the other until `end`, on a thread of its own."""
        while time.monotonic() < end and not self.storm.failures:
            asked: list[Asked] = []
            try:
                with self.connect() as wire:
                    for _ in range(self.choose.choice((1, 3, 10))):
                        asked = self.some()
                        if not self.exchange(wire, asked):
                            break
            except Exception as error:
                self.storm.failures.append((error, [each.path for each in asked]))

    def connect(self) -> Wire:
        """Return a connection over TCP, to the unix socket, or over TLS."""
        wire = Wire(self.storm.server)
        way = self.choose.randrange(3)
        if way == 0:
            return wire
        wire.close()
        wire.socket = socket.socket(socket.AF_UNIX) if way == 1 else socket.socket()
        wire.socket.settimeout(DEADLINE)
        wire.socket.connect(self.storm.unix_path if way == 1 else ("127.0.0.1", self.storm.tls_port))
        if way == 2:
            wire.socket = self.storm.context.wrap_socket(wire.socket)
        return wire

    def some(self) -> list[Asked]:
        """Return one request, or several to be sent at once."""
        asked = [self.one() for _ in range(self.choose.choice((1, 1, 2, 4)))]
        return asked if sum(len(each.data) for each in asked) < PIPELINED_MOST else asked[:1]

    def exchange(self, wire: Wire, asked: list[Asked]) -> bool:
        """Send the requests and read the answers; return whether the connection goes on."""
        data = b"".join(each.data for each in asked)
        if self.choose.random() < 0.15:
            self.leave(wire, data)
            return False
        for start in range(0, len(data), size := self.choose.choice((700, 9000, 1 << 20))):
            wire.send(data[start : start + size])
        for each in asked:
            response = wire.read()
            each.verify(response)
            if response.fields.get("connection") == "close":
                break
        assert wire.buffer == b""
        return response.fields.get("connection") != "close"

    def leave(self, wire: Wire, data: bytes) -> None:
        """Send some of the requests, or all, and go away in one of many manners."""
        wire.send(data[: self.choose.choice((self.choose.randrange(len(data)), len(data)))])
        way = self.choose.randrange(4)
        if way == 0:
            time.sleep(self.choose.random() * 0.02)
        if way < 2:
            reset(wire.socket)
        elif way == 2 and not isinstance(wire.socket, ssl.SSLSocket):
            wire.socket.shutdown(socket.SHUT_WR)
            wire.closed()

    # Requests

    def one(self) -> Asked:
        """Return any request."""
        kinds = (self.text, self.echo, self.whole, self.upload, self.unread, self.count, self.page, self.user)
        return self.choose.choice(kinds)(f"{next(TOKENS):08d}")

    def body(self, token: str, most: int) -> bytes:
        return f"<{token}>".encode() * self.choose.choice((0, 1, most // 100, most))

    def sent(self, path: str, token: str, body: bytes | None, *fields: str, parameters: str = "") -> bytes:
        """Return a request's bytes; a body comes with its length, or in chunks."""
        method = "GET" if body is None else "POST"
        lines = [f"{method} {path}?{token}{parameters} HTTP/1.1", "Host: a.example", *fields]
        if body is not None and not fields and self.choose.random() < 0.4:
            lines.append("Transfer-Encoding: chunked")
            size = self.choose.randrange(1000, 20000)
            pieces = [body[start : start + size] for start in range(0, len(body), size)]
            body = b"".join([b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]) + b"0\r\n\r\n"
        elif body is not None:
            lines.append(f"Content-Length: {len(body)}")
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode() + (body or b"")

    def text(self, token: str) -> Asked:
        """An answer in pieces, by threads, coroutines, both, through filters, from files."""
        path = self.choose.choice(storm_site.TEXTS)
        number = self.choose.choice((1, 3, 50, 1500))
        mark = f"[{token}]" if "filtered" in path else f"<{token}>"
        data = self.sent(path, token, None, parameters=f",{number}")
        return Asked(path, data, token, mark.encode() * (6 if path.endswith("shtml") else 1) * number)

    def echo(self, token: str) -> Asked:
        """An answer that begins before the request's end."""
        path = self.choose.choice(("/threads/echo", "/coroutines/aecho"))
        body = self.body(token, 4000)
        return Asked(path, self.sent(path, token, body), token, body)

    def whole(self, token: str) -> Asked:
        """A large body that is read whole before it is sent back."""
        path = self.choose.choice(("/both", "/wsgi", "/script.py"))
        body = self.body(token, 30000)
        mark = b"" if path == "/both" else f"<{token}>".encode()
        return Asked(path, self.sent(path, token, body), token, mark + body)

    def upload(self, token: str) -> Asked:
        """A form with a file."""
        file = self.body(token, 20000)
        form = "--B\r\nContent-Disposition: form-data; name="
        head = f'{form}"token"\r\n\r\n{token}\r\n{form}"file"; filename="f"\r\n\r\n'
        path, field = "/published.py/upload", "Content-Type: multipart/form-data; boundary=B"
        data = self.sent(path, token, head.encode() + file + b"\r\n--B--\r\n", field)
        return Asked(path, data, token, file)

    def unread(self, token: str) -> Asked:
        """A body that is not, or not wholly, read."""
        path = "/threads/unread"
        return Asked(path, self.sent(path, token, self.body(token, 30000)), token, f"<{token}>".encode())

    def count(self, token: str) -> Asked:
        """A session that many others want, kept by one thread or between two."""
        kind, sid = self.choose.choice(self.storm.sessions)
        # A coroutine does not wait for a dbm file that another request has open.
        places = ("/threads/%s/count",) if kind == "DbmSession" else ("/threads/%s/count", "/kept/%s")
        path = self.choose.choice(places) % kind
        return Asked(path, self.sent(path, token, None, f"Cookie: pysid={sid}"), token, self.storm.count)

    def page(self, token: str) -> Asked:
        """A page, or the page of an error."""
        path, status = self.choose.choice((("/page.psp", 200), ("/errors/fail", 500)))
        return Asked(path, self.sent(path, token, None), token, f"<{token}>".encode(), status)

    def user(self, token: str) -> Asked:
        """A guarded place, whose users are as many as there are requests."""
        known = self.choose.random() < 0.7
        word = base64.b64encode(f"{token}:{'of' if known else 'not'} {token}".encode()).decode()
        data = self.sent("/users/user", token, None, f"Authorization: Basic {word}")
        if known:
            return Asked("/users/user", data, token, f"<{token}>".encode())
        return Asked("/users/user", data, token, lambda body: None, 401)


class Storm:
    """A server, and what its clients found out."""

    def __init__(self, server: RunningServer, unix_path: str, tls_port: int) -> None:
        self.server = server
        self.unix_path = unix_path
        self.tls_port = tls_port
        self.context = ssl._create_unverified_context()
        self.failures: list[tuple[Exception, list[str]]] = []
        self.counts: set[bytes] = set()
        self.sessions = [(kind, self._new_session(kind)) for kind in storm_site.SESSIONS * 2]

    def _new_session(self, kind: str) -> str:
        body = ask(self.server, f"/threads/{kind}/count?{next(TOKENS):08d}").body
        self.count(body)
        return body.split()[1].decode()

    def count(self, body: bytes) -> None:
        """Every request that counts in a session gets a number of its own, or an update was lost."""
        assert body not in self.counts
        self.counts.add(body)

    def rage(self, seed: int) -> None:
        """Let the clients do what they want."""
        end = time.monotonic() + SECONDS
        clients = [Client(self, seed + number) for number in range(CLIENTS)]
        threads = [threading.Thread(target=client.run, args=(end,), daemon=True) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS + 2 * DEADLINE)
        assert self.failures == []
        assert not any(thread.is_alive() for thread in threads)

    @property
    def left(self) -> tuple[int, int, list[str]]:
        """How many requests and forms there are, and whose cleanups have not been called."""
        left: tuple[int, int, list[str]] = ast.literal_eval(ask(self.server, "/state").body.decode())
        return left

    def entries(self, name: str) -> list[str]:
        """What the kernel lists of the process: its descriptors (`fd`) or threads (`task`)."""
        return os.listdir(f"/proc/{self.server.pid}/{name}")


@pytest.fixture
def storm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storm]:
    """A server with few threads that listens in three ways."""
    port, tls_port, unix_path = free_port(), free_port(), tmp_path / "socket"
    (tmp_path / "tmp").mkdir(mode=0o700)
    identity = Authority(tmp_path).issue("localhost", "localhost")
    text = base_config(tmp_path, port, ("python", "include", "ssl"), THREADS) + (
        f"Listen unix:{unix_path}\nListen 127.0.0.1:{tls_port}\n{storm_site.make(tmp_path)}"
        f"<VirtualHost 127.0.0.1:{tls_port}>\nSSLEngine on\nSSLCertificateFile {identity.cert_file}\n"
        f"SSLCertificateKeyFile {identity.key_file}\n</VirtualHost>\n"
    )
    monkeypatch.setattr(Olexd, "environment", Olexd.environment | {"TMPDIR": str(tmp_path / "tmp")})
    with Olexd(text, tmp_path, port) as server:
        yield Storm(server, str(unix_path), tls_port)


def test_storm(storm: Storm, tmp_path: Path) -> None:
    """No answer holds a byte of another's, no update is lost, nothing stands still or is left behind."""
    storm.rage(1000)
    until(lambda: storm.left == (1, 0, []))
    memory, descriptors = storm.server.memory("VmRSS"), len(storm.entries("fd"))
    storm.rage(2000)
    until(lambda: storm.left == (1, 0, []))
    until(lambda: len(storm.entries("fd")) <= descriptors)
    assert storm.server.memory("VmRSS") < memory + GROWTH_MOST
    assert len(storm.entries("task")) <= 1 + THREADS
    assert [name for name in os.listdir(tmp_path / "tmp") if name.startswith("tmp")] == []


@pytest.mark.parametrize("kind", storm_site.SESSIONS)
def test_every_thread_waits_for_one_session(storm: Storm, kind: str) -> None:
    """A request that keeps a session while it waits on the reactor gets a thread again, to give it back."""
    sid = dict(storm.sessions)[kind]
    wires = [Wire(storm.server) for _ in range(3 * THREADS)]
    for wire in wires:
        wire.get(f"/kept/{kind}?{next(TOKENS):08d}", f"Cookie: pysid={sid}")
    for wire in wires:
        storm.count(wire.read().body)
        wire.close()
