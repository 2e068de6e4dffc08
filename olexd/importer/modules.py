"""The handler modules of all sites: each loaded once, and again when its file changed (core spec 5.2).

A module is known by interpreter name and file, so equally named modules of two directories or two sites
are two modules; the first keeps its bare name in `sys.modules`, later ones get a longer one. A changed
module is executed into a new module object, which replaces the old one when it is complete: no thread ever
sees half of it. What fails to load is not remembered.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import threading
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from olexd.importer import loaders
from olexd.importer.locks import LoadLocks
from olexd.importer.paths import search_path

CHECK_INTERVAL: Final = 1.0
"""Seconds between two looks at a module's file."""

Signature = tuple[int, int, int]
Log = Callable[[str], None]
Place = tuple[str, tuple[str, ...], str]
"""(interpreter, directories to look in first, module name)"""
Key = tuple[str, str]
"""(interpreter, file)"""


def file_signature(file: str) -> Signature:
    """Return what changes with a file's content. Raises OSError for a file that is not there."""
    stat = os.stat(file)
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _signature(file: str) -> Signature | None:
    """Return a file's signature, None when there is no such file."""
    try:
        return file_signature(file)
    except OSError:
        return None


class LoadedModule:
    """A module and what its file looked like when it was loaded; both are replaced when it changes.

    `broken` is set when the changed file failed to load; then the module has to be loaded from the start.
    """

    __slots__ = ("broken", "checked", "file", "key", "module", "signature")

    def __init__(self, module: ModuleType, key: Key, signature: Signature | None) -> None:
        self.module = module
        self.key = key
        self.file = key[1]
        self.signature = signature
        self.checked = time.monotonic()
        self.broken = False
        _stamp(module, signature)

    def is_current(self, autoreload: bool = True) -> bool:
        """Return whether the module can be used without another look at its file."""
        return not (self.broken or (autoreload and time.monotonic() - self.checked >= CHECK_INTERVAL))

    def has_changed(self) -> bool:
        """Return whether the file is another than the one that was loaded. One that vanished is not."""
        self.checked = time.monotonic()
        if self.signature is None:
            return False
        now = _signature(self.file)
        return now is not None and now != self.signature

    def replace(self, module: ModuleType, signature: Signature | None) -> None:
        """Go on with a new module."""
        _stamp(module, signature)
        self.signature = signature
        self.module = module


def _stamp(module: ModuleType, signature: Signature | None) -> None:
    """Note the file's time where applications look for it."""
    if signature is not None:
        module.__mtime__ = signature[0] / 1e9  # type: ignore[attr-defined]


_locks: Final = LoadLocks()
_guard: Final = threading.Lock()
_loaded: Final[dict[Key, LoadedModule]] = {}
_places: Final[dict[Place, LoadedModule]] = {}
_names: Final[dict[str, Key]] = {}
"""Which module owns a bare name in `sys.modules`."""


def _silent(message: str) -> None:
    """Log nothing."""


def load(
    interpreter: str,
    name: str,
    directories: tuple[str, ...] = (),
    autoreload: bool = True,
    log: Log = _silent,
) -> LoadedModule:
    """Return the module `name`, looked for in `directories` and then on the interpreter's path.

    With `autoreload` a module whose file changed is executed again; its file is looked at once a second at
    most. `log` is told of every (re)import. Raises ImportError and whatever the module's code raises, at
    every attempt until it loads.
    """
    place = (interpreter, directories, name)
    found = _places.get(place)
    if found is None or found.broken:
        return _load_first(place, log)
    if not found.is_current(autoreload) and found.has_changed():
        _reload(found, log)
    return found


def import_module(
    interpreter: str,
    name: str,
    directories: tuple[str, ...] = (),
    autoreload: bool = True,
    log: Log = _silent,
) -> ModuleType:
    """Return the module itself; see `load()`."""
    return load(interpreter, name, directories, autoreload, log).module


def _load_first(place: Place, log: Log) -> LoadedModule:
    interpreter, directories, name = place
    top, dot, _ = name.partition(".")
    spec = _find(top, [*directories, *search_path(interpreter)]) if top else None
    if spec is None:
        # Built-in, frozen, in a namespace package, or nowhere: Python's own import knows, or says it best.
        found = _imported_plainly(importlib.import_module(name))
    elif dot:
        found = _load_inside(name, spec, log)
    else:
        found = _load_file(interpreter, name, spec, log)
    if _loaded.get(found.key) is found:
        _places[place] = found
    return found


