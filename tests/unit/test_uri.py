"""Request paths: decoded once, settled, never above the root."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from olexd.errors import BadRequest
from olexd.uri import construct_url, decode_path, escape_html, escape_path, with_query


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/", "/"),
        (b"/a/b.html", "/a/b.html"),
        (b"/a%20b", "/a b"),
        (b"/a%2520", "/a%20"),
        (b"/%C3%A9", "/é"),
        (b"/%E9", "/é"),
        (b"/\xc3\xa9", "/é"),
        (b"//a///b", "/a/b"),
        (b"/a/./b", "/a/b"),
        (b"/a/../b", "/b"),
        (b"/a/%2e%2e/b", "/b"),
        (b"/a/.", "/a/"),
        (b"/a/..", "/"),
        (b"/a/...", "/a/..."),
        (b"/.hidden", "/.hidden"),
        (b"/a;x=1/b", "/a;x=1/b"),
        (b"/a\\..\\b", "/a\\..\\b"),
    ],
)
def test_decoding(target: bytes, path: str) -> None:
    """Escapes are decoded once, dot segments and double slashes vanish."""
    assert decode_path(target) == path


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/..", 400),
        (b"/../x", 400),
        (b"/a/../../x", 400),
        (b"/a/%2e%2e/%2E%2e/x", 400),
        (b"/%zz", 400),
        (b"/%", 400),
        (b"/%2", 400),
        (b"/%+1", 400),
        (b"/a#b", 400),
        (b"a", 400),
        (b"", 400),
        (b"/a%00b", 404),
        (b"/a%2Fb", 404),
        (b"/a%2fb", 404),
    ],
)
def test_refusals(target: bytes, status: int) -> None:
    """What has no clear meaning is refused with httpd's status."""
    with pytest.raises(BadRequest) as caught:
        decode_path(target)
    assert caught.value.status == status


def test_encoded_slashes() -> None:
    """AllowEncodedSlashes decides about %2F; decoded ones cannot bring dot segments back."""
    assert decode_path(b"/a%2Fb", "on") == "/a/b"
    assert decode_path(b"/a%2Fb", "nodecode") == "/a%2Fb"
    assert decode_path(b"/a/b%2F..%2Fc", "on") == "/a/c"
    with pytest.raises(BadRequest):
        decode_path(b"/.%2F..%2Fx", "on")


def test_merge_slashes_off() -> None:
    """Without MergeSlashes double slashes stay, but for those that a path begins with."""
    assert decode_path(b"/a//b%20", merge_slashes=False) == "/a//b "
    assert decode_path(b"///a//b", merge_slashes=False) == "/a//b"
    assert decode_path(b"//", merge_slashes=False) == "/"


PIECES = st.sampled_from(
    [b"/", b".", b"..", b"%2e", b"%2E", b"%2f", b"%2F", b"%5c", b"%25", b"2e", b"a", b"%41"]
)


@given(st.lists(PIECES, max_size=14).map(b"".join), st.sampled_from(["off", "on", "nodecode"]))
def test_never_above_the_root(tail: bytes, slashes: str) -> None:
    """No path escapes: the result starts with a slash and has no dot segment."""
    try:
        path = decode_path(b"/" + tail, slashes)
    except BadRequest as error:
        assert error.status in (400, 404)
        return
    assert path.startswith("/")
    assert not {".", ".."} & set(path.split("/"))


@given(st.binary(max_size=40))
def test_any_bytes(tail: bytes) -> None:
    """Whatever comes is decoded or refused, nothing else happens."""
    try:
        path = decode_path(b"/" + tail)
    except BadRequest:
        return
    assert "\0" not in path and ".." not in path.split("/")


def test_escapes() -> None:
    """Text from requests cannot leave HTML text, an attribute or a URL's path."""
    assert escape_html('<a href="x">&') == "&lt;a href=&quot;x&quot;&gt;&amp;"
    assert escape_path('/a b"<é?#\r\n') == "/a%20b%22%3c%c3%a9%3f%23%0d%0a"


def test_construct_url() -> None:
    """The scheme's own port is left out, an IPv6 address is bracketed."""
    assert construct_url("http", "h", 80, "/x") == "http://h/x"
    assert construct_url("https", "h", 80, "/x") == "https://h:80/x"
    assert construct_url("http", "::1", None, "/x") == "http://[::1]/x"
    assert with_query("/a", None) == "/a"
    assert with_query("/a", "") == "/a?"
    assert with_query("/a", "b=c") == "/a?b=c"
