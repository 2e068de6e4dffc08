"""Strict parsing of request heads: bytes in, `Head` out, no I/O (RFC 9112 sections 2 to 6).

A head that arrives whole is checked by one pattern. One that arrives in parts, or has something wrong
with it, is checked line by line as it grows, so that a refusal does not depend on how it was split.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from olexd.errors import BadRequest
from olexd.http.grammar import ABSOLUTE_TARGET, FIELD_LINE, HEAD, REQUEST_LINE, TOKEN
from olexd.http.host import canonical, split_host
from olexd.http.limits import Limits

FieldLine = tuple[bytes, bytes]

LENGTH_MAX: Final = (1 << 63) - 1
_LENGTH_DIGITS: Final = 19
_LINE_SLACK: Final = 3
"""The CRLF, and the byte that httpd allows beyond its limits."""

_READ: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"})
"""The fields that the wire itself reads."""
_ONCE: Final = frozenset({b"host", b"content-length"})

_ANY_REQUEST_LINE: Final = b"GET / HTTP/1.1\r\n"
"""httptools tokenises the fields only: it does not know every method and target that httpd serves."""


class Framing(Enum):
    """How the end of a request's body is known."""

    NONE = "none"
    LENGTH = "length"
    CHUNKED = "chunked"


@dataclass(slots=True)
class Head:
    """A request's head.

    `target` is as received, `origin` the same in origin form (path and query of an absolute target; `*`
    stays). `fields` keep order and case, values lost the blanks around them. `host` is the authority of an
    absolute target, its name as in `hostname`, else the Host field's value; `hostname` (lower case, no
    trailing dot) and `port` are its parts. All three are None when an HTTP/1.0 client named no host.
    `connection` are the tokens of the Connection fields in lower case. `keep_alive` tells what the client
    wants.
    """

    method: str
    target: bytes
    origin: bytes
    request_line: bytes
    version: tuple[int, int]
    fields: list[FieldLine]
    framing: Framing
    content_length: int | None
    has_body: bool
    keep_alive: bool
    expects_continue: bool
    host: bytes | None
    hostname: str | None
    port: int | None
    connection: frozenset[bytes]
    settled: object = None
    """What the server worked out from this head alone, kept for the next one that is equal."""


HeadMemory = dict[bytes, Head]
"""Heads by their bytes. Clients mostly send the same head again, and it means the same every time."""
REMEMBERED_HEADS: Final = 512
REMEMBERED_SIZE: Final = 2048


