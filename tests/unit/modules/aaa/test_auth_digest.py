"""Digest authentication: who gets in, who does not, and with which answer."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from olexd.model import challenge, nonces
from olexd.modules.aaa import auth_digest
from olexd.modules.aaa.auth_digest import digest_credentials
from tests.unit.support import Response, complaint, configure, get


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    """A site for which joe's password is secret."""
    (tmp_path / "index.html").write_text("inside")
    (tmp_path / "users").write_text(
        f"# comment\njoe:the place:{md5('joe:the place:secret')}\njoe:elsewhere:{md5('joe:elsewhere:x')}\n"
    )
    return configure(
        f"DocumentRoot {tmp_path}\nErrorLog {tmp_path}/error.log\n<Location />\nAuthType Digest\n"
        f'AuthName "the place"\nAuthUserFile {tmp_path}/users\nAuthDigestDomain /a /b\n'
        f"Require valid-user\n</Location>"
    )


def nonce(config: ServerConfig) -> str:
    """Return the nonce of a challenge."""
    found = re.search('nonce="(.*?)"', get(config).fields["www-authenticate"])
    assert found is not None
    return found[1]


def ask(config: ServerConfig, target: str = "/index.html", **parts: str) -> Response:
    """Ask with credentials, all of them right except for `parts`."""
    values = {
        "username": "joe",
        "realm": "the place",
        "uri": target,
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "abc",
        "password": "secret",
        "nonce": "",
        **parts,
    }
    values["nonce"] = values["nonce"] or nonce(config)
    ha1 = md5(f"{values['username']}:{values['realm']}:{values.pop('password')}")
    ha2 = md5(f"GET:{values['uri']}")
    middle = f"{values['nc']}:{values['cnonce']}:{values['qop']}:" if values["qop"] else ""
    values.setdefault("response", md5(f"{ha1}:{values['nonce']}:{middle}{ha2}"))
    text = ", ".join(f'{name}="{value}"' for name, value in values.items() if value)
    return get(config, target, Authorization=f"Digest {text}")


def test_challenge(config: ServerConfig) -> None:
    """Without credentials the answer is a challenge with a fresh nonce."""
    answer = get(config)
    assert answer.status == 401
    assert re.fullmatch(
        r'Digest realm="the place", nonce="[0-9a-f-]+-[0-9a-f]{40}", algorithm=MD5, domain="/a /b", '
        r'qop="auth"',
        answer.fields["www-authenticate"],
    )


def test_right(config: ServerConfig) -> None:
    """The right response lets in, and the server proves that it knows the password too."""
    answer = ask(config)
    assert answer.status == 200
    assert re.fullmatch(
        r'rspauth="[0-9a-f]{32}", cnonce="abc", nc=00000001, qop=auth', answer.fields["authentication-info"]
    )


@pytest.mark.parametrize(
    "parts",
    [
        {"password": "wrong"},
        {"username": "nobody"},
        {"realm": "elsewhere", "password": "x"},
        {"response": "0" * 32},
        {"response": "\u00e9"},
        {"algorithm": "SHA-256"},
        {"qop": "auth-int"},
        {"qop": "", "nc": "", "cnonce": ""},
        {"qop": "", "nc": "00000001", "cnonce": "abc"},
        {"nonce": "12345678-" + "0" * 40},
        {"nonce": "nonsense"},
        {"cnonce": ""},
    ],
)
def test_refused(config: ServerConfig, parts: dict[str, str]) -> None:
    """Anything wrong is a 401 with a new challenge, which is not called stale."""
    answer = ask(config, **parts)
    assert answer.status == 401
    assert "stale" not in answer.fields["www-authenticate"]


def test_index(config: ServerConfig) -> None:
    """The credentials are about the URL that was asked for, whatever file stands for it."""
    assert ask(config, "/").body == b"inside"


@pytest.mark.parametrize(
    "uri",
    [
        "/other.html",
        "/index.html?a=b",
        "index.html",
        "*",
        "http://elsewhere.test/index.html",
        "http://localhost:81/index.html",
        "http://[::1/index.html",
        "http://localhost:x/index.html",
    ],
)
def test_another_target(config: ServerConfig, uri: str) -> None:
    """Credentials for another URL are no credentials for this one."""
    assert ask(config, uri=uri).status == 400


@pytest.mark.parametrize("uri", ["/%69ndex.html", "/index.html#part", "http://localhost/index.html"])
def test_the_same_target(config: ServerConfig, uri: str) -> None:
    """A target may be written in another way."""
    assert ask(config, uri=uri).status == 200


