"""Handlers in a Location that want `filename` and `path_info` (`olexd.map_locations Split`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.testing import Client

APPLICATION = """
from mod_python import apache

def handler(req):
    if req.args == "declined":
        return apache.DECLINED
    req.add_cgi_vars()
    req.write(repr((req.filename, req.path_info, req.subprocess_env["SCRIPT_NAME"], req.finfo.filetype)), 0)
    return apache.OK

def headerparserhandler(req):
    req.early = req.path_info
    return apache.OK
"""


def ask(tmp_path: Path, section: str, url: str, more: str = "") -> tuple[str, str]:
    """Return `filename` below the document root and `path_info` of a request."""
    (tmp_path / "app.py").write_text(APPLICATION)
    kind = section.partition(" ")[0]
    config = f"<{section}>\nSetHandler mod_python\nPythonHandler app\n</{kind}>\n{more}"
    with Client(f"PythonOption olexd.map_locations Split\n{config}", tmp_path) as client:
        filename, info, script, filetype = eval(client.get(url).text)
        assert filename == str(tmp_path) + script
        assert filetype == 0
        return filename[len(str(tmp_path)) :], info


@pytest.mark.parametrize(
    ("section", "url", "parts"),
    [
        ("Location /tracker", "/tracker", ("/tracker", "")),
        ("Location /tracker", "/tracker/", ("/tracker", "/")),
        ("Location /tracker", "/tracker/issue1", ("/tracker", "/issue1")),
        ("Location /tracker/", "/tracker/a/b", ("/tracker", "/a/b")),
        ("Location /a/b", "/a/b/c%20d", ("/a/b", "/c d")),
        ("Location /", "/x/y", ("", "/x/y")),
        ("Location /t/*", "/t/one", ("/t/one", "")),
        ('LocationMatch "^/t/[a-z]+"', "/t/one/issue1", ("/t/one", "/issue1")),
        ('LocationMatch "^/t/[a-z]+$"', "/t/one", ("/t/one", "")),
        ('Location ~ "^/(one|two)/?"', "/two/x", ("/two", "/x")),
    ],
)
def test_parts(tmp_path: Path, section: str, url: str, parts: tuple[str, str]) -> None:
    """The path is taken apart where the Location ends."""
    assert ask(tmp_path, section, url) == parts


def test_inner_locations_without_handlers_do_not_count(tmp_path: Path) -> None:
    """The Location that the handler comes from is the one that counts."""
    more = "<Location /t/inner>\nPythonOption x y\n</Location>"
    assert ask(tmp_path, "Location /t", "/t/inner/x", more) == ("/t", "/inner/x")


def test_existing_files_are_not_looked_at(tmp_path: Path) -> None:
    """A file at that place changes nothing, and a handler that declines does not hand it out."""
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "secret.txt").write_text("secret")
    assert ask(tmp_path, "Location /t", "/t/secret.txt") == ("/t", "/secret.txt")
    assert ask(tmp_path, "Location /t/secret.txt", "/t/secret.txt") == ("/t/secret.txt", "")
    config = (
        "<Location /t/secret.txt>\nSetHandler mod_python\nPythonHandler app\n"
        "PythonOption olexd.map_locations Split\n</Location>"
    )
    with Client(config, tmp_path) as client:
        response = client.get("/t/secret.txt?declined")
        assert (response.status, b"secret\n" in response.body) == (404, False)


def test_early_phases_see_them(tmp_path: Path) -> None:
    """The values are there from the first phase in which a file would be known."""
    (tmp_path / "app.py").write_text(APPLICATION)
    config = (
        "<Location /t>\nSetHandler mod_python\nPythonHandler app\nPythonHeaderParserHandler app\n"
        "PythonOption olexd.map_locations Split\n</Location>"
    )
    with Client(config, tmp_path) as client:
        assert client.get("/t/x").req.early == "/x"  # type: ignore[attr-defined]


def test_only_where_it_is_wanted(tmp_path: Path) -> None:
    """Without the option both stay None, as in mod_python 3.5."""
    (tmp_path / "app.py").write_text(APPLICATION)
    with Client("<Location /t>\nSetHandler mod_python\nPythonHandler app\n</Location>", tmp_path) as client:
        response = client.get("/t/x")
        assert (response.req.filename, response.req.path_info) == (None, None)
