"""Joins the wire, the model and the phases; the only hop between reactor and threads.

A connection's head becomes a `Request`, the request's coroutine becomes a `Task`, and the task moves between
the reactor and the pool whenever the coroutine asks to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from weakref import ref

from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger

from olexd.config.core import CoreServer
from olexd.config.server import HostConfig, ServerConfig
from olexd.errorlog import Level
from olexd.errors import BadRequest
from olexd.http.channel import Channel
from olexd.http.limits import Limits
from olexd.http.parser import Head, HeadMemory
from olexd.model.body import EMPTY, Body
from olexd.model.connection import Connection
from olexd.model.head import AP_CONN_CLOSE
from olexd.model.logging import log_request
from olexd.model.methods import SERVED
from olexd.model.output import Output
from olexd.model.request import HeaderLine, Request
from olexd.modules.python import connection_handler
from olexd.overdue import give_up
from olexd.phases.respond import ERROR_NOTES
from olexd.phases.run import serve
from olexd.phases.table import PhaseTable
from olexd.status import BAD_REQUEST, METHOD_NOT_ALLOWED, MISDIRECTED_REQUEST, OK
from olexd.talk import Talk
from olexd.task import CONTINUE, Cleanups, Redirector, Task, Workers
from olexd.uri import decode_path

NEVER_BEHIND: Final = frozenset(
    b"host content-length transfer-encoding connection keep-alive te trailer upgrade expect range cookie "
    b"content-type content-encoding content-range authorization proxy-authorization".split()
)
"""Fields that mean nothing behind a body: its framing, its target, who sends it (RFC 9110 section 6.5.1)."""
UNIX_PEER: Final = ("127.0.0.1", 0)
"""Who a unix socket's peer counts as: somebody on this machine, listed like any local proxy."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A request target taken apart under the rules of a host."""

    core: CoreServer
    unparsed: str
    path: str
    query: str | None


class Site:
    """Serves one configuration. The methods below `limits` are called by the connections."""

    _log = Logger()

    def __init__(
        self, config: ServerConfig, phases: PhaseTable, pool: Workers, reactor: IReactorFromThreads
    ) -> None:
        self.config = config
        self.phases = phases
        self.pool = pool
        self.channels: set[Channel] = set()
        self.limits = Limits.from_core(config.main.server[CoreServer])
        self.heads: HeadMemory = {}
        self.call_in_reactor: Callable[..., object] = reactor.callFromThread
        self._blocking: set[HostConfig] = set()
        self._waiting: set[HostConfig] = set()

    def blocks(self, host: HostConfig) -> None:
        """Note that a request for `host` went to the pool: if none ever leaves it, they all start there."""
        if host not in self._waiting:
            self._blocking.add(host)

    def waits(self, host: HostConfig) -> None:
        """Note that a request for `host` went to the reactor: all of them start there."""
        self._waiting.add(host)
        self._blocking.discard(host)

    def channel(self) -> Channel:
        """Return the protocol for a new connection."""
        return Channel(self, self.call_in_reactor, self.config.main.server[CoreServer].timeout)

    def connected(self, channel: Channel) -> None:
        """A client connected."""
        local, peer = addresses(channel.transport)
        base = self.config.selector.default(*local)
        channel.connection = Connection(self.config, base, local, peer)
        channel.connection.writer = channel.writer
        if channel.client_address is not None:
            channel.connection.client_ip = channel.client_address
        channel.connection.redirector = Redirector(self, channel)
        channel.connection.take_over = partial(_take_over, ref(channel))
        channel.keep_alive_timeout = base.server[CoreServer].keep_alive_timeout
        self.channels.add(channel)
        entry = connection_handler(base)
        if entry is not None:
            channel.task = Talk(self, channel, entry)
            channel.task.run_on_reactor()

    def disconnected(self, channel: Channel) -> None:
        """The client is gone. Called again when what answered it then is done."""
        self.channels.discard(channel)
        channel.connection.aborted = True
        if channel.task is not None:
            channel.task.client_left()
        if channel.connection.cleanups and channel.task is None:
            self._clean_up(channel.connection.cleanups)

    def request(self, channel: Channel, head: Head) -> Body | None:
        """A head arrived: get ready to answer it and return where its body goes."""
        refusal = OK
        request = self._new_request(channel, head)
        body = self._body(channel, request, head)
        try:
            _set_target(request, head)
        except BadRequest as error:
            log_request(request, str(error), Level.INFO, "core")
            refusal = error.status
        tls = request.connection.tls
        if tls is not None and not tls.serves(request.host):
            log_request(
                request, "AH02032: the handshake was made for a host with other rules", Level.ERR, "ssl"
            )
            refusal = MISDIRECTED_REQUEST
        channel.task = Task(self, channel, request, serve(request, refusal))
        return body

    def start(self, channel: Channel) -> None:
        """Answer the request that is ready."""
        task: Task = channel.task
        if task.request.host in self._blocking and task.request.body.complete:
            task.to_pool()
        else:
            task.run_on_reactor()

    def refuse(self, channel: Channel, error: BadRequest, head: bytes) -> None:
        """What arrived is not a request: answer with the error's status and close."""
        request = self._request_for(channel, channel.connection.base)
        request.the_request_bytes = head.partition(b"\n")[0].rstrip(b"\r")
        # Who asks for a head alone must get no body, whatever else is wrong.
        request.method = "HEAD" if head.startswith((b"HEAD ", b"HEAD\t")) else "-"
        request.uri = request.unparsed_uri = "/"
        request.args = None
        request.body = EMPTY
        if error.status == METHOD_NOT_ALLOWED:
            request.methods_allowed = SERVED
        if error.hint:
            request.notes[ERROR_NOTES] = error.hint
        channel.connection.keepalive = AP_CONN_CLOSE
        log_request(request, str(error), Level.INFO, "core")
        channel.task = Task(self, channel, request, serve(request, error.status))
        channel.task.run_on_reactor()

    def sweep(self) -> None:
        """Close or answer the connections that waited too long. Called twice a second."""
        now = time.monotonic()
        for channel in tuple(self.channels):
            try:
                self._look_at(channel, now)
            except Exception:
                # The clock goes on for all others.
                self._log.failure("a connection's time limit could not be enforced")
                channel.transport.abortConnection()

    def say_goodbye(self) -> None:
        """Let each connection's next response say that it is the last: another server has taken over."""
        for channel in tuple(self.channels):
            channel.connection.keepalive = AP_CONN_CLOSE

    def close_idle(self) -> None:
        """Close the connections on which nothing is asked at the moment, for the server is to stop."""
        for channel in tuple(self.channels):
            channel.retire()

    # Inside

    def _look_at(self, channel: Channel, now: float) -> None:
        if channel.deadline < now or channel.outlet.deadline < now:
            channel.timed_out(now)
        deadline = channel.connection.deadline
        if deadline is not None and deadline.is_over(now):
            give_up(channel, self.pool)

    def _new_request(self, channel: Channel, head: Head) -> Request:
        connection: Connection = channel.connection
        request = self._request_for(channel, self.config.selector.select(*connection.local, head.hostname))
        request.hostname, request.port_in_host = head.hostname, head.port
        request.header_lines = head.fields if head.origin is head.target else _with_host(head)
        request.the_request_bytes = head.request_line
        request.method = head.method
        request.proto_num = 1000 + head.version[1]
        request.protocol = "HTTP/1.1" if head.version[1] else "HTTP/1.0"
        request.persistent = head.keep_alive
        request.keep_alive_token = b"keep-alive" in head.connection
        return request

    def _request_for(self, channel: Channel, host: HostConfig) -> Request:
        request = Request(channel.connection, host, host.merged())
        request.phases = self.phases
        request.request_time = time.time()
        request.started = time.monotonic()
        request.output = Output(request, channel.writer)
        return request

    def _body(self, channel: Channel, request: Request, head: Head) -> Body | None:
        if not head.has_body:
            request.body = EMPTY
            return None
        body = request.body = Body(channel, head.content_length)
        if head.content_length is None and request.host.server[CoreServer].merge_trailers:
            body.on_end(lambda: _merge_trailers(request))
        if head.expects_continue and request.proto_num >= 1001:
            request.expecting_100 = True
            body.on_first_read(lambda: _send_continue(request, channel))
        return body

    def _clean_up(self, calls: list[Callable[[], None]]) -> None:
        """Run a connection's cleanups, on a pool thread while there are any."""
        job = Cleanups(calls)
        if self.pool.stopped:
            job.run_in_pool()
        else:
            self.pool.submit(job)


