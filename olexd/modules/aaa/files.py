"""User and group files, read again when they change (configuration spec 4.3)."""

from __future__ import annotations

from olexd.watched import WatchedFile


def _lines(text: bytes) -> list[bytes]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(b"#")]


def parse_users(text: bytes) -> dict[bytes, bytes]:
    """Return name to hash from lines `name:hash[:ignored]`; the first line of a name counts."""
    users: dict[bytes, bytes] = {}
    for line in _lines(text):
        name, colon, rest = line.partition(b":")
        if name and colon:
            users.setdefault(name, rest.partition(b":")[0])
    return users


def parse_realm_users(text: bytes) -> dict[tuple[bytes, bytes], bytes]:
    """Return (name, realm) to hash from lines `name:realm:hash`; the first line of a pair counts."""
    users: dict[tuple[bytes, bytes], bytes] = {}
    for line in _lines(text):
        name, _, rest = line.partition(b":")
        realm, colon, digest = rest.partition(b":")
        if colon and digest:
            users.setdefault((name, realm), digest)
    return users


def parse_groups(text: bytes) -> dict[str, frozenset[str]]:
    """Return group to members from lines `group: user user`; several lines of a group add up."""
    groups: dict[str, frozenset[str]] = {}
    for line in _lines(text):
        name, colon, members = line.decode("latin-1").partition(":")
        if colon:
            groups[name] = groups.get(name, frozenset()) | frozenset(members.split())
    return groups


USERS = WatchedFile(parse_users)
REALM_USERS = WatchedFile(parse_realm_users)
GROUPS = WatchedFile(parse_groups)
