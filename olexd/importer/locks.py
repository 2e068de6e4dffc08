"""One lock for each module that is being loaded, without deadlock when modules load each other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Final


class LoadLocks:
    """Who is loading what, and who waits for it."""

    def __init__(self) -> None:
        self._changed: Final = threading.Condition()
        self._loading: dict[Hashable, int] = {}
        self._waiting: dict[int, Hashable] = {}

    MAX_WAIT: Final = 60.0
    """Seconds after which waiting for another thread's import is given up."""

    def claim(self, key: Hashable, done: Callable[[], bool]) -> bool:
        """Return True when this thread shall load `key`; wait while another does.

        False: it is loaded (`done()`), or waiting would never end because its loader waits for this
        thread, or is this thread. Raises ImportError after `MAX_WAIT` seconds.
        """
        me = threading.get_ident()
        with self._changed:
            while not done():
                owner = self._loading.get(key)
                if owner is None:
                    self._loading[key] = me
                    return True
                if self._waits_for(owner, me):
                    return False
                self._waiting[me] = key
                try:
                    if not self._changed.wait(self.MAX_WAIT):
                        raise ImportError(f"another thread has been importing {key!r} for too long")
                finally:
                    del self._waiting[me]
            return False

    def release(self, key: Hashable) -> None:
        """End the loading of `key`, whatever came of it."""
        with self._changed:
            del self._loading[key]
            self._changed.notify_all()

    def _waits_for(self, thread: int, me: int) -> bool:
        """Return whether `thread` is `me` or waits, over any number of others, for `me`."""
        while thread != me:
            key = self._waiting.get(thread)
            owner = None if key is None else self._loading.get(key)
            if owner is None:
                return False
            thread = owner
        return True
