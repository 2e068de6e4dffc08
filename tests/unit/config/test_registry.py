"""Names of directives."""

from __future__ import annotations

import pytest

from olexd.config.errors import DirectiveError
from olexd.config.known import known_directives
from olexd.config.registry import MAX_SUGGESTIONS, Registry
from tests.unit.config.specimen import SITE


def test_every_directive_of_httpd_is_known() -> None:
    """The inventory is whole, and its names are looked up in any case."""
    registry = Registry([SITE])
    assert len(known_directives()) == 752
    assert registry.exists("PROXYPASS")
    assert registry.exists("<virtualhost")
    assert not registry.exists("virtualhost")


def test_grades() -> None:
    """A directive without effect is a row, one that is needed or restricts is refused."""
    registry = Registry([SITE])
    row = registry.find("cacheroot")
    assert row is not None
    assert not row.effect
    for name in ("proxypass", "sslengine", "authldapurl", "<if"):
        with pytest.raises(DirectiveError, match="does not support yet"):
            registry.find(name)
    assert registry.find("nothing") is None


def test_nothing_of_authentication_or_tls_is_graded_harmless() -> None:
    """No directive of an authentication, authorization, session or TLS module may be ignored."""
    guards = (
        "auth",
        "<auth",
        "ssl",
        "<ssl",
        "session",
        "require",
        "<require",
        "order",
        "allow",
        "deny",
        "lua",
    )
    harmless = {name for name, known in known_directives().items() if known.grade == "C"}
    assert {name for name in harmless if name.startswith(guards)} == set()


def test_suggestions_are_few_and_near() -> None:
    """A near name is suggested, a far one is not, and a file full of nonsense does not take minutes."""
    registry = Registry([SITE])
    assert registry.suggest("SetHandlr") == "did you mean SetHandler?"
    assert registry.suggest("qqqqqqqqqq") == ""
    for number in range(MAX_SUGGESTIONS):
        registry.suggest(f"zzz{number}")
    assert registry.suggest("SetHandle") == ""
