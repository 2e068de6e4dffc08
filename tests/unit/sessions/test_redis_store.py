"""What only concerns the store in Redis: signatures, lives, keys, a Redis that is not there."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from olexd.sessions.redis_store import ForgedRecord, RedisStore, connect, read_key
from olexd.sessions.store import SessionStoreError
from tests.redis_server import RedisServer
from tests.unit.sessions.conftest import KEY, SID, record

NAME = b"test:session:" + SID.encode()
OTHER = "f" * 32


@pytest.fixture
def store(empty_redis: RedisServer) -> RedisStore:
    """A store with nothing in it."""
    return RedisStore(connect(empty_redis.url), KEY, "test:")


exploded: list[str] = []


def explode() -> None:
    """Run when a bomb is unpickled."""
    exploded.append("bomb")


class Bomb:
    """Runs something when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return explode, ()


def forged(store: RedisStore) -> None:
    """Check that the record is refused, and that nothing of it has run."""
    with pytest.raises(ForgedRecord, match="wrong signature"):
        store.load(SID)
    assert exploded == []


@pytest.mark.parametrize("before", [b"", b"x" * 32, b"x" * 5])
def test_a_forged_record_is_not_unpickled(store: RedisStore, empty_redis: RedisServer, before: bytes) -> None:
    """Whoever can write to Redis cannot make the server run anything."""
    empty_redis.client.set(NAME, before + pickle.dumps(Bomb()))
    forged(store)


def test_the_bomb_would_explode() -> None:
    """What the tests above count on."""
    pickle.loads(pickle.dumps(Bomb()))
    assert exploded.pop() == "bomb"


def test_every_changed_byte_is_noticed(store: RedisStore, empty_redis: RedisServer) -> None:
    """In the signature, in the record, at the end."""
    store.save(SID, record("value"))
    good = empty_redis.client.get(NAME)
    for at in (0, 31, 32, 40, len(good) - 1):
        empty_redis.client.set(NAME, good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        forged(store)
    for changed in (good + b"x", good[:-1], good[:32], b""):
        empty_redis.client.set(NAME, changed)
        forged(store)


def test_a_record_belongs_to_its_sid(store: RedisStore, empty_redis: RedisServer) -> None:
    """The record of one session, copied to another, is forged: nobody becomes somebody else."""
    store.save(OTHER, record("admin"))
    empty_redis.client.set(NAME, empty_redis.client.get(NAME.replace(SID.encode(), OTHER.encode())))
    forged(store)


def test_another_key_is_another_world(store: RedisStore, empty_redis: RedisServer) -> None:
    """A server with another key does not take the record."""
    store.save(SID, record())
    forged(RedisStore(connect(empty_redis.url), b"another" * 8, "test:"))


@pytest.mark.parametrize(
    ("timeout", "life"), [(1800.0, 1860), (0.0, 60), (-5.0, 60), (1e300, 10 * 365 * 86400 + 60)]
)
def test_redis_forgets_by_itself(
    store: RedisStore, empty_redis: RedisServer, timeout: float, life: int
) -> None:
    """A record lives a minute longer than the session, counted from the save, whatever the clocks say."""
    store.save(SID, record(accessed=0.0, timeout=timeout))
    assert life - 5 <= empty_redis.client.ttl(NAME) <= life
    assert store.load(SID) is not None
    assert store.sweep(1e12) == 0


def test_prefixes_keep_applications_apart(store: RedisStore, empty_redis: RedisServer) -> None:
    """Two applications in one Redis do not see each other's sessions."""
    store.save(SID, record())
    assert RedisStore(connect(empty_redis.url), KEY, "other:").load(SID) is None


def test_a_redis_that_is_not_there(tmp_path: Path) -> None:
    """Every operation says so, and shows no password."""
    store = RedisStore(connect(f"unix://:pass-word@{tmp_path}/none"), KEY, "test:")
    operations = (lambda: store.load(SID), lambda: store.save(SID, record()), lambda: store.delete(SID))
    for operation in operations:
        with pytest.raises(SessionStoreError, match=r"^Redis: ConnectionError") as caught:
            operation()
        assert "pass-word" not in str(caught.value)


def key_file(tmp_path: Path, content: bytes = KEY, mode: int = 0o600) -> str:
    """Return the path of a key's file."""
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    """A line end behind the key does not count."""
    assert read_key(key_file(tmp_path, KEY + b"\n")) == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Or write."""
    with pytest.raises(SessionStoreError, match="lets others"):
        read_key(key_file(tmp_path, mode=mode))


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    """A key that can be guessed protects nothing."""
    with pytest.raises(SessionStoreError, match="has 31 bytes, and a key needs 32"):
        read_key(key_file(tmp_path, b"k" * 31))


def test_a_missing_key_is_an_error(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(SessionStoreError, match=r"none: No such file"):
        read_key(str(tmp_path / "none"))
