"""Promises of the wire for any input."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from olexd.errors import BadRequest
from olexd.http.chunked import ChunkedDecoder
from olexd.http.framing import LAST_CHUNK, chunk, response_head
from olexd.http.limits import Limits
from olexd.http.parser import Head, HeadParser
from tests.corpus.cases import CASES

LIMITS = Limits(line=60, fields=4, field_size=40, chunk_line=30, chunk_extensions=40, empty_lines=2)

FRAGMENTS = [
    *(
        b"GET / HTTP/1.1\r\n",
        b"POST /a?b HTTP/1.0\r\n",
        b"Host: a\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b":",
        b"\t",
        b"\0",
    ),
    *(
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: x\r\n",
        b"X: y\r\n",
        b"HTTP/2.0",
        b"\xff",
    ),
    *(
        b"3",
        b"0",
        b";a=b",
        b"abc",
        b"0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"x" * 30,
        b'"',
        b"CONNECT",
        b"*",
        b"http://b:0/",
    ),
]
fragments = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=4), max_size=12).map(b"".join)
mutated = st.tuples(
    st.sampled_from([case.raw for case in CASES]), st.integers(0, 400), st.binary(max_size=3)
).map(lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :])
wire = fragments | mutated | st.binary(max_size=200)
cuts = st.lists(st.integers(0, 300), max_size=8).map(sorted)


def split(data: bytes, places: list[int]) -> list[bytes]:
    """Cut `data` at the places."""
    edges = [0, *(place for place in places if place < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def heads(parts: list[bytes], limits: Limits) -> tuple[list[Head], int | None, bytes]:
    """Return the heads in a stream without bodies, the status it ends with, and the unfinished rest."""
    parser = HeadParser(limits)
    found = []
    try:
        for part in parts:
            data = part
            while (head := parser.feed(data)) is not None:
                found.append(head)
                data, parser.rest = parser.rest, b""
    except BadRequest as error:
        return found, error.status, b""
    return found, None, parser.received


def body(parts: list[bytes], limits: Limits) -> tuple[bytes, int | None, bytes | None]:
    """Return the data of a chunked body, the status it is refused with, and what follows it."""
    decoder = ChunkedDecoder(limits)
    data = b""
    for index, part in enumerate(parts):
        try:
            data += b"".join(decoder.feed(part))
        except BadRequest as error:
            return b"", error.status, None
        if decoder.done:
            return data, None, decoder.rest + b"".join(parts[index + 1 :])
    return data, None, None


@given(wire, cuts, st.sampled_from([LIMITS, Limits()]))
@example(b"\r\n\r\n\r\n", [1], LIMITS)
@example(b"GET /" + b"x" * 58 + b"\n", [62], LIMITS)
def test_heads_do_not_depend_on_splits(data: bytes, places: list[int], limits: Limits) -> None:
    """Any bytes give heads or BadRequest, the same however they are split."""
    whole = heads([data], limits)
    assert heads(split(data, places), limits) == whole
    assert heads([data[i : i + 1] for i in range(len(data))], limits) == whole


@given(wire, cuts, st.sampled_from([LIMITS, Limits()]))
def test_bodies_do_not_depend_on_splits(data: bytes, places: list[int], limits: Limits) -> None:
    """Any bytes are a chunked body or BadRequest, the same however they are split."""
    whole = body([data], limits)
    assert body(split(data, places), limits) == whole
    assert body([data[i : i + 1] for i in range(len(data))], limits) == whole


@given(st.lists(st.binary(min_size=1, max_size=60)), cuts, st.binary(max_size=10))
def test_chunks_come_back(pieces: list[bytes], places: list[int], tail: bytes) -> None:
    """What was framed in chunks is decoded to the same bytes, and what follows is left."""
    raw = b"".join(map(chunk, pieces)) + LAST_CHUNK + tail
    assert body(split(raw, places), Limits()) == (b"".join(pieces), None, tail)


@given(
    st.integers(0, 1100),
    st.none() | st.text(max_size=20),
    st.lists(st.tuples(st.binary(max_size=6), st.binary(max_size=12)), max_size=4),
)
def test_response_heads_cannot_be_split(
    status: int, status_line: str | None, fields: list[tuple[bytes, bytes]]
) -> None:
    """A response head has exactly the lines it was asked for, or is refused with ValueError."""
    try:
        head = response_head(status, status_line, fields)
    except ValueError:
        return
    lines = head.split(b"\r\n")
    assert lines[-2:] == [b"", b""]
    assert lines[3:-2] == [name + b": " + value for name, value in fields]
    assert head.count(b"\n") == head.count(b"\r") == len(fields) + 4
