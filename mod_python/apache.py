"""`mod_python.apache`: constants, and what handlers ask of the server (core spec 5).

`main_server` and `interpreter` are looked up when they are used: the first belongs to the configuration in
force, the second to the handler that runs on the calling thread.
"""

from __future__ import annotations

import importlib as _importlib
import os as _os
import sys as _sys
import time as _time
import typing as _typing
from collections.abc import Callable, Sequence
from html import escape as escape
from types import ModuleType
from typing import Any, Final

from mod_python import _constants as _constants
from mod_python._cgi import build_cgi_env as build_cgi_env
from mod_python._cgi import restore_nocgi as restore_nocgi
from mod_python._cgi import setup_cgi as setup_cgi
from mod_python._cgi_streams import CGIStdin as CGIStdin
from mod_python._cgi_streams import CGIStdout as CGIStdout
from mod_python._cgi_streams import NullIO as NullIO
from mod_python._constants import *  # noqa: F403 - exactly what is to be passed on
from olexd import importer as _importer
from olexd.errorlog import Level as _Level
from olexd.errors import ServerReturn as _ServerReturn
from olexd.importer import resolve_object as resolve_object
from olexd.model import runtime as _runtime
from olexd.model.attributes import argument_text as _argument_text
from olexd.model.finfo import mp_finfo as mp_finfo
from olexd.model.finfo import stat as stat
from olexd.model.methods import method_name as _method_name
from olexd.model.mp_connection import mp_conn as mp_conn
from olexd.model.mp_request import mp_request as mp_request
from olexd.model.mp_server import log_arguments as _log_arguments
from olexd.model.mp_server import mp_server as mp_server
from olexd.model.mp_server import server_of as _server_of
from olexd.model.nonblocking import nonblocking as nonblocking
from olexd.model.table import Table as _Table

__all__ = [
    "SERVER_RETURN",
    "CGIStdin",
    "CGIStdout",
    "NullIO",
    "allow_methods",
    "build_cgi_env",
    "config_tree",
    "escape",
    "exists_config_define",
    "import_module",
    "importlib",
    "inspect",
    "interpreter",
    "log_error",
    "make_table",
    "module_mtime",
    "mp_conn",
    "mp_finfo",
    "mp_request",
    "mp_server",
    "mpm_query",
    "nonblocking",
    "os",
    "pdb",
    "register_cleanup",
    "resolve_object",
    "restore_nocgi",
    "server_root",
    "setup_cgi",
    "stat",
    "sys",
    "syslog",
    "table",
    "threading",
    "time",
    "traceback",
    "types",
]
__all__ += [name for name in vars(_constants) if name.isupper()]

SERVER_RETURN = _ServerReturn
table = _Table
make_table = _Table

_phase_handler_names: Final = {
    "PythonPostReadRequestHandler": "postreadrequesthandler",
    "PythonTransHandler": "transhandler",
    "PythonHeaderParserHandler": "headerparserhandler",
    "PythonInitHandler": "inithandler",
    "PythonAccessHandler": "accesshandler",
    "PythonAuthenHandler": "authenhandler",
    "PythonAuthzHandler": "authzhandler",
    "PythonTypeHandler": "typehandler",
    "PythonFixupHandler": "fixuphandler",
    "PythonHandler": "handler",
    "PythonLogHandler": "loghandler",
    "PythonCleanupHandler": "cleanuphandler",
}

_LAZY_MODULES: Final = frozenset(
    {"importlib", "inspect", "os", "pdb", "sys", "syslog", "threading", "time", "traceback", "types"}
)
"""Modules of the standard library that applications reach through this one."""


def log_error(message: str | None, level: int = _Level.ERR, server: mp_server | None = None) -> None:
    """Write to the error log, to that of `server` if given; None is ignored. Raises TypeError."""
    entry = _log_arguments(message, level)
    if server is not None and not isinstance(server, mp_server):
        raise TypeError("bad argument type for built-in operation")
    if entry is None:
        return
    if server is None:
        _runtime.log_error(*entry)
    else:
        server.log_error(*entry)


def import_module(
    module_name: str, autoreload: int = 1, log: int = 0, path: Sequence[str] | None = None
) -> ModuleType:
    """Return a module, looked for in the directories `path` first, and loaded again when its file changed.

    `log` writes a notice about every (re)import. Raises whatever the import raises.
    """

    def tell(message: str) -> None:
        if log:
            _runtime.log_error(message + (f" with path set to '{list(path)}'" if path else ""), _Level.NOTICE)

    return _importer.import_module(
        _runtime.interpreter(), module_name, tuple(path or ()), bool(autoreload), tell
    )


def module_mtime(module: ModuleType) -> float:
    """Return when a module's file was modified, in epoch seconds; 0 when it has none.

    When it was looked at is left in the module, as `__mtime_check__`.
    """
    file = module.__dict__.get("__file__")
    if file is None:
        return 0
    vars(module)["__mtime_check__"] = _time.time()
    return max(_mtime(file), _mtime(file[:-1]))


def _mtime(file: str) -> float:
    try:
        return _os.stat(file).st_mtime
    except OSError:
        # One of the two names is normally missing: a source file or its compilation.
        return 0


def exists_config_define(name: str) -> bool:
    """Return whether the server was started with `-D name`."""
    _argument_text(name, 1)
    return _runtime.is_defined(name)


def mpm_query(code: int) -> int:
    """Return what the process model has for an `AP_MPMQ_*` code; 0 for unknown codes."""
    if not isinstance(code, int):
        raise TypeError("The argument must be an integer")
    return _runtime.mpm_query(code)


def config_tree() -> list[Any]:
    """Return the configuration: (directive, arguments) pairs, after each container a list of its contents.

    It is a copy: changing it changes nothing else.
    """
    return _copied(_runtime.config().tree)


def _copied(tree: list[Any]) -> list[Any]:
    return [_copied(item) if isinstance(item, list) else item for item in tree]


def server_root() -> str:
    """Return ServerRoot."""
    return _runtime.config().server_root


def register_cleanup(callback: Callable[[Any], object], data: Any = None) -> None:
    """Have `callback(data)` called when the process ends in order."""
    if not callable(callback):
        raise ValueError("third argument must be a callable object")
    _runtime.register_cleanup(callback, data)


def allow_methods(req: mp_request, *methods: str | int) -> None:
    """Add methods, by name or `M_*` number, to what an Allow field names.

    Versions before 3 had this function; it is `req.allow_methods()` now.
    """
    req.allow_methods([_method_name(one) if isinstance(one, int) else one for one in methods])


def __dir__() -> list[str]:
    return sorted([*__all__, "main_server"])


if _typing.TYPE_CHECKING:
    import importlib
    import inspect
    import os
    import pdb
    import sys
    import syslog
    import threading
    import time
    import traceback
    import types

    interpreter: str
    main_server: mp_server
else:

    def __getattr__(name: str) -> Any:
        if name == "interpreter":
            return _runtime.interpreter()
        if name == "main_server":
            return _main_server()
        if name in _LAZY_MODULES:
            return _importlib.import_module(name)
        if name == "_apache":
            return _sys.modules["_apache"]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _main_server() -> mp_server:
    try:
        config = _runtime.config()
    except _runtime.NoServer as error:
        raise AttributeError(f"module {__name__!r} has no attribute 'main_server': {error}") from None
    return _server_of(config.main, config)


# Applications written for the original's C module import it by its own name.
_sys.modules.setdefault("_apache", _importlib.import_module("mod_python._apache"))
