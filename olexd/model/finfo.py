"""What handlers see of a file: `mp_finfo`, from `req.finfo` or `apache.stat()` (core spec 4.5)."""

from __future__ import annotations

import operator
import os
import stat as modes
from collections.abc import Iterator
from typing import Final

from olexd.model.attributes import argument_text

FIELDS: Final = (
    "protection",
    "inode",
    "device",
    "nlink",
    "user",
    "group",
    "size",
    "atime",
    "mtime",
    "ctime",
    "fname",
    "name",
    "filetype",
)
"""The attributes by index (`apache.FINFO_*`)."""

_SHOWN: Final = [
    "fname",
    "filetype",
    "valid",
    "protection",
    "user",
    "group",
    "size",
    "inode",
    "device",
    "nlink",
    "atime",
    "mtime",
    "ctime",
    "name",
]

ALL_FIELDS: Final = 0x73F370
"""APR's mask of everything that `stat()` fills in."""

LINK: Final = 0x1
"""APR's flag that asks for a symbolic link itself, not for what it leads to."""

NO_FILE: Final = 0
UNKNOWN_FILE: Final = 127
_TYPES: Final = {
    modes.S_IFREG: 1,
    modes.S_IFDIR: 2,
    modes.S_IFCHR: 3,
    modes.S_IFBLK: 4,
    modes.S_IFIFO: 5,
    modes.S_IFLNK: 6,
    modes.S_IFSOCK: 7,
}


def _protection(mode: int) -> int:
    """Return permission bits as APR has them: one octal digit in each hexadecimal one."""
    digits = (mode & 0o700) << 2 | (mode & 0o70) << 1 | mode & 0o7
    return digits | (mode & 0o7000) << 4


class mp_finfo:
    """A file's status: attributes (int, None when there is no file) and a sequence of 12 items.

    `result` is what `os.stat()` said, None for no such file; `fname` the file's name, str or None.
    """

    __slots__ = ("_fname", "_result")

    def __init__(self, result: os.stat_result | None, fname: str | None = None) -> None:
        object.__setattr__(self, "_result", result)
        object.__setattr__(self, "_fname", fname)

    _result: os.stat_result | None
    _fname: str | None

    @property
    def fname(self) -> str | None:
        """The file's name."""
        return self._fname

    @property
    def name(self) -> None:
        """The file's name in the case of the file system: unknown on Unix."""
        return

    @property
    def filetype(self) -> int:
        """`apache.APR_REG`, `APR_DIR` and so on; `APR_NOFILE` (0) when there is no file."""
        if self._result is None:
            return NO_FILE
        return _TYPES.get(modes.S_IFMT(self._result.st_mode), UNKNOWN_FILE)

    @property
    def valid(self) -> int | None:
        """A mask of `apache.APR_FINFO_*` that tells which fields are filled."""
        return None if self._result is None else ALL_FIELDS

    @property
    def protection(self) -> int | None:
        """The permissions, one octal digit in each hexadecimal one: mode 0644 is 0x644."""
        return None if self._result is None else _protection(self._result.st_mode)

    @property
    def inode(self) -> int | None:
        """The inode."""
        return None if self._result is None else self._result.st_ino

    @property
    def device(self) -> int | None:
        """The device's number."""
        return None if self._result is None else self._result.st_dev

    @property
    def nlink(self) -> int | None:
        """How many hard links there are."""
        return None if self._result is None else self._result.st_nlink

    @property
    def user(self) -> int | None:
        """The owner's number."""
        return None if self._result is None else self._result.st_uid

    @property
    def group(self) -> int | None:
        """The group's number."""
        return None if self._result is None else self._result.st_gid

    @property
    def size(self) -> int | None:
        """Bytes."""
        return None if self._result is None else self._result.st_size

    @property
    def atime(self) -> int | None:
        """Last access, whole epoch seconds."""
        return None if self._result is None else int(self._result.st_atime)

    @property
    def mtime(self) -> int | None:
        """Last modification, whole epoch seconds."""
        return None if self._result is None else int(self._result.st_mtime)

    @property
    def ctime(self) -> int | None:
        """Last change of status, whole epoch seconds."""
        return None if self._result is None else int(self._result.st_ctime)

    def __getitem__(self, index: int) -> int | str | None:
        if not hasattr(index, "__index__"):
            raise TypeError(f"sequence index must be integer, not {type(index).__name__!r}")
        if not 0 <= index < len(FIELDS):
            raise IndexError("tuple index out of range")
        return getattr(self, FIELDS[index])  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[int | str | None]:
        return (self[index] for index in range(12))

    def __getattr__(self, name: str) -> int | str | None:
        raise AttributeError(f"class 'mp_finfo' has no attribute '{name}'")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"attribute '{name}' of 'mp_finfo' objects is not writable")

    def __repr__(self) -> str:
        return repr({name: getattr(self, name) for name in _SHOWN})


def stat(fname: str, wanted: int) -> mp_finfo:
    """Return the status of the file `fname`; all fields are filled, whatever `wanted` says.

    With `APR_FINFO_LINK` it is that of a symbolic link itself. A missing file gives `filetype` 0. Raises
    OSError (errno, 'apr_stat() failed') for other failures.
    """
    argument_text(fname, 1)
    follows = not operator.index(wanted) & LINK
    try:
        return mp_finfo(os.stat(fname, follow_symlinks=follows), fname)
    except FileNotFoundError:
        return mp_finfo(None)
    except OSError as error:
        raise OSError(error.errno, "apr_stat() failed") from None
