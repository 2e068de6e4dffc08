"""The directives there are: rows of modules by name, httpd's other ones, and the nearest name to a typo."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.known import Known, known_directives
from olexd.config.module import ModuleSpec
from olexd.config.rows import Directive, ignore
from olexd.config.settings import Settings

MAX_SUGGESTIONS: Final = 50
"""How many unknown names get a suggestion; each costs milliseconds."""


class Registry:
    """All directives. Names are looked up in any case; those of sections begin with `<` and have no `>`."""

    def __init__(self, modules: Iterable[ModuleSpec]) -> None:
        self.modules = tuple(modules)
        self._rows: dict[str, Directive] = {}
        self._suggested: dict[str, str] = {}
        for module in self.modules:
            for row in module.directives:
                key = row.name.lower().rstrip(">")
                if key in self._rows:
                    raise ValueError(f"two modules declare {row.name}")
                self._rows[key] = row

    def find(self, name: str) -> Directive | None:
        """Return the row of `name`, also for one that is accepted without effect, or None.

        Raises DirectiveError for a directive of httpd's that has to be refused.
        """
        key = name.lower()
        row = self._rows.get(key)
        if row is None and (known := self.known(key)) is not None:
            row = self._rows[key] = _accept(known)
        return row

    def known(self, name: str) -> Known | None:
        """Return what httpd says of `name`, or None if httpd has no such directive."""
        key = name.lower()
        return known_directives().get(key + ">" if key.startswith("<") else key)

    def exists(self, name: str) -> bool:
        """Return whether `name` is a directive or section of httpd or of a module here."""
        return name.lower() in self._rows or self.known(name) is not None

    def spelling(self, name: str) -> str:
        """Return a directive's name as it is spelled in the documentation, a section's without its `>`."""
        return self._names.get(name.lower(), name).rstrip(">")

    def suggest(self, name: str) -> str:
        """Return "did you mean X?" for the nearest name, or an empty string."""
        key = name.lower()
        if key not in self._suggested:
            if len(self._suggested) >= MAX_SUGGESTIONS:
                return ""
            near = get_close_matches(key, self._names, 1, 0.75)
            self._suggested[key] = f"did you mean {self._names[near[0]]}?" if near else ""
        return self._suggested[key]

    @cached_property
    def _names(self) -> dict[str, str]:
        names = {
            key.rstrip(">"): known.name for key, known in known_directives().items() if known.grade != "C"
        }
        return names | {key: row.name for key, row in self._rows.items()}


def _accept(known: Known) -> Directive:
    if known.grade == "C" and not known.name.startswith("<"):
        hint = f"{known.name} has no effect here"
        return Directive(known.name, known.contexts, known.arity, Settings, ignore, hint, effect=False)
    raise DirectiveError(
        f"{known.name} is a directive of httpd that olexd does not support yet",
        "it was refused rather than ignored",
    )
