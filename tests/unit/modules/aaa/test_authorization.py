"""Who may pass: Require, Basic, and what refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.model.challenge import basic_credentials
from tests.unit.modules.aaa.support import (
    ANN,
    BASIC,
    CHALLENGE,
    EVE,
    FILE,
    JOE,
    JOE_WRONG,
    credentials,
    site,
)
from tests.unit.support import complaint, configure, get


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("", 200),
        ("Require all granted", 200),
        ("Require all denied", 403),
        ("Require ip 127.0.0.1", 200),
        ("Require ip 127", 200),
        ("Require ip 10.0.0.0/8", 403),
        ("Require ip 127.0.0.0/255.0.0.0", 200),
        ("Require ip ::1", 403),
        ("Require local", 200),
        ("Require method GET", 200),
        ("Require method POST", 403),
        ("Require env NOPE", 403),
        ("Require ip 10.0.0.0/8\nRequire local", 200),
        ("<RequireAll>\nRequire local\nRequire ip 10\n</RequireAll>", 403),
        ("<RequireAll>\nRequire local\nRequire not ip 10\n</RequireAll>", 200),
        ("<RequireAll>\nRequire local\nRequire not ip 127\n</RequireAll>", 403),
        ("<RequireAll>\nRequire local\n<RequireNone>\nRequire ip 127\n</RequireNone>\n</RequireAll>", 403),
        ("<RequireAny>\nRequire ip 10\nRequire local\n</RequireAny>", 200),
        ("<Limit POST>\nRequire all denied\n</Limit>", 200),
        ("<Limit GET>\nRequire all denied\n</Limit>", 403),
        ("<LimitExcept POST>\nRequire all denied\n</LimitExcept>", 403),
        ("Require all denied\n<Limit POST>\nRequire all granted\n</Limit>", 403),
    ],
)
def test_without_user(tree: Path, lines: str, status: int) -> None:
    """What needs no user is decided at once."""
    assert get(site(tree, lines), "/f.txt").status == status


def test_head_counts_as_get(tree: Path) -> None:
    """A method that is required or limited as GET covers HEAD."""
    assert get(site(tree, "Require method GET"), "/f.txt", "HEAD").status == 200
    assert get(site(tree, "<Limit GET>\nRequire all denied\n</Limit>"), "/f.txt", "HEAD").status == 403


@pytest.mark.parametrize(
    ("lines", "authorization", "status"),
    [
        (FILE + "Require valid-user", None, 401),
        (FILE + "Require valid-user", JOE, 200),
        (FILE + "Require valid-user", JOE_WRONG, 401),
        (FILE + "Require valid-user", EVE, 401),
        (FILE + "Require valid-user", credentials("carol", ""), 401),
        (FILE + "Require valid-user", "Basic", 401),
        (FILE + "Require valid-user", "Basic !!!", 401),
        (FILE + "Require valid-user", "Basic am9l", 401),
        (FILE + "Require valid-user", "Bearer x", 401),
        (FILE + "Require user joe", JOE, 200),
        (FILE + "Require user joe", ANN, 401),
        (FILE + "Require user joe\nAuthzSendForbiddenOnFailure On", ANN, 403),
        (FILE + "Require user joe\nAuthzSendForbiddenOnFailure On", JOE_WRONG, 401),
        (FILE + "AuthzSendForbiddenOnFailure On\nRequire expr %{REMOTE_USER} == 'ann'", JOE, 401),
        (FILE + "Require ip 10\nRequire user joe", JOE, 200),
        (FILE + "Require local\nRequire user joe", None, 200),
        (FILE + "<RequireAll>\nRequire ip 10\nRequire user joe\n</RequireAll>", JOE, 403),
        (FILE + "AuthGroupFile GROUPS\nRequire group admin", JOE, 200),
        (FILE + "AuthGroupFile GROUPS\nRequire group admin", ANN, 401),
        (FILE + "AuthGroupFile /nonexistent\nRequire group admin", JOE, 401),
        (FILE + "Require group admin", JOE, 401),
        (BASIC + "Require valid-user", JOE, 500),
        (BASIC + "AuthUserFile /nonexistent\nRequire valid-user", JOE, 500),
        (BASIC + "AuthBasicAuthoritative Off\nRequire valid-user", JOE, 500),
        (FILE + "AuthBasicAuthoritative Off\nRequire valid-user", EVE, 500),
        (FILE + "AuthBasicAuthoritative Off\nRequire valid-user", JOE_WRONG, 401),
        (FILE, JOE, 500),
        ("AuthType Basic\nRequire valid-user", JOE, 500),
        ("AuthType Private\nAuthName x\nRequire valid-user", JOE, 500),
        ("Require valid-user", JOE, 500),
    ],
)
def test_with_user(tree: Path, lines: str, authorization: str | None, status: int) -> None:
    """Nobody passes without a user that the file vouches for; a mistake in the configuration refuses."""
    headers = {} if authorization is None else {"Authorization": authorization}
    response = get(site(tree, lines), "/f.txt", **headers)
    assert response.status == status
    assert (response.fields.get("www-authenticate") == CHALLENGE) is (status == 401)
    assert (b"content" in response.body) is (status == 200)


def test_inner_requirements_replace_outer_ones(tree: Path) -> None:
    """A section's own Require lines are all that counts in it."""
    config = configure(
        f"ErrorLog -\nDocumentRoot {tree}\n<Location />\nRequire all denied\n</Location>\n"
        "<Location /f.txt>\nRequire all granted\n</Location>"
    )
    assert get(config, "/f.txt").status == 200
    assert get(config, "/users").status == 403


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Require", "Unknown Authz provider: "),
        ("Require all", "Argument for 'Require all' must be 'granted' or 'denied'"),
        ("Require all granted now", "Argument for 'Require all' must be 'granted' or 'denied'"),
        ("Require Valid-User", "Unknown Authz provider: Valid-User"),
        ("Require ip", "'require ip' requires an argument"),
        ("Require ip foo", "ip address 'foo' appears to be invalid"),
        (
            "Require ip 1.2.3.4/40",
            "ip address '1.2.3.4/40' appears to be invalid: The specified network mask is invalid.",
        ),
        ("Require method get", "Invalid Method 'get'"),
        (
            "Require expr",
            "Cannot parse expression in require line: syntax error, unexpected end of the expression",
        ),
        ("Require ip %{REMOTE_ADDR}", "Require ip takes no expressions"),
        ("Require user %{NOPE}", "Cannot parse expression in require line: Variable 'NOPE' does not exist"),
        ("Require not user x", "negative Require directive has no effect in <RequireAny> directive"),
        (
            "<RequireNone>\nRequire user x\n</RequireNone>",
            "<RequireNone> directive has no effect in <RequireAny> directive",
        ),
        ("<RequireAll>\n</RequireAll>", "<RequireAll> directive contains no authorization directives"),
        (
            "<RequireAll>\nRequire not ip 10\n</RequireAll>",
            "<RequireAll> directive contains only negative authorization directives",
        ),
        ("AuthBasicProvider ldap", "Unknown Authn provider: ldap"),
        ("AuthMerging Sometimes", "AuthMerging must be one of: Off | And | Or"),
        ("AuthBasicUseDigestAlgorithm SHA", "Invalid algorithm in AuthBasicUseDigestAlgorithm: SHA"),
    ],
)
def test_refused(line: str, message: str) -> None:
    """A restriction that is not understood stops the configuration; it never opens anything."""
    assert complaint(f"<Location />\n{line}\n</Location>") == message


