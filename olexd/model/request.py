"""The request record: everything the phases and modules know of one request.

This is Apache's `request_rec`. Handlers never see it: they hold the `mp_request` of `mp_request.py`,
which reads and writes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from olexd.config.server import HostConfig, Section
from olexd.config.settings import Settings
from olexd.model.connection import Connection
from olexd.model.table import Table
from olexd.model.trace import HandlerCall

if TYPE_CHECKING:
    from olexd.model.body import Body
    from olexd.model.filters import InputChain, OutputChain
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

    method: str
    uri: str
    args: str | None = None
    unparsed_uri: str
    body: Body
    output: Output
    phases: Any
    """The table of phases that serves the request (`olexd.phases.table.PhaseTable`)."""

    # Most requests change few of these: defaults on the class make a new request cheap.
    sections: tuple[Section, ...] = ()
    header_lines: Sequence[HeaderLine] = ()
    headers_in_table: Table | None = None
    headers_out_table: Table | None = None
    err_headers_out_table: Table | None = None
    notes_table: Table | None = None
    cgi_variables: dict[str, str | None] | None = None
    """Variables for `subprocess_env`, which are put there once somebody looks."""
    _environment: Table | None = None
    the_request_bytes: bytes = b""
    protocol: str = "HTTP/1.1"
    proto_num: int = 1001
    hostname: str | None = None
    port_in_host: int | None = None
    status: int = 200
    status_line: str | None = None
    content_type: str | None = None
    content_type_set: bool = False
    content_encoding: str | None = None
    content_languages: tuple[str, ...] = ()
    handler: str | None = None
    user: str | None = None
    ap_auth_type: str | None = None
    user_is_claimed: bool = False
    """Whether a handler took `user` from credentials: until they are checked, nobody vouches for the name."""
    authentication_info: bytes | None = None
    """What the field Authentication-Info is to say, once the request is let in."""
    filename: str | None = None
    canonical_filename: str | None = None
    path_info: str | None = None
    stat: os.stat_result | None = None
    checked_name: str | None = None
    """The file name, where it may not be a symbolic link and was none when it was looked at."""
    mtime: float = 0.0
    methods_allowed: frozenset[str] = frozenset()
    xmethods_allowed: tuple[str, ...] = ()
    main: Request | None = None
    prev: Request | None = None
    next: Request | None = None
    request_time: float = 0.0
    started: float = 0.0
    clength: int = 0
    chunked: bool = False
    expecting_100: bool = False
    assbackwards: bool = False
    log_id: str | None = None
    """What entries of the error log and the access log name this request; None before the first entry."""
    first_byte: float | None = None
    """Seconds until the head of the response was made, where LogIOTrackTTFB is on."""
    refused: bool = False
    """Whether the response is one of the server's own, for a status that a phase returned."""
    no_cache: bool = False
    no_local_copy: bool = False
    proxyreq: int = 0
    used_path_info: int = 2
    user_ip: str | None = None
    checked: bool = False
    """Whether it was asked who may see the request, whatever the answer."""
    stands_in_for: Request | None = None
    """The request whose place this one may take: that for a directory, if this is for its index file."""
    parsed: tuple[str, str | None] | None = None
    """Path and query as they were parsed, once others have taken their place."""
    stand_in: Request | None = None
    """The look-up that took this request's place, or refused it: it ends with this one."""
    requirements: tuple[Any, ...] = ()
    """What Require lines demand of the request (`olexd/modules/aaa/require.py`), from the access phase on."""
    forwarded_secure: bool = False
    """Whether a trusted proxy says that its client spoke TLS."""
    phase: str | None = None
    added_handlers: dict[str, list[Any]] | None = None
    added_filters: dict[tuple[str, str], Any] | None = None
    """The filters that handlers registered, by kind (`input` or `output`) and name in lower case."""
    output_filters: OutputChain | None = None
    """The filters of the response's body; None for no filters."""
    input_filters: InputChain | None = None
    python: Any = None
    wsgi_started: bool = False
    """Whether a WSGI application has called `start_response()`."""
    trace: list[HandlerCall] | None = None
    """Where the handlers that ran are noted, when somebody wants to know."""
    persistent: bool = False
    """Whether the client lets the connection persist."""
    keep_alive_token: bool = False
    """Whether the client sent `Connection: keep-alive`."""

    def __init__(self, connection: Connection, host: HostConfig, conf: Settings) -> None:
        self.connection = connection
        self.host = host
        self.conf = conf
        self.cleanups: list[Callable[[], None]] = []

    @property
    def headers_out(self) -> Table:
        """The header fields of a successful response."""
        table = self.headers_out_table
        if table is None:
            table = self.headers_out_table = Table()
        return table

    @headers_out.setter
    def headers_out(self, table: Table) -> None:
        self.headers_out_table = table

    @property
    def err_headers_out(self) -> Table:
        """The header fields of any response, errors included; they outlive internal redirects."""
        table = self.err_headers_out_table
        if table is None:
            table = self.err_headers_out_table = Table()
        return table

    @err_headers_out.setter
    def err_headers_out(self, table: Table) -> None:
        self.err_headers_out_table = table

    @property
    def headers_in(self) -> Table:
        """The request's header fields; repeated ones joined with a comma."""
        table = self.headers_in_table
        if table is None:
            table = self.headers_in_table = Table.from_wire(self.header_lines)
        return table

    def let_go(self) -> None:
        """Cut the ties that make rings: the request is over, and goes when the last who holds it does.

        Otherwise all that it holds would lie about until the collector looks for it.
        """
        self.python = None
        self.output.let_go()
        if self.next is not None or self.stand_in is not None:
            self._let_go_of_successors()

    def _let_go_of_successors(self) -> None:
        for successor in (self.next, self.stand_in):
            if successor is not None:
                successor.python = successor.prev = None
                successor._let_go_of_successors()
        self.stand_in = None

    def sent_any(self, names: frozenset[bytes]) -> bool:
        """Return whether the request has one of these header fields (lower-case names), as it stands now."""
        if self.headers_in_table is None:
            return any(name.lower() in names for name, _ in self.header_lines)
        return any(name.decode() in self.headers_in_table for name in names)

    def sent_values(self, name: bytes) -> list[bytes]:
        """Return the values of a header field (lower-case name) as the client sent them."""
        size = len(name)
        return [value for field, value in self.header_lines if len(field) == size and field.lower() == name]

    @property
    def notes(self) -> Table:
        """Notes that modules leave for each other."""
        table = self.notes_table
        if table is None:
            table = self.notes_table = Table()
        return table

    @property
    def subprocess_env_table(self) -> Table | None:
        """`subprocess_env` if anything was ever put there, else None."""
        if self.cgi_variables is not None:
            variables, self.cgi_variables = self.cgi_variables, None
            self.subprocess_env.put_variables(variables)
        return self._environment

    @subprocess_env_table.setter
    def subprocess_env_table(self, table: Table | None) -> None:
        self._environment = table

    @property
    def bare_environment(self) -> Table | None:
        """`subprocess_env_table` without the variables that are yet to be put there: what others set."""
        return self._environment

    @property
    def subprocess_env(self) -> Table:
        """The environment that CGI-like handlers and logs see."""
        table = self.subprocess_env_table
        if table is None:
            table = self._environment = Table()
        return table

    @property
    def on_reactor(self) -> bool:
        """Whether the request runs on the reactor's thread just now (else on a pool thread)."""
        return self.connection.on_reactor

    @property
    def header_only(self) -> bool:
        """Whether only the head is to be sent: HEAD, whatever method an error's own page is asked with."""
        return self.method == "HEAD" or (self.prev is not None and self.prev.header_only)

    @property
    def client_ip(self) -> str:
        """The client's address: the peer's, or what a trusted proxy forwarded."""
        return self.user_ip or self.connection.client_ip

    @property
    def the_request(self) -> str:
        """The request line as received."""
        return self.the_request_bytes.decode("utf-8", "backslashreplace")
