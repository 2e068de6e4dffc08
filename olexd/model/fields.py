"""The header fields that handlers prepared, made ready for the wire."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final

from olexd.http.framing import field_lines
from olexd.model.table import Snapshot, Table, wire_lines
from olexd.model.table_text import Wire

_SERVERS_OWN: Final = frozenset({b"date", b"server", b"transfer-encoding", b"keep-alive"})
"""Fields that only the server sets."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A table's fields: `lines` to be sent, and what the server decides on.

    `length` is the value of Content-Length, `content_type` the whole Content-Type line, `closes` whether
    the connection is to be closed, `vary` the Vary lines, of which a response has one.
    """

    lines: bytes = b""
    length: bytes | None = None
    content_type: bytes = b""
    closes: bool = False
    vary: tuple[Wire, ...] = ()


NONE: Final = Fields()


def fields_of(table: Table | None) -> Fields:
    """Return a table's fields. Raises ValueError for a name or value that cannot be sent."""
    if not table:
        return NONE
    snapshot = table.snapshot()
    # Responses mostly carry the same fields again and again; cookies are new each time, and secret.
    return _read(snapshot) if "Set-Cookie" in table else _remembered(snapshot)


def vary_line(lines: tuple[Wire, ...]) -> bytes:
    """Return one Vary line for all of `lines` that names each field once, as httpd writes it."""
    words = chain.from_iterable(value.replace(b",", b" ").split() for _, value in lines)
    names: dict[bytes, bytes] = {}
    for word in words:
        names.setdefault(word.lower(), word)
    return field_lines([(lines[0][0], b",".join(names.values()))])


@lru_cache(512)
def _remembered(snapshot: Snapshot) -> Fields:
    return _read(snapshot)


def _read(snapshot: Snapshot) -> Fields:
    own = []
    length = None
    content_type = b""
    closes = False
    vary = []
    for line in wire_lines(snapshot):
        name = line[0].lower()
        if name == b"content-length":
            length = line[1]
        elif name == b"content-type":
            content_type = field_lines([line])
        elif name == b"connection":
            closes = closes or b"close" in line[1].lower()
        elif name == b"vary":
            vary.append(line)
        elif name not in _SERVERS_OWN:
            own.append(line)
    field_lines(vary)
    return Fields(field_lines(own), length, content_type, closes, tuple(vary))
