"""A request's body between the connection that feeds it and whoever reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from olexd.errors import BadRequest
from olexd.http.writer import READ_SIZE
from olexd.model.body import HIGH_WATER, LARGE, LOW_WATER, Body

DEADLINE = 10.0


class Source:
    """The connection: counts how often it may go on."""

    def __init__(self) -> None:
        self.resumed = 0

    def resume(self) -> None:
        self.resumed += 1

    def receive(self, most: int) -> bool:
        """The reactor feeds."""
        return False

    def signal(self) -> Deferred[None]:
        return Deferred()


@pytest.fixture
def source() -> Source:
    """A connection."""
    return Source()


def whole(data: bytes, length: int | None = None) -> Body:
    """Return a body that has arrived completely."""
    body = Body(Source(), length)
    if data:
        body.feed(data)
    body.finish()
    return body


def in_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Run a blocking read as a pool thread would; what it returns or raises ends up in the list."""
    results: list[object] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, results


def on_reactor(coroutine: Coroutine[Any, Any, bytes]) -> list[object]:
    """Drive a coroutine as the site does; its result or error ends up in the list."""
    results: list[object] = []

    def drive(_: object = None) -> None:
        try:
            wish = coroutine.send(None)
        except StopIteration as stop:
            results.append(stop.value)
        except Exception as error:
            results.append(error)
        else:
            wish.addBoth(drive)

    drive()
    return results


