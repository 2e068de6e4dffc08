"""Loading a module from a chosen file through Python's own import system.

The import system keeps half-initialised modules from other threads, registers modules in `sys.modules` and
removes failed ones. To have it load the file that *we* found, a finder at the head of
`sys.meta_path` answers for the one name that this thread is loading just now.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Final


class FreshSource(SourceFileLoader):
    """Loads a module from its source, never from a cached compilation.

    Cached ones are told apart by whole seconds and size, so an edit may go unnoticed.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class ChosenFinder(MetaPathFinder):
    """Finds modules where this thread was told to find them."""

    def __init__(self) -> None:
        self._thread = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the chosen spec of `fullname`, None for every other name."""
        chosen: dict[str, ModuleSpec] = getattr(self._thread, "chosen", {})
        return chosen.get(fullname)

    def import_spec(self, spec: ModuleSpec) -> ModuleType:
        """Import `spec` under its name, or return what is registered under that name already."""
        before: dict[str, ModuleSpec] = getattr(self._thread, "chosen", {})
        self._thread.chosen = {**before, spec.name: spec}
        try:
            return importlib.import_module(spec.name)
        finally:
            self._thread.chosen = before


_finder: Final = ChosenFinder()
sys.meta_path.insert(0, _finder)


def find(name: str, path: list[str]) -> ModuleSpec | None:
    """Return where an undotted module is on `path`, None when it is nowhere."""
    return PathFinder.find_spec(name, path)


def named(spec: ModuleSpec, name: str) -> ModuleSpec:
    """Return the spec of a source file or package under another name, and free of cached compilations."""
    if spec.origin is None or not isinstance(spec.loader, SourceFileLoader):
        return spec
    loader = FreshSource(name, spec.origin)
    places = spec.submodule_search_locations
    fresh = importlib.util.spec_from_file_location(
        name, spec.origin, loader=loader, submodule_search_locations=list(places) if places else None
    )
    return fresh or spec


def import_spec(spec: ModuleSpec) -> ModuleType:
    """Import a module from its spec. Raises whatever its code raises."""
    return _finder.import_spec(spec)


def execute_anew(module: ModuleType) -> ModuleType:
    """Return a new module made from the present source of `module`, which stays as it is.

    Raises whatever the module's code raises. Nothing is registered: see `publish()`.
    """
    spec = module.__spec__
    assert spec is not None
    spec = named(spec, spec.name)
    new = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(new)
    return new


def publish(old: ModuleType, new: ModuleType) -> None:
    """Put a new module into the places of the old one: `sys.modules`, its package, its submodules' parent."""
    name = new.__name__
    for full, module in list(sys.modules.items()):
        if full.rpartition(".")[0] == name and not hasattr(new, full.rpartition(".")[2]):
            setattr(new, full.rpartition(".")[2], module)
    if sys.modules.get(name) is old:
        sys.modules[name] = new
    package, _, child = name.rpartition(".")
    parent = sys.modules.get(package)
    if parent is not None and getattr(parent, child, None) is old:
        setattr(parent, child, new)
