"""Lists of directories without a server."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from tests.unit.support import Response, complaint, configure, get


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A document root with a few files."""
    root = tmp_path / "htdocs"
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_text("a")
    (root / "b.html").write_text("<p>markup of b</p>")
    (root / ".hidden").write_text("h")
    (root / '"><script>x.txt').write_text("s")
    (tmp_path / "outside.txt").write_text("outside")
    return root


def site(root: Path, text: str = "", options: str = "+Indexes") -> ServerConfig:
    """Return a server that lists the tree."""
    config = f"<Directory {root}>\nOptions {options}\n{text}\n</Directory>"
    return configure(f"ErrorLog -\nTypesConfig /etc/mime.types\nDocumentRoot {root}\n{config}", root.parent)


def links(response: Response) -> list[str]:
    """Return where the links of a list lead."""
    return re.findall(r'href="([^"]*)"', response.body.decode())


def test_only_where_options_allow(tree: Path) -> None:
    """Without Indexes a directory is not listed."""
    assert get(site(tree, options="-Indexes"), "/").status == 403
    assert get(site(tree), "/").status == 200


def test_names_are_escaped(tree: Path) -> None:
    """A file's name is neither markup nor anything but a path in a link."""
    for options in ("", "IndexOptions FancyIndexing"):
        response = get(site(tree, options), "/")
        assert b"<script>" not in response.body
        assert "%22%3e%3cscript%3ex.txt" in links(response)


def test_path_is_escaped(tree: Path) -> None:
    """Nor is the path in the heading."""
    (tree / "<b>").mkdir()
    assert b"<h1>Index of /&lt;b&gt;</h1>" in get(site(tree), "/%3Cb%3E/").body


def test_sorting_links_cannot_be_abused(tree: Path) -> None:
    """Of the query only what is understood comes back in links."""
    response = get(site(tree, "IndexOptions FancyIndexing"), '/?F=1;P=%22%3E"><script>')
    assert b"<script>" not in response.body.replace(b"&lt;script&gt;", b"")
    assert all("script" not in link for link in links(response) if link.startswith("?"))


def test_refused_files_are_not_listed(tree: Path) -> None:
    """Names that access control, or a missing link target, keeps from the client do not show."""
    os.symlink(tree / "nowhere", tree / "dangling")
    guard = "<Files a.txt>\nRequire all denied\n</Files>"
    found = links(get(site(tree, guard), "/"))
    assert "a.txt" not in found
    assert "dangling" not in found
    assert "b.html" in found


def test_links_that_may_not_be_followed_are_not_listed(tree: Path) -> None:
    """Without FollowSymLinks a symbolic link does not show."""
    os.symlink(tree.parent / "outside.txt", tree / "link.txt")
    assert "link.txt" in links(get(site(tree), "/"))
    assert "link.txt" not in links(get(site(tree, options="+Indexes -FollowSymLinks"), "/"))


def test_header_and_readme(tree: Path) -> None:
    """HTML is put in as it is, other text escaped, what may not be had not at all."""
    (tree / "note.txt").write_text("1 < 2")
    body = get(site(tree, "HeaderName b.html\nReadmeName note.txt"), "/").body
    assert b"<p>markup of b</p>" in body
    assert b"<pre>1 &lt; 2</pre>" in body
    assert b"Index of" not in body.split(b"</head>")[1]
    guard = "HeaderName a.txt\n<Files a.txt>\nRequire all denied\n</Files>"
    assert b"<h1>Index of /</h1>" in get(site(tree, guard), "/").body
    assert b"outside" not in get(site(tree, "HeaderName ../outside.txt"), "/").body


def test_preamble_can_be_the_headers(tree: Path) -> None:
    """With SuppressHTMLPreamble an HTML header begins the page."""
    text = "IndexOptions SuppressHTMLPreamble\nHeaderName b.html"
    assert get(site(tree, text), "/").body.lstrip().startswith(b"<p>markup of b</p>")


def test_descriptions(tree: Path) -> None:
    """AddDescription names files by name, wildcard or path."""
    text = (
        'IndexOptions FancyIndexing\nAddDescription "the first" a.txt\n'
        f'AddDescription "some <i>page</i>" *.html\nAddDescription "folder" {tree}/sub'
    )
    body = get(site(tree, text), "/").body
    assert b'<td class="D">the first</td>' in body
    assert b'<td class="D">some <i>page</i></td>' in body
    assert b'<td class="D">folder</td>' in body


def test_style(tree: Path) -> None:
    """A site's own style sheet takes the place of the built-in one."""
    body = get(site(tree, 'IndexStyleSheet /own.css\nIndexHeadInsert "<meta name=x>"'), "/").body
    assert b'<link rel="stylesheet" href="/own.css">' in body
    assert b"<style>" not in body
    assert b"<meta name=x>" in body


def test_head_has_no_body(tree: Path) -> None:
    """HEAD is answered without the list; other methods are not."""
    assert get(site(tree), "/", "HEAD").body == b""
    assert get(site(tree), "/", "PUT").status == 405


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("IndexOptions Nonsense", "Invalid directory indexing option"),
        ("IndexOptions +None", "Cannot combine '+' or '-' with 'None' keyword"),
        ("IndexOptions NameWidth=3", "NameWidth value must be greater than 5"),
        ("IndexOptions DescriptionWidth=3", "DescriptionWidth value must be greater than 12"),
        ('IndexOptions "Charset=a b"', "IndexOptions charset: not a name: a b"),
        ("IndexOrderDefault Up Name", "First keyword must be 'Ascending' or 'Descending'"),
        (
            "IndexOrderDefault Ascending Colour",
            "Second keyword must be 'Name', 'Date', 'Size', or 'Description'",
        ),
        ("FancyIndexing maybe", "FancyIndexing must be On or Off"),
    ],
)
def test_refused(line: str, message: str) -> None:
    """Bad lines are refused in httpd's words."""
    assert complaint(line) == message
