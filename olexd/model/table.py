"""The table: ordered, case-insensitive, case-preserving, and able to hold a name several times.

Header fields, notes and environments are tables. Handlers know the class as `mp_table` (core
specification 4.4). Text and bytes may be stored; both read back as text, and what was stored as bytes goes
out byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, NoReturn, TypeVar, cast

from olexd.model.table_text import Text, Wire, as_text, known_names, latin1, learn_name, wire_of
from olexd.uri import decode_text

T = TypeVar("T")

Entry = tuple[str, str, Any, Wire | None]
"""(name in lower case, name, value, name and value as bytes unless they are the text in Latin-1).

The value is str, or None where the server itself noted that there is none.
"""


def _entry_wire(entry: Entry) -> Wire:
    return entry[3] or (latin1(entry[1]), latin1(entry[2] or ""))


Snapshot = tuple[Entry, ...]


def wire_lines(snapshot: Snapshot) -> list[Wire]:
    """Return a table's names and values: bytes as they were stored, text in Latin-1, None as nothing."""
    return [_entry_wire(entry) for entry in snapshot]


class Table:
    """An ordered multi-dict of strings whose names are compared without regard to case.

    `Table(mapping)`, `Table(pairs)` and `Table(items=...)` convert names and values with `str()`;
    everything else takes str or bytes only and raises TypeError for the rest, and for text outside
    Latin-1.
    """

    __slots__ = ("_entries", "_first", "_repeated")

    _entries: list[Entry]
    _first: dict[str, int]
    """Where the first entry of each name stands."""
    _repeated: set[str] | None
    """The names with more than one entry."""

    def __init__(self, items: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = ()) -> None:
        self._entries = []
        self._first = {}
        self._repeated = None
        if items != ():
            _fill(self, items)

    @classmethod
    def from_wire(cls, lines: Iterable[Wire]) -> Table:
        """Return the table of request header lines; repeated names are joined with a comma."""
        table = cls()
        entries, first = table._entries, table._first
        for line in lines:
            raw_name, raw_value = line
            known = known_names.get(raw_name) or learn_name(raw_name)
            if known is not None and raw_value.isascii():
                key, name = known
                value, wire = raw_value.decode("ascii"), None
            else:
                name, value, wire = decode_text(raw_name), decode_text(raw_value), line
                key = name.lower()
            at = first.get(key)
            if at is None:
                first[key] = len(entries)
                entries.append((key, name, value, wire))
            else:
                table._join(at, raw_value)
        return table

    def clone(self) -> Table:
        """Return an exact copy, repeated names included."""
        table = Table()
        table._entries = self._entries.copy()
        table._first = self._first.copy()
        table._repeated = None if self._repeated is None else self._repeated.copy()
        return table

    def snapshot(self) -> Snapshot:
        """Return the present entries as one value that can be compared and hashed; see `wire_lines()`."""
        return tuple(self._entries)

    def raw_items(self) -> list[Wire]:
        """Return names and values: bytes as they were stored, text in Latin-1, None as nothing."""
        return [_entry_wire(entry) for entry in self._entries]

    def put_none(self, name: str) -> None:
        """Note `name` with the value None, as the server does for what it knows to be absent."""
        self[name] = ""
        at = self._first[name.lower()]
        key, spelling, _, _ = self._entries[at]
        self._entries[at] = (key, spelling, None, None)

    def put_variables(self, variables: Mapping[str, str | None]) -> None:
        """Replace entries by variables of an environment: bytes as Latin-1 characters, None as None.

        What was there several times is there once afterwards, with the last of its values, as in httpd.
        """
        if self._repeated:
            self._rebuild(list({entry[0]: entry for entry in self._entries}.values()))
        for name, value in variables.items():
            if value is None:
                self.put_none(name)
            else:
                self[name] = value if value.isascii() else value.encode("latin-1")

    # -- storage

    def _append(self, entry: Entry) -> None:
        key = entry[0]
        if key in self._first:
            if self._repeated is None:
                self._repeated = set()
            self._repeated.add(key)
        else:
            self._first[key] = len(self._entries)
        self._entries.append(entry)

    def _join(self, at: int, more: bytes) -> None:
        key, name, value, _ = entry = self._entries[at]
        raw_name, raw_value = _entry_wire(entry)
        joined = raw_value + b", " + more
        wire = None if joined.isascii() else (raw_name, joined)
        self._entries[at] = (key, name, f"{value}, {decode_text(more)}", wire)

    def _rebuild(self, entries: list[Entry]) -> None:
        self._entries = []
        self._first = {}
        self._repeated = None
        for entry in entries:
            self._append(entry)

    # -- the mapping

    def __getitem__(self, name: Text) -> Any:
        """Return the value of `name`; a list of values in order when there are several."""
        key = (name if isinstance(name, str) else as_text(name)).lower()
        at = self._first.get(key)
        if at is None:
            raise KeyError(name)
        if self._repeated is not None and key in self._repeated:
            return [entry[2] for entry in self._entries if entry[0] == key]
        return self._entries[at][2]

    def __setitem__(self, name: Text, value: Text) -> None:
        """Replace all entries of `name` by one, at the place and in the spelling of the first."""
        spelling = as_text(name)
        text = as_text(value)
        key = spelling.lower()
        wire = wire_of(name, value)
        at = self._first.get(key)
        if at is None:
            self._first[key] = len(self._entries)
            self._entries.append((key, spelling, text, wire))
            return
        if self._repeated is not None and key in self._repeated:
            self._rebuild([e for i, e in enumerate(self._entries) if i == at or e[0] != key])
        self._entries[at] = (key, self._entries[at][1], text, wire)

    def __delitem__(self, name: Text) -> None:
        """Remove all entries of `name`; nothing happens when there is none."""
        key = as_text(name).lower()
        if key in self._first:
            self._rebuild([entry for entry in self._entries if entry[0] != key])

    def __contains__(self, name: object) -> bool:
        return (name if isinstance(name, str) else as_text(name)).lower() in self._first

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> TableIterator[str]:
        return TableIterator(self, _name_of)

    def get(self, name: Text, default: T | None = None, /) -> Any:
        """Return the first value of `name`, or `default`. Never a list."""
        at = self._first.get((name if isinstance(name, str) else as_text(name)).lower())
        return default if at is None else self._entries[at][2]

    def raw(self, name: Text) -> bytes | None:
        """Return the first value of `name` as the bytes that were stored, text in Latin-1; None if absent."""
        at = self._first.get((name if isinstance(name, str) else as_text(name)).lower())
        if at is None or self._entries[at][2] is None:
            return None
        return _entry_wire(self._entries[at])[1]

    def add(self, name: Text, value: Text, /) -> None:
        """Append a further entry."""
        if type(name) is str and type(value) is str and name.isascii() and value.isascii():
            self._append((name.lower(), name, value, None))
            return
        spelling = as_text(name)
        self._append((spelling.lower(), spelling, as_text(value), wire_of(name, value)))

    def has_key(self, name: Text, /) -> int:
        """Return 1 if there is an entry of `name`, else 0."""
        return int(name in self)

    def setdefault(self, name: Text, default: Text = "", /) -> Any:
        """Return the first value of `name`; when there is none, store `default` and return it as text."""
        if name not in self:
            self[name] = default
        return self.get(name)

    def update(self, mapping: Mapping[Any, Any], /) -> None:
        """Replace entries by those of a mapping, names and values converted with `str()`."""
        for name in mapping.keys():  # noqa: SIM118 - the mapping may be a table, which repeats names
            self[_stringify(name)] = _stringify(mapping[name])

    def clear(self) -> None:
        """Remove everything."""
        self._rebuild([])

    def copy(self) -> Table:
        """Return an independent table in which each name has only its last value."""
        table = Table()
        for key, name, value, wire in self._entries:
            at = table._first.get(key)
            if at is None:
                table._append((key, name, value, wire))
            else:
                table._entries[at] = (key, table._entries[at][1], value, wire)
        return table

    def popitem(self) -> tuple[str, Any]:
        """Remove and return the last entry; KeyError when the table is empty."""
        if not self._entries:
            raise KeyError("popitem(): table is empty")
        _, name, value, _ = self._entries[-1]
        self._rebuild(self._entries[:-1])
        return name, value

    def pop(self, name: Text, *default: Any) -> Any:
        """Remove all entries of `name` and return the first value, or `default`; KeyError without one."""
        if name not in self:
            if default:
                return default[0]
            raise KeyError(name)
        value = self.get(name)
        del self[name]
        return value

    def keys(self) -> list[str]:
        """Return the names in order, one for each entry."""
        return [entry[1] for entry in self._entries]

    def values(self) -> list[Any]:
        """Return the values in order, one for each entry."""
        return [entry[2] for entry in self._entries]

    def items(self) -> list[tuple[str, Any]]:
        """Return (name, value) in order, one for each entry."""
        return [(entry[1], entry[2]) for entry in self._entries]

    def iterkeys(self) -> TableIterator[str]:
        """Iterate over `keys()`."""
        return TableIterator(self, _name_of)

    def itervalues(self) -> TableIterator[Any]:
        """Iterate over `values()`."""
        return TableIterator(self, _value_of)

    def iteritems(self) -> TableIterator[tuple[str, Any]]:
        """Iterate over `items()`."""
        return TableIterator(self, _item_of)

    # -- comparison and display

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Table):
            return _as_dict(self) == _as_dict(other)
        if isinstance(other, Mapping):
            return _as_dict(self) == dict(other)
        return NotImplemented

    def __hash__(self) -> int:
        raise TypeError("mp_table objects are unhashable")

    def __repr__(self) -> str:
        shown = (_entry_wire(entry) for entry in reversed(self._entries))
        return "{" + ", ".join(f"{_show(name)}: {_show(value)}" for name, value in shown) + "}"

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle 'mp_table' object")


