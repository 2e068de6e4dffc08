"""Listening sockets pass from one server to the next, and to nobody else."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from olexd.config.server import Listen
from olexd.process import handover
from olexd.process.handover import VARIABLE, Offer, Sockets, address, inherited, take


class Reactor:
    """Remembers who reads."""

    def __init__(self) -> None:
        self.readers: list[Offer] = []
        self.addReader = self.readers.append
        self.removeReader = self.readers.remove


@pytest.fixture
def pid_file(tmp_path: Path) -> str:
    """Where the server's id would be."""
    return str(tmp_path / "pid")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket to be handed over."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def asked(offer: Offer, pid_file: str) -> Sockets:
    """Return what somebody is given who asks."""
    found: list[Sockets] = []
    asking = Thread(target=lambda: found.append(take(pid_file)))
    asking.start()
    while asking.is_alive():
        offer.doRead()
    asking.join()
    return found[0]


def test_sockets_are_handed_over(pid_file: str, listening: socket.socket) -> None:
    """Who asks gets descriptors of the same sockets, by their addresses."""
    reactor = Reactor()
    offer = Offer(pid_file, lambda: {"127.0.0.1:80": listening.fileno()}, reactor)
    assert reactor.readers == [offer] and offer.fileno() > 0 and offer.logPrefix() == "sockets"
    sockets = asked(offer, pid_file)
    with socket.socket(fileno=sockets.pop("127.0.0.1:80")) as copy:
        assert copy.getsockname() == listening.getsockname() and not sockets
    offer.connectionLost(None)
    assert reactor.readers == [] and not os.path.exists(f"{pid_file}.sock")


def test_nobody_else_may_ask(
    pid_file: str, listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's process is given nothing, and could not even connect."""
    offer = Offer(pid_file, lambda: {"a:1": listening.fileno()}, Reactor())
    assert stat.S_IMODE(os.stat(f"{pid_file}.sock").st_mode) == 0o600
    monkeypatch.setattr(handover, "_user", lambda asking: 12345)
    assert asked(offer, pid_file) == {}
    offer.close()


def test_without_credentials_the_mode_must_do(
    pid_file: str, listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system does not tell whose process asks, the socket's mode has kept others out."""
    monkeypatch.delattr(socket, "SO_PEERCRED")
    offer = Offer(pid_file, lambda: {"a:1": listening.fileno()}, Reactor())
    os.close(asked(offer, pid_file)["a:1"])
    offer.close()


def test_the_next_offer_takes_the_place(pid_file: str) -> None:
    """A new server's offer is there at once, and stays when the old one's ends."""
    first = Offer(pid_file, dict, Reactor())
    second = Offer(pid_file, dict, Reactor())
    first.close()
    assert os.path.exists(f"{pid_file}.sock")
    second.close()
    assert not os.path.exists(f"{pid_file}.sock")


def say(listening: socket.socket, data: bytes) -> None:
    """Say `data` to who connects."""
    with listening.accept()[0] as client:
        client.sendall(data)


def test_nobody_there(pid_file: str) -> None:
    """Without a server, with a file in its place, or with one that says nonsense, there are no sockets."""
    assert take(pid_file) == {}
    Path(f"{pid_file}.sock").touch()
    assert take(pid_file) == {}
    os.unlink(f"{pid_file}.sock")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(f"{pid_file}.sock")
        other.listen()
        talking = Thread(target=say, args=(other, b'["a:1"]'))
        talking.start()
        assert take(pid_file) == {}
        talking.join()


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    """Is an error, and leaves no socket behind."""
    with pytest.raises(OSError, match="too long"):
        Offer(str(tmp_path / ("x" * 200)), dict, Reactor())


def test_sockets_are_not_passed_on(monkeypatch: pytest.MonkeyPatch, listening: socket.socket) -> None:
    """A server's own children get neither the descriptors nor the variable."""
    os.set_inheritable(listening.fileno(), True)
    monkeypatch.setenv(VARIABLE, json.dumps({"a:1": listening.fileno()}))
    assert inherited() == {"a:1": listening.fileno()}
    assert not os.get_inheritable(listening.fileno())
    assert VARIABLE not in os.environ and inherited() == {}


def test_addresses() -> None:
    """Sockets are known by what Listen says."""
    listens = (Listen(port=80), Listen("::1", 8080), Listen(path="/run/s"))
    assert [*map(address, listens)] == [":80", "::1:8080", "unix:/run/s"]
