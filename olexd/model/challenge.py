"""Basic and Digest authentication: the challenge that goes with 401, and the credentials that answer it.

RFC 9110 section 11, RFC 7617, RFC 7616; configuration spec 4.1 and 4.4.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from olexd.config.settings import setting
from olexd.model.nonces import USES, make_nonce
from olexd.model.realm import auth_name, auth_type
from olexd.model.request import Request

FIELD: Final = "WWW-Authenticate"
AUTHN_MODULE: Final = "authn_core"
_NO_DIGIT: Final = re.compile("[^A-Za-z0-9+/]")
_UNESCAPED_QUOTE: Final = re.compile(r'(\\.)|"', re.S)


def escape_quotes(text: str) -> str:
    """Return `text` with a backslash before each quote that has none, as httpd stores AuthName."""
    return _UNESCAPED_QUOTE.sub(lambda found: found[1] or '\\"', text)


def basic_credentials(value: str | None) -> tuple[bytes, bytes] | None:
    """Return name and password of an Authorization field; None when it is absent or not a Basic one.

    As in httpd what cannot be decoded ends the text, and a text without a colon is a name: malformed
    credentials are those of a user whom nobody knows.
    """
    scheme, _, encoded = (value or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    digits = _NO_DIGIT.split(encoded.lstrip(" \t"), maxsplit=1)[0]
    digits = digits[:-1] if len(digits) % 4 == 1 else digits
    decoded = base64.b64decode(digits + "=" * (-len(digits) % 4)).partition(b"\0")[0]
    name, _, password = decoded.partition(b":")
    return name, password


def basic_challenge(realm: str) -> bytes:
    """Return the value of the field for a realm; quotes in it are escaped."""
    return f'Basic realm="{escape_quotes(realm)}"'.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class DigestDir:
    """What Digest challenges say, and how long they hold.

    `lifetime` is how many seconds a nonce is good for: 0 for one use, negative for ever. With `counted` each
    use has to have a higher count.
    """

    lifetime: int = setting(300)
    counted: bool = setting(False)
    domain: tuple[str, ...] = setting(())

    @property
    def watched(self) -> bool:
        """Whether it matters how often a nonce was used."""
        return self.counted or self.lifetime == 0


def digest_nonce(realm: str, conf: DigestDir) -> str:
    """Return a new nonce, remembered if the places with these settings look at how it is used."""
    nonce = make_nonce(realm)
    if conf.watched:
        USES.begin(nonce)
    return nonce


def digest_challenge(realm: str, conf: DigestDir, stale: bool = False) -> bytes:
    """Return the value of the field for a realm; `stale` says that only the nonce was too old."""
    parts = [f'realm="{escape_quotes(realm)}"', f'nonce="{digest_nonce(realm, conf)}"', "algorithm=MD5"]
    if conf.domain:
        parts.append(f'domain="{" ".join(conf.domain)}"')
    if stale:
        parts.append("stale=true")
    parts.append('qop="auth"')
    return f"Digest {', '.join(parts)}".encode()


_MODULES: Final = {"basic": "auth_basic", "digest": "auth_digest"}


def note_auth_failure(request: Request, stale: bool = False) -> None:
    """Let the 401 that follows ask for credentials, where AuthType is known with its module and a realm."""
    kind, realm = (auth_type(request) or "").lower(), auth_name(request)
    if kind not in _MODULES or realm is None:
        return
    if _is_left_out(_MODULES[kind], request.connection.config.loaded):
        return
    request.err_headers_out[FIELD] = (
        basic_challenge(realm) if kind == "basic" else digest_challenge(realm, request.conf[DigestDir], stale)
    )


def _is_left_out(module: str, loaded: Sequence[str]) -> bool:
    """Whether a list of LoadModule lines leaves a module of authentication out on purpose.

    AuthType is a word of mod_authn_core: a list without that module is not httpd's whole list, and says
    nothing about what is built in here.
    """
    return AUTHN_MODULE in loaded and module not in loaded
