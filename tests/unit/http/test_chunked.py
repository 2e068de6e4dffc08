"""Chunked request bodies."""

from __future__ import annotations

import pytest

from olexd.errors import BadRequest
from olexd.http.chunked import ChunkedDecoder
from olexd.http.limits import Limits


def decode(raw: bytes, limits: Limits | None = None) -> tuple[list[bytes], bytes]:
    """Return the pieces of a complete body and what follows it."""
    decoder = ChunkedDecoder(limits or Limits())
    pieces = decoder.feed(raw)
    assert decoder.done
    return pieces, decoder.rest


def refusal(raw: bytes, limits: Limits | None = None) -> int:
    """Return the status that `raw` is refused with."""
    with pytest.raises(BadRequest) as caught:
        ChunkedDecoder(limits or Limits()).feed(raw)
    return caught.value.status


def test_pieces_and_rest() -> None:
    """Data come out as they arrived, and what follows the body is left."""
    assert decode(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\nGET") == ([b"abc", b"de"], b"GET")


def test_data_are_passed_on_at_once() -> None:
    """A chunk's data do not wait for its end."""
    decoder = ChunkedDecoder(Limits())
    assert decoder.feed(b"5\r\nab") == [b"ab"]
    assert decoder.feed(b"cd") == [b"cd"]
    assert decoder.feed(b"e\r") == [b"e"]
    assert decoder.feed(b"\n0\r\n\r") == []
    assert not decoder.done
    assert decoder.feed(b"\nX") == []
    assert decoder.done and decoder.rest == b"X"


def test_block_is_not_cut() -> None:
    """A large chunk's block comes out as the one piece it arrived as."""
    decoder = ChunkedDecoder(Limits())
    decoder.feed(b"40000\r\n")
    block = b"x" * 65536
    (piece,) = decoder.feed(block)
    assert piece is block


def test_nothing_fed() -> None:
    """An empty feed changes nothing, anywhere."""
    decoder = ChunkedDecoder(Limits())
    for byte in b"1\r\na\r\n0\r\n\r\n":
        assert decoder.feed(b"") == []
        decoder.feed(bytes([byte]))
    assert decoder.done


def test_largest_size() -> None:
    """A size has at most 63 bits, in at most 16 digits."""
    ChunkedDecoder(Limits()).feed(b"7FFFFFFFFFFFFFFF\r\n")
    assert refusal(b"8000000000000000\r\n") == 413
    assert refusal(b"00000000000000001\r\n") == 413


def test_size_line_is_bounded() -> None:
    """A size line that does not end is refused as it grows."""
    assert refusal(b"1;" + b"a" * 4096) == 413
    assert refusal(b"1" * 5000) == 413


def test_extensions_are_bounded_together() -> None:
    """Tiny chunks with large extensions cannot go on for ever."""
    chunk = b"1;" + b"a" * 4000 + b"\r\nx\r\n"
    assert refusal(chunk * 17) == 413


def test_trailers_are_bounded() -> None:
    """Trailers are limited in number, in size and together."""
    assert refusal(b"0\r\n" + b"X: y\r\n" * 3, Limits(fields=2)) == 400
    assert decode(b"0\r\n" + b"X: y\r\n" * 2 + b"\r\n", Limits(fields=2)) == ([], b"")
    assert refusal(b"0\r\nX: " + b"y" * 100, Limits(field_size=50)) == 400
    assert refusal(b"0\r\n" + (b"X: " + b"y" * 8000 + b"\r\n") * 140, Limits(fields=0)) == 400


def test_trailers_are_kept() -> None:
    """Fields behind the last chunk are kept in order, also when they come byte by byte."""
    decoder = ChunkedDecoder(Limits())
    for byte in b"1\r\nx\r\n0\r\nA: 1\r\nb:  two \r\nA: \r\n\r\nrest":
        if not decoder.done:
            decoder.feed(bytes([byte]))
    assert decoder.done
    assert decoder.trailers == [(b"A", b"1"), (b"b", b"two"), (b"A", b"")]


def test_data_end_is_checked_at_once() -> None:
    """A wrong byte after the data is refused without waiting for another."""
    assert refusal(b"1\r\naX") == 400
    assert refusal(b"1\r\na\n") == 400
    assert refusal(b"1\r\na\rX") == 400


def test_nothing_is_decoded_after_an_error() -> None:
    """Once the framing is lost, well-formed chunks are not believed any more."""
    decoder = ChunkedDecoder(Limits())
    for raw in (b"zz\r\n", b"1\r\na\r\n0\r\n\r\n", b"0\r\n\r\n", b""):
        with pytest.raises(BadRequest):
            decoder.feed(raw)
    assert not decoder.done
