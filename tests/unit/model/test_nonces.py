"""Nonces: whose they are, how old, and how often they were used."""

from __future__ import annotations

import pytest

from olexd.model import nonces
from olexd.model.nonces import Uses, make_nonce, nonce_age


def test_none_is_like_another() -> None:
    """However quickly they are made."""
    assert len({make_nonce("x") for _ in range(1000)}) == 1000


def test_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """A nonce tells its age, for its own realm only."""
    nonce = make_nonce("here")
    now = nonces.time.time()
    monkeypatch.setattr(nonces.time, "time", lambda: now + 7)
    assert nonce_age(nonce, "here") in (7, 8)
    assert nonce_age(nonce, "there") is None


@pytest.mark.parametrize("changed", ["", "-", "--", "x", "0-0-0", "\u00e9-x-y", "g"])
def test_not_ours(changed: str) -> None:
    """What was not made here, or was changed since, has no age."""
    nonce = make_nonce("here")
    assert nonce_age(changed, "here") is None
    assert nonce_age(changed + nonce, "here") is None or not changed
    assert nonce_age(nonce[:-1] + ("0" if nonce[-1] != "0" else "1"), "here") is None


def test_uses() -> None:
    """Counts only rise; a nonce that is spent is gone."""
    uses = Uses()
    uses.begin("a")
    assert [uses.last("a", count) for count in (3, 2, 5)] == [0, 3, 3]
    assert uses.last("b", 1) is None
    assert (uses.spend("a"), uses.spend("a"), uses.last("a", 9)) == (True, False, None)


def test_bounded() -> None:
    """The nonce that was not used for longest makes room."""
    uses = Uses(2)
    for nonce in "abc":
        uses.begin(nonce)
        uses.last("a", 1)
    assert len(uses) == 2
    assert (uses.last("a", 1), uses.last("b", 1), uses.last("c", 1)) == (1, None, 0)
