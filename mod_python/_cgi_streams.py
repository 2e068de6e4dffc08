"""The standard streams of CGI scripts (toolkit spec 6.1)."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, Final

from olexd.model.mp_request import mp_request

BLOCK: Final = 8192


class NullIO:
    """A file that holds nothing and takes everything."""

    def tell(self) -> int:
        """Return 0."""
        return 0

    def read(self, n: int = -1) -> str:
        """Return ''."""
        return ""

    def readline(self, length: int | None = None) -> str:
        """Return ''."""
        return ""

    def readlines(self) -> list[str]:
        """Return an empty list."""
        return []

    def write(self, s: str | bytes) -> int | None:
        """Drop `s`."""
        return None

    def writelines(self, list: Iterable[str | bytes]) -> None:
        """Write each of `list`."""
        for line in list:
            self.write(line)

    def isatty(self) -> int:
        """Return 0."""
        return 0

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def detach(self) -> Any:
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


class CGIStdin(io.TextIOWrapper, NullIO):  # type: ignore[misc]
    """Standard input: the request's body. Text is UTF-8, line ends are kept; `buffer` has the bytes."""

    BLOCK = BLOCK

    def __init__(self, req: mp_request) -> None:
        body = io.BufferedReader(_RawBody(req), BLOCK)
        super().__init__(body, "utf-8", "surrogateescape", newline="")
        self.req = req
        self.pos = 0

    def tell(self) -> int:
        """Return how many characters were read."""
        return self.pos

    def read(self, n: int | None = -1) -> str:
        """Return `n` characters, or the rest."""
        return self._counted(super().read(n))

    def readline(self, n: int = -1) -> str:  # type: ignore[override]
        """Return the next line, at most `n` characters of it."""
        return self._counted(super().readline(n))

    def _counted(self, text: str) -> str:
        self.pos += len(text)
        return text


class _ByteOutput(io.BufferedIOBase):
    """The `buffer` of `CGIStdout`: what is written here is bytes. It stays open when a wrapper closes it."""

    def __init__(self, out: CGIStdout) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Write bytes."""
        self._out.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Push what was written."""
        self._out.flush()

    def close(self) -> None:
        """Do nothing: the response ends with its request."""


class CGIStdout(NullIO):
    """Standard output: header lines up to an empty line, then the response's body (str as UTF-8, or bytes).

    `Status` sets the request's status, `Content-Type` its type; other lines are added to `headers_out`.
    Raises ValueError for a header line without a colon. `headers` are the lines that are not complete yet.
    """

    encoding = "utf-8"
    errors = "surrogateescape"
    closed = False

    def __init__(self, req: mp_request) -> None:
        self.req = req
        self.pos = 0
        self.headers = b""
        self.headers_sent = False
        self.buffer = _ByteOutput(self)

    def tell(self) -> int:
        """Return how many bytes of the body were written."""
        return self.pos

    def write(self, s: str | bytes) -> int:
        """Write `s`; return its length."""
        data = s.encode(self.encoding, self.errors) if isinstance(s, str) else s
        if self.headers_sent:
            self._send(data)
        else:
            self.headers += data
            self._end_headers()
        return len(s)

    def flush(self) -> None:
        """Push the body written so far; before it begins there is nothing to push."""
        if self.headers_sent:
            self.req.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def detach(self) -> _ByteOutput:
        """Return `buffer`, for a script that wraps it in its own way."""
        return self.buffer

    def reconfigure(self, *, encoding: str | None = None, errors: str | None = None, **_: object) -> None:
        """Write text in another encoding from now on; what concerns lines is taken and has no effect."""
        self.encoding = encoding or self.encoding
        self.errors = errors or self.errors

    def fileno(self) -> int:
        """Raise `io.UnsupportedOperation`: there is no descriptor behind a response."""
        raise io.UnsupportedOperation("fileno")

    def _send(self, data: bytes) -> None:
        self.pos += len(data)
        self.req.write(data)

    def _end_headers(self) -> None:
        for end in (b"\r\n\r\n", b"\n\n"):
            head, found, body = self.headers.partition(end)
            if found:
                self.headers_sent = True
                self.headers = b""
                for line in head.splitlines():
                    self._header(line)
                self._send(body)
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
