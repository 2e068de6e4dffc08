"""A coroutine on its way between reactor and pool, on behalf of a connection."""

from __future__ import annotations

import queue
from collections.abc import Callable, Coroutine
from contextvars import Context
from types import FrameType
from typing import Any, Final, Protocol
from weakref import ref

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from olexd.config.server import HostConfig
from olexd.errors import ClientGone
from olexd.http.channel import Channel
from olexd.model import runtime
from olexd.model.connection import Connection
from olexd.model.request import Request
from olexd.phases.sides import POOL, REACTOR, Side, to_pool, to_reactor
from olexd.phases.subrequest import internal_redirect
from olexd.process.pool import Job

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Workers(Protocol):
    """Threads for what blocks (`olexd/process/pool.py`)."""

    stopped: bool

    def submit(self, job: Job) -> None:
        """Have a thread run `job`, in the order of submission. Reactor only."""

    def frame_of(self, wanted: Callable[[Job], bool]) -> FrameType | None:
        """Return where the thread stands that runs a wanted job just now; None when none does."""


class Home(Protocol):
    """What tasks need of the site."""

    pool: Workers
    call_in_reactor: Callable[..., object]

    def blocks(self, host: HostConfig) -> None:
        """A request for `host` goes to the pool."""

    def waits(self, host: HostConfig) -> None:
        """A request for `host` goes to the reactor."""


class Driver:
    """Drives a coroutine, which moves between the sides as it asks to.

    As soon as it ran on the reactor it has a context of its own: what it sets in a context variable is still
    so after it waited, and no other request ever sees it.
    """

    __slots__ = (
        "_channel",
        "_context",
        "_coroutine",
        "_home",
        "_waiting",
        "connection",
        "left_pool",
        "queued_at",
    )

    def __init__(self, home: Home, channel: Channel, coroutine: Coroutine[Any, None, None]) -> None:
        self.queued_at = 0.0
        self.connection: Connection = channel.connection
        self._home = home
        self._channel = channel
        self._coroutine = coroutine
        self._context: Context | None = None
        self._waiting: Deferred[Any] | None = None
        self.left_pool = False
        """It has been on a pool thread, and went on without."""

    @property
    def begun(self) -> bool:
        """Whether it may hold what others wait for."""
        return self.left_pool

    def run_on_reactor(self) -> None:
        """Go on on the reactor's thread."""
        self._drive(True)

    def takes_long(self) -> None:
        """Let the client see what the handler has flushed so far. Reactor only."""
        self._channel.writer.release()

    @property
    def waiting(self) -> bool:
        """Whether the coroutine waits for something on the reactor."""
        return self._waiting is not None

    @property
    def keeps_waiting(self) -> bool:
        """Whether the client waits for the coroutine while that waits for something else."""
        return self._waiting is not None

    def client_left(self) -> None:
        """Stop waiting for what only the client was to get. Reactor only."""
        if self.keeps_waiting:
            self.cancel()

    def cancel(self) -> None:
        """Stop waiting for what the coroutine waits for. Reactor only."""
        if self._waiting is not None:
            self._waiting.cancel()

    def to_pool(self) -> None:
        """Lend the connection's socket to the pool, once the reactor has sent what it still holds."""
        channel = self._channel
        if channel.transport.pending():
            channel.when_drained().addCallback(lambda _: self.to_pool())
            return
        channel.hand_over()
        channel.writer.lend()
        self._home.pool.submit(self)  # type: ignore[arg-type]

    def _drive(self, on_reactor: bool, mistake: BaseException | None = None) -> None:
        self.connection.on_reactor = on_reactor
        try:
            if not on_reactor and self._context is None:
                wish = self._coroutine.send(None)
            else:
                wish = self._step(mistake)
        except StopIteration:
            self._finished(on_reactor)
            return
        if wish is POOL:
            self._notes(wish)
            self.to_pool()
        elif wish is REACTOR:
            self.left_pool = True
            self._notes(wish)
            self._channel.writer.give_back()
            self._home.call_in_reactor(self._back_on_reactor)
        elif isinstance(wish, Deferred):
            self._channel.writer.release()
            self._waiting = wish
            wish.addBoth(self._resume)
            if self.keeps_waiting:
                self._channel.answer_waits()
        else:
            self._drive(on_reactor, TypeError(f"a handler awaited {wish!r}, which is no Deferred"))

    def _step(self, mistake: BaseException | None) -> object:
        context = self._context
        if context is None:
            context = self._context = Context()
        if mistake is None:
            return context.run(self._coroutine.send, None)
        return context.run(self._coroutine.throw, mistake)

    def _resume(self, result: object) -> None:
        """Go on after a Deferred fired. It gives its own result to who awaits it, but not a failure."""
        self._waiting = None
        self._drive(True, result.value if isinstance(result, Failure) else None)

    def _back_on_reactor(self) -> None:
        self._channel.take_back()
        self._drive(True)

    def _notes(self, side: Side) -> None:
        """The coroutine goes to another side."""

    def _finished(self, on_reactor: bool) -> None:
        """The coroutine is at its end."""
        raise NotImplementedError


