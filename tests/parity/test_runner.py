"""The runner sees what it must see: masks hide no real difference, and a broken response is called broken."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import cast

import pytest

from tests.integration.servers import RunningServer
from tests.parity.runner.case import Case, Expect, Request, get, known, raw
from tests.parity.runner.client import Client, Response, Wire, read_response
from tests.parity.runner.compare import View, difference, unmet
from tests.parity.runner.digest import Digest, parts

PAGE = """<!DOCTYPE html>
<html><head>
<title>404 Not Found</title>
</head><body>
<h1>Not Found</h1>
</body></html>
"""


@pytest.fixture
def view(tmp_path: Path) -> View:
    """A view of a server on port 4711."""
    return View(Case("x"), 4711, tmp_path / "site", [(tmp_path / "site" / "docs", "@ROOT@")])


def received(data: bytes, method: str = "GET") -> Response:
    """Return what the client makes of these bytes, after which the server closes."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(data)
        return read_response(Wire(ours), method)


def test_a_status_is_never_masked(view: View) -> None:
    """Two built-in pages of different statuses differ."""
    left, right = view.text(PAGE), view.text(PAGE.replace("404 Not Found", "403 Forbidden"))
    assert difference(left, right, ("a", "b"))


def test_own_words_of_a_built_in_page_do_not_count(view: View) -> None:
    """Built-in pages of one status are equal, whatever they say."""
    assert view.text(PAGE) == view.text(PAGE.replace("<h1>", "<p>Sorry.</p><h1>"))


def test_a_header_that_is_missing_shows(view: View) -> None:
    """A header that one response lacks is a difference."""
    one = received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: y\r\n\r\na")
    other = received(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
    assert difference(view.render(one), view.render(other), ("a", "b"))


def test_the_date_does_not_count(view: View) -> None:
    """Date and Server differ between any two servers."""
    one = received(b"HTTP/1.1 204 No Content\r\nDate: now\r\nServer: a\r\n\r\n")
    other = received(b"HTTP/1.1 204 No Content\r\nDate: then\r\nServer: b\r\n\r\n")
    assert view.render(one) == view.render(other)


def test_frames_of_the_site_stay(view: View) -> None:
    """Frames of the framework are dropped from a traceback, the handler's own are compared."""
    own = f'  File "{view.site}/handlers/a.py", line 3, in handler\n    fail()\n'
    assert view.text(f'  File "/usr/lib/x.py", line 9, in call\n    f()\n\n{own}') == own


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    ],
)
def test_broken_framing_is_trouble(data: bytes) -> None:
    """A response that is cut short or framed badly is never taken for a good one."""
    assert received(data).trouble


def test_an_interim_response_is_kept(view: View) -> None:
    """100 Continue shows in what is compared."""
    response = received(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert "100 Continue" in view.render(response)


def test_unmet_expectations_are_named() -> None:
    """A difference that is not the documented one fails."""
    response = received(b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 1\r\n\r\na")
    assert unmet(Expect(200, {"X": "y", "Z": None}, "a"), response) == []
    assert len(unmet(Expect(404, {"X": "z", "Z": "needed"}, "b"), response)) == 4


def test_requests_say_what_they_are() -> None:
    """A request names the case's host, and a raw one is sent as written."""
    case = Case("name")
    assert b"Host: case-name.test\r\n" in get("/x").encode(case)
    assert raw(b"GET / HTTP/1.1\r\nHost: @HOST@\r\n\r\n").encode(case).endswith(b"case-name.test\r\n\r\n")
    assert Request("GET", "/", host=None).encode(case) == b"GET / HTTP/1.1\r\n\r\n"


RFC_2617 = (
    'Digest realm="testrealm@host.com", qop="auth", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


def test_digest_credentials_are_those_of_the_standard() -> None:
    """The example of RFC 2617 section 3.5, and what changes in it does."""
    right = Digest("Mufasa", "Circle Of Life")
    sent = right.answer(RFC_2617, "GET", "/dir/index.html")
    assert 'response="6629fae49393a05397450978507c4ef1"' in sent
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in sent
    assert "6629fae4" not in Digest("Mufasa", "other").answer(RFC_2617, "GET", "/dir/index.html")
    assert "qop" not in Digest("Mufasa", "x", {"qop": None}).answer(RFC_2617, "GET", "/")
    assert known("joe", "x", nonce="").encode(Case("name")).count(b"Authorization: Digest ") == 1


def test_a_wrong_proof_is_trouble() -> None:
    """The server has to know the password as well."""
    request = known("joe", "secret")
    client = Client(cast(RunningServer, None), Case("x"))
    client.challenge = RFC_2617
    answer = parts(Digest("joe", "secret").answer(RFC_2617, "", "/"))["response"]
    for proof, is_wrong in ((answer, False), ("0" * 32, True)):
        head = f'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAuthentication-Info: rspauth="{proof}"\r\n\r\n'
        response = received(head.encode())
        client.keep_challenge(request, response)
        assert bool(response.trouble) is is_wrong
