"""Every phase's handler may be a coroutine or return a Deferred; guards fail closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, ask, until

PHASES = {
    "PythonInitHandler": "OK",
    "PythonPostReadRequestHandler": "OK",
    "PythonTransHandler": "DECLINED",
    "PythonHeaderParserHandler": "OK",
    "PythonAccessHandler": "OK",
    "PythonAuthenHandler": "OK",
    "PythonAuthzHandler": "OK",
    "PythonTypeHandler": "DECLINED",
    "PythonFixupHandler": "OK",
    "PythonHandler": "OK",
    "PythonLogHandler": "OK",
    "PythonCleanupHandler": "OK",
}
"""The phases in order, and what their handlers answer."""

GUARDS = ("PythonAccessHandler", "PythonAuthenHandler", "PythonAuthzHandler")
WAYS = ("coroutine", "deferred", "generator", "method")

APPLICATION = f"""
import os
import sys

from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater

from mod_python import apache

HERE = os.path.dirname(__file__)
ANSWERS = {PHASES!r}
"""

APPLICATION += """

def record(text):
    with open(os.path.join(HERE, "record"), "a") as file:
        file.write(text + "\\n")


def visit(req):
    record(req.phase)
    wish = req.args or ""
    if wish == "raise-" + req.phase:
        raise LookupError("on purpose")
    if wish == "return-" + req.phase:
        return apache.SERVER_RETURN
    if req.phase == "PythonAuthenHandler":
        req.user = "somebody"
    if req.phase == "PythonHandler":
        req.write("content", 0)
    return getattr(apache, ANSWERS[req.phase])


def outcome(req):
    result = visit(req)
    if result is apache.SERVER_RETURN:
        raise apache.SERVER_RETURN(apache.HTTP_CONFLICT)
    return result


async def coroutine(req):
    if req.args == "wait-" + req.phase:
        record("waiting")
        await Deferred()
    await deferLater(reactor, 0.001)
    return outcome(req)


@apache.nonblocking
def deferred(req):
    return deferLater(reactor, 0.001, outcome, req)


@inlineCallbacks
def generator(req):
    yield deferLater(reactor, 0.001)
    return outcome(req)


class Handlers:
    def __init__(self, req):
        self.req = req

    async def handle(self, req):
        await deferLater(reactor, 0.001)
        assert req is self.req
        return outcome(req)
"""

TARGETS = {way: way for way in WAYS} | {"method": "Handlers.handle"}


@pytest.fixture(scope="module", params=WAYS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server all of whose handlers wait on the reactor, in one way."""
    directory = tmp_path_factory.mktemp(request.param)
    port = free_port()
    lines = "".join(f"{phase} app::{TARGETS[request.param]}\n" for phase in PHASES)
    more = f"DirectoryIndex disabled\nPythonPath \"['{directory}/site'] + sys.path\"\n{lines}"
    text = application_config(directory, port, APPLICATION, 2, more)
    text = text.replace("Require all granted", "AuthType Any\nAuthName x\nRequire valid-user")
    text = text.replace("PythonHandler app\n", "")
    with Olexd(text, directory, port) as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(server: RunningServer) -> None:
    """Forget what was recorded."""
    (server.directory / "site" / "record").unlink(missing_ok=True)


def recorded(server: RunningServer, last: str, times: int = 1) -> list[str]:
    """Wait until the application has recorded a line so many times; return all."""
    path = server.directory / "site" / "record"
    until(lambda: path.exists() and path.read_text().count(f"{last}\n") == times)
    return path.read_text().split("\n")[:-1]


def test_every_phase(server: RunningServer) -> None:
    """All phases run, in order, and the answer is the content handler's."""
    assert ask(server, "/").body == b"content"
    assert recorded(server, "PythonCleanupHandler") == list(PHASES)


ANSWERING = [phase for phase in PHASES if phase not in ("PythonLogHandler", "PythonCleanupHandler")]


@pytest.mark.parametrize("phase", ANSWERING)
def test_exception(server: RunningServer, phase: str) -> None:
    """An exception is a 500, whichever phase it comes from; what follows does not run, log and cleanup do."""
    assert ask(server, f"/?raise-{phase}").status == 500
    ran = recorded(server, "PythonCleanupHandler")
    expected = [*list(PHASES)[: list(PHASES).index(phase) + 1], "PythonLogHandler", "PythonCleanupHandler"]
    assert ran == expected
    assert "LookupError: on purpose" in server.error_log()


@pytest.mark.parametrize("phase", ANSWERING)
def test_server_return(server: RunningServer, phase: str) -> None:
    """SERVER_RETURN means the same as in a plain handler."""
    assert ask(server, f"/?return-{phase}").status == 409
    assert "PythonHandler" not in recorded(server, "PythonCleanupHandler") or phase == "PythonHandler"


@pytest.mark.parametrize("phase", ["PythonLogHandler", "PythonCleanupHandler"])
def test_exception_after_the_answer(server: RunningServer, phase: str) -> None:
    """What fails after the answer is logged only, and cleanups run all the same."""
    with Wire(server) as wire:
        for _ in range(2):
            wire.get(f"/?raise-{phase}")
            assert wire.read().body == b"content"
    assert recorded(server, "PythonCleanupHandler", 2) == list(PHASES) * 2


@pytest.mark.parametrize("server", ["coroutine"], indirect=True)
@pytest.mark.parametrize("phase", ANSWERING)
def test_cancelled(server: RunningServer, phase: str) -> None:
    """A client that leaves cancels the phase; nothing that the phase would have let in runs."""
    with Wire(server) as wire:
        wire.get(f"/?wait-{phase}")
        recorded(server, "waiting")
    ran = recorded(server, "PythonCleanupHandler")
    assert ran.index("PythonLogHandler") == ran.index("waiting") + 1
    assert "PythonHandler" not in ran
    assert "CancelledError" not in server.error_log()
