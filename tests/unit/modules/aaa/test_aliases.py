"""Aliases: providers and requirements with settings of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.config.build import load_text
from olexd.config.errors import ConfigError
from olexd.modules.registry import SPECS
from tests.unit.modules.aaa.support import ANN, EVE, JOE, SHA, credentials, site
from tests.unit.support import complaint, configure, get

BASIC = "AuthType Basic\nAuthName x\n"
VALID = "Require valid-user\n"


@pytest.fixture
def users(tree: Path) -> Path:
    """The tree with a second user file, in which there is eve."""
    (tree / "more").write_text(f"eve:{SHA}\njoe:x\n")
    return tree


def authn(tree: Path) -> str:
    """Return aliases of the two files."""
    return (
        f"<AuthnProviderAlias file first>\nAuthUserFile {tree}/users\n</AuthnProviderAlias>\n"
        f"<AuthnProviderAlias file second>\nAuthUserFile {tree}/more\n</AuthnProviderAlias>\n"
        "<AuthnProviderAlias file bare>\n</AuthnProviderAlias>\n"
        "<AuthnProviderAlias first nested>\n</AuthnProviderAlias>\n"
    )


@pytest.mark.parametrize(
    ("lines", "joe", "eve"),
    [
        ("AuthBasicProvider first", 200, 401),
        ("AuthBasicProvider second", 401, 200),
        ("AuthBasicProvider first second", 200, 200),
        ("AuthBasicProvider second first", 401, 200),
        ("AuthBasicProvider first second\nAuthUserFile /nonexistent", 200, 200),
        ("AuthBasicProvider bare\nAuthUserFile USERS", 200, 401),
        ("AuthBasicProvider bare", 500, 500),
        ("AuthBasicProvider nested\nAuthUserFile /nonexistent", 200, 401),
    ],
)
def test_providers(users: Path, lines: str, joe: int, eve: int) -> None:
    """Each alias looks into its own file; what it does not say is the place's."""
    config = site(users, BASIC + VALID + lines, authn(users))
    assert get(config, "/f.txt", Authorization=JOE).status == joe
    assert get(config, "/f.txt", Authorization=EVE).status == eve


def test_in_htaccess_and_virtual_hosts(users: Path) -> None:
    """Aliases of the main server are known in its hosts and in .htaccess files, also when these change."""
    (users / ".htaccess").write_text(f"{BASIC}{VALID}AuthBasicProvider second\n")
    config = configure(
        f"ErrorLog {users}/log\nDocumentRoot {users}\n{authn(users)}<VirtualHost *>\nServerName localhost\n"
        f"<Directory {users}>\nAllowOverride AuthConfig\n</Directory>\n</VirtualHost>\n"
        f"<Directory {users}>\nAllowOverride AuthConfig\n</Directory>"
    )
    assert get(config, "/f.txt", Authorization=EVE).status == 200
    (users / ".htaccess").write_text(f"{BASIC}{VALID}AuthBasicProvider unknown-one\n")
    assert get(config, "/f.txt", Authorization=EVE).status == 500


def authz(tree: Path) -> str:
    """Return kinds of requirements."""
    return (
        f'<AuthzProviderAlias group admins "admin">\nAuthGroupFile {tree}/groups\n</AuthzProviderAlias>\n'
        '<AuthzProviderAlias user some "joe ann">\n</AuthzProviderAlias>\n'
        "<AuthzProviderAlias user nobody>\n</AuthzProviderAlias>\n"
        '<AuthzProviderAlias ip near "127 ::1">\n</AuthzProviderAlias>\n'
        '<AuthzProviderAlias ip far "10">\n</AuthzProviderAlias>\n'
    )


@pytest.mark.parametrize(
    ("lines", "joe", "ann"),
    [
        ("Require admins", 200, 401),
        ("AuthGroupFile /nonexistent\nRequire admins", 200, 401),
        ("Require some", 200, 200),
        ("Require some and more", 200, 200),
        ("Require nobody", 401, 401),
        ("Require near", 200, 200),
        ("Require far", 403, 403),
        ("<RequireAll>\nRequire valid-user\nRequire not admins\n</RequireAll>", 401, 200),
        ("<Limit POST>\nRequire far\n</Limit>\nRequire near", 200, 200),
    ],
)
def test_requirements(tree: Path, lines: str, joe: int, ann: int) -> None:
    """An alias of a requirement has its arguments and files with it, and is used like any other."""
    config = site(tree, f"{BASIC}AuthUserFile USERS\n{lines}", authz(tree))
    assert get(config, "/f.txt", Authorization=JOE).status == joe
    assert get(config, "/f.txt", Authorization=ANN).status == ann