class TestRead:
    def test_exact(self) -> None:
        """read(n) returns exactly n bytes until the end, then what is left, then nothing, again and again."""
        body = whole(b"1234567890")
        assert [body.read(4), body.read(4), body.read(4), body.read(4), body.read()] == [
            b"1234",
            b"5678",
            b"90",
            b"",
            b"",
        ]

    def test_all(self) -> None:
        """read() returns all that is left."""
        body = whole(b"1234567890")
        body.read(3)
        assert body.read() == b"4567890"
        assert body.exhausted

    def test_zero(self) -> None:
        """read(0) touches nothing."""
        body = whole(b"123")
        assert body.read(0) == body.readline(0) == b""
        assert not body.started

    def test_no_body(self) -> None:
        """A request without a body reads as an empty one."""
        body = Body(None, 0)
        assert (body.read(), body.read(5), body.readline(), body.readlines()) == (b"", b"", b"", [])
        assert body.exhausted
        assert body.discard() == 0

    @pytest.mark.parametrize("size", [10, LOW_WATER, LOW_WATER + 1, 3 * HIGH_WATER, -1])
    def test_waits_for_all_of_it(self, size: int) -> None:
        """However it arrives, a read gives as much as it promises."""
        data = bytes(range(256)) * (4 * HIGH_WATER // 256)
        body = Body(Source(), len(data))
        thread, got = in_thread(lambda: body.read(size))
        for place in range(0, len(data), 60_000):
            body.feed(data[place : place + 60_000])
        body.finish()
        thread.join(DEADLINE)
        assert got == [data[:size] if size > 0 else data]
        assert body.read() == (data[size:] if size > 0 else b"")

    def test_first_reader_is_told(self) -> None:
        """The first read, and only that, makes the call that invites the client to send."""
        calls: list[int] = []
        body = Body(Source(), 5)
        body.on_first_read(lambda: calls.append(len(calls)))
        body.feed(b"hello")
        body.read(0)
        assert calls == []
        body.read(2)
        body.read(2)
        assert calls == [0]
        assert body.started


class TestLines:
    def test_lines(self) -> None:
        """readline() returns lines with their ends, the last one without if it has none."""
        body = whole(b"one\ntwo\n\nthree")
        assert [body.readline() for _ in range(5)] == [b"one\n", b"two\n", b"\n", b"three", b""]

    def test_limited(self) -> None:
        """readline(n) returns at most n bytes, and the next call goes on in the same line."""
        body = whole(b"one\ntwo\n")
        assert [body.readline(2), body.readline(9), body.readline(4), body.readline(1)] == [
            b"on",
            b"e\n",
            b"two\n",
            b"",
        ]

    def test_mixed_with_read(self) -> None:
        """No byte is lost or doubled when lines and blocks are read in turn."""
        body = whole(b"one\ntwo\nthree\nfour")
        assert body.readline() + body.read(5) + body.readline() + body.read() == b"one\ntwo\nthree\nfour"

    def test_line_longer_than_the_buffer(self) -> None:
        """A line of any length is returned whole."""
        line = b"x" * (3 * HIGH_WATER) + b"\n"
        body = Body(Source(), None)
        thread, got = in_thread(body.readline)
        for place in range(0, len(line), 50_000):
            body.feed(line[place : place + 50_000])
        thread.join(DEADLINE)
        assert got == [line]

    def test_does_not_wait_for_more_than_a_line(self) -> None:
        """A line that is there is returned although the body goes on."""
        body = Body(Source(), None)
        body.feed(b"line\nrest")
        assert body.readline() == b"line\n"

    @pytest.mark.parametrize(
        ("hint", "expected"), [(-1, 4), (0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (100, 4)]
    )
    def test_readlines(self, hint: int, expected: int) -> None:
        """readlines(hint) returns whole lines until they are `hint` bytes; the first one always."""
        lines = [b"one\n", b"two\n", b"four\n", b"end"]
        body = whole(b"".join(lines))
        assert body.readlines(hint) == lines[:expected]
        assert body.read() == b"".join(lines[expected:])


class TestBackPressure:
    def test_bounds(self, source: Source) -> None:
        """Above the high mark the connection pauses, below the low mark it is told once to go on."""
        body = Body(source, None)
        assert body.feed(b"x" * HIGH_WATER) is True
        assert body.feed(b"x") is False
        body.read(HIGH_WATER - LOW_WATER)
        assert source.resumed == 0
        body.read(2)
        assert source.resumed == 1
        body.read(100)
        assert source.resumed == 1
        assert body.feed(b"x") is True

    def test_a_pause_is_never_forgotten(self, source: Source) -> None:
        """What is fed while the connection is paused does not end the pause: only a reader does."""
        body = Body(source, None)
        assert body.feed(b"x" * (HIGH_WATER + 100)) is False
        body.read(8000)
        assert body.feed(b"x") is False
        body.read(HIGH_WATER - 8000)
        assert source.resumed == 1

    def test_large_read_is_bounded(self, source: Source) -> None:
        """Somebody who reads everything at once takes it in blocks: nobody waits for ever."""
        body = Body(source, 4 * HIGH_WATER)
        thread, got = in_thread(lambda: len(body.read(4 * HIGH_WATER)))
        for _ in range(4):
            body.feed(b"x" * HIGH_WATER)
        thread.join(DEADLINE)
        assert got == [4 * HIGH_WATER]


class TestFailures:
    def test_client_leaves(self) -> None:
        """What has arrived can be read; what would need more raises OSError, again and again."""
        body = Body(Source(), 10)
        body.feed(b"12345")
        body.fail(ConnectionError("gone"))
        assert body.read(3) == b"123"
        for _ in range(2):
            with pytest.raises(OSError, match=r"^Client read error \(Timeout\?\)$"):
                body.read(5)

    @pytest.mark.parametrize("read", [Body.read, Body.readline, Body.readlines])
    def test_waiting_reader(self, read: Callable[[Body], object]) -> None:
        """A reader that waits is woken by the failure."""
        body = Body(Source(), 10)
        thread, got = in_thread(lambda: read(body))
        body.feed(b"12345")
        body.fail(TimeoutError("slow"))
        thread.join(DEADLINE)
        assert isinstance(got[0], OSError)

    def test_malformed(self) -> None:
        """A malformed body raises the status it is to be answered with."""
        body = Body(Source(), None)
        body.fail(BadRequest(400, "bad chunk"))
        with pytest.raises(BadRequest) as caught:
            body.read()
        assert (caught.value.status, body.refusal, body.discard()) == (400, 400, 400)

    def test_too_long(self) -> None:
        """More than the limit raises 413, keeps nothing in memory, and stops nothing."""
        body = Body(Source(), None)
        body.limit = 10
        assert body.feed(b"1234567890")
        assert body.refusal == 0
        assert body.feed(b"1")
        assert body.feed(b"x" * 2 * HIGH_WATER)
        assert body.refusal == 413
        with pytest.raises(BadRequest):
            body.read(1)

    def test_limit_is_inclusive(self) -> None:
        """A body of exactly the limit is read."""
        body = Body(Source(), None)
        body.limit = 5
        body.feed(b"12345")
        body.finish()
        assert body.read() == b"12345"

    def test_failed_is_not_exhausted(self) -> None:
        """A body that failed never looks like one that was read to its end."""
        body = Body(Source(), 10)
        body.fail(ConnectionError("gone"))
        assert not body.exhausted
        assert body.refusal == 0

    @pytest.mark.parametrize(
        ("error", "status"), [(None, 0), (ConnectionError("gone"), 400), (BadRequest(413, "long"), 413)]
    )
    def test_discard(self, error: Exception | None, status: int) -> None:
        """discard() drops the rest and says how that went."""
        body = Body(Source(), 10)
        body.feed(b"12345")
        if error:
            body.fail(error)
        else:
            body.finish()
        assert body.discard() == status


class TestCoroutines:
    def test_waits(self) -> None:
        """aread(n) waits on the reactor for exactly n bytes."""
        body = Body(Source(), 10)
        got = on_reactor(body.aread(6))
        body.feed(b"12345")
        assert got == []
        body.feed(b"67890")
        assert got == [b"123456"]
        body.finish()
        assert on_reactor(body.aread()) == [b"7890"]
        assert on_reactor(body.aread(1)) == [b""]

    @pytest.mark.parametrize("size", [LOW_WATER + 1, -1])
    def test_much(self, size: int, source: Source) -> None:
        """More than the buffer holds is taken as it comes."""
        body = Body(source, 4 * HIGH_WATER)
        got = on_reactor(body.aread(size))
        for _ in range(8):
            assert body.feed(b"x" * (HIGH_WATER // 2)) or size > 0
        body.finish()
        assert got == [b"x" * (size if size > 0 else 4 * HIGH_WATER)]

    def test_failure(self) -> None:
        """A coroutine that waits is woken by the failure."""
        body = Body(Source(), 10)
        got = on_reactor(body.aread())
        body.fail(ConnectionError("gone"))
        assert isinstance(got[0], OSError)

    def test_nothing_to_wait_for(self) -> None:
        """aread(0), and aread() of no body, return at once."""
        assert on_reactor(Body(Source(), 10).aread(0)) == [b""]
        assert on_reactor(Body(None, 0).aread()) == [b""]

    def test_lines(self, source: Source) -> None:
        """areadline() waits for a line's end, or for as much as it may give."""
        body = Body(source, None)
        got = on_reactor(body.areadline())
        body.feed(b"on")
        assert got == []
        body.feed(b"e\ntwo\nlast")
        assert got == [b"one\n"]
        assert on_reactor(body.areadline(2)) == [b"tw"]
        assert on_reactor(body.areadline()) == [b"o\n"]
        got = on_reactor(body.areadline())
        body.finish()
        assert got == [b"last"]
        assert on_reactor(body.areadline()) == [b""]
        assert on_reactor(body.areadline(0)) == [b""]

    def test_a_line_without_an_end(self, source: Source) -> None:
        """A limited line is never waited for beyond its limit."""
        body = Body(source, None)
        got = on_reactor(body.areadline(3 * LOW_WATER))
        for _ in range(6):
            body.feed(b"x" * LOW_WATER)
        assert got == [b"x" * (3 * LOW_WATER)]


class PulledSource(Source):
    """A connection whose bytes a pool thread reads itself: notes how many were asked for, and gives half."""

    def __init__(self) -> None:
        super().__init__()
        self.body: Body | None = None
        self.asked: list[int] = []

    def receive(self, most: int) -> bool:
        """Feed what comes."""
        assert self.body is not None
        self.asked.append(most)
        self.body.feed(b"x" * ((most + 1) // 2))
        return True


def test_a_large_block_ends_where_it_was_received() -> None:
    """No more is received than a large read lacks, so that the next one need not be pieced together."""
    source = PulledSource()
    body = source.body = Body(source, None)
    assert len(body.read(LARGE)) == LARGE
    assert source.asked[:2] == [LARGE, LARGE // 2]
    assert body.rest() == b""


def test_small_reads_share_what_is_received() -> None:
    """Many small reads cost one system call."""
    source = PulledSource()
    body = source.body = Body(source, None)
    assert [len(body.read(100)) for _ in range(50)] == [100] * 50
    assert source.asked == [READ_SIZE]


class TestReceiving:
    """What connection handlers read: whatever has come."""

    def test_what_has_come(self, source: Source) -> None:
        """read_some(n) gives what there is, at most n bytes, then nothing."""
        body = Body(source, None)
        body.feed(b"12345")
        assert [body.read_some(3), body.read_some(3)] == [b"123", b"45"]
        body.finish()
        assert body.read_some(3) == b""

    def test_coroutine(self, source: Source) -> None:
        """aread_some() waits for the first byte."""
        body = Body(source, None)
        got = on_reactor(body.aread_some(3))
        assert got == []
        body.feed(b"12345")
        assert got == [b"123"]
        assert body.rest() == b"45"
        got = on_reactor(body.aread_some(3))
        body.fail(ConnectionError("gone"))
        assert isinstance(got[0], OSError)

    def test_failure_after_data(self, source: Source) -> None:
        """What came before a failure is given first."""
        body = Body(source, None)
        body.feed(b"1")
        body.fail(ConnectionError("gone"))
        assert body.read_some(3) == b"1"
        with pytest.raises(OSError):
            body.read_some(3)


class TestTrailers:
    """Fields behind a body."""

    def test_told_at_the_end(self, source: Source) -> None:
        """Who waits for the end is called once, when everything has been read."""
        body, told = Body(source, None), []
        body.on_end(lambda: told.append(body.trailers))
        body.feed(b"abc")
        body.finish([(b"X", b"1")])
        assert (body.read(2), told) == (b"ab", [])
        assert (body.read(), body.read(), told) == (b"c", b"", [[(b"X", b"1")]])

    def test_not_told_without_reading(self, source: Source) -> None:
        """Nobody is called for a body that nobody reads."""
        body, told = Body(source, None), []
        body.on_end(lambda: told.append(1))
        body.feed(b"abc")
        body.finish([(b"X", b"1")])
        assert (body.trailers, told) == ([(b"X", b"1")], [])
