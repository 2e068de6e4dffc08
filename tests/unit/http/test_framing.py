"""Response heads and chunks."""

from __future__ import annotations

import re
import sys
import time

import pytest

from olexd import __version__
from olexd.http import framing
from olexd.http.framing import LAST_CHUNK, chunk, content_type_line, http_date, response_head, server_name


def test_order_of_fields() -> None:
    """Status line, Date and Server come first, then the fields in the order given."""
    head = response_head(200, None, [(b"X-b", b"1"), (b"X-a", b"\xe4 2"), (b"X-b", b"")], "prod")
    assert re.fullmatch(
        rb"HTTP/1\.1 200 OK\r\nDate: [^\r]+ GMT\r\nServer: olexd\r\nX-b: 1\r\nX-a: \xe4 2\r\nX-b: \r\n\r\n",
        head,
    )


def first_line(status: int, status_line: str | None = None) -> bytes:
    """Return the status line of a response."""
    return response_head(status, status_line, []).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("status", "status_line", "expected"),
    [
        (404, None, b"HTTP/1.1 404 Not Found"),
        (404, "", b"HTTP/1.1 404 Not Found"),
        (404, "404 Gone Fishing", b"HTTP/1.1 404 Gone Fishing"),
        (404, "404", b"HTTP/1.1 404 "),
        (404, "200 OK", b"HTTP/1.1 404 Not Found"),
        (404, "4040 x", b"HTTP/1.1 404 Not Found"),
        (299, "299 Custom", b"HTTP/1.1 299 Custom"),
        (299, None, b"HTTP/1.1 299 "),
        (799, "Custom", b"HTTP/1.1 799 "),
        (99, None, b"HTTP/1.1 500 Internal Server Error"),
        (1000, "1000 x", b"HTTP/1.1 500 Internal Server Error"),
        (-1, None, b"HTTP/1.1 500 Internal Server Error"),
        (200, "200 Gr\xfc\xdfe", b"HTTP/1.1 200 Gr\xfc\xdfe"),
    ],
)
def test_status_line(status: int, status_line: str | None, expected: bytes) -> None:
    """An own status line counts only if its number is the status; unknown codes need no reason."""
    assert first_line(status, status_line) == expected


@pytest.mark.parametrize("name", [b"", b"X Y", b"X:", b"X\r\nY", b"X\n", b"X\0", b"X]", b"\xe4", b"X@"])
def test_bad_name(name: bytes) -> None:
    """A field name must be a token."""
    with pytest.raises(ValueError, match="no header field name"):
        response_head(200, None, [(name, b"v")])


@pytest.mark.parametrize(
    "value",
    [b"a\r\nSet-Cookie: x", b"a\n", b"\r", b"a\0b", b"a\r\n\r\nbody", b"\x01", b"\x0b", b"\x1b[m", b"\x7f"],
)
def test_bad_value(value: bytes) -> None:
    """A value cannot end its line, nor hold another control character: no response splitting."""
    with pytest.raises(ValueError, match="control character"):
        response_head(200, None, [(b"Location", value)])
    with pytest.raises(ValueError, match="control character"):
        content_type_line(value.decode("latin-1"))


def test_value_with_tab() -> None:
    """A tab is no control character here, and neither is a high byte."""
    assert b"X: a\tb\xff\r\n" in response_head(200, None, [(b"X", b"a\tb\xff")])


@pytest.mark.parametrize("line", ["200 OK\r\nX: y", "200 OK\n", "200 \r", "200 \0", "200 \x1b", "200 \u20ac"])
def test_bad_status_line(line: str) -> None:
    """A status line cannot carry a field, or what Latin-1 does not have."""
    with pytest.raises(ValueError):
        response_head(200, line, [])


def test_names_seen_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that an application makes up are not remembered without end."""
    names: set[bytes] = set()
    monkeypatch.setattr(framing, "_names", names)
    response_head(200, None, [(b"X-%d" % i, b"") for i in range(framing._NAMES_MAX + 50)])
    assert len(names) == framing._NAMES_MAX


def test_date_follows_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Date field is that of the present second."""
    monkeypatch.setattr(time, "time", lambda: 784111777.9)
    assert http_date() == b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    monkeypatch.setattr(time, "time", lambda: 784111778.0)
    assert http_date() == b"Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"


def test_server_tokens() -> None:
    """ServerTokens tells how much the server says of itself."""
    assert server_name("prod") == "olexd"
    assert server_name("major") == "olexd/" + __version__.split(".")[0]
    assert server_name("minor") == "olexd/" + ".".join(__version__.split(".")[:2])
    assert server_name("min") == "olexd/" + __version__
    assert server_name("os").startswith(server_name("min") + " (")
    python = "Python/{}.{}.{}".format(*sys.version_info[:3])
    assert server_name("full") == f"{server_name('os')} mod_python/{framing.MOD_PYTHON_VERSION} {python}"


def test_chunk() -> None:
    """A chunk carries its size in hexadecimal."""
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert LAST_CHUNK == b"0\r\n\r\n"
