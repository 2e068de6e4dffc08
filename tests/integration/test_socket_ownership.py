"""No byte of one connection's answer ever reaches another, however connections end."""

from __future__ import annotations

import itertools
import random
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, reset

CLIENTS = 8
ROUNDS = 4000
SECONDS = 12.0
TOKEN = re.compile(rb"<(\d{8})>")

APPLICATION = """
import socket
import tempfile

from mod_python import apache


def handler(req):
    answer = ("<%s>" % req.args) * int(req.uri.rpartition("/")[2])
    req.headers_out["X-Token"] = "<%s>" % req.args
    req.headers_out["X-Send"] = socket.socket.send.__module__
    for _ in range(4):
        req.write(answer)
    if req.args[-1] in "02468":
        with tempfile.NamedTemporaryFile() as file:
            file.write(answer.encode())
            file.flush()
            req.sendfile(file.name)
    return apache.OK
"""

SLOW_SENDS = """
import os
import random
import socket
import threading
import time


def pause():
    if threading.current_thread().name.startswith("handler-"):
        time.sleep(random.random() * 0.004)


def send(sock, data, *flags):
    number = sock.fileno()
    pause()
    return os.write(number, data)


def sendmsg(sock, buffers, *details):
    number = sock.fileno()
    pause()
    return os.writev(number, buffers)


def sendfile(number, source, offset, count, original=os.sendfile):
    pause()
    return original(number, source, offset, count)


socket.socket.send, socket.socket.sendmsg, os.sendfile = send, sendmsg, sendfile
"""
"""What a pool thread does in some nanoseconds - name a descriptor to the kernel, and have it looked up -
takes milliseconds here. If the reactor closes it meanwhile, the next client's connection gets the number."""


def config(directory: Path, port: int) -> str:
    """Answers that carry the token of their request, from eight threads that send slowly."""
    path = f"PythonPath \"['{directory}/site'] + sys.path\""
    more = f"LogLevel emerg\n{path}\nPythonImport slow_sends main_interpreter"
    text = application_config(directory, port, APPLICATION, 8, more)
    (directory / "site" / "slow_sends.py").write_text(SLOW_SENDS)
    return text


def leave_at_once(wire: Wire) -> bytes:
    """Reset the connection without a look at the answer."""
    reset(wire.socket)
    return b""


def leave_in_the_middle(wire: Wire) -> bytes:
    """Reset it when some of the answer has come."""
    data = wire.socket.recv(1 << 16)
    reset(wire.socket)
    return data


def read_all(wire: Wire) -> bytes:
    """Read the answer to its end."""
    response = wire.read()
    return response.fields["x-token"].encode() + response.body


WAYS: tuple[Callable[[Wire], bytes], ...] = (
    leave_at_once,
    leave_in_the_middle,
    leave_in_the_middle,
    read_all,
)


class Clients:
    """Clients that come and go until ROUNDS connections have been made or time is over."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.numbers = itertools.count()
        self.rounds = 0
        self.foreign: list[tuple[bytes, set[bytes]]] = []
        self.errors: list[Exception] = []
        self.end = time.monotonic() + SECONDS

    def run(self, seed: int) -> None:
        chance = random.Random(seed)
        while (number := next(self.numbers)) < ROUNDS and time.monotonic() < self.end:
            try:
                self.visit(b"%08d" % number, chance)
            except (ConnectionResetError, BrokenPipeError):
                continue
            except Exception as error:
                self.errors.append(error)
                return

    def visit(self, token: bytes, chance: random.Random) -> None:
        with Wire(self.server) as wire:
            wire.get(f"/{chance.choice((1, 100, 30_000))}?{token.decode()}")
            data = chance.choice(WAYS)(wire)
        self.rounds += 1
        if found := set(TOKEN.findall(data)) - {token}:
            self.foreign.append((token, found))


def test_every_byte_belongs_to_its_own_connection(tmp_path: Path) -> None:
    """While clients reset and descriptors get new owners, nobody gets somebody else's page."""
    port = free_port()
    with Olexd(config(tmp_path, port), tmp_path, port) as server:
        clients = Clients(server)
        threads = [threading.Thread(target=clients.run, args=(seed,)) for seed in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS * 3)
        assert clients.foreign == []
        assert clients.errors == []
        assert clients.rounds > ROUNDS / 8
        with Wire(server) as wire:
            wire.get("/1?00000000")
            assert wire.read().fields["x-send"] == "slow_sends"
