"""The corpus of raw requests against a live olexd, over real sockets."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.cases import CASES, Case
from tests.integration.servers import Olexd, RunningServer, base_config, free_port

DEADLINE = 5.0
"""Seconds within which every connection must be settled."""
WIRE_STATUSES = {400, 408, 411, 413, 414, 417, 431, 500, 505}
STATUS_LINE = re.compile(rb"^HTTP/1\.1 (\d{3}) [^\r\n]*\r\n", re.MULTILINE)


@pytest.fixture(scope="module")
def olexd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running olexd that serves one file."""
    directory = tmp_path_factory.mktemp("wire")
    with Olexd(_config(directory, port := free_port()), directory, port) as server:
        yield server


def _config(directory: Path, port: int) -> str:
    documents = directory / "htdocs"
    documents.mkdir()
    (documents / "index.html").write_text("hello\n")
    return base_config(directory, port) + (
        f'DocumentRoot "{documents}"\n'
        "LogLevel info\n"
        "DirectoryIndex index.html\n"
        f'<Directory "{documents}">\n  Require all granted\n</Directory>\n'
    )


def exchange(server: RunningServer, raw: bytes, until_closed: bool) -> tuple[bytes, bool]:
    """Send `raw`; return what comes back and whether the server closed, within the deadline."""
    end = time.monotonic() + DEADLINE
    answer = b""
    with server.connect(DEADLINE) as connection:
        connection.sendall(raw)
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                data = connection.recv(65536)
            except TimeoutError:
                break
            if not data:
                return answer, True
            answer += data
            if not until_closed and STATUS_LINE.match(answer):
                break
    return answer, False


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.status is not None], ids=lambda case: case.name
)
def test_refused(olexd: RunningServer, case: Case) -> None:
    """What is malformed gets its status, one response only, and the connection is closed."""
    answer, closed = exchange(olexd, case.raw, until_closed=True)
    statuses = [int(status) for status in STATUS_LINE.findall(answer)]
    assert (statuses, closed) == ([case.status], True)


@pytest.mark.parametrize("case", [case for case in CASES if case.status is None], ids=lambda case: case.name)
def test_accepted(olexd: RunningServer, case: Case) -> None:
    """What is well-formed is answered, and not by a refusal of the wire."""
    answer, _ = exchange(olexd, case.raw, until_closed=False)
    line = STATUS_LINE.match(answer)
    assert line is not None
    assert int(line[1]) not in WIRE_STATUSES


@pytest.mark.parametrize("status", sorted({case.status for case in CASES if case.status}))
def test_nothing_after_a_refusal_is_served(olexd: RunningServer, status: int) -> None:
    """A request hidden behind a refused one never gets an answer."""
    hidden = b"GET /index.html HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
    case = next(case for case in CASES if case.status == status)
    answer, closed = exchange(olexd, case.raw + hidden, until_closed=True)
    assert b"hello" not in answer
    assert (len(STATUS_LINE.findall(answer)), closed) == (1, True)
