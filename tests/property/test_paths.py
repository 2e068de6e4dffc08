"""Promises of the way from a URL to a file, for any target: nothing outside is served, no guard is passed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from olexd.config.server import ServerConfig
from olexd.errors import BadRequest
from olexd.uri import decode_path, escape_path, settle_path
from tests.unit.support import configure, get

PIECES = (
    *("/", "//", "/./", "/../", "/..", "/.", "..", ".", "...", "/..;/", "/.../"),
    *(
        "%2f",
        "%2F",
        "%5c",
        "\\",
        "%00",
        "%2e",
        "%2E%2e",
        "%252e",
        "%252f",
        "%255c",
        "%25",
        "%c0%af",
        "%c0%ae",
    ),
    *("%e2%88%95", "%ff", "\xe9", "%20", "%0a", "%3f", "%23", ";", ":", "%", "%g1", "%u002e", "~"),
    *(
        "a.txt",
        "a.txt.",
        "a.txt/",
        "sub",
        "guarded",
        "GUARDED",
        "g.txt",
        "secret.txt",
        "htdocs",
        "alias",
        "match",
    ),
    *(
        "rule",
        "here",
        "root-secret",
        "secret",
        ".htaccess",
        "own",
        "etc",
        "passwd",
        "proc",
        "self",
        "environ",
    ),
)
PLACES = (
    "/guarded/g.txt",
    "/sub/../guarded/g.txt",
    "/half/guarded/g.txt",
    "/../secret.txt",
    "/sub/rule/a.txt",
)


def _spoiled(place: str, cuts: list[tuple[int, str]]) -> str:
    """Return a path with pieces put in somewhere."""
    for position, piece in cuts:
        at = position % (len(place) + 1)
        place = place[:at] + piece + place[at:]
    return place


pieces = st.sampled_from(PIECES) | st.text(max_size=3)
targets = st.lists(pieces, max_size=9).map(lambda found: "/" + "".join(found)) | st.builds(
    _spoiled, st.sampled_from(PLACES), st.lists(st.tuples(st.integers(0, 40), pieces), max_size=4)
).map(lambda path: path if path.startswith("/") else f"/{path}")
SLASHES = ("off", "on", "nodecode")


@given(targets, st.sampled_from(SLASHES), st.booleans())
@example("/%2e%2e/x", "off", True)
@example("/a/%2f../../x", "on", True)
@example("/a%2f..%2f..%2fx", "on", False)
@example("//..//x", "off", False)
def test_decoded_paths(target: str, slashes: str, merge: bool) -> None:
    """A path is refused, or begins with a slash and has neither dot segments nor NULs."""
    try:
        path = decode_path(target.encode("utf-8", "surrogatepass"), slashes, merge)
    except BadRequest as error:
        assert error.status in (400, 404)
        return
    assert path.startswith("/") and "\0" not in path
    assert not {".", ".."} & set(path.split("/"))
    if merge and slashes != "nodecode":
        assert settle_path(path) == path


@given(targets)
def test_paths_are_decoded_once(target: str) -> None:
    """What was escaped twice comes out escaped once; what is escaped anew is what was asked for."""
    try:
        path = decode_path(target.encode("utf-8", "surrogatepass"))
    except BadRequest:
        return
    assert decode_path(escape_path(path)) == path


SECRET = b"SECRET"
GUARDED = b"GUARDED"
OPEN = b"OPEN"

CONFIGURATIONS = {
    "plain": "",
    "encoded slashes": "AllowEncodedSlashes On",
    "undecoded slashes": "AllowEncodedSlashes NoDecode",
    "unmerged slashes": "MergeSlashes Off",
    "all slashes": "AllowEncodedSlashes On\nMergeSlashes Off",
    "aliases": "Alias /half @ROOT@/\nAlias /alias @ROOT@/sub\nAlias /own/ @ROOT@/sub/\n"
    "AliasMatch ^/match(.*)$ @ROOT@/sub$1\nAliasMatch /m/([^/]+) @ROOT@/sub/$1",
    "alias of a location": "AliasPreservePath On\n<Location /here>\nAlias @ROOT@/sub\n</Location>\n"
    '<LocationMatch "^/match/(?<rest>.*)$">\nAlias @ROOT@/sub/%{env:MATCH_REST}\n</LocationMatch>',
    "rules": "RewriteEngine On\nRewriteRule ^/rule/(.*)$ /$1\nRewriteRule ^/match(.*)$ /sub$1 [PT]\n"
    "RewriteRule ^/own/(.*)$ @ROOT@/sub/$1",
    "rules of a section": "<Directory @ROOT@/sub>\nRewriteEngine On\nRewriteRule ^rule/(.*)$ $1\n"
    "RewriteRule ^own(.*)$ /$1\n</Directory>",
    "redirects inside": "ErrorDocument 404 /a.txt\nFallbackResource /a.txt\nDirectoryIndex a.txt /sub/a.txt",
    "lists": "Options +Indexes",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A document root, with secrets beside it, above it, and in a place whose name begins like its own."""
    base = tmp_path_factory.mktemp("tree")
    for name in ("htdocs/sub", "htdocs/guarded", "htdocs-secret", "secret"):
        (base / name).mkdir(parents=True)
    for name in ("secret.txt", "a.txt", "htdocs-secret/a.txt", "secret/a.txt"):
        (base / name).write_bytes(SECRET)
    for name in ("g.txt", "a.txt", "index.html"):
        (base / "htdocs/guarded" / name).write_bytes(GUARDED)
    for name in ("a.txt", "sub/a.txt", "sub/secret.txt"):
        (base / "htdocs" / name).write_bytes(OPEN)
    yield base
    site.cache_clear()