def test_requirements_only_in_sections() -> None:
    """Require is refused at the top level."""
    assert complaint("Require all granted") == "Require not allowed here"


def test_user_file_is_read_again(tree: Path) -> None:
    """A change of the user file counts at once."""
    config = site(tree, FILE + "Require valid-user")
    assert get(config, "/f.txt", Authorization=JOE).status == 200
    (tree / "users").write_text("ann:x\n")
    assert get(config, "/f.txt", Authorization=JOE).status == 401


def test_changed_password_counts_at_once(tree: Path) -> None:
    """A password that was right is refused as soon as the file has another, however well it is remembered."""
    config = site(tree, FILE + "Require valid-user")
    assert [get(config, "/f.txt", Authorization=JOE).status for _ in range(2)] == [200, 200]
    (tree / "users").write_text("joe:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=\n")
    assert get(config, "/f.txt", Authorization=JOE).status == 401
    assert get(config, "/f.txt", Authorization=credentials("joe", "")).status == 200


def test_credentials() -> None:
    """The scheme is read in any case with several blanks; the first colon ends the name."""
    assert basic_credentials("bAsIc   am9lOmE6Yg==") == (b"joe", b"a:b")
    assert basic_credentials("Basic OnBhc3M=") == (b"", b"pass")
    assert basic_credentials("Other am9lOmE6Yg==") is None
    assert basic_credentials(None) is None


@pytest.mark.parametrize(
    ("encoded", "name"),
    [("", b""), ("!!!", b""), ("am9l", b"joe"), ("am9l!Og==", b"joe"), ("am9lO", b"joe"), ("am9lAG", b"joe")],
)
def test_malformed_credentials(encoded: str, name: bytes) -> None:
    """What cannot be decoded, or a NUL, ends the credentials; without a colon they are a name."""
    assert basic_credentials(f"Basic {encoded}") == (name, b"")


def test_nameless_user(tree: Path) -> None:
    """A line of the user file without a name lets nobody in."""
    (tree / "users").write_text(":{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
    config = site(tree, FILE + "Require valid-user")
    assert get(config, "/f.txt", Authorization=credentials("", "secret")).status == 401
