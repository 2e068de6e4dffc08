"""Whose module is it that imports: `import helper` finds the helper of the site it stands in.

mod_python gives every site an interpreter of its own, so two sites may each have a `settings.py`. Here they
share `sys.modules`, where only one can have that name. So handler modules, and what they import from their
own site's directories, carry their `Site`; an import statement in them looks there first, and what it finds
is loaded for the site alone, under another name if the bare one is taken.
"""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from olexd.importer import paths

MARK: Final = "__olexd_site__"
"""The global variable of a module that holds its site."""

Resolve = Callable[["Site", str], str | None]


class Site:
    """What the modules of one interpreter and one set of directories have in common.

    `directories` are looked in before the interpreter's own path.
    """

    __slots__ = ("_known", "_resolve", "_state", "directories", "interpreter")

    def __init__(self, interpreter: str, directories: tuple[str, ...], resolve: Resolve) -> None:
        self.interpreter = interpreter
        self.directories = directories
        self._resolve = resolve
        self._known: dict[str, str | None] = {}
        self._state = paths.state()

    def path(self) -> list[str]:
        """Return the directories that belong to the site and not to all of the process."""
        return [*self.directories, *paths.own_entries(self.interpreter)]

    def own_name(self, top: str) -> str | None:
        """Return under which name the site's own module `top` is loaded, None when it has none."""
        if self._state != paths.state():
            self._known, self._state = {}, paths.state()
        if top not in self._known:
            self._known[top] = self._resolve(self, top)
        return self._known[top]

    def name_of(self, name: str) -> str:
        """Return under which name `import name`, in a module of the site, finds what it means."""
        top, dot, rest = name.partition(".")
        return (self.own_name(top) or top) + dot + rest


_import: Final = builtins.__import__
_lock: Final = threading.Lock()


def _site_import(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """`import` as it is, but for absolute imports in the modules of a site."""
    site = None if level or globals is None else globals.get(MARK)
    if type(site) is Site:
        name = site.name_of(name)
    return _import(name, globals, locals, fromlist or (), level)


def install() -> None:
    """Have import statements ask which site they stand in."""
    with _lock:
        if builtins.__import__ is _import:
            builtins.__import__ = _site_import


def uninstall() -> None:
    """Undo `install()`."""
    with _lock:
        if builtins.__import__ is _site_import:
            builtins.__import__ = _import
