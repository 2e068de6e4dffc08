"""ErrorLogFormat: what a line of the error log looks like (configuration spec 5.3).

A format is a row of fields with blanks between them; a field with an item that has nothing to show is left
out with the blank before it, unless the item has a `-` flag. One with a `+` flag leaves out the whole line.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.server import HostConfig
from olexd.errorlog import Level, date, escape, level_name
from olexd.model.cgi_env import server_name
from olexd.model.connection import Connection
from olexd.model.request import Request


@dataclass(frozen=True, slots=True)
class Entry:
    """What is logged, and on whose behalf: `request` and `connection` are None where there is none."""

    message: str
    level: Level
    module: str
    host: HostConfig
    connection: Connection | None = None
    request: Request | None = None


Item = Callable[[Entry], str]
_ITEM: Final = re.compile(
    r"%(?P<flag>[-+]?)(?:\{(?P<argument>[^}]*)\})?(?P<letter>.)|\\(?P<escaped>.)", re.DOTALL
)


def _client(entry: Entry) -> str:
    if entry.request is not None:
        return f"{entry.request.client_ip}:{entry.request.connection.peer[1]}"
    return _peer(entry)


def _peer(entry: Entry) -> str:
    return "" if entry.connection is None else "{}:{}".format(*entry.connection.peer)


def _local(entry: Entry) -> str:
    return "" if entry.connection is None else "{}:{}".format(*entry.connection.local)


def _log_id(entry: Entry) -> str:
    return "" if entry.request is None else entry.request.log_id or ""


def _connection_id(entry: Entry) -> str:
    return "" if entry.connection is None else entry.connection.log_id or ""


def _called(entry: Entry) -> str:
    return "" if entry.request is None else server_name(entry.request)


def _keepalives(entry: Entry) -> str:
    return "" if entry.connection is None else str(entry.connection.keepalives)


_PLAIN: Final[dict[str, Item]] = {
    "a": _client,
    "A": _local,
    "E": lambda entry: "",
    "F": lambda entry: "",
    "k": _keepalives,
    "l": lambda entry: level_name(entry.level),
    "L": _log_id,
    "m": lambda entry: entry.module,
    "M": lambda entry: escape(entry.message),
    "P": lambda entry: str(os.getpid()),
    "T": lambda entry: str(threading.get_native_id()),
    "t": lambda entry: date(time.time(), False),
    "v": lambda entry: entry.host.name,
    "V": _called,
}


def _compact(entry: Entry) -> str:
    now = time.time()
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(now))}.{int(now % 1 * 1_000_000):06d}"


_WITH_WORD: Final[dict[tuple[str, str], Item]] = {
    ("a", "c"): _peer,
    ("t", "u"): lambda entry: date(time.time(), True),
    ("t", "cu"): _compact,
    ("T", "g"): lambda entry: str(threading.get_native_id()),
    ("L", "c"): _connection_id,
    ("L", "C"): lambda entry: _connection_id(entry) if entry.request is None else "",
}


def _table_item(letter: str, name: str) -> Item | None:
    def value(entry: Entry) -> str:
        request = entry.request
        if request is None:
            return ""
        table = {
            "e": request.subprocess_env_table,
            "i": request.headers_in,
            "n": request.notes_table,
        }[letter]
        found: str | None = None if table is None else table.get(name)
        return escape(found or "")

    return value if letter in ("e", "i", "n") else None


def _item(letter: str, argument: str | None) -> Item:
    found = _PLAIN.get(letter) if argument is None else _WITH_WORD.get((letter, argument))
    if found is None and argument is not None:
        found = _table_item(letter, argument)
    if found is None:
        raise DirectiveError(f"Unrecognized error log format directive %{letter}")
    return found


def _dashed(item: Item) -> Item:
    return lambda entry: item(entry) or "-"


class _LineLeftOut(Exception):
    """An item that the line must not be without shows nothing."""


def _required(item: Item) -> Item:
    def show(entry: Entry) -> str:
        text = item(entry)
        if not text:
            raise _LineLeftOut
        return text

    return show


_FLAGS: Final[dict[str, Callable[[Item], Item]]] = {"": lambda item: item, "-": _dashed, "+": _required}


def _literal(text: str) -> Item:
    return lambda entry: text


Field = tuple[str, tuple[Item, ...]]
"""The blank before a field, or "", and its parts."""


def _fields(text: str) -> list[Field]:
    fields: list[Field] = []
    blank, parts = "", list[Item]()
    position = 0
    while position < len(text):
        match = _ITEM.match(text, position)
        if match is None and text[position] == "%":
            raise DirectiveError("Ran off end of error log format")
        if match is not None and match["letter"] != " ":
            position = match.end()
            parts.append(_part(match))
            continue
        is_blank = match is not None or text[position] == " "
        position = match.end() if match is not None else position + 1
        if is_blank:
            fields.append((blank, tuple(parts)))
            blank, parts = ("" if match is not None else " "), []
        else:
            parts.append(_literal(text[position - 1]))
    return [*fields, (blank, tuple(parts))]


def _part(match: re.Match[str]) -> Item:
    if match["escaped"] is not None:
        return _literal(match["escaped"])
    if match["letter"] == "%":
        return _literal("%")
    return _FLAGS[match["flag"]](_item(match["letter"], match["argument"]))


@lru_cache(maxsize=64)
def compile_error_format(text: str) -> Callable[[Entry], str]:
    """Return what writes an entry as a line without its end, "" for none. Raises DirectiveError."""
    fields = _fields(text)

    def line(entry: Entry) -> str:
        shown = []
        try:
            for blank, parts in fields:
                texts = [part(entry) for part in parts]
                if all(texts):
                    shown.append(blank + "".join(texts))
        except _LineLeftOut:
            return ""
        return "".join(shown).lstrip(" ")

    return line
