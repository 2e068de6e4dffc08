"""Joins the wire, the model and the phases; the only hop between reactor and threads.

A connection's head becomes a `Request`, the request's coroutine becomes a `Task`, and the task moves between
the reactor and the pool whenever the coroutine asks to.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol
from weakref import ref

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from olexd.config.core import CoreServer
from olexd.config.server import HostConfig, ServerConfig
from olexd.errorlog import Level
from olexd.errors import BadRequest, ClientGone
from olexd.http.channel import Channel
from olexd.http.limits import Limits
from olexd.http.parser import Framing, Head, HeadMemory
from olexd.model.body import Body
from olexd.model.connection import Connection
from olexd.model.logging import log_request
from olexd.model.output import Output
from olexd.model.request import HeaderLine, Request
from olexd.phases.run import serve
from olexd.phases.sides import Side, to_reactor
from olexd.phases.subrequest import internal_redirect
from olexd.phases.table import PhaseTable
from olexd.process.pool import Job
from olexd.status import BAD_REQUEST, METHOD_NOT_ALLOWED, OK
from olexd.uri import decode_path

SERVED: Final = frozenset({"GET", "POST", "OPTIONS"})
"""The methods that the server itself answers, for an Allow field."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
NO_BODY: Final = Body(None, 0)
"""The body of every request without one: nothing about it can change."""
UNIX_PEER: Final = ("127.0.0.1", 0)
"""Who a unix socket's peer counts as: somebody on this machine, listed like any local proxy."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A request target taken apart under the rules of a host."""

    core: CoreServer
    unparsed: str
    path: str
    query: str | None


class Task:
    """A request's coroutine on its way between reactor and pool."""

    __slots__ = ("_channel", "_coroutine", "_over", "_site", "_waiting", "queued_at", "request")

    def __init__(
        self, site: Site, channel: Channel, request: Request, coroutine: Coroutine[Any, None, None]
    ) -> None:
        self.queued_at = 0.0
        self.request = request
        self._site = site
        self._channel = channel
        self._coroutine = coroutine
        self._over = False
        self._waiting: Deferred[Any] | None = None

    def run_in_pool(self) -> bool:
        """Go on with the request on this pool thread; return whether it is over but for `end()`."""
        self._drive(False)
        return self._over

    def end(self, in_reactor: bool) -> None:
        """Send what is left of the response and make the connection ready for the next request."""
        channel, output = self._channel, self.request.output
        try:
            if in_reactor:
                channel.writer.give_back()
                channel.writer.release()
            else:
                channel.writer.send(())
        except ClientGone:
            output.abandon()
        channel.answered(output.persist, in_reactor)

    def run_on_reactor(self) -> None:
        """Go on with the request on the reactor's thread."""
        self._drive(True)

    def _resume(self, result: object) -> None:
        """Go on after a Deferred fired. It gives its own result to who awaits it, but not a failure."""
        self._waiting = None
        self._drive(True, result.value if isinstance(result, Failure) else None)

    def _back_on_reactor(self) -> None:
        self._channel.take_back()
        self._drive(True)

    def takes_long(self) -> None:
        """Let the client see what the handler has flushed so far. Reactor only."""
        self._channel.writer.release()

    @property
    def waiting(self) -> bool:
        """Whether the request waits for something on the reactor."""
        return self._waiting is not None

    def cancel(self) -> None:
        """Stop waiting for what the request waits for: its client is gone. Reactor only."""
        if self._waiting is not None:
            self._waiting.cancel()

    def _drive(self, on_reactor: bool, mistake: BaseException | None = None) -> None:
        connection = self.request.connection
        connection.on_reactor = on_reactor
        try:
            wish = self._coroutine.send(None) if mistake is None else self._coroutine.throw(mistake)
        except StopIteration:
            self._finished(on_reactor)
            return
        if wish is Side.POOL:
            self._site.blocks(self.request.host)
            self.to_pool()
        elif wish is Side.REACTOR:
            self._site.waits(self.request.host)
            self._channel.writer.give_back()
            self._site.call_in_reactor(self._back_on_reactor)
        elif isinstance(wish, Deferred):
            self._channel.writer.release()
            self._waiting = wish
            wish.addBoth(self._resume)
            if self._waiting is not None:
                self._channel.answer_waits()
        else:
            self._drive(on_reactor, TypeError(f"a handler awaited {wish!r}, which is no Deferred"))

    def to_pool(self) -> None:
        """Lend the connection's socket to the pool, once the reactor has sent what it still holds."""
        channel = self._channel
        if channel.transport.pending():
            channel.when_drained().addCallback(lambda _: self.to_pool())
            return
        channel.hand_over()
        channel.writer.lend()
        self._site.pool.submit(self)

    def _finished(self, on_reactor: bool) -> None:
        connection = self.request.connection
        self._channel.task = None
        connection.keepalives += 1
        connection.keepalive = 0
        if on_reactor:
            self.end(True)
        else:
            self._over = True


class Inbox(Protocol):
    """A queue between two threads."""

    def put(self, item: bool) -> None:
        """Leave something for whoever waits."""

    def get(self) -> bool:
        """Return the next item, waiting for it."""


