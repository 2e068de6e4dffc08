"""The log format `json`: what is in a line, and that nothing breaks it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from olexd.model.request import Request
from olexd.modules.loggers.formats import compile_format
from olexd.modules.loggers.json_lines import FIELDS
from olexd.modules.loggers.logfile import flush_all
from tests.unit.support import answer, configure, get, make_request

CONFIG = configure("ErrorLog -\nServerName main.example")


def line_of(request: Request) -> str:
    """Return the line of a request, its end included."""
    return compile_format("json")(request)


def values_of(request: Request) -> dict[str, Any]:
    """Return what a reader finds in the line of a request: one object, in plain ASCII."""
    line = line_of(request)
    assert line.endswith("\n") and line.count("\n") == 1
    assert all(" " <= char <= "~" for char in line[:-1])
    values: dict[str, Any] = json.loads(line)
    assert list(values) == list(FIELDS)
    return values


def test_fields() -> None:
    """Numbers are numbers, what is not there is null."""
    headers = [("Host", "localhost:81"), ("User-Agent", "test"), ("Referer", "http://x/?y")]
    request = make_request(CONFIG, "/a%20b?x=1", headers=headers)
    request.user = "jürgen"
    answer(request)
    values = values_of(request)
    assert datetime.fromisoformat(values.pop("time")).timestamp() == pytest.approx(request.request_time)
    assert 0 <= values.pop("duration_us") < 60_000_000
    assert values.pop("bytes") == request.output.bytes_sent > 0
    assert values == {
        "server": "main.example",
        "client": "127.0.0.1",
        "user": "jürgen",
        "scheme": "http",
        "host": "localhost:81",
        "request": "GET /a%20b?x=1 HTTP/1.1",
        "method": "GET",
        "path": "/a b",
        "query": "x=1",
        "protocol": "HTTP/1.1",
        "status": 404,
        "referer": "http://x/?y",
        "user_agent": "test",
        "log_id": None,
    }


def test_nothing_there() -> None:
    """A request without a query, a user or fields."""
    values = values_of(make_request(CONFIG, "/", headers=[("Host", "x")]))
    assert [values[name] for name in ("user", "query", "referer", "user_agent")] == [None] * 4


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ('"}\r\n{"status":200', '"}\r\n{"status":200'),
        ("\x00\x07\x1b[31m\x7f\u2028", "\x00\x07\x1b[31m\x7f\u2028"),
        ("\\u0022\\", "\\u0022\\"),
        ("\udcff\udce4", "ÿä"),
        ("caf\udcc3\udca9", "café"),
        ("😀", "😀"),
    ],
)
def test_hostile_values(sent: str, read: str) -> None:
    """What a client sends stays inside its string, and comes out as it was meant."""
    request = make_request(CONFIG, "/")
    raw = sent.encode("utf-8", "surrogateescape")
    request.headers_in["User-Agent"] = raw
    request.user = request.args = sent
    request.the_request_bytes = raw
    values = values_of(request)
    assert [values[name] for name in ("user_agent", "user", "query", "request")] == [read] * 4


@given(st.binary(max_size=60), st.text(max_size=60))
def test_any_values(raw: bytes, text: str) -> None:
    """Whatever bytes come, the line is an object whose strings any reader can take."""
    request = make_request(CONFIG, "/")
    request.the_request_bytes = raw
    request.user = raw.decode("utf-8", "surrogateescape")
    request.method = text.encode("utf-8", "replace").decode()
    values = values_of(request)
    json.dumps(values, ensure_ascii=False).encode()
    assert values["method"] == request.method


def test_redirected(tmp_path: Path) -> None:
    """Path and request are the client's, status and size those of the page that answered."""
    (tmp_path / "error.html").write_text("sorry")
    config = configure(f"ErrorLog -\nDocumentRoot {tmp_path}\nErrorDocument 404 /error.html?a=b")
    request = make_request(config, "/missing?c=d")
    answer(request)
    values = values_of(request)
    assert (values["path"], values["query"], values["status"], values["bytes"]) == ("/missing", "c=d", 404, 5)


def test_names(tmp_path: Path) -> None:
    """`json` is a format's text: it may have names, and a format of that name comes before it."""
    lines = {
        "a": f"CustomLog {tmp_path}/a json",
        "b": f"LogFormat json lines\nCustomLog {tmp_path}/b lines",
        "c": f"LogFormat json\nTransferLog {tmp_path}/c",
        "d": f'LogFormat "own %s" json\nCustomLog {tmp_path}/d json',
    }
    for line in lines.values():
        get(configure(f"ErrorLog -\n{line}"), "/missing")
    flush_all()
    texts = {name: (tmp_path / name).read_text() for name in lines}
    assert texts.pop("d") == "own 404\n"
    assert [json.loads(text)["status"] for text in texts.values()] == [404, 404, 404]
