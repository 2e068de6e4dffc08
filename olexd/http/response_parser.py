"""Strict parsing of another server's responses: bytes in, head and body out, no I/O (RFC 9112).

What a backend says is passed on; where it ends is a matter of trust, as with requests. A response that
can be read in two ways is refused, so that none becomes the answer to somebody else's request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from olexd.errors import BadRequest
from olexd.http.chunked import ChunkedDecoder
from olexd.http.grammar import FIELD_LINE, STATUS_LINE
from olexd.http.length import LengthDecoder
from olexd.http.limits import Limits
from olexd.http.parser import content_length, tokens

FieldLine = tuple[bytes, bytes]

SWITCHING_PROTOCOLS: Final = 101
LIMITS: Final = Limits(line=8190, fields=200, field_size=16384)
"""Of a backend's response: what servers send in earnest is well below."""
HEAD_MAX: Final = 65536
"""Bytes of all heads of one response, those of interim ones included."""
INTERIM_MAX: Final = 16
"""How many interim responses (1xx) may come before the one that counts."""
_BODILESS: Final = frozenset({204, 304})
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"connection"})


class BadResponse(ValueError):
    """A backend's response that cannot be passed on."""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """A response's head. `keep_alive` tells whether the connection can take another request."""

    status: int
    phrase: bytes
    fields: Sequence[FieldLine]
    keep_alive: bool = False


class _UntilClose:
    """The decoder of a body that ends with its connection."""

    done = False
    rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        return [data]


class ResponseParser:
    """The parser of the response to one request of a method. Interim responses are left out.

    `protocol` is what the request asked the connection to switch to, b"" for nothing. Once `done`, `rest`
    holds what follows the response: of a connection that was switched (101), its first bytes.
    """

    def __init__(self, method: bytes, protocol: bytes = b"", limits: Limits = LIMITS) -> None:
        self.head: ResponseHead | None = None
        self.done = False
        self.rest = b""
        self._method = method
        self._protocol = protocol
        self._limits = limits
        self._buffer = bytearray()
        self._line_start = 0
        self._scanned = 0
        self._interims = 0
        self._start: tuple[int, int, bytes] | None = None
        self._fields: list[FieldLine] = []
        self._decoder: ChunkedDecoder | LengthDecoder | _UntilClose = LengthDecoder(0)

    @property
    def begun(self) -> bool:
        """Whether anything has arrived."""
        return bool(self._buffer) or self.head is not None

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes from the backend; return what of the body is in them. Raises BadResponse."""
        if self.head is None:
            data = self._feed_head(data)
        if self.head is None or self.done:
            return []
        try:
            pieces = self._decoder.feed(data) if data else []
        except BadRequest as error:
            raise BadResponse(str(error)) from None
        self.done = self._decoder.done
        self.rest = self._decoder.rest
        return pieces

    def is_whole_at_close(self) -> bool:
        """Return whether the response is complete when the backend closes the connection in order now."""
        return self.done or (self.head is not None and isinstance(self._decoder, _UntilClose))

    # The head

    def _feed_head(self, data: bytes) -> bytes:
        """Take bytes of the head; return what follows its end, or of it, b"" before that."""
        buffer = self._buffer
        buffer += data
        while self.head is None:
            end = buffer.find(b"\n", self._scanned) + 1
            self._check_size((end or len(buffer)) - self._line_start, end or len(buffer))
            if not end:
                self._scanned = len(buffer)
                return b""
            self._take_line(bytes(buffer[self._line_start : end]))
            self._line_start = self._scanned = end
        rest = bytes(buffer[self._line_start :])
        if self.done:
            self.rest = rest
        return rest

    def _check_size(self, line: int, head: int) -> None:
        limits = self._limits
        longest = limits.line if self._start is None else limits.field_size
        if line > longest + 2:
            raise BadResponse(f"a line of its head is longer than {longest} bytes")
        if head > HEAD_MAX:
            raise BadResponse(f"its head is longer than {HEAD_MAX} bytes")

    def _take_line(self, line: bytes) -> None:
        if self._start is None:
            match = STATUS_LINE.fullmatch(line)
            if match is None:
                raise BadResponse(f"malformed status line {line[:80]!r}")
            self._start = (int(match[1]), int(match[2]), match[3] or b"")
        elif line == b"\r\n":
            self._end_head(*self._start)
        else:
            self._take_field(line)

    def _take_field(self, line: bytes) -> None:
        if FIELD_LINE.fullmatch(line) is None:
            raise BadResponse(f"malformed header field {line[:80]!r}")
        if len(self._fields) >= self._limits.fields:
            raise BadResponse(f"it has more than {self._limits.fields} header fields")
        name, _, value = line.partition(b":")
        self._fields.append((name, value.strip(b" \t\r\n")))

    def _end_head(self, minor: int, status: int, phrase: bytes) -> None:
        if status == SWITCHING_PROTOCOLS:
            self._switch()
        elif status < 200:
            self._skip_interim()
            return
        known = _known(self._fields)
        connection = tokens(known.get(b"connection", b""))
        self._frame(known, minor, status)
        keeps = b"close" not in connection and (minor == 1 or b"keep-alive" in connection)
        keeps = keeps and not isinstance(self._decoder, _UntilClose)
        self.head = ResponseHead(status, phrase, self._fields, keeps)
        self.done = self._decoder.done

    def _switch(self) -> None:
        """Check that the protocol is one that was asked for."""
        chosen = [value.lower() for name, value in self._fields if name.lower() == b"upgrade"]
        if not chosen or not set(chosen) <= tokens(self._protocol):
            raise BadResponse("it switches to a protocol that nobody asked for")

    def _skip_interim(self) -> None:
        self._interims += 1
        if self._interims > INTERIM_MAX:
            raise BadResponse(f"more than {INTERIM_MAX} interim responses come before it")
        self._start = None
        self._fields = []

    def _frame(self, known: dict[bytes, bytes], minor: int, status: int) -> None:
        """Settle where the body ends. One framing or none, as in requests."""
        coding, length = known.get(b"transfer-encoding"), known.get(b"content-length")
        if coding is not None and (length is not None or not minor or coding.lower() != b"chunked"):
            raise BadResponse(f"its framing is ambiguous (Transfer-Encoding {coding[:80]!r})")
        size = None if length is None else _size(length)
        if self._method == b"HEAD" or status in _BODILESS or status < 200:
            return
        if coding is not None:
            self._decoder = ChunkedDecoder(self._limits)
        else:
            self._decoder = _UntilClose() if size is None else LengthDecoder(size)


def _known(fields: Sequence[FieldLine]) -> dict[bytes, bytes]:
    """Return the fields that the framing depends on by lower-case name, repeated ones joined."""
    known: dict[bytes, bytes] = {}
    for field, value in fields:
        name = field.lower()
        if name in _FRAMING:
            known[name] = known[name] + b", " + value if name in known else value
    return known


def _size(value: bytes) -> int:
    try:
        return content_length(value)
    except BadRequest as error:
        raise BadResponse(str(error)) from None
