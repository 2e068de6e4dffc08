"""The challenge that goes with 401 (RFC 9110 section 11; configuration spec 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from olexd.config.core import CoreDir
from olexd.model.request import Request

FIELD: Final = "WWW-Authenticate"
BASIC_MODULE: Final = "auth_basic"
AUTHN_MODULE: Final = "authn_core"


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
