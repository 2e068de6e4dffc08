"""What holds for sessions of every type."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mod_python import Session
from olexd.sessions.locks import LockTimeout
from olexd.sessions.redis_store import connect
from tests.redis_server import RedisServer
from tests.unit.toolkit.fake import FakeRequest
from tests.unit.toolkit.redis_site import redis_options

pytestmark = pytest.mark.usefixtures("temporary")

KINDS = ["LmdbSession", "MemorySession", "DbmSession", "FileSession", "RedisSession"]
UNKNOWN = "f" * 32

OPTIONS: dict[str, str] = {}
"""What requests are configured with besides the type."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The session type under test."""
    if request.param == "RedisSession":
        server: RedisServer = request.getfixturevalue("empty_redis")
        for name, value in redis_options(server, tmp_path).items():
            monkeypatch.setitem(OPTIONS, name, value)
    return str(request.param)


def request_of(kind: str, cookie: str | None = None) -> FakeRequest:
    """Return a request of a site with sessions of that type, which sends `cookie`."""
    req = FakeRequest(options={"mod_python.session.session_type": kind, **OPTIONS})
    if cookie is not None:
        req.headers_in["Cookie"] = cookie
    return req


def begin(kind: str, cookie: str | None = None, **keywords: Any) -> tuple[Session.BaseSession, FakeRequest]:
    """Open a session for a request that sends `cookie`, and return both."""
    req = request_of(kind, cookie)
    return Session.Session(req, **keywords), req


def saved(kind: str, **keywords: Any) -> str:
    """Return the cookie of a session with one value, saved and unlocked."""
    session, req = begin(kind, **keywords)
    session["user"] = "joe"
    session.save()
    req.finish()
    return f"pysid={session.id()}"


def age(session: Session.BaseSession, seconds: float) -> None:
    """Store the session as if it had been opened and saved `seconds` ago."""
    session._accessed -= seconds
    session.save()
    if isinstance(session, Session.FileSession):
        os.utime(session._files._path(session.id()), (session._accessed, session._accessed))


def test_a_session_is_found_again(kind: str) -> None:
    """A client that sends the cookie back gets its data, and no new cookie."""
    cookie = saved(kind)
    session, req = begin(kind, cookie)
    assert not session.is_new()
    assert session == {"user": "joe"}
    assert req.cookies == []
    assert session.timeout() == 1800
    assert session.created() <= session.last_accessed() <= time.time()
    req.finish()


def test_nothing_is_stored_without_save(kind: str) -> None:
    """Changes that were not saved are gone."""
    cookie = saved(kind)
    session, req = begin(kind, cookie)
    session["user"] = "eve"
    req.finish()
    again, req = begin(kind, cookie)
    assert again == {"user": "joe"}
    req.finish()


def test_an_unknown_id_is_never_used(kind: str) -> None:
    """A client cannot choose its session id: one that is not in the store is replaced."""
    session, req = begin(kind, f"pysid={UNKNOWN}")
    assert session.is_new()
    assert session.id() != UNKNOWN
    assert req.cookies[0].startswith(f"pysid={session.id()}; path=/")
    req.finish()


@pytest.mark.parametrize("sid", ["0" * 31, "0" * 33, "../../../etc/passwd", "A" * 32, "0" * 31 + "/"])
def test_a_forged_cookie_starts_a_new_session(kind: str, sid: str) -> None:
    """A cookie that is no session id is as none."""
    session, req = begin(kind, f"pysid={sid}")
    assert session.is_new()
    req.finish()


@pytest.mark.parametrize("sid", ["0" * 31, "0" * 33, "../" * 10 + "xx", "0" * 32 + "\n"])
def test_a_bad_explicit_id_is_refused(kind: str, sid: str) -> None:
    """A bad id from the application raises ValueError."""
    with pytest.raises(ValueError, match="Invalid Session ID: sid="):
        begin(kind, sid=sid)


def test_an_explicit_id_opens_its_session(kind: str) -> None:
    """With sid, the cookie does not matter."""
    cookie = saved(kind)
    session, req = begin(kind, f"pysid={UNKNOWN}", sid=cookie.partition("=")[2])
    assert session == {"user": "joe"}
    req.finish()


