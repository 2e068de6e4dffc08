"""Access logs of a running server: as JSON, through programs, over a rotation, up to the last line."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.servers import Olexd, RunningServer, base_config, free_port
from tests.integration.wire import Wire, until

FORMAT = '"%r %>s"'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server with a log as JSON, one through a program, and an error log through a program."""
    port = free_port()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page").write_text("page")
    text = base_config(tmp_path, port, ["access_compat"]).replace(
        f'ErrorLog "{tmp_path}/error.log"', f'ErrorLog "|exec cat >> {tmp_path}/errors"'
    )
    text += (
        f'DocumentRoot "{tmp_path}/docs"\n<Location /shut>\nDeny from all\n</Location>\n'
        f'CustomLog "{tmp_path}/json" json\nCustomLog "|exec cat >> {tmp_path}/piped" {FORMAT}\n'
        f'CustomLog "||/usr/bin/tee -a {tmp_path}/direct" {FORMAT} env=!nothing\n'
    )
    (tmp_path / "error.log").touch()
    with Olexd(text, tmp_path, port) as server:
        yield server


def ask(server: RunningServer, data: bytes) -> int:
    """Send bytes and return the status of the answer."""
    with Wire(server) as wire:
        wire.send(data)
        return wire.read().status


def entries(path: Path) -> list[dict[str, Any]]:
    """Return the entries of a log as JSON."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_hostile_requests(server: RunningServer, tmp_path: Path) -> None:
    """Each request that is answered has its line, and no line says more than its request."""
    agents = [
        b'"},{"status":1}',
        b"\\",
        b'\\"',
        b"\xff\xfe",
        b"\xe2\x80\xa8",
        b"a\tb",
        b"%s%d{}",
        b"x" * 7000,
    ]
    for agent in agents:
        assert ask(server, b"GET /page HTTP/1.1\r\nHost: h\r\nUser-Agent: " + agent + b"\r\n\r\n") == 200
    assert ask(server, b'GET /"%0a{}?\\"=%22 HTTP/1.1\r\nHost: "}\r\n\r\n') == 400
    assert ask(server, b"\x16\x03\x01\x02\x00\x01\r\n\r\n") == 400
    assert ask(server, b'GET /nope"\\?"\xc3\xa4\xff HTTP/1.1\r\nHost: h\r\n\r\n') in (400, 404)
    server.stop()
    found = entries(tmp_path / "json")
    assert [entry["status"] for entry in found[: len(agents)]] == [200] * len(agents)
    readable = [agent.decode("utf-8", "replace") for agent in agents]
    readable[3] = "ÿþ"
    assert [entry["user_agent"] for entry in found[: len(agents)]] == readable
    assert {entry["status"] for entry in found[len(agents) :]} <= {400, 404}
    assert len((tmp_path / "piped").read_text().splitlines()) == len(found)


def test_nothing_is_lost_at_a_stop(server: RunningServer, tmp_path: Path) -> None:
    """The lines of the last requests are in every log, and the programs have ended."""
    for number in range(20):
        assert ask(server, b"GET /page?%d HTTP/1.1\r\nHost: h\r\n\r\n" % number) == 200
    assert ask(server, b"GET /shut HTTP/1.1\r\nHost: h\r\n\r\n") == 403
    server.stop()
    until(lambda: (tmp_path / "direct").read_text().count("\n") == 21)
    until(lambda: "AH01797" in (tmp_path / "errors").read_text())
    assert [entry["query"] for entry in entries(tmp_path / "json")] == [*map(str, range(20)), None]
    assert (tmp_path / "piped").read_text().endswith("GET /page?19 HTTP/1.1 200\nGET /shut HTTP/1.1 403\n")


def test_rotation(server: RunningServer, tmp_path: Path) -> None:
    """After SIGUSR1 lines go into a new file; programs go on and lose nothing."""
    for number in range(3):
        assert ask(server, b"GET /page?%d HTTP/1.1\r\nHost: h\r\n\r\n" % number) == 200
    (tmp_path / "json").rename(tmp_path / "json.1")
    os.kill(server.pid, signal.SIGUSR1)
    until((tmp_path / "json").exists)
    assert ask(server, b"GET /page?3 HTTP/1.1\r\nHost: h\r\n\r\n") == 200
    server.stop()
    assert [entry["query"] for entry in entries(tmp_path / "json.1")] == ["0", "1", "2"]
    assert [entry["query"] for entry in entries(tmp_path / "json")] == ["3"]
    until(lambda: (tmp_path / "piped").read_text().count("\n") == 4)
