"""The list of handlers that a phase is running: `mp_hlist` (core spec 4.6)."""

from __future__ import annotations

from collections.abc import Iterable

from olexd.config.python import Handler


class mp_hlist:
    """The handlers of one phase and which of them is running. Past the end every attribute is None."""

    __slots__ = ("_at", "_entries", "_filename")

    def __init__(self, entries: Iterable[Handler], filename: str | None = None) -> None:
        self._entries = list(entries)
        self._at = 0
        self._filename = filename

    @property
    def _entry(self) -> Handler | None:
        return self._entries[self._at] if self._at < len(self._entries) else None

    @property
    def handler(self) -> str | None:
        """The handler as configured."""
        entry = self._entry
        return entry.text if entry else None

    @property
    def directory(self) -> str | None:
        """Where it was configured: a directory with a trailing slash, a Location's pattern, or None."""
        entry = self._entry
        return entry.directory_for(self._filename) if entry else None

    @property
    def is_location(self) -> int | None:
        """1 if it was configured in a Location."""
        entry = self._entry
        return int(entry.is_location) if entry else None

    @property
    def silent(self) -> int | None:
        """1 if it is skipped when its function is missing."""
        entry = self._entry
        return int(entry.silent) if entry else None

    def next(self) -> None:
        """Go on to the next handler. For the dispatcher, not for applications."""
        self._at += 1

    def __repr__(self) -> str:
        entry = self._entry
        if entry is None:
            return "{}"
        directory = self.directory
        place = "" if directory is None else f"'directory':{directory!r},"
        return (
            f"{{'handler':{entry.text!r},{place}"
            f"'is_location':{entry.is_location!r},'silent':{int(entry.silent)}}}"
        )
