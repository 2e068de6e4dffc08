"""The connection record: what is known of one client connection."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from olexd.config.server import HostConfig, ServerConfig
from olexd.http.writer import SocketWriter
from olexd.model.deadline import Deadline
from olexd.model.hosts import HostName
from olexd.model.table import Table
from olexd.model.tls import TlsFacts

if TYPE_CHECKING:
    from olexd.model.body import Body
    from olexd.model.request import Request

_ids = count(1)


class Redirector(Protocol):
    """Does what a handler asks for in the middle of a request and only the server can do."""

    @property
    def present(self) -> Request | None:
        """The request that is being answered; None between requests and for connection handlers."""

    def wait(self, request: Request, target: str) -> None:
        """Answer `request` with `target`; return when that is done. Pool thread only."""

    def run(self, request: Request, target: str) -> Coroutine[Any, Any, None]:
        """Answer `request` with `target`: for the request's own coroutine, on the reactor."""

    def complete(self, request: Request, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on behalf of `request` to its end, and raise what it raises. Pool thread only."""

    def listen(self, request: Request) -> None:
        """Let the handlers of `request` read what arrives: set `Connection.talk`. Either side."""


class Connection:
    """One client connection.

    `local` and `peer` are (address, port); `client_ip` starts as the peer's and is replaced when a
    trusted proxy names the real client. `keepalives` counts the responses behind which it was left open.
    `keepalive` is one of AP_CONN_UNKNOWN 0, AP_CONN_CLOSE 1, AP_CONN_KEEPALIVE 2. `base` is the host that
    speaks for the local address. `python` holds the handler-facing object once a handler asked for it.
    """

    __slots__ = (
        "_aborted",
        "base",
        "cleanups",
        "client_ip",
        "config",
        "deadline",
        "host_name",
        "id",
        "keepalive",
        "keepalives",
        "local",
        "log_id",
        "notes",
        "on_reactor",
        "peer",
        "python",
        "redirector",
        "secure",
        "take_over",
        "talk",
        "tls",
        "writer",
    )

    def __init__(
        self, config: ServerConfig, base: HostConfig, local: tuple[str, int], peer: tuple[str, int]
    ) -> None:
        self.config = config
        self.base = base
        self.local = local
        self.peer = peer
        self.client_ip = peer[0]
        self.id = next(_ids)
        self.log_id: str | None = None
        """What names the connection in the error log, once it has an entry there."""
        self.keepalive = 0
        self.keepalives = 0
        self._aborted = False
        self.writer: SocketWriter | None = None
        self.redirector: Redirector | None = None
        self.secure = False
        self.tls: TlsFacts | None = None
        """What the TLS handshake settled; None without TLS."""
        self.notes = Table()
        self.host_name: HostName | None = None
        """What was found out about the client's name, once somebody looked."""
        self.python: Any = None
        self.take_over: Callable[[float | None], Body] | None = None
        """Ends HTTP on the connection in the middle of a request: from then on the writer is free, and what
        arrives is read as it is, by who waits for so many seconds (None: Timeout). Set by the site; reactor
        only."""
        self.on_reactor = True
        """Which side the connection's present request runs on; one request at a time."""
        self.deadline: Deadline | None = None
        """The time limit of the present request's handlers, once one with a limit has begun."""
        self.talk: Body | None = None
        """What arrives, for a connection handler, or for a request's that reads from the connection."""
        self.cleanups: list[Callable[[], None]] | None = None
        """What is to be called when the connection is over."""

    def settle_tls(self, facts: TlsFacts) -> None:
        """Note what the handshake settled: the client speaks TLS."""
        self.tls = facts
        self.secure = True

    @property
    def aborted(self) -> bool:
        """Whether the client is known to be gone; known to a handler as soon as its write fails."""
        return self._aborted or (self.writer is not None and self.writer.gone)

    @aborted.setter
    def aborted(self, value: bool) -> None:
        self._aborted = value
