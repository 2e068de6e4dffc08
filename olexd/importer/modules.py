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
import sys
import threading
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType
from typing import Any, Final

from olexd.importer import loaders
from olexd.importer.loaders import Signature, file_signature
from olexd.importer.paths import search_path
from olexd.importer.sites import MARK, Site, install, uninstall

CHECK_INTERVAL: Final = 1.0
"""Seconds between two looks at a module's file."""

Log = Callable[[str], None]
Place = tuple[str, tuple[str, ...], str]
"""(interpreter, directories to look in first, module name)"""
Key = tuple[str, str]
"""(interpreter, file)"""


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


_guard: Final = threading.Lock()
_loaded: Final[dict[Key, LoadedModule]] = {}
_places: Final[dict[Place, LoadedModule]] = {}
_sites: Final[dict[tuple[str, tuple[str, ...]], Site]] = {}
_names: Final[dict[str, Key]] = {}
"""Which module owns a bare name in `sys.modules`."""
_first_loads: Final[dict[str, threading.RLock]] = {}
"""By interpreter: handler modules are loaded by one thread at a time. Python's own import locks can fail with
an error when two threads go through a circle of imports from both ends."""
_reloading: Final[set[Key]] = set()
"""What some thread is executing anew."""


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
        with _first_loads.get(interpreter) or _first_loads.setdefault(interpreter, threading.RLock()):
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
    found = _places.get(place)
    if found is not None and not found.broken:
        return found
    interpreter, directories, name = place
    top, dot, _ = name.partition(".")
    spec = _find(top, [*directories, *search_path(interpreter)]) if top else None
    if spec is None:
        # Built-in, frozen, in a namespace package, or nowhere: Python's own import knows, or says it best.
        found = _imported_plainly(importlib.import_module(name))
    elif dot:
        found = _load_inside(_site(interpreter, directories), name, spec, log)
    else:
        found = _load_file(_site(interpreter, directories), name, spec, log)
    if _loaded.get(found.key) is found:
        _places[place] = found
    return found


def _site(interpreter: str, directories: tuple[str, ...]) -> Site:
    """Return the site that modules looked for in this way belong to."""
    found = _sites.get((interpreter, directories))
    if found is None:
        install()
        made = Site(interpreter, directories, _own_module)
        found = _sites.setdefault((interpreter, directories), made)
    return found


def join_site(namespace: dict[str, Any], interpreter: str) -> None:
    """Let code that is executed in `namespace` import as the modules on the interpreter's own path do."""
    namespace[MARK] = _site(interpreter, ())


def _own_module(site: Site, name: str) -> str | None:
    """Return the name under which a site's own module can be imported, None when the site has none."""
    if name in sys.stdlib_module_names:
        return None
    spec = loaders.find(name, site.path())
    if spec is None or not spec.has_location or not isinstance(spec.loader, SourceFileLoader):
        return None
    assert spec.origin is not None
    own = _own_name(name, _key(site, spec))
    loaders.choose(loaders.named(spec, own, site))
    return own


def _key(site: Site, spec: ModuleSpec) -> Key:
    """Return what a module is known by. Packages are shared: their parts import each other by name."""
    assert spec.origin is not None
    return ("" if spec.submodule_search_locations else site.interpreter, spec.origin)


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


def _load_inside(site: Site, name: str, spec: ModuleSpec, log: Log) -> LoadedModule:
    """Load a module of a package; the packages around it are loaded first."""
    top, _, rest = name.partition(".")
    package = _load_file(site, top, spec, log).module
    full = f"{package.__name__}.{rest}"
    loaders.import_named(full.rpartition(".")[0])
    inner = importlib.util.find_spec(full)
    if inner is None:
        importlib.invalidate_caches()
        return _imported_plainly(loaders.import_named(full))
    if not inner.has_location or inner.origin is None:
        return _imported_plainly(loaders.import_named(full))
    return _load_spec(("", inner.origin), loaders.named(inner, full, site), log)


def _load_file(site: Site, name: str, spec: ModuleSpec, log: Log) -> LoadedModule:
    """Load an undotted module under a name that no other file has."""
    key = _key(site, spec)
    return _loaded.get(key) or _load_spec(key, loaders.named(spec, _own_name(name, key), site), log)


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


def _load_spec(key: Key, spec: ModuleSpec, log: Log) -> LoadedModule:
    """Import a module, or take over one that was imported already."""
    signature = _source_signature(key[1])
    if spec.name not in sys.modules:
        log(f"mod_python: (Re)importing module '{spec.name}'")
    loaders.choose(spec)
    module = loaders.import_named(spec.name)
    found = LoadedModule(module, key, loaders.signature_of(module) or signature)
    if getattr(module.__spec__, "_initializing", False):
        # A circle led back to a module that is not complete: nobody else must get it.
        return found
    with _guard:
        return _loaded.setdefault(key, found)


def _reload(found: LoadedModule, log: Log) -> None:
    """Replace a changed module; while one thread does, the others go on with the old one."""
    with _guard:
        if found.key in _reloading:
            return
        _reloading.add(found.key)
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
        _reloading.discard(found.key)


def _forget(found: LoadedModule) -> None:
    """Have a module that failed to reload loaded from the start by whoever needs it next."""
    name = found.module.__name__
    if sys.modules.get(name) is found.module:
        del sys.modules[name]
    _loaded.pop(found.key, None)
    found.broken = True


def forget() -> None:
    """Forget every module that was loaded. What is in `sys.modules` stays there."""
    uninstall()
    loaders.forget()
    with _guard:
        for known in (_loaded, _places, _names, _sites):
            known.clear()
