"""How aliases and redirects match a URL path."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_SLASHES: Final = re.compile("//+")


def prefix_rest(uri: str, prefix: str) -> str | None:
    """Return what follows `prefix` in `uri`, None when it is no prefix at a segment boundary.

    Several slashes are one, as they are to the file system.
    """
    if "//" in uri:
        found = _with_any_slashes(prefix).match(uri)
        if found is None:
            return None
        rest = uri[found.end() :]
    elif uri.startswith(prefix):
        rest = uri[len(prefix) :]
    else:
        return None
    return rest if not rest or prefix.endswith("/") or rest.startswith("/") else None


@lru_cache(1024)
def _with_any_slashes(prefix: str) -> re.Pattern[str]:
    return re.compile("/+".join(re.escape(part) for part in _SLASHES.sub("/", prefix).split("/")))
