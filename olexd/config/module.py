"""What a module is to the configuration: its names, its settings types, its directive rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from olexd.config.errors import Problem
from olexd.config.rows import Directive
from olexd.config.server import HostConfig


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    """The configuration half of a module.

    `name` is the short name (`alias`); `identifiers` are the spellings that `<IfModule>` and `LoadModule`
    know (`alias_module`, `mod_alias.c`). `server` and `directory` are its settings dataclasses, frozen,
    all fields made with `setting()`. A directive whose `target` is the server type takes effect for the
    whole (virtual) server; one whose target is the directory type may also stand inside sections.
    `check(host)` yields what is wrong with a host that no single directive shows.
    """

    name: str
    identifiers: tuple[str, ...]
    server: tuple[type[Any], ...] = ()
    directory: tuple[type[Any], ...] = ()
    directives: tuple[Directive, ...] = field(default=())
    check: Callable[[HostConfig], Iterable[Problem]] | None = None
