"""The table of a connection's states."""

from __future__ import annotations

import pytest

from olexd.http.state import TRANSITIONS, Event, State


def test_every_state_is_listed() -> None:
    """No state is without a row, and no row leads out of the table."""
    assert set(TRANSITIONS) == set(State)
    assert {after for row in TRANSITIONS.values() for after in row.values()} <= set(TRANSITIONS)


@pytest.mark.parametrize("state", State)
def test_a_client_may_leave_at_any_time(state: State) -> None:
    """A lost connection is closed, wherever it was."""
    assert TRANSITIONS[state][Event.LOST] is State.CLOSED


@pytest.mark.parametrize("event", Event)
def test_closed_is_final(event: Event) -> None:
    """Nothing brings a closed connection back."""
    assert TRANSITIONS[State.CLOSED][event] is State.CLOSED


@pytest.mark.parametrize("state", set(State) - {State.HEAD, State.CLOSED})
@pytest.mark.parametrize("event", [Event.REQUEST, Event.REQUEST_WITH_BODY])
def test_no_request_before_the_last_answer(state: State, event: Event) -> None:
    """A request is taken up in HEAD only."""
    with pytest.raises(KeyError):
        TRANSITIONS[state][event]


def test_head_is_reached_by_complete_answers_only() -> None:
    """HEAD follows an answer to a complete request, the drained rest of one, or a handler that declined."""
    ways = {(state, event) for state, row in TRANSITIONS.items() for event in row if row[event] is State.HEAD}
    assert ways == {
        (State.BUSY, Event.ANSWERED),
        (State.DRAIN, Event.BODY_END),
        (State.TALK, Event.ANSWERED),
    }


@pytest.mark.parametrize("state", [State.HEAD, State.DRAIN, State.LINGER])
def test_nothing_is_answered_twice(state: State) -> None:
    """Where no answer is owed, none can be completed."""
    with pytest.raises(KeyError):
        TRANSITIONS[state][Event.ANSWERED]
