"""Responses on their way out: buffering, commitment, framing (core spec 3.5)."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from olexd.errors import ClientGone
from olexd.http.writer import SocketWriter
from olexd.model.head import AP_CONN_CLOSE
from olexd.model.output import BUFFER_SIZE, Output
from olexd.model.request import Request
from olexd.status import CLOSES_CONNECTION
from tests.unit.python_support import make_record


class NoQueue:
    """A transport that never has to queue anything."""

    def write(self, data: bytes) -> None:
        raise AssertionError("the socket has room")

    def pending(self) -> bool:
        return False


class Exchange:
    """One request with a real output, and its client."""

    def __init__(self, config: str = "", **details: Any) -> None:
        ours, self.client = socket.socketpair()
        self.client.setblocking(False)
        ours.setblocking(False)
        self.writer = SocketWriter(ours, NoQueue(), 5.0)
        self.request: Request = make_record(config, **details)
        self.request.persistent = True
        self.output = self.request.output = Output(self.request, self.writer)

    def wire(self) -> bytes:
        """All that the client has received since the last look, held bytes included."""
        self.writer.release()
        received = b""
        while True:
            try:
                part = self.client.recv(1 << 20)
            except BlockingIOError:
                return received
            if not part:
                return received
            received += part

    def finish(self) -> tuple[list[bytes], bytes]:
        """End the response; return the head's lines (but for Date and Server) and the rest."""
        self.output.finish()
        head, end, body = self.wire().partition(b"\r\n\r\n")
        assert end
        lines = head.split(b"\r\n")
        assert sum(line.startswith((b"Date: ", b"Server: ")) for line in lines) == 2
        return [line for line in lines if not line.startswith((b"Date: ", b"Server: "))], body

    def close(self) -> None:
        self.writer.sock.close()
        self.client.close()