def _find(name: str, path: list[str]) -> ModuleSpec | None:
    """Return where an undotted module's file is; None when it has none."""
    spec = loaders.find(name, path)
    if spec is None:
        # The finders remember directories; a file may have come since.
        importlib.invalidate_caches()
        spec = loaders.find(name, path)
    return spec if spec is not None and spec.origin and spec.has_location else None


def _imported_plainly(module: ModuleType) -> LoadedModule:
    file = getattr(module, "__file__", None) or ""
    key = ("", file or module.__name__)
    with _guard:
        return _loaded.setdefault(key, LoadedModule(module, key, _source_signature(file)))


def _source_signature(file: str) -> Signature | None:
    """Only source files are watched: nothing else can be executed again."""
    return _signature(file) if file.endswith(".py") else None


def _load_inside(name: str, spec: ModuleSpec, log: Log) -> LoadedModule:
    """Load a module of a package; the packages around it are loaded first."""
    top, _, rest = name.partition(".")
    package = _load_file("", top, spec, log).module
    full = f"{package.__name__}.{rest}"
    importlib.import_module(full.rpartition(".")[0])
    inner = importlib.util.find_spec(full)
    if inner is None:
        importlib.invalidate_caches()
        return _imported_plainly(importlib.import_module(full))
    if not inner.has_location or inner.origin is None:
        return _imported_plainly(importlib.import_module(full))
    return _claim_and_load(("", inner.origin), loaders.named(inner, full), log)


def _load_file(interpreter: str, name: str, spec: ModuleSpec, log: Log) -> LoadedModule:
    """Load an undotted module under a name that no other file has.

    Packages are shared by all interpreters: their parts import each other by name.
    """
    assert spec.origin is not None
    key = ("" if spec.submodule_search_locations else interpreter, spec.origin)
    found = _loaded.get(key)
    if found is not None:
        return found
    return _claim_and_load(key, loaders.named(spec, _own_name(name, key)), log)


def _own_name(name: str, key: Key) -> str:
    """Return the name to register a module under: the bare one if that is free or its own already."""
    with _guard:
        registered = sys.modules.get(name)
        if _names.get(name) == key:
            return name
        if name not in _names and _is_free(name, registered, key[1]):
            _names[name] = key
            return name
    digest = hashlib.sha256("\0".join(key).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{name}_{digest[:12]}"


def _is_free(name: str, registered: ModuleType | None, file: str) -> bool:
    """Return whether a file may take a bare name; those of the standard library are not to be had."""
    if registered is None:
        return name not in sys.stdlib_module_names
    return getattr(registered, "__file__", None) == file


def _claim_and_load(key: Key, spec: ModuleSpec, log: Log) -> LoadedModule:
    if not _locks.claim(key, lambda: key in _loaded):
        # Without an entry this thread came back, perhaps by way of others, to a module whose loading it
        # began itself. Python's import hands out the unfinished module then, and so does this.
        return _loaded.get(key) or LoadedModule(sys.modules[spec.name], key, None)
    try:
        signature = _source_signature(key[1])
        log(f"mod_python: (Re)importing module '{spec.name}'")
        found = _loaded[key] = LoadedModule(loaders.import_spec(spec), key, signature)
        return found
    finally:
        _locks.release(key)


def _reload(found: LoadedModule, log: Log) -> None:
    """Replace a changed module; while one thread does, the others go on with the old one."""
    if not _locks.try_claim(found.key):
        return
    try:
        signature = _source_signature(found.file)
        if signature in (None, found.signature):
            return
        old = found.module
        log(f"mod_python: (Re)importing module '{old.__name__}'")
        new = loaders.execute_anew(old)
        loaders.publish(old, new)
        found.replace(new, signature)
    except BaseException:
        _forget(found)
        raise
    finally:
        _locks.release(found.key)


def _forget(found: LoadedModule) -> None:
    """Have a module that failed to reload loaded from the start by whoever needs it next."""
    name = found.module.__name__
    if sys.modules.get(name) is found.module:
        del sys.modules[name]
    _loaded.pop(found.key, None)
    found.broken = True


def forget() -> None:
    """Forget every module that was loaded. What is in `sys.modules` stays there."""
    with _guard:
        for known in (_loaded, _places, _names):
            known.clear()
