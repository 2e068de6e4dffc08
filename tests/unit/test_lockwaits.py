"""Threads that wait for locks are counted while they do."""

from __future__ import annotations

import threading

import pytest

from olexd.lockwaits import count_waiting, waiting


def test_while_it_lasts() -> None:
    """A thread counts until its wait is over, however that ends."""
    here = threading.current_thread()
    other = threading.Thread()
    assert count_waiting([here, other]) == 0
    with pytest.raises(TimeoutError), waiting():
        assert count_waiting([here, other]) == 1
        raise TimeoutError
    assert count_waiting([here, other]) == 0