class BlockingTask(Task):
    """A coroutine that a pool thread waits for: whatever is to run in the pool comes back to that thread."""

    __slots__ = ("_failure", "inbox")

    def __init__(
        self, site: Site, channel: Channel, request: Request, coroutine: Coroutine[Any, None, None]
    ) -> None:
        super().__init__(site, channel, request, self._keep_failure(coroutine))
        self.inbox: Inbox = queue.SimpleQueue()
        """What is put here tells the waiting thread to go on: True when the coroutine has ended."""
        self._failure: Exception | None = None

    def run(self) -> None:
        """Run the coroutine to its end; raise what it raises, wherever that happens."""
        channel = self._channel
        outer, channel.task = channel.task, self
        self._drive(False)
        while not self.inbox.get():
            self._drive(False)
        channel.task = outer
        self.request.connection.on_reactor = False
        if self._failure is not None:
            raise self._failure

    async def _keep_failure(self, coroutine: Coroutine[Any, None, None]) -> None:
        try:
            await coroutine
        except Exception as error:
            self._failure = error

    def to_pool(self) -> None:
        """Come back to the thread that waits."""
        self._come_back(False)

    def _finished(self, on_reactor: bool) -> None:
        if on_reactor:
            self._come_back(True)
        else:
            self.inbox.put(True)

    def _come_back(self, finished: bool) -> None:
        """Wake the thread once the reactor has sent what it still holds, so that nothing overtakes it."""
        self._channel.when_drained().addCallback(lambda _: self._lend(finished))

    def _lend(self, finished: bool) -> None:
        self._channel.writer.lend()
        self.inbox.put(finished)


class Redirector:
    """Answers a connection's requests with what other URLs give."""

    __slots__ = ("_channel", "_site")

    task_type: type[BlockingTask] = BlockingTask

    def __init__(self, site: Site, channel: Channel) -> None:
        self._site = site
        # The channel holds the connection, which holds this: both are to go away by themselves.
        self._channel = ref(channel)

    def wait(self, request: Request, target: str) -> None:
        """Run an internal redirect to its end while the calling pool thread waits."""
        channel = self._channel()
        assert channel is not None, "the request that waits keeps its channel"
        self.task_type(self._site, channel, request, internal_redirect(request, target)).run()

    async def run(self, request: Request, target: str) -> None:
        """Run an internal redirect as part of the request's coroutine, which is on the reactor afterwards."""
        try:
            await internal_redirect(request, target)
        except Exception:
            await to_reactor(request)
            raise
        await to_reactor(request)


class Workers(Protocol):
    """Threads for what blocks (`olexd/process/pool.py`)."""

    def submit(self, job: Job) -> None:
        """Have a thread run `job`, in the order of submission. Reactor only."""


class Site:
    """Serves one configuration. The methods below `limits` are called by the connections."""

    def __init__(
        self, config: ServerConfig, phases: PhaseTable, pool: Workers, reactor: IReactorFromThreads
    ) -> None:
        self.config = config
        self.phases = phases
        self.pool = pool
        self.channels: set[Channel] = set()
        self.limits = Limits.from_core(config.main.server[CoreServer])
        self.heads: HeadMemory = {}
        self.call_in_reactor = reactor.callFromThread
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
        local, peer = _addresses(channel)
        base = self.config.selector.default(*local)
        channel.connection = Connection(self.config, base, local, peer)
        channel.connection.writer = channel.writer
        channel.connection.redirector = Redirector(self, channel)
        channel.keep_alive_timeout = base.server[CoreServer].keep_alive_timeout
        self.channels.add(channel)

    def disconnected(self, channel: Channel) -> None:
        """The client is gone."""
        self.channels.discard(channel)
        channel.connection.aborted = True
        if channel.task is not None:
            channel.task.cancel()

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
        request.method = "-"
        request.uri = request.unparsed_uri = "/"
        request.args = None
        request.body = NO_BODY
        if error.status == METHOD_NOT_ALLOWED:
            request.methods_allowed = SERVED
        channel.connection.keepalive = 1
        log_request(request, str(error), Level.INFO, "core")
        channel.task = Task(self, channel, request, serve(request, error.status))
        channel.task.run_on_reactor()

    def sweep(self) -> None:
        """Close or answer the connections that waited too long. Called twice a second."""
        now = time.monotonic()
        for channel in [channel for channel in self.channels if channel.deadline < now]:
            channel.timed_out(now)

    # Inside

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
        if head.framing is Framing.NONE or head.content_length == 0:
            request.body = NO_BODY
            return None
        body = request.body = Body(channel, head.content_length)
        if head.expects_continue and request.proto_num >= 1001:
            request.expecting_100 = True
            body.on_first_read(lambda: _send_continue(request, channel))
        return body


def _with_host(head: Head) -> list[HeaderLine]:
    """Return the fields with the host of an absolute target, which counts instead of the Host field."""
    host = head.host or b""
    return [(name, host if name.lower() == b"host" else value) for name, value in head.fields]


def _send_continue(request: Request, channel: Channel) -> None:
    request.expecting_100 = False
    if request.output.committed:
        return
    channel.invited()
    if request.on_reactor:
        channel.writer.send_soon([CONTINUE])
    else:
        channel.writer.send([CONTINUE])


def _addresses(channel: Channel) -> tuple[tuple[str, int], tuple[str, int]]:
    local, peer = channel.transport.getHost(), channel.transport.getPeer()
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
