"""Who may pass: Require, Basic, and what refuses."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from olexd.model.challenge import basic_credentials
from olexd.modules.aaa import passwords
from olexd.modules.aaa.files import parse_groups, parse_users
from olexd.modules.aaa.passwords import matches
from tests.unit.support import complaint, configure, get

BASIC = 'AuthType Basic\nAuthName "The \\"Realm\\""\n'
CHALLENGE = 'Basic realm="The \\"Realm\\""'


def credentials(name: str, password: str) -> str:
    """Return an Authorization value."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


JOE = credentials("joe", "secret")
JOE_WRONG = credentials("joe", "wrong")
ANN = credentials("ann", "secret")
EVE = credentials("eve", "secret")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A document root, a user file with joe and ann, a group file with joe as admin."""
    (tmp_path / "f.txt").write_text("content")
    digest = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
    (tmp_path / "users").write_text(f"# users\njoe:{digest}\nann:{digest}:ignored\njoe:x\ncarol:\n")
    (tmp_path / "groups").write_text("admin: joe\nstaff: ann\n")
    return tmp_path


def site(tree: Path, text: str) -> ServerConfig:
    """Return a server whose whole space has the lines of `text`."""
    lines = text.replace("USERS", f"{tree}/users").replace("GROUPS", f"{tree}/groups")
    return configure(f"ErrorLog -\nDocumentRoot {tree}\n<Location />\n{lines}\n</Location>")


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


FILE = BASIC + "AuthUserFile USERS\n"


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
        ("AuthBasicUseDigestAlgorithm MD5", "AuthBasicUseDigestAlgorithm MD5 is not supported"),
    ],
)
def test_refused(line: str, message: str) -> None:
    """A restriction that is not understood stops the configuration; it never opens anything."""
    assert complaint(f"<Location />\n{line}\n</Location>") == message


def test_requirements_only_in_sections() -> None:
    """Require is refused at the top level."""
    assert complaint("Require all granted") == "Require not allowed here"


@pytest.mark.parametrize(
    "stored",
    [
        b"$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/",
        b"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        b"$6$abc$IdWKNKTJEb8LxY7CGg8YBXlvtfZzFw7Mp/r6niK9YB2mdvgY..TKjv1T..8RadRt2qvUHYRLr/TsVArtr91iR1",
    ],
)
def test_hashes(stored: bytes) -> None:
    """The hashes of htpasswd and of the system are understood, and only for the right password."""
    assert matches(b"secret", stored)
    for wrong in (b"", b"Secret", b"secret ", b"secret\0", b"x" * 80):
        assert not matches(wrong, stored)


@pytest.mark.parametrize(
    "stored", [b"", b"secret", b"$apr1$", b"{SHA}", b"*", b"!", b"$9$abc$def", b"secretsecretse"]
)
def test_no_plain_text(stored: bytes) -> None:
    """Plain text and empty or broken hashes match nothing."""
    assert not matches(b"secret", stored)
    assert not matches(stored, stored)
    assert not matches(b"", stored)


def test_files() -> None:
    """The first line of a user counts; lines of one group add up; comments and blanks are skipped."""
    assert parse_users(b" joe:a:b\n#x:y\n\njoe:c\nnobody\nann x:d\n") == {b"joe": b"a", b"ann x": b"d"}
    assert parse_groups(b"g: a b\n# c\ng: c\n") == {"g": frozenset("abc")}


def test_user_file_is_read_again(tree: Path) -> None:
    """A change of the user file counts at once."""
    config = site(tree, FILE + "Require valid-user")
    assert get(config, "/f.txt", Authorization=JOE).status == 200
    (tree / "users").write_text("ann:x\n")
    assert get(config, "/f.txt", Authorization=JOE).status == 401


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


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("Order allow,deny", 403),
        ("Order deny,allow", 200),
        ("Deny from all", 403),
        ("Order deny,allow\nDeny from all\nAllow from 127.0.0.1", 200),
        ("Order deny,allow\nDeny from all\nAllow from 10.1", 403),
        ("Order allow,deny\nAllow from all", 200),
        ("Order allow,deny\nAllow from all\nDeny from 127", 403),
        ("Order mutual-failure\nAllow from all\nDeny from 127", 403),
        ("Order allow,deny\nAllow from 127.0.0.0/8", 200),
        ("Order allow,deny\nAllow from env=NOPE", 403),
        ("Order allow,deny\nAllow from env=!NOPE", 200),
        ("Order allow,deny\nAllow from nowhere.invalid", 403),
        ("<Limit POST>\nDeny from all\n</Limit>", 200),
        ("<Limit GET>\nDeny from all\n</Limit>", 403),
        ("Deny from all\nRequire all granted", 403),
        ("Order allow,deny\nAllow from all\nRequire all denied", 403),
        ("Satisfy Any\nDeny from all\nRequire all granted", 200),
        ("Satisfy Any\nDeny from all", 200),
        ("Satisfy Any\nDeny from all\nRequire all denied", 403),
        ("Satisfy Any\nAllow from all\nRequire all denied", 200),
    ],
)
def test_old_access_control(tree: Path, lines: str, status: int) -> None:
    """Order, Allow and Deny decide before Require; both must agree unless Satisfy Any says otherwise."""
    assert get(site(tree, lines), "/f.txt").status == status


def test_satisfy_any_with_users(tree: Path) -> None:
    """Under Satisfy Any a client that is denied by address may still log in."""
    config = site(tree, FILE + "Require valid-user\nSatisfy Any\nDeny from all")
    assert get(config, "/f.txt").status == 401
    assert get(config, "/f.txt", Authorization=JOE).status == 200
    assert get(config, "/f.txt", Authorization=JOE_WRONG).status == 401
    allowed = site(tree, FILE + "Require valid-user\nSatisfy Any\nAllow from all")
    assert get(allowed, "/f.txt").status == 200


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Order foo", "unknown order"),
        ("Allow to all", "allow and deny must be followed by 'from'"),
        ("Deny from 1.2.3.4/40", "The specified network mask is invalid."),
        ("Deny from 1.2.3.4.5", "The specified IP address is invalid."),
        ("Satisfy foo", "Satisfy either 'any' or 'all'."),
    ],
)
def test_old_access_control_refused(line: str, message: str) -> None:
    """Words of Order, Allow, Deny and Satisfy that make no sense are refused."""
    assert complaint(f"<Location />\n{line}\n</Location>") == message


class TestRemembered:
    @pytest.fixture
    def hashed(self, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
        """The passwords that were really hashed."""
        asked: list[bytes] = []

        def matches(password: bytes, stored: bytes) -> bool:
            asked.append(password)
            return password == b"secret"

        monkeypatch.setattr(passwords, "matches", matches)
        return asked

    def test_right_ones(self, hashed: list[bytes]) -> None:
        """A password that was right is not hashed again, for that very hash."""
        remembered = passwords.Remembered()
        assert all(remembered.matches(b"secret", b"hash") for _ in range(3))
        assert hashed == [b"secret"]
        assert remembered.matches(b"secret", b"another hash")
        assert len(hashed) == 2

    def test_wrong_ones(self, hashed: list[bytes]) -> None:
        """Wrong passwords are never remembered, nor do they hit what was."""
        remembered = passwords.Remembered()
        assert remembered.matches(b"secret", b"hash")
        assert not remembered.matches(b"secre", b"thash")
        assert not any(remembered.matches(b"wrong", b"hash") for _ in range(2))
        assert len(hashed) == 4

    def test_for_a_short_time(self, hashed: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        """After a while it is hashed again."""
        remembered = passwords.Remembered()
        now = passwords.time.monotonic()
        assert remembered.matches(b"secret", b"hash")
        monkeypatch.setattr(passwords.time, "monotonic", lambda: now + passwords.REMEMBER_SECONDS + 1)
        assert remembered.matches(b"secret", b"hash")
        assert len(hashed) == 2

    def test_bounded(self, hashed: list[bytes]) -> None:
        """However many there are, only so many are remembered."""
        remembered = passwords.Remembered()
        for number in range(passwords.MAX_REMEMBERED + 10):
            remembered.matches(b"secret", b"%d" % number)
        assert len(remembered._until) <= passwords.MAX_REMEMBERED

    def test_nothing_readable_is_kept(self, hashed: list[bytes]) -> None:
        """Neither password nor hash stand in memory that outlives the request."""
        remembered = passwords.Remembered()
        remembered.matches(b"secret", b"hash")
        assert b"secret" not in b"".join(remembered._until)
