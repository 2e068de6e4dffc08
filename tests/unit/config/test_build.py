"""The second pass and the compiled configuration."""

from __future__ import annotations

import pytest

from olexd.config.build import load_text
from olexd.config.errors import ConfigError
from olexd.config.rows import Methods
from tests.unit.config.specimen import SITE, SiteDir, SiteServer, load, problems


def test_a_host_has_the_main_servers_settings_below_its_own() -> None:
    """Server-wide and per-directory settings go from the main server to the virtual host."""
    config = load(
        "Timeout 7\nStep main\n<VirtualHost *:80>\nDocumentRoot /srv\nStep host\n</VirtualHost>",
        server_root="/",
    )
    host = config.hosts[1]
    assert host.server[SiteServer] == SiteServer("/srv", 7, "", ())
    assert host.merged()[SiteDir].steps == ("main", "host")
    assert config.main.merged()[SiteDir].steps == ("main",)


def test_sections_merge_in_httpds_order() -> None:
    """Directory, DirectoryMatch, Files, Location: the later ones win, appended values keep the order."""
    config = load(
        "<Location /a>\nStep location\nSetHandler location\n</Location>\n"
        "<Files x>\nStep files\nSetHandler files\n</Files>\n"
        "<DirectoryMatch /srv>\nStep match\nSetHandler match\n</DirectoryMatch>\n"
        "<Directory /srv/www>\nStep deep\n</Directory>\n"
        "<Directory />\nStep root\nSetHandler root\n</Directory>\n"
    )
    host = config.main
    sections = (*host.directories.match("/srv/www/x"), *host.files, *host.locations.match("/a/x"))
    assert host.merged(sections)[SiteDir].steps == ("root", "deep", "match", "files", "location")
    assert host.merged(sections)[SiteDir].handler == "location"


def test_equal_matches_give_the_same_object() -> None:
    """Merged settings are cached by the sections that matched."""
    host = load("<Location /a>\nStep a\n</Location>").main
    assert host.merged(host.locations.match("/a")) is host.merged(host.locations.match("/a/b"))


def test_all_errors_are_reported() -> None:
    """No bad directive hides another one, in sections with bad headers either."""
    text = "Timeout x\n<Location>\nBogus\n</Location>\n<VirtualHost *:99999>\nActive 1\n</VirtualHost>\nTwo\n"
    assert [line.split(":")[0] for line in problems(text)] == ["1", "2", "3", "5", "6", "8"]


def test_errors_name_the_include_chain() -> None:
    """An error's text says file, line and hint."""
    with pytest.raises(ConfigError) as caught:
        load_text("SetHandlr x", [SITE], name="httpd.conf")
    assert str(caught.value).startswith("httpd.conf:1: Invalid command 'SetHandlr', perhaps misspelled")
    assert str(caught.value).endswith("(did you mean SetHandler?)")


@pytest.mark.parametrize(
    "name",
    [
        "AuthDBDUserPWQuery",
        "AuthFormProvider",
        "AuthLDAPURL",
        "AuthzDBDQuery",
        "LuaHookAccessChecker",
        "MDRequireHttps",
        "Session",
        "SSLCARevocationCheck",
        "SSLRequireSSL",
        "SSLVerifyClient",
    ],
)
def test_a_directive_that_restricts_is_never_ignored(name: str) -> None:
    """What guards access or the transport and is not implemented stops the start."""
    (problem,) = problems(f"{name} on on")
    assert "does not support yet" in problem


@pytest.mark.parametrize("name", ["<AuthzProviderAlias a b>", "<LuaHookAccessChecker a>"])
def test_an_unsupported_section_is_never_ignored(name: str) -> None:
    """A section that is not implemented stops the start, and what is in it is not applied outside."""
    kind = name[1:].rstrip(">").split()[0]
    found = problems(f"{name}\nStep leaked\n</{kind}>")
    assert len(found) == 1
    assert "does not support yet" in found[0]


def test_authorization_in_limit_is_never_widened() -> None:
    """A rule that does not know methods is refused in Limit instead of applied to all or none."""
    found = problems("<Location /a>\n<Limit GET>\nSatisfy any\n</Limit>\n</Location>")
    assert found == ["3: Satisfy in <Limit> is not supported yet"]


def test_two_modules_cannot_share_a_directive() -> None:
    """A name clash between modules is a programming error."""
    with pytest.raises(ValueError, match="two modules declare"):
        load_text("", [SITE, SITE])


@pytest.mark.parametrize(
    ("outer", "inner", "get", "put"),
    [
        (Methods(frozenset({"GET", "PUT"})), Methods(frozenset({"GET"})), True, False),
        (Methods(frozenset({"GET"}), True), Methods(frozenset({"GET", "PUT"})), False, True),
        (Methods(frozenset({"GET", "PUT"})), Methods(frozenset({"PUT"}), True), True, False),
        (Methods(frozenset({"GET"}), True), Methods(frozenset({"POST"}), True), False, True),
    ],
)
def test_nested_limits(outer: Methods, inner: Methods, get: bool, put: bool) -> None:
    """Nested Limits cover what both cover; HEAD goes with GET."""
    both = outer.within(inner)
    assert (both.cover("GET"), both.cover("HEAD"), both.cover("PUT")) == (get, get, put)


def test_the_tree_has_httpds_shape() -> None:
    """`config_tree()` gives tuples, a section's with its brackets and, unless empty, a list after it."""
    config = load(
        '<IfDefine !X>\ntimeout 5\n</IfDefine>\n<location "/a">\nStep "a b"\n</Location>\n'
        "<Location /b>\n</Location>"
    )
    section = [("<Location", '"/a">'), [("Step", '"a b"')]]
    assert config.tree == [("Timeout", "5"), *section, ("<Location", "/b>")]


def test_the_default_name_is_this_machines() -> None:
    """Without ServerName the server has a name, and no resolver was asked for it."""
    assert load("").main.name


def test_an_address_that_does_not_resolve_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A VirtualHost on an unknown name warns and never answers."""

    def unknown(*args: object, **options: object) -> None:
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    config = load("<VirtualHost nowhere.invalid:80>\nServerName a\n</VirtualHost>")
    assert config.warnings == ("<text>:1: AH00547: Could not resolve host name nowhere.invalid -- ignoring!",)
    assert config.selector.select("127.0.0.1", 80, "a") is config.main


def test_an_error_in_a_line_with_an_undefined_variable_names_it() -> None:
    """The warning stands before the error; those of other lines are left out."""
    text = "Step ${NONE}\nTimeout ${ALSO_NONE}\n"
    with pytest.raises(ConfigError) as caught:
        load(text)
    messages = [problem.message for problem in caught.value.problems]
    assert messages[0] == "AH00111: Config variable ${ALSO_NONE} is not defined"
    assert len(messages) == 2
