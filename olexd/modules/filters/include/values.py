"""Values on their way into a page: encodings, sizes, times (configuration spec 3.14). Pure."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_to_bytes

from olexd.modules.filters.include.parser import decode_entities
from olexd.modules.sizes import short_size

_OUTSIDE_PATHS: Final = re.compile(rb"[^A-Za-z0-9$\-_.+!*'(),:;@&=/~]")
_OUTSIDE_FORMS: Final = re.compile(rb"[^A-Za-z0-9.\-*_ ]")


def escape_html(value: bytes) -> bytes:
    """Return text with the four characters escaped that mean something in HTML."""
    value = value.replace(b"&", b"&amp;").replace(b"<", b"&lt;")
    return value.replace(b">", b"&gt;").replace(b'"', b"&quot;")


def _hex(found: re.Match[bytes]) -> bytes:
    return b"%%%02x" % ord(found.group())


def _escape_form(value: bytes) -> bytes:
    return _OUTSIDE_FORMS.sub(_hex, value).replace(b" ", b"+")


def _unbase64(value: bytes) -> bytes:
    try:
        return base64.b64decode(value)
    except binascii.Error:
        return b""


ENCODINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "none": bytes,
    "url": lambda value: _OUTSIDE_PATHS.sub(_hex, value),
    "urlencoded": _escape_form,
    "entity": escape_html,
    "base64": base64.b64encode,
}
DECODINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "none": bytes,
    "url": unquote_to_bytes,
    "urlencoded": lambda value: unquote_to_bytes(value.replace(b"+", b" ")),
    "entity": decode_entities,
    "base64": _unbase64,
}


def format_size(size: int, abbreviate: bool) -> bytes:
    """Return a number of bytes: with commas, or in four characters with a unit."""
    return (short_size(size) if abbreviate else f"{size:,}").encode()


def format_time(layout: str, seconds: float, gmt: bool = False) -> bytes:
    """Return a time (epoch seconds) in strftime's `layout`, local or Greenwich."""
    if not gmt:
        return time.strftime(layout, time.localtime(seconds)).encode("utf-8", "surrogateescape")
    layout = layout.replace("%Z", "GMT").replace("%z", "+0000")
    return time.strftime(layout, time.gmtime(seconds)).encode("utf-8", "surrogateescape")
