"""Checking a password against the hashes of htpasswd files (configuration spec 4.3)."""

from __future__ import annotations

import base64
import ctypes
import ctypes.util
import functools
import hashlib
import hmac
import secrets
import time
from threading import Lock
from typing import Any, Final

_APR1: Final = b"$apr1$"
_SHA: Final = b"{SHA}"
_ITOA64: Final = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CRYPT_DATA: Final = 256 * 1024
"""Bytes of scratch memory for crypt_r; every libcrypt needs less."""


REMEMBER_SECONDS: Final = 30.0
"""How long a password that was right counts as right without being hashed again."""
MAX_REMEMBERED: Final = 1024
LOCKS: Final = 64
"""How many different passwords can be hashed at once."""


class Remembered:
    """Right passwords, remembered for a short time: some hashes are slow by design.

    Neither passwords nor hashes are kept, only a keyed digest of both together; so a new hash in the file
    counts at once.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._until: dict[bytes, float] = {}
        self._locks = [Lock() for _ in range(LOCKS)]

    def matches(self, password: bytes, stored: bytes) -> bool:
        """Return whether `stored` is a hash of `password`. Blocks for as long as the hash takes."""
        text = b"%d:%b%b" % (len(password), password, stored)
        digest = hashlib.blake2b(text, key=self._key).digest()
        if self._knows(digest):
            return True
        # A browser asks on several connections at once: one of them hashes, the others learn of it.
        with self._locks[digest[0] % LOCKS]:
            if self._knows(digest):
                return True
            if not matches(password, stored):
                return False
            if len(self._until) >= MAX_REMEMBERED:
                self._until.clear()
            self._until[digest] = time.monotonic() + REMEMBER_SECONDS
            return True

    def _knows(self, digest: bytes) -> bool:
        return self._until.get(digest, 0.0) > time.monotonic()


REMEMBERED: Final = Remembered()


def matches(password: bytes, stored: bytes) -> bool:
    """Return whether `stored` is a hash of `password`; never for an empty or unknown hash or plain text."""
    if b"\0" in password:
        return False
    if stored.startswith(_SHA):
        digest = hashlib.sha1(password, usedforsecurity=False).digest()
        return hmac.compare_digest(_SHA + base64.b64encode(digest), stored)
    if stored.startswith(_APR1):
        return hmac.compare_digest(apr1(password, stored), stored)
    computed = _system_crypt(password, stored)
    return computed is not None and hmac.compare_digest(computed, stored)


def apr1(password: bytes, stored: bytes) -> bytes:
    """Return the `$apr1$` hash of `password` with the salt of `stored` (MD5-crypt with Apache's magic)."""
    salt = stored[len(_APR1) :].split(b"$", 1)[0][:8]
    inner = _md5(password + salt + password)
    length = len(password)
    first = password + _APR1 + salt + (inner * (length // 16 + 1))[:length]
    bits = length
    while bits:
        first += b"\0" if bits & 1 else password[:1]
        bits >>= 1
    digest = _md5(first)
    for turn in range(1000):
        digest = _md5(_round(turn, password, salt, digest))
    return _APR1 + salt + b"$" + _encode(digest)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _round(turn: int, password: bytes, salt: bytes, digest: bytes) -> bytes:
    odd = turn & 1
    middle = (salt if turn % 3 else b"") + (password if turn % 7 else b"")
    return (password if odd else digest) + middle + (digest if odd else password)


def _encode(digest: bytes) -> bytes:
    groups = [(digest[i], digest[i + 6], digest[i + 12 if i < 4 else 5]) for i in range(5)]
    out = b"".join(_to64(a << 16 | b << 8 | c, 4) for a, b, c in groups)
    return out + _to64(digest[11], 2)


def _to64(value: int, count: int) -> bytes:
    return bytes(_ITOA64[value >> 6 * i & 63] for i in range(count))


@functools.cache
def _libcrypt() -> Any:
    """Return crypt_r of the system's library, None where there is none."""
    name = ctypes.util.find_library("crypt")
    if name is None:
        return None
    function = ctypes.CDLL(name).crypt_r
    function.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
    function.restype = ctypes.c_char_p
    return function


def _system_crypt(password: bytes, stored: bytes) -> bytes | None:
    """Return what the system's crypt makes of `password` with the salt of `stored`; None if it cannot."""
    crypt_r = _libcrypt()
    # A short word could be plain text that crypt would take for a salt.
    if crypt_r is None or len(stored) < 13:
        return None
    scratch = ctypes.create_string_buffer(_CRYPT_DATA)
    computed: bytes | None = crypt_r(password, stored, scratch)
    return None if computed is None or computed.startswith(b"*") else computed
