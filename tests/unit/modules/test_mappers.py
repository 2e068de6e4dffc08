"""Aliases and directory indexes."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from tests.unit.support import answer, complaint, configure, get, make_request


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A document root with an index, a directory without one, and a directory beside it."""
    for folder in ("htdocs/dir", "htdocs/empty", "other/sub"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "htdocs/dir/index.html").write_text("index")
    (tmp_path / "htdocs/dir/second.txt").write_text("second")
    (tmp_path / "htdocs/fallback.html").write_text("fallback")
    (tmp_path / "other/f.txt").write_text("other")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


def site(tree: Path, text: str = "") -> ServerConfig:
    """Return a server for the tree with further lines."""
    return configure(f"ErrorLog -\nDocumentRoot {tree}/htdocs\n{text}", tree)


@pytest.mark.parametrize(
    ("alias", "target", "status"),
    [
        ("Alias /o {}/other", "/o/f.txt", 200),
        ("Alias /o {}/other", "/of.txt", 404),
        ("Alias /o/ {}/other/", "/o/f.txt", 200),
        ("Alias /o/ {}/other/", "/o", 404),
        ("Alias /f {}/other/f.txt", "/f", 200),
        ("Alias /O {}/other", "/o/f.txt", 404),
        ("AliasMatch /x(.)y {}/other/$1.txt", "/a/xfy/b", 200),
        ("AliasMatch ^/m(.*) {}/other/sub/$1", "/m../f.txt", 403),
        ("<Location /here>\nAlias {}/other/f.txt\n</Location>", "/here/any", 200),
        ("<Location /here>\nAlias {}/other\nAliasPreservePath On\n</Location>", "/here/f.txt", 200),
    ],
)
def test_alias(tree: Path, alias: str, target: str, status: int) -> None:
    """Prefixes match at segment boundaries, patterns anywhere; no pattern leads out of its target."""
    assert get(site(tree, alias.format(tree)), target).status == status


def test_first_alias_wins(tree: Path) -> None:
    """Aliases are tried in file order."""
    text = f"Alias /o/f.txt {tree}/secret.txt\nAlias /o {tree}/other"
    assert get(site(tree, text), "/o/f.txt").body == b"secret"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Alias /x", "Alias must have two arguments when used globally"),
        ("<Location /a>\nAlias /b /x\n</Location>", "Alias cannot occur within directory context"),
        ("<Directory /tmp>\nAlias /x\n</Directory>", "Alias cannot occur within directory context"),
        ("AliasMatch ( /x", "Regex could not be compiled"),
        ("DirectoryIndexRedirect foo", "DirectoryIndexRedirect ON|OFF|permanent|temp|seeother|3xx"),
        ("DirectoryIndexRedirect 200", "DirectoryIndexRedirect only accepts values between 300 and 399"),
    ],
)
def test_refused(text: str, message: str) -> None:
    """Bad mappings are refused in httpd's words."""
    assert complaint(text) == message


def test_slash_redirect(tree: Path) -> None:
    """A directory without its slash is sent there, with the query, whatever the method or handler."""
    response = get(site(tree), "/dir?a=b")
    assert (response.status, response.fields["location"]) == (301, "http://localhost/dir/?a=b")
    assert get(site(tree), "/dir", "PUT").status == 301
    assert get(site(tree, "SetHandler mod_python"), "/dir").status == 301
    assert get(site(tree, "DirectorySlash Off"), "/dir").status == 403


def test_slash_redirect_is_escaped(tree: Path) -> None:
    """What the path holds cannot end the Location field."""
    (tree / "htdocs" / "a b\r\nX: y").mkdir()
    response = get(site(tree), "/a%20b%0D%0AX:%20y")
    assert response.fields["location"] == "http://localhost/a%20b%0d%0aX:%20y/"


def test_index(tree: Path) -> None:
    """The index file takes the request's place without a trace."""
    request = make_request(site(tree), "/dir/?q=1")
    response = answer(request)
    assert (response.status, response.body) == (200, b"index")
    assert response.fields["content-type"] == "text/html"
    assert (request.uri, request.args, request.path_info) == ("/dir/index.html", "q=1", None)
    assert request.prev is None and request.main is None and request.next is None


