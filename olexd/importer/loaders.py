"""Loading a module from a chosen file through Python's own import system.

The import system keeps half-initialised modules from other threads, registers modules in `sys.modules` and
removes failed ones. To have it load the file that *we* found, a finder at the head of `sys.meta_path`
answers for the names that we gave to files.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Final

from olexd.importer.sites import MARK, Site

Signature = tuple[int, int, int]


def file_signature(file: str) -> Signature:
    """Return what changes with a file's content. Raises OSError for a file that is not there."""
    stat = os.stat(file)
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


class SiteSource(SourceFileLoader):
    """Loads a module that belongs to a site. `signature` is the file's as it was loaded."""

    def __init__(self, name: str, path: str, site: Site | None) -> None:
        super().__init__(name, path)
        self.site = site
        self.signature: Signature | None = None

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, its site noted in it."""
        self.signature = file_signature(self.path)
        setattr(module, MARK, self.site)
        super().exec_module(module)


class FreshSource(SiteSource):
    """Loads a module from its source, never from a cached compilation.

    Cached ones are told apart by whole seconds and size, so an edit may go unnoticed.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def signature_of(module: ModuleType) -> Signature | None:
    """Return the signature of the file that a module was made from, None when that is not known."""
    return getattr(getattr(module.__spec__, "loader", None), "signature", None)


class ChosenFinder(MetaPathFinder):
    """Finds modules of sites: those that were chosen under the names they were given, and packages' parts."""

    def __init__(self) -> None:
        self.chosen: dict[str, ModuleSpec] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a site's module, None for every other name."""
        return self.chosen.get(fullname) or _inside_site(fullname, path)


def _inside_site(fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Return the spec of a module in a package that belongs to a site: so does the module."""
    package = sys.modules.get(fullname.rpartition(".")[0])
    site = None if package is None else package.__dict__.get(MARK)
    spec = None if site is None else PathFinder.find_spec(fullname, path)
    if spec is None or spec.origin is None or type(spec.loader) is not SourceFileLoader:
        return None
    spec.loader = SiteSource(fullname, spec.origin, site)
    return spec


_finder: Final = ChosenFinder()
sys.meta_path.insert(0, _finder)


def choose(spec: ModuleSpec) -> None:
    """Have whoever imports the name of `spec` get the module that it is of."""
    _finder.chosen[spec.name] = spec


def import_named(name: str) -> ModuleType:
    """Return the module `name`, imported if need be. In a circle it may not be complete yet.

    Unlike `importlib.import_module()`, which raises when two threads run into a circle from both ends.
    """
    __import__(name)
    return sys.modules[name]


def forget() -> None:
    """Forget what was chosen."""
    _finder.chosen.clear()


def find(name: str, path: list[str]) -> ModuleSpec | None:
    """Return where an undotted module is on `path`, None when it is nowhere."""
    return PathFinder.find_spec(name, path)


def named(spec: ModuleSpec, name: str, site: Site | None) -> ModuleSpec:
    """Return the spec of a site's source file or package under another name, free of cached compilations."""
    if spec.origin is None or not isinstance(spec.loader, SourceFileLoader):
        return spec
    loader = FreshSource(name, spec.origin, site)
    places = spec.submodule_search_locations
    fresh = importlib.util.spec_from_file_location(
        name, spec.origin, loader=loader, submodule_search_locations=list(places) if places else None
    )
    return fresh or spec


def execute_anew(module: ModuleType) -> ModuleType:
    """Return a new module made from the present source of `module`, which stays as it is.

    Raises whatever the module's code raises. Nothing is registered: see `publish()`.
    """
    spec = module.__spec__
    assert spec is not None
    spec = named(spec, spec.name, getattr(spec.loader, "site", None))
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
