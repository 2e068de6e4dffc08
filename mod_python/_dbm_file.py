"""dbm files that nobody else can write to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from olexd.sessions.places import check_private

SUFFIXES: Final = ("", ".db", ".pag", ".dir", ".dat", ".bak")
"""What the kinds of dbm add to a file's name."""


@contextmanager
def opened_dbm(filename: str, dbmtype: Any, mode: int) -> Iterator[Any]:
    """Open a dbm file, made with `mode` if need be, by a module that has `open(file, flag, mode)`.

    Raises `SessionStoreError` when others could have written it, and the module's own errors.
    """
    for suffix in SUFFIXES:
        check_private(filename + suffix)
    file = dbmtype.open(filename, "c", mode)
    try:
        yield file
    finally:
        file.close()
