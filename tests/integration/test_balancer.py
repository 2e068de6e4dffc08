"""Balancers with backends that fail in all ways: who takes over, and what is never sent twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.certificates import Authority
from tests.integration.backends import Asked, Backend
from tests.integration.servers import Olexd, base_config, free_port
from tests.integration.test_proxy import UPGRADE
from tests.integration.test_proxy_tls import server_context
from tests.integration.wire import Response, Wire, until

GONE = "http://127.0.0.1:1"


class Setup:
    """A front and two backends, `seen` by number: what they were asked."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.seen: list[tuple[int, str]] = []
        self.release = threading.Event()
        authority = Authority(directory)
        stranger = server_context(Authority(directory, "somebody else").issue("x", "localhost"))
        trusted = server_context(authority.issue("y", "localhost"))
        plain = [stack.enter_context(Backend(self.script(number))) for number in (1, 2)]
        secure = [
            stack.enter_context(Backend(self.script(number), context=context))
            for number, context in ((1, stranger), (2, trusted))
        ]
        self.later = free_port()
        one, two = (f"http://127.0.0.1:{backend.port}" for backend in plain)
        balancers = {
            "pair": (f"{one} route=a", f"{two} route=b upgrade=websocket", "stickysession=sid"),
            "busy": (f"{one} route=a max=1 acquire=100", f"{two} route=b", "stickysession=sid"),
            "late": (f"{one} route=a timeout=1", f"{two} route=b", "stickysession=sid failontimeout=On"),
            "tls": tuple(f"https://localhost:{backend.port}" for backend in secure),
            "gone": (GONE, f"{GONE}/x"),
            "tried": (GONE, f"{GONE}/x", f"{two}", "maxattempts=1"),
            "later": (GONE, f"http://127.0.0.1:{self.later}", "forcerecovery=On"),
            "never": (GONE, f"http://127.0.0.1:{self.later}", "forcerecovery=Off"),
        }
        port = free_port()
        text = base_config(directory, port, ("proxy", "proxy_http", "proxy_balancer", "ssl"))
        text += f"SSLProxyEngine on\nSSLProxyVerify require\nSSLProxyCACertificateFile {authority.file}\n"
        for name, lines in balancers.items():
            said = "".join(
                f"BalancerMember {line}\n" if "://" in line else f"ProxySet {line}\n" for line in lines
            )
            text += f"<Proxy balancer://{name}>\n{said}</Proxy>\nProxyPass /{name} balancer://{name}\n"
        text += f"<Proxy {one}/set>\nProxySet timeout=1\n</Proxy>\nProxyPass /set {one}/set\n"
        self.front = stack.enter_context(Olexd(text, directory, port))
        stack.callback(self.release.set)

    def script(self, number: int) -> Callable[[Asked], bool]:
        """Return what a backend does."""

        def answer(asked: Asked) -> bool:
            self.seen.append((number, asked.path))
            if asked.field("upgrade"):
                asked.send(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
                return False
            if asked.path.startswith("/hang") or asked.path.startswith("/set"):
                self.release.wait(20)
            if asked.path.startswith("/close"):
                return False
            asked.answer(str(number).encode())
            return True

        return answer

    def ask(self, path: str, route: str = "", body: bytes | None = None) -> Response:
        """Return the answer to a request of a session."""
        with Wire(self.front) as wire:
            return wire.ask(path, body, *([f"Cookie: sid=x.{route}"] if route else []))


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    """A front and its backends."""
    with ExitStack() as stack:
        yield Setup(Path(stack.enter_context(TemporaryDirectory(prefix="balancer-"))), stack)


@pytest.mark.parametrize("body", [None, b"an order"])
def test_what_may_have_been_read_is_not_sent_again(setup: Setup, body: bytes | None) -> None:
    """A backend that takes a request and closes may have acted on it: nobody else gets it."""
    setup.seen.clear()
    path = f"/close/{body is None}"
    assert setup.ask(f"/pair{path}", "a", body).status == 502
    assert setup.seen == [(1, path)]


def test_certificates(setup: Setup) -> None:
    """A member whose certificate is wrong was sent nothing: another one answers, and it is left alone."""
    assert [setup.ask("/tls/x").body for _ in range(4)] == [b"2"] * 4
    assert "certificate verify failed" in setup.front.error_log()


def test_nobody_there(setup: Setup) -> None:
    """All members gone is 503, and says so."""
    assert setup.ask("/gone/x").status == 503
    assert "AH01167: balancer://gone: All workers are in error state" in setup.front.error_log()


def test_attempts(setup: Setup) -> None:
    """Only so many other members are tried; the next request begins with those that are left."""
    assert [setup.ask("/tried/x").status for _ in range(2)] == [503, 200]


def test_a_member_with_its_hands_full(setup: Setup) -> None:
    """What it cannot take at once goes to another, and it is not left alone for that."""
    setup.release.clear()
    with Wire(setup.front) as wire:
        wire.get("/busy/hang", "Cookie: sid=x.a")
        until(lambda: (1, "/hang") in setup.seen)
        assert setup.ask("/busy/x", "a").body == b"2"
        setup.release.set()
        assert wire.read().body == b"1"
    assert setup.ask("/busy/x", "a").body == b"1"


def test_failontimeout(setup: Setup) -> None:
    """A member that does not answer in time is left alone, its sessions go to another."""
    setup.release.clear()
    assert setup.ask("/late/hang", "a").status == 504
    setup.release.set()
    assert setup.ask("/late/x", "a").body == b"2"


def test_parameters_from_a_section(setup: Setup) -> None:
    """ProxySet in the section of a backend's URL counts for what is passed on there."""
    setup.release.clear()
    assert setup.ask("/set/x").status == 504
    setup.release.set()


def test_websocket(setup: Setup) -> None:
    """A connection that is taken over belongs to the chosen member."""
    with Wire(setup.front) as wire:
        wire.get("/pair/ws", "Cookie: sid=x.b", *UPGRADE)
        assert b"101" in wire._until(b"\r\n\r\n")[:12]


def test_recovery(setup: Setup) -> None:
    """When all are gone the next request tries them again at once, unless that is not wanted."""
    assert setup.ask("/later/x").status == 503
    assert setup.ask("/never/x").status == 503
    with Backend(setup.script(3), port=setup.later):
        assert setup.ask("/later/x").body == b"3"
        assert setup.ask("/never/x").status == 503
