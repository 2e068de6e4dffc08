"""The server as handlers see it: `mp_server` (core spec 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from olexd.config.core import CoreDir, CoreServer
from olexd.config.python import PythonDir
from olexd.config.server import HostConfig, ServerConfig
from olexd.errorlog import LEVELS, Level
from olexd.model import runtime
from olexd.model.attributes import argument_text, hidden, public_names, read_only
from olexd.model.logging import log_server
from olexd.model.python_tables import config_table, option_table
from olexd.model.table import Table


def _core(name: str) -> Callable[[Any], Any]:
    return lambda self: getattr(self._host.server[CoreServer], name)


def _attribute(name: str, get: Callable[[Any], Any] | str) -> Any:
    return read_only("mp_server", name, get)


def _next(self: mp_server) -> mp_server | None:
    """Main server first, then the virtual hosts, last defined first."""
    order = [self._config.main, *reversed(self._config.hosts[1:])]
    after = order.index(self._host) + 1
    return server_of(order[after], self._config) if after < len(order) else None


class mp_server:
    """The main server or one virtual host. All attributes but the application's own are read-only."""

    __slots__ = ("__dict__", "__weakref__", "_config", "_host")

    def __init__(self, host: HostConfig, config: ServerConfig) -> None:
        self._host = host
        self._config = config

    server_hostname: str = _attribute("server_hostname", "_host.name")
    port: int = _attribute("port", "_host.port")
    server_admin: str = _attribute("server_admin", _core("server_admin"))
    names: tuple[str, ...] = _attribute("names", "_host.aliases")
    wild_names: tuple[str, ...] = _attribute("wild_names", "_host.wild_aliases")
    is_virtual: int = _attribute("is_virtual", lambda self: int(self._host.is_virtual))
    defn_name: str | None = _attribute(
        "defn_name", lambda self: self._host.where.file if self._host.where else None
    )
    defn_line_number: int = _attribute(
        "defn_line_number", lambda self: self._host.where.line if self._host.where else 0
    )
    error_fname: str | None = _attribute("error_fname", _core("error_log"))
    loglevel: int = _attribute(
        "loglevel", lambda self: int(LEVELS[self._host.merged()[CoreDir].log_level.get("", "warn")])
    )
    timeout: float = _attribute("timeout", _core("timeout"))
    keep_alive: int = _attribute("keep_alive", lambda self: int(self._host.server[CoreServer].keep_alive))
    keep_alive_timeout: float = _attribute("keep_alive_timeout", _core("keep_alive_timeout"))
    keep_alive_max: int = _attribute("keep_alive_max", _core("max_keep_alive_requests"))
    path: str | None = _attribute("path", lambda self: None)
    pathlen: int = _attribute("pathlen", lambda self: 0)
    limit_req_line: int = _attribute("limit_req_line", _core("limit_request_line"))
    limit_req_fieldsize: int = _attribute("limit_req_fieldsize", _core("limit_request_field_size"))
    limit_req_fields: int = _attribute("limit_req_fields", _core("limit_request_fields"))
    my_generation: int = _attribute("my_generation", lambda self: runtime.generation())
    restart_time: float = _attribute("restart_time", lambda self: runtime.restart_time())
    next: mp_server | None = _attribute("next", _next)
    _server_rec: object = _attribute("_server_rec", "_host")

    def get_config(self) -> Table:
        """Return the Python* settings of the server level, a new table each time."""
        return config_table(self._host.merged()[PythonDir], server_level=True)

    def get_options(self) -> Table:
        """Return the PythonOptions of the server level, a new table; removed ones show as ''."""
        return option_table(self._host.merged()[PythonDir], keep_removed=True)

    def log_error(self, message: str | None, level: int = Level.ERR) -> None:
        """Write to this server's error log; None is ignored. Raises TypeError for other types."""
        entry = log_arguments(message, level)
        if entry is not None:
            log_server(self._host, entry[0], entry[1])

    def register_cleanup(self, request: object, callable: Callable[[Any], object], data: Any = None) -> None:
        """Have `callable(data)` called when the process ends. Raises ValueError for wrong arguments."""
        if not hasattr(request, "_record"):
            raise ValueError("first argument must be a request object")
        if not _is_callable(callable):
            raise ValueError("second argument must be a callable object")
        runtime.register_cleanup(callable, data)

    __dict__ = hidden("mp_server", "__dict__")

    def __dir__(self) -> list[str]:
        return public_names(type(self), "_server_rec")

    def __repr__(self) -> str:
        return f"<mp_server object at {id(self):#x}>"


_is_callable = callable


def log_arguments(message: str | None, level: int) -> tuple[str, Level] | None:
    """Check the arguments of a `log_error`; None when there is nothing to write.

    Level 0 cannot be told from "not given" and counts as an error; bits above those of the trace levels are
    flags of Apache's.
    """
    argument_text(message, 1, none=True)
    if not isinstance(level, int):
        raise TypeError(f"'{type(level).__name__}' object cannot be interpreted as an integer")
    if message is None:
        return None
    return message, Level(level & Level.TRACE8) or Level.ERR


def server_of(host: HostConfig, config: ServerConfig) -> mp_server:
    """Return the handler-facing object of a host, the same one each time."""
    servers = runtime.servers()
    found = servers.get(host)
    if found is None:
        found = servers.setdefault(host, mp_server(host, config))
    return found  # type: ignore[no-any-return]
