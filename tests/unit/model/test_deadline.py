"""A request's time limit: what counts, and who answers."""

from __future__ import annotations

import threading
import time

from olexd.model.deadline import Deadline


def test_only_handlers_count() -> None:
    """Time counts while a handler runs, and adds up over handlers."""
    deadline = Deadline()
    now = time.monotonic()
    assert not deadline.is_over(now + 100)
    deadline.enter("one", 5)
    assert not deadline.is_over(time.monotonic() + 4)
    assert deadline.is_over(time.monotonic() + 6)
    deadline.leave()
    assert not deadline.is_over(time.monotonic() + 100)
    deadline._spent += 4
    deadline.enter("two", 5)
    assert deadline.is_over(time.monotonic() + 2)


def test_one_handler_in_another() -> None:
    """A handler that waits for a redirect is still at work when the other handler is done."""
    deadline = Deadline()
    deadline.enter("outer", 5)
    deadline.enter("inner", 5)
    deadline.leave()
    assert deadline.is_over(time.monotonic() + 6)
    deadline.leave()
    assert not deadline.is_over(time.monotonic() + 6)


def test_no_limit() -> None:
    """0 seconds is any time."""
    deadline = Deadline()
    deadline.enter("one", 0)
    assert not deadline.is_over(time.monotonic() + 1e9)


def test_the_handler_is_first() -> None:
    """A response that has begun cannot be taken over."""
    deadline = Deadline()
    assert deadline.commit()
    assert not deadline.take_over()
    assert (deadline.committed, deadline.answered) == (True, False)


def test_the_reactor_is_first() -> None:
    """A response that was taken over cannot begin, and no interim response goes before it."""
    deadline = Deadline()
    assert deadline.take_over()
    assert not deadline.commit()
    assert (deadline.committed, deadline.answered) == (False, True)
    with deadline.interim() as allowed:
        assert not allowed


def test_never_both_at_once() -> None:
    """While a thread sends an interim response the reactor neither answers nor waits."""
    deadline = Deadline()
    with deadline.interim() as allowed:
        assert allowed
        assert not deadline.take_over()
    assert deadline.take_over()


def test_one_of_two_threads() -> None:
    """However the two meet, exactly one of them answers."""
    for _ in range(200):
        deadline = Deadline()
        start = threading.Barrier(2)
        thread = threading.Thread(target=_commit, args=(deadline, start))
        thread.start()
        start.wait()
        deadline.take_over()
        thread.join()
        assert deadline.committed is not deadline.answered


def _commit(deadline: Deadline, start: threading.Barrier) -> None:
    start.wait()
    deadline.commit()
