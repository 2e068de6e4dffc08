"""Session locks over several machines: leases in Redis, each with a token of its owner's.

A lease ends by itself when it has not been renewed for its time, so that a machine which dies keeps nobody
out for longer. While a process has leases, a thread renews them, however long the requests take. Only who
knows the token ends or renews a lease: what comes too late does not touch the next owner's.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Final

from olexd.sessions.redis_store import Client, redis_failures
from olexd.sessions.store import SessionStoreError

LEASE: Final = 30.0
"""Seconds that a lease lasts unless it is renewed, which is tried three times within it."""

_END: Final = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0"
_RENEW: Final = (
    "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2]) or 0"
)


class RedisLeases:
    """Keeps processes on all machines apart; for `SessionLocks`. `lease` is in seconds."""

    longest_pause = 0.05

    def __init__(self, client: Client, prefix: str, lease: float = LEASE) -> None:
        self._client = client
        self._prefix = f"{prefix}lock:"
        self._lease = lease
        self._end = client.register_script(_END)
        self._renew = client.register_script(_RENEW)
        self.forget_inherited()

    def lock(self, sid: str) -> bool:
        """Take a lease; return False when there is one. Raises `SessionStoreError`."""
        token = secrets.token_hex(16)
        with redis_failures():
            taken = self._client.set(self._prefix + sid, token, nx=True, px=self._milliseconds())
        if taken:
            self._remember(sid, token)
        return bool(taken)

    def unlock(self, sid: str) -> None:
        """End a lease, if it is still this process's. Raises `SessionStoreError`; then it ends by itself."""
        token = self._tokens.pop(sid, None)
        if token is not None:
            with redis_failures():
                self._end(keys=[self._prefix + sid], args=[token])

    def close(self) -> None:
        """End all leases."""
        for sid in list(self._tokens):
            self.unlock(sid)

    def forget_inherited(self) -> None:
        """In a forked child: have no leases, and no thread that renews them."""
        self._tokens: dict[str, str] = {}
        self._changing = threading.Lock()
        self._renewing = False

    def _milliseconds(self) -> int:
        return int(self._lease * 1000)

    def _remember(self, sid: str, token: str) -> None:
        """Note a lease, and see to it that a thread renews leases for as long as there are any."""
        with self._changing:
            self._tokens[sid] = token
            if not self._renewing:
                self._renewing = True
                threading.Thread(target=self._run, name="session-leases", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(self._lease / 3)
            with self._changing:
                if not self._tokens:
                    self._renewing = False
                    return
            self._renew_all()

    def _renew_all(self) -> None:
        """Renew the leases; while Redis does not answer they run on, and the next round may be in time."""
        for sid, token in list(self._tokens.items()):
            try:
                with redis_failures():
                    self._renew(keys=[self._prefix + sid], args=[token, self._milliseconds()])
            except SessionStoreError:
                return
