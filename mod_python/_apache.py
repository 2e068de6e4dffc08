"""The low-level module that mod_python's own modules, and some applications, import as `_apache`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mod_python._constants import (
    AP_CONN_CLOSE,
    AP_CONN_KEEPALIVE,
    AP_CONN_UNKNOWN,
    APR_BLK,
    APR_CHR,
    APR_DIR,
    APR_LNK,
    APR_NOFILE,
    APR_PIPE,
    APR_REG,
    APR_SOCK,
    APR_UNKFILE,
    MODULE_MAGIC_NUMBER_MAJOR,
    MODULE_MAGIC_NUMBER_MINOR,
)
from mod_python._locks import global_lock as _global_lock
from mod_python._locks import global_trylock as _global_trylock
from mod_python._locks import global_unlock as _global_unlock
from mod_python._query import parse_qs, parse_qsl
from mod_python.apache import (
    SERVER_RETURN,
    config_tree,
    exists_config_define,
    log_error,
    mpm_query,
    server_root,
    stat,
    table,
)
from olexd.model import runtime as _runtime
from olexd.model.mp_server import mp_server as _mp_server

__all__ = [
    "APR_BLK",
    "APR_CHR",
    "APR_DIR",
    "APR_LNK",
    "APR_NOFILE",
    "APR_PIPE",
    "APR_REG",
    "APR_SOCK",
    "APR_UNKFILE",
    "AP_CONN_CLOSE",
    "AP_CONN_KEEPALIVE",
    "AP_CONN_UNKNOWN",
    "MODULE_MAGIC_NUMBER_MAJOR",
    "MODULE_MAGIC_NUMBER_MINOR",
    "SERVER_RETURN",
    "_global_lock",
    "_global_trylock",
    "_global_unlock",
    "config_tree",
    "exists_config_define",
    "log_error",
    "mpm_query",
    "parse_qs",
    "parse_qsl",
    "register_cleanup",
    "server_root",
    "stat",
    "table",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def register_cleanup(
    interpreter: str, server: object, callable: Callable[[Any], object], data: Any = None
) -> None:
    """Have `callable(data)` called when the process ends in order; there is one interpreter."""
    if not isinstance(server, _mp_server):
        raise ValueError("second argument must be a server object")
    if not hasattr(callable, "__call__"):  # noqa: B004 - the argument has the built-in's name
        raise ValueError("third argument must be a callable object")
    _runtime.register_cleanup(callable, data)
