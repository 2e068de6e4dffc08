"""Published pages: modules made from files by path, outside of `sys.modules`, made anew when files change."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Final

from olexd.errorlog import Level
from olexd.importer import join_site
from olexd.importer.loaders import Signature, file_signature
from olexd.importer.locks import LoadLocks
from olexd.importer.sites import MARK
from olexd.model import runtime
from olexd.model.mp_request import mp_request

Key = tuple[str, str]
"""(interpreter, file)"""

_NOT_WORD: Final = re.compile(r"\W+")
_CLOSED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)
"""What has a scope of its own, or holds no statements."""


class PageModule(ModuleType):
    """A page. `_imported` are the names that its import statements bind; no name of its own hides them."""

    __slots__ = ("_imported",)

    _imported: frozenset[str]


class PageCache:
    """Pages by the file name of requests: `cache[req]` is the module of `req.filename`.

    A changed file is executed again, unless PythonAutoReload is off. Raises OSError for a missing file, and
    whatever compiling and running the page raises, at every attempt until it loads.
    """

    def __init__(self) -> None:
        self._pages: dict[Key, tuple[Signature, PageModule]] = {}
        self._locks = LoadLocks()

    def __getitem__(self, req: mp_request) -> PageModule:
        key = (runtime.interpreter(), req.filename or "")
        page = self._pages.get(key)
        if page is not None and (not _reloads(req) or page[0] == file_signature(key[1])):
            return page[1]
        return self._load(key, req)

    def _load(self, key: Key, req: mp_request) -> PageModule:
        if self._locks.claim(key, lambda: self._is_current(key)):
            try:
                self._execute(key, req)
            finally:
                self._locks.release(key)
        return self._pages[key][1]

    def _is_current(self, key: Key) -> bool:
        page = self._pages.get(key)
        return page is not None and page[0] == file_signature(key[1])

    def _execute(self, key: Key, req: mp_request) -> None:
        """Make the page's module; one that fails leaves nothing to go on with."""
        verb = "loading" if self._pages.pop(key, None) is None else "reloading"
        if _debugs(req):
            req.log_error(f"Publisher {verb} page {key[1]}", Level.NOTICE)
        # What the file looks like is noted first: a change while it is read shows at the next request.
        signature = file_signature(key[1])
        self._pages[key] = (signature, _page(key))


def _reloads(req: mp_request) -> bool:
    return bool(req._peek_config().get("PythonAutoReload") != "0")


def _debugs(req: mp_request) -> bool:
    return bool(req._peek_config().get("PythonDebug") == "1")


def _page(key: Key) -> PageModule:
    """Execute a file; its source may name its encoding as any Python source may."""
    interpreter, file = key
    with open(file, "rb") as source:
        tree = ast.parse(source.read(), file)
    module = PageModule(_NOT_WORD.sub("_", file))
    module.__file__ = file
    module._imported = frozenset()
    join_site(module.__dict__, interpreter)
    exec(compile(tree, file, "exec", dont_inherit=True), module.__dict__)
    module._imported = frozenset(_imported_names(tree, module))
    return module


def _imported_names(tree: ast.Module, module: ModuleType) -> Iterator[str]:
    """Yield the names that import statements bind in the module's own scope."""
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield from _star_names(node.module or "", module)
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield a module's statements, also those inside of others, but not those of functions and classes."""
    waiting = [tree]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            yield child
            if not isinstance(child, _CLOSED):
                waiting.append(child)


def _star_names(source: str, module: ModuleType) -> list[str]:
    """Return the names that mean the same thing in the module and in the one it imports everything from."""
    nothing = object()
    source = module.__dict__[MARK].name_of(source)
    names = vars(sys.modules[source]) if source in sys.modules else {}
    return [name for name, value in names.items() if module.__dict__.get(name, nothing) is value]
