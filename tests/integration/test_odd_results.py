"""What is no decision lets nobody in: handlers that give back odd things, or nothing ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, ask, until

GUARDS = ("Access", "Authen", "Authz")
PHASES = (*GUARDS, "Fixup", "")

APPLICATION = """
import asyncio
import os

from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.internet.task import deferLater

from mod_python import apache

HERE = os.path.dirname(__file__)


def record(text):
    with open(os.path.join(HERE, "record"), "a") as file:
        file.write(text + "\\n")


class Awaits:
    def __init__(self, result):
        self.result = result

    def __await__(self):
        if isinstance(self.result, Exception):
            raise self.result
        return self.result
        yield


async def gives(value):
    await deferLater(reactor, 0.001)
    return value


def blocking(wish):
    return {
        "none": None, "text": "0", "float": 0.0, "tuple": (0,), "list": [], "class": int,
        "function": blocking,
        "one": 1, "minus-three": -3, "object": Awaits,
    }[wish]


def awaited(wish):
    if wish == "forever":
        record("waiting")
        return Deferred()
    if wish == "generator":
        async def numbers():
            yield 0
        return numbers()
    if wish == "nested":
        inner = gives(0)
        inner.close()
        return gives(inner)
    if wish == "future":
        return asyncio.new_event_loop().create_future()
    return {
        "none": lambda: gives(None), "text": lambda: gives("0"), "class": lambda: gives(int),
        "deferred-none": lambda: succeed(None), "deferred-text": lambda: succeed("0"),
        "deferred-tuple": lambda: succeed((0,)), "failed": lambda: fail(LookupError("on purpose")),
        "awaits-none": lambda: Awaits(None), "awaits-error": lambda: Awaits(LookupError("on purpose")),
    }[wish]()


def decide(req):
    kind, phase, wish = (req.args or "plain--").split("-", 2)
    if "Python%sHandler" % phase != req.phase or kind == "plain":
        if req.phase == "PythonAuthenHandler":
            req.user = "somebody"
        if req.phase == "PythonHandler":
            record("let in")
            req.write("content", 0)
        return apache.OK
    req.user = "somebody"
    return blocking(wish) if kind == "blocking" else awaited(wish)


def plain(req):
    return decide(req)


@apache.nonblocking
def reactor_side(req):
    return decide(req)


async def coroutine(req):
    result = decide(req)
    return await result if hasattr(result, "__await__") else result


@inlineCallbacks
def generator(req):
    result = decide(req)
    if isinstance(result, Deferred):
        result = yield result
    return result
"""
BLOCKING = ("none", "text", "float", "tuple", "list", "class", "function", "one", "minus-three", "object")
AWAITED = (
    "none", "text", "class", "generator", "nested", "future", "deferred-none", "deferred-text",
    "deferred-tuple", "failed",
    "awaits-none", "awaits-error",
)  # fmt: skip


@pytest.fixture(scope="module", params=["plain", "reactor_side", "coroutine", "generator"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server whose guards, fixups and content handlers are all of one kind."""
    directory = tmp_path_factory.mktemp(request.param)
    port = free_port()
    lines = "".join(f"Python{phase}Handler app::{request.param}\n" for phase in PHASES)
    more = f"PythonPath \"['{directory}/site'] + sys.path\"\n{lines}"
    more += "<Location /limited>\nRequestTimeout 1\n</Location>\n"
    text = application_config(directory, port, APPLICATION, 2, more)
    text = text.replace("Require all granted", "AuthType Any\nAuthName x\nRequire valid-user")
    with Olexd(text.replace("PythonHandler app\n", ""), directory, port) as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(server: RunningServer) -> None:
    """Forget what was recorded."""
    (server.directory / "site" / "record").unlink(missing_ok=True)


def recorded(server: RunningServer) -> str:
    """What the application recorded."""
    path = server.directory / "site" / "record"
    return path.read_text() if path.exists() else ""


def test_fine(server: RunningServer) -> None:
    """With proper results everybody gets in."""
    assert ask(server, "/").body == b"content"
    assert recorded(server) == "let in\n"


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("wish", BLOCKING)
def test_odd(server: RunningServer, phase: str, wish: str) -> None:
    """What is no int, or no result there is, is a failure of the phase."""
    assert ask(server, f"/?blocking-{phase}-{wish}").status == 500
    assert "let in" not in recorded(server)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("wish", AWAITED)
def test_odd_in_the_end(server: RunningServer, phase: str, wish: str) -> None:
    """The same for what comes of a coroutine, a Deferred or anything else that is awaited."""
    assert ask(server, f"/?awaited-{phase}-{wish}").status == 500
    assert "let in" not in recorded(server)


@pytest.mark.parametrize("phase", ["Access", "Authz", ""])
def test_never_in_time(server: RunningServer, phase: str) -> None:
    """A Deferred that never fires ends with the time that the request has: 504, and nobody is let in."""
    assert ask(server, f"/limited?awaited-{phase}-forever").status == 504
    assert recorded(server) == "waiting\n"


@pytest.mark.parametrize("phase", PHASES)
def test_never_and_the_client_leaves(server: RunningServer, phase: str) -> None:
    """A Deferred that never fires is cancelled when the client leaves, in silence; nobody is let in."""
    with Wire(server) as wire:
        wire.get(f"/?awaited-{phase}-forever")
        until(lambda: "waiting" in recorded(server))
    before = server.error_log().count("CancelledError")
    assert ask(server, "/").body == b"content"
    assert recorded(server) == "waiting\nlet in\n"
    assert server.error_log().count("CancelledError") == before