def test_index_names(tree: Path) -> None:
    """Names are tried in order; lines of one section add up; disabled means none."""
    assert get(site(tree, "DirectoryIndex no.html second.txt index.html"), "/dir/").body == b"second"
    assert get(site(tree, "DirectoryIndex no.html\nDirectoryIndex second.txt"), "/dir/").body == b"second"
    assert get(site(tree, "DirectoryIndex /fallback.html"), "/dir/").body == b"fallback"
    assert get(site(tree, "DirectoryIndex disabled"), "/dir/").status == 403
    assert get(site(tree), "/empty/").status == 403


def test_index_redirect(tree: Path) -> None:
    """DirectoryIndexRedirect sends the client to the index file."""
    response = get(site(tree, "DirectoryIndexRedirect On"), "/dir/")
    assert (response.status, response.fields["location"]) == (302, "http://localhost/dir/index.html")


def test_index_under_its_own_rules(tree: Path) -> None:
    """An index file that may not be seen is not shown."""
    text = "<Files index.html>\nRequire all denied\n</Files>"
    assert get(site(tree, text), "/dir/").status == 403


def test_fallback(tree: Path) -> None:
    """FallbackResource answers for what does not exist and for directories without an index."""
    config = site(tree, "FallbackResource /fallback.html")
    assert get(config, "/nothing/here").body == b"fallback"
    assert get(config, "/empty/").body == b"fallback"
    assert get(config, "/dir/").body == b"index"


@pytest.mark.parametrize(
    ("text", "target", "status", "location"),
    [
        ("Redirect /old /new", "/old/a?b=c", 302, "http://localhost/new/a?b=c"),
        ("Redirect /old /new", "/older", 404, None),
        ("Redirect permanent /old http://other/x", "/old", 301, "http://other/x"),
        ("Redirect 303 /old http://other/x?y", "/old?b=c", 303, "http://other/x?y"),
        ("Redirect gone /old", "/old/a", 410, None),
        ("Redirect 404 /dir", "/dir/", 404, None),
        ("RedirectPermanent /old /new", "/old", 301, "http://localhost/new"),
        ("RedirectRelative On\nRedirect /old /new", "/old", 302, "/new"),
        ("RedirectMatch ^/x(.+)\\.gif$ /y$1.png", "/xa%20b.gif", 302, "http://localhost/ya%20b.png"),
        ("<Location /here>\nRedirect 301 /there\n</Location>", "/here/a?b", 301, "http://localhost/there?b"),
        ("<Location /here>\nRedirect gone\n</Location>", "/here/a", 410, None),
        ("Alias /dir /nowhere\nRedirect /dir /new", "/dir/", 302, "http://localhost/new/"),
    ],
)
def test_redirect(tree: Path, text: str, target: str, status: int, location: str | None) -> None:
    """Redirects keep what follows the prefix and the query, and come before aliases."""
    response = get(site(tree, text), target)
    assert (response.status, response.fields.get("location")) == (status, location)


def test_redirect_cannot_be_split(tree: Path) -> None:
    """A line break in the path cannot end the Location field."""
    response = get(site(tree, "Redirect /old /new\nRedirectMatch ^/m(.*) /n$1"), "/old/%0D%0AX:y")
    assert response.fields["location"] == "http://localhost/new/%0d%0aX:y"
    response = get(site(tree, "RedirectMatch ^/m(.*) /n$1"), "/m%0D%0AX:y")
    assert response.fields["location"] == "http://localhost/n%0d%0aX:y"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Redirect /a", "URL to redirect to is missing"),
        ("Redirect 302 /a", "URL to redirect to is missing"),
        ("Redirect /a b", "Redirect to non-URL"),
        ("Redirect gone /a /b", "Redirect URL not valid for this status"),
        ("Redirect 200 /a /b", "Redirect URL not valid for this status"),
        ("Redirect foo /a /b", "Redirect: invalid first argument (of three)"),
    ],
)
def test_redirect_refused(line: str, message: str) -> None:
    """Redirects that lead nowhere are refused in httpd's words."""
    assert complaint(line) == message
