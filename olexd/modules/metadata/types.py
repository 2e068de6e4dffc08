"""The media types of file name extensions, from a types file or Python's own list."""

from __future__ import annotations

import functools
import mimetypes
import os
from collections.abc import Iterable, Mapping
from typing import Final

SYSTEM_TYPES: Final = "/etc/mime.types"


def parse_types(lines: Iterable[str]) -> dict[str, str]:
    """Return extension (lower case, no dot) to type from lines `type ext ext ...`; `#` starts a comment."""
    types: dict[str, str] = {}
    for line in lines:
        words = line.partition("#")[0].split()
        if words:
            types.update(dict.fromkeys((word.lower() for word in words[1:]), words[0]))
    return types


@functools.lru_cache(maxsize=16)
def load_types(path: str) -> Mapping[str, str]:
    """Return the types that the file `path` lists; without one, the system's or Python's."""
    for candidate in (path, SYSTEM_TYPES):
        if candidate and os.path.isfile(candidate):
            with open(candidate, encoding="utf-8", errors="replace") as file:
                return parse_types(file)
    return {extension.lstrip(".").lower(): kind for extension, kind in mimetypes.types_map.items()}
