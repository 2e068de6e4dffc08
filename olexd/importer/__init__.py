"""Importing handler modules: found by directory and path, reloaded when they change, kept apart by site."""

from __future__ import annotations

from olexd.importer.modules import LoadedModule, import_module, load
from olexd.importer.objects import resolve_object
from olexd.importer.paths import add_directory, apply_python_path

__all__ = [
    "LoadedModule",
    "add_directory",
    "apply_python_path",
    "import_module",
    "load",
    "resolve_object",
]
