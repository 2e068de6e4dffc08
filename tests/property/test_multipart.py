"""Forms as a browser sends them, in blocks of any size."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mod_python._multipart import MultipartLimits, MultipartReader
from olexd.errors import BadRequest
from tests.unit.toolkit.test_multipart import reader

LIMITS = MultipartLimits(parts=100, part_header=1000)

values = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--", b"--BB", b"B", b"x", b"\r\n--B", b" ", b"\0"]))
"""What comes close to a delimiter, and sometimes is one."""


def values_in(body: bytes, size: int) -> list[bytes] | str:
    """Return the values of a body that arrives in blocks of `size` bytes, or what is wrong with it."""
    got = []
    parts = MultipartReader(reader(body, size), b"BB", LIMITS)
    try:
        for _ in parts:
            value = bytearray()
            parts.copy_value(value.extend)
            got.append(bytes(value))
    except BadRequest as error:
        return str(error)
    return got


@settings(max_examples=300, deadline=None)
@given(st.lists(values.map(b"".join), max_size=4), st.integers(1, 30))
def test_what_was_sent_is_what_is_read(sent: list[bytes], size: int) -> None:
    """Values that do not hold the boundary arrive unchanged, in order, in blocks of any size."""
    sent = [value for value in sent if b"--BB" not in value]
    body = b"".join(b"--BB\r\nA: 1\r\n\r\n" + value + b"\r\n" for value in sent) + b"--BB--\r\n"
    assert values_in(body, size) == sent


@settings(max_examples=300, deadline=None)
@given(values.map(b"".join), st.integers(1, 30))
def test_blocks_do_not_matter(body: bytes, size: int) -> None:
    """Whatever the bytes, the parts are the same whole and in small blocks."""
    body = b"--BB\r\n\r\n" + body
    assert values_in(body, size) == values_in(body, 1 << 20)
