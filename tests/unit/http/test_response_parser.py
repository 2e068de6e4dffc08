"""Responses of other servers: where they end, and which are refused."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from olexd.http.limits import Limits
from olexd.http.response_parser import HEAD_MAX, INTERIM_MAX, BadResponse, ResponseParser

OK = b"HTTP/1.1 200 OK\r\n"


def whole(data: bytes) -> Iterable[bytes]:
    """Return the bytes as one part."""
    return [data]


def bytewise(data: bytes) -> Iterable[bytes]:
    """Return the bytes one by one."""
    return (data[position : position + 1] for position in range(len(data)))


def fed(parser: ResponseParser, parts: Iterable[bytes]) -> bytes:
    """Return the body that the parser finds before the response is done."""
    body = b""
    for part in parts:
        if parser.done:
            parser.rest += part
        else:
            body += b"".join(parser.feed(part))
    return body


@pytest.mark.parametrize("split", [whole, bytewise])
@pytest.mark.parametrize(
    ("method", "data", "status", "body", "rest", "keeps"),
    [
        (b"GET", OK + b"Content-Length: 2\r\n\r\nok", 200, b"ok", b"", True),
        (b"GET", OK + b"content-length:2\t\r\n\r\nokmore", 200, b"ok", b"more", True),
        (b"GET", OK + b"Content-Length: 0\r\n\r\n", 200, b"", b"", True),
        (b"GET", OK + b"Content-Length: 2\r\nConnection: x, Close\r\n\r\nok", 200, b"ok", b"", False),
        (b"GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", b"", False),
        (
            b"GET",
            b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
            200,
            b"ok",
            b"",
            True,
        ),
        (
            b"GET",
            OK + b"Transfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\nmore",
            200,
            b"ok",
            b"more",
            True,
        ),
        (b"HEAD", OK + b"Content-Length: 2\r\n\r\nok", 200, b"", b"ok", True),
        (b"HEAD", OK + b"Transfer-Encoding: chunked\r\n\r\n", 200, b"", b"", True),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\nok", 204, b"", b"ok", True),
        (b"GET", b"HTTP/1.1 304\r\nContent-Length: 9\r\n\r\n", 304, b"", b"", True),
        (
            b"GET",
            b"HTTP/1.1 100 Go on\r\nX: y\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok",
            200,
            b"ok",
            b"",
            True,
        ),
        (b"GET", b"HTTP/1.1 299 \r\nContent-Length: 1\r\n\r\nx", 299, b"x", b"", True),
    ],
)
def test_where_responses_end(
    split: object, method: bytes, data: bytes, status: int, body: bytes, rest: bytes, keeps: bool
) -> None:
    """However a response arrives, its body and what follows are the same."""
    parser = ResponseParser(method)
    assert fed(parser, split(data)) == body  # type: ignore[operator]
    assert parser.head is not None
    assert (parser.done, parser.rest) == (True, rest)
    assert (parser.head.status, parser.head.keep_alive) == (status, keeps)


@pytest.mark.parametrize("split", [whole, bytewise])
def test_a_body_until_the_end(split: object) -> None:
    """Without a length, the end of the connection is the end of the body; it takes no other request."""
    parser = ResponseParser(b"GET")
    assert not parser.is_whole_at_close()
    assert fed(parser, split(OK + b"\r\nall of it")) == b"all of it"  # type: ignore[operator]
    assert parser.head is not None
    assert (parser.done, parser.is_whole_at_close(), parser.head.keep_alive) == (False, True, False)


def test_a_body_that_is_cut() -> None:
    """With a length, or in chunks, the end of the connection comes too early."""
    for framing in (b"Content-Length: 5", b"Transfer-Encoding: chunked"):
        parser = ResponseParser(b"GET")
        parser.feed(OK + framing + b"\r\n\r\n5\r\n")
        assert not parser.is_whole_at_close()


def test_fields_keep_order_and_case() -> None:
    """Repeated fields stay apart; those of interim responses are forgotten."""
    parser = ResponseParser(b"GET")
    parser.feed(b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK + b"B: 1\r\na:  2 \r\nB:\r\n\r\n")
    assert parser.head is not None
    assert parser.head.fields == [(b"B", b"1"), (b"a", b"2"), (b"B", b"")]
    assert parser.head.phrase == b"OK"


def test_a_switch_that_was_asked_for() -> None:
    """It ends the response; what follows is the other protocol's."""
    parser = ResponseParser(b"GET", b"h2c, WebSocket")
    parser.feed(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello")
    assert (parser.done, parser.rest) == (True, b"hello")


@pytest.mark.parametrize(
    ("asked", "fields"),
    [(b"", b"Upgrade: websocket\r\n"), (b"websocket", b"Upgrade: h2c\r\n"), (b"websocket", b"")],
)
def test_a_switch_that_nobody_asked_for(asked: bytes, fields: bytes) -> None:
    """Neither without being asked, nor to another protocol."""
    with pytest.raises(BadResponse, match="nobody asked for"):
        ResponseParser(b"GET", asked).feed(b"HTTP/1.1 101 Switching\r\n" + fields + b"\r\n")


@pytest.mark.parametrize("split", [whole, bytewise])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"what is HTTP?\r\n", "status line"),
        (b"HTTP/1.1 200 OK\n", "status line"),
        (b"HTTP/1.2 200 OK\r\n", "status line"),
        (b"HTTP/1.1 2000 OK\r\n", "status line"),
        (b"HTTP/1.1 200 a\0b\r\n", "status line"),
        (b"\r\n" + OK, "status line"),
        (OK + b"X: a\rb\r\n", "header field"),
        (OK + b"X: a\n", "header field"),
        (OK + b"X: a\0\r\n", "header field"),
        (OK + b"X: a\r\n b\r\n", "header field"),
        (OK + b"X : a\r\n", "header field"),
        (OK + b": a\r\n", "header field"),
        (OK + b"Content-Length: 1\r\ncontent-length: 1\r\n\r\n", "Content-Length"),
        (OK + b"Content-Length: -1\r\n\r\n", "Content-Length"),
        (OK + b"Content-Length: \r\n\r\n", "Content-Length"),
        (OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "ambiguous"),
        (OK + b"Transfer-Encoding: identity\r\n\r\n", "ambiguous"),
        (OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", "ambiguous"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n", "chunk size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc", "chunk"),
        (b"HTTP/1.1 103 Hints\r\n\r\n" * (INTERIM_MAX + 1), "interim"),
    ],
)
def test_refusals(split: object, data: bytes, reason: str) -> None:
    """However it arrives, what can be read in two ways is refused."""
    with pytest.raises(BadResponse, match=reason):
        fed(ResponseParser(b"GET"), split(data))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HTTP/1.1 200 " + b"x" * 50, "longer than 40 bytes"),
        (OK + b"X: " + b"x" * 60, "longer than 50 bytes"),
        (OK + b"X: y\r\n" * 4, "more than 3 header fields"),
        (b"HTTP/1.1 103 Hints\r\nX: y\r\n\r\n" * 4 + OK, ""),
    ],
)
def test_limits(data: bytes, reason: str) -> None:
    """Lines and fields have limits, also while they have no end; each interim response starts anew."""
    parser = ResponseParser(b"GET", limits=Limits(line=40, fields=3, field_size=50))
    if reason:
        with pytest.raises(BadResponse, match=reason):
            parser.feed(data)
    else:
        assert parser.feed(data) == []


def test_the_limit_of_the_whole_head() -> None:
    """Many fields that are each short enough are too much together; the body does not count."""
    line = b"X: " + b"x" * 8000 + b"\r\n"
    parser = ResponseParser(b"GET")
    with pytest.raises(BadResponse, match="its head is longer"):
        fed(parser, whole(OK + line * (HEAD_MAX // len(line) + 1)))
    parser = ResponseParser(b"GET")
    assert len(fed(parser, whole(OK + b"\r\n" + line * 100))) == 100 * len(line)