def test_requirement_without_credentials(tree: Path) -> None:
    """An alias that needs a user asks for one, another does not."""
    base = f"{BASIC}AuthUserFile USERS\n"
    assert get(site(tree, base + "Require some", authz(tree)), "/f.txt").status == 401
    assert get(site(tree, base + "Require near", authz(tree)), "/f.txt").status == 200
    wrong = credentials("joe", "wrong")
    assert get(site(tree, base + "Require some", authz(tree)), "/f.txt", Authorization=wrong).status == 401


AUTHN = "<AuthnProviderAlias {}>\n{}\n</AuthnProviderAlias>\n"
AUTHZ = "<AuthzProviderAlias {}>\n{}\n</AuthzProviderAlias>\n"
TWICE = (
    "The alias provider a has already be registered previously as either a base provider or an alias "
    "provider."
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (AUTHN.format("file", ""), "<AuthnProviderAlias> directive requires additional arguments"),
        (AUTHN.format("", ""), "<AuthnProviderAlias> directive requires additional arguments"),
        (AUTHN.format("nope a", ""), "Unknown Authn provider: nope"),
        (AUTHN.format("File a", ""), "Unknown Authn provider: File"),
        (AUTHN.format("file a", "") * 2, TWICE),
        (
            AUTHN.format("file file", ""),
            "The alias provider name must be different from the base provider name.",
        ),
        (AUTHN.format("dbm file", ""), TWICE.replace("provider a ", "provider file ")),
        (
            AUTHN.format("file a", "DocumentRoot /"),
            "DocumentRoot not allowed in <AuthnProviderAlias> context",
        ),
        (AUTHN.format("file a", "Header set X y"), "Header not allowed in <AuthnProviderAlias> context"),
        (
            AUTHN.format("file a", "<Location />\n</Location>"),
            "<Location not allowed in <AuthnProviderAlias> context",
        ),
        (
            AUTHN.format("file a", '<If "true">\n</If>'),
            "<If not allowed in <AuthnProviderAlias> context",
        ),
        (
            f"<Location />\n{AUTHN.format('file a', '')}</Location>",
            "<AuthnProviderAlias not allowed in <Location> context",
        ),
        (
            f"<VirtualHost *>\n{AUTHN.format('file a', '')}</VirtualHost>",
            "<AuthnProviderAlias> cannot occur within <VirtualHost> section",
        ),
        ("<Location />\nAuthBasicProvider a\n</Location>", "Unknown Authn provider: a"),
        (
            "<Location />\nAuthBasicProvider a\n</Location>\n" + AUTHN.format("file a", ""),
            "Unknown Authn provider: a",
        ),
        (
            AUTHN.format("anon a", "") + "<Location />\nAuthDigestProvider a\n</Location>",
            "The 'a' Authn provider doesn't support Digest Authentication",
        ),
        (AUTHZ.format("user", ""), "<AuthzProviderAlias> directive requires additional arguments"),
        (AUTHZ.format("nope a", ""), "Unknown Authz provider: nope"),
        (AUTHZ.format("ip a foo", ""), "ip address 'foo' appears to be invalid"),
        (AUTHZ.format("user valid-user x", ""), "valid-user is the name of a built-in kind of requirement"),
        (AUTHZ.format("user a x", "Options None"), "Options not allowed in <AuthzProviderAlias> context"),
        (
            AUTHZ.format("user a x", "") + "<Location />\nRequire not a\n</Location>",
            "negative Require directive has no effect in <RequireAny> directive",
        ),
        (
            f"<Location />\n{AUTHZ.format('user a x', '')}</Location>",
            "<AuthzProviderAlias not allowed in <Location> context",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    """An alias that is not understood, or not yet known where it is used, stops the start."""
    assert complaint(text) == message


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (AUTHZ.format("user a joe ann", ""), "takes its arguments as one quoted word"),
        (AUTHZ.format("user a joe", "") * 2, "a is defined again; the Require lines above keep the first"),
    ],
)
def test_warned_of(text: str, warning: str) -> None:
    """Arguments that are not quoted are cut off, and a second alias of one name is probably a mistake."""
    assert any(warning in given for given in load_text(text, SPECS).warnings)


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("AuthBasicProvider flie", "did you mean file?"),
        ("AuthBasicProvider clubs", "did you mean club?"),
        ("Require valid_user", "did you mean valid-user?"),
        ("Require freinds", "did you mean friends?"),
        ("Require xyz", ""),
    ],
)
def test_suggested(line: str, suggestion: str) -> None:
    """A name that is nearly one that is known is named."""
    known = AUTHN.format("file club", "") + AUTHZ.format("user friends joe", "")
    with pytest.raises(ConfigError) as raised:
        configure(f"{known}<Location />\n{line}\n</Location>")
    assert raised.value.problems[0].suggestion == suggestion
