"""What limits are made from."""

from __future__ import annotations

from olexd.config.core import CoreServer
from olexd.config.settings import resolve
from olexd.http.limits import HEAD_MAX, Limits


def test_defaults_are_the_configurations() -> None:
    """Limits nobody configured are the core settings' defaults."""
    assert Limits.from_core(resolve(CoreServer())) == Limits()


def test_configured() -> None:
    """Each limit comes from its own setting."""
    core = CoreServer(
        limit_request_line=1,
        limit_request_fields=2,
        limit_request_field_size=3,
        header_timeout=4.0,
        header_timeout_max=5.0,
        header_min_rate=6,
        body_timeout=7.0,
        body_min_rate=8,
    )
    expected = Limits(
        line=1,
        fields=2,
        field_size=3,
        header_timeout=4.0,
        header_timeout_max=5.0,
        header_min_rate=6,
        body_timeout=7.0,
        body_min_rate=8,
    )
    assert Limits.from_core(resolve(core)) == expected


def test_head() -> None:
    """A head is bounded by what its lines may be together, and absolutely."""
    assert Limits(line=100, fields=2, field_size=50).head < 300
    assert Limits(fields=0).head <= HEAD_MAX + 8
    assert Limits().head < HEAD_MAX
