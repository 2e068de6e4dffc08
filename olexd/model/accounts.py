"""Names of the system's users and groups."""

from __future__ import annotations

import grp
import pwd


def user_name(uid: int) -> str | None:
    """Return a user's name, None when there is no such user."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def group_name(gid: int) -> str | None:
    """Return a group's name, None when there is no such group."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return None
