"""What a handler saved in a session is there after a restart, and after a crash."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from olexd.sessions.redis_store import connect
from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import DEADLINE, Wire
from tests.unit.toolkit.redis_site import redis_options

APPLICATION = """
from mod_python import Session, apache


def handler(req):
    session = Session.Session(req)
    session["visits"] = session.get("visits", 0) + 1
    session.save()
    req.write("%s %d" % (session.id(), session["visits"]), 0)
    return apache.OK
"""


KINDS = ["LmdbSession", "FileSession", "DbmSession", "RedisSession"]


@pytest.fixture(params=KINDS)
def options(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The options of a site with sessions of each type that outlives its server."""
    sessions = tmp_path / "sessions"
    sessions.mkdir(mode=0o700)
    options = {
        "mod_python.session.session_type": str(request.param),
        "mod_python.session.database_directory": str(sessions),
    }
    if request.param == "RedisSession":
        options |= redis_options(request.getfixturevalue("empty_redis"), tmp_path)
    return options


def config(directory: Path, port: int, application: str, options: dict[str, str]) -> str:
    """A configuration with a visitors' counter, and its sessions' place."""
    lines = "\n".join(f'PythonOption {name} "{value}"' for name, value in options.items())
    return application_config(directory, port, application, 4, lines)


HANGING = """
import time
from mod_python import Session, apache


def handler(req):
    session = Session.Session(req)
    session["visits"] = session.get("visits", 0) + 1
    session.save()
    if req.args == "hang":
        req.write("held")
        time.sleep(30)
    req.write("%s %d" % (session.id(), session["visits"]), 0)
    return apache.OK
"""


class Visitor:
    """Keeps its cookie."""

    cookie = ""

    def visit(self, server: RunningServer) -> tuple[str, int]:
        """Return the session's id and how often it was here."""
        with Wire(server) as wire:
            wire.get("/", *([f"Cookie: {self.cookie}"] if self.cookie else []))
            response = wire.read()
        assert response.status == 200, server.printed()
        if "set-cookie" in response.fields:
            self.cookie = response.fields["set-cookie"].partition(";")[0]
        name, _, visits = response.body.decode().partition(" ")
        return name, int(visits)


def end(server: RunningServer, kill: bool) -> None:
    """Stop the server in order, or as a crash would."""
    assert server.process is not None
    if kill:
        server.process.kill()
    else:
        server.process.terminate()
    server.process.wait(DEADLINE)


def until_unlocked(options: dict[str, str]) -> None:
    """Wait until the requests are over: a killed server's locks in Redis would last for some seconds."""
    url = options.get("mod_python.redis_session.url")
    deadline = time.monotonic() + DEADLINE
    while url is not None and connect(url).keys("*lock:*"):
        assert time.monotonic() < deadline, "a session stays locked"
        time.sleep(0.005)


@pytest.mark.parametrize("kill", [False, True], ids=["restart", "kill -9"])
def test_saved_is_saved(tmp_path: Path, options: dict[str, str], kill: bool) -> None:
    """A saved session goes on where it was, right after the answer, however the server ended."""
    port = free_port()
    text = config(tmp_path, port, APPLICATION, options)
    joe, ann = Visitor(), Visitor()
    names = set()
    for start in range(3):
        with Olexd(text, tmp_path, port) as server:
            for visit in (1, 2, 3):
                name, visits = joe.visit(server)
                assert visits == 3 * start + visit
                names.add(name)
            other, visits = ann.visit(server)
            assert (visits, other in names) == (start + 1, False)
            until_unlocked(options)
            end(server, kill)
    assert len(names) == 1


@pytest.mark.parametrize("options", ["LmdbSession", "FileSession", "DbmSession"], indirect=True)
def test_lock_of_a_killed_server(tmp_path: Path, options: dict[str, str]) -> None:
    """A session that was locked when the server was killed can be used at once by the next one."""
    port = free_port()
    text = config(tmp_path, port, HANGING, options)
    joe = Visitor()
    with Olexd(text, tmp_path, port) as server:
        joe.visit(server)
        with Wire(server) as wire:
            wire.get("/?hang", f"Cookie: {joe.cookie}")
            wire.head()
            end(server, kill=True)
    with Olexd(text, tmp_path, port) as server:
        assert joe.visit(server)[1] == 3
