"""mod_rewrite without a server: what is refused, what is safe, what flags and maps mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from olexd.modules.mappers.rewrite.text import Group, Lookup, Variable, parse_text
from tests.unit.support import complaint, configure, get


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A document root with two files and a guarded directory, and a secret beside it."""
    (tmp_path / "htdocs/guarded").mkdir(parents=True)
    (tmp_path / "htdocs/a.txt").write_text("a")
    (tmp_path / "htdocs/b.txt").write_text("b")
    (tmp_path / "htdocs/guarded/c.txt").write_text("c")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


def site(tree: Path, text: str) -> ServerConfig:
    """Return a server for the tree with rules."""
    text = text.replace("@ROOT@", str(tree / "htdocs"))
    return configure(f"ErrorLog -\nDocumentRoot {tree}/htdocs\nRewriteEngine On\n{text}", tree)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("RewriteRule a", "RewriteRule: bad argument line 'a'"),
        ("RewriteRule ( /x", "RewriteRule: cannot compile regular expression '('"),
        ("RewriteRule a b [ZZ]", "RewriteRule: unknown flag 'ZZ'"),
        ("RewriteRule a b L", "RewriteRule: bad flag delimiters"),
        ("RewriteRule a b [R=999]", "RewriteRule: invalid HTTP response code '999' for flag 'R'"),
        ("RewriteRule a b [R=200]", "RewriteRule: invalid HTTP response code '200' for flag 'R'"),
        ("RewriteRule a b [S=x]", "RewriteRule: S flag needs a number"),
        ("RewriteCond a", "RewriteCond: bad argument line 'a'"),
        ("RewriteCond a (", "RewriteCond: cannot compile regular expression '('"),
        ("RewriteCond a b [ZZ]", "RewriteCond: unknown flag 'ZZ'"),
        ("RewriteCond a b NC", "RewriteCond: bad flag delimiters"),
        (
            'RewriteCond expr "%{NOPE} == 1"',
            "RewriteCond: cannot compile expression \"%{NOPE} == 1\": Variable 'NOPE' does not exist",
        ),
        ("RewriteBase /x", "RewriteBase: only valid in per-directory config files"),
        ("<Directory /x>\nRewriteBase x\n</Directory>", "RewriteBase: argument is not a valid URL"),
        ("RewriteOptions nonsense", "RewriteOptions: unknown option 'nonsense'"),
        ("RewriteMap a int:nope", "RewriteMap: internal map not found:nope"),
        ("RewriteMap a txt:/nope", "RewriteMap: file for map a not found:/nope"),
        ("RewriteMap a dbm:/nope", "RewriteMap: file for map a not found:/nope"),
        ("RewriteMap a prg:", "RewriteMap: file for map a not found:/"),
        ("RewriteMap a prg:/nope x", "RewriteMap: file for map a not found:/nope"),
        ("RewriteEngine maybe", "RewriteEngine must be On or Off"),
    ],
)
def test_refused(line: str, message: str) -> None:
    """Bad lines are refused in httpd's words."""
    assert complaint(line) == message


def test_numbers_of_clients_are_bounded(tree: Path) -> None:
    """A number of thousands of digits is one like any other, and not a failure."""
    config = site(tree, "RewriteCond %{HTTP:X-Number} -gt5\nRewriteRule ^/x$ /a.txt")
    assert get(config, "/x", X_Number="9" * 5000).body == b"a"
    assert get(config, "/x", X_Number="-" + "9" * 5000).status == 404


def test_unsupported_maps_are_told_of(tree: Path) -> None:
    """A map that needs a database server is accepted with a warning, and its default is what it yields."""
    config = site(tree, 'RewriteMap p "dbd:select x"\nRewriteRule ^/x$ ${p:key|/a.txt}')
    assert any("dbd maps are not supported" in warning for warning in config.warnings)
    assert get(config, "/x").body == b"a"


def test_text_is_taken_apart() -> None:
    """References are found, nested ones too; what only looks like one is text."""
    text = parse_text(r"a$1%2%{ENV:x}${m:%{http_host}$1|d}\$3$x%{open")
    assert text.parts[:4] == ("a", Group("$", 1), Group("%", 2), Variable("ENV", "x"))
    found = text.parts[4]
    assert isinstance(found, Lookup)
    assert (found.map, found.default.plain) == ("m", "d")
    assert found.key.parts == (Variable("", "HTTP_HOST"), Group("$", 1))
    assert text.parts[5:] == ("$3$x%{open",)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/x../secret.txt", 403),
        ("/x.%2e/secret.txt", 403),
        ("/xa.txt", 200),
        ("/x%5c..%5c/secret.txt", 404),
    ],
)
def test_no_way_out_of_the_root(tree: Path, target: str, status: int) -> None:
    """What a pattern caught can end in dot segments; they are settled, and none leads out."""
    assert get(site(tree, "RewriteRule ^/x(.*)$ /$1"), target).status == status


@pytest.mark.parametrize(
    "rules",
    [
        "RewriteRule ^/x$ /guarded/c.txt",
        "RewriteRule ^/x$ /guarded/c.txt [PT]",
        "RewriteRule ^/x$ /b/../guarded/c.txt",
        "RewriteRule ^/x$ @ROOT@/guarded/c.txt",
        "<Directory @ROOT@>\nRewriteEngine On\nRewriteRule ^x$ guarded/c.txt\n</Directory>",
        "<Directory @ROOT@>\nRewriteEngine On\nRewriteRule ^x$ a/../guarded//c.txt\n</Directory>",
    ],
)
def test_guards_see_what_is_served(tree: Path, rules: str) -> None:
    """A guard of the file that rules lead to is asked, whichever way they lead there."""
    guard = "<Directory @ROOT@/guarded>\nRequire all denied\n</Directory>"
    assert get(site(tree, f"{rules}\n{guard}"), "/x").status == 403


