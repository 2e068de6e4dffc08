"""Pages with server-side includes, through all phases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from olexd.config.errors import ConfigError
from tests.unit.support import Response, configure, get

ERROR = "[an error occurred while processing this directive]"


class Site:
    """A document root in which `.shtml` files are parsed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = "Options +Includes"

    def put(self, name: str, text: str | bytes) -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def get(self, path: str = "/a.shtml", method: str = "GET") -> Response:
        """Ask for a page; a chunked body is returned joined."""
        config = configure(
            f'DocumentRoot "{self.root}"\nErrorLog "{self.root}/log"\nAddType text/html .shtml\n'
            f"AddOutputFilter INCLUDES .shtml\n{self.config}\n"
        )
        return get(config, path, method)

    def page(self, text: str | bytes, path: str = "/a.shtml") -> str:
        """Return what becomes of a page, without chunks."""
        self.put("a.shtml", text)
        return joined(self.get(path)).decode("utf-8", "backslashreplace")

    @property
    def log(self) -> str:
        return (self.root / "log").read_text()


def joined(response: Response) -> bytes:
    """Return a body without its chunks."""
    if response.fields.get("transfer-encoding") != "chunked":
        return response.body
    body, parts = response.body, []
    while size := int(body.partition(b"\r\n")[0], 16):
        body = body.partition(b"\r\n")[2]
        parts.append(body[:size])
        body = body[size + 2 :]
    return b"".join(parts)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


class TestPages:
    def test_without_elements(self, site: Site) -> None:
        """Such a page has a length, but no validators: what it includes may change."""
        site.put("a.shtml", "text")
        response = site.get()
        assert response.body == b"text" and response.fields["content-length"] == "4"
        assert not {"etag", "last-modified"} & set(response.fields)

    def test_without_the_option(self, site: Site) -> None:
        """Without Options +Includes a page goes out as it is, and the log says why."""
        site.config = ""
        assert site.page("<!--#echo var='X' -->") == "<!--#echo var='X' -->"
        assert "Options +Includes (or IncludesNoExec) wasn't set" in site.log

    def test_latin_1(self, site: Site) -> None:
        """Bytes that are no UTF-8 come out as they went in, through variables too."""
        assert site.page(b'\xe4<!--#set var="x" value="\xfc" --><!--#echo var="x" -->') == "\\xe4\\xfc"

    def test_head(self, site: Site) -> None:
        """HEAD has the head of the page."""
        site.put("a.shtml", "text")
        response = site.get(method="HEAD")
        assert response.body == b"" and response.fields["content-length"] == "4"

    def test_by_type(self, site: Site) -> None:
        """AddOutputFilterByType parses responses of its types, and leaves others alone."""
        site.config += "\nAddOutputFilterByType INCLUDES text/html"
        for name in ("b.html", "b.txt"):
            site.put(name, '<!--#echo var="DOCUMENT_NAME" -->')
        assert joined(site.get("/b.html")) == b"b.html"
        plain = site.get("/b.txt")
        assert plain.body.startswith(b"<!--#echo") and "etag" in plain.fields

    def test_other_types_keep_their_ranges(self, site: Site) -> None:
        """A large file that no filter is for is still sent in parts."""
        site.config += "\nAddOutputFilterByType INCLUDES text/html"
        site.put("b.bin", b"0123456789" * 10000)
        config = configure(f'DocumentRoot "{site.root}"\n{site.config}')
        response = get(config, "/b.bin", Range="bytes=2-4")
        assert (response.status, response.body) == (206, b"234")

    def test_server_parsed(self, site: Site) -> None:
        """The handler of old asks for the filter."""
        site.config += "\nAddHandler server-parsed .foo"
        site.put("b.foo", '<!--#echo var="DOCUMENT_NAME" -->')
        response = site.get("/b.foo")
        assert joined(response) == b"b.foo" and response.fields["content-type"] == "text/html"

    @pytest.mark.parametrize(
        ("hack", "mode", "parsed", "dated"),
        [
            ("on", 0o644, False, True),
            ("on", 0o744, True, False),
            ("on", 0o754, True, False),
            ("full", 0o744, True, False),
            ("full", 0o754, True, True),
            ("off", 0o754, False, True),
        ],
    )
    def test_xbit_hack(self, site: Site, hack: str, mode: int, parsed: bool, dated: bool) -> None:
        """HTML files that may be executed are parsed; with `full` the group's bit keeps Last-Modified."""
        site.config += f"\nXBitHack {hack}"
        site.put("b.html", '<!--#echo var="DOCUMENT_NAME" -->')
        os.chmod(site.root / "b.html", mode)
        response = site.get("/b.html")
        assert (joined(response) == b"b.html") is parsed
        assert ("last-modified" in response.fields) is dated

    def test_endless_element(self, site: Site) -> None:
        """A page that opens an element and never closes it is answered all the same."""
        text = '<!--#echo var="' + "x" * (3 << 20)
        assert site.page(text).count(ERROR) >= 1


