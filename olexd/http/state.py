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


# Python searches a class for its members anew each time; a connection needs dozens of them for a request.
HEAD, BODY, BUSY, DRAIN, LINGER, TALK, CLOSED = State
REQUEST, REQUEST_WITH_BODY, BODY_END, ANSWERED, LAST_ANSWER, TAKEN, LOST = Event

_END: Final = {LAST_ANSWER: LINGER, LOST: CLOSED}

TRANSITIONS: Final[dict[State, dict[Event, State]]] = {
    HEAD: {
        REQUEST: BUSY,
        REQUEST_WITH_BODY: BODY,
        TAKEN: TALK,
        **_END,
    },
    BODY: {BODY_END: BUSY, ANSWERED: DRAIN, **_END},
    BUSY: {ANSWERED: HEAD, TAKEN: TALK, **_END},
    DRAIN: {BODY_END: HEAD, **_END},
    TALK: {ANSWERED: HEAD, **_END},
    LINGER: {LAST_ANSWER: LINGER, LOST: CLOSED},
    CLOSED: dict.fromkeys(Event, CLOSED),
}
