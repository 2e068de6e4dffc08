"""Filters of request and response bodies, the chains they stand in, and how they are found by name.

Core spec 4.3. A response's chain stands between the handler's buffer and the framing (`output.py`): what
leaves its last filter commits the headers. A request's chain stands between the body and whoever reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from olexd.errorlog import Level
from olexd.errors import BadRequest
from olexd.model.body import READAHEAD
from olexd.model.bytequeue import ByteQueue, read_lines
from olexd.model.logging import log_request
from olexd.model.request import Request

BLOCK: Final = 65536
"""Bytes that filters are given, or asked for, at a time."""

PassOn = Callable[[bytes, bool], None]
"""Takes a block for the next filter, and whether the body ends with it."""
Pull = Callable[[int], tuple[bytes, bool]]
"""Returns at most so many bytes from upstream, and whether the body ends with them.

No bytes before the end: nothing has arrived yet, which happens on the reactor's thread only.
"""


class OutputFilter(Protocol):
    """Takes the body of one response in blocks, and hands on what it makes of them."""

    def changes_length(self, request: Request) -> bool:
        """Whether a Content-Length that was set before the first block no longer holds."""
        ...

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        """Take a block; the body ends with the one that is `last`, which may be empty.

        `pass_on` is called any number of times. A filter need not hand on the end: the chain sees to it.
        """


class InputFilter(Protocol):
    """Makes the body of one request out of what it pulls from upstream."""

    def pull(self, request: Request, size: int, upstream: Pull) -> tuple[bytes, bool]:
        """Return a block and whether the body ends with it. `size` is how much the reader would like."""
        ...


class Transparent:
    """A filter that does nothing: the names that have no meaning here stand for it."""

    def changes_length(self, request: Request) -> bool:
        """Never."""
        return False

    def take(self, request: Request, data: bytes, last: bool, pass_on: PassOn) -> None:
        """Hand the block on."""
        pass_on(data, last)

    def pull(self, request: Request, size: int, upstream: Pull) -> tuple[bytes, bool]:
        """Return what comes from upstream."""
        return upstream(size)


@dataclass(frozen=True, slots=True)
class FilterSource:
    """Where a module's filters come from: by name (lower case) a new one for a request, None if unknown.

    `encodings` are the names (lower case) of those that encode what all others make.
    """

    output: Callable[[Request, str], OutputFilter | None]
    input: Callable[[Request, str], InputFilter | None] = lambda request, name: None
    encodings: frozenset[str] = frozenset()


_NOTHING_TO_DO: Final = frozenset({"content_length"})
"""Lengths are computed anyway."""
BUILT_IN: Final = FilterSource(lambda request, name: Transparent() if name in _NOTHING_TO_DO else None)
"""The filters of httpd that are known and do nothing here."""


class _Link:
    """An output filter in its chain. After the end of what it hands on, nothing more may come from it."""

    __slots__ = ("encodes", "ended", "filter")

    def __init__(self, filter: OutputFilter, encodes: bool) -> None:
        self.filter = filter
        self.encodes = encodes
        self.ended = False


class OutputChain:
    """The filters of one response, in the order in which its body goes through them.

    `running` is true while they are at work: what they write to the request itself has to wait. `flushing`
    tells them that the client is to have the present block at once.
    """

    __slots__ = ("_links", "_started", "flushing", "running")

    def __init__(self) -> None:
        self._links: list[_Link] = []
        self._started = False
        self.flushing = False
        self.running = False

    def append(self, filter: OutputFilter, encodes: bool = False) -> None:
        """Put a filter behind the others; it gets what comes from now on.

        One that `encodes` stays behind those that do not, whenever they come.
        """
        at = len(self._links)
        while at and not encodes and self._links[at - 1].encodes:
            at -= 1
        self._links.insert(at, _Link(filter, encodes))

    def extend(self, others: OutputChain) -> None:
        """Put the filters of another chain behind those of this one."""
        for link in others._links:
            self.append(link.filter, link.encodes)

    @property
    def encodes(self) -> bool:
        """Whether one of them may encode the response."""
        return bool(self._links) and self._links[-1].encodes

    def push(self, request: Request, data: bytes, last: bool, sink: PassOn, flush: bool = False) -> None:
        """Send a block of the body through the filters; `sink` takes what leaves the last one."""
        if not self._started:
            self._started = True
            if any(link.filter.changes_length(request) for link in self._links):
                forget_length(request)
        self.flushing = flush
        self.running = True
        try:
            self._push(0, request, data, last, sink)
        finally:
            self.running = False

    def _push(self, at: int, request: Request, data: bytes, last: bool, sink: PassOn) -> None:
        if at == len(self._links):
            sink(data, last)
            return
        link = self._links[at]
        if link.ended:
            return

        def pass_on(data: bytes, last: bool) -> None:
            if not link.ended:
                link.ended = last
                self._push(at + 1, request, data, last, sink)

        link.filter.take(request, data, last, pass_on)
        if last:
            pass_on(b"", True)


def forget_length(request: Request) -> None:
    """Drop the Content-Length that was set for a body which is no longer sent as it was."""
    for table in (request.headers_out_table, request.err_headers_out_table):
        if table is not None:
            del table["Content-Length"]


class InputChain:
    """The filters of one request's body; it is read like the body itself (`olexd.model.body.Body`).

    The last one that was added is nearest to the network.
    """

    __slots__ = ("_ended", "_filters", "_ready", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self._filters: list[InputFilter] = []
        self._ready = ByteQueue()
        self._ended = False

    def append(self, filter: InputFilter) -> None:
        """Put a filter behind the others."""
        self._filters.append(filter)

    def extend(self, others: InputChain) -> None:
        """Put the filters of another chain behind those of this one."""
        self._filters += others._filters

    @property
    def exhausted(self) -> bool:
        """Whether everything has been read."""
        return self._ended and not self._ready

    @property
    def _absent(self) -> bool:
        """Whether the request has no body: then whoever reads gets nothing, whatever filters could add."""
        return self.request.body.length == 0

    def read(self, n: int = -1) -> bytes:
        """Return exactly `n` bytes, fewer only at the end; all that is left for -1. Blocks like the body."""
        if self._absent:
            return b""
        while not self._ended and (n < 0 or len(self._ready) < n):
            self._more(n)
        return self._ready.take(len(self._ready) if n < 0 else n)

    def readline(self, n: int = -1) -> bytes:
        """Return the next line with its newline, at most `n` bytes of it; b"" at the end. Blocks."""
        if n == 0 or self._absent:
            return b""
        while not (size := self._line(n)):
            if self._ended:
                size = len(self._ready) if n < 0 else n
                break
            self._more(-1)
        return self._ready.take(size)

    def _line(self, n: int) -> int:
        """Return the length of the first line, or `n` when so much is there without a newline; else 0."""
        most = len(self._ready) if n < 0 else n
        return self._ready.find_line(most) or (n if 0 < n <= len(self._ready) else 0)

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Return whole lines until at least `hint` bytes are read; all lines for -1. Blocks."""
        return read_lines(self.readline, hint)

    def discard(self) -> int:
        """Read and drop the rest; return 0, or the HTTP status that says why that failed. Blocks."""
        while not self._ended:
            try:
                self._more(-1)
            except (BadRequest, OSError):
                break
            self._ready.clear()
        return self.request.body.discard()

    def end(self) -> None:
        """Show the filters what nobody read and, if they saw it before, once more the end. Blocks."""
        self._ended = False
        self.discard()

    async def aread(self, n: int = -1) -> bytes:
        """`read()` for a coroutine on the reactor's thread: filters get what has arrived."""
        if self._absent:
            return b""
        while not self._ended and (n < 0 or len(self._ready) < n):
            if not self._more(n):
                await self.request.body.arrival()
        return self._ready.take(len(self._ready) if n < 0 else n)

    async def areadline(self, n: int = -1) -> bytes:
        """`readline()` for a coroutine on the reactor's thread."""
        if n == 0 or self._absent:
            return b""
        while not (size := self._line(n)):
            if self._ended:
                size = len(self._ready) if n < 0 else n
                break
            if not self._more(-1):
                await self.request.body.arrival()
        return self._ready.take(size)

    def _more(self, n: int) -> bool:
        """Get another block towards `n` bytes (-1: all); return whether there was one, or the end."""
        # Filters are not to work byte by byte because a few bytes are still missing.
        size = BLOCK if n < 0 else max(n - len(self._ready), READAHEAD)
        data, self._ended = self._pull(0, size)
        self._ready.append(data)
        return bool(data) or self._ended

    def _pull(self, at: int, size: int) -> tuple[bytes, bool]:
        if at < len(self._filters):
            return self._filters[at].pull(self.request, size, partial(self._pull, at + 1))
        body = self.request.body
        data = body.read_some(min(size, BLOCK), not self.request.on_reactor)
        return data, body.exhausted


