"""CGI scripts inside the server: `PythonHandler mod_python.cgihandler`.

A script runs in its own directory, with the environment and the streams of a CGI program. Scripts run side by
side, each with its own `os.environ`, `sys.stdin`, `sys.stdout`, `sys.argv` and (on Linux) working directory.

As in mod_python the URL names a module: `/t` and `/t.cgi` run `t.py`, whose `__name__` is `t`. Its directory
is not on `sys.path`. Differences: modules that a script imports stay imported, and `sys.exit()` ends a script
in order.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from types import CodeType, ModuleType
from typing import Any, Final

from mod_python._cgi import enter_script
from mod_python._cgi_streams import CGIStdout
from mod_python._script_process import leave, working_in
from olexd.errorlog import Level
from olexd.errors import ServerReturn
from olexd.importer import join_site
from olexd.importer.loaders import Signature, file_signature
from olexd.model.mp_request import mp_request
from olexd.status import NOT_FOUND, OK

__all__ = ["handler"]

NO_END: Final = "the script ended before an empty line ended its headers: nothing is sent"
_SCRIPTS_MAX: Final = 512

_lock: Final = threading.Lock()
"""Held by the one script that runs, where threads have no working directory of their own."""
_names_lock: Final = threading.Lock()
_running: Final[Counter[str]] = Counter()
"""How many scripts of a name are running."""


def handler(req: mp_request) -> int:
    """Run the script that the request's file name stands for; return OK.

    Raises `SERVER_RETURN` (404) when there is no such script, and what the script raises.
    """
    path = _script(req)
    script = _compiled(path, file_signature(path))
    response = enter_script(req, {}).sys["stdout"]
    try:
        with working_in(os.path.dirname(path), _lock):
            _execute(req, script, response)
    finally:
        leave()
    return OK


def _script(req: mp_request) -> str:
    """Return the path of the script's file."""
    named = req.subprocess_env.get("SCRIPT_FILENAME") or req.filename
    if not named or os.path.isdir(named):
        raise ServerReturn(NOT_FOUND)
    path = os.path.splitext(named)[0] + ".py"
    if not os.path.isfile(path):
        raise ServerReturn(NOT_FOUND)
    return str(path)


@dataclass(frozen=True, slots=True)
class _Script:
    """A script, compiled. `module` is its name, `free` whether no other module could have that name."""

    module: str
    path: str
    code: CodeType
    free: bool


@lru_cache(_SCRIPTS_MAX)
def _compiled(path: str, signature: Signature) -> _Script:
    with open(path, "rb") as source:
        code = compile(source.read(), path, "exec", dont_inherit=True)
    module = os.path.basename(path)[: -len(".py")]
    free = "." not in module and module not in sys.modules and find_spec(module) is None
    return _Script(module, path, code, free)


def _execute(req: mp_request, script: _Script, response: CGIStdout) -> None:
    module = ModuleType(script.module)
    module.__file__ = script.path
    join_site(module.__dict__, req.interpreter)
    with _registered(module, script.free):
        try:
            exec(script.code, module.__dict__)
        except SystemExit as end:
            if isinstance(end.code, str):
                req.log_error(end.code)
        finally:
            _flush_wrappers([sys.stdout, *module.__dict__.values()], response)
    if response.headers:
        req.log_error(NO_END, Level.WARNING)


def _flush_wrappers(values: Iterable[Any], response: CGIStdout) -> None:
    """Flush what a script wrapped around its output, as Python does at a program's end."""
    for value in values:
        if isinstance(value, io.TextIOWrapper) and value.buffer is response.buffer and not value.closed:
            value.flush()


@contextmanager
def _registered(module: ModuleType, free: bool) -> Iterator[None]:
    """Have a script's module, or another of its name, in `sys.modules` meanwhile: dataclasses look there."""
    if not free:
        yield
        return
    name = module.__name__
    with _names_lock:
        _running[name] += 1
        sys.modules.setdefault(name, module)
    try:
        yield
    finally:
        with _names_lock:
            _running[name] -= 1
            if not _running[name]:
                del _running[name]
                sys.modules.pop(name, None)