class TableIterator(Generic[T], Iterator[T]):
    """Iterates over a table that must keep its size meanwhile."""

    __slots__ = ("_at", "_of", "_size", "_table")

    def __init__(self, table: Table, of: Callable[[Entry], T]) -> None:
        self._table = table
        self._of = of
        self._size = len(table)
        self._at = 0

    def __next__(self) -> T:
        entries = self._table._entries
        if len(entries) != self._size:
            raise RuntimeError("table changed size during iteration")
        if self._at >= self._size:
            raise StopIteration
        self._at += 1
        return self._of(entries[self._at - 1])

    next = __next__


def _name_of(entry: Entry) -> str:
    return entry[1]


def _value_of(entry: Entry) -> Any:
    return entry[2]


def _item_of(entry: Entry) -> tuple[str, Any]:
    return entry[1], entry[2]


def _show(text: bytes) -> str:
    return ascii(text.decode("latin-1"))


def _as_dict(table: Table) -> dict[str, Any]:
    return {name: table[name] for name in table.keys()}  # noqa: SIM118 - names may repeat


def _stringify(value: Any) -> Text:
    return value if isinstance(value, bytes) else str(value)


def _fill(table: Table, items: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> None:
    """Store what a table is constructed from; later duplicates replace earlier ones."""
    if hasattr(items, "keys"):
        table.update(cast("Mapping[Any, Any]", items))
        return
    for position, pair in enumerate(items):
        name, value = _pair(position, pair)
        table[_stringify(name)] = _stringify(value)


def _pair(position: int, pair: Any) -> tuple[Any, Any]:
    try:
        pair = tuple(pair)
    except TypeError:
        message = f"cannot convert table update sequence element #{position} to a sequence"
        raise TypeError(message) from None
    if len(pair) != 2:
        raise ValueError(f"table update sequence element #{position} has length {len(pair)}; 2 is required")
    return pair[0], pair[1]


Table.__name__ = Table.__qualname__ = "mp_table"
