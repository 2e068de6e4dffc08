"""The session cookie, the choice of type, the helpers, and what a third-party store relies on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mod_python import Cookie, Session
from olexd.sessions.store import SessionStoreError
from tests.unit.toolkit.fake import FakeRequest

pytestmark = pytest.mark.usefixtures("temporary")

PLAIN = {
    "mod_python.session.session_type": "MemorySession",
    "mod_python.session.httponly": "Off",
    "mod_python.session.samesite": "Off",
}


def cookie(req: FakeRequest) -> str:
    """Open a session and return its cookie without name and value."""
    Session.Session(req)
    req.finish()
    return req.cookies[0].partition("; ")[2]


def test_cookies_are_protected_by_default() -> None:
    """Scripts and other sites do not get the cookie; on https, plain http does not either."""
    req = FakeRequest(options={"session": "MemorySession"})
    assert cookie(req) == "path=/; samesite=Lax; httponly"
    assert req.headers_out["Cache-Control"] == 'no-cache="set-cookie"'
    req = FakeRequest(options={"session": "MemorySession"})
    req.https = 1
    assert cookie(req) == "path=/; secure; samesite=Lax; httponly"


def test_options_choose_the_protection() -> None:
    """Each protection can be switched; an unknown word is an error that names the option."""
    options = PLAIN | {"mod_python.session.secure": "On", "mod_python.session.samesite": "Strict"}
    assert cookie(FakeRequest(options=options)) == "path=/; secure; samesite=Strict"
    with pytest.raises(ValueError, match=r"mod_python.session.httponly must be On, Off or auto"):
        Session.Session(FakeRequest(options=PLAIN | {"mod_python.session.httponly": "maybe"}))


PATHS: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({}, {}, "/"),
    ({"directory": "/srv/www/pub/", "uri": "/pub/page"}, {}, "/pub/"),
    ({"directory": "/srv/www/pub/", "uri": "/alias/page"}, {}, "/"),
    ({"directory": "/srv/www"}, {}, "/"),
    ({"directory": "/srv/www/pub/", "uri": "/pub/x"}, {"mod_python.session.application_path": "/a"}, "/a"),
    ({}, {"ApplicationPath": "/old"}, "/old"),
    ({}, {"ApplicationPath": "/old", "mod_python.session.application_path": "/new"}, "/new"),
]


@pytest.mark.parametrize(("place", "options", "path"), PATHS)
def test_the_path_is_the_handlers_place(place: dict[str, Any], options: dict[str, str], path: str) -> None:
    """The cookie is for the handler's directory, or what the options say, or everything."""
    assert cookie(FakeRequest(options=PLAIN | options, **place)) == f"path={path}"


def test_options_name_cookie_and_domain() -> None:
    """Name, path and domain come from options, in mod_python's order."""
    options = {
        "mod_python.session.cookie_name": "mysid",
        "mod_python.session.application_path": "/opts/app",
        "mod_python.session.application_domain": ".example.com",
    }
    req = FakeRequest(options=PLAIN | options)
    session = Session.Session(req)
    assert req.cookies == [f"mysid={session.id()}; path=/opts/app; domain=.example.com"]
    session.save()
    req.finish()
    again = Session.Session(FakeRequest(options=PLAIN | options, Cookie=f"mysid={session.id()}"))
    assert not again.is_new()


def test_the_default_type_is_lmdb(temporary: Path) -> None:
    """Without options sessions are in LMDB, in a private directory of this user's."""
    session = Session.Session(FakeRequest())
    session.save()
    assert type(session) is Session.LmdbSession
    assert len(list(temporary.glob("olexd-*/sessions/data.mdb"))) == 1


def test_the_lmdb_directory_can_be_chosen(temporary: Path) -> None:
    """The option's directory gets a private one for the store; the new option beats the old."""
    options = {"mod_python.session.database_directory": str(temporary / "new"), "session_directory": "/none"}
    Session.Session(FakeRequest(options=options)).save()
    assert (temporary / "new" / "olexd-sessions" / "data.mdb").exists()


def test_an_unsafe_default_place_is_refused(temporary: Path) -> None:
    """When others can write to this user's directory in the temporary one, no session is opened."""
    import os

    place = temporary / f"olexd-{os.geteuid()}"
    place.mkdir()
    place.chmod(0o777)
    with pytest.raises(SessionStoreError, match="lets others write to it"):
        Session.Session(FakeRequest())


def test_unknown_types_are_refused() -> None:
    """A type that does not exist is an error that names it."""
    with pytest.raises(Exception, match="Unknown session type FooSession"):
        Session.Session(FakeRequest(options={"mod_python.session.session_type": "FooSession"}))


