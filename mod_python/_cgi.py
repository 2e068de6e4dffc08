"""CGI programs inside the server: environment and standard streams (core spec 5.1, toolkit spec 6.1)."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from olexd.model.cgi_env import script_name
from olexd.model.mp_request import mp_request
from olexd.model.table import Table


def build_cgi_env(req: mp_request) -> Table:
    """Return the environment for a CGI program, a table of its own."""
    req.add_cgi_vars()
    env = req.subprocess_env.copy()
    env["SCRIPT_NAME"] = script_name(req._record).encode()
    env["GATEWAY_INTERFACE"] = "Python-CGI/1.1"
    authorization = req.headers_in.get("Authorization")
    if authorization is not None:
        env["HTTP_AUTHORIZATION"] = authorization.encode()
    return env


class NullIO:
    """A file that holds nothing and takes everything."""

    def tell(self) -> int:
        """Return 0."""
        return 0

    def read(self, n: int = -1) -> str:
        """Return ''."""
        return ""

    def readline(self, n: int = -1) -> str:
        """Return ''."""
        return ""

    def readlines(self, hint: int = -1) -> list[str]:
        """Return an empty list."""
        return []

    def write(self, s: str | bytes) -> None:
        """Drop `s`."""

    def writelines(self, lines: Iterable[str | bytes]) -> None:
        """Write each of `lines`."""
        for line in lines:
            self.write(line)

    def isatty(self) -> int:
        """Return 0."""
        return 0

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def detach(self) -> None:
        """Do nothing."""

    def seek(self, pos: int, mode: int = 0) -> None:
        """Do nothing."""


class _RawBody(io.RawIOBase):
    """A request's body as the bottom of Python's own file objects."""

    def __init__(self, req: mp_request) -> None:
        self._req = req

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._req.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class CGIStdin(NullIO):
    """Standard input: the request's body. Text is UTF-8; `buffer` has the bytes."""

    def __init__(self, req: mp_request) -> None:
        self.req = req
        self.buffer = io.BufferedReader(_RawBody(req))
        self._text = io.TextIOWrapper(self.buffer, "utf-8", "surrogateescape", newline="")

    def read(self, n: int = -1) -> str:
        """Return `n` characters, or the rest."""
        return self._text.read(n)

    def readline(self, n: int = -1) -> str:
        """Return the next line, at most `n` characters of it."""
        return self._text.readline(n)

    def readlines(self, hint: int = -1) -> list[str]:
        """Return the remaining lines."""
        return self._text.readlines(hint)

    def __iter__(self) -> Iterator[str]:
        return iter(self._text)


class _ByteOutput:
    """The `buffer` of `CGIStdout`: what is written here is bytes."""

    def __init__(self, out: CGIStdout) -> None:
        self._out = out

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._out.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Push what was written."""
        self._out.flush()


class CGIStdout(NullIO):
    """Standard output: header lines up to an empty line, then the response's body (str as UTF-8, or bytes).

    `Status` sets the request's status, `Content-Type` its type; other lines are added to `headers_out`.
    Raises ValueError for a header line without a colon.
    """

    def __init__(self, req: mp_request) -> None:
        self.req = req
        self.buffer = _ByteOutput(self)
        self._head = b""
        self._in_body = False

    def write(self, s: str | bytes) -> None:
        """Write `s`."""
        data = s.encode() if isinstance(s, str) else s
        if self._in_body:
            self.req.write(data)
            return
        self._head += data
        self._end_head()

    def flush(self) -> None:
        """Push the body written so far; before it begins there is nothing to push."""
        if self._in_body:
            self.req.flush()

    def _end_head(self) -> None:
        for end in (b"\r\n\r\n", b"\n\n"):
            head, found, body = self._head.partition(end)
            if found:
                self._in_body = True
                for line in head.splitlines():
                    self._header(line)
                self.req.write(body)
                return

    def _header(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if not colon:
            raise ValueError(f"no colon in the CGI header line {line!r}")
        value = value.strip()
        lower = name.strip().lower()
        if lower == b"status":
            self.req.status = int(value.split()[0])
            return
        if lower == b"content-type":
            self.req.content_type = value.decode("latin-1")
        self.req.headers_out.add(name.strip(), value)


def setup_cgi(req: mp_request) -> tuple[dict[str, str], TextIO, TextIO]:
    """Put a request's environment and streams into place for the whole process.

    Returns what `restore_nocgi()` takes: the environment, `stdin` and `stdout` from before.
    """
    saved = dict(os.environ), sys.stdin, sys.stdout
    env = build_cgi_env(req)
    os.environ.update({name: value for name, value in env.items() if value is not None})
    sys.stdin = CGIStdin(req)
    sys.stdout = CGIStdout(req)
    sys.argv = []
    return saved


def restore_nocgi(sav_env: dict[str, str], si: TextIO, so: TextIO) -> None:
    """Undo `setup_cgi()`."""
    os.environ.clear()
    os.environ.update(sav_env)
    sys.stdin = si
    sys.stdout = so