Make = Callable[..., Exchange]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes requests of certain kinds."""
    made: list[Exchange] = []

    def make(config: str = "", **details: Any) -> Exchange:
        made.append(Exchange(config, **details))
        return made[-1]

    yield make
    for exchange in made:
        exchange.close()


@pytest.fixture
def http(make: Make) -> Exchange:
    """A GET of a client that speaks HTTP/1.1 and lets the connection persist."""
    return make()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    """An open file of 10,000 bytes."""
    (tmp_path / "file").write_bytes(b"0123456789" * 1000)
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    yield fd
    os.close(fd)


def old_client(http: Exchange) -> Exchange:
    """Make the request one of HTTP/1.0 without keep-alive."""
    http.request.proto_num = 1000
    http.request.persistent = False
    return http


class TestBuffer:
    def test_8000_stay_8001_go(self, http: Exchange) -> None:
        """Unflushed output collects up to 8000 bytes; one more pushes everything."""
        http.output.write(b"x" * BUFFER_SIZE, False)
        assert (http.wire(), http.output.committed) == (b"", False)
        http.output.write(b"y", False)
        assert http.output.committed
        assert http.wire().endswith(b"\r\n\r\n1f41\r\n" + b"x" * 8000 + b"y\r\n")

    def test_flush_pushes(self, http: Exchange) -> None:
        """A flushed write commits the head and pushes all before it."""
        http.output.write(b"one ", False)
        http.output.write(b"two", True)
        assert http.wire().endswith(b"\r\n\r\n7\r\none two\r\n")

    def test_empty_write(self, http: Exchange) -> None:
        """Empty data commits nothing."""
        http.output.write(b"", True)
        assert not http.output.committed

    def test_flush_of_nothing(self, http: Exchange) -> None:
        """flush() commits the head even when there is no body yet."""
        http.output.flush()
        assert http.wire().startswith(b"HTTP/1.1 200 OK\r\n")

    def test_frozen_after_commitment(self, http: Exchange) -> None:
        """Later changes of status and headers vanish silently."""
        http.output.write(b"x", True)
        http.request.status = 404
        http.request.headers_out["X-Late"] = "1"
        head, body = http.finish()
        assert head[0] == b"HTTP/1.1 200 OK"
        assert b"X-Late: 1" not in head
        assert body == b"1\r\nx\r\n0\r\n\r\n"

    def test_discard(self, http: Exchange) -> None:
        """discard() drops what was not pushed, and only that."""
        http.output.write(b"pushed", True)
        http.output.write(b"dropped", False)
        http.output.discard()
        assert http.output.bytes_queued == 6
        assert http.finish()[1] == b"6\r\npushed\r\n0\r\n\r\n"

    def test_counts(self, http: Exchange) -> None:
        """`bytes_sent` is what was pushed, `bytes_queued` what was accepted, `wire_bytes` everything."""
        http.output.write(b"12345", True)
        http.output.write(b"678", False)
        assert (http.output.bytes_sent, http.output.bytes_queued) == (5, 8)
        http.output.finish()
        assert (http.output.bytes_sent, http.output.bytes_queued) == (8, 8)
        assert http.output.wire_bytes == len(http.wire())

    def test_after_the_end(self, http: Exchange) -> None:
        """What is written after the end of the response reaches nobody."""
        http.output.finish()
        http.wire()
        http.output.write(b"late", True)
        http.output.flush()
        http.output.finish()
        assert http.wire() == b""


class TestFraming:
    def test_complete_before_a_push(self, http: Exchange) -> None:
        """A response that is complete before anything was pushed gets its length."""
        http.output.write(b"hello", False)
        head, body = http.finish()
        assert b"Content-Length: 5" in head
        assert body == b"hello"
        assert http.output.persist

    def test_empty(self, http: Exchange) -> None:
        """A response without a body says so."""
        assert http.finish() == ([b"HTTP/1.1 200 OK", b"Content-Length: 0"], b"")

    @pytest.mark.parametrize("status", [200, 404, *sorted(CLOSES_CONNECTION)])
    def test_status_behind_the_head(self, http: Exchange, status: int) -> None:
        """A status that comes too late to be sent still decides about the connection."""
        http.output.write(b"x", True)
        http.request.status = status
        head, body = http.finish()
        assert (head[0], body) == (b"HTTP/1.1 200 OK", b"1\r\nx\r\n0\r\n\r\n")
        assert http.output.persist is (status not in CLOSES_CONNECTION)

    def test_closed_behind_the_head(self, http: Exchange) -> None:
        """So does what a handler says of the connection itself."""
        http.output.write(b"x", True)
        http.request.connection.keepalive = AP_CONN_CLOSE
        http.finish()
        assert not http.output.persist

    def test_pushed_before_the_end(self, http: Exchange) -> None:
        """A response that is pushed earlier is chunked."""
        http.output.write(b"hello", True)
        http.output.write(b"world!", True)
        head, body = http.finish()
        assert head == [b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked"]
        assert body == b"5\r\nhello\r\n6\r\nworld!\r\n0\r\n\r\n"
        assert http.output.persist
        assert http.request.chunked

    def test_old_client(self, http: Exchange) -> None:
        """HTTP/1.0 knows no chunks: the end of the connection is the end of the response."""
        old_client(http).output.write(b"hello", True)
        head, body = http.finish()
        assert head == [b"HTTP/1.1 200 OK", b"Connection: close"]
        assert body == b"hello"
        assert not http.output.persist

    def test_closing_connection(self, http: Exchange) -> None:
        """A handler that gave the connection up needs no chunks."""
        http.request.connection.keepalive = AP_CONN_CLOSE
        http.output.write(b"hello", True)
        head, body = http.finish()
        assert (head[1:], body) == ([b"Connection: close"], b"hello")

    def test_client_that_still_waits_for_100(self, http: Exchange) -> None:
        """A body that was never asked for cannot be skipped: the connection ends."""
        http.request.expecting_100 = True
        http.output.write(b"no", False)
        assert b"Connection: close" in http.finish()[0]
        assert not http.output.persist

    def test_explicit_length(self, http: Exchange) -> None:
        """A declared length is used, and there are no chunks."""
        http.request.headers_out["Content-Length"] = "10"
        http.output.write(b"hello", True)
        http.output.write(b"world", True)
        head, body = http.finish()
        assert head == [b"HTTP/1.1 200 OK", b"Content-Length: 10"]
        assert body == b"helloworld"
        assert http.output.persist

    def test_explicit_length_too_short(self, http: Exchange) -> None:
        """No byte beyond the declared length is sent: it would be read as the next response."""
        http.request.headers_out["Content-Length"] = "7"
        http.output.write(b"hello", True)
        http.output.write(b"world", True)
        http.output.write(b"more", True)
        assert http.finish()[1] == b"hellowo"
        assert http.output.bytes_sent == 7

    def test_explicit_length_too_long(self, http: Exchange) -> None:
        """A response shorter than declared ends with the connection."""
        http.request.headers_out["Content-Length"] = "10"
        http.output.write(b"hello", True)
        assert http.finish()[1] == b"hello"
        assert not http.output.persist

    @pytest.mark.parametrize("value", ["abc", "-1", "+5", "5, 5", "", "0x5"])
    def test_senseless_length(self, http: Exchange, value: str) -> None:
        """A declared length that is none is replaced by the right one."""
        http.request.headers_out["Content-Length"] = value
        http.output.write(b"hello", False)
        head, body = http.finish()
        assert [line for line in head if b"ength" in line] == [b"Content-Length: 5"]
        assert body == b"hello"

    def test_own_transfer_encoding(self, http: Exchange) -> None:
        """Only the server says how a response is encoded."""
        http.request.headers_out["Transfer-Encoding"] = "gzip"
        http.output.write(b"hello", False)
        head, body = http.finish()
        assert (head[1:], body) == ([b"Content-Length: 5"], b"hello")

    @pytest.mark.parametrize("status", [204, 304])
    @pytest.mark.parametrize("flush", [True, False])
    def test_no_body(self, http: Exchange, status: int, flush: bool) -> None:
        """204 and 304 have no body and none of its fields, and the connection persists."""
        http.request.status = status
        http.request.content_type = "text/html"
        http.request.headers_out["Content-Length"] = "5"
        http.request.headers_out["ETag"] = '"x"'
        http.output.write(b"hello", flush)
        head, body = http.finish()
        assert (head[1:], body) == ([b'ETag: "x"'], b"")
        assert http.output.persist

    @pytest.mark.parametrize("status", [100, 101, 150])
    def test_no_final_status(self, http: Exchange, status: int) -> None:
        """A status that ends no exchange ends the connection, or the next response would be it."""
        http.request.status = status
        http.output.write(b"hello", False)
        head, _ = http.finish()
        assert b"Connection: close" in head
        assert not http.output.persist

    @pytest.mark.parametrize("status", [42, 0, -1, 1000, 5000])
    @pytest.mark.parametrize("field", [True, False])
    def test_no_status_at_all(self, http: Exchange, status: int, field: bool) -> None:
        """What is no three-digit number is sent as 500."""
        http.request.status = status
        if field:
            http.request.headers_out["X"] = "y"
        assert http.finish()[0][0] == b"HTTP/1.1 500 Internal Server Error"


class TestHead:
    """HEAD: the head of GET where it can be known, and never a body."""

    def test_buffered(self, make: Make) -> None:
        """The length of a buffered body is told."""
        http = make(method="HEAD")
        http.output.write(b"hello", False)
        assert http.finish() == ([b"HTTP/1.1 200 OK", b"Content-Length: 5"], b"")
        assert http.output.persist

    def test_pushed(self, make: Make) -> None:
        """The length of a pushed body is not known; no chunks are promised or sent."""
        http = make(method="HEAD")
        http.output.write(b"hello", True)
        http.output.write(b"world", True)
        assert http.finish() == ([b"HTTP/1.1 200 OK"], b"")
        assert http.output.persist

    def test_explicit(self, make: Make) -> None:
        """A declared length is told, whatever is written."""
        http = make(method="HEAD")
        http.request.headers_out["Content-Length"] = "1000"
        assert http.finish() == ([b"HTTP/1.1 200 OK", b"Content-Length: 1000"], b"")
        assert http.output.persist

    def test_file(self, make: Make, file: int) -> None:
        """A file's bytes stay where they are."""
        http = make(method="HEAD")
        http.request.headers_out["Content-Length"] = "10000"
        assert http.output.send_file(file, 0, 10000) == 10000
        assert http.finish()[1] == b""
        assert http.output.persist