def test_an_expired_session_is_new(kind: str) -> None:
    """A session not saved for longer than its timeout starts anew, under another id."""
    old, req = begin(kind, timeout=60)
    age(old, 61)
    req.finish()
    session, req = begin(kind, f"pysid={old.id()}")
    assert session.is_new()
    assert session.id() != old.id()
    req.finish()


def test_the_stored_timeout_counts(kind: str) -> None:
    """The timeout argument is for new sessions; set_timeout changes a session's own."""
    cookie = saved(kind, timeout=60)
    session, req = begin(kind, cookie, timeout=5)
    assert session.timeout() == 60
    session.set_timeout(90)
    session.save()
    req.finish()
    again, req = begin(kind, cookie)
    assert again.timeout() == 90
    req.finish()


def test_invalidate_ends_a_session(kind: str) -> None:
    """The cookie is taken back, the record is gone, and a later save brings nothing back."""
    cookie = saved(kind)
    session, req = begin(kind, cookie)
    session.invalidate()
    session["user"] = "joe"
    session.save()
    assert "; expires=Thu, 01-Jan-1970 00:00:00 GMT" in req.cookies[0]
    req.finish()
    again, req = begin(kind, cookie)
    assert again.is_new()
    req.finish()


def test_delete_keeps_the_id(kind: str) -> None:
    """Delete removes the record and the data; a save after it stores the session again."""
    cookie = saved(kind)
    session, req = begin(kind, cookie)
    session.delete()
    session.delete()
    assert session == {}
    session.save()
    req.finish()
    again, req = begin(kind, cookie)
    assert not again.is_new()
    req.finish()


def test_regenerate_id_moves_the_data(kind: str) -> None:
    """The data are under a new id, which the client is told and which is locked; the old id is unknown."""
    cookie = saved(kind)
    session, req = begin(kind, cookie)
    session.regenerate_id()
    assert f"pysid={session.id()}" != cookie
    assert req.cookies[0].startswith(f"pysid={session.id()};")
    assert session._locked
    req.finish()
    old, req = begin(kind, cookie)
    assert old.is_new()
    req.finish()
    again, req = begin(kind, f"pysid={session.id()}")
    assert again == {"user": "joe"}
    req.finish()


def test_regenerate_id_needs_the_response_head(kind: str) -> None:
    """Once the head is out the client cannot be told, and the session stays where it is."""
    session, req = begin(kind)
    sid = session.id()
    req.flush()
    with pytest.raises(OSError, match="after headers have been sent"):
        session.regenerate_id()
    assert session.id() == sid
    req.finish()


