"""The corpus of raw requests, through the parser and the chunked decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from olexd.errors import BadRequest
from olexd.http.chunked import ChunkedDecoder
from olexd.http.limits import Limits
from olexd.http.parser import Framing, Head, HeadParser
from tests.corpus.cases import CASES, Case, Stage

TAIL = b"GET /next HTTP/1.1\r\nHost: next.example\r\n\r\n"


def read_head(parts: Iterator[bytes]) -> tuple[Head | None, bytes]:
    """Return the head in `parts` and what follows it."""
    parser = HeadParser(Limits())
    for part in parts:
        head = parser.feed(part)
        if head is not None:
            return head, parser.rest + b"".join(parts)
    return None, b""


def read_body(parts: Iterator[bytes]) -> tuple[bytes, bytes] | None:
    """Return the chunked body in `parts` and what follows it; None when it is not complete."""
    decoder = ChunkedDecoder(Limits())
    body = b""
    for part in parts:
        body += b"".join(decoder.feed(part))
        if decoder.done:
            return body, decoder.rest + b"".join(parts)
    return None


def whole(raw: bytes) -> Iterator[bytes]:
    """All at once."""
    return iter([raw])


def byte_by_byte(raw: bytes) -> Iterator[bytes]:
    """As slowly as it can come."""
    return (raw[i : i + 1] for i in range(len(raw)))


def in_blocks(raw: bytes) -> Iterator[bytes]:
    """In parts of seven bytes."""
    return (raw[i : i + 7] for i in range(0, len(raw), 7))


Split = Callable[[bytes], Iterator[bytes]]
SPLITS: list[Split] = [whole, byte_by_byte, in_blocks]


def outcome(raw: bytes, split: Split) -> int | None:
    """Return the status that `raw` is refused with, or None."""
    try:
        head, rest = read_head(split(raw))
        assert head is not None, "neither accepted nor refused"
        if head.framing is Framing.CHUNKED:
            assert read_body(split(rest)) is not None, "neither accepted nor refused"
    except BadRequest as error:
        return error.status
    return None


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outcome(case: Case, split: Split) -> None:
    """Each raw request is accepted or refused with its status, however it is split."""
    assert outcome(case.raw, split) == case.status


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_outcome_with_tail(case: Case, split: Split) -> None:
    """What follows a request does not change its outcome."""
    assert outcome(case.raw + TAIL, split) == case.status


@pytest.mark.parametrize("case", [case for case in CASES if case.status is None], ids=lambda case: case.name)
def test_tail_is_left(case: Case) -> None:
    """What follows an accepted request is handed over byte for byte."""
    head, rest = read_head(whole(case.raw + TAIL))
    assert head is not None
    if head.framing is Framing.CHUNKED:
        body = read_body(whole(rest))
        assert body is not None
        rest = body[1]
    assert rest.endswith(TAIL)
    if head.framing is not Framing.LENGTH:
        assert rest == TAIL


def test_names_are_unique() -> None:
    """A case's name stands for one case."""
    assert len({case.name for case in CASES}) == len(CASES)


def test_body_cases_have_good_heads() -> None:
    """A body case is decided by its body."""
    for case in CASES:
        if case.stage is Stage.BODY:
            head, _ = read_head(whole(case.raw))
            assert head is not None and head.framing is Framing.CHUNKED
