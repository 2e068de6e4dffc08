"""Configuration errors: where, what, and what was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MAX_CHAIN: Final = 8
"""How many Includes a message names; a recursion would have more than anyone reads."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the configuration: `file` as opened and the line (the last one of a continued line).

    `included_from` is the place of the Include that led here, or None.
    """

    file: str
    line: int
    included_from: Where | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read, and the place of the Include that named it; None for the main file."""

    path: str
    origin: Where | None


class DirectiveError(ValueError):
    """A directive's value is bad. Raised by rows; the builder adds the place.

    `suggestion` is a short hint ("did you mean ...?"), or empty.
    """

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


class UnknownDirective(DirectiveError):
    """A directive that nobody knows."""


class NotPermitted(DirectiveError):
    """A directive that AllowOverride does not let a .htaccess file use."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning of the config check."""

    where: Where | None
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        place = f"{self.where.file}:{self.where.line}: " if self.where else ""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{place}{self.message}{hint}{''.join(_include_chain(self.where))}"


def _include_chain(where: Where | None) -> list[str]:
    chain = []
    origin = where.included_from if where else None
    while origin is not None:
        chain.append(f"\n    included from {origin.file}:{origin.line}")
        origin = origin.included_from
    if len(chain) > MAX_CHAIN:
        left_out = len(chain) - MAX_CHAIN + 1
        chain[MAX_CHAIN - 2 : -1] = [f"\n    and through {left_out} more includes"]
    return chain


class ConfigError(Exception):
    """The configuration cannot be used. `problems` holds everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)