class Task(Driver):
    """A request's coroutine."""

    __slots__ = ("_over", "request")

    def __init__(
        self, home: Home, channel: Channel, request: Request, coroutine: Coroutine[Any, None, None]
    ) -> None:
        super().__init__(home, channel, coroutine)
        self.request = request
        self._over = False

    @property
    def begun(self) -> bool:
        """Whether it may hold what others wait for: a coroutine's session is unlocked by a cleanup."""
        return self.left_pool or bool(self.request.cleanups)

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
        persist = output.persist
        if self.connection.talk is not None:
            # The handler has read what it wanted: where the next request would begin is anyone's guess.
            self.connection.talk = None
            persist = False
        channel.answered(persist, in_reactor)
        self.request.let_go()

    @property
    def keeps_waiting(self) -> bool:
        """Whether the client waits: log handlers and cleanups are no business of its own."""
        return self._waiting is not None and not self.request.output.finished

    def probe(self) -> bool:
        """Send what a client that left altogether objects to; return False when nothing can be sent.

        It is an interim response, which every HTTP/1.1 client skips. Reactor only.
        """
        if self.request.proto_num < 1001 or self.request.output.committed:
            return False
        try:
            self._channel.writer.send_soon([CONTINUE])
        except ClientGone:
            return False
        return True

    def _notes(self, side: Side) -> None:
        if side is POOL:
            self._home.blocks(self.request.host)
        else:
            self._home.waits(self.request.host)

    def _finished(self, on_reactor: bool) -> None:
        connection = self.connection
        self._channel.task = None
        connection.keepalive = 0
        if connection.deadline is not None:
            connection.deadline = None
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
        self, home: Home, channel: Channel, request: Request, coroutine: Coroutine[Any, None, None]
    ) -> None:
        super().__init__(home, channel, request, self._keep_failure(coroutine))
        self.inbox: Inbox = queue.SimpleQueue()
        """What is put here tells the waiting thread to go on: True when the coroutine has ended."""
        self._failure: Exception | None = None

    def run(self) -> None:
        """Run the coroutine to its end; raise what it raises, wherever that happens."""
        channel = self._channel
        interpreter = runtime.interpreter()
        outer, channel.task = channel.task, self
        self._drive(False)
        while not self.inbox.get():
            self._drive(False)
        channel.task = outer
        self.connection.on_reactor = False
        runtime.set_interpreter(interpreter)
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
        self._channel.hand_over()
        self._channel.writer.lend()
        self.inbox.put(finished)


class Redirector:
    """Does for a connection's handlers what they cannot do themselves."""

    __slots__ = ("_channel", "_home")

    task_type: type[BlockingTask] = BlockingTask

    def __init__(self, home: Home, channel: Channel) -> None:
        self._home = home
        # The channel holds the connection, which holds this: both are to go away by themselves.
        self._channel = ref(channel)

    @property
    def present(self) -> Request | None:
        """The request that is being answered; None between requests and for connection handlers."""
        channel = self._channel()
        task = None if channel is None else channel.task
        return task.request if isinstance(task, Task) else None

    def wait(self, request: Request, target: str) -> None:
        """Run an internal redirect to its end while the calling pool thread waits."""
        self.complete(request, internal_redirect(request, target))

    async def run(self, request: Request, target: str) -> None:
        """Run an internal redirect as part of the request's coroutine, which is on the reactor afterwards."""
        try:
            await internal_redirect(request, target)
        except Exception:
            await to_reactor(request)
            raise
        await to_reactor(request)

    def complete(self, request: Request, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on behalf of `request` to its end while the calling pool thread waits."""
        channel = self._channel()
        assert channel is not None, "the request that waits keeps its channel"
        self.task_type(self._home, channel, request, coroutine).run()

    def listen(self, request: Request) -> None:
        """End HTTP on the connection: what arrives from now on is for the handlers of `request`."""
        if request.connection.on_reactor:
            _listen(request.connection)
        else:
            self.complete(request, _listen_on_reactor(request))


def _listen(connection: Connection) -> None:
    assert connection.take_over is not None
    connection.talk = connection.take_over(None)


async def _listen_on_reactor(request: Request) -> None:
    await to_reactor(request)
    _listen(request.connection)
    await to_pool(request)


class Cleanups:
    """What a connection's cleanups need a pool thread for: any of them may block."""

    begun = True

    def __init__(self, calls: list[Callable[[], None]]) -> None:
        self.queued_at = 0.0
        self._calls = calls

    def run_in_pool(self) -> bool:
        """Call them, newest first."""
        while self._calls:
            self._calls.pop()()
        return False

    def end(self, in_reactor: bool) -> None:
        """There is no result."""

    def takes_long(self) -> None:
        """Nobody waits for them."""
