"""Request heads."""

from __future__ import annotations

import pytest

from olexd.errors import BadRequest
from olexd.http.limits import HEAD_MAX, Limits
from olexd.http.parser import LENGTH_MAX, Framing, Head, HeadParser


def parse(raw: bytes, limits: Limits | None = None) -> Head:
    """Return the head that `raw` is, or starts with."""
    head = HeadParser(limits or Limits()).feed(raw)
    assert head is not None
    return head


def get(*fields: bytes) -> bytes:
    """Return an HTTP/1.1 request with these fields."""
    return b"\r\n".join((b"GET /p?q HTTP/1.1", b"Host: a.example", *fields, b"", b""))


def refusal(raw: bytes, limits: Limits | None = None) -> BadRequest:
    """Return what `raw` is refused with."""
    with pytest.raises(BadRequest) as caught:
        HeadParser(limits or Limits()).feed(raw)
    return caught.value


def test_parts_of_a_head() -> None:
    """A head holds its line, its fields in order and case, and what they mean."""
    raw = (
        b"PoST /p?q HTTP/1.1\r\nhOST: A.example:80\r\nX-One:  a  b\t \r\nx-one:\r\nContent-Length: 2\r\n\r\n"
    )
    head = parse(raw)
    assert head.method == "PoST"
    assert head.target == head.origin == b"/p?q"
    assert head.request_line == b"PoST /p?q HTTP/1.1"
    assert head.version == (1, 1)
    assert head.fields == [
        (b"hOST", b"A.example:80"),
        (b"X-One", b"a  b"),
        (b"x-one", b""),
        (b"Content-Length", b"2"),
    ]
    assert (head.framing, head.content_length) == (Framing.LENGTH, 2)
    assert (head.host, head.hostname, head.port) == (b"A.example:80", "a.example", 80)


def test_method_httptools_does_not_know() -> None:
    """Any token is a method, and it keeps its case."""
    assert parse(get().replace(b"GET", b"x-Brew", 1)).method == "x-Brew"


def test_high_bytes_in_target() -> None:
    """Bytes from 0x80 pass, and the target stays as received."""
    assert parse(get().replace(b"/p?q", b"/\xff?\xc3\xa4", 1)).target == b"/\xff?\xc3\xa4"


@pytest.mark.parametrize(
    ("target", "origin", "host", "port"),
    [
        (b"http://B.example:81/x?y", b"/x?y", "b.example", 81),
        (b"HTTPS://b.example", b"/", "b.example", None),
        (b"http://b.example?y", b"/?y", "b.example", None),
        (b"http://[::1]/", b"/", "::1", None),
        (b"http://b.example:/x", b"/x", "b.example", None),
    ],
)
def test_absolute_target(target: bytes, origin: bytes, host: str, port: int | None) -> None:
    """An absolute target overrides the Host field."""
    head = parse(get().replace(b"/p?q", target, 1))
    assert (head.target, head.origin, head.hostname, head.port) == (target, origin, host, port)


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        (b"B.Example.", b"b.example"),
        (b"B.example:0081", b"b.example:0081"),
        (b"b.example:", b"b.example"),
        (b"[2001:DB8::1]", b"[2001:db8::1]"),
        (b"[2001:DB8::1]:82", b"[2001:db8::1]:82"),
    ],
)
def test_the_host_of_an_absolute_target_is_settled(authority: bytes, host: bytes) -> None:
    """Applications compare it: its letters are small, no dot trails, its port stays as it is written."""
    assert parse(get().replace(b"/p?q", b"http://%b/" % authority, 1)).host == host


@pytest.mark.parametrize("authority", [b"", b":", b"b.example::", b"b.example:x", b"[::1", b"u@b.example"])
def test_an_absolute_target_without_a_proper_host(authority: bytes) -> None:
    """There is no telling whom such a request is for."""
    assert refusal(get().replace(b"/p?q", b"http://%b/" % authority, 1)).status == 400


def test_absolute_target_does_not_excuse_a_bad_host() -> None:
    """The Host field is checked even where the target overrides it."""
    raw = b"GET http://b.example/ HTTP/1.1\r\nHost: %s\r\n\r\n"
    assert refusal(raw % b"a/b").status == 400
    assert refusal(raw % b"").status == 400


