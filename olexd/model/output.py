"""A response on its way out: buffering, the moment of commitment, framing.

Rules: core spec 3.5. Up to `BUFFER_SIZE` bytes collect unflushed; more, or a flush, pushes everything,
and the first push commits status and headers. A response that is complete before anything was pushed gets a
Content-Length; one that is pushed earlier is chunked, or ends with the connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from olexd.errors import ClientGone
from olexd.http.framing import LAST_CHUNK
from olexd.http.writer import WRITE_FAILED
from olexd.model.filters import BLOCK, OutputChain
from olexd.model.head import BODILESS, CHUNKED, CLOSE, LENGTH, closes_after_all, settle_head
from olexd.model.includes import IncludedWriter
from olexd.model.request import Request

BUFFER_SIZE: Final = 8000
FILE_BLOCK: Final = 256 * 1024


class Writer(Protocol):
    """What a response is written to: a connection (`SocketWriter`), or the page that it becomes a part of."""

    @property
    def gone(self) -> bool: ...

    @property
    def accepted(self) -> int: ...

    def hold(self, parts: Sequence[bytes]) -> bool: ...

    def send(self, parts: Sequence[bytes]) -> None: ...

    def send_soon(self, parts: Sequence[bytes]) -> None: ...

    def send_file(self, fd: int, offset: int, length: int) -> int: ...

    async def room(self, turn: bool = False) -> None: ...

    def gone_twin(self) -> Writer: ...


class Output:
    """The outgoing side of one request (and of the requests it is redirected to).

    `bytes_sent` counts body bytes pushed. `request` is the one whose status
    and headers are sent: an internal redirect replaces it.
    """

    __slots__ = (
        "_answer",
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
        "head",
        "persist",
        "request",
    )

    def __init__(self, request: Request, writer: Writer) -> None:
        self.request = request
        self.committed = False
        self.finished = False
        self.head = b""
        """The head as it was sent, b"" before that."""
        self.persist = False
        """Whether the connection can take another request; known once finished."""
        self.bytes_sent = 0
        self._pushed = 0
        self._writer = writer
        self._sent_before = writer.accepted
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._declared = 0
        self._framing = CLOSE
        self._answer: Output | None = None
        """What was sent in this response's place."""

    @property
    def client_gone(self) -> bool:
        """Whether the connection is known to be lost."""
        return self._writer.gone

    @property
    def wire_bytes(self) -> int:
        """How many bytes went to the client so far, the head included."""
        if self._answer is not None:
            return self._answer.wire_bytes
        return self._writer.accepted - self._sent_before

    @property
    def content_length(self) -> int | None:
        """The Content-Length that was sent, None when there was none."""
        sent = self.committed and self._framing is LENGTH
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
            self._push(False, flush=flush)

    def flush(self) -> None:
        """Push what has collected; commits the headers even when that is nothing. Raises like `write()`."""
        if not self.finished:
            self._push(False, flush=True)

    def send_file(self, fd: int, offset: int, length: int) -> int:
        """Push `length` bytes of an open file after what has collected; return how many were taken.

        Blocks on a pool thread; on the reactor the file is read in blocks. Raises like `write()`.
        """
        if self.finished:
            return 0
        if length <= 0:
            self.flush()
            return 0
        if self.request.output_filters is not None:
            return self._filter_file(fd, offset, length)
        self._pushed += length
        head: list[bytes] = [] if self.committed else [self._commit(False)]
        head += self._frame(self._take())
        if self._framing is BODILESS or self.request.header_only:
            self._send(head)
            return length
        length = self._cut(length)
        if not length:
            self._send(head)
            return 0
        if self._framing is CHUNKED:
            head.append(b"%x\r\n" % length)
        self._send(head)
        sent = self._copy_file(fd, offset, length)
        self.bytes_sent += sent
        if sent < length:
            # The frame promised more than the file had: only closing tells the client.
            self.finished = True
            self.persist = False
        elif self._framing is CHUNKED:
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

    def collect(self, data: bytes) -> None:
        """Take body bytes without pushing any, however many there are."""
        self._buffer.append(data)
        self._buffered += len(data)

    def settle(self) -> None:
        """Send what has collected, which is all there will be, through the filters.

        What they make of it collects in its place, unless they hand it on in several parts: those go out.
        """
        chain = self.request.output_filters
        if chain is None or chain.running or self.finished:
            return

        def sink(data: bytes, last: bool) -> None:
            if last and not self.committed:
                self._replace(data)
            else:
                self._filtered(False, data, last)

        chain.push(self.request, b"".join(self._take()), True, sink)
        self.request.output_filters = None

    def included(self, request: Request, sink: Callable[[bytes], None]) -> Output:
        """Return the output of a subrequest, whose body goes to `sink` instead of to the client."""
        return Output(request, IncludedWriter(self._writer, sink))

    async def awrite(self, data: bytes, flush: bool) -> None:
        """`write()` for a coroutine on the reactor's thread: waits while the client is slow to take it."""
        # Filters work on the reactor's thread here, and let it see to others between two blocks.
        filtered = self.request.output_filters is not None
        block = BLOCK if filtered else FILE_BLOCK
        for start in range(0, len(data), block):
            self.write(data[start : start + block], flush)
            await self._writer.room(filtered and len(data) > BLOCK)

    async def aflush(self) -> None:
        """`flush()` for a coroutine on the reactor's thread."""
        self.flush()
        await self._writer.room()

    async def asend_file(self, fd: int, offset: int, length: int) -> int:
        """`send_file()` for a coroutine on the reactor's thread, one block of the file after the other."""
        sent = 0
        while sent < length and (block := os.pread(fd, min(FILE_BLOCK, length - sent), offset + sent)):
            await self.awrite(block, True)
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
        on_its_way = self.committed
        self._push(True, soon)
        self.finished = True
        if self._framing is CLOSE or (on_its_way and closes_after_all(self.request)):
            self.persist = False
        elif self._framing is LENGTH and self.bytes_sent != self._declared:
            self.persist = self.persist and self.request.header_only

    def aside(self) -> Writer:
        """Return what sends bytes beside the response, as they are: in front of, amid or instead of it.

        Raises ClientGone when the reactor has answered in the handler's place.
        """
        self._claim()
        return self._writer

    def upgrade(self, head: bytes) -> None:
        """Send the head of a response after which the connection speaks another protocol. Reactor only."""
        self._begin()
        self.finished = True
        self._writer.send_soon([head])

    def give_way(self, answer: Output) -> None:
        """Count what is about to be answered in this response's place; for its handler the client is gone."""
        self._answer = answer
        self.bytes_sent = answer.bytes_queued
        self._writer = self._writer.gone_twin()

    def let_go(self) -> None:
        """Forget the request: what is written after the end of a response is dropped."""
        self.finished = True
        del self.request

    def abandon(self) -> None:
        """End the response without sending anything more: the client is gone, or cannot be told."""
        self._take()
        self.finished = True
        self.persist = False

    # Inside

    def _push(self, last: bool, soon: bool = False, filtered: bool = False, flush: bool = False) -> None:
        chain = self.request.output_filters
        if chain is not None and not filtered:
            self._filter(chain, last, soon, flush)
            return
        parts = [] if self.committed else [self._commit(last)]
        parts += self._frame(self._take())
        if last:
            if self._framing is CHUNKED and not self.request.header_only:
                parts.append(LAST_CHUNK)
            if not (soon and not self.request.connection.on_reactor and self._writer.hold(parts)):
                self._send(parts)
        elif parts and not self._writer.hold(parts):
            self._send(parts)

    def _filter(self, chain: OutputChain, last: bool, soon: bool, flush: bool) -> None:
        if not chain.running:
            chain.push(self.request, b"".join(self._take()), last, partial(self._filtered, soon), flush)

    def _filtered(self, soon: bool, data: bytes, last: bool) -> None:
        """Push what left the filters: the headers go out with the first of it."""
        if last:
            # Nothing goes through them any more, not even an error page.
            self.request.output_filters = None
            self._replace(data)
            self.finish(soon)
            return
        # What a filter writes to the request itself goes through the filters with the next block.
        waiting, size = self._buffer, self._buffered
        self._replace(data)
        self._push(False, soon, filtered=True)
        self._buffer, self._buffered = waiting, size

    def _replace(self, data: bytes) -> None:
        """Put what filters made of it in the place of what was taken."""
        self._buffer = [data] if data else []
        self._buffered = len(data)
        self._pushed -= len(data)

    def _filter_file(self, fd: int, offset: int, length: int) -> int:
        sent = 0
        while sent < length and not self.finished:
            block = os.pread(fd, min(BLOCK, length - sent), offset + sent)
            if not block:
                break
            if self._writer.gone:
                raise ClientGone(WRITE_FAILED)
            self.collect(block)
            self._push(False)
            sent += len(block)
        return sent

    def _take(self) -> list[bytes]:
        buffer = self._buffer
        self._buffer = []
        self._pushed += self._buffered
        self._buffered = 0
        return buffer

    def _frame(self, body: list[bytes]) -> list[bytes]:
        """Return the body's bytes as they go on the wire, none where the response has no body."""
        if not body or self._framing is BODILESS or self.request.header_only:
            return []
        size = sum(map(len, body))
        if self._framing is CHUNKED:
            self.bytes_sent += size
            return [b"%x\r\n" % size, *body, b"\r\n"]
        allowed = self._cut(size)
        self.bytes_sent += allowed
        return body if allowed == size else [b"".join(body)[:allowed]]

    def _cut(self, size: int) -> int:
        """Never send more than the declared length: the excess would be read as the next response."""
        if self._framing is not LENGTH:
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
            self._begin()
            self._framing = CLOSE
            return b""
        head, self._framing, self._declared, self.persist = settle_head(
            request, self._buffered if last else None
        )
        self._begin()
        self.head = head
        return head

    def _begin(self) -> None:
        """Let the response begin."""
        self._claim()
        self.committed = True

    def _claim(self) -> None:
        """Note that something is sent, unless the time is up and the reactor has answered in our place."""
        deadline = self.request.connection.deadline
        if deadline is not None and not deadline.commit():
            raise ClientGone(WRITE_FAILED)