class HeadParser:
    """The parser of one connection's heads, one after the other.

    `memory` is shared by the parsers with equal limits, so the heads that it returns are not to be changed.

    After `feed` has returned a head, `rest` holds the bytes that follow it (the body's start or the next
    request); the caller passes them on. After an error the parser is of no further use.
    """

    __slots__ = (
        "_buffer",
        "_empty_lines",
        "_head_max",
        "_head_start",
        "_limits",
        "_line",
        "_line_start",
        "_lines",
        "_memory",
        "_quick_max",
        "_scanned",
        "rest",
    )

    def __init__(self, limits: Limits, memory: HeadMemory | None = None) -> None:
        self.rest = b""
        self._memory = {} if memory is None else memory
        self._limits = limits
        self._head_max = limits.head
        self._quick_max = min(limits.line, limits.field_size)
        self._buffer = bytearray()
        self._reset()

    def _reset(self) -> None:
        self._buffer.clear()
        self._head_start = 0
        self._line_start = 0
        self._scanned = 0
        self._empty_lines = 0
        self._lines = 0
        self._line: _RequestLine | None = None

    @property
    def started(self) -> bool:
        """Whether part of a head has arrived (empty lines before it do not count)."""
        return len(self._buffer) > self._head_start

    @property
    def received(self) -> bytes:
        """What has arrived of a head that is incomplete or was refused, and what followed it."""
        return bytes(self._buffer[self._head_start :])

    def feed(self, data: bytes) -> Head | None:
        """Take bytes from the client; return the head once it is complete.

        Raises BadRequest with the status to answer; the connection cannot go on after that.
        """
        if self._buffer:
            return self._feed_part(data)
        known = self._memory.get(data)
        if known is not None:
            return known
        match = HEAD.match(data)
        if match is None or match.end() > self._quick_max or not self._few_enough(data, match.end()):
            return self._feed_part(data)
        line, method, target, minor, block = match.groups()
        try:
            head = _build(_RequestLine(line, method, target, minor), block)
        except BadRequest:
            self._buffer += data
            raise
        self.rest = data[match.end() :]
        if not self.rest and len(data) <= REMEMBERED_SIZE:
            self._remember(data, head)
        return head

    def _remember(self, data: bytes, head: Head) -> None:
        if len(self._memory) >= REMEMBERED_HEADS:
            self._memory.clear()
        self._memory[data] = head

    def _few_enough(self, data: bytes, end: int) -> bool:
        fields = self._limits.fields
        return not fields or data.count(b"\n", 0, end) - 2 <= fields

    def _feed_part(self, data: bytes) -> Head | None:
        buffer = self._buffer
        buffer += data
        while (end := buffer.find(b"\n", self._scanned) + 1) > 0:
            line = bytes(buffer[self._line_start : end])
            complete = self._take_line(line, end)
            self._line_start = self._scanned = end
            if complete is not None:
                return self._finish(complete)
        self._scanned = len(buffer)
        self._check_growth(len(buffer))
        return None

    def _take_line(self, line: bytes, end: int) -> _RequestLine | None:
        """Check the next line; return the request line when this one ends the head."""
        request_line = self._line
        if request_line is None:
            self._take_first_line(line, end)
            return None
        self._check_field_size(len(line), end)
        if line == b"\r\n":
            return request_line
        self._lines += 1
        if self._limits.fields and self._lines > self._limits.fields:
            raise BadRequest(400, "the number of request header fields exceeds this server's limit")
        if FIELD_LINE.fullmatch(line) is None:
            raise BadRequest(400, f"malformed header field {line[:80]!r}")
        return None

    def _take_first_line(self, line: bytes, end: int) -> None:
        if line == b"\r\n":
            self._empty_lines += 1
            self._head_start = end
            if self._empty_lines > self._limits.empty_lines:
                raise BadRequest(400, "too many empty lines before the request line")
            return
        self._check_line_size(line[:1], len(line))
        self._line = _RequestLine.parse(line)

    def _check_growth(self, size: int) -> None:
        """Refuse an unfinished line that is too long already, or cannot become a request line."""
        unfinished = size - self._line_start
        if self._line is None:
            first = bytes(self._buffer[self._line_start : self._line_start + 1])
            self._check_line_size(first, unfinished + 1)
        else:
            self._check_field_size(unfinished + 1, size + 1)

    def _check_line_size(self, first: bytes, size: int) -> None:
        if first and first != b"\r" and TOKEN.match(first) is None:
            raise BadRequest(400, "not an HTTP request" if first != b"\x16" else "TLS on a plain HTTP port")
        if size > self._limits.line + _LINE_SLACK:
            raise BadRequest(414, "the request line is longer than LimitRequestLine")

    def _check_field_size(self, size: int, end: int) -> None:
        if size > self._limits.field_size + _LINE_SLACK:
            raise BadRequest(400, "a request header field is longer than LimitRequestFieldSize")
        if end - self._head_start > self._head_max:
            raise BadRequest(400, "the request's head is too long")

    def _finish(self, line: _RequestLine) -> Head:
        buffer = self._buffer
        block = bytes(buffer[self._head_start + len(line.text) + 2 : self._line_start])
        head = _build(line, block)
        self.rest = bytes(buffer[self._line_start :])
        self._reset()
        return head


class _RequestLine:
    """The parts of a request line, checked."""

    __slots__ = ("authority", "method", "minor", "origin", "target", "text")

    def __init__(self, text: bytes, method: bytes, target: bytes, minor: bytes) -> None:
        self.text = text
        self.method = method
        self.target = target
        self.minor = 0 if minor == b"0" else 1
        self.authority: bytes | None = None
        self.origin = target
        if target[0] != 0x2F or method == b"CONNECT":
            self._settle_target()

    @classmethod
    def parse(cls, line: bytes) -> _RequestLine:
        match = REQUEST_LINE.fullmatch(line)
        if match is None:
            raise BadRequest(400, f"malformed request line {line[:80]!r}")
        text, method, target, major, minor = match.groups()
        if major == b"0":
            raise BadRequest(400, "HTTP/0.9 is not served")
        if major != b"1" or minor not in b"01":
            raise BadRequest(505, f"unknown protocol version in {line[-11:-2]!r}")
        return cls(text, method, target, minor)

    def _settle_target(self) -> None:
        """Deal with the targets that are no path (RFC 9112 section 3.2)."""
        method, target = self.method, self.target
        if method == b"CONNECT":
            raise BadRequest(400 if target[0] == 0x2F else 405, "CONNECT is not served")
        if target == b"*" and method == b"OPTIONS":
            return
        match = ABSOLUTE_TARGET.fullmatch(target)
        if match is None:
            raise BadRequest(400, f"invalid request target {target[:80]!r}")
        authority, rest = match.groups()
        # RFC 3986 section 3.2.3: a port may be empty.
        self.authority = authority.removesuffix(b":")
        self.origin = rest if rest[:1] == b"/" else b"/" + rest