class TestFields:
    def test_order(self, http: Exchange) -> None:
        """err_headers_out come first, then headers_out; repeated names stay separate lines."""
        http.request.headers_out.add("X", "3")
        http.request.err_headers_out.add("X", "1")
        http.request.err_headers_out.add("x", "2")
        head, _ = http.finish()
        assert head[1:4] == [b"X: 1", b"x: 2", b"X: 3"]

    def test_own_date_and_server(self, http: Exchange) -> None:
        """Date and Server are the server's."""
        http.request.headers_out["Date"] = "yesterday"
        http.request.err_headers_out["server"] = "me"
        head, _ = http.finish()
        assert head == [b"HTTP/1.1 200 OK", b"Content-Length: 0"]

    @pytest.mark.parametrize("table", ["headers_out", "err_headers_out"])
    def test_content_type(self, http: Exchange, table: str) -> None:
        """`content_type` beats a field of the table, which counts without it."""
        getattr(http.request, table)["content-type"] = "text/x-field"
        http.request.content_type = "text/x-attribute"
        head, _ = http.finish()
        assert [line for line in head if line.lower().startswith(b"content-type")] == [
            b"Content-Type: text/x-attribute"
        ]

    def test_vary(self, http: Exchange) -> None:
        """All Vary fields become one, each name once: the first spelling stays."""
        http.request.err_headers_out.add("Vary", "Origin")
        http.request.headers_out.add("vary", "Accept, ORIGIN")
        http.request.headers_out.add("Vary", " Cookie,,accept ")
        assert b"Vary: Origin,Accept,Cookie" in http.finish()[0]

    def test_vary_that_cannot_be_sent(self, http: Exchange) -> None:
        """Joining does not make a break in a value harmless: it is refused like in any field."""
        http.request.headers_out["Vary"] = "Origin\r\nX: y"
        with pytest.raises(ValueError):
            http.output.flush()
        assert http.wire() == b""

    def test_content_type_of_the_table(self, http: Exchange) -> None:
        """Without `content_type` the table's field is sent."""
        http.request.headers_out["Content-Type"] = "text/x-field"
        assert b"Content-Type: text/x-field" in http.finish()[0]

    def test_status_line(self, http: Exchange) -> None:
        """`status_line` is used when its number is the status, else it is replaced."""
        http.request.status, http.request.status_line = 299, "299 Custom"
        assert http.finish()[0][0] == b"HTTP/1.1 299 Custom"

    def test_other_status_line(self, http: Exchange) -> None:
        """A status line for another number does not count."""
        http.request.status, http.request.status_line = 404, "200 OK"
        assert http.finish()[0][0] == b"HTTP/1.1 404 Not Found"

    def test_encoding(self, http: Exchange) -> None:
        """Text goes out as Latin-1, bytes as they are."""
        http.request.headers_out["X-Text"] = "é"
        http.request.headers_out["X-Bytes"] = "é".encode()
        head, _ = http.finish()
        assert b"X-Text: \xe9" in head
        assert b"X-Bytes: \xc3\xa9" in head


