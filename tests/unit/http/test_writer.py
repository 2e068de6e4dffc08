"""Sending on a connection's socket, and who closes it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest

from olexd.errors import ClientGone
from olexd.http.writer import HELD_MAX, JOIN_MAX, WRITE_FAILED, SocketWriter

DEADLINE = 10.0


class Queue:
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        self.queued = b""

    def write(self, data: bytes) -> None:
        self.queued += data

    def pending(self) -> bool:
        return bool(self.queued)


class Pair:
    """A writer and the client at the other end of its socket, both with small buffers."""

    def __init__(self, timeout: float = DEADLINE) -> None:
        ours, self.client = socket.socketpair()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.client.settimeout(DEADLINE)
        self.transport = Queue()
        self.writer = SocketWriter(ours, self.transport, timeout)

    def received(self, size: int) -> bytes:
        """Read exactly `size` bytes as the client (fewer when the server closed)."""
        parts = []
        while size and (part := self.client.recv(min(size, 65536))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def fill(self) -> int:
        """Send until the socket takes no more; return how many bytes that were."""
        filled = 0
        try:
            while True:
                filled += self.writer.sock.send(b"." * 1024)
        except BlockingIOError:
            return filled

    def close(self) -> None:
        self.writer.sock.close()
        self.client.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A connected writer."""
    pair = Pair()
    yield pair
    pair.close()


@pytest.fixture
def impatient() -> Iterator[Pair]:
    """A writer that waits a twentieth of a second for room."""
    pair = Pair(0.05)
    yield pair
    pair.close()


