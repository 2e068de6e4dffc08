"""The settings that the core itself reads: framing, limits, names, handlers, error documents, access.

The directives that fill them are rows in `olexd/modules/core.py`; they stand here because the phases and
the wire need them too. Times are seconds, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from olexd.config.settings import Merge, setting


@dataclass(frozen=True, slots=True)
class CoreServer:
    """Server-wide core settings, per virtual host."""

    document_root: str = setting("")
    server_admin: str = setting("[no address given]")
    use_canonical_name: str = setting("off")
    timeout: float = setting(60.0)
    keep_alive: bool = setting(True)
    keep_alive_timeout: float = setting(5.0)
    max_keep_alive_requests: int = setting(100)
    limit_request_line: int = setting(8190)
    limit_request_fields: int = setting(100)
    limit_request_field_size: int = setting(8190)
    header_timeout: float = setting(20.0)
    header_timeout_max: float = setting(40.0)
    header_min_rate: int = setting(500)
    body_timeout: float = setting(20.0)
    body_min_rate: int = setting(500)
    server_tokens: str = setting("full")
    trace_enable: str = setting("on")
    error_log: str = setting("logs/error_log")
    add_default_charset: str = setting("")


@dataclass(frozen=True, slots=True)
class CoreDir:
    """Per-directory core settings.

    `handler` is SetHandler's name in lower case, "" for none. `error_documents` maps a status to the
    ErrorDocument value as written. `auth_type` keeps its case, "" for none or `None`.
    """

    handler: str = setting("")
    error_documents: Mapping[int, str] = setting({}, Merge.OVERLAY)
    auth_type: str = setting("")
    auth_name: str = setting("")
    limit_request_body: int = setting(1073741824)
    accept_path_info: str = setting("default")
    encoded_slashes: str = setting("off")
    server_signature: str = setting("off")
    log_level: Mapping[str, str] = setting({"": "warn"}, Merge.OVERLAY)
    options: frozenset[str] = setting(frozenset({"followsymlinks"}))
    etag: frozenset[str] = setting(frozenset({"mtime", "size"}))


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """What the process itself is told (main server only)."""

    user: str = setting("")
    group: str = setting("")
    pid_file: str = setting("")
    types_config: str = setting("")
    server_limit: int = setting(16)
    start_servers: int = setting(1)
    threads_per_child: int = setting(25)
    max_request_workers: int = setting(400)
    max_connections_per_child: int = setting(0)
    graceful_shutdown_timeout: float = setting(0.0)
    listen_backlog: int = setting(511)
