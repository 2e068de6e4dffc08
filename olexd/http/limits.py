"""What a client may send: sizes, counts and times, from the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final, Protocol

HEAD_MAX: Final = 1 << 20
"""Bytes of a whole head; a configuration that allows one field more than this gets more."""


class LimitSettings(Protocol):
    """The core settings that limits are made from (`olexd.config.core.CoreServer`)."""

    @property
    def limit_request_line(self) -> int:
        """LimitRequestLine, bytes."""

    @property
    def limit_request_fields(self) -> int:
        """LimitRequestFields, 0 for no limit."""

    @property
    def limit_request_field_size(self) -> int:
        """LimitRequestFieldSize, bytes."""

    @property
    def header_timeout(self) -> float:
        """RequestReadTimeout header=, seconds."""

    @property
    def header_timeout_max(self) -> float:
        """The upper end of RequestReadTimeout header=, seconds."""

    @property
    def header_min_rate(self) -> int:
        """RequestReadTimeout header MinRate, bytes per second."""

    @property
    def body_timeout(self) -> float:
        """RequestReadTimeout body=, seconds."""

    @property
    def body_timeout_max(self) -> float:
        """The upper end of RequestReadTimeout body=, seconds (0: none)."""

    @property
    def body_min_rate(self) -> int:
        """RequestReadTimeout body MinRate, bytes per second."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one listening address. Sizes are bytes without line ends, times are seconds.

    `fields` 0 means any number of fields. httpd lets lines be one byte longer than configured, and so do
    the parsers here. `chunk_line` bounds the line before a chunk, `chunk_extensions` all extensions of a
    body together.
    """

    line: int = 8190
    fields: int = 100
    field_size: int = 8190
    chunk_line: int = 4096
    chunk_extensions: int = 65536
    empty_lines: int = 10
    header_timeout: float = 20.0
    header_timeout_max: float = 40.0
    header_min_rate: int = 500
    body_timeout: float = 20.0
    body_timeout_max: float = 0.0
    body_min_rate: int = 500

    @classmethod
    def from_core(cls, core: LimitSettings) -> Limits:
        """Return the limits that the core settings of a server ask for."""
        return cls(
            line=core.limit_request_line,
            fields=core.limit_request_fields,
            field_size=core.limit_request_field_size,
            header_timeout=core.header_timeout,
            header_timeout_max=core.header_timeout_max,
            header_min_rate=core.header_min_rate,
            body_timeout=core.body_timeout,
            body_timeout_max=core.body_timeout_max,
            body_min_rate=core.body_min_rate,
        )

    @property
    def head(self) -> int:
        """Bytes of a whole head, line ends included."""
        most = self.line + self.fields * (self.field_size + 2) if self.fields else HEAD_MAX
        return max(min(most, HEAD_MAX), self.line + self.field_size) + 8

    def header_seconds(self, received: int) -> float:
        """Return how long a head may take of which `received` bytes have come."""
        allowed = _allowed(self.header_timeout, self.header_min_rate, received)
        return min(allowed, self.header_timeout_max or inf)

    def body_seconds(self, received: int) -> float:
        """Return how long a body may take of which `received` bytes have come."""
        allowed = _allowed(self.body_timeout, self.body_min_rate, received)
        return min(allowed, self.body_timeout_max or inf)


def _allowed(first: float, rate: int, received: int) -> float:
    """Return how many seconds `received` bytes may have taken: `first`, and one more for every `rate` bytes.

    A `first` of 0 means any time; without a rate nothing prolongs it.
    """
    if not first:
        return inf
    return first + received / rate if rate else first
