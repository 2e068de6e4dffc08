"""Who can vouch for users: the providers that AuthBasicProvider and AuthDigestProvider name.

A module of authentication offers one `Provider`; `<AuthnProviderAlias>` makes others of it. A provider that
cannot answer raises `CannotAnswer`, and whoever asked refuses (configuration spec 4.2, 4.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from olexd.config.settings import Settings, overlaid
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.aaa.passwords import REMEMBERED


class Verdict(Enum):
    """What is said about a name and a password."""

    GRANTED = auto()
    DENIED = auto()
    UNKNOWN = auto()
    """Nobody of this name is known."""
    FAILED = auto()
    """Nothing could be found out."""


class CannotAnswer(Exception):
    """A provider's file is missing or broken. The text is for the log, `module` is who says it."""

    def __init__(self, message: str, module: str) -> None:
        super().__init__(message)
        self.module = module


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. Both ways to ask it block, and raise CannotAnswer.

    `check` tells about a name and a password, `realm_hash` returns the MD5 hash of `name:realm:password` in
    hexadecimal, None for an unknown name; a provider without it cannot be used for Digest.
    """

    check: Callable[[Request, Settings, bytes, bytes], Verdict]
    realm_hash: Callable[[Settings, bytes, bytes], bytes | None] | None = None


def by_hash(stored: Callable[[Settings, bytes], bytes | None]) -> Callable[..., Verdict]:
    """Return the `check` of a provider that looks up the hash `stored(settings, name)`."""

    def check(request: Request, settings: Settings, name: bytes, password: bytes) -> Verdict:
        found = stored(settings, name)
        if found is None:
            return Verdict.UNKNOWN
        return Verdict.GRANTED if REMEMBERED.matches(password, found) else Verdict.DENIED

    return check


def log_failure(request: Request, error: CannotAnswer) -> None:
    """Say in the log why a provider could not answer."""
    log_request(request, str(error), Level.ERR, error.module)


def with_settings(base: Provider, inner: Settings) -> Provider:
    """Return a provider that sees the settings of the place with `inner` ones over them."""

    def check(request: Request, settings: Settings, name: bytes, password: bytes) -> Verdict:
        return base.check(request, overlaid(settings, inner), name, password)

    ask = base.realm_hash
    if ask is None:
        return Provider(check)
    return Provider(check, lambda settings, name, realm: ask(overlaid(settings, inner), name, realm))
