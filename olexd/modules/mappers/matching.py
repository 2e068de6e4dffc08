"""How aliases and redirects match a URL path."""

from __future__ import annotations


def prefix_rest(uri: str, prefix: str) -> str | None:
    """Return what follows `prefix` in `uri`, None when it is no prefix at a segment boundary."""
    if not uri.startswith(prefix):
        return None
    rest = uri[len(prefix) :]
    return rest if not rest or prefix.endswith("/") or rest.startswith("/") else None
