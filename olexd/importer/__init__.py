"""Importing handler modules: found by directory and path, reloaded when they change, kept apart by site."""

from __future__ import annotations

from olexd.importer import modules as _modules
from olexd.importer import paths as _paths
from olexd.importer.modules import LoadedModule, import_module, join_site, load
from olexd.importer.objects import resolve_object
from olexd.importer.paths import add_directory, apply_python_path


def forget() -> None:
    """Start anew: handler modules are looked for and loaded again, search paths are the process's own."""
    _modules.forget()
    _paths.forget()


__all__ = [
    "LoadedModule",
    "add_directory",
    "apply_python_path",
    "forget",
    "import_module",
    "join_site",
    "load",
    "resolve_object",
]
