"""One connection: what it reads, when it answers, how long it waits."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Any

import pytest

from olexd.errors import BadRequest
from olexd.http.channel import LINGER_SECONDS, PIPELINED_MAX, Channel
from olexd.http.incoming import DRAIN_MAX
from olexd.http.limits import Limits
from olexd.http.parser import Head, HeadMemory
from olexd.http.state import State

GET = b"GET /%d HTTP/1.1\r\nHost: a.example\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"


class Transport:
    """A transport that notes what the connection asks of it."""

    def __init__(self) -> None:
        self.socket, self.client = socket.socketpair()
        self.queued = 0
        self.reading = True
        self.calls: list[str] = []
        self.writer: Any = None
        self.tells_departure = False

    def pending(self) -> bool:
        return self.queued > 0

    def unsent(self) -> int:
        return self.queued

    def write(self, data: bytes) -> None:
        self.queued += len(data)

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True

    def loseConnection(self) -> None:
        self.calls.append("lose")

    def loseWriteConnection(self) -> None:
        self.calls.append("half close")

    def abortConnection(self) -> None:
        self.calls.append("abort")


class Intake:
    """Where a body goes."""

    def __init__(self) -> None:
        self.data = b""
        self.finished = False
        self.error: Exception | None = None
        self.room = True

    def feed(self, data: bytes) -> bool:
        self.data += data
        return self.room

    def finish(self, trailers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        assert not self.finished
        self.finished = True

    def fail(self, error: Exception) -> None:
        self.error = error


class Task:
    """What answers a request; it `keeps_waiting` whom it answers or not.

    `probes` counts how often the client was asked whether it is there, which can be done if `can_probe`.
    """

    def __init__(self, keeps_waiting: bool, can_probe: bool = False) -> None:
        self.keeps_waiting = keeps_waiting
        self.can_probe = can_probe
        self.probes = 0

    def probe(self) -> bool:
        self.probes += 1
        return self.can_probe


class Server:
    """Keeps what the connection reports. `at_once` answers each request while it is being started."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.heads = HeadMemory()
        self.targets: list[bytes] = []
        self.intakes: list[Intake] = []
        self.refused: list[int] = []
        self.started = 0
        self.disconnects = 0
        self.at_once: Callable[[Channel], None] | None = None

    def connected(self, channel: Channel) -> None:
        self.channel = channel

    def request(self, channel: Channel, head: Head) -> Intake | None:
        self.targets.append(head.target)
        channel.task = Task(False)
        if head.framing.value == "none":
            return None
        self.intakes.append(Intake())
        return self.intakes[-1]

    def start(self, channel: Channel) -> None:
        self.started += 1
        if self.at_once is not None:
            self.at_once(channel)

    def refuse(self, channel: Channel, error: BadRequest, head: bytes) -> None:
        self.refused.append(error.status)
        channel.answered(False, True)

    def disconnected(self, channel: Channel) -> None:
        self.disconnects += 1


class Connection:
    """A channel with all that is around it. `later` holds what it wants called on the reactor."""

    def __init__(self, **limits: Any) -> None:
        self.server = Server()
        self.server.limits = Limits(**limits)
        self.later: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self.channel = Channel(self.server, lambda call, *args: self.later.append((call, args)), 60.0)
        self.transport = Transport()
        self.channel.transport = self.transport
        self.channel.connectionMade()

    def feed(self, data: bytes) -> None:
        self.channel.dataReceived(data)

    def answer(self, persist: bool = True, in_reactor: bool = True) -> None:
        self.channel.answered(persist, in_reactor)

    def turn(self) -> None:
        """Let the reactor do what it was asked to."""
        calls, self.later = self.later, []
        for call, args in calls:
            call(*args)

    @property
    def intake(self) -> Intake:
        return self.server.intakes[-1]

    @property
    def left(self) -> float:
        """Seconds to the deadline."""
        return self.channel.deadline - time.monotonic()

    def close(self) -> None:
        self.transport.socket.close()
        self.transport.client.close()


