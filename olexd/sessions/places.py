"""Where session files may stand: places that nobody else can write to.

A session record is a pickle, and whoever can write one runs code in the server; so a place that others
could have written to is refused, not repaired.
"""

from __future__ import annotations

import os
import stat
import tempfile

from olexd.sessions.store import SessionStoreError

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def check_private(path: str) -> None:
    """Raise `SessionStoreError` unless `path` belongs to this process's user and no other can write to it.

    A path that does not exist passes; a symbolic link does not.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise SessionStoreError(f"{path}: is a symbolic link; session files must be where they seem to be")
    if status.st_uid != os.geteuid():
        raise SessionStoreError(f"{path}: belongs to uid {status.st_uid}, not to uid {os.geteuid()}")
    if status.st_mode & WRITABLE_BY_OTHERS:
        raise SessionStoreError(f"{path}: mode {stat.S_IMODE(status.st_mode):04o} lets others write to it")


def private_directory(path: str) -> str:
    """Return `path`, made with mode 0700 if need be (its parents too). Raises `SessionStoreError`."""
    parent = os.path.dirname(path)
    if parent and not os.path.isdir(parent):
        private_directory(parent)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        check_private(path)
    if not os.path.isdir(path):
        raise SessionStoreError(f"{path}: is not a directory")
    return path


def private_file(path: str) -> int:
    """Return a descriptor of the file at `path`, made with mode 0600. Raises `SessionStoreError`."""
    check_private(path)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(path, flags, 0o600)


def temporary_directory() -> str:
    """Return `tempfile.gettempdir()`, which applications may set, without the search that comes with it."""
    return tempfile.tempdir or tempfile.gettempdir()


def default_directory() -> str:
    """Return `<temporary directory>/olexd-<uid>`, made private. Raises `SessionStoreError`."""
    return private_directory(os.path.join(tempfile.gettempdir(), f"olexd-{os.geteuid()}"))