EVIL = ("x\r\nSet-Cookie: a=b", "x\ny", "x\ry", "x\0y", "x\r\n\r\n<html>")


class TestInjection:
    """No text of a handler's ends a line of the head."""

    @pytest.mark.parametrize("value", EVIL)
    @pytest.mark.parametrize("table", ["headers_out", "err_headers_out"])
    def test_value(self, http: Exchange, table: str, value: str) -> None:
        """A value with a line end is refused, and nothing was sent."""
        getattr(http.request, table)["X"] = value
        self.refused(http)

    @pytest.mark.parametrize("name", ["X Y", "X:", "X\r\nY", "", "X\0", "Ü"])
    def test_name(self, http: Exchange, name: str) -> None:
        """A name that is no token is refused."""
        http.request.headers_out[name] = "x"
        self.refused(http)

    @pytest.mark.parametrize("value", EVIL)
    @pytest.mark.parametrize("field", [True, False])
    def test_content_type(self, http: Exchange, value: str, field: bool) -> None:
        """A content type with a line end is refused, with other fields and alone."""
        if field:
            http.request.headers_out["X"] = "y"
        http.request.content_type = value
        self.refused(http)

    @pytest.mark.parametrize("value", EVIL)
    def test_content_encoding(self, http: Exchange, value: str) -> None:
        """A content encoding with a line end is refused."""
        http.request.content_encoding = value
        self.refused(http)

    @pytest.mark.parametrize("value", EVIL)
    def test_status_line(self, http: Exchange, value: str) -> None:
        """A status line with another line in it is refused."""
        http.request.status_line = f"200 {value}"
        self.refused(http)

    @pytest.mark.parametrize("text", ["€", "\ud800"])
    def test_not_latin1(self, http: Exchange, text: str) -> None:
        """Text that cannot be sent is refused, not guessed at."""
        http.request.content_type = text
        self.refused(http)

    def refused(self, http: Exchange) -> None:
        """Every way of sending raises ValueError and sends nothing; a repaired response can be sent."""
        with pytest.raises(ValueError):
            http.output.write(b"body", True)
        with pytest.raises(ValueError):
            http.output.flush()
        with pytest.raises(ValueError):
            http.output.finish()
        assert http.wire() == b""
        assert not http.output.committed
        request = http.request
        request.headers_out.clear()
        request.err_headers_out.clear()
        request.content_type = request.content_encoding = request.status_line = None
        http.output.discard()
        http.output.write(b"sorry", False)
        assert http.finish()[1] == b"sorry"


