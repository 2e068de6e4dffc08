"""The nonces of Digest authentication: how old one is, and how often it was used (RFC 7616 section 3.3, 3.4).

A nonce tells by itself when and for which realm it was made. Those that must not be used twice are
remembered besides; one that was forgotten is taken for too old, and clients then get another.
"""

from __future__ import annotations

import hmac
import secrets
import time
from threading import Lock
from typing import Final

MAX_REMEMBERED: Final = 4096
"""How many nonces are remembered; the one that was not used for longest makes room."""

_SECRET: Final = secrets.token_bytes(32)


def make_nonce(realm: str) -> str:
    """Return a nonce that nobody had before."""
    made = f"{int(time.time()):x}-{secrets.token_hex(8)}"
    return f"{made}-{_sign(made, realm)}"


def _sign(made: str, realm: str) -> str:
    return hmac.new(_SECRET, f"{made}:{realm}".encode("utf-8", "surrogateescape"), "sha256").hexdigest()[:40]


def nonce_age(nonce: str, realm: str) -> int | None:
    """Return how many seconds ago a nonce for `realm` was made; None for one that is not ours."""
    made, _, signature = nonce.rpartition("-")
    if not hmac.compare_digest(_sign(made, realm).encode(), signature.encode("utf-8", "surrogateescape")):
        return None
    return int(time.time()) - int(made.partition("-")[0], 16)


class Uses:
    """The counts that nonces were last used with; threads may ask at the same time."""

    def __init__(self, limit: int = MAX_REMEMBERED) -> None:
        self._limit = limit
        self._lock = Lock()
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def begin(self, nonce: str) -> None:
        """Remember a nonce that was not used yet."""
        with self._lock:
            if len(self._counts) >= self._limit:
                del self._counts[next(iter(self._counts))]
            self._counts[nonce] = 0

    def last(self, nonce: str, count: int) -> int | None:
        """Return the count that a nonce was used with last, None for an unknown one; note a higher one."""
        with self._lock:
            last = self._counts.pop(nonce, None)
            if last is not None:
                self._counts[nonce] = max(last, count)
            return last

    def spend(self, nonce: str) -> bool:
        """Return whether a nonce is remembered, and forget it: it is used once."""
        with self._lock:
            return self._counts.pop(nonce, None) is not None


USES: Final = Uses()
