"""Sessions in Redis: their options, and what they refuse."""

from __future__ import annotations

import builtins
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from mod_python import Session, _session_redis
from olexd.sessions import redis_store
from olexd.sessions.store import SessionStoreError
from tests.redis_server import RedisServer, running_redis
from tests.unit.toolkit.fake import FakeRequest
from tests.unit.toolkit.redis_site import redis_options

pytestmark = pytest.mark.usefixtures("temporary")


@pytest.fixture
def options(empty_redis: RedisServer, tmp_path: Path) -> dict[str, str]:
    """The options of a site."""
    return {"session": "RedisSession", **redis_options(empty_redis, tmp_path)}


def test_a_forged_session_is_new(options: dict[str, str], empty_redis: RedisServer) -> None:
    """A record with a wrong signature is as none, and the log says why."""
    session = Session.Session(FakeRequest(options=options), lock=0)
    session.save()
    empty_redis.client.set(f"olexd:session:{session.id()}", b"forged")
    req = FakeRequest(options=options, Cookie=f"pysid={session.id()}")
    again = Session.Session(req, lock=0)
    assert again.is_new() and again.id() != session.id()
    assert "wrong signature" in req.logged[0][0]


def test_the_prefix_is_an_option(options: dict[str, str], empty_redis: RedisServer) -> None:
    """Sites that share a Redis have names of their own in it."""
    req = FakeRequest(options={**options, "mod_python.redis_session.prefix": "shop:"})
    session = Session.Session(req)
    session.save()
    assert sorted(empty_redis.client.keys()) == [
        f"shop:lock:{session.id()}".encode(),
        f"shop:session:{session.id()}".encode(),
    ]
    req.finish()
    assert empty_redis.client.keys() == [f"shop:session:{session.id()}".encode()]


def refusal(options: dict[str, str]) -> str:
    """Return why there is no session."""
    with pytest.raises(SessionStoreError) as caught:
        Session.Session(FakeRequest(options=options))
    return str(caught.value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Redis have a tenth of a second for an answer."""
    monkeypatch.setattr(redis_store, "CLIENT_TIMEOUT", 0.1)


@pytest.mark.usefixtures("impatient")
def test_a_redis_that_never_answers(options: dict[str, str], tmp_path: Path) -> None:
    """A request waits once for as long as Redis has, not again and again, and is told so."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        options["mod_python.redis_session.url"] = f"unix://{tmp_path}/silent"
        started = time.monotonic()
        assert "Redis: TimeoutError" in refusal(options)
        assert time.monotonic() - started < 2


@pytest.mark.usefixtures("impatient")
def test_a_redis_that_stands_still(options: dict[str, str], tmp_path: Path) -> None:
    """Sessions are there again as soon as it goes on."""
    directory = tmp_path / "r"
    directory.mkdir()
    with running_redis(directory) as server:
        options["mod_python.redis_session.url"] = server.url
        req = FakeRequest(options=options)
        sid = Session.Session(req).id()
        req.finish()
        number = server.client.info("server")["process_id"]
        os.kill(number, signal.SIGSTOP)
        started = time.monotonic()
        assert "Redis: TimeoutError" in refusal(options)
        assert time.monotonic() - started < 2
        os.kill(number, signal.SIGCONT)
        req = FakeRequest(options=options)
        assert Session.Session(req).id() != sid
        req.finish()


def test_without_a_key_there_are_no_sessions(options: dict[str, str]) -> None:
    """The message names the option, and a missing file."""
    del options["mod_python.redis_session.secret_file"]
    assert "needs PythonOption mod_python.redis_session.secret_file" in refusal(options)
    options["mod_python.redis_session.secret_file"] = "/no/such/file"
    assert refusal(options) == "/no/such/file: No such file or directory"


def test_a_url_that_is_none_is_named(options: dict[str, str]) -> None:
    """The message names the option."""
    options["mod_python.redis_session.url"] = "ftp://somewhere"
    assert refusal(options).startswith("PythonOption mod_python.redis_session.url: ")


def test_without_the_library_there_are_no_sessions(
    options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says how to install it."""
    original = builtins.__import__

    def refusing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "olexd.sessions.redis_store":
            raise ImportError("No module named 'redis'")
        return original(name, *args, **kwargs)

    _session_redis._store.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refusing)
    assert refusal(options) == "RedisSession needs redis-py: pip install 'olexd[redis]'"


def test_a_new_key_counts_at_once(options: dict[str, str], tmp_path: Path) -> None:
    """When the file changes, what the old key signed is refused."""
    session = Session.Session(FakeRequest(options=options), lock=0)
    session.save()
    (tmp_path / "key").write_bytes(b"another key, after somebody saw the old one")
    again = Session.Session(FakeRequest(options=options, Cookie=f"pysid={session.id()}"), lock=0)
    assert again.is_new()
