"""What a connection works with: the server that it reports to, and where the body of a request goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from olexd.errors import BadRequest
from olexd.http.limits import Limits
from olexd.http.parser import Head, HeadMemory

if TYPE_CHECKING:
    from olexd.http.channel import Channel


class Intake(Protocol):
    """Where a request's body goes. The methods are called on the reactor's thread."""

    def feed(self, data: bytes) -> bool:
        """Take body bytes; return False to ask for a pause."""

    def finish(self, trailers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """The body is complete; `trailers` are the fields behind it."""

    def fail(self, error: Exception) -> None:
        """The rest of the body will not come."""


class Server(Protocol):
    """What a connection reports to. The methods are called on the reactor's thread."""

    limits: Limits
    heads: HeadMemory

    def connected(self, channel: Channel) -> None:
        """A client connected."""

    def request(self, channel: Channel, head: Head) -> Intake | None:
        """A head arrived: get ready to answer it and return where its body goes (None: it has none)."""

    def start(self, channel: Channel) -> None:
        """Answer it. What came with the head has been handed over."""

    def refuse(self, channel: Channel, error: BadRequest, head: bytes) -> None:
        """What arrived is not a request: answer with `error.status` and close. `head` is what came."""

    def disconnected(self, channel: Channel) -> None:
        """The client is gone. Called again when what answered it then is done."""
