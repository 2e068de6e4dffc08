"""The dbm files that httpd's tools write, read whole: tables of users and groups, and maps of mod_rewrite.

Python's own `dbm` reads what it was built with, which is mostly not what httpd was built with. A file is read
again when it changes; one that is broken raises `BrokenDatabase`. Source: the formats as
`htdbm` of httpd 2.4 with apr-util 1.6 writes them (Berkeley DB 5.3, GDBM 1.23, apr's SDBM).
"""

from __future__ import annotations

from typing import Final

from olexd.config.errors import DirectiveError
from olexd.modules.dbm import berkeley, gdbm, sdbm
from olexd.modules.dbm.pages import MAX_SIZE, BrokenDatabase, Table
from olexd.watched import WatchedFile

__all__ = ["KINDS", "BrokenDatabase", "ending_of", "kind_of", "read_table"]

_BERKELEY: Final = WatchedFile(berkeley.parse, MAX_SIZE)
_GDBM: Final = WatchedFile(gdbm.parse, MAX_SIZE)
_SDBM: Final = WatchedFile(sdbm.parse, MAX_SIZE)

KINDS: Final = {
    "default": (_BERKELEY, ""),
    "db": (_BERKELEY, ""),
    "gdbm": (_GDBM, ""),
    "sdbm": (_SDBM, ".pag"),
}
"""What reads each kind of AuthDBMType (lower case), and the ending that its file has."""


def kind_of(word: str) -> str:
    """Return the kind of files that a word of AuthDBMType names. Raises DirectiveError."""
    kind = word.lower()
    if kind == "ndbm":
        raise DirectiveError("dbm files of type NDBM cannot be read", "convert them with dbmmanage or htdbm")
    if kind not in KINDS:
        raise DirectiveError(f"unknown dbm type {word}", "it is one of default, DB, GDBM, SDBM")
    return kind


def ending_of(kind: str) -> str:
    """Return what the name of a file of one of the `KINDS` has behind the name that directives say."""
    return KINDS[kind][1]


def read_table(path: str, kind: str) -> Table:
    """Return the keys and values of a file of one of the `KINDS`.

    Raises BrokenDatabase, whose text says why, also for a file that cannot be opened.
    """
    files, ending = KINDS[kind]
    try:
        return files.get(path + ending)
    except OSError as error:
        raise BrokenDatabase(str(error.strerror)) from None
