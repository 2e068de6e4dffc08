"""Sizes are short."""

from __future__ import annotations

import pytest

from olexd.modules.sizes import short_size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (-1, "  - "),
        (0, "  0 "),
        (972, "972 "),
        (973, "1.0K"),
        (1024, "1.0K"),
        (1536, "1.5K"),
        (9999, "9.8K"),
        (10188, "9.9K"),
        (10239, " 10K"),
        (15000, " 15K"),
        (996351, "973K"),
        (1234567, "1.2M"),
        (5 * 1024**3, "5.0G"),
        (1 << 40, "1.0T"),
        (1 << 80, "****"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    """Four characters, as in httpd's lists."""
    assert short_size(size) == text