def test_asterisk_target() -> None:
    """OPTIONS * keeps its target."""
    assert parse(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").origin == b"*"


def test_no_host_in_1_0() -> None:
    """An HTTP/1.0 client need not name a host; an empty name is none."""
    assert parse(b"GET / HTTP/1.0\r\n\r\n").host is None
    head = parse(b"GET / HTTP/1.0\r\nHost:\r\n\r\n")
    assert (head.host, head.hostname, head.port) == (None, None, None)


@pytest.mark.parametrize(
    ("version", "field", "expected"),
    [
        (b"1.1", b"X: y", True),
        (b"1.1", b"Connection: close", False),
        (b"1.1", b"Connection: x, CLOSE", False),
        (b"1.1", b"Connection: keep-alive", True),
        (b"1.0", b"X: y", False),
        (b"1.0", b"Connection: Keep-Alive", True),
        (b"1.0", b"Connection: keep-alive, close", False),
    ],
)
def test_keep_alive(version: bytes, field: bytes, expected: bool) -> None:
    """Version and Connection field tell whether the client wants the connection kept."""
    assert parse(get(field).replace(b"1.1", version, 1)).keep_alive is expected


def test_connection_tokens() -> None:
    """Connection fields are joined, split at commas, and put in lower case."""
    head = parse(get(b"Connection: A, b ,,", b"connection: C"))
    assert head.connection == {b"a", b"b", b"c"}
    assert parse(get()).connection == frozenset()


def test_expectation() -> None:
    """100-continue is expected by 1.1 clients only."""
    assert parse(get(b"Expect: 100-Continue")).expects_continue
    assert not parse(get(b"Expect: 100-continue").replace(b"1.1", b"1.0", 1)).expects_continue
    assert not parse(get()).expects_continue


def test_upgrade_is_ignored() -> None:
    """An offer to upgrade is passed on as fields and changes nothing else."""
    raw = get(b"Connection: Upgrade", b"Upgrade: websocket", b"X-After: y")
    parser = HeadParser(Limits())
    head = parser.feed(raw + b"rest")
    assert head is not None and head.fields[-1] == (b"X-After", b"y")
    assert head.framing is Framing.NONE
    assert parser.rest == b"rest"


def test_length_bounds() -> None:
    """A Content-Length may have 63 bits, however many zeros it starts with."""
    assert parse(get(b"Content-Length: %d" % LENGTH_MAX)).content_length == LENGTH_MAX
    assert parse(get(b"Content-Length: " + b"0" * 5000 + b"7")).content_length == 7
    assert refusal(get(b"Content-Length: %d" % (LENGTH_MAX + 1))).status == 400


def test_one_parser_reads_pipelined_heads() -> None:
    """After each head, the parser is ready for the next one."""
    parser = HeadParser(Limits())
    raw = get(b"X: 1") + b"\r\n" + get(b"X: 2") + get(b"X: 3")[:20]
    first = parser.feed(raw)
    second = parser.feed(parser.rest)
    assert first is not None and second is not None
    assert (first.fields[-1], second.fields[-1]) == ((b"X", b"1"), (b"X", b"2"))
    assert parser.feed(parser.rest) is None
    third = parser.feed(get(b"X: 3")[20:])
    assert third is not None and third.fields[-1] == (b"X", b"3")
    assert parser.rest == b"" and not parser.started


def test_started_and_received() -> None:
    """Empty lines do not start a head; what has come of one can be looked at."""
    parser = HeadParser(Limits())
    assert parser.feed(b"") is None and parser.feed(b"\r\n") is None
    assert not parser.started
    assert parser.feed(b"GET / HT") is None
    assert parser.started and parser.received == b"GET / HT"


@pytest.mark.parametrize("raw", [get(b"Content-Length: x"), get(b"X : y"), b"GET /\r\n"])
def test_received_after_refusal(raw: bytes) -> None:
    """What was refused is kept for the log, whichever check refused it."""
    parser = HeadParser(Limits())
    with pytest.raises(BadRequest):
        parser.feed(raw)
    assert parser.received == raw


def test_configured_line_limit() -> None:
    """LimitRequestLine bounds the request line (httpd allows one byte more)."""
    limits = Limits(line=len(b"GET /p?q HTTP/1.1") - 1)
    assert parse(get(), limits).method == "GET"
    assert refusal(get().replace(b"/p", b"/pp", 1), limits).status == 414
    assert refusal(get().replace(b"/p", b"/pp", 1)[:19], limits).status == 414


def test_configured_field_limits() -> None:
    """LimitRequestFields and LimitRequestFieldSize bound the fields."""
    assert len(parse(get(b"X: y"), Limits(fields=2)).fields) == 2
    assert refusal(get(b"X: y"), Limits(fields=1)).status == 400
    assert refusal(get(b"X: " + b"y" * 100), Limits(field_size=90)).status == 400
    assert parse(get(b"X: " + b"y" * 20000), Limits(field_size=30000)).fields[-1] == (b"X", b"y" * 20000)


def test_no_field_limit() -> None:
    """LimitRequestFields 0 allows any number of fields, within a bounded head."""
    limits = Limits(fields=0)
    assert len(parse(get(*[b"X: y"] * 3000), limits).fields) == 3001
    assert refusal(get(*[b"X: " + b"y" * 8000] * 140), limits).status == 400


def test_head_is_bounded_as_a_whole() -> None:
    """Limits that allow a huge head do not make it unbounded, but one allowed field always fits."""
    limits = Limits(fields=100000, field_size=65536)
    assert limits.head <= HEAD_MAX + 8
    assert refusal(get(*[b"X: " + b"y" * 60000] * 20), limits).status == 400
    limits = Limits(field_size=2 * HEAD_MAX)
    assert parse(get(b"X: " + b"y" * (2 * HEAD_MAX - 40)), limits).method == "GET"


def test_refused_before_the_end() -> None:
    """A line that is wrong is refused when it ends, without the rest of the head."""
    assert refusal(b"GET / HTTP/1.1\r\nHost: a\n").status == 400
    assert refusal(b"GET / HTTP/1.1\r\nX : y\r\n").status == 400
    assert refusal(b"\x16\x03\x01").status == 400


def test_message_names_no_secret() -> None:
    """A refusal's message quotes at most the start of a malformed line."""
    assert len(str(refusal(get(b"X\0: " + b"s" * 5000)))) < 400
