"""Multipart bodies, at the edges."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mod_python._multipart import Headers, MultipartLimits, MultipartReader
from olexd.errors import BadRequest

LIMITS = MultipartLimits(parts=10, part_header=1000)

Parts = list[tuple[Headers, bytes]]


def reader(body: bytes, size: int) -> Callable[[int], bytes]:
    """Return a read that gives at most `size` bytes at a time."""
    position = 0

    def read(count: int) -> bytes:
        nonlocal position
        block = body[position : position + min(count, size)]
        position += len(block)
        return block

    return read


def parts(body: bytes, size: int = 1 << 30, limits: MultipartLimits = LIMITS) -> Parts:
    """Return all parts of `body`."""
    found: Parts = []
    multipart = MultipartReader(reader(body, size), b"BB", limits)
    for headers in multipart:
        value = bytearray()
        multipart.copy_value(value.extend)
        found.append((headers, bytes(value)))
    return found


def form(ending: bytes) -> bytes:
    """Return a body with one part, whose value and the rest is `ending`."""
    return b"--BB\r\nA: 1\r\n\r\n" + ending


A = ("a", b"1")
B = ("b", b"2")

BODIES: list[tuple[bytes, Parts]] = [
    (b"", []),
    (b"--BB--\r\n", []),
    (b"preamble, not a part\r\n--BB--", []),
    (form(b"value\r\n--BB--\r\n"), [([A], b"value")]),
    (form(b"value\r\n--BB--\n"), [([A], b"value")]),
    (form(b"value\n--BB--\r\n"), [([A], b"value\n")]),
    (form(b"value\r\n--BB--"), [([A], b"value")]),
    (form(b"value\r\n--BB"), [([A], b"value")]),
    (form(b"value\r\n--BB-- \t\r\n"), [([A], b"value")]),
    (form(b"value\r\n--BB--\r\nan epilogue\r\n--BB\r\nB: 2\r\n\r\nx"), [([A], b"value")]),
    (form(b"value\r\n"), [([A], b"value\r\n")]),
    (form(b"value"), [([A], b"value")]),
    (form(b""), [([A], b"")]),
    (form(b"--BB--"), [([A], b"")]),
    (form(b"\r\n--BB--"), [([A], b"")]),
    (form(b"\r\r\r\n--BB--"), [([A], b"\r\r")]),
    (form(b"\r\n\r\n--BB--"), [([A], b"\r\n")]),
    (form(b"a\r\n--BBx\r\n--B\r\n--BB-x\r\n--BB--"), [([A], b"a\r\n--BBx\r\n--B\r\n--BB-x")]),
    (form(b"x --BB--\r\ny\r\n--BB--"), [([A], b"x --BB--\r\ny")]),
    (form(b"one\r\n--BB\r\nB: 2\r\n\r\ntwo\r\n--BB--"), [([A], b"one"), ([B], b"two")]),
    (form(b"one\r\n--BB \r\nB:2 \r\n\r\ntwo\r\n--BB--"), [([A], b"one"), ([B], b"two")]),
    (form(b"one\r\n--BB\r\nB: dropped\r\n--BB\r\nB: 2\r\n\r\ntwo\r\n--BB--"), [([A], b"one"), ([B], b"two")]),
    (form(b"one\r\n--BB\r\nB: dropped"), [([A], b"one")]),
    (form(b"one\r\n--BB\r\n--BB--"), [([A], b"one")]),
    (b"--BB\nA: 1\n\none\n--BB\nB: 2\n\ntwo\n--BB--\n", [([A], b"one"), ([B], b"two")]),
    (b"--BB\r\nA: x\r\n  y\r\n\tz\r\n\r\nv\r\n--BB--", [([("a", b"x y z")], b"v")]),
    (b"--BB\r\n\r\nv\r\n--BB--", [([], b"v")]),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 30])
@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_bodies(body: bytes, expected: Parts, size: int) -> None:
    """A body has the same parts however it arrives: whole, byte by byte, or in between."""
    assert parts(body, size) == expected


def test_a_line_end_at_a_block_edge_is_kept() -> None:
    """Uploads are exact whatever their length, also around the size of a block."""
    for length in range(65_300, 65_400):
        value = b"x" * length + b"\r"
        assert parts(form(value + b"\r\n--BB--")) == [([A], value)]


def test_too_many_parts_are_refused() -> None:
    """The eleventh part of ten allowed is a 413."""
    part = b"--BB\r\nA: 1\r\n\r\n\r\n"
    assert len(parts(part * 10 + b"--BB--")) == 10
    with pytest.raises(BadRequest, match="more than 10 parts") as caught:
        parts(part * 11 + b"--BB--")
    assert caught.value.status == 413


def test_dropped_parts_count() -> None:
    """Parts without an end of headers are counted too."""
    with pytest.raises(BadRequest, match="more than 10 parts"):
        parts(b"--BB\r\n" * 12)


@pytest.mark.parametrize("header", [b"A: " + b"x" * 1000 + b"\r\n", b"A: 1\r\n" * 200, b"A" * 2000])
@pytest.mark.parametrize("size", [100, 1 << 30])
def test_long_part_headers_are_refused(header: bytes, size: int) -> None:
    """Part headers beyond the limit are a 413, whether in one line, many, or a line without end."""
    with pytest.raises(BadRequest, match="more than 1000 bytes of headers") as caught:
        parts(b"--BB\r\n" + header, size)
    assert caught.value.status == 413


def test_a_header_without_a_colon_is_refused() -> None:
    """A line that is no header is a 400."""
    with pytest.raises(BadRequest, match="without a colon") as caught:
        parts(b"--BB\r\nno header\r\n\r\nv\r\n--BB--")
    assert caught.value.status == 400


def test_read_must_return_bytes() -> None:
    """A request object that reads text is an error."""
    with pytest.raises(TypeError, match=r"req.read\(\) must return bytes"):
        list(MultipartReader(lambda count: "text", b"BB", LIMITS))  # type: ignore[arg-type,return-value]


HOSTILE = [
    b"\r\n--BBx",
    b"\r\n--B",
    b"\r\n",
    b"\r",
    b"\n",
    b"\n--BB" + b" " * 300 + b"x",
    b"\n--BB\t\t\t\t\t",
    b"\n--BB-",
    b" ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_is_linear(piece: bytes) -> None:
    """Two megabytes of almost-delimiters are read at once; quadratic time would be minutes."""
    started = time.process_time()
    body = form(piece * (2_000_000 // len(piece)))
    parts(body, limits=MultipartLimits(parts=1 << 30, part_header=1000))
    assert time.process_time() - started < 10


def test_many_short_headers_are_read_in_linear_time() -> None:
    """Headers in short lines cost no more than their length."""
    started = time.process_time()
    body = (b"--BB\r\n" + b"a:\n" * 5000 + b"\nv\r\n") * 100 + b"--BB--"
    assert len(parts(body, limits=MultipartLimits(parts=1000, part_header=16384))) == 100
    assert time.process_time() - started < 10
