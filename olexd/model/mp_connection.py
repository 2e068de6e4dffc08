"""The connection as handlers see it: `mp_conn` (core spec 4.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from olexd.errorlog import Level
from olexd.model import runtime, talk
from olexd.model.connection import Connection
from olexd.model.hlist import mp_hlist
from olexd.model.hosts import HostName
from olexd.model.logging import log_connection
from olexd.model.mp_server import log_arguments, mp_server, server_of
from olexd.model.table import Table

_is_callable = callable
_deprecations_told: Final[set[str]] = set()


def _tell_deprecated(name: str, instead: str) -> None:
    """Log once that an old name was used."""
    if name not in _deprecations_told:
        _deprecations_told.add(name)
        message = (
            f"mod_python: conn.{name} deprecated in 2.4, use req.useragent_{instead} or conn.client_{instead}"
        )
        runtime.log_error(message, Level.WARNING)


class mp_conn:
    """A client connection. All attributes but `keepalive` are read-only; others cannot be added."""

    __slots__ = ("__weakref__", "_hlist", "_record")

    _record: Connection
    _hlist: mp_hlist | None

    def __init__(self, record: Connection) -> None:
        object.__setattr__(self, "_record", record)
        object.__setattr__(self, "_hlist", None)

    @property
    def base_server(self) -> mp_server:
        """The host that speaks for the local address before a name is known."""
        return server_of(self._record.base, self._record.config)

    @property
    def local_addr(self) -> tuple[str, int]:
        """This end: address and port."""
        return self._record.local

    @property
    def local_ip(self) -> str:
        """This end's address."""
        return self._record.local[0]

    @property
    def local_host(self) -> None:
        """This end's name: never looked up."""
        return

    @property
    def client_addr(self) -> tuple[str, int]:
        """The other end: address and port."""
        return self._record.peer

    @property
    def client_ip(self) -> str:
        """The other end's address."""
        return self._record.peer[0]

    @property
    def remote_addr(self) -> tuple[str, int]:
        """The old name of `client_addr`."""
        _tell_deprecated("remote_addr", "addr")
        return self.client_addr

    @property
    def remote_ip(self) -> str:
        """The old name of `client_ip`."""
        _tell_deprecated("remote_ip", "ip")
        return self.client_ip

    @property
    def remote_host(self) -> str | None:
        """The other end's name, once it was looked up (HostnameLookups, `req.get_remote_host()`)."""
        known = self._known_name
        return None if known is None else known.name

    @property
    def remote_logname(self) -> None:
        """The client's user as identd says: never asked."""
        return

    @property
    def double_reverse(self) -> int:
        """1 when the looked-up name leads back to the address, -1 when it does not, 0 before."""
        known = self._known_name
        if known is None or known.confirmed is None:
            return 0
        return 1 if known.confirmed else -1

    @property
    def _known_name(self) -> HostName | None:
        known = self._record.host_name
        return known if known is not None and known.address == self.client_ip else None

    @property
    def aborted(self) -> int:
        """1 when the client is gone."""
        return int(self._record.aborted)

    @property
    def keepalive(self) -> int:
        """`apache.AP_CONN_UNKNOWN`, `AP_CONN_CLOSE` or `AP_CONN_KEEPALIVE`; may be set."""
        return self._record.keepalive

    @property
    def keepalives(self) -> int:
        """How many responses left this connection open: counted as soon as the head of one is sent."""
        return self._record.keepalives

    @property
    def id(self) -> int:
        """A number of this connection's own."""
        return self._record.id

    @property
    def notes(self) -> Table:
        """Notes that live as long as the connection."""
        return self._record.notes

    @property
    def _conn_rec(self) -> object:
        return self._record

    @property
    def hlist(self) -> mp_hlist:
        """The list of the connection handler that runs. Raises AttributeError when none does."""
        if self._hlist is None:
            raise AttributeError("hlist")
        return self._hlist

    def _set_hlist(self, hlist: mp_hlist | None) -> None:
        object.__setattr__(self, "_hlist", hlist)

    def read(self, length: int = 0) -> bytes:
        """Return 1 to `length` bytes; what comes next for 0; all up to the end for -1. Blocks.

        In a request this ends HTTP on the connection; the request's body is to be read first. Raises OSError
        at the end, and when the client stalls or is gone.
        """
        return talk.read(self._record, length)

    def readline(self, length: int = 0) -> bytes:
        """Return the next line, at most `length` bytes of it. Blocks. Raises like `read()`."""
        return talk.readline(self._record, length)

    def write(self, data: str | bytes) -> None:
        """Send str (as UTF-8) or bytes at once. That the client is gone is told by the next read."""
        talk.write(self._record, data)

    async def aread(self, length: int = 0) -> bytes:
        """`read()` for coroutine handlers."""
        return await talk.aread(self._record, length)

    async def areadline(self, length: int = 0) -> bytes:
        """`readline()` for coroutine handlers."""
        return await talk.areadline(self._record, length)

    async def awrite(self, data: str | bytes) -> None:
        """`write()` for coroutines: waits while the client is slow. Raises OSError when it is gone."""
        await talk.awrite(self._record, data)

    def register_cleanup(self, callable: Callable[[Any], object], data: Any = None) -> None:
        """Have `callable(data)` called when the connection is over, newest first."""
        if not _is_callable(callable):
            raise ValueError("first argument must be a callable object")
        record = self._record
        if record.cleanups is None:
            record.cleanups = []
        record.cleanups.append(
            lambda: runtime.run_cleanup(callable, data, lambda line: log_connection(record, line))
        )

    def log_error(self, message: str | None, level: int = Level.ERR) -> None:
        """Write to the error log with the client's address; None is ignored."""
        entry = log_arguments(message, level)
        if entry is not None:
            log_connection(self._record, entry[0], entry[1])

    def __setattr__(self, name: str, value: object) -> None:
        if name == "keepalive":
            self._set_keepalive(value)
        elif name == "hlist" or name.startswith("__") or not hasattr(mp_conn, name):
            raise AttributeError(name)
        else:
            raise AttributeError("readonly attribute")

    def _set_keepalive(self, value: object) -> None:
        if not isinstance(value, int):
            raise TypeError("keepalive must be a integer")
        self._record.keepalive = int(value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError("can't delete connection attributes")

    if not TYPE_CHECKING:
        # A type checker would take this to mean that every name is there.
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name)

    def __dir__(self) -> list[str]:
        return []

    def __repr__(self) -> str:
        return f"<mp_conn object at {id(self):#x}>"


def connection_of(record: Connection) -> mp_conn:
    """Return the handler-facing object of a connection, the same one each time."""
    if record.python is None:
        record.python = mp_conn(record)
    return record.python  # type: ignore[no-any-return]
