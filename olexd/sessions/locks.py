"""One lock per session, held by one request at a time, over all threads and processes.

Within the process a lock has an owner (the request) and a count, so that a request which opens the same
session twice shares it. Between the processes of a machine the owner holds one byte of a lock file that all
of them have open, which the kernel frees when the process dies (`lockfile.py`). The byte's place is the
number that the sid starts with, 60 bits of it; two sids with the same place would only wait for each other.
Between machines it holds a lease in Redis (`redis_locks.py`).
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from functools import lru_cache, partial
from typing import Final, Protocol

from olexd.lockwaits import waiting
from olexd.sessions.lockfile import LockFile
from olexd.sessions.places import private_directory
from olexd.sessions.shared import PerDirectory, forget_after_fork
from olexd.sessions.store import sid_key

FIRST_PAUSE: Final = 0.0002
LONGEST_PAUSE: Final = 0.01
"""Seconds between two looks at a lock that another process holds; each pause is twice the last."""

_PLACE_DIGITS: Final = 15


class LockTimeout(TimeoutError):
    """A session stayed locked by another request for longer than the caller would wait."""


class Between(Protocol):
    """Keeps processes apart: at most one of them has the lock of a sid.

    One process asks for a sid only when it has not got it. All methods may be called by any thread.
    """

    longest_pause: float
    """Seconds between two tries at most."""

    def lock(self, sid: str) -> bool:
        """Take the lock of `sid`; return False when another process has it."""
        ...

    def unlock(self, sid: str) -> None:
        """Give the lock of `sid` back."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...

    def forget_inherited(self) -> None:
        """In a forked child: have nothing."""
        ...


class MachineLocks:
    """Keeps the processes of a machine apart, by the bytes of the file `locks` in a directory of theirs."""

    longest_pause = LONGEST_PAUSE

    def __init__(self, directory: str) -> None:
        self._file = LockFile(partial(_file_in, directory))

    def lock(self, sid: str) -> bool:
        """Lock the byte of `sid`. Raises `SessionStoreError` when others could have written the file."""
        return self._file.lock(_place(sid))

    def unlock(self, sid: str) -> None:
        """Unlock the byte of `sid`."""
        self._file.unlock(_place(sid))

    def close(self) -> None:
        """Close the file, which frees what is still locked in it. The next use opens it again."""
        self._file.close()

    def forget_inherited(self) -> None:
        """In a forked child: open the file anew."""
        self._file.forget_inherited()


class _Waiter:
    """A request that may have to queue for a lock; `turn` is free once the lock became its own."""

    __slots__ = ("owner", "turn")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.turn = threading.Lock()
        self.turn.acquire()


class _Held:
    """A lock that a request of this process has; `ours` says whether the process has it too by now."""

    __slots__ = ("count", "ours", "owner", "queue")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.count = 1
        self.ours = False
        self.queue: deque[_Waiter] | None = None
        """Who waits for it; made for the first who does."""


@lru_cache(maxsize=1024)
def _place(sid: str) -> int:
    return int(sid[:_PLACE_DIGITS], 16)


def _file_in(directory: str) -> str:
    return os.path.join(private_directory(directory), "locks")


class SessionLocks:
    """The session locks of this process; `between` keeps it and other processes apart.

    Owners are compared by identity. Safe among threads; after `fork` the child holds none of them.
    """

    def __init__(self, between: Between) -> None:
        self._between = between
        # A session that is garbage unlocks itself, at a time of the collector's choosing: perhaps in a thread
        # that is in here. So the mutex is re-entrant, and nothing that could collect is made under it.
        self._mutex = threading.RLock()
        self._held: dict[str, _Held] = {}
        forget_after_fork(self)

    def acquire(self, sid: str, owner: object, timeout: float | None = None) -> None:
        """Take the lock of `sid` for `owner`, waiting at most `timeout` seconds (None: for ever).

        Each call needs a `release` of its own. Raises `LockTimeout`, `InvalidSid`, `SessionStoreError`.
        """
        sid_key(sid)
        deadline = None if timeout is None else time.monotonic() + timeout
        fresh = _Held(owner)
        with self._mutex:
            held = self._held.setdefault(sid, fresh)
            if held is not fresh and held.owner is owner:
                held.count += 1
                return
        if held is not fresh:
            held = self._wait(sid, fresh, deadline)
        if not held.ours:
            self._make_ours(sid, held, deadline)

    def release(self, sid: str, owner: object) -> None:
        """Give back one `acquire`; the last one lets the next request in. Not the owner: RuntimeError."""
        with self._mutex:
            held = self._held.get(sid)
            if held is None or held.owner is not owner:
                raise RuntimeError("release of a session lock that this request does not hold")
            held.count -= 1
            if not held.count:
                self._pass_on(sid, held)

    def holds(self, sid: str, owner: object) -> bool:
        """Return whether `owner` has the lock of `sid`."""
        held = self._held.get(sid)
        return held is not None and held.owner is owner

    def close(self) -> None:
        """Let other processes have what is still locked here."""
        self._between.close()

    def _wait(self, sid: str, fresh: _Held, deadline: float | None) -> _Held:
        """Wait in this process's queue; return the lock once it is the owner's: `fresh` if it is free now."""
        waiter = _Waiter(fresh.owner)
        queue = deque((waiter,))
        with self._mutex:
            held = self._held.setdefault(sid, fresh)
            if held is fresh:
                return held
            if held.queue is None:
                held.queue = queue
            else:
                queue = held.queue
                queue.append(waiter)
        remaining = -1.0 if deadline is None else max(0.0, deadline - time.monotonic())
        with waiting():
            granted = waiter.turn.acquire(timeout=remaining)
        if granted:
            return held
        with self._mutex:
            if waiter.turn.acquire(blocking=False):
                return held
            queue.remove(waiter)
        raise LockTimeout("another request holds the session")

    def _pass_on(self, sid: str, held: _Held) -> None:
        """Hand the lock to the next request in this process's queue, else to the other processes.

        Only under the mutex: the next owner's lock would be the same one to the kernel.
        """
        if held.queue:
            waiter = held.queue.popleft()
            held.owner, held.count = waiter.owner, 1
            waiter.turn.release()
            return
        del self._held[sid]
        if held.ours:
            self._between.unlock(sid)

    def _make_ours(self, sid: str, held: _Held, deadline: float | None) -> None:
        """Take the lock from the other processes; if that fails, the next request in the queue may try."""
        try:
            pause = FIRST_PAUSE
            while not self._between.lock(sid):
                if deadline is not None and time.monotonic() >= deadline:
                    raise LockTimeout("another request holds the session")
                with waiting():
                    time.sleep(pause)
                pause = min(pause * 2, self._between.longest_pause)
            held.ours = True
        except BaseException:
            with self._mutex:
                self._pass_on(sid, held)
            raise

    def forget_inherited(self) -> None:
        """In a forked child: hold nothing."""
        self._mutex = threading.RLock()
        self._held = {}
        self._between.forget_inherited()


def _locks_of(directory: str) -> SessionLocks:
    return SessionLocks(MachineLocks(directory))


locks_in: Final = PerDirectory(_locks_of)
"""Return this process's locks for a directory (str), always the same object."""
