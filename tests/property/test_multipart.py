"""Forms as a browser sends them, in blocks of any size."""

from __future__ import annotations

import multipart
from hypothesis import given, settings
from hypothesis import strategies as st

from mod_python._multipart import Headers, MultipartLimits, MultipartReader
from olexd.errors import BadRequest
from tests.unit.toolkit.test_multipart import Parts, reader
from tests.unit.toolkit.test_multipart import parts as read_by_us

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


part_values = values.map(b"".join).filter(lambda value: b"--BB" not in value)
tokens = st.text("abcXYZ09-", min_size=1, max_size=8)
quoted = st.text(
    st.characters(max_codepoint=0xFF, exclude_categories=["Cc"], exclude_characters='"\\\xa0\xad\x85')
)
"""Text inside the quotes of a parameter, as it goes over the wire in Latin-1."""


@st.composite
def sent_parts(draw: st.DrawFn) -> tuple[Headers, bytes]:
    """A part as a browser may send it: its name, mostly more headers, and a value."""
    headers = [("content-disposition", f'form-data; name="{draw(quoted)}"')]
    if draw(st.booleans()):
        headers = [("content-disposition", f'{headers[0][1]}; filename="{draw(quoted)}"')]
        headers.append(("content-type", f"{draw(tokens)}/{draw(tokens)}"))
    headers += [(f"x-{name}".lower(), draw(tokens)) for name in draw(st.lists(tokens, max_size=2))]
    return [(name, value.encode("latin-1")) for name, value in headers], draw(part_values)


def as_sent(parts: Parts) -> bytes:
    """Return the body that RFC 7578 makes of parts."""
    body = b""
    for headers, value in parts:
        lines = b"".join(b"%s: %s\r\n" % (name.title().encode(), text) for name, text in headers)
        body += b"--BB\r\n" + lines + b"\r\n" + value + b"\r\n"
    return body + b"--BB--\r\n"


def read_by_the_library(body: bytes, size: int) -> Parts:
    """Return the parts that the library `multipart` finds."""
    found: Parts = []
    with multipart.PushMultipartParser("BB", header_charset="latin-1", max_header_size=1000) as parser:
        for start in range(0, len(body), size):
            for event in parser.parse(body[start : start + size]):
                if isinstance(event, multipart.MultipartSegment):
                    headers = [(name.lower(), text.encode("latin-1")) for name, text in event.headerlist]
                    found.append((headers, b""))
                elif event:
                    headers, value = found.pop()
                    found.append((headers, value + event))
    return found


@settings(max_examples=300, deadline=None)
@given(st.lists(sent_parts(), max_size=4), st.integers(1, 60))
def test_what_a_browser_sends_is_read_as_by_the_library(sent: Parts, size: int) -> None:
    """On bodies that keep to RFC 7578 a maintained parser and ours agree, and both find what was sent."""
    body = as_sent(sent)
    assert read_by_us(body, size, LIMITS) == sent
    assert read_by_the_library(body, size) == sent
