"""Attributes of the objects that handlers hold: small descriptors with the original's refusals.

Everything is built on `property` with C-implemented getters where possible: reading an attribute of a
request is the most frequent thing that handlers do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, NoReturn

from olexd.model.table_text import as_text

Getter = Callable[[Any], Any]
_MACHINERY: Final = frozenset({"__annotations__", "__dict__", "__module__", "__slots__", "__weakref__"})


def read_only(owner: str, name: str, get: Getter | str, message: str = "") -> Any:
    """Return an attribute that can only be read; `get` is a function or a dotted path of attributes."""
    text = message or f"attribute '{name}' of '{owner}' objects is not writable"

    def refuse(self: object, value: object = None) -> NoReturn:
        raise AttributeError(text)

    getter = attrgetter(get) if isinstance(get, str) else get
    return property(getter, refuse, refuse)


def hidden(owner: str, name: str) -> Any:
    """Return an attribute that is not to be had, though Python keeps something under its name."""

    def get(self: object) -> NoReturn:
        raise AttributeError(f"{owner!r} object has no attribute {name!r}")

    return property(get)


def public_names(kind: type, *private: str) -> list[str]:
    """Return what `dir()` shows of the objects of a class: nothing of ours but these `private` names."""
    names = (name for name in dir(kind) if name not in _MACHINERY)
    return [name for name in names if name[:1] != "_" or name[:2] == "__" or name in private]


def text(field: str, none: bool = False) -> Any:
    """Return a writable str attribute, kept in `field` of the record; `none` allows None.

    bytes are taken as text; everything else, and text outside Latin-1, raises TypeError.
    """

    def put(self: Any, value: Any) -> None:
        setattr(self._record, field, None if none and value is None else as_text(value))

    return property(attrgetter(f"_record.{field}"), put)


def integer(field: str, message: str = "", convert: Callable[[int], Any] = int) -> Any:
    """Return a writable int attribute, kept in `field` of the record after `convert`."""
    read = attrgetter(f"_record.{field}")

    def get(self: Any) -> int:
        return int(read(self))

    def put(self: Any, value: Any) -> None:
        try:
            number = operator.index(value)
        except TypeError:
            if message:
                raise TypeError(message) from None
            raise
        setattr(self._record, field, convert(number))

    return property(get, put)


def argument_text(value: object, position: int, none: bool = False) -> None:
    """Refuse a plain string argument that is no str or holds a NUL, as the original words it."""
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("embedded null character")
        return
    if none and value is None:
        return
    wanted = "str or None" if none else "str"
    given = "None" if value is None else type(value).__name__
    raise TypeError(f"argument {position} must be {wanted}, not {given}")


def body_bytes(data: object) -> bytes:
    """Return what is to be written; TypeError for anything but str (sent as UTF-8) and bytes."""
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, bytes):
        return data
    kind = type(data).__name__
    if isinstance(data, (bytearray, memoryview)):
        raise TypeError(f"argument 1 must be read-only bytes-like object, not {kind}")
    raise TypeError(f"a bytes-like object is required, not '{kind}'")