def test_passed_on_paths_are_guarded_by_location(tree: Path) -> None:
    """With PT the Locations of the new path apply, however it is written."""
    guard = "<Location /guarded>\nRequire all denied\n</Location>"
    for path in ("/guarded/c.txt", "//guarded/c.txt", "/a/../guarded/c.txt", "/./guarded//c.txt"):
        assert get(site(tree, f"RewriteRule ^/x$ {path} [PT]\n{guard}"), "/x").status == 403


def test_client_cannot_choose_a_system_path(tree: Path) -> None:
    """A target that begins with what the client sent stays below the document root."""
    rule = "RewriteRule ^/x(.*)$ $1"
    assert get(site(tree, rule), f"/x{tree}/secret.txt").status == 404
    assert get(site(tree, f"{rule} [UnsafePrefixStat]"), f"/x{tree}/secret.txt").body == b"secret"


def test_client_cannot_begin_the_query(tree: Path) -> None:
    """An encoded question mark does not become the one that begins the query."""
    assert get(site(tree, "RewriteRule ^/x/(.*)$ /$1"), "/x/a.txt%3Fq").status == 403
    assert get(site(tree, "RewriteRule ^/x/(.*)$ /$1?own"), "/x/a.txt%3Fq").status == 403
    assert get(site(tree, "RewriteRule ^/x/(.*)$ /a.txt?q=$1"), "/x/a%3Fb").status == 200


def test_unmapped_paths_are_no_files(tree: Path) -> None:
    """Where a Location of mod_python keeps the path from being mapped, no file of the system is served."""
    guard = f"<Location {tree}>\nPythonAccessHandler mod_python.psp\n</Location>"
    config = site(tree, f"RewriteRule ^/never$ /a.txt\n{guard}")
    response = get(config, f"{tree}/secret.txt")
    assert response.status != 200
    assert b"secret" not in response.body


def test_header_injection(tree: Path) -> None:
    """Line breaks in a redirect's target, a cookie or a query reach no header."""
    response = get(site(tree, "RewriteRule ^/x(.*)$ /y$1 [R,NE]"), "/x%0d%0aX-Evil:%201")
    assert response.status == 500
    assert "x-evil" not in response.fields
    response = get(site(tree, "RewriteRule ^/x(.*)$ /y$1 [R]"), "/x%0d%0aX-Evil:%201")
    assert response.fields["location"] == "http://localhost/y%0d%0aX-Evil:%201"
    assert get(site(tree, "RewriteRule ^/x(.*)$ /a.txt [CO=n:$1:.t]"), "/x%0d%0aX-Evil:%201").status == 500


@pytest.mark.parametrize(
    ("rules", "target"),
    [
        ("RewriteRule ^/loop$ /loop [N]", "/loop"),
        ("RewriteRule ^(.*)$ $1$1 [N]", "/grow"),
        ("<Directory @ROOT@>\nRewriteEngine On\nRewriteRule ^(.*)$ x$1\n</Directory>", "/a"),
    ],
)
def test_loops_end(tree: Path, rules: str, target: str) -> None:
    """Rules that would never end are ended with 500."""
    assert get(site(tree, rules), target).status == 500


def test_subrequests_of_conditions_end(tree: Path) -> None:
    """A condition whose subrequest asks the same condition again does not recurse for ever."""
    rules = "RewriteCond %{REQUEST_URI} -U\nRewriteRule ^/x$ /a.txt"
    assert get(site(tree, rules), "/x").status in (200, 404)


def test_nothing_to_do_costs_nothing(tree: Path) -> None:
    """Where no engine is on, no hook of the module is asked."""
    from olexd.modules.mappers.rewrite import fix_up, redirect, translate
    from tests.unit.support import make_request

    request = make_request(configure(f"DocumentRoot {tree}/htdocs\nRewriteRule a b"))
    plan = request.phases.plan(request)
    calls = {*plan.translate_name, *plan.fixups, *plan.handler}
    assert not calls & {translate, fix_up, redirect}


def test_error_documents_that_lead_to_each_other(tmp_path: Path) -> None:
    """The page of a refusal that rules refuse, too, ends after ten rounds, with the first error."""
    log = tmp_path / "error.log"
    text = f"ErrorLog {log}\nDocumentRoot {tmp_path}\nRewriteEngine On\nErrorDocument 404 /page\n"
    rules = "ErrorDocument 403 /page\nRewriteRule ^/page - [F]"
    response = get(configure(text + rules), "/missing")
    assert (response.status, response.fields["connection"]) == (404, "close")
    assert log.read_text().count("AH00124") == 1


def test_error_document_that_is_redirected(tmp_path: Path) -> None:
    """The redirect is the answer."""
    text = f"ErrorLog -\nDocumentRoot {tmp_path}\nRewriteEngine On\nErrorDocument 404 /page\n"
    response = get(configure(text + "RewriteRule ^/page http://other.test/ [R=301]"), "/missing")
    assert (response.status, response.fields["location"]) == (301, "http://other.test/")
