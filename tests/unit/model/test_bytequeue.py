"""The queue of a body's bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from olexd.model.bytequeue import ByteQueue

PIECES = st.lists(st.binary(max_size=20), max_size=12)


def queue_of(pieces: list[bytes]) -> ByteQueue:
    queue = ByteQueue()
    for piece in pieces:
        queue.append(piece)
    return queue


@given(PIECES, st.lists(st.integers(0, 30), max_size=20))
def test_order_and_amount(pieces: list[bytes], sizes: list[int]) -> None:
    """What is taken is what was appended, in order, however both are cut."""
    queue, rest = queue_of(pieces), b"".join(pieces)
    for size in sizes:
        assert queue.take(size) == rest[:size]
        rest = rest[size:]
        assert len(queue) == len(rest)


@given(st.lists(st.text("ab\n", max_size=9), max_size=8), st.integers(0, 9), st.integers(1, 40))
def test_first_line(pieces: list[str], skipped: int, most: int) -> None:
    """The first line is found across pieces, and only within the bytes asked for."""
    data = "".join(pieces).encode()
    queue = queue_of([piece.encode() for piece in pieces])
    queue.take(skipped)
    data = data[skipped:]
    assert queue.find_line(most) == data[:most].find(b"\n") + 1
    assert queue.take(len(data)) == data


def test_clear() -> None:
    """Nothing is left after clearing, a half-taken piece included."""
    queue = queue_of([b"abc", b"def"])
    queue.take(2)
    queue.clear()
    queue.append(b"x")
    assert (len(queue), queue.take(5)) == (1, b"x")
