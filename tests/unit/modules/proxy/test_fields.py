"""Header fields on their way to a backend and back."""

from __future__ import annotations

import pytest

from olexd.http.response_parser import ResponseHead
from olexd.modules.proxy.address import split_url
from olexd.modules.proxy.fields import request_fields, take_head
from tests.unit.support import configure, make_request

ADDRESS = split_url("http://back.test:81/")[0]


def sent(text: str, *headers: tuple[str, str]) -> dict[str, str]:
    """Return the fields for a backend under a configuration."""
    request = make_request(
        configure(f"ServerName front.test\n{text}"), "/", headers=headers, peer="192.0.2.9"
    )
    return {name.decode().lower(): value.decode() for name, value in request_fields(request, ADDRESS)}


def test_forwarded_fields_are_appended() -> None:
    """What strangers say of earlier addresses is kept in front of ours."""
    fields = sent("", ("Host", "public.test"), ("X-Forwarded-For", "10.0.0.1"))
    assert fields["x-forwarded-for"] == "10.0.0.1, 192.0.2.9"
    assert fields["x-forwarded-host"] == "public.test"
    assert fields["x-forwarded-server"] == "front.test"
    assert fields["host"] == "back.test:81"


def test_a_client_cannot_remove_forwarded_fields() -> None:
    """Connection lists fields of the client's, not of ours."""
    fields = sent("", ("Host", "a"), ("Connection", "close, X-Forwarded-For, Host, X-Own"), ("X-Own", "1"))
    assert fields["x-forwarded-for"] == "192.0.2.9"
    assert fields["host"] == "back.test:81"
    assert "x-own" not in fields


@pytest.mark.parametrize(
    "name", ["TE", "Trailer", "Transfer-Encoding", "Upgrade", "Keep-Alive", "Proxy-Authorization", "Expect"]
)
def test_hop_by_hop(name: str) -> None:
    """What concerns the client's connection stays there."""
    assert name.lower() not in sent("", ("Host", "a"), (name, "x"))


def test_settings() -> None:
    """Host, the forwarded fields and Via follow the configuration."""
    text = "ProxyPreserveHost On\nProxyAddHeaders Off\nProxyVia Block"
    fields = sent(text, ("Host", "public.test:8"), ("Via", "1.1 x"))
    assert fields == {"host": "public.test:8"}


def test_fields_of_responses() -> None:
    """What is listed as the connection's is dropped; the length is the body's, once."""
    request = make_request(configure(""))
    fields = [(b"Connection", b"X-Hop"), (b"X-Hop", b"1"), (b"Keep-Alive", b"9"), (b"Content-Length", b"5")]
    take_head(request, ResponseHead(404, b"Nope", [*fields, (b"Content-Type", b"a/b")]))
    assert request.headers_out.items() == [("Content-Length", "5")]
    assert (request.status_line, request.content_type) == ("404 Nope", "a/b")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://b/x/y?z", "http://localhost/a/y?z"),
        ("HTTP://B/x", "http://localhost/a"),
        ("http://other/x", "http://other/x"),
        ("/x/y", "/x/y"),
    ],
)
def test_reversed_urls(location: str, expected: str) -> None:
    """URLs in which the backend names itself become ours."""
    request = make_request(configure("ProxyPassReverse /a http://b/x"), headers=[("Host", "localhost")])
    take_head(request, ResponseHead(302, b"Found", [(b"Location", location.encode())]))
    assert request.headers_out["Location"] == expected
