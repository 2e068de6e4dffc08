"""Encodings, sizes and times of server-side includes."""

from __future__ import annotations

import pytest

from olexd.modules.filters.include.values import DECODINGS, ENCODINGS, format_size, format_time

RAW = b"a<b>&amp;c d/e%C3?"


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("none", RAW),
        ("entity", b"a&lt;b&gt;&amp;amp;c d/e%C3?"),
        ("url", b"a%3cb%3e&amp;c%20d/e%25C3%3f"),
        ("urlencoded", b"a%3cb%3e%26amp%3bc+d%2fe%25C3%3f"),
        ("base64", b"YTxiPiZhbXA7YyBkL2UlQzM/"),
    ],
)
def test_encodings(name: str, encoded: bytes) -> None:
    """Each as httpd does it, and back again."""
    assert ENCODINGS[name](RAW) == encoded
    assert DECODINGS[name](encoded) == RAW


def test_bad_base64() -> None:
    """What is no base64 decodes to nothing."""
    assert DECODINGS["base64"](b"a") == b""


def test_sizes() -> None:
    """In four characters, or with commas."""
    assert format_size(1536, True) == b"1.5K"
    assert format_size(1234567, False) == b"1,234,567"


def test_greenwich() -> None:
    """Times of Greenwich say so."""
    assert format_time("%Y-%m-%d %H:%M %Z %z", 0, gmt=True) == b"1970-01-01 00:00 GMT +0000"
