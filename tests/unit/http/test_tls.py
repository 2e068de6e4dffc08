"""Handing bytes to the reactor: order, bounds, and what happens when the client is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from olexd.errors import ClientGone
from olexd.http.tls import OUTBOX_MAX, TLSTransport, TLSWriter
from olexd.http.writer import ROOM_MAX
from tests.integration.wire import until

DEADLINE = 10.0


class Queue:
    """A transport whose client takes what it is told to; `calls` are what the reactor was asked to do."""

    socket = None

    def __init__(self) -> None:
        self.sent = b""
        self.waiting = 0
        self.aborted = False
        self.calls: list[Callable[[], object]] = []
        self.writer: Any = None

    def call(self, function: Callable[[], object]) -> None:
        self.calls.append(function)

    def react(self) -> None:
        """Do what was asked for."""
        calls, self.calls = self.calls, []
        for function in calls:
            function()

    def write(self, data: bytes) -> None:
        self.sent += data
        self.waiting += len(data)

    def unsent_by_reactor(self) -> int:
        return self.waiting

    def unsent(self) -> int:
        return self.waiting + cast(int, self.writer.queued)

    def abortConnection(self) -> None:
        self.aborted = True


def make_writer(timeout: float = DEADLINE) -> tuple[TLSWriter, Queue]:
    """Return a writer and what it writes to."""
    queue = Queue()
    writer = queue.writer = TLSWriter(cast(TLSTransport, queue), timeout, queue.call)
    return writer, queue


def in_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Run something on another thread; what it raised is in the list once the thread has ended."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except ClientGone as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


def test_order() -> None:
    """What is held, sent by a thread, and sent by the reactor goes out in the order in which it came."""
    writer, queue = make_writer()
    writer.lend()
    assert writer.hold([b"1"])
    writer.send([b"2", b"3"])
    assert writer.hold([b"4"])
    writer.release()
    writer.send([b"5"])
    writer.give_back()
    writer.send_soon([b"6"])
    assert queue.sent == b"123456"
    queue.react()
    assert (queue.sent, writer.accepted) == (b"123456", 6)


def test_one_call_for_many_sends() -> None:
    """The reactor is asked once, however often a thread sends before it comes."""
    writer, queue = make_writer()
    for _ in range(5):
        writer.send([b"x"])
    assert len(queue.calls) == 1
    queue.react()
    assert queue.sent == b"xxxxx"


def test_thread_waits_for_a_slow_client() -> None:
    """No more than OUTBOX_MAX bytes wait, and the reactor takes none while the client has enough to take."""
    writer, queue = make_writer()
    queue.waiting = ROOM_MAX + 1
    thread, raised = in_thread(lambda: writer.send([bytes(3 * OUTBOX_MAX)]))
    until(lambda: writer.queued == OUTBOX_MAX)
    queue.react()
    assert (writer.queued, queue.sent) == (OUTBOX_MAX, b"")
    while thread.is_alive():
        queue.waiting = 0
        writer.pump()
        assert writer.queued <= OUTBOX_MAX
        thread.join(0.001)
    queue.waiting = 0
    writer.pump()
    assert (len(queue.sent), raised) == (3 * OUTBOX_MAX, [])


def test_client_that_stands_still() -> None:
    """After the timeout it counts as gone, and the reactor is to abort the connection."""
    writer, queue = make_writer(timeout=0.05)
    queue.waiting = ROOM_MAX + 1
    with pytest.raises(ClientGone):
        writer.send([bytes(2 * OUTBOX_MAX)])
    assert writer.gone
    queue.react()
    assert queue.aborted


def test_client_that_leaves_wakes_the_thread() -> None:
    """A thread that waits for room learns at once that nobody is there."""
    writer, queue = make_writer()
    queue.waiting = ROOM_MAX + 1
    thread, raised = in_thread(lambda: writer.send([bytes(3 * OUTBOX_MAX)]))
    until(lambda: writer.queued == OUTBOX_MAX)
    assert writer.abandon()
    thread.join(DEADLINE)
    assert len(raised) == 1
    assert writer.queued == 0
    for call in (lambda: writer.send([b"x"]), lambda: writer.send_soon([b"x"]), lambda: writer.hold([b"x"])):
        with pytest.raises(ClientGone):
            call()


def test_file(tmp_path: Path) -> None:
    """A file goes through the same way, as far as there is any of it."""
    writer, queue = make_writer()
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        assert writer.send_file(file.fileno(), 2, 5) == 5
        assert writer.send_file(file.fileno(), 8, 5) == 2
    queue.react()
    assert queue.sent == b"2345689"
