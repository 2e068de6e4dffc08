"""A part of what a handler wrote, when the client asks for one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from olexd.model.request import Request
from olexd.phases.hooks import Phase
from olexd.status import OK
from tests.unit.phases.support import Result, Server

BODY = b"0123456789"


def ask(
    value: str,
    prepare: Callable[[Request], None] = lambda request: None,
    config: str = "",
    method: str = "GET",
    if_range: str = "",
) -> Result:
    """Ask with a Range field for what a handler writes before `prepare`."""

    def handler(request: Request) -> int:
        request.output.write(BODY, False)
        prepare(request)
        return OK

    server = Server(config)
    server.on(Phase.HANDLER, handler)
    lines = [(b"rAnGe", value.encode())]
    if if_range:
        lines.append((b"If-Range", if_range.encode()))
    return server.get("/", headers=lines, method=method)


def put(name: str, value: str) -> Callable[[Request], None]:
    """Return a handler's step that sets a header field."""

    def prepare(request: Request) -> None:
        request.headers_out[name] = value

    return prepare


def set_status(request: Request) -> None:
    """Answer 404."""
    request.status = 404


def set_encoding(request: Request) -> None:
    """Say that the body is compressed."""
    request.content_encoding = "gzip"


@pytest.mark.parametrize(
    ("value", "part", "place"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=0-9", BODY, "bytes 0-9/10"),
    ],
)
def test_one_range(value: str, part: bytes, place: str) -> None:
    """One range is sent with its place and its own length."""
    result = ask(value, put("Content-Length", "10"))
    assert (result.status, result.body, result.field("Content-Range")) == (206, part, place)
    assert result.field("Content-Length") == str(len(part))


def test_outside() -> None:
    """A range beyond the end is refused."""
    assert ask("bytes=50-").status == 416


def test_several_ranges() -> None:
    """Several ranges are sent in parts, with the length of the whole."""
    result = ask("bytes=4-5,0-1")
    kind, _, boundary = (result.field("Content-Type") or "").partition("; boundary=")
    assert (result.status, kind, result.field("Content-Range")) == (206, "multipart/byteranges", None)
    assert result.field("Content-Length") == str(len(result.body))
    assert result.body.decode() == (
        f"\r\n--{boundary}\r\nContent-range: bytes 4-5/10\r\n\r\n45"
        f"\r\n--{boundary}\r\nContent-range: bytes 0-1/10\r\n\r\n01"
        f"\r\n--{boundary}--\r\n"
    )


@pytest.mark.parametrize("prepare", [set_encoding, put("Content-Encoding", "gzip")])
def test_what_is_encoded(prepare: Callable[[Request], None]) -> None:
    """A range is one of the bytes that are sent: where they are encoded, of the encoded ones."""
    result = ask("bytes=2-4", prepare)
    assert (result.status, result.body, result.field("Content-Encoding")) == (206, b"234", "gzip")


@pytest.mark.parametrize("value", ["bytes=5-2", "bytes=x", "lines=1-2", ""])
def test_fields_that_do_not_count(value: str) -> None:
    """A field that makes no sense gets everything."""
    result = ask(value)
    assert (result.status, result.body) == (200, BODY)


@pytest.mark.parametrize(
    "prepare",
    [
        put("Content-Range", "bytes 0-9/20"),
        put("Content-Length", "10000"),
        lambda request: request.output.flush(),
        lambda request: request.output.discard(),
    ],
)
def test_what_cannot_be_cut(prepare: Callable[[Request], None]) -> None:
    """Responses that are cut already, incomplete, on their way, or empty stay as they are."""
    assert ask("bytes=2-4", prepare).status == 200


def test_other_statuses() -> None:
    """Only a success is cut."""
    result = ask("bytes=2-4", set_status)
    assert (result.status, result.body) == (404, BODY)


def test_other_methods() -> None:
    """POST and HEAD may ask for parts, as in httpd."""
    assert ask("bytes=2-4", method="POST").status == 206
    assert ask("bytes=2-4", method="HEAD").field("Content-Length") == "3"


def test_switched_off() -> None:
    """MaxRanges none switches ranges off."""
    assert ask("bytes=2-4", config="MaxRanges none").status == 200


@pytest.mark.parametrize(("tag", "status"), [('"tag"', 206), ('"other"', 200)])
def test_if_range(tag: str, status: int) -> None:
    """If-Range lets the field count only for the resource that it names."""
    assert ask("bytes=2-4", put("ETag", tag), if_range='"tag"').status == status
