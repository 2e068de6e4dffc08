"""What every store promises, tried on each of them."""

from __future__ import annotations

import secrets
import threading

import pytest

from olexd.sessions.store import InvalidSid, Store, valid_sid
from tests.unit.sessions.conftest import SID, record

FORGED = [
    "",
    "0" * 31,
    "0" * 65,
    SID.upper().replace("0", "A"),
    SID + "\n",
    "../../../../../../etc/passwd0000",
    "g" * 32,
    "\u0660" * 32,
    "0" * 31 + "\0",
]


def test_a_session_comes_back_as_saved(any_store: Store) -> None:
    """What was saved is what load returns."""
    saved = record({"user": "Zoë", "list": [1, 2]})
    any_store.save(SID, saved)
    assert any_store.load(SID) == saved


def test_an_unknown_session_is_none(any_store: Store) -> None:
    """A sid that was never saved loads as None."""
    assert any_store.load(SID) is None


def test_a_save_replaces_the_record(any_store: Store) -> None:
    """The last save wins."""
    any_store.save(SID, record(1))
    any_store.save(SID, record(2))
    assert any_store.load(SID) == record(2)


def test_a_deleted_session_is_gone(any_store: Store) -> None:
    """Delete forgets a session, and does not mind one that is not there."""
    any_store.save(SID, record())
    any_store.delete(SID)
    any_store.delete(SID)
    assert any_store.load(SID) is None


def test_a_record_is_a_copy(any_store: Store) -> None:
    """Changing a loaded record changes nothing in the any_store."""
    any_store.save(SID, record([]))
    loaded = any_store.load(SID)
    assert loaded is not None
    loaded["_data"]["value"].append(1)
    assert any_store.load(SID) == record([])


def test_a_long_session_is_kept(any_store: Store) -> None:
    """A record of some hundred kilobytes is no different."""
    any_store.save(SID, record("x" * 300_000))
    assert any_store.load(SID) == record("x" * 300_000)


@pytest.mark.parametrize("sid", FORGED)
def test_forged_ids_are_refused(any_store: Store, sid: str) -> None:
    """Nothing is looked up, kept or removed under a text that is not a session id."""
    assert not valid_sid(sid)
    with pytest.raises(InvalidSid):
        any_store.load(sid)
    with pytest.raises(InvalidSid):
        any_store.save(sid, record())
    with pytest.raises(InvalidSid):
        any_store.delete(sid)


def test_a_sweep_removes_only_what_expired(store: Store) -> None:
    """Sweep removes expired sessions, keeps the others, and counts."""
    sids = [secrets.token_hex(16) for _ in range(600)]
    for number, sid in enumerate(sids):
        store.save(sid, record(number, accessed=1000.0 + number, timeout=100.0))
    assert store.sweep(1100.0 + 300) == 300
    assert [store.load(sid) is None for sid in sids] == [True] * 300 + [False] * 300
    assert store.sweep(1100.0 + 300) == 0


def test_a_sweep_sees_a_life_prolonged(store: Store) -> None:
    """A session that was saved again with a later time survives the sweep, until that time."""
    store.save(SID, record(accessed=1000.0))
    store.save(SID, record(accessed=2000.0))
    assert store.sweep(1500.0) == 0
    assert store.load(SID) is not None
    assert store.sweep(2061.0) == 1


def test_a_sweep_sees_a_life_shortened(store: Store) -> None:
    """A session whose timeout was lowered goes at the new time."""
    store.save(SID, record(timeout=3600.0))
    store.save(SID, record(timeout=10.0))
    assert store.sweep(1011.0) == 1


def test_a_session_saved_again_after_delete_is_swept(store: Store) -> None:
    """Delete and save leave no trace that keeps the sweep from removing the session, or counting it twice."""
    for _ in range(3):
        store.save(SID, record())
        store.delete(SID)
    store.save(SID, record())
    assert store.sweep(9999.0) == 1


def test_threads_share_a_store(any_store: Store) -> None:
    """Loads and saves of many threads at once do not disturb each other."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        sid = f"{number:032x}"
        try:
            for turn in range(100):
                any_store.save(sid, record(turn))
                assert any_store.load(sid) == record(turn)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
