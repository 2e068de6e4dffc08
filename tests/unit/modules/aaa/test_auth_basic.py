"""Basic authentication beyond a plain file: made-up credentials, Digest's hashes, expressions in names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.unit.modules.aaa.support import ANN, FILE, JOE, JOE_WRONG, credentials, site
from tests.unit.support import answer, complaint, get, make_request

VALID = "Require valid-user"


def seen(tree: Path, lines: str, *headers: tuple[str, str]) -> tuple[int, str | None]:
    """Return the status, and the Authorization field as handlers and backends see it."""
    request = make_request(site(tree, lines), "/f.txt", headers=headers)
    status = answer(request).status
    return status, request.headers_in.get("Authorization")


@pytest.mark.parametrize(
    ("line", "headers", "expected"),
    [
        ("AuthBasicFake joe", (), credentials("joe", "password")),
        ("AuthBasicFake joe secret", (), JOE),
        ('AuthBasicFake joe ""', (), credentials("joe", "password")),
        ('AuthBasicFake "%{req:X-User}" x', (("X-User", "ann"),), credentials("ann", "x")),
        ('AuthBasicFake "%{req:X-User}" x', (("Authorization", JOE),), None),
        ('AuthBasicFake x "%{req:X-User}"', (("Authorization", JOE),), None),
        ("AuthBasicFake off", (("Authorization", JOE),), JOE),
        ("AuthBasicFake joe\nAuthBasicFake OFF", (), None),
    ],
)
def test_made_up(tree: Path, line: str, headers: tuple[tuple[str, str], ...], expected: str | None) -> None:
    """The client's own credentials are replaced, by nothing when there is no name or no password."""
    assert seen(tree, line, *headers) == (200, expected)


def test_made_up_after_login(tree: Path) -> None:
    """What is made up lets nobody in: it comes after authentication, and may name the user."""
    lines = FILE + VALID + '\nAuthBasicFake "%{REMOTE_USER}-at-site" shared'
    assert seen(tree, lines)[0] == 401
    assert seen(tree, lines, ("Authorization", JOE)) == (200, credentials("joe-at-site", "shared"))


def test_made_up_in_vain(tree: Path) -> None:
    """An expression that cannot be evaluated refuses; the client's credentials are not passed on."""
    response = get(site(tree, 'AuthBasicFake "%{file:/nonexistent}" x'), "/f.txt", Authorization=JOE)
    assert (response.status, b"content" in response.body) == (500, False)


def md5(text: str) -> str:
    """Return a hash as Digest needs it."""
    return hashlib.md5(text.encode()).hexdigest()


def test_hashes_of_digest(tree: Path) -> None:
    """With AuthBasicUseDigestAlgorithm the file holds realms and their hashes; a plain one lets nobody in."""
    lines = f"AuthType Basic\nAuthName here\nAuthBasicUseDigestAlgorithm MD5\nAuthUserFile USERS\n{VALID}"
    assert get(site(tree, lines), "/f.txt", Authorization=JOE).status == 401
    text = f"joe:here:{md5('joe:here:secret')}\nann:there:{md5('ann:there:secret')}\n"
    (tree / "users").write_text(text)
    for who, status in ((JOE, 200), (JOE_WRONG, 401), (ANN, 401), (credentials("joe", md5("x")), 401)):
        assert get(site(tree, lines), "/f.txt", Authorization=who).status == status


def test_hashes_of_guests(tree: Path) -> None:
    """A provider that has no such hashes refuses."""
    lines = f"AuthType Basic\nAuthName x\nAuthBasicUseDigestAlgorithm MD5\nAuthBasicProvider anon\n{VALID}"
    assert get(site(tree, lines + "\nAnonymous *"), "/f.txt", Authorization=JOE).status == 500


def test_realm_of_a_request(tree: Path) -> None:
    """AuthName may depend on the request; what a client put into it cannot end the quoted text."""
    lines = f'AuthType Basic\nAuthName "for %{{req:X-Who}}"\nAuthUserFile USERS\n{VALID}'
    response = get(site(tree, lines), "/f.txt", X_Who='a", b="')
    assert response.fields["www-authenticate"] == r'Basic realm="for a\", b=\""'


def test_realm_of_several_lines(tree: Path) -> None:
    """A realm with a line break in it does not become a field of the response."""
    lines = f'AuthType Basic\nAuthName "a\\nX-Evil: b"\nAuthUserFile USERS\n{VALID}'
    response = get(site(tree, lines), "/f.txt")
    assert (response.status, "x-evil" in response.fields) == (500, False)


@pytest.mark.parametrize(
    ("scheme", "authorization", "status"),
    [("basic", JOE, 200), ("basic", "", 401), ("none", JOE, 500), ("", JOE, 500), ("digest", JOE, 401)],
)
def test_scheme_of_a_request(tree: Path, scheme: str, authorization: str, status: int) -> None:
    """AuthType may depend on the request; whatever it comes to, without proof nobody gets in."""
    lines = f'AuthType "%{{req:X-Type}}"\nAuthName x\nAuthUserFile USERS\n{VALID}'
    response = get(site(tree, lines), "/f.txt", X_Type=scheme, Authorization=authorization)
    assert response.status == status


@pytest.mark.parametrize("line", ['AuthType "%{file:/nonexistent}"', 'AuthName "%{file:/nonexistent}"'])
def test_what_cannot_be_told_refuses(tree: Path, line: str) -> None:
    """A scheme or a realm that cannot be worked out opens nothing, not even without a Require."""
    if line.startswith("AuthType"):
        assert get(site(tree, line), "/f.txt", Authorization=JOE).status == 500
    assert get(site(tree, f"{FILE}{line}\n{VALID}"), "/f.txt", Authorization=JOE).status == 500


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'AuthName "%{NOPE}"',
            "Cannot parse expression '%{NOPE}' in AuthName: Variable 'NOPE' does not exist",
        ),
        (
            'AuthType "%{NOPE}"',
            "Cannot parse expression '%{NOPE}' in AuthType: Variable 'NOPE' does not exist",
        ),
        (
            'AuthBasicFake "%{NOPE}"',
            "Could not parse fake username expression '%{NOPE}': Variable 'NOPE' does not exist",
        ),
        (
            'AuthBasicFake a "%{NOPE}"',
            "Could not parse fake password expression associated to user 'a': '%{NOPE}': "
            "Variable 'NOPE' does not exist",
        ),
    ],
)
def test_refused(line: str, message: str) -> None:
    """Expressions that cannot be read stop the start."""
    assert complaint(f"<Location />\n{line}\n</Location>") == message
