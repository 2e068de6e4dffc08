"""What is included in a page by the server: the elements of modules, and requests that end up inside another.

Core spec 6. The elements of mod_include itself are in `olexd/modules/filters/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from olexd.blocks import read_blocks
from olexd.model.filters import BLOCK
from olexd.model.request import Request


class IncludeError(Exception):
    """An element cannot be carried out: the page shows its error message instead.

    The text goes into the error log; there is none for what is in the log already.
    """


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands: the request of the page, and `write` for what comes in its place.

    `no_exec` tells that the page may not run anything (IncludesNOEXEC). `flush` sends what is written so far.
    """

    request: Request
    write: Callable[[bytes], None]
    flush: Callable[[], None]
    no_exec: bool


Element = Callable[[Place, Sequence[tuple[str, bytes | None]]], Any]
"""Carries out an element with these attributes (names in lower case). Raises IncludeError."""


class Outer(Protocol):
    """The writer of the response that another one becomes a part of."""

    @property
    def gone(self) -> bool: ...

    async def room(self, turn: bool = False) -> None: ...

    def gone_twin(self) -> Outer: ...


class IncludedWriter:
    """Stands for the connection of a request whose response becomes part of another one's."""

    def __init__(self, writer: Outer, sink: Callable[[bytes], None]) -> None:
        self._writer = writer
        self._sink = sink
        self.accepted = 0

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        return self._writer.gone

    def hold(self, parts: Sequence[bytes]) -> bool:
        """Hold nothing: the outer response does."""
        return False

    def send(self, parts: Sequence[bytes]) -> None:
        """Hand bytes to the outer response."""
        data = b"".join(parts)
        if data:
            self.accepted += len(data)
            self._sink(data)

    send_soon = send

    def send_file(self, fd: int, offset: int, length: int) -> int:
        """Hand a part of a file to the outer response, block by block; return how many bytes there were."""
        sent = 0
        for block in read_blocks(fd, offset, length, BLOCK):
            self.send([block])
            sent += len(block)
        return sent

    async def room(self, turn: bool = False) -> None:
        """Wait until the outer response's connection has room. Reactor only. Raises ClientGone."""
        await self._writer.room(turn)

    def gone_twin(self) -> IncludedWriter:
        """Return a writer for the same place for which the client is gone."""
        return IncludedWriter(self._writer.gone_twin(), self._sink)
