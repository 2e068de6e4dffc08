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


@pytest.mark.parametrize(
    ("size", "short"),
    [
        (0, b"  0 "),
        (972, b"972 "),
        (973, b"1.0K"),
        (999, b"1.0K"),
        (1536, b"1.5K"),
        (10188, b"9.9K"),
        (15000, b" 15K"),
        (1234567, b"1.2M"),
        (1 << 40, b"1.0T"),
    ],
)
def test_short_sizes(size: int, short: bytes) -> None:
    """Four characters."""
    assert format_size(size, True) == short


def test_exact_sizes() -> None:
    """With commas."""
    assert format_size(1234567, False) == b"1,234,567"


def test_greenwich() -> None:
    """Times of Greenwich say so."""
    assert format_time("%Y-%m-%d %H:%M %Z %z", 0, gmt=True) == b"1970-01-01 00:00 GMT +0000"