def _take_over(held: ref[Channel], patience: float | None) -> Body:
    """Let the request that is being answered read what arrives from now on, if it comes within `patience`."""
    # The channel holds the connection, which holds this: both are to go away by themselves.
    channel = held()
    assert channel is not None
    body = Body(channel, None)
    channel.talk(body, patience)
    if channel.connection.aborted:
        body.fail(ConnectionError("client closed connection"))
    return body


def _with_host(head: Head) -> list[HeaderLine]:
    """Return the fields with the host of an absolute target, which counts instead of the Host field."""
    host = head.host or b""
    return [(name, host if name.lower() == b"host" else value) for name, value in head.fields]


def _merge_trailers(request: Request) -> None:
    """Let the fields behind a body count as header fields, beside those that came in front of it."""
    for name, value in request.body.trailers:
        if name.lower() not in NEVER_BEHIND:
            request.headers_in.add(name, value)


def _send_continue(request: Request, channel: Channel) -> None:
    request.expecting_100 = False
    if request.output.committed:
        return
    channel.invited()
    deadline = request.connection.deadline
    if request.on_reactor:
        channel.writer.send_soon([CONTINUE])
    elif deadline is None:
        channel.writer.send([CONTINUE])
    else:
        with deadline.interim() as allowed:
            if allowed:
                channel.writer.send([CONTINUE])


def addresses(transport: Any) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return a connection's local and its peer's address, each with the port."""
    local, peer = transport.getHost(), transport.getPeer()
    if not hasattr(local, "port"):
        return UNIX_PEER, UNIX_PEER
    return (_unmapped(local.host), local.port), (_unmapped(peer.host), peer.port)


def _unmapped(host: str) -> str:
    """Return an IPv4 address that came in over a dual-stack socket in its own notation."""
    return host[7:] if host.startswith("::ffff:") and "." in host else host


def _set_target(request: Request, head: Head) -> None:
    """Split the request target into path and query. Raises BadRequest when the path cannot be one."""
    core = request.host.server[CoreServer]
    settled = head.settled
    if isinstance(settled, _Target) and settled.core is core:
        request.unparsed_uri, request.uri, request.args = settled.unparsed, settled.path, settled.query
        return
    connection = request.connection
    if core.strict_host_check and not connection.config.selector.knows(*connection.local, head.hostname):
        raise BadRequest(BAD_REQUEST, f"no virtual host is called {head.hostname}")
    request.unparsed_uri = head.target.decode("utf-8", "surrogateescape")
    path, mark, query = head.origin.partition(b"?")
    request.args = query.decode("utf-8", "replace") if mark else None
    request.uri = path.decode("utf-8", "replace")
    if path != b"*":
        request.uri = decode_path(path, core.encoded_slashes, core.merge_slashes)
    head.settled = _Target(core, request.unparsed_uri, request.uri, request.args)