Connect = Callable[..., Connection]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes connections with certain limits."""
    made = []

    def make(**limits: Any) -> Connection:
        made.append(Connection(**limits))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def conn(connect: Connect) -> Connection:
    """A connection with the default limits."""
    return connect()


class TestOrder:
    def test_one_after_the_other(self, conn: Connection) -> None:
        """A pipelined request is not even looked at before the previous answer is complete."""
        conn.feed(GET % 1 + GET % 2 + GET % 3)
        for done in (1, 2, 3):
            assert conn.server.targets == [b"/%d" % number for number in range(1, done + 1)]
            conn.answer()
        assert conn.channel.state is State.HEAD

    def test_pool_threads_answer(self, conn: Connection) -> None:
        """The same when pool threads complete the answers: the reactor starts the next request."""
        conn.feed(GET % 1 + GET % 2)
        conn.answer(in_reactor=False)
        assert conn.server.targets == [b"/1"]
        conn.turn()
        assert conn.server.targets == [b"/1", b"/2"]
        conn.answer(in_reactor=False)
        assert conn.later == []
        conn.feed(GET % 3)
        assert conn.server.targets[2:] == [b"/3"]

    def test_split_anywhere(self, connect: Connect) -> None:
        """Two requests are the same two, wherever the network splits them."""
        raw = GET % 1 + POST % 5 + b"hello" + GET % 2
        for place in range(1, len(raw)):
            conn = connect()
            conn.feed(raw[:place])
            conn.feed(raw[place:])
            for _ in range(3):
                conn.answer()
            assert conn.server.targets == [b"/1", b"/", b"/2"]
            assert (conn.intake.data, conn.intake.finished) == (b"hello", True)

    def test_answers_at_once_do_not_recurse(self, conn: Connection) -> None:
        """A thousand pipelined requests that are answered while they start need no deep stack."""
        conn.server.at_once = lambda channel: channel.answered(True, True)
        conn.feed(b"".join(GET % number for number in range(1500)))
        assert conn.server.targets == [b"/%d" % number for number in range(1500)]
        assert conn.channel.state is State.HEAD

    def test_data_between_the_looks_of_a_thread(self, conn: Connection) -> None:
        """What comes in while a pool thread completes the answer is not forgotten."""
        conn.feed(GET % 1)
        conn.answer(in_reactor=False)
        # As if the reactor had seen BUSY just before.
        conn.channel._hold(GET % 2)
        assert conn.server.targets == [b"/1", b"/2"]

    def test_too_much_pauses(self, conn: Connection) -> None:
        """Further requests are taken in up to a bound; reading goes on when they have been served."""
        conn.feed(GET % 1)
        many = b"".join(GET % number for number in range(PIPELINED_MAX // 30))
        conn.feed(many)
        assert not conn.transport.reading
        conn.server.at_once = lambda channel: channel.answered(True, True)
        conn.answer()
        assert conn.transport.reading
        assert len(conn.server.targets) == 1 + many.count(b"GET")

    def test_paused_then_a_body(self, conn: Connection) -> None:
        """A pipelined upload whose body is still to come makes a paused connection read again."""
        conn.feed(GET % 1)
        conn.feed(GET % 2 + POST % 200_000 + b"x" * PIPELINED_MAX)
        assert not conn.transport.reading
        conn.answer()
        assert not conn.transport.reading
        conn.answer()
        assert conn.channel.state is State.BODY
        assert conn.transport.reading

    def test_nothing_after_the_last_answer(self, conn: Connection) -> None:
        """What follows a request that closed the connection is dropped."""
        conn.feed(GET % 1 + GET % 2)
        conn.answer(persist=False)
        conn.feed(GET % 3)
        assert conn.server.targets == [b"/1"]
        assert conn.transport.calls == ["half close"]

    def test_nothing_after_a_refusal(self, conn: Connection) -> None:
        """What follows a malformed head is dropped."""
        conn.feed(b"GET / HTTP/1.1\r\nbad\r\n\r\n" + GET % 1)
        conn.feed(GET % 2)
        assert (conn.server.refused, conn.server.targets) == ([400], [])
        assert conn.channel.state is State.LINGER


class TestBody:
    def test_streams(self, conn: Connection) -> None:
        """A body is handed over as it comes."""
        conn.feed(POST % 10)
        conn.feed(b"12345")
        assert (conn.intake.data, conn.intake.finished) == (b"12345", False)
        conn.feed(b"67890")
        assert (conn.intake.data, conn.intake.finished) == (b"1234567890", True)
        assert conn.channel.state is State.BUSY

    def test_came_with_the_head(self, conn: Connection) -> None:
        """What came with the head is there when the request starts."""
        seen: list[bytes] = []
        conn.server.at_once = lambda channel: seen.append(conn.intake.data)
        conn.feed(POST % 5 + b"hello")
        assert seen == [b"hello"]

    def test_pause_and_resume(self, conn: Connection) -> None:
        """A reader without room pauses the connection until it says otherwise."""
        conn.feed(POST % 100)
        conn.intake.room = False
        conn.feed(b"x")
        assert not conn.transport.reading
        conn.channel.resume()
        assert not conn.transport.reading
        conn.turn()
        assert conn.transport.reading

    @pytest.mark.parametrize("first", [GET % 1, POST % 2 + b"ab"])
    def test_pipelined_for_a_thread(self, conn: Connection, first: bytes) -> None:
        """A body that follows another request is read by the thread that answers, and by nobody else."""
        conn.feed(first + POST % 5 + b"he")
        conn.server.at_once = lambda channel: channel.hand_over()
        conn.answer()
        assert not conn.transport.reading
        conn.transport.client.sendall(b"llo")
        assert conn.channel.receive()
        assert (conn.intake.data, conn.intake.finished) == (b"hello", True)
        conn.answer(in_reactor=False)
        conn.turn()
        assert conn.transport.reading

    def test_resumed_too_late(self, conn: Connection) -> None:
        """A coroutine made room, but a thread reads by now: the reactor leaves the rest to it."""
        conn.feed(POST % 5)
        conn.intake.room = False
        conn.feed(b"he")
        conn.channel.resume()
        conn.channel.hand_over()
        conn.turn()
        assert not conn.transport.reading
        conn.transport.client.sendall(b"llo")
        assert conn.channel.receive()
        assert conn.intake.data == b"hello"
        conn.channel.take_back()
        assert conn.transport.reading

    def test_chunked(self, conn: Connection) -> None:
        """A chunked body ends where it says, and the next request follows."""
        conn.feed(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + GET % 2)
        assert (conn.intake.data, conn.intake.finished) == (b"abc", True)
        conn.answer()
        assert conn.server.targets == [b"/", b"/2"]

    def test_malformed_chunk(self, conn: Connection) -> None:
        """A malformed chunk fails the reader and ends the connection after the answer, whatever that says."""
        conn.feed(CHUNKED + b"3\r\nabc\r\nzz\r\n" + b"0\r\n\r\n" + GET % 2)
        assert isinstance(conn.intake.error, BadRequest)
        assert conn.intake.error.status == 400
        assert not conn.intake.finished
        conn.answer(persist=True)
        conn.feed(b"0\r\n\r\n" + GET % 3)
        assert conn.server.targets == [b"/"]
        assert conn.channel.state is State.LINGER

    def test_malformed_chunk_in_the_drain(self, conn: Connection) -> None:
        """The same after the answer: nothing that follows is taken for a request."""
        conn.feed(CHUNKED + b"3\r\n")
        conn.answer()
        assert conn.channel.state is State.DRAIN
        conn.feed(b"abcd\r\n0\r\n\r\n" + GET % 2)
        assert conn.server.targets == [b"/"]
        assert conn.channel.state is State.LINGER

    def test_unread_rest_is_drained(self, conn: Connection) -> None:
        """The rest of an answered request's body is dropped, and the connection lives on."""
        conn.feed(POST % 10 + b"12345")
        conn.answer()
        assert conn.channel.state is State.DRAIN
        conn.feed(b"67890" + GET % 2)
        assert conn.server.targets == [b"/", b"/2"]
        assert conn.intake.data == b"12345"

    def test_paused_rest_is_drained(self, conn: Connection) -> None:
        """An answered request no longer holds its connection back."""
        conn.feed(POST % 10)
        conn.intake.room = False
        conn.feed(b"12345")
        conn.answer()
        assert conn.transport.reading
        assert conn.left == pytest.approx(20, abs=1)

    def test_long_rest_is_not_drained(self, conn: Connection) -> None:
        """More than a mebibyte is not worth reading for a connection."""
        conn.feed(POST % (2 * DRAIN_MAX))
        conn.answer()
        for _ in range(DRAIN_MAX // 65536 + 1):
            conn.feed(b"x" * 65536)
        assert conn.channel.state is State.LINGER

    def test_no_more_to_an_answered_request(self, conn: Connection) -> None:
        """After an answer that closes, the rest of the body reaches nobody and stops nothing."""
        conn.feed(POST % 1_000_000)
        conn.intake.room = False
        conn.answer(persist=False)
        conn.feed(b"x" * 100_000)
        assert conn.intake.data == b""
        assert conn.transport.reading


class TestDeadlines:
    def test_first_head(self, conn: Connection) -> None:
        """The first head has its time from the start of the connection."""
        assert conn.left == pytest.approx(20, abs=1)

    def test_slow_head(self, conn: Connection) -> None:
        """A head that does not arrive in time is answered with 408."""
        conn.feed(b"GET / HT")
        conn.channel.timed_out(time.monotonic())
        assert conn.server.refused == [408]
        assert conn.channel.state is State.LINGER

    def test_silent_client(self, conn: Connection) -> None:
        """A client that sent nothing is owed nothing."""
        conn.channel.timed_out(time.monotonic())
        assert conn.server.refused == []
        assert conn.transport.calls == ["lose"]

    def test_head_rate(self, connect: Connect) -> None:
        """Bytes that arrive prolong the head's time, up to the most."""
        conn = connect(header_timeout=10.0, header_timeout_max=15.0, header_min_rate=10)
        conn.feed(b"GET / HTTP/1.1\r\nA: 2345")
        assert conn.left == pytest.approx(12, abs=1)
        conn.feed(b"b" * 200)
        assert conn.left == pytest.approx(15, abs=1)

    def test_head_without_rate(self, connect: Connect) -> None:
        """Without a rate nothing prolongs the head's time, and without a most nothing shortens it."""
        conn = connect(header_timeout=10.0, header_timeout_max=0.0, header_min_rate=0)
        conn.feed(b"GET / HT")
        assert conn.left == pytest.approx(10, abs=1)

    def test_head_without_limit(self, connect: Connect) -> None:
        """A limit of 0 is none."""
        conn = connect(header_timeout=0.0, header_timeout_max=0.0, header_min_rate=0)
        assert conn.channel.deadline == inf
        conn.feed(b"GET / HT")
        assert conn.channel.deadline == inf

    def test_no_deadline_while_we_work(self, conn: Connection) -> None:
        """A request that has arrived may be answered as slowly as it likes."""
        conn.feed(GET % 1)
        assert conn.channel.deadline == inf
        conn.channel.timed_out(time.monotonic())
        assert conn.transport.calls == []

    @pytest.mark.parametrize("in_reactor", [True, False])
    def test_keep_alive(self, conn: Connection, in_reactor: bool) -> None:
        """An idle connection is kept for its time, then closed without a word."""
        conn.channel.keep_alive_timeout = 7.0
        conn.feed(GET % 1)
        conn.answer(in_reactor=in_reactor)
        assert conn.left == pytest.approx(7, abs=1)
        conn.channel.timed_out(time.monotonic())
        assert (conn.transport.calls, conn.server.refused) == (["lose"], [])

    def test_second_head(self, conn: Connection) -> None:
        """The time of a later head begins with its first byte."""
        conn.feed(GET % 1)
        conn.answer()
        conn.feed(b"G")
        assert conn.left == pytest.approx(20, abs=1)
        conn.channel.timed_out(time.monotonic())
        assert conn.server.refused == [408]

    def test_slow_body(self, conn: Connection) -> None:
        """A body that does not arrive in time fails its reader; the connection is not reset meanwhile."""
        conn.feed(POST % 10 + b"1")
        assert conn.left == pytest.approx(20, abs=1)
        conn.channel.timed_out(time.monotonic())
        assert isinstance(conn.intake.error, TimeoutError)
        assert conn.transport.calls == []

    def test_body_rate(self, connect: Connect) -> None:
        """Bytes that arrive prolong the body's time."""
        conn = connect(body_timeout=10.0, body_min_rate=10)
        conn.feed(POST % 1000 + b"x" * 100)
        assert conn.left == pytest.approx(20, abs=1)

    def test_standstill(self, conn: Connection) -> None:
        """A client that has earned hours by what it sent must not stand still for longer than Timeout."""
        conn.feed(POST % 10_000_000)
        conn.feed(b"x" * 1_000_000)
        assert conn.left == pytest.approx(60, abs=1)

    @pytest.mark.parametrize(("seconds", "expected"), [(10.0, 10), (0.0, 60)])
    def test_body_without_rate(self, connect: Connect, seconds: float, expected: float) -> None:
        """Without a rate the body's time is fixed; with a limit of 0 only Timeout counts."""
        conn = connect(body_timeout=seconds, body_min_rate=0)
        conn.feed(POST % 1000 + b"x" * 100)
        assert conn.left == pytest.approx(expected, abs=1)

    def test_body_that_waits_for_us(self, conn: Connection) -> None:
        """While we do not read, the client cannot be late."""
        conn.feed(POST % 10)
        conn.intake.room = False
        conn.feed(b"1")
        conn.channel.timed_out(time.monotonic() + 100)
        assert conn.intake.error is None

    def test_body_that_waits_for_100(self, conn: Connection) -> None:
        """A client that waits to be invited has its time from the invitation."""
        conn.feed(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert conn.channel.deadline == inf
        conn.channel.invited()
        assert conn.left == pytest.approx(20, abs=1)
        conn.feed(b"hello")
        conn.channel.invited()
        assert conn.channel.deadline == inf

    def test_drain_that_stalls(self, conn: Connection) -> None:
        """An answered request whose body never comes is reset, also when its reader had given up."""
        conn.feed(POST % 10 + b"1")
        conn.channel.timed_out(time.monotonic())
        conn.answer()
        assert conn.left == pytest.approx(20, abs=1)
        conn.channel.timed_out(time.monotonic())
        assert conn.transport.calls == ["abort"]

    def test_linger(self, conn: Connection) -> None:
        """A closing connection is closed after a while without a reset, which would undo our last bytes."""
        conn.feed(GET % 1)
        conn.answer(persist=False)
        assert conn.left == pytest.approx(LINGER_SECONDS, abs=1)
        conn.channel.timed_out(time.monotonic())
        assert conn.transport.calls == ["half close", "lose"]

    @pytest.mark.parametrize("persist", [True, False])
    def test_slow_reader(self, conn: Connection, persist: bool) -> None:
        """As long as the client takes what is queued, the connection stays; one that stalls is reset."""
        conn.feed(GET % 1)
        conn.transport.queued = 1000
        conn.answer(persist)
        before = list(conn.transport.calls)
        conn.channel.timed_out(time.monotonic())
        assert conn.left == pytest.approx(60, abs=1)
        conn.transport.queued = 500
        conn.channel.timed_out(time.monotonic())
        assert conn.left == pytest.approx(60, abs=1)
        assert conn.transport.calls == before
        conn.channel.timed_out(time.monotonic())
        assert conn.transport.calls == [*before, "abort"]

    @pytest.mark.parametrize(("persist", "seconds"), [(True, 5), (False, LINGER_SECONDS)])
    def test_time_begins_when_all_is_sent(self, conn: Connection, persist: bool, seconds: float) -> None:
        """What is waited for after an answer begins when the answer has been sent."""
        conn.feed(GET % 1)
        conn.transport.queued = 1000
        conn.answer(persist)
        conn.channel.timed_out(time.monotonic())
        conn.transport.queued = 0
        conn.channel.drained()
        assert conn.left == pytest.approx(seconds, abs=1)


class TestClientLeaves:
    @pytest.mark.parametrize(
        ("raw", "answered", "state"),
        [
            (b"", None, State.HEAD),
            (b"GET / HT", None, State.HEAD),
            (GET % 1, None, State.BUSY),
            (POST % 5, None, State.BODY),
            (POST % 5, True, State.DRAIN),
            (GET % 1, False, State.LINGER),
        ],
    )
    def test_in_every_state(self, conn: Connection, raw: bytes, answered: bool | None, state: State) -> None:
        """A lost connection is told to the server once, and nothing more happens on it."""
        conn.feed(raw)
        if answered is not None:
            conn.answer(answered)
        assert conn.channel.state is state
        conn.channel.connectionLost()
        assert conn.server.disconnects == 1
        assert conn.channel.state is State.CLOSED
        assert conn.channel.deadline == inf
        assert conn.channel.writer.gone
        conn.feed(GET % 2)
        assert len(conn.server.targets) == (1 if raw.endswith(b"\r\n\r\n") else 0)

    def test_reader_of_the_body(self, conn: Connection) -> None:
        """Whoever reads the body of a lost connection gets an error."""
        conn.feed(POST % 5 + b"123")
        conn.channel.connectionLost()
        assert isinstance(conn.intake.error, ConnectionError)

    @pytest.mark.parametrize("persist", [True, False])
    @pytest.mark.parametrize("in_reactor", [True, False])
    def test_answer_after_that(self, conn: Connection, persist: bool, in_reactor: bool) -> None:
        """An answer that is completed too late changes nothing."""
        conn.feed(GET % 1)
        conn.channel.connectionLost()
        conn.answer(persist, in_reactor)
        conn.turn()
        assert conn.channel.state is State.CLOSED
        assert conn.transport.calls == []

    def test_waiting_for_room(self, conn: Connection) -> None:
        """Whoever waits until everything is sent is woken when the client leaves."""
        conn.feed(GET % 1)
        conn.transport.queued = 10
        woken: list[None] = []
        conn.channel.when_drained().addCallback(woken.append)
        assert woken == []
        conn.channel.connectionLost()
        assert woken == [None]
        conn.channel.when_drained().addCallback(woken.append)
        assert woken == [None, None]


class TestHalfClose:
    def test_owed_an_answer(self, conn: Connection) -> None:
        """A client that closed its sending side gets the answer to what it asked, then it ends."""
        conn.feed(GET % 1)
        assert conn.channel.answer_pending()
        conn.answer(in_reactor=False)
        conn.turn()
        assert conn.transport.calls == ["lose"]

    def test_pipelined(self, conn: Connection) -> None:
        """The same for all that it asked."""
        conn.feed(GET % 1 + GET % 2)
        assert conn.channel.answer_pending()
        conn.answer()
        assert conn.server.targets == [b"/1", b"/2"]
        assert conn.transport.calls == []
        conn.answer()
        assert conn.transport.calls == ["lose"]

    def test_pipelined_with_half_a_body(self, conn: Connection) -> None:
        """The rest of a body that will never come is not waited for."""
        conn.feed(GET % 1 + POST % 5 + b"he")
        assert conn.channel.answer_pending()
        conn.answer()
        assert conn.intake.data == b"he"
        assert isinstance(conn.intake.error, ConnectionError)
        conn.answer()
        assert conn.channel.state is State.LINGER

    def test_while_a_thread_completes_the_answer(self, conn: Connection) -> None:
        """A thread that has just taken leave of the request is no error."""
        conn.feed(GET % 1)
        conn.channel.task = None
        assert conn.channel.answer_pending()

    @pytest.mark.parametrize("raw", [b"", b"GET / HT", POST % 5])
    def test_owed_nothing(self, conn: Connection, raw: bytes) -> None:
        """Without a complete request there is nothing to answer."""
        conn.feed(raw)
        assert not conn.channel.answer_pending()

    @pytest.mark.parametrize("can_probe", [True, False])
    def test_waiting_request(self, conn: Connection, can_probe: bool) -> None:
        """A request that waits for something on the reactor ends with its client if that cannot be asked."""
        conn.feed(GET % 1)
        conn.channel.task = Task(True, can_probe)
        assert conn.channel.answer_pending() is can_probe

    def test_asked_once(self, conn: Connection) -> None:
        """A request that waits several times asks its client once."""
        conn.feed(GET % 1)
        task = conn.channel.task = Task(True, True)
        assert conn.channel.answer_pending()
        conn.channel.answer_waits()
        conn.channel.answer_waits()
        assert (task.probes, conn.transport.calls) == (1, [])

    def test_unix_socket(self, conn: Connection) -> None:
        """Where leaving altogether shows by itself nobody has to be asked."""
        conn.feed(GET % 1)
        conn.transport.tells_departure = True
        task = conn.channel.task = Task(True)
        assert conn.channel.answer_pending()
        assert task.probes == 0

    def test_request_that_begins_to_wait(self, conn: Connection) -> None:
        """The same when it only begins to wait after the client's last byte."""
        conn.feed(GET % 1)
        conn.channel.answer_waits()
        assert conn.transport.calls == []
        assert conn.channel.answer_pending()
        conn.channel.answer_waits()
        assert conn.transport.calls == ["abort"]

    @pytest.mark.parametrize("persist", [True, False])
    def test_answer_still_queued(self, conn: Connection, persist: bool) -> None:
        """An answer of which some is still queued is sent to its end."""
        conn.feed(GET % 1)
        conn.transport.queued = 10
        conn.answer(persist)
        assert conn.channel.answer_pending()
        assert conn.transport.calls[-1] == "lose"


class TestRoom:
    """A coroutine that waits until the client has taken what was sent."""

    def test_nothing_queued(self, conn: Connection) -> None:
        """Room is told after the reactor's next turn, so that others come in between."""
        conn.feed(GET % 1)
        told: list[object] = []
        conn.channel.room().addCallback(told.append)
        assert told == []
        conn.turn()
        assert told == [None]

    def test_when_all_is_sent(self, conn: Connection) -> None:
        """It is told once the transport has sent everything."""
        conn.feed(GET % 1)
        conn.transport.queued = 100_000
        told: list[object] = []
        conn.channel.room().addCallback(told.append)
        conn.turn()
        assert told == []
        conn.transport.queued = 0
        conn.channel.drained()
        assert told == [None]
        assert conn.channel.outlet.deadline == inf

    def test_client_takes_something(self, conn: Connection) -> None:
        """A client that takes a little within Timeout gets more time; one that takes nothing is given up."""
        conn.feed(GET % 1)
        conn.transport.queued = 100_000
        conn.channel.room()
        late = conn.channel.outlet.deadline + 1
        conn.transport.queued = 99_999
        conn.channel.timed_out(late)
        assert conn.transport.calls == []
        assert conn.channel.outlet.deadline == late + 60.0
        conn.channel.timed_out(conn.channel.outlet.deadline + 1)
        assert conn.transport.calls == ["abort"]

    def test_client_leaves(self, conn: Connection) -> None:
        """Who waits for room is woken, and finds the client gone; cancelling before that is no failure."""
        conn.feed(GET % 1)
        conn.transport.queued = 100_000
        told: list[object] = []
        room = conn.channel.room()
        room.addCallback(told.append)
        conn.channel.writer.gone = True
        room.cancel()
        conn.channel.connectionLost()
        assert told == [None]


class TestTalk:
    """A connection that a connection handler has taken."""

    @pytest.fixture
    def intake(self, conn: Connection) -> Intake:
        intake = Intake()
        conn.channel.talk(intake)
        return intake

    def test_everything_goes_to_the_handler(self, conn: Connection, intake: Intake) -> None:
        """Nothing is parsed, and there is no deadline for a head."""
        conn.feed(GET % 1)
        conn.feed(b"\xff")
        assert intake.data == GET % 1 + b"\xff"
        assert (conn.server.targets, conn.channel.deadline) == ([], inf)

    def test_no_room(self, conn: Connection, intake: Intake) -> None:
        """A handler that does not read stops the reading."""
        intake.room = False
        conn.feed(b"much")
        assert not conn.transport.reading
        conn.channel.resume()
        conn.turn()
        assert conn.transport.reading

    def test_end(self, conn: Connection, intake: Intake) -> None:
        """The client's last byte ends the input, not the connection."""
        assert conn.channel.answer_pending()
        assert intake.finished
        conn.channel.hang_up()
        assert conn.transport.calls == ["lose"]

    def test_waiting_too_long(self, conn: Connection, intake: Intake) -> None:
        """A coroutine that waits for input gets a TimeoutError after Timeout; what comes ends the wait."""
        conn.channel.signal()
        assert 59 < conn.left <= 60
        conn.feed(b"x")
        assert conn.channel.deadline == inf
        conn.channel.signal()
        conn.channel.timed_out(conn.channel.deadline + 1)
        assert isinstance(intake.error, TimeoutError)

    def test_no_longer_waiting(self, conn: Connection, intake: Intake) -> None:
        """Whoever was cancelled waits no longer."""
        waiting = conn.channel.signal()
        waiting.addErrback(lambda failure: None)
        waiting.cancel()
        assert conn.channel.deadline == inf

    def test_in_a_thread(self, conn: Connection, intake: Intake) -> None:
        """A pool thread reads the socket itself, up to the end."""
        conn.channel.hand_over()
        assert not conn.transport.reading
        conn.transport.client.sendall(b"abc")
        assert conn.channel.receive()
        assert intake.data == b"abc"
        conn.transport.client.shutdown(socket.SHUT_WR)
        assert conn.channel.receive()
        assert intake.finished

    def test_declined(self, conn: Connection, intake: Intake) -> None:
        """HTTP begins with what the handler has not read."""
        conn.channel.hand_over()
        conn.channel.speak_http(GET % 1 + b"GET /2 HT")
        assert conn.server.targets == [b"/1"]
        assert conn.transport.reading
        conn.answer()
        conn.feed(b"TP/1.1\r\nHost: a.example\r\n\r\n")
        assert conn.server.targets == [b"/1", b"/2"]

    def test_client_leaves(self, conn: Connection, intake: Intake) -> None:
        """The handler's input fails; when the handler is done the server is told once more."""
        conn.channel.connectionLost()
        assert isinstance(intake.error, ConnectionError)
        conn.channel.hang_up()
        assert conn.server.disconnects == 2
        assert conn.transport.calls == []

    def test_declined_too_late(self, conn: Connection, intake: Intake) -> None:
        """Nothing is read from a connection that is gone."""
        conn.channel.connectionLost()
        conn.channel.speak_http(GET % 1)
        assert conn.server.targets == []


class TestRetire:
    def test_idle(self, conn: Connection) -> None:
        """A connection on which nothing is asked is closed."""
        conn.channel.retire()
        assert conn.transport.calls == ["lose"]

    def test_talk(self, conn: Connection) -> None:
        """A connection handler reads no more, but may still say something."""
        conn.channel.talk(Intake())
        conn.channel.retire()
        assert conn.transport.socket.recv(10) == b""
        conn.transport.socket.send(b"bye")
        assert conn.transport.client.recv(10) == b"bye"

    @pytest.mark.parametrize("raw", [b"GET /", GET % 1])
    def test_at_work(self, conn: Connection, raw: bytes) -> None:
        """One with a request is left alone."""
        conn.feed(raw)
        conn.channel.retire()
        assert conn.transport.calls == []


def test_cut_off(conn: Connection) -> None:
    """Who still reads the body of a request that was answered for gets an error; the socket stays lent."""
    conn.feed(POST % 10 + b"12345")
    conn.channel.writer.lend()
    conn.channel.cut_off()
    assert isinstance(conn.intake.error, ConnectionError)
    assert conn.transport.calls == ["half close"]
    assert conn.channel.writer.lent
    conn.answer(False, in_reactor=False)
    assert not conn.channel.writer.lent
