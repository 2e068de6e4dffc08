"""Building response heads and chunks: checked bytes, no I/O (RFC 9112 sections 4 to 7)."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from olexd import __version__
from olexd.http.grammar import TOKEN
from olexd.status import REASONS, reason

FieldLine = tuple[bytes, bytes]

LAST_CHUNK: Final = b"0\r\n\r\n"
"""The end of a chunked body without trailers."""

MOD_PYTHON_VERSION: Final = "3.5.0"
"""The mod_python whose behaviour this is, as the Server field names it."""

_NAMES_MAX: Final = 1024
_CONTROL: Final = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What no field may hold (RFC 9110 section 5.5); CR and LF are looked at with the line ends."""
_BAD: Final = re.compile(rb"[\0-\x08\x0a-\x1f\x7f]")
"""The same with CR and LF."""


def _standard_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {reason(status)}\r\n".encode("ascii")


_STATUS_LINES: Final = {status: _standard_line(status) for status in REASONS}
_names: Final[set[bytes]] = set()
_date: tuple[int, bytes] = (-1, b"")


def response_head(
    status: int, status_line: str | None, fields: Iterable[FieldLine], server_tokens: str = "full"
) -> bytes:
    """Return a response's head: `head_start()`, then `fields` in order, and the empty line."""
    return head_start(status, status_line, server_tokens) + field_lines(fields) + b"\r\n"


def head_start(
    status: int,
    status_line: str | None,
    server_tokens: str = "full",
    date: bytes | None = None,
    server: bytes | None = None,
) -> bytes:
    """Return the status line, Date and Server.

    The version is always HTTP/1.1, whatever the client speaks, as in httpd. `status_line` (without version)
    counts only if its number is `status`. `server_tokens` is ServerTokens in lower case. `date` and `server`
    are another server's, to be kept. Raises ValueError for control characters in what is sent.
    """
    start = _status_line(status, status_line)
    dated = http_date() if date is None else field_lines([(b"Date", date)])
    return (
        start
        + dated
        + (server_field(server_tokens) if server is None else field_lines([(b"Server", server)]))
    )


def field_lines(fields: Iterable[FieldLine]) -> bytes:
    """Return fields as they are sent.

    Raises ValueError for a name that is no token, and for control characters in a value.
    """
    parts: list[bytes] = []
    count = 0
    for name, value in fields:
        if name not in _names:
            _check_name(name)
        parts += name, b": ", value, b"\r\n"
        count += 1
    lines = b"".join(parts)
    # One look at all of them: exactly our own line ends may be in it.
    if lines.count(b"\n") != count or lines.count(b"\r") != count or _CONTROL.search(lines):
        guilty = next(name for name, value in zip(parts[::4], parts[2::4], strict=True) if _BAD.search(value))
        raise ValueError(f"a control character in the response header field {guilty.decode()}")
    return lines


@lru_cache(256)
def content_type_line(value: str) -> bytes:
    """Return the Content-Type field. Raises ValueError for control characters in it."""
    return field_lines([(b"Content-Type", value.encode("latin-1"))])


def chunk(data: bytes) -> bytes:
    """Return `data` (not empty: an empty chunk would end the body) as one chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def http_date() -> bytes:
    """Return the Date field of this second."""
    global _date
    now = int(time.time())
    second, line = _date
    if second != now:
        line = f"Date: {formatdate(now, usegmt=True)}\r\n".encode("ascii")
        _date = (now, line)
    return line


def server_name(server_tokens: str = "full") -> str:
    """Return what the server calls itself under a ServerTokens value (lower case).

    `prod` `olexd`, `major` `olexd/0`, `minor` `olexd/0.1`, `min` `olexd/0.1.0`, `os` adds the system, and
    `full` mod_python and Python.
    """
    major, minor, *_ = __version__.split(".")
    shapes = {
        "prod": "olexd",
        "major": f"olexd/{major}",
        "minor": f"olexd/{major}.{minor}",
        "min": f"olexd/{__version__}",
        "os": f"olexd/{__version__} (Unix)",
    }
    python = "{}.{}.{}".format(*sys.version_info[:3])
    full = f"{shapes['os']} mod_python/{MOD_PYTHON_VERSION} Python/{python}"
    return shapes.get(server_tokens, full)


@lru_cache(16)
def server_field(server_tokens: str) -> bytes:
    """Return the Server field."""
    return f"Server: {server_name(server_tokens)}\r\n".encode("ascii")


@lru_cache(256)
def own_reason(status: int, status_line: str | None) -> str | None:
    """Return the reason that a handler's status line states, None when the line is not for this status."""
    if status_line and status_line[:3] == str(status) and status_line[3:4] in ("", " "):
        return status_line[4:]
    return None


def _status_line(status: int, status_line: str | None) -> bytes:
    if not 100 <= status <= 999:
        return _STATUS_LINES[500]
    own = own_reason(status, status_line)
    if own is not None:
        line = f"HTTP/1.1 {status} {own}".encode("latin-1")
        if _BAD.search(line):
            raise ValueError("a control character in the status line")
        return line + b"\r\n"
    return _STATUS_LINES.get(status) or _standard_line(status)


def _check_name(name: bytes) -> None:
    if TOKEN.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no header field name")
    # Applications use few names; one that makes them up must not fill the memory.
    if len(_names) < _NAMES_MAX:
        _names.add(name)
