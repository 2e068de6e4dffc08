"""Objects of which a process has one for each directory, and which start anew in a forked child."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Forkable(Protocol):
    """An object that must not use after a fork what its process had opened or locked."""

    def forget_inherited(self) -> None:
        """In a forked child: let go of the parent's descriptors and locks (whoever held them is not here)."""


T = TypeVar("T")

_forkables: weakref.WeakSet[Forkable] = weakref.WeakSet()


def forget_after_fork(forkable: Forkable) -> None:
    """Have `forkable.forget_inherited()` called in every forked child, for as long as it lives."""
    _forkables.add(forkable)


class PerDirectory(Generic[T]):
    """What `make(directory)` returns: always the same object for a directory, however it is spelt."""

    def __init__(self, make: Callable[[str], T]) -> None:
        self._make = make
        self._known: dict[str, T] = {}

    def __call__(self, directory: str) -> T:
        """Return this process's object for `directory`."""
        found = self._known.get(directory)
        if found is None:
            place = os.path.realpath(directory)
            found = self._known[directory] = self._known.setdefault(place, self._make(place))
        return found


def _after_fork() -> None:
    for forkable in list(_forkables):
        forkable.forget_inherited()


os.register_at_fork(after_in_child=_after_fork)
