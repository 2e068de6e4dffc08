"""The request record: everything the phases and modules know of one request.

This is Apache's `request_rec`. Handlers never see it: they hold the `mp_request` of `mp_request.py`,
which reads and writes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from olexd.config.server import HostConfig, Section
from olexd.config.settings import Settings
from olexd.model.connection import Connection
from olexd.model.table import Table

if TYPE_CHECKING:
    from olexd.model.body import Body
    from olexd.model.output import Output

HeaderLine = tuple[bytes, bytes]


class Request:
    """One request. Text attributes are str (what came from the wire: UTF-8, else Latin-1).

    `uri` is the decoded, normalised path; `unparsed_uri` the target as received. `hostname` is the
    request's host in lower case without port, or None. `host` is the (virtual) server that answers,
    `conf` its merged per-directory settings as of now, `sections` the sections they came from.
    `filename`, `path_info` and `stat` are set by the directory walk (`stat` None: no such file).
    `mtime` is epoch seconds (0.0: unknown). `request_time` is epoch seconds. `methods_allowed` is what an
    Allow header names. `cleanups` run newest first when the request is over.
    """

    __slots__ = (
        "added_handlers",
        "ap_auth_type",
        "args",
        "assbackwards",
        "body",
        "canonical_filename",
        "chunked",
        "cleanups",
        "clength",
        "conf",
        "connection",
        "content_encoding",
        "content_languages",
        "content_type",
        "content_type_set",
        "err_headers_out",
        "expecting_100",
        "filename",
        "handler",
        "header_lines",
        "headers_in_table",
        "headers_out",
        "host",
        "hostname",
        "keep_alive_token",
        "main",
        "method",
        "methods_allowed",
        "mtime",
        "next",
        "no_cache",
        "no_local_copy",
        "notes_table",
        "output",
        "path_info",
        "persistent",
        "phase",
        "phases",
        "port_in_host",
        "prev",
        "proto_num",
        "protocol",
        "proxyreq",
        "python",
        "redirector",
        "request_time",
        "sections",
        "started",
        "stat",
        "status",
        "status_line",
        "subprocess_env_table",
        "the_request_bytes",
        "unparsed_uri",
        "uri",
        "used_path_info",
        "user",
        "user_ip",
        "xmethods_allowed",
    )

    method: str
    uri: str
    args: str | None
    unparsed_uri: str
    body: Body
    output: Output
    phases: object
    """The table of phases that serves the request (`olexd.phases.table.PhaseTable`)."""

    def __init__(self, connection: Connection, host: HostConfig, conf: Settings) -> None:
        self.connection = connection
        self.host = host
        self.conf = conf
        self.sections: tuple[Section, ...] = ()
        self.header_lines: list[HeaderLine] = []
        self.headers_in_table: Table | None = None
        self.headers_out = Table()
        self.err_headers_out = Table()
        self.notes_table: Table | None = None
        self.subprocess_env_table: Table | None = None
        self.the_request_bytes = b""
        self.protocol = "HTTP/1.1"
        self.proto_num = 1001
        self.hostname: str | None = None
        self.port_in_host: int | None = None
        self.status = 200
        self.status_line: str | None = None
        self.content_type: str | None = None
        self.content_type_set = False
        self.content_encoding: str | None = None
        self.content_languages: tuple[str, ...] = ()
        self.handler: str | None = None
        self.user: str | None = None
        self.ap_auth_type: str | None = None
        self.filename: str | None = None
        self.canonical_filename: str | None = None
        self.path_info: str | None = None
        self.stat: os.stat_result | None = None
        self.mtime = 0.0
        self.methods_allowed: frozenset[str] = frozenset()
        self.xmethods_allowed: tuple[str, ...] = ()
        self.main: Request | None = None
        self.prev: Request | None = None
        self.next: Request | None = None
        self.request_time = 0.0
        self.started = 0.0
        self.clength = 0
        self.chunked = False
        self.expecting_100 = False
        self.assbackwards = False
        self.no_cache = False
        self.no_local_copy = False
        self.proxyreq = 0
        self.used_path_info = 2
        self.user_ip: str | None = None
        self.phase: str | None = None
        self.added_handlers: dict[str, list[Any]] | None = None
        self.cleanups: list[Callable[[], None]] = []
        self.python: Any = None
        self.persistent = False
        """Whether the client lets the connection persist."""
        self.keep_alive_token = False
        """Whether the client sent `Connection: keep-alive`."""
        self.redirector: Callable[[Request, str], None] | None = None
        """What `req.internal_redirect()` calls; set by the site."""

    @property
    def headers_in(self) -> Table:
        """The request's header fields; repeated ones joined with a comma."""
        table = self.headers_in_table
        if table is None:
            table = self.headers_in_table = Table.from_wire(self.header_lines)
        return table

    @property
    def notes(self) -> Table:
        """Notes that modules leave for each other."""
        table = self.notes_table
        if table is None:
            table = self.notes_table = Table()
        return table

    @property
    def subprocess_env(self) -> Table:
        """The environment that CGI-like handlers and logs see."""
        table = self.subprocess_env_table
        if table is None:
            table = self.subprocess_env_table = Table()
        return table

    @property
    def on_reactor(self) -> bool:
        """Whether the request runs on the reactor's thread just now (else on a pool thread)."""
        return self.connection.on_reactor

    @property
    def header_only(self) -> bool:
        """Whether only the head is to be sent (HEAD)."""
        return self.method == "HEAD"

    @property
    def client_ip(self) -> str:
        """The client's address: the peer's, or what a trusted proxy forwarded."""
        return self.user_ip or self.connection.client_ip

    @property
    def the_request(self) -> str:
        """The request line as received."""
        return self.the_request_bytes.decode("utf-8", "backslashreplace")