def test_cleanup_removes_expired_sessions(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the chance at one, the request's end removes what is expired and keeps the rest."""
    old, req = begin(kind, timeout=60)
    age(old, 10_000)
    req.finish()
    kept = saved(kind)
    monkeypatch.setattr(Session, "CLEANUP_CHANCE", 1)
    _, req = begin(kind, timeout=60 if kind == "FileSession" else 0)
    req.finish()
    announced = ("session cleanup", "database cleanup", "removes expired sessions")
    assert any(words in line for words in announced for line, level in req.logged)
    assert all(level == 5 for line, level in req.logged if line.startswith(kind)), req.logged
    monkeypatch.setattr(Session, "CLEANUP_CHANCE", 10**9)
    opened, req = begin(kind, kept)
    assert not opened.is_new()
    old._lock = 0
    assert kind == "RedisSession" or old.do_load() is None
    req.finish()


def test_a_secret_signs_the_cookie(kind: str) -> None:
    """With a secret the cookie is signed, comes back, and an unsigned one is ignored."""
    session, req = begin(kind, secret="s3cret")
    session.save()
    req.finish()
    header = req.cookies[0].partition(";")[0]
    assert len(header) == len("pysid=") + 64
    again, req = begin(kind, header, secret="s3cret")
    assert again.id() == session.id()
    req.finish()
    unsigned, req = begin(kind, f"pysid={session.id()}", secret="s3cret")
    assert unsigned.is_new()
    req.finish()


def test_requests_wait_for_each_other(kind: str) -> None:
    """A second request for the session goes on when the first one is over."""
    cookie = saved(kind)
    session, first = begin(kind, cookie)
    opened = threading.Event()

    def second() -> None:
        _, req = begin(kind, cookie)
        opened.set()
        req.finish()

    thread = threading.Thread(target=second)
    thread.start()
    assert not opened.wait(0.05)
    first.finish()
    thread.join(10)
    assert opened.is_set()
    assert not session._locked


def test_one_request_may_open_its_session_twice(kind: str) -> None:
    """The same request, or one it was redirected to internally, does not wait for itself."""
    cookie = saved(kind)
    session, req = begin(kind, cookie)
    again = Session.Session(req)
    redirected = request_of(kind, cookie)
    redirected.prev = req  # type: ignore[assignment]
    third = Session.Session(redirected)
    assert session == again == third == {"user": "joe"}
    redirected.finish()
    req.finish()
    assert not (session._locked or again._locked or third._locked)


def test_on_the_reactor_nothing_is_waited_for(kind: str) -> None:
    """A request that runs on the reactor's thread gets an error instead of stopping the server."""
    cookie = saved(kind)
    _, first = begin(kind, cookie)
    req = request_of(kind, cookie)
    record = SimpleNamespace(
        on_reactor=True, headers_in_table=req.headers_in, sent_values=lambda name: [], main=None, prev=None
    )
    req._record = record  # type: ignore[attr-defined]
    with pytest.raises(LockTimeout):
        Session.Session(req)
    first.finish()


def test_garbage_unlocks_itself(kind: str) -> None:
    """A session whose request never ended properly gives its lock back when it is collected."""
    cookie = saved(kind)
    session, req = begin(kind, cookie)
    req.cleanups.clear()
    del session
    again, other = begin(kind, cookie)
    other.finish()
    assert again == {"user": "joe"}


def test_without_locking_nobody_waits(kind: str) -> None:
    """lock=0 takes no lock, but for a file session while it saves; unlock is harmless."""
    cookie = saved(kind)
    first, req = begin(kind, cookie, lock=0)
    second, other = begin(kind, cookie)
    first.unlock()
    assert second._locked
    if kind != "FileSession":
        first.save()
    other.finish()
    req.finish()


def test_writers_lose_nothing(kind: str) -> None:
    """Requests that change one session at the same time change it one after the other."""
    cookie = saved(kind)

    def work() -> None:
        for _ in range(10):
            session, req = begin(kind, cookie)
            session["count"] = session.get("count", 0) + 1
            session.save()
            req.finish()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    session, req = begin(kind, cookie)
    assert session["count"] == 60
    req.finish()


WRITER = """
import sys, tempfile
tempfile.tempdir = sys.argv[3]
from mod_python import Session
from tests.unit.toolkit.fake import FakeRequest
options = dict(pair.split("=", 1) for pair in sys.argv[4:])
Session.tempdir = sys.argv[3]
req = FakeRequest(options={"mod_python.session.session_type": sys.argv[1], **options})
req.headers_in["Cookie"] = sys.argv[2]
session = Session.Session(req)
while True:
    session["count"] = session.get("count", 0) + 1
    session["filling"] = "x" * 50_000
    session.save()
    print(session["count"], flush=True)
"""


@pytest.mark.parametrize("kind", ["LmdbSession", "FileSession", "RedisSession"], indirect=True)
def test_a_killed_process_leaves_what_it_saved(kind: str, temporary: Path) -> None:
    """kill -9 in the middle of saving: the session opens, with what was saved last or is being saved."""
    cookie = saved(kind)
    options = [f"{name}={value}" for name, value in OPTIONS.items()]
    command = [sys.executable, "-c", WRITER, kind, cookie, str(temporary), *options]
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            printed = "".join(child.stdout.readline() for _ in range(20))
            child.kill()
            known = int((printed + child.stdout.read()).rpartition("\n")[0].split()[-1])
        session, req = begin(kind, cookie, lock=0)
        assert session["user"] == "joe"
        assert known <= session["count"] <= known + 1
        req.finish()
        if kind == "RedisSession":
            release_leases()


def release_leases() -> None:
    """Do what time does for the leases of a process that was killed."""
    client = connect(OPTIONS["mod_python.redis_session.url"])
    client.delete(*client.keys("*lock:*"))


def test_a_failed_constructor_is_silent(kind: str) -> None:
    """A session that could not be made leaves nothing that complains when it is collected."""
    with pytest.raises(AttributeError):
        getattr(Session, kind)(None)