class _Fields:
    """What httptools reports to."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        self.lines: list[FieldLine] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field."""
        self.lines.append((name, value.strip(b" \t")))


def _tokenise(block: bytes) -> list[FieldLine]:
    fields = _Fields()
    try:
        HttpRequestParser(fields).feed_data(_ANY_REQUEST_LINE + block)
    except HttpParserUpgrade:
        pass  # An Upgrade field is an offer that nobody has to accept; all fields have been reported.
    except HttpParserError as error:
        raise BadRequest(400, f"malformed head: {error}") from None
    return fields.lines


def _build(line: _RequestLine, block: bytes) -> Head:
    """Return the head, its fields agreeing with each other."""
    fields = _tokenise(block)
    known = _known(fields)
    minor = line.minor
    host = _host(known, line.authority, minor)
    hostname, port = (None, None) if host is None else split_host(host)
    framing, length = _framing(known, minor)
    connection = tokens(known[b"connection"]) if b"connection" in known else frozenset()
    return Head(
        line.method.decode("ascii"),
        line.target,
        line.origin,
        line.text,
        (1, minor),
        fields,
        framing,
        length,
        framing is not Framing.NONE and length != 0,
        b"close" not in connection and (minor == 1 or b"keep-alive" in connection),
        b"expect" in known and _expects_continue(known[b"expect"], minor),
        host,
        hostname,
        port,
        connection,
    )


def _known(fields: list[FieldLine]) -> dict[bytes, bytes]:
    """Return the fields that matter here by lower-case name, repeated ones joined."""
    known: dict[bytes, bytes] = {}
    for field, value in fields:
        name = field.lower()
        if name in _READ:
            if name in known:
                if name in _ONCE:
                    raise BadRequest(400, f"more than one {name.decode('ascii')} field")
                value = known[name] + b", " + value
            known[name] = value
    return known


def _host(known: dict[bytes, bytes], authority: bytes | None, minor: int) -> bytes | None:
    host = known.get(b"host")
    if minor and host is None:
        raise BadRequest(400, "an HTTP/1.1 request without a Host field")
    if authority is not None:
        if host or minor:
            split_host(host or b"")
        return canonical(authority)
    # httpd takes an empty Host of an HTTP/1.0 client for none.
    return host if host or minor else None


def _framing(known: dict[bytes, bytes], minor: int) -> tuple[Framing, int | None]:
    """Return how the body ends, and its length. One framing or none (RFC 9112 section 6)."""
    coding = known.get(b"transfer-encoding")
    length = known.get(b"content-length")
    if coding is None:
        return (Framing.NONE, None) if length is None else (Framing.LENGTH, content_length(length))
    if length is not None:
        raise BadRequest(400, "both Content-Length and Transfer-Encoding")
    if not minor:
        raise BadRequest(400, "Transfer-Encoding in an HTTP/1.0 request")
    if coding.lower() != b"chunked":
        raise BadRequest(400, f"unknown Transfer-Encoding {coding[:80]!r}")
    return Framing.CHUNKED, None


def content_length(value: bytes) -> int:
    """Return the length that a Content-Length field declares. Raises BadRequest."""
    # bytes.isdigit knows ASCII digits only.
    digits = value.lstrip(b"0") or b"0"
    if not value.isdigit() or len(digits) > _LENGTH_DIGITS or int(digits) > LENGTH_MAX:
        raise BadRequest(400, f"invalid Content-Length {value[:80]!r}")
    return int(digits)


def _expects_continue(value: bytes, minor: int) -> bool:
    if value and value.lower() != b"100-continue":
        raise BadRequest(417, f"unknown expectation {value[:80]!r}")
    return bool(value) and minor == 1


def tokens(value: bytes) -> frozenset[bytes]:
    """Return the words of a list field, in lower case."""
    return frozenset(token.strip(b" \t") for token in value.lower().split(b",")) - {b""}
