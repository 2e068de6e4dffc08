"""Numbers of bytes as people read them."""

from __future__ import annotations


def short_size(size: int) -> str:
    """Return a number of bytes in four characters, as httpd does: ` 17 `, `1.2K`, ` 34M`; `  - ` for none."""
    if size < 0:
        return "  - "
    if size < 973:
        return f"{size:3d} "
    for unit in "KMGTPE":
        size, rest = divmod(size, 1024)
        if size >= 973:
            continue
        if size < 9 or (size == 9 and rest < 973):
            tenths = (rest * 5 + 256) // 512
            return f"{size + tenths // 10}.{tenths % 10}{unit}"
        return f"{size + (rest >= 512):3d}{unit}"
    return "****"
