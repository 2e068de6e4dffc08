"""Which threads wait for a lock that another request has.

Such a thread gets nowhere before that request does, which may itself need a thread: see `process/pool.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

_waiting: Final[set[int]] = set()
"""The identifiers of the threads."""


@contextmanager
def waiting() -> Iterator[None]:
    """Count this thread as one that waits for a lock."""
    ident = threading.get_ident()
    _waiting.add(ident)
    try:
        yield
    finally:
        _waiting.discard(ident)


def count_waiting(threads: Iterable[threading.Thread]) -> int:
    """Return how many of `threads` wait for a lock just now."""
    return sum(thread.ident in _waiting for thread in threads)
