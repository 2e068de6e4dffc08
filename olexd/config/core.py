"""The settings that the core itself reads: framing, limits, names, handlers, error documents, access.

The directives that fill them are rows in `olexd/modules/core.py`; they stand here because the phases and
the wire need them too. Times are seconds, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from olexd.config.settings import Merge, setting
from olexd.expr import String


@dataclass(frozen=True, slots=True)
class CoreServer:
    """Server-wide core settings, per virtual host."""

    document_root: str = setting("")
    server_admin: str = setting("[no address given]")
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
    body_timeout_max: float = setting(0.0)
    body_min_rate: int = setting(500)
    server_tokens: str = setting("full")
    trace_enable: str = setting("on")
    error_log: str = setting("logs/error_log")
    error_log_format: str = setting("")
    error_log_connection: tuple[str, ...] = setting(())
    error_log_request: tuple[str, ...] = setting(())
    encoded_slashes: str = setting("off")
    merge_slashes: bool = setting(True)
    merge_trailers: bool = setting(False)
    strict_host_check: bool = setting(False)
    redirect_limit: int = setting(10)
    subrequest_limit: int = setting(10)


_DEFAULT_ETAG: Final = frozenset({"mtime", "size"})


@dataclass(frozen=True, slots=True)
class CoreDir:
    """Per-directory core settings.

    `handler` is SetHandler's name in lower case, "" for none; `handler_expression` goes before it.
    `error_documents` maps a status to the ErrorDocument value as written. `auth_type` and `auth_name` are
    None where nothing was said, and the type where it is off; `olexd.model.realm` says what they come to.
    `max_ranges` is how many byte ranges a
    request may ask for (0: ranges are off, -1: any number), `max_overlaps` and
    `max_reversals` how many of them may overlap and go backwards (-1: any number). `option_flags` and
    `etag_flags` hold what each section switches on or off (a list without signs sets every name); read
    `options` and `etag_parts`. `pass_credentials` and `current_request_uri` are about what programs are told:
    Authorization, and the path as it is after redirects in place of the client's.
    """

    handler: str = setting("")
    handler_expression: String | None = setting(None)
    error_documents: Mapping[int, str] = setting({}, Merge.OVERLAY)
    auth_type: String | None = setting(None)
    auth_name: String | None = setting(None)
    limit_request_body: int = setting(1073741824)
    accept_path_info: str = setting("default")
    use_canonical_name: str = setting("off")
    physical_port: bool = setting(False)
    hostname_lookups: str = setting("off")
    qualify_redirect_url: bool = setting(False)
    pass_credentials: bool = setting(False)
    current_request_uri: bool = setting(False)
    add_default_charset: str = setting("")
    server_signature: str = setting("off")
    log_level: Mapping[str, str] = setting({"": "warn"}, Merge.OVERLAY)
    option_flags: Mapping[str, bool] = setting({"followsymlinks": True}, Merge.OVERLAY)
    etag_flags: Mapping[str, bool] = setting({}, Merge.OVERLAY)
    max_ranges: int = setting(200)
    max_overlaps: int = setting(20)
    max_reversals: int = setting(20)

    @property
    def options(self) -> frozenset[str]:
        """The names (lower case) of the Options in force."""
        return frozenset(name for name, on in {"followsymlinks": True, **self.option_flags}.items() if on)

    @property
    def follows_symlinks(self) -> bool:
        """Whether FollowSymLinks is in force."""
        return self.option_flags.get("followsymlinks", True)

    @property
    def follows_own_symlinks(self) -> bool:
        """Whether SymLinksIfOwnerMatch is in force."""
        return self.option_flags.get("symlinksifownermatch", False)

    @property
    def etag_parts(self) -> frozenset[str]:
        """What an entity tag is made of: `inode`, `mtime`, `size`, `digest`; empty for no tag.

        Where nothing is left, and `none` was not said, it is the default: nothing can be taken from that.
        """
        named = frozenset(name for name, on in self.etag_flags.items() if on)
        return (named or _DEFAULT_ETAG) - {"none"}


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
