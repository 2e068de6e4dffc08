"""A response on its way out: buffering, the moment of commitment, framing.

Rules: core spec 3.5. Up to `BUFFER_SIZE` bytes collect unflushed; more, or a flush, pushes everything,
and the first push commits status and headers. A response that is complete before anything was pushed gets a
Content-Length; one that is pushed earlier is chunked, or ends with the connection.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import Enum
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.errors import ClientGone
from olexd.http.framing import LAST_CHUNK, content_type_line, field_lines, head_start, http_date
from olexd.http.writer import WRITE_FAILED, SocketWriter
from olexd.model.fields import fields_of
from olexd.model.request import Request
from olexd.status import CLOSES_CONNECTION, NO_BODY

BUFFER_SIZE: Final = 8000
FILE_BLOCK: Final = 256 * 1024
AP_CONN_CLOSE: Final = 1
AP_CONN_KEEPALIVE: Final = 2


class Framing(Enum):
    """How the end of the response is told."""

    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    CLOSE = "until the connection closes"
    NO_BODY = "no body"


class Output:
    """The outgoing side of one request (and of the requests it is redirected to).

    `bytes_sent` counts body bytes pushed. `request` is the one whose status
    and headers are sent: an internal redirect replaces it.
    """

    __slots__ = (
        "_buffer",
        "_buffered",
        "_declared",
        "_framing",
        "_pushed",
        "_sent_before",
        "_writer",
        "bytes_sent",
        "committed",
        "finished",
        "persist",
        "request",
    )

    def __init__(self, request: Request, writer: SocketWriter) -> None:
        self.request = request
        self.committed = False
        self.finished = False
        self.persist = False
        """Whether the connection can take another request; known once finished."""
        self.bytes_sent = 0
        self._pushed = 0
        self._writer = writer
        self._sent_before = writer.accepted
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._declared = 0
        self._framing = Framing.CLOSE

    @property
    def wire_bytes(self) -> int:
        """How many bytes went to the client so far, the head included."""
        return self._writer.accepted - self._sent_before

    @property
    def content_length(self) -> int | None:
        """The Content-Length that was sent, None when there was none."""
        sent = self.committed and self._framing is Framing.LENGTH
        return self._declared if sent and (self._declared or not self.request.header_only) else None

    @property
    def bytes_queued(self) -> int:
        """How many body bytes were accepted."""
        return self._pushed + self._buffered

    def write(self, data: bytes, flush: bool) -> None:
        """Take body bytes; push them (and all before them) when `flush` or when much has collected.

        Nothing is committed for empty data. Raises ClientGone when the client left, ValueError when a header
        cannot be sent. Writes after the end of the response are dropped.
        """
        if not data or self.finished:
            return
        if self._writer.gone:
            raise ClientGone(WRITE_FAILED)
        self._buffer.append(data)
        self._buffered += len(data)
        if flush or self._buffered > BUFFER_SIZE:
            self._push(False)

    def flush(self) -> None:
        """Push what has collected; commits the headers even when that is nothing. Raises like `write()`."""
        if not self.finished:
            self._push(False)

    def send_file(self, fd: int, offset: int, length: int) -> int:
        """Push `length` bytes of an open file after what has collected; return how many were sent.

        Blocks on a pool thread; on the reactor the file is read in blocks. Raises like `write()`.
        """
        if self.finished:
            return 0
        if length <= 0:
            self.flush()
            return 0
        self._pushed += length
        head: list[bytes] = [] if self.committed else [self._commit(False)]
        head += self._frame(self._take())
        length = self._cut(length)
        if self._framing is Framing.NO_BODY or self.request.header_only or not length:
            self._send(head)
            return 0
        if self._framing is Framing.CHUNKED:
            head.append(b"%x\r\n" % length)
        self._send(head)
        sent = self._copy_file(fd, offset, length)
        self.bytes_sent += sent
        if sent < length:
            # The frame promised more than the file had: only closing tells the client.
            self.finished = True
            self.persist = False
        elif self._framing is Framing.CHUNKED:
            self._send([b"\r\n"])
        return sent

    def _copy_file(self, fd: int, offset: int, length: int) -> int:
        if not self.request.on_reactor:
            return self._writer.send_file(fd, offset, length)
        sent = 0
        while sent < length and (block := os.pread(fd, min(FILE_BLOCK, length - sent), offset + sent)):
            self._writer.send_soon([block])
            sent += len(block)
        return sent

    def discard(self) -> None:
        """Drop what has collected and was not pushed."""
        self._buffer = []
        self._buffered = 0

    def collected(self) -> bytes:
        """Return what has collected and was not pushed."""
        return b"".join(self._buffer)

    def finish(self, soon: bool = False) -> None:
        """End the response. Raises like `write()`; afterwards `persist` is final.

        `soon` lets a pool thread leave the last bytes with the writer: whoever ends the request sends them.
        """
        if self.finished:
            return
        self._push(True, soon)
        self.finished = True
        if self._framing is Framing.CLOSE:
            self.persist = False
        elif self._framing is Framing.LENGTH and self.bytes_sent != self._declared:
            self.persist = self.persist and self.request.header_only

    def abandon(self) -> None:
        """End the response without sending anything more: the client is gone, or cannot be told."""
        self._take()
        self.finished = True
        self.persist = False

    # Inside

    def _push(self, last: bool, soon: bool = False) -> None:
        parts = [] if self.committed else [self._commit(last)]
        parts += self._frame(self._take())
        if last:
            if self._framing is Framing.CHUNKED and not self.request.header_only:
                parts.append(LAST_CHUNK)
            if not (soon and not self.request.connection.on_reactor and self._writer.hold(parts)):
                self._send(parts)
        elif parts and not self._writer.hold(parts):
            self._send(parts)

    def _take(self) -> list[bytes]:
        buffer = self._buffer
        self._buffer = []
        self._pushed += self._buffered
        self._buffered = 0
        return buffer

    def _frame(self, body: list[bytes]) -> list[bytes]:
        """Return the body's bytes as they go on the wire, none where the response has no body."""
        if not body or self._framing is Framing.NO_BODY or self.request.header_only:
            return []
        size = sum(map(len, body))
        if self._framing is Framing.CHUNKED:
            self.bytes_sent += size
            return [b"%x\r\n" % size, *body, b"\r\n"]
        allowed = self._cut(size)
        self.bytes_sent += allowed
        return body if allowed == size else [b"".join(body)[:allowed]]

    def _cut(self, size: int) -> int:
        """Never send more than the declared length: the excess would be read as the next response."""
        if self._framing is not Framing.LENGTH:
            return size
        return min(size, self._declared - self.bytes_sent)

    def _send(self, parts: Sequence[bytes]) -> None:
        if self.request.connection.on_reactor:
            self._writer.send_soon(parts)
        else:
            self._writer.send(parts)

    def _commit(self, last: bool) -> bytes:
        """Freeze status and headers; return the head."""
        request = self.request
        plan = request.conf.plan
        if plan is not None and plan.response_head:
            for call in plan.response_head:
                call(request)
        if request.assbackwards:
            self.committed = True
            self._framing = Framing.CLOSE
            return b""
        if request.no_cache:
            del request.err_headers_out["Expires"]
            request.headers_out["Expires"] = http_date()[6:-2].decode("ascii")
        always, normal = fields_of(request.err_headers_out_table), fields_of(request.headers_out_table)
        if always.closes or normal.closes:
            request.connection.keepalive = AP_CONN_CLOSE
        self._decide_framing(request, last, normal.length or always.length)
        tokens = request.host.server[CoreServer].server_tokens
        parts = [head_start(request.status, request.status_line, tokens), always.lines, normal.lines]
        if request.content_encoding:
            parts.append(field_lines([(b"Content-Encoding", request.content_encoding.encode("latin-1"))]))
        if request.content_languages:
            languages = ", ".join(request.content_languages).encode("latin-1")
            parts.append(field_lines([(b"Content-Language", languages)]))
        parts += self._length_lines(request)
        parts += self._connection_lines(request)
        if self._framing is not Framing.NO_BODY:
            if request.content_type:
                parts.append(content_type_line(_with_charset(request, request.content_type)))
            else:
                parts.append(always.content_type or normal.content_type)
        parts.append(b"\r\n")
        self.committed = True
        return b"".join(parts)

    def _decide_framing(self, request: Request, last: bool, declared: bytes | None) -> None:
        if request.status in NO_BODY or 100 <= request.status < 200:
            self._framing = Framing.NO_BODY
        elif declared is not None and declared.isdigit():
            self._framing = Framing.LENGTH
            self._declared = int(declared)
        elif last:
            self._framing = Framing.LENGTH
            self._declared = self._buffered
        elif (
            request.proto_num >= 1001
            and request.connection.keepalive != AP_CONN_CLOSE
            and not request.expecting_100
        ):
            self._framing = Framing.CHUNKED
            request.chunked = True
        else:
            self._framing = Framing.CLOSE

    def _length_lines(self, request: Request) -> tuple[bytes, ...]:
        if self._framing is Framing.LENGTH and (self._declared or not request.header_only):
            return (b"Content-Length: %d\r\n" % self._declared,)
        if self._framing is Framing.CHUNKED and not request.header_only:
            return (b"Transfer-Encoding: chunked\r\n",)
        return ()

    def _connection_lines(self, request: Request) -> tuple[bytes, ...]:
        """Settle whether the connection persists, and say so as httpd does."""
        connection = request.connection
        core = request.host.server[CoreServer]
        left = core.max_keep_alive_requests - connection.keepalives if core.max_keep_alive_requests else 1
        self.persist = (
            request.persistent
            and core.keep_alive
            and connection.keepalive != AP_CONN_CLOSE
            and self._framing is not Framing.CLOSE
            and request.status not in CLOSES_CONNECTION
            and not 100 <= request.status < 200
            and not request.expecting_100
            and left > 0
        )
        if not self.persist:
            connection.keepalive = AP_CONN_CLOSE
            return (b"Connection: close\r\n",)
        connection.keepalive = AP_CONN_KEEPALIVE
        if not request.keep_alive_token:
            return ()
        most = b", max=%d" % left if core.max_keep_alive_requests else b""
        return (b"Keep-Alive: timeout=%d%b\r\nConnection: Keep-Alive\r\n" % (core.keep_alive_timeout, most),)


def _with_charset(request: Request, content_type: str) -> str:
    """Return a content type with AddDefaultCharset's charset, if it is a plain or HTML text without one."""
    charset = request.conf[CoreDir].add_default_charset
    if not charset or "charset=" in content_type.lower():
        return content_type
    kind = content_type.partition(";")[0].strip().lower()
    return f"{content_type}; charset={charset}" if kind in ("text/plain", "text/html") else content_type
