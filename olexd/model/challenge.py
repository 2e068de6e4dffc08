"""Basic authentication: the challenge that goes with 401, and the credentials that answer it.

RFC 9110 section 11, RFC 7617; configuration spec 4.1.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Final

from olexd.config.core import CoreDir
from olexd.model.request import Request

FIELD: Final = "WWW-Authenticate"
BASIC_MODULE: Final = "auth_basic"
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
    """Return the value of the field for a realm; quotes and backslashes in it are escaped."""
    quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
    return f'Basic realm="{quoted}"'.encode()


def note_auth_failure(request: Request) -> None:
    """Let the 401 that follows ask for credentials, where AuthType is Basic with its module and a realm."""
    conf = request.conf[CoreDir]
    if conf.auth_type.lower() != "basic" or not conf.auth_name:
        return
    if _is_left_out(request.connection.config.loaded):
        return
    request.err_headers_out[FIELD] = basic_challenge(conf.auth_name)


def _is_left_out(loaded: Sequence[str]) -> bool:
    """Whether a list of LoadModule lines leaves mod_auth_basic out on purpose.

    AuthType is a word of mod_authn_core: a list without that module is not httpd's whole list, and says
    nothing about what is built in here.
    """
    return AUTHN_MODULE in loaded and BASIC_MODULE not in loaded