class OwnStore(Session.BaseSession):
    """A third-party store as mod_python applications write them."""

    calls: list[str]
    records: dict[str, Any]

    def __init__(self, req: FakeRequest, **keywords: Any) -> None:
        self.calls = []
        self.records = {}
        Session.BaseSession.__init__(self, req, **keywords)

    def init_lock(self) -> None:
        self.calls.append(f"init_lock {bool(self._sid)}")

    def do_load(self) -> Any:
        self.calls.append("load")
        return self.records.get(self._sid)

    def do_save(self, dict: Any) -> None:
        self.records[self._sid] = dict

    def do_cleanup(self) -> None:
        self.calls.append("cleanup")

    def make_cookie(self) -> Cookie.Cookie:
        made = super().make_cookie()
        made.secure = 1
        made.max_age = 60
        return made


def test_the_contract_of_third_party_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """The constructor calls what a subclass provides, in order, and its cookie is the one sent."""
    monkeypatch.setattr(Session, "CLEANUP_CHANCE", 1)
    req = FakeRequest(options=PLAIN, Cookie="pysid=" + "0" * 32)
    session = OwnStore(req, timeout=90)
    session["a"] = 1
    session.save()
    assert session.calls == ["init_lock True", "load", "cleanup"]
    assert req.cookies == [f"pysid={session.id()}; path=/; secure; Max-Age=60"]
    assert set(session.records[session.id()]) == {"_data", "_created", "_accessed", "_timeout"}
    assert type(session.records[session.id()]["_data"]) is dict
    with pytest.raises(AttributeError, match="do_delete"):
        session.delete()
    req.finish()


def test_memory_sessions_share_values() -> None:
    """A mutable value of a memory session is one object for all requests, saved or not."""
    req = FakeRequest(options=PLAIN)
    session = Session.Session(req)
    session["list"] = []
    session.save()
    req.finish()
    for number in (1, 2):
        again = FakeRequest(options=PLAIN, Cookie=f"pysid={session.id()}")
        Session.Session(again)["list"].append(number)
        again.finish()
    assert session["list"] == [1, 2]


def test_session_ids_are_random() -> None:
    """Ids are 32 hexadecimal digits and do not repeat."""
    ids = {Session._new_sid(FakeRequest()) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(Session._check_sid(sid) for sid in ids)


@pytest.mark.parametrize("item", ["Yes", "TRUE", "1", 1, True, 1.0])
def test_true_words(item: object) -> None:
    """These options mean true."""
    assert Session.true_or_false(item) is True


@pytest.mark.parametrize("item", ["No", "FALSE", "0", 0, False, None])
def test_false_words(item: object) -> None:
    """These options mean false."""
    assert Session.true_or_false(item) is False


@pytest.mark.parametrize("item", ["on", "off", "", 2, "None", []])
def test_other_words(item: object) -> None:
    """mod_python takes no other words."""
    with pytest.raises(Exception) as caught:
        Session.true_or_false(item)
    assert caught.value.args == ()


def test_md5_hash_takes_text_and_bytes() -> None:
    """Text is hashed as Latin-1."""
    assert Session.md5_hash("\xe4") == Session.md5_hash(b"\xe4") == "c15bcc5577f9fade4b4a3256190a59b0"


def test_location_without_a_root() -> None:
    """A Location's pattern is never taken for a directory, whatever the root's length."""
    req = FakeRequest(directory="/app", uri="/app/page")
    req.root = ""
    req.hlist.is_location = True
    assert cookie(req).startswith("path=/; ")


def test_what_applications_assign_counts(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers, places and names in the module are read when they are needed."""
    for name, value in {
        "COOKIE_NAME": "mine",
        "DFT_TIMEOUT": 77,
        "CLEANUP_CHANCE": 1,
        "tempdir": str(temporary / "elsewhere"),
        "DFT_FAST_CLEANUP": False,
        "DFT_VERIFY_CLEANUP": False,
        "DFT_GRACE_PERIOD": 5,
        "DFT_CLEANUP_TIME_LIMIT": 6,
    }.items():
        monkeypatch.setattr(Session, name, value)
    req = FakeRequest()
    session = Session.FileSession(req)
    assert req.cookies[0].startswith("mine=")
    assert session.timeout() == session._cleanup_timeout == 77
    assert [message for message, _ in req.logged if "registered" in message]
    assert session._sessdir == str(temporary / "elsewhere" / "mp_sess")
    assert (session._fast_cleanup, session._verify_cleanup) == (False, False)
    assert (session._grace_period, session._cleanup_time_limit) == (5, 6)
    (temporary / "elsewhere").mkdir()
    assert Session.DbmSession(FakeRequest())._dbmfile == str(temporary / "elsewhere" / "mp_sess.dbm")