class TestPersistence:
    def test_silent_by_default(self, http: Exchange) -> None:
        """HTTP/1.1 persists without a word."""
        assert not [line for line in http.finish()[0] if b"onnection" in line or b"Keep-Alive" in line]
        assert http.output.persist

    def test_asked_for(self, http: Exchange) -> None:
        """Who asks for keep-alive is told how long and how often."""
        http.request.keep_alive_token = True
        assert http.finish()[0][-2:] == [b"Keep-Alive: timeout=5, max=100", b"Connection: Keep-Alive"]

    def test_old_client_that_asks(self, http: Exchange) -> None:
        """HTTP/1.0 with keep-alive persists when the length is known."""
        http.request.proto_num = 1000
        http.request.keep_alive_token = True
        http.output.write(b"hello", False)
        assert b"Connection: Keep-Alive" in http.finish()[0]
        assert http.output.persist

    def test_client_that_closes(self, http: Exchange) -> None:
        """A client that wants the connection closed gets that."""
        http.request.persistent = False
        assert b"Connection: close" in http.finish()[0]
        assert not http.output.persist

    def test_switched_off(self, make: Make) -> None:
        """KeepAlive Off closes every connection."""
        http = make("KeepAlive Off")
        assert b"Connection: close" in http.finish()[0]

    @pytest.mark.parametrize(("earlier", "persists"), [(0, True), (1, True), (2, False), (3, False)])
    def test_most_requests(self, make: Make, earlier: int, persists: bool) -> None:
        """MaxKeepAliveRequests counts the requests after the first."""
        http = make("MaxKeepAliveRequests 2")
        http.request.connection.keepalives = earlier
        http.request.keep_alive_token = True
        head, _ = http.finish()
        assert http.output.persist is persists
        assert (b"Connection: close" in head) is not persists
        assert (f"Keep-Alive: timeout=5, max={2 - earlier}".encode() in head) is persists

    def test_any_number(self, make: Make) -> None:
        """MaxKeepAliveRequests 0 means any number."""
        http = make("MaxKeepAliveRequests 0\nKeepAliveTimeout 7")
        http.request.connection.keepalives = 100_000
        http.request.keep_alive_token = True
        assert b"Keep-Alive: timeout=7" in http.finish()[0]

    @pytest.mark.parametrize("status", sorted(CLOSES_CONNECTION))
    def test_statuses_that_close(self, http: Exchange, status: int) -> None:
        """After some statuses httpd does not trust the connection any more."""
        http.request.status = status
        assert b"Connection: close" in http.finish()[0]
        assert not http.output.persist