def log_unknown(request: Request, name: str) -> None:
    """Say in the error log that there is no filter of this name."""
    log_request(request, f"AH00082: an unknown filter was not added: {name}", Level.ERR, "core")


def add_output_filter(request: Request, name: str) -> None:
    """Put a filter behind the others of a response; an unknown one is only logged."""
    found = find_output_filter(request, name)
    if found is None:
        log_unknown(request, name)
    elif not isinstance(found, Transparent):
        append_output_filter(request, found, name)


def append_output_filter(request: Request, filter: OutputFilter, name: str) -> None:
    """Put a filter of that name behind the others of a response."""
    if request.output_filters is None:
        request.output_filters = OutputChain()
    sources: tuple[FilterSource, ...] = request.phases.filters
    request.output_filters.append(filter, any(name.lower() in source.encodings for source in sources))


def find_output_filter(request: Request, name: str) -> OutputFilter | None:
    """Return a new filter of that name (in any case), None when there is none."""
    sources: tuple[FilterSource, ...] = request.phases.filters
    return next(filter(None, (source.output(request, name.lower()) for source in sources)), None)


def add_input_filter(request: Request, name: str) -> None:
    """Put a filter behind the others of a request's body; an unknown one is only logged."""
    sources: tuple[FilterSource, ...] = request.phases.filters
    found = next(filter(None, (source.input(request, name.lower()) for source in sources)), None)
    if found is None:
        log_unknown(request, name)
        return
    if request.input_filters is None:
        request.input_filters = InputChain(request)
    request.input_filters.append(found)
