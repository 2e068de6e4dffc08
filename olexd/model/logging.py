"""Writing to the error log on behalf of a request, a connection or a server, as LogLevel allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.config.server import HostConfig
from olexd.config.settings import Settings
from olexd.errorlog import LEVELS, Level, error_log
from olexd.model.connection import Connection
from olexd.model.request import Request

BUILT_IN_LEVEL: Final = Level.WARNING
"""The threshold of entries that belong to no server."""


def _passes(levels: Mapping[str, str], level: Level, module: str) -> bool:
    named = levels.get(module) or levels.get("", "warn")
    return level <= LEVELS[named]


def is_logged(conf: Settings, level: Level, module: str = "") -> bool:
    """Return whether settings let an entry of `level` from `module` through."""
    return _passes(conf[CoreDir].log_level, level, module)


def log_request(request: Request, message: str, level: Level = Level.ERR, module: str = "") -> None:
    """Write an entry with the client's address and the referring page, if the request's LogLevel allows."""
    if not is_logged(request.conf, level, module):
        return
    referer = request.headers_in.get("Referer")
    if referer is not None:
        message = f"{message}, referer: {referer}"
    client = f"{request.client_ip}:{request.connection.peer[1]}"
    error_log(request.host.server[CoreServer].error_log).log(message, level, module, client)


def log_connection(conn: Connection, message: str, level: Level = Level.ERR, module: str = "") -> None:
    """Write an entry with the client's address, if the LogLevel of the connection's server allows."""
    if is_logged(conn.base.merged(), level, module):
        client = f"{conn.client_ip}:{conn.peer[1]}"
        error_log(conn.base.server[CoreServer].error_log).log(message, level, module, client)


def log_server(host: HostConfig, message: str, level: Level = Level.ERR, module: str = "") -> None:
    """Write an entry into a server's log, if its LogLevel allows."""
    if is_logged(host.merged(), level, module):
        error_log(host.server[CoreServer].error_log).log(message, level, module)


def log_process(main: HostConfig, message: str, level: Level = Level.ERR, module: str = "") -> None:
    """Write an entry that belongs to no server into the main log.

    LogLevel does not count: warnings and worse pass, and notices always do (core spec 5.4).
    """
    if level <= BUILT_IN_LEVEL or level is Level.NOTICE:
        error_log(main.server[CoreServer].error_log).log(message, level, module)