def pattern(size: int) -> bytes:
    """Bytes in which a lost, doubled or swapped block shows."""
    return b"".join(b"%07d\n" % number for number in range(size // 8 + 1))[:size]


def read_in_thread(pair: Pair, size: int) -> tuple[threading.Thread, list[bytes]]:
    """Let a thread be the client."""
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(pair.received(size)), daemon=True)
    thread.start()
    return thread, got


class TestSend:
    def test_small(self, pair: Pair) -> None:
        """Parts go out in order, as one."""
        pair.writer.send([b"head", b"body"])
        assert pair.received(8) == b"headbody"
        assert pair.writer.bytes_out == 8

    def test_slow_reader_gets_everything(self, pair: Pair) -> None:
        """More than the socket takes at once is sent bit by bit, whole and in order."""
        data = pattern(3_000_000)
        thread, got = read_in_thread(pair, len(data) + 4)
        pair.writer.send([b"head", data])
        thread.join(DEADLINE)
        assert got == [b"head" + data]
        assert pair.writer.bytes_out == len(data) + 4

    def test_many_parts(self, pair: Pair) -> None:
        """More parts than one system call takes are no failure."""
        parts = [b"%05d" % number for number in range(3000)] + [pattern(JOIN_MAX)]
        data = b"".join(parts)
        thread, got = read_in_thread(pair, len(data))
        pair.writer.send(parts)
        thread.join(DEADLINE)
        assert got == [data]

    def test_nothing(self, pair: Pair) -> None:
        """Sending nothing is no failure."""
        pair.writer.send([])
        pair.writer.send([b""])
        assert pair.writer.bytes_out == 0

    def test_client_that_takes_nothing(self, impatient: Pair) -> None:
        """A client that takes nothing for the timeout counts as gone, also for everything later."""
        with pytest.raises(ClientGone, match=WRITE_FAILED):
            impatient.writer.send([pattern(1_000_000)])
        assert impatient.writer.gone
        with pytest.raises(ClientGone):
            impatient.writer.send([b"x"])

    def test_closed_client(self, pair: Pair) -> None:
        """A closed connection raises ClientGone, which is an OSError."""
        pair.client.close()
        with pytest.raises(OSError, match=WRITE_FAILED):
            pair.writer.send([b"x"])

    def test_client_that_closes_while_we_wait(self, pair: Pair) -> None:
        """A client that leaves while the thread waits for room ends the waiting."""
        closer = threading.Thread(target=lambda: (pair.received(100), pair.client.close()))
        closer.start()
        with pytest.raises(ClientGone):
            pair.writer.send([pattern(1_000_000)])
        closer.join(DEADLINE)

    def test_shutdown_wakes_the_waiting_thread(self, pair: Pair) -> None:
        """When the reactor gives the connection up, a thread that waits for room stops at once."""
        pair.writer.lend()
        errors: list[BaseException] = []

        def send() -> None:
            try:
                pair.writer.send([pattern(1_000_000)])
            except ClientGone as error:
                errors.append(error)
            pair.writer.give_back()

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        pair.received(100)
        assert pair.writer.abandon() is False
        thread.join(DEADLINE)
        assert len(errors) == 1
        assert pair.writer.sock.fileno() == -1


class TestHold:
    def test_held_goes_before(self, pair: Pair) -> None:
        """What was held is sent with what follows, in front of it."""
        assert pair.writer.hold([b"one ", b"two "])
        assert pair.writer.hold([b"three "])
        pair.writer.send([b"four"])
        assert pair.received(18) == b"one two three four"

    def test_nothing_sent_until_released(self, pair: Pair) -> None:
        """Held bytes stay until somebody sends or releases them."""
        pair.writer.hold([b"held"])
        pair.client.setblocking(False)
        with pytest.raises(BlockingIOError):
            pair.client.recv(10)
        pair.writer.release()
        assert pair.client.recv(10) == b"held"

    def test_too_much(self, pair: Pair) -> None:
        """More than HELD_MAX is not held, and what was held before is not lost."""
        pair.writer.hold([b"first"])
        assert pair.writer.hold([b"." * HELD_MAX]) is False
        pair.writer.send([b"second"])
        assert pair.received(11) == b"firstsecond"

    def test_release_to_a_full_socket(self, pair: Pair) -> None:
        """What a release cannot send stays held for the thread, in order."""
        pair.writer.lend()
        filled = pair.fill()
        pair.writer.hold([b"held "])
        pair.writer.release()
        assert pair.transport.queued == b""
        thread, got = read_in_thread(pair, filled + 10)
        pair.writer.send([b"after"])
        thread.join(DEADLINE)
        assert got[0].endswith(b".held after")

    def test_release_on_the_reactor_to_a_full_socket(self, pair: Pair) -> None:
        """Without a thread to send the rest, the transport gets it."""
        pair.fill()
        pair.writer.hold([b"held"])
        pair.writer.release()
        assert pair.transport.queued == b"held"
        assert pair.writer.bytes_out == 4

    def test_release_behind_queued_bytes(self, pair: Pair) -> None:
        """A release never overtakes what the transport still has to send."""
        pair.transport.queued = b"queued "
        pair.writer.hold([b"held"])
        pair.writer.release()
        assert pair.transport.queued == b"queued held"

    def test_release_to_a_client_that_left(self, pair: Pair) -> None:
        """A failing release tells the handler at its next write."""
        pair.writer.hold([b"held"])
        pair.client.close()
        pair.writer.release()
        with pytest.raises(ClientGone):
            pair.writer.hold([b"more"])

    def test_gone(self, pair: Pair) -> None:
        """Nothing is held or released for a client that is known to be gone."""
        pair.writer.hold([b"held"])
        pair.writer.gone = True
        pair.writer.release()
        with pytest.raises(ClientGone):
            pair.writer.hold([b"more"])

    def test_concurrent_release(self, pair: Pair) -> None:
        """However a reactor's releases fall between a thread's flushes, no byte is lost or swapped."""
        pair.writer.lend()
        pieces = [b"%06d|" % number for number in range(20000)]
        thread, got = read_in_thread(pair, 7 * len(pieces))
        stop = threading.Event()

        def reactor() -> None:
            while not stop.is_set():
                pair.writer.release()

        releaser = threading.Thread(target=reactor, daemon=True)
        releaser.start()
        for number, piece in enumerate(pieces):
            if number % 7 == 0 or not pair.writer.hold([piece]):
                pair.writer.send([piece])
        pair.writer.send([])
        stop.set()
        releaser.join(DEADLINE)
        thread.join(DEADLINE)
        assert got == [b"".join(pieces)]
        assert pair.writer.bytes_out == 7 * len(pieces)


class TestSendFile:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Iterator[int]:
        """An open file of two million bytes."""
        path = tmp_path / "file"
        path.write_bytes(pattern(2_000_000))
        fd = os.open(path, os.O_RDONLY)
        yield fd
        os.close(fd)

    def test_slow_reader(self, pair: Pair, file: int) -> None:
        """A slow reader gets exactly the part that was asked for, after what was held."""
        pair.writer.hold([b"head"])
        thread, got = read_in_thread(pair, 1_000_004)
        assert pair.writer.send_file(file, 8000, 1_000_000) == 1_000_000
        thread.join(DEADLINE)
        assert got == [b"head" + pattern(2_000_000)[8000:1_008_000]]
        assert pair.writer.bytes_out == 1_000_004

    def test_short_file(self, pair: Pair, file: int) -> None:
        """A file that ends early is told by the number of bytes."""
        thread, got = read_in_thread(pair, 100)
        assert pair.writer.send_file(file, 1_999_900, 200) == 100
        thread.join(DEADLINE)
        assert len(got[0]) == 100

    def test_client_gone(self, pair: Pair, file: int) -> None:
        """A client that left is told like in every send."""
        pair.client.close()
        with pytest.raises(ClientGone):
            pair.writer.send_file(file, 0, 100)
        with pytest.raises(ClientGone):
            pair.writer.send_file(file, 0, 100)


class TestSendSoon:
    def test_rest_is_left_to_the_transport(self, pair: Pair) -> None:
        """What does not fit at once is queued, and all of it counts as sent."""
        data = pattern(1_000_000)
        pair.writer.hold([b"held "])
        pair.writer.send_soon([data])
        sent = 1_000_005 - len(pair.transport.queued)
        assert 0 < sent < 1_000_005
        assert pair.received(sent) + pair.transport.queued == b"held " + data
        assert pair.writer.bytes_out == 1_000_005

    def test_queued_bytes_are_not_overtaken(self, pair: Pair) -> None:
        """While the transport has bytes to send, new ones stand in line."""
        pair.transport.queued = b"first "
        pair.writer.send_soon([b"second"])
        assert pair.transport.queued == b"first second"

    def test_gone(self, pair: Pair) -> None:
        """A closed client raises ClientGone, now and later."""
        pair.client.close()
        for _ in range(2):
            with pytest.raises(ClientGone):
                pair.writer.send_soon([b"x"])


class TestReceive:
    def test_waits(self, pair: Pair) -> None:
        """What the client sends is returned as it comes."""
        sender = threading.Thread(target=lambda: pair.client.sendall(b"body"))
        sender.start()
        assert pair.writer.receive(DEADLINE) == b"body"
        sender.join(DEADLINE)

    @pytest.mark.parametrize("seconds", [3e6, 1e12, inf])
    def test_any_time(self, impatient: Pair, seconds: float) -> None:
        """A client that has earned much time by what it sent may not stand still for ever."""
        with pytest.raises(TimeoutError):
            impatient.writer.receive(seconds)

    @pytest.mark.parametrize("timeout", [3e6, 1e12, inf])
    def test_any_timeout(self, pair: Pair, timeout: float) -> None:
        """No timeout is too long for the system."""
        pair.writer.timeout = timeout
        sender = threading.Timer(0.02, lambda: pair.client.sendall(b"body"))
        sender.start()
        assert pair.writer.receive(inf) == b"body"
        sender.join(DEADLINE)

    @pytest.mark.parametrize("seconds", [0.0, -1.0, 0.01])
    def test_no_time(self, pair: Pair, seconds: float) -> None:
        """A client without time left is late; what has come already is still taken."""
        with pytest.raises(TimeoutError):
            pair.writer.receive(seconds)
        pair.client.send(b"body")
        assert pair.writer.receive(seconds) == b"body"

    def test_end(self, pair: Pair) -> None:
        """A client that closed is gone."""
        pair.client.close()
        with pytest.raises(ConnectionError):
            pair.writer.receive(DEADLINE)


class TestOwnership:
    def test_reactor_closes_what_is_not_lent(self, pair: Pair) -> None:
        """A connection that no thread holds is closed by the reactor."""
        assert pair.writer.abandon() is True
        assert pair.writer.sock.fileno() != -1

    def test_thread_closes_what_it_holds(self, pair: Pair) -> None:
        """A lent socket is shut down at once, keeps its descriptor, and is closed by give_back."""
        pair.writer.lend()
        assert pair.writer.abandon() is False
        assert pair.client.recv(10) == b""
        assert pair.writer.sock.fileno() != -1
        pair.writer.give_back()
        assert pair.writer.sock.fileno() == -1

    def test_given_back_stays_open(self, pair: Pair) -> None:
        """Giving a live connection back does not close it."""
        pair.writer.lend()
        pair.writer.give_back()
        pair.writer.send([b"still here"])
        assert pair.received(10) == b"still here"

    def test_abandoned_is_gone(self, pair: Pair) -> None:
        """After the reactor gave a connection up, no send reaches its descriptor's number."""
        pair.writer.lend()
        pair.writer.abandon()
        for send in (pair.writer.send, pair.writer.send_soon, pair.writer.hold):
            with pytest.raises(ClientGone):
                send([b"x"])

    def test_race(self) -> None:
        """Whoever comes first, the descriptor is closed exactly once."""
        for _ in range(300):
            ours, client = socket.socketpair()
            ours.setblocking(False)
            writer = SocketWriter(ours, Queue(), DEADLINE)
            writer.lend()
            barrier = threading.Barrier(2)

            def give_back(writer: SocketWriter = writer, barrier: threading.Barrier = barrier) -> None:
                barrier.wait(DEADLINE)
                writer.give_back()

            thread = threading.Thread(target=give_back)
            thread.start()
            barrier.wait(DEADLINE)
            if writer.abandon():
                ours.close()
            thread.join(DEADLINE)
            assert ours.fileno() == -1
            client.close()

    def test_closing_twice_spares_the_next_owner(self, pair: Pair) -> None:
        """A second close of one socket does not close the descriptor that got its number since."""
        number = pair.writer.sock.fileno()
        pair.writer.lend()
        pair.writer.abandon()
        pair.writer.give_back()
        successor, other = socket.socketpair()
        assert number in (successor.fileno(), other.fileno())
        pair.writer.give_back()
        successor.send(b"unharmed")
        assert other.recv(10) == b"unharmed"
        successor.close()
        other.close()


class StoppingSocket(socket.socket):
    """A socket whose `send` stops just before the system call until it may go on."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(fileno=sock.detach())
        self.setblocking(False)
        self.entered = threading.Event()
        self.may_go_on = threading.Event()

    def send(self, data: bytes, flags: int = 0) -> int:  # type: ignore[override]
        self.entered.set()
        assert self.may_go_on.wait(DEADLINE)
        return super().send(data, flags)


def test_file_behind_what_is_being_released(tmp_path: Path) -> None:
    """A file waits for the flushed bytes that the reactor is sending just now."""
    path = tmp_path / "file"
    path.write_bytes(b"file")
    ours, client = socket.socketpair()
    sock = StoppingSocket(ours)
    writer = SocketWriter(sock, Queue(), DEADLINE)
    writer.lend()
    writer.hold([b"flushed "])
    with sock, client, path.open("rb") as file:
        reactor = threading.Thread(target=writer.release, daemon=True)
        reactor.start()
        assert sock.entered.wait(DEADLINE)
        thread = threading.Thread(target=writer.send_file, args=(file.fileno(), 0, 4), daemon=True)
        thread.start()
        thread.join(0.05)
        sock.may_go_on.set()
        reactor.join(DEADLINE)
        thread.join(DEADLINE)
        assert client.recv(100) == b"flushed file"


def test_connection_lost_inside_a_send() -> None:
    """A thread that is about to send when its connection is lost never reaches the next owner."""
    ours, client = socket.socketpair()
    sock = StoppingSocket(ours)
    number = sock.fileno()
    writer = SocketWriter(sock, Queue(), DEADLINE)
    writer.lend()
    outcome: list[BaseException] = []

    def answer() -> None:
        try:
            writer.send([b"somebody's secret"])
        except ClientGone as error:
            outcome.append(error)
        writer.give_back()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    assert sock.entered.wait(DEADLINE)
    # The client resets; the reactor lets go of the connection, and new ones come.
    client.close()
    if writer.abandon():
        sock.close()
    others = [socket.socketpair() for _ in range(20)]
    assert number not in {end.fileno() for pair in others for end in pair}
    sock.may_go_on.set()
    thread.join(DEADLINE)
    assert len(outcome) == 1
    assert sock.fileno() == -1
    for pair in others:
        for end in pair:
            end.setblocking(False)
            with pytest.raises(BlockingIOError):
                end.recv(100)
    for pair in others:
        for end in pair:
            end.close()


def test_no_descriptor_is_left_open() -> None:
    """Neither way of ending a connection leaks a descriptor."""
    before = len(os.listdir("/proc/self/fd"))
    for lent in (True, False) * 20:
        pair = Pair()
        if lent:
            pair.writer.lend()
        if pair.writer.abandon():
            pair.writer.sock.close()
        elif lent:
            pair.writer.give_back()
        pair.client.close()
    assert len(os.listdir("/proc/self/fd")) == before