@cache
def site(base: Path, name: str) -> ServerConfig:
    """Return the server of a configuration."""
    root = str(base / "htdocs")
    guard = f"<Directory {root}/guarded>\nRequire all denied\n</Directory>\n"
    text = CONFIGURATIONS[name].replace("@ROOT@", root)
    return configure(f"ErrorLog -\nLogLevel crit\nDocumentRoot {root}\n{guard}{text}", base)


def check(tree: Path, name: str, target: str) -> None:
    """Ask for a target: the answer holds no file outside the root and none behind a guard."""
    try:
        response = get(site(tree, name), target)
    except BadRequest as error:
        assert error.status in (400, 404)
        return
    assert SECRET not in response.body and GUARDED not in response.body
    assert response.status != 500


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(sorted(CONFIGURATIONS)), targets)
def test_nothing_outside_is_served(tree: Path, name: str, target: str) -> None:
    """Whatever is asked for, nothing outside of the root is served, and no guard is passed."""
    check(tree, name, target)


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/sub/..%2f..%2fsecret.txt",
        "/sub/..%5c..%5csecret.txt",
        "/sub/..\\..\\secret.txt",
        "/%252e%252e/secret.txt",
        "/a.txt%00/../../secret.txt",
        "/alias../secret.txt",
        "/alias/..%2f..%2fsecret.txt",
        "/half../secret.txt",
        "/half/..%2f..%2fsecret.txt",
        "/match../../secret.txt",
        "/match/../../secret.txt",
        "/match%2f..%2f..%2f..%2fsecret.txt",
        "/match/..%2f..%2f..%2fsecret.txt",
        "/rule/%2e%2e/%2e%2e/secret.txt",
        "/rule/..%2f..%2fsecret.txt",
        "/rule/guarded/g.txt",
        "/own/../guarded/g.txt",
        "/own/..%2f..%2fguarded/g.txt",
        "//guarded//g.txt",
        "/./guarded/./g.txt",
        "/guarded%2fg.txt",
        "/guarded/g.txt/",
        "/guarded/g.txt.",
        "/guarded/",
        "/guarded",
        "/sub/own/guarded/g.txt",
        "/sub/rule/../../guarded/g.txt",
        "/sub/rule/..%2f..%2fguarded/g.txt",
        "/here/..%2f..%2fguarded/g.txt",
        "/half/guarded/g.txt",
        "/half//guarded//g.txt",
        "/-secret/a.txt",
        "/../htdocs-secret/a.txt",
    ],
)
def test_what_attackers_try(tree: Path, name: str, target: str) -> None:
    """The well-known ways to leave a document root or to pass a guard lead nowhere."""
    check(tree, name, target)


def test_the_tree_is_served(tree: Path) -> None:
    """What may be had is had, on every server: the other tests do not pass for want of an answer."""
    for name in CONFIGURATIONS:
        assert get(site(tree, name), "/a.txt").body == OPEN
        assert get(site(tree, name), "/guarded/g.txt").status == 403
    for name, target in (
        ("aliases", "/match/a.txt"),
        ("alias of a location", "/here/a.txt"),
        ("alias of a location", "/match/a.txt"),
        ("rules", "/rule/sub/a.txt"),
        ("rules of a section", "/sub/rule/a.txt"),
        ("encoded slashes", "/sub%2fa.txt"),
    ):
        assert get(site(tree, name), target).body == OPEN, target