class TestSettings:
    def test_texts(self, site: Site) -> None:
        """Messages and formats have directives."""
        site.config += "\nSSIErrorMsg ERR\nSSIUndefinedEcho UNDEF\nSSITimeFormat %Y"
        assert site.page('<!--#none -->|<!--#echo var="none" -->') == "ERR|UNDEF"
        assert site.page('<!--#flastmod file="a.shtml" -->').startswith("20")

    def test_impossible_time_format(self, site: Site) -> None:
        """It is an error of its element."""
        assert site.page('<!--#config timefmt="%Y&#0;\0" -->|') == ERROR + "|"

    def test_xbit_hack_is_checked(self, site: Site) -> None:
        """A word that means nothing is refused."""
        site.config += "\nXBitHack maybe"
        site.put("a.shtml", "")
        with pytest.raises(ConfigError, match="XBitHack must be set to Off, On, or Full"):
            site.get()


class TestConditions:
    @pytest.mark.parametrize(
        ("expression", "holds"),
        [
            ('v("x") == "abc"', True),
            ('v("x") =~ /^a/', True),
            ('-z v("nope")', True),
            ('%{REQUEST_METHOD} == "POST"', False),
            ('v("x") == "b" || (-n v("x") && ! -z v("x"))', True),
        ],
    )
    def test_expressions(self, site: Site, expression: str, holds: bool) -> None:
        """httpd's expressions, with `v()` for the page's variables."""
        page = (
            f'<!--#set var="x" value="abc" --><!--#if expr=\'{expression}\' -->1<!--#else -->0<!--#endif -->'
        )
        assert site.page(page) == str(int(holds))

    @pytest.mark.parametrize(
        ("expression", "result"),
        [
            ("$x = abc", "1"),
            ("$x = /^a/ && $nope", "0"),
            ("$nope && $nope || $x", "0"),
            ("($x < abd) || $nope", "1"),
            ("! $nope", "1"),
            ("'$x' != \"abc\"", "0"),
            ("", "0"),
            ("! a = b", ERROR),
            ("(a", ERROR),
            ("a < /b/", ERROR),
            ("a = /(/", ERROR),
            ("a 'b", ERROR),
        ],
    )
    def test_old_expressions(self, site: Site, expression: str, result: str) -> None:
        """mod_include's own language, if it is asked for."""
        site.config += "\n<Location />\nSSILegacyExprParser On\n</Location>"
        page = f'<!--#set var="x" value="abc" --><!--#if expr=`{expression}` -->1<!--#else -->0<!--#endif -->'
        assert site.page(page) == result

    def test_skipped_branches(self, site: Site) -> None:
        """Nothing in them is carried out, nested conditions included."""
        text = (
            '<!--#if expr="false" --><!--#if expr="true" -->a<!--#else -->b<!--#endif -->'
            '<!--#set var="x" value="set" --><!--#include virtual="/a.shtml" -->'
            '<!--#elif expr="true" -->c<!--#elif expr="true" -->d'
            '<!--#else -->e<!--#endif --><!--#echo var="x" -->'
        )
        assert site.page(text) == "c(none)"


class TestIncluding:
    def test_files_and_urls(self, site: Site) -> None:
        """Relative to the page, or from the root; parsed when they are pages themselves."""
        site.put("sub/b.txt", "text")
        site.put("sub/c.shtml", '<!--#include file="b.txt" -->-<!--#echo var="QUERY_STRING" -->')
        text = '<!--#include file="sub/b.txt" -->|<!--#include virtual="/sub/c.shtml?q=1&amp;r=2" -->'
        assert site.page(text) == "text|text-q=1&amp;r=2"

    @pytest.mark.parametrize("path", ["../a", "/etc/passwd", "sub/../../a", ".."])
    def test_files_outside_are_refused(self, site: Site, path: str) -> None:
        """A page cannot include what lies outside its own directory."""
        assert site.page(f'<!--#include file="{path}" -->') == ERROR
        assert f'unable to include file "{path}" in parsed file' in site.log

    def test_access_is_checked(self, site: Site) -> None:
        """What the client may not see cannot be included either."""
        site.config += "\n<Location /no>\nRequire all denied\n</Location>"
        site.put("no/secret.txt", "secret")
        assert site.page('<!--#include virtual="/no/secret.txt" -->') == ERROR

    def test_a_page_that_includes_itself(self, site: Site) -> None:
        """It ends."""
        assert site.page('x<!--#include virtual="/a.shtml" -->') == "x" * 11 + ERROR

    def test_big_files(self, site: Site) -> None:
        """What is included goes through in blocks."""
        site.put("big", b"0123456789" * 50000)
        assert site.page('[<!--#include file="big" -->]') == "[" + "0123456789" * 50000 + "]"

    def test_failing_filter_of_an_included_page(self, site: Site) -> None:
        """What cannot be filtered is not included."""
        site.config += (
            "\n<Location /elsewhere>\nPythonOutputFilter m CENSOR\n</Location>"
            "\n<Location /b.txt>\nSetOutputFilter CENSOR\n</Location>"
        )
        site.put("b.txt", "secret")
        assert site.page('<!--#include file="b.txt" -->|') == ERROR + "|"

    def test_impossible_paths(self, site: Site) -> None:
        """A path that cannot be one is an error of the element, not of the page."""
        assert site.page('<!--#include virtual="/%00" -->|') == ERROR + "|"