class TestFile:
    def test_chunk(self, http: Exchange, file: int) -> None:
        """A file's bytes are one chunk after what has collected."""
        http.output.write(b"before", False)
        assert http.output.send_file(file, 10, 20) == 20
        assert http.finish()[1] == b"6\r\nbefore\r\n14\r\n01234567890123456789\r\n0\r\n\r\n"
        assert http.output.persist

    def test_declared(self, http: Exchange, file: int) -> None:
        """With a declared length the bytes stand alone, and never more than declared."""
        http.request.headers_out["Content-Length"] = "25"
        http.output.write(b"before", False)
        assert http.output.send_file(file, 0, 10) == 10
        assert http.output.send_file(file, 0, 100) == 9
        assert http.output.send_file(file, 0, 100) == 0
        assert http.finish()[1] == b"before0123456789012345678"
        assert http.output.persist

    @pytest.mark.parametrize("length", [None, "10000"])
    @pytest.mark.parametrize("on_reactor", [True, False])
    def test_file_that_shrank(self, http: Exchange, file: int, length: str | None, on_reactor: bool) -> None:
        """A file that ends before its frame does ends the connection too."""
        http.request.connection.on_reactor = on_reactor
        if length:
            http.request.headers_out["Content-Length"] = length
        assert http.output.send_file(file, 9000, 10000) == 1000
        http.output.write(b"more", True)
        http.output.finish()
        assert http.wire().endswith(b"0123456789")
        assert http.output.persist is False

    def test_on_the_reactor(self, http: Exchange, file: int) -> None:
        """On the reactor's thread the file is read in blocks."""
        http.request.connection.on_reactor = True
        assert http.output.send_file(file, 0, 10000) == 10000
        assert http.finish()[1] == b"2710\r\n" + b"0123456789" * 1000 + b"\r\n0\r\n\r\n"

    @pytest.mark.parametrize("length", [0, -1])
    def test_nothing(self, http: Exchange, file: int, length: int) -> None:
        """No bytes are sent, but the head is committed as by any other file."""
        assert http.output.send_file(file, 0, length) == 0
        assert http.output.committed
        assert http.finish()[1] == b"0\r\n\r\n"


class TestClientGone:
    @pytest.mark.parametrize("on_reactor", [True, False])
    def test_every_write_raises(self, http: Exchange, on_reactor: bool) -> None:
        """Once the client is known to be gone, even an unflushed write raises."""
        http.request.connection.on_reactor = on_reactor
        http.client.close()
        with pytest.raises(OSError, match=r"^Write failed, client closed connection\.$"):
            http.output.write(b"x" * 100_000, True)
        for flush in (True, False):
            with pytest.raises(ClientGone):
                http.output.write(b"x", flush)

    def test_abandon(self, http: Exchange) -> None:
        """An abandoned response sends nothing more, and its connection is not used again."""
        http.output.write(b"x", False)
        http.output.abandon()
        http.output.finish()
        assert http.wire() == b""
        assert not http.output.persist


@pytest.mark.parametrize(
    ("content_type", "sent"),
    [
        ("text/plain", b"text/plain; charset=utf-8"),
        ("text/html", b"text/html; charset=utf-8"),
        ("text/html; charset=latin-1", b"text/html; charset=latin-1"),
        ("application/json", b"application/json"),
    ],
)
def test_default_charset(make: Make, content_type: str, sent: bytes) -> None:
    """AddDefaultCharset counts for plain and HTML texts that name no charset themselves."""
    http = make("AddDefaultCharset utf-8")
    http.request.content_type = content_type
    http.output.write(b"x", False)
    assert b"Content-Type: " + sent in http.finish()[0]
