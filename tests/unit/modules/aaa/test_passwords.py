"""Hashes of passwords: which are understood, what files hold, how long a right password is remembered."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from olexd.modules.aaa import passwords
from olexd.modules.aaa.files import parse_groups, parse_users
from olexd.modules.aaa.passwords import matches


@pytest.mark.parametrize(
    "stored",
    [
        b"$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/",
        b"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
        b"$6$abc$IdWKNKTJEb8LxY7CGg8YBXlvtfZzFw7Mp/r6niK9YB2mdvgY..TKjv1T..8RadRt2qvUHYRLr/TsVArtr91iR1",
    ],
)
def test_hashes(stored: bytes) -> None:
    """The hashes of htpasswd and of the system are understood, and only for the right password."""
    assert matches(b"secret", stored)
    for wrong in (b"", b"Secret", b"secret ", b"secret\0", b"x" * 80):
        assert not matches(wrong, stored)


@pytest.mark.parametrize(
    "stored", [b"", b"secret", b"$apr1$", b"{SHA}", b"*", b"!", b"$9$abc$def", b"secretsecretse"]
)
def test_no_plain_text(stored: bytes) -> None:
    """Plain text and empty or broken hashes match nothing."""
    assert not matches(b"secret", stored)
    assert not matches(stored, stored)
    assert not matches(b"", stored)


def test_files() -> None:
    """The first line of a user counts; lines of one group add up; comments and blanks are skipped."""
    assert parse_users(b" joe:a:b\n#x:y\n\njoe:c\nnobody\nann x:d\n") == {b"joe": b"a", b"ann x": b"d"}
    assert parse_groups(b"g: a b\n# c\ng: c\n") == {"g": frozenset("abc")}


class TestRemembered:
    @pytest.fixture
    def hashed(self, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
        """The passwords that were really hashed."""
        asked: list[bytes] = []

        def matches(password: bytes, stored: bytes) -> bool:
            asked.append(password)
            return password == b"secret"

        monkeypatch.setattr(passwords, "matches", matches)
        return asked

    def test_right_ones(self, hashed: list[bytes]) -> None:
        """A password that was right is not hashed again, for that very hash."""
        remembered = passwords.Remembered()
        assert all(remembered.matches(b"secret", b"hash") for _ in range(3))
        assert hashed == [b"secret"]
        assert remembered.matches(b"secret", b"another hash")
        assert len(hashed) == 2

    def test_wrong_ones(self, hashed: list[bytes]) -> None:
        """Wrong passwords are never remembered, nor do they hit what was."""
        remembered = passwords.Remembered()
        assert remembered.matches(b"secret", b"hash")
        assert not remembered.matches(b"secre", b"thash")
        assert not any(remembered.matches(b"wrong", b"hash") for _ in range(2))
        assert len(hashed) == 4

    def test_for_a_short_time(self, hashed: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        """After a while it is hashed again."""
        remembered = passwords.Remembered()
        now = passwords.time.monotonic()
        assert remembered.matches(b"secret", b"hash")
        monkeypatch.setattr(passwords.time, "monotonic", lambda: now + passwords.REMEMBER_SECONDS + 1)
        assert remembered.matches(b"secret", b"hash")
        assert len(hashed) == 2

    def test_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of many who ask at the same time one hashes."""
        hashed: list[bytes] = []
        looked, go_on = threading.Semaphore(0), threading.Event()

        def slow(password: bytes, stored: bytes) -> bool:
            hashed.append(password)
            assert go_on.wait(10)
            return True

        class Watched(passwords.Remembered):
            def _knows(self, digest: bytes) -> bool:
                found = super()._knows(digest)
                looked.release()
                return found

        monkeypatch.setattr(passwords, "matches", slow)
        remembered = Watched()
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(remembered.matches, b"secret", b"hash") for _ in range(8)]
            assert all(looked.acquire(timeout=10) for _ in range(9))
            go_on.set()
            assert all(one.result(10) for one in asked)
        assert hashed == [b"secret"]

    def test_bounded(self, hashed: list[bytes]) -> None:
        """However many there are, only so many are remembered."""
        remembered = passwords.Remembered()
        for number in range(passwords.MAX_REMEMBERED + 10):
            remembered.matches(b"secret", b"%d" % number)
        assert len(remembered._until) <= passwords.MAX_REMEMBERED

    def test_nothing_readable_is_kept(self, hashed: list[bytes]) -> None:
        """Neither password nor hash stand in memory that outlives the request."""
        remembered = passwords.Remembered()
        remembered.matches(b"secret", b"hash")
        assert b"secret" not in b"".join(remembered._until)
