"""How aliases and redirects match a URL path."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_SUBSTITUTION: Final = re.compile(r"\\([$&\\])|\$(\d)", re.ASCII)


def prefix_rest(uri: str, prefix: str) -> str | None:
    """Return what follows `prefix` in `uri`, None when it is no prefix at a segment boundary."""
    if not uri.startswith(prefix):
        return None
    rest = uri[len(prefix) :]
    return rest if not rest or prefix.endswith("/") or rest.startswith("/") else None


def substitute(target: str, match: re.Match[str], escape: Callable[[str], str] = str) -> str:
    """Return `target` with `$0` to `$9` replaced by what matched, each passed through `escape`."""

    def one(found: re.Match[str]) -> str:
        if found.group(1):
            return found.group(1)
        number = int(found.group(2))
        return escape(match.group(number) or "") if number <= match.re.groups else ""

    return _SUBSTITUTION.sub(one, target)
