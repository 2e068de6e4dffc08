"""Writing to the error log on behalf of a request, a connection or a server, as LogLevel allows."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.config.server import HostConfig
from olexd.config.settings import Settings
from olexd.errorlog import LEVELS, Level, error_log
from olexd.model.connection import Connection
from olexd.model.errorformat import Entry, compile_error_format
from olexd.model.request import Request

BUILT_IN_LEVEL: Final = Level.WARNING
"""The threshold of entries that belong to no server."""


def _passes(levels: Mapping[str, str], level: Level, module: str) -> bool:
    named = levels.get(module) or levels.get("", "warn")
    return level <= LEVELS[named] or level == Level.NOTICE


def is_logged(conf: Settings, level: Level, module: str = "") -> bool:
    """Return whether settings let an entry of `level` from `module` through; a notice always passes."""
    return _passes(conf[CoreDir].log_level, level, module)


def _write(entry: Entry) -> None:
    """Write an entry in its host's own format, or as httpd does.

    The first one on behalf of a connection or a request gives it its id, and what introduces it comes before.
    """
    core = entry.host.server[CoreServer]
    if entry.connection is not None and entry.connection.log_id is None:
        entry.connection.log_id = _new_id()
        _write_formats(replace(entry, request=None), core.error_log_connection)
    if entry.request is not None and entry.request.log_id is None:
        entry.request.log_id = _new_id()
        _write_formats(entry, core.error_log_request)
    if core.error_log_format:
        _write_formats(entry, (core.error_log_format,))
    else:
        error_log(core.error_log).log(entry.message, entry.level, entry.module, _client(entry))


def _new_id() -> str:
    return secrets.token_urlsafe(9)


def _write_formats(entry: Entry, formats: Sequence[str]) -> None:
    """Write a line in each of the formats that has something to show."""
    for text in formats:
        if line := compile_error_format(text)(entry):
            log = error_log(entry.host.server[CoreServer].error_log)
            log.write_raw(line + "\n", entry.level)


def _client(entry: Entry) -> str:
    if entry.connection is None:
        return ""
    who = entry.connection.client_ip if entry.request is None else entry.request.client_ip
    return f"{who}:{entry.connection.peer[1]}"


def log_request(request: Request, message: str, level: Level = Level.ERR, module: str = "") -> None:
    """Write an entry with the client's address and the referring page, if the request's LogLevel allows."""
    if not is_logged(request.conf, level, module):
        return
    referer = request.headers_in.get("Referer")
    if referer is not None and not request.host.server[CoreServer].error_log_format:
        message = f"{message}, referer: {referer}"
    _write(Entry(message, level, module, request.host, request.connection, request))


def log_connection(conn: Connection, message: str, level: Level = Level.ERR, module: str = "") -> None:
    """Write an entry with the client's address, if the LogLevel of the connection's server allows."""
    if is_logged(conn.base.merged(), level, module):
        _write(Entry(message, level, module, conn.base, conn))


def log_server(host: HostConfig, message: str, level: Level = Level.ERR, module: str = "") -> None:
    """Write an entry into a server's log, if its LogLevel allows."""
    if is_logged(host.merged(), level, module):
        _write(Entry(message, level, module, host))


def log_process(main: HostConfig, message: str, level: Level = Level.ERR, module: str = "") -> None:
    """Write an entry that belongs to no server into the main log.

    LogLevel does not count: warnings and worse pass, and notices always do (core spec 5.4).
    """
    if level <= BUILT_IN_LEVEL or level is Level.NOTICE:
        _write(Entry(message, level, module, main))
