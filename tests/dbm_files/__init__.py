"""Small dbm files as httpd's libraries write them (Berkeley DB 5.3, GDBM 1.23, SDBM), with equal entries.

`users` has passwords and a hash for Digest, `groups` the groups of users, `many` 200 short entries, and one
long one in the formats that have room for it.
"""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent


def read(name: str) -> bytes:
    """Return one of the files, `users.db` for example."""
    return (DIRECTORY / name).read_bytes()


def files(*names: str) -> dict[str, bytes]:
    """Return all files of these names in all formats, by file name."""
    found = (path for name in names for path in DIRECTORY.glob(f"{name}.*"))
    return {path.name: path.read_bytes() for path in sorted(found)}