def test_too_old(config: ServerConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nonce that is too old is refused as stale, so that browsers try again without asking."""
    old = nonce(config)
    now = nonces.time.time()
    monkeypatch.setattr(nonces.time, "time", lambda: now + 301)
    answer = ask(config, nonce=old)
    assert answer.status == 401
    assert "stale=true" in answer.fields["www-authenticate"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("AuthDigestProvider ldap", "Unknown Authn provider: ldap"),
        ("AuthDigestProvider anon", "The 'anon' Authn provider doesn't support Digest Authentication"),
        ("AuthDigestQop auth-int", "AuthDigestQop is deprecated: only 'auth' is supported"),
        ("AuthDigestQop none", "AuthDigestQop is deprecated: only 'auth' is supported"),
        ("AuthDigestAlgorithm SHA", "Unsupported algorithm in AuthDigestAlgorithm: SHA"),
        ("AuthDigestNonceLifetime soon", "Invalid time in AuthDigestNonceLifetime: soon"),
    ],
)
def test_configuration_refused(line: str, message: str) -> None:
    """What is not supported stops the start."""
    assert complaint(f"<Location />\n{line}\n</Location>") == message


@pytest.mark.parametrize("value", [None, "", "Basic abc", "Digest", 'Digest username="a"', "Digest ,,,=,"])
def test_no_credentials(value: str | None) -> None:
    """What is incomplete or of another scheme counts as nothing."""
    assert digest_credentials(value) is None


def strict(directory: Path, line: str, require: str = "valid-user") -> ServerConfig:
    """Return the site of `config` with a line more."""
    return configure(
        f"DocumentRoot {directory}\nErrorLog {directory}/error.log\n<Location />\nAuthType Digest\n"
        f'AuthName "the place"\nAuthUserFile {directory}/users\n{line}\nRequire {require}\n</Location>'
    )


def test_counts(config: ServerConfig, tmp_path: Path) -> None:
    """With AuthDigestNcCheck credentials that were overheard are good for nothing."""
    counted = strict(tmp_path, "AuthDigestNcCheck On")
    first = nonce(counted)
    assert ask(counted, nonce=first, nc="00000002").status == 200
    for count in ("00000002", "00000001", "00000000", "x", "-1", "0x3", "1_0"):
        assert ask(counted, nonce=first, nc=count).status == 401
    assert ask(counted, nonce=first, nc="0000000a").status == 200
    assert ask(config, nonce=first, nc="0000000a").status == 200


def test_wrong_passwords_count_for_nothing(config: ServerConfig, tmp_path: Path) -> None:
    """Who does not know the password cannot use up somebody's nonce."""
    for line in ("AuthDigestNcCheck On", "AuthDigestNonceLifetime 0"):
        guarded = strict(tmp_path, line)
        first = nonce(guarded)
        assert ask(guarded, nonce=first, nc="ffffffff", password="wrong").status == 401
        assert ask(guarded, nonce=first).status == 200


def test_one_use(config: ServerConfig, tmp_path: Path) -> None:
    """With a lifetime of 0 each nonce is good once; the answer names the next, a second use is stale."""
    guarded = strict(tmp_path, "AuthDigestNonceLifetime 0")
    first = nonce(guarded)
    answer = ask(guarded, nonce=first)
    following = re.search('nextnonce="(.*?)"', answer.fields["authentication-info"])
    again = ask(guarded, nonce=first)
    assert (answer.status, again.status) == (200, 401)
    assert "stale=true" in again.fields["www-authenticate"]
    assert following is not None
    assert ask(guarded, nonce=following[1]).status == 200


@pytest.mark.parametrize("line", ["AuthDigestNcCheck On", "AuthDigestNonceLifetime 0"])
def test_forgotten(config: ServerConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """A nonce that had to make room may have been used before: it is refused as stale."""
    monkeypatch.setattr(challenge, "USES", uses := nonces.Uses(2))
    monkeypatch.setattr(auth_digest, "USES", uses)
    guarded = strict(tmp_path, line)
    first = nonce(guarded)
    for _ in range(2):
        nonce(guarded)
    answer = ask(guarded, nonce=first)
    assert answer.status == 401
    assert "stale=true" in answer.fields["www-authenticate"]


def test_directory_index_uses_a_nonce_once(config: ServerConfig, tmp_path: Path) -> None:
    """What the server itself redirects is one use."""
    for line in ("AuthDigestNcCheck On", "AuthDigestNonceLifetime 0"):
        answer = ask(strict(tmp_path, line), "/")
        assert (answer.status, answer.body) == (200, b"inside")


def test_a_redirect_into_a_stricter_place(tmp_path: Path) -> None:
    """Credentials that were good for one place are counted where that place leads to."""
    (tmp_path / "strict").mkdir()
    (tmp_path / "strict" / "x").write_text("inside")
    (tmp_path / "users").write_text(f"joe:the place:{md5('joe:the place:secret')}\n")
    config = configure(
        f"DocumentRoot {tmp_path}\nErrorLog {tmp_path}/error.log\n<Location />\nAuthType Digest\n"
        f'AuthName "the place"\nAuthUserFile {tmp_path}/users\nRequire valid-user\n'
        "ErrorDocument 404 /strict/x\n</Location>\n"
        "<Location /strict>\nAuthDigestNcCheck On\n</Location>"
    )
    lenient = nonce(config)
    assert [ask(config, "/nope", nonce=lenient).body == b"inside" for _ in range(2)] == [False, False]
    assert ask(config, "/strict/x", nonce=lenient).status == 401


def test_opaque(config: ServerConfig) -> None:
    """Nobody was given an opaque value; who sends one is to ask again, quietly."""
    answer = ask(config, opaque="x")
    assert answer.status == 401
    assert "stale=true" in answer.fields["www-authenticate"]


def test_no_proof_without_access(config: ServerConfig, tmp_path: Path) -> None:
    """Authentication-Info is for responses to those who are let in."""
    refused = ask(strict(tmp_path, "", "user ann"))
    assert (refused.status, "authentication-info" in refused.fields) == (401, False)


def test_not_configured(tmp_path: Path) -> None:
    """Without a file or a realm nobody gets in."""
    start = (
        f"DocumentRoot {tmp_path}\nErrorLog /dev/null\n<Location />\nAuthType Digest\nRequire valid-user\n"
    )
    assert get(configure(f"{start}</Location>")).status == 500
    config = configure(f'{start}AuthName "the place"\n</Location>')
    assert ask(config).status == 500
    config = configure(f'{start}AuthName "the place"\nAuthUserFile {tmp_path}/nope\n</Location>')
    assert ask(config).status == 500
