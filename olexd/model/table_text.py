"""What a table's names and values are: text that reads back, and the bytes it came as."""

from __future__ import annotations

from typing import Final, cast

from olexd.uri import decode_text

Text = str | bytes
Wire = tuple[bytes, bytes]
"""A name and a value as they are sent."""

_NAMES_MAX: Final = 1024
known_names: Final[dict[bytes, tuple[str, str]]] = {}
"""The keys and the text of header names that clients sent."""


def as_text(value: object) -> str:
    """Return a name or value that is to be stored as text; TypeError unless it is Latin-1 str or bytes."""
    if isinstance(value, str):
        if not value.isascii():
            latin1(value)
        return value
    if isinstance(value, bytes):
        return decode_text(value)
    raise TypeError("not an ISO-8859-1 string")


def latin1(text: str) -> bytes:
    """Return text as bytes; TypeError for what Latin-1 has no characters for."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise TypeError("not an ISO-8859-1 string") from None


def wire_of(name: object, value: object) -> Wire | None:
    """Return the bytes to send when `name` or `value` was given as bytes."""
    if isinstance(name, str) and isinstance(value, str):
        return None
    return _as_bytes(name), _as_bytes(value)


def _as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes) else latin1(cast(str, value))


def learn_name(raw: bytes) -> tuple[str, str] | None:
    """Return a header name's key and text, to be remembered while there is room; None unless it is ASCII."""
    if not raw.isascii():
        return None
    name = raw.decode("ascii")
    known = name.lower(), name
    if len(known_names) < _NAMES_MAX and len(raw) <= 64:
        known_names[raw] = known
    return known
