"""Host and port of a request."""

from __future__ import annotations

import pytest

from olexd.errors import BadRequest
from olexd.http.host import CACHED_MAX, split_host


@pytest.mark.parametrize(
    ("value", "host", "port"),
    [
        (b"A.Example", "a.example", None),
        (b"a.example.", "a.example", None),
        (b"a.example.:81", "a.example", 81),
        (b"a:00080", "a", 80),
        (b"1.2.3.4:65535", "1.2.3.4", 65535),
        (b"[2001:DB8::1]:8", "2001:db8::1", 8),
        (b"[::ffff:1.2.3.4]", "::ffff:1.2.3.4", None),
        (b"1a", "1a", None),
        (b"_", "_", None),
    ],
)
def test_parts(value: bytes, host: str, port: int | None) -> None:
    """The host comes in lower case without its last dot, the port as a number."""
    assert split_host(value) == (host, port)


@pytest.mark.parametrize(
    "value",
    [
        b"1.2.3",
        b"1.2..4",
        b".1.2.3.4",
        b"a.-b",
        b"a._b",
        b"127.0.0.1a",
        b"[v1.x]",
        b"a:1\n",
        b"a\n",
        b"[::1]\n",
    ],
)
def test_refused(value: bytes) -> None:
    """What is neither a name nor an address is refused, as httpd refuses it."""
    with pytest.raises(BadRequest) as caught:
        split_host(value)
    assert caught.value.status == 400


def test_long_values() -> None:
    """Long names are split like others (they are only not remembered)."""
    name = b"a" * (CACHED_MAX + 1)
    assert split_host(name + b":7") == (name.decode(), 7)


def test_hard_names_take_linear_time() -> None:
    """A long name that nearly matches is refused at once."""
    with pytest.raises(BadRequest):
        split_host(b"1." * 4000 + b"1")
    with pytest.raises(BadRequest):
        split_host(b"0" * 8000)
