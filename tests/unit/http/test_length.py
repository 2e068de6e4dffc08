"""Bodies whose length is declared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from olexd.http.length import LengthDecoder


@given(st.binary(max_size=60), st.binary(max_size=30), st.integers(1, 20))
def test_body_and_rest(body: bytes, rest: bytes, block: int) -> None:
    """The body ends where it was said to end, however it arrives; the rest is kept."""
    decoder, data = LengthDecoder(len(body)), body + rest
    found, position = b"", 0
    while not decoder.done:
        found += b"".join(decoder.feed(data[position : position + block]))
        position += block
    assert found == body
    assert decoder.rest + data[position:] == (rest if body else data)
