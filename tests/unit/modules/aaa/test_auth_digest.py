"""Digest authentication: who gets in, who does not, and with which answer."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from olexd.config.server import ServerConfig
from olexd.model import challenge
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
        r'Digest realm="the place", nonce="[0-9a-f]+-[0-9a-f]{40}", algorithm=MD5, domain="/a /b", '
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
    old = ask(config, qop="", cnonce="", nc="")
    assert old.status == 200
    assert "authentication-info" not in old.fields


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


def test_another_target(config: ServerConfig) -> None:
    """Credentials for another URL are no credentials for this one."""
    assert ask(config, uri="/other.html").status == 400


def test_too_old(config: ServerConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nonce that is too old is refused as stale, so that browsers try again without asking."""
    old = nonce(config)
    now = challenge.time.time()
    monkeypatch.setattr(challenge.time, "time", lambda: now + 301)
    answer = ask(config, nonce=old)
    assert answer.status == 401
    assert "stale=true" in answer.fields["www-authenticate"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("AuthDigestProvider ldap", "Unknown Authn provider: ldap"),
        ("AuthDigestProvider anon", "The 'anon' Authn provider doesn't support Digest Authentication"),
        ("AuthDigestQop auth-int", "Unrecognized qop: auth-int"),
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
