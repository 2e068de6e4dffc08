"""Which requests become proxied ones, and what guards them."""

from __future__ import annotations

import pytest

from olexd.modules.proxy.mapping import canonicalise, translate
from olexd.phases.run import process_mapped
from tests.unit.support import configure, drive, get, make_request

B = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("target", "filename"),
    [
        ("/a/x", f"proxy:{B}/b/x"),
        ("/a", f"proxy:{B}/b"),
        ("/ab", None),
        ("/a/no/x", None),
        ("/a//%2e%2e/a/c%20d", f"proxy:{B}/b/c%20d"),
    ],
)
def test_paths(target: str, filename: str | None) -> None:
    """A prefix ends at a segment; what comes first in the file counts."""
    request = make_request(configure(f"ProxyPass /a/no !\nProxyPass /a {B}/b"), target)
    translate(request)
    canonicalise(request)
    assert request.filename == filename


def test_raw_paths_begin_as_the_guards_saw_them() -> None:
    """With nocanon a path that only looks like another's in disguise is sent as the guards saw it."""
    config = configure(f"ProxyPass /a {B}/b nocanon")
    for target, expected in (("/a/%41", "/b/%41"), ("/x/../a/%41", "/b/A"), ("/%61/%41", "/b/A")):
        request = make_request(config, target)
        translate(request)
        canonicalise(request)
        assert request.filename == f"proxy:{B}{expected}"


@pytest.mark.parametrize("target", ["/.evil.test/x", "/.evil.test", "/@evil.test/", "/1/x"])
def test_a_path_cannot_name_another_host(target: str) -> None:
    """Where the URL of ProxyPass ends without a slash, what follows is no part of the backend's name."""
    request = make_request(configure("ErrorLog -\nProxyPass / http://127.0.0.1"), target)
    assert (translate(request), request.proxyreq) == (400, 0)


def test_a_query_stays_behind_the_path() -> None:
    """A question mark in the path is no query."""
    request = make_request(configure(f"ProxyPass / {B}/"), "/x%3Fy?z")
    translate(request)
    canonicalise(request)
    assert request.filename == f"proxy:{B}/x%3Fy?z"


@pytest.mark.parametrize(
    "guard",
    [
        f"<Proxy {B}/b>\nRequire all denied\n</Proxy>",
        "<Proxy *>\nRequire all denied\n</Proxy>",
        "<ProxyMatch ^http>\nRequire all denied\n</ProxyMatch>",
        "<Location /a>\nRequire all denied\n</Location>",
    ],
)
def test_guards(guard: str) -> None:
    """Sections for the path and for the backend's URL refuse before anything is sent."""
    config = configure(f"ErrorLog -\nProxyPass /a {B}/b\n{guard}")
    assert get(config, "/a/x").status == 403


def test_a_file_is_not_taken_for_a_backend() -> None:
    """A request that only claims to be proxied is subject to the sections for its file all the same."""
    config = configure('ErrorLog -\nDocumentRoot /\n<Directory "/etc">\nRequire all denied\n</Directory>')
    request = make_request(config, "/etc/passwd")
    request.proxyreq = 2
    assert drive(request, process_mapped(request)) == 403


@pytest.mark.parametrize("scheme", ["fcgi", "ajp"])
def test_other_protocols_are_501(scheme: str) -> None:
    """What no backend can be asked with is refused clearly."""
    config = configure(f"ErrorLog -\nProxyPass /a {scheme}://127.0.0.1:9/")
    assert get(config, "/a/x").status == 501
