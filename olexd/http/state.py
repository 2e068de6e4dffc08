"""The state of one HTTP/1.1 connection, as one table.

State -> event -> next state. An event that a state does not list is a bug, and the KeyError says so.
Nothing outside this file decides what follows what. The order of responses needs no queue: a head is
only looked at in HEAD, and HEAD is only reached once the last response is complete.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a connection is."""

    HEAD = "head"
    """Waiting for, or in the middle of, a request's head. No thread is spent on it."""
    BODY = "body"
    """A request is being answered and its body is still arriving."""
    BUSY = "busy"
    """A request is being answered and has arrived completely."""
    DRAIN = "drain"
    """The answer is complete; the rest of the request's body is read and dropped."""
    LINGER = "linger"
    """Nothing more will be sent; input is dropped until the client closes too, for a short time."""
    TALK = "talk"
    """A connection handler speaks a protocol of its own; nothing is parsed."""
    CLOSED = "closed"


class Event(StrEnum):
    """What happens to a connection."""

    REQUEST = "request"
    """A head without a body was accepted."""
    REQUEST_WITH_BODY = "request with body"
    BODY_END = "body end"
    ANSWERED = "answered"
    """The response is complete and the connection persists."""
    LAST_ANSWER = "last answer"
    """The response is complete and the connection does not persist."""
    TAKEN = "taken"
    """What answers takes the connection: a connection handler before anything was read, an upgrade later."""
    LOST = "lost"


_END: Final = {Event.LAST_ANSWER: State.LINGER, Event.LOST: State.CLOSED}

TRANSITIONS: Final[dict[State, dict[Event, State]]] = {
    State.HEAD: {
        Event.REQUEST: State.BUSY,
        Event.REQUEST_WITH_BODY: State.BODY,
        Event.TAKEN: State.TALK,
        **_END,
    },
    State.BODY: {Event.BODY_END: State.BUSY, Event.ANSWERED: State.DRAIN, **_END},
    State.BUSY: {Event.ANSWERED: State.HEAD, Event.TAKEN: State.TALK, **_END},
    State.DRAIN: {Event.BODY_END: State.HEAD, **_END},
    State.TALK: {Event.ANSWERED: State.HEAD, **_END},
    State.LINGER: {Event.LAST_ANSWER: State.LINGER, Event.LOST: State.CLOSED},
    State.CLOSED: dict.fromkeys(Event, State.CLOSED),
}
