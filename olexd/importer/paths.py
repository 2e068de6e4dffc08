"""Where handler modules are looked for: one search path for each interpreter's name (core spec 2.1).

mod_python gave every interpreter a `sys.path` of its own. Here the process has one, which all sites'
directories join (so that plain imports find helper modules), and each name has its own search path for
handler modules, so that one site's handlers are not found in another's directories.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any, Final

from olexd.model import runtime

_lock: Final = threading.RLock()
_paths: Final[dict[str, list[str]]] = {}
_applied: Final[set[tuple[str, str]]] = set()
_process_path: Final[list[str]] = []


class _Sys:
    """`sys` as a PythonPath expression sees it: with the interpreter's own path."""

    def __init__(self, path: list[str]) -> None:
        self.path = path

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


_changes: Final = [0]
"""How often a path has changed."""


def state() -> int:
    """Return what changes whenever the search path of an interpreter does."""
    return _changes[0]


def own_entries(interpreter: str) -> list[str]:
    """Return the entries of an interpreter's path that belong to its sites and not to the whole process."""
    path = _path_of(interpreter)
    with _lock:
        start = set(_process_path)
        return [entry for entry in path if entry not in start]


def _path_of(interpreter: str) -> list[str]:
    """Return the interpreter's path; it starts as the process's was when the first one was asked for."""
    with _lock:
        if not _process_path:
            _process_path.extend(sys.path)
        return _paths.setdefault(interpreter, list(_process_path))


def search_path(interpreter: str) -> list[str]:
    """Return where modules are looked for: the interpreter's own path, then what else is on `sys.path`."""
    own = _path_of(interpreter)
    known = _site_entries(interpreter).union(own)
    return own + [entry for entry in sys.path if entry not in known]


def _site_entries(interpreter: str) -> set[str]:
    """Return the entries that belong to other interpreters' sites."""
    with _lock:
        start = set(_process_path)
        return {
            entry
            for name, path in _paths.items()
            if name != interpreter
            for entry in path
            if entry not in start
        }


def _join(path: list[str]) -> None:
    """Let a site's entries join `sys.path`: in front of the process's own if they stood there."""
    _changes[0] += 1
    known = [position for position, entry in enumerate(path) if entry in _process_path]
    split = known[0] if known else len(path)
    sys.path[:0] = [entry for entry in path[:split] if entry not in sys.path]
    sys.path.extend(entry for entry in path[split:] if entry not in sys.path)


def _server_root() -> str:
    """Return the ServerRoot: mod_python evaluates the expression where its `apache` functions are known."""
    return runtime.config().server_root


def apply_python_path(interpreter: str, expression: str) -> None:
    """Evaluate a PythonPath expression once for the interpreter; its path becomes the result.

    Raises whatever the expression raises, each time it is tried.
    """
    if (interpreter, expression) in _applied:
        return
    with _lock:
        if (interpreter, expression) in _applied:
            return
        path = _path_of(interpreter)
        names = {"sys": _Sys(path), "os": os, "time": time, "server_root": _server_root}
        # The administrator's own configuration, which mod_python promises to evaluate.
        result = [os.fspath(entry) for entry in eval(expression, names)]
        path[:] = result
        _join(result)
        _applied.add((interpreter, expression))


def add_directory(interpreter: str, directory: str) -> None:
    """Put a handler's directory in front of the interpreter's path, unless it is there."""
    path = _path_of(interpreter)
    if directory in path:
        return
    with _lock:
        if directory not in path:
            path.insert(0, directory)
            _join([directory])


def forget() -> None:
    """Forget the search paths of all interpreters; `sys.path` stays as it is."""
    with _lock:
        _changes[0] += 1
        for known in (_paths, _applied, _process_path):
            known.clear()
