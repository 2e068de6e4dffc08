"""`PythonOption olexd.map_locations Split`: the URL of a Location's handler, taken apart at the Location.

mod_python 3.5 leaves `filename` and `path_info` at None there, and applications that were written for a
Directory, or for earlier versions, fail on `req.path_info[1:]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from olexd.config.core import CoreServer
from olexd.config.python import CONTENT_PHASE, MAP_LOCATIONS, Handler, PythonDir
from olexd.config.server import Section, SectionKind
from olexd.config.settings import Settings
from olexd.model.request import Request
from olexd.phases.hooks import Hook, Order, Phase
from olexd.status import DECLINED

SPLIT: Final = "split"


def wants_split(settings: Settings) -> bool:
    """Return whether handlers of a Location want to know its part of the path from the rest."""
    conf = settings[PythonDir]
    return conf.from_location and (conf.option(MAP_LOCATIONS) or "").lower() == SPLIT


def split_path(request: Request) -> int:
    """Set `filename` to where the Location's own path leads to, `path_info` to what follows it in the URL."""
    if request.filename is not None:
        return DECLINED
    base = _base(request)
    root = request.host.server[CoreServer].document_root
    request.filename = request.canonical_filename = root.rstrip("/") + base
    request.path_info = request.uri[len(base) :]
    return DECLINED


def _base(request: Request) -> str:
    """Return the part of the path that the Location with the handler stands for; no slash at its end."""
    patterns = {entry.directory for entry in _entries(request.conf[PythonDir]) if entry.is_location}
    for section in reversed(request.sections):
        if section.pattern in patterns and section.kind in (SectionKind.LOCATION, SectionKind.LOCATION_MATCH):
            return _part(section, request.uri).rstrip("/")
    return ""


def _entries(conf: PythonDir) -> Iterable[Handler]:
    """Return the content handlers; all handlers where there are none."""
    lists = conf.handlers.items()
    content = [one for key, entries in lists if key.partition(".")[0] == CONTENT_PHASE for one in entries]
    return content or [one for _, entries in lists for one in entries]


def _part(section: Section, uri: str) -> str:
    """Return the part of a path that a section matches. Wildcards match all of it or nothing."""
    if section.regex is None:
        return section.pattern
    match = section.regex.search(uri) if section.kind is SectionKind.LOCATION_MATCH else None
    return uri if match is None else uri[: match.end()]


LOCATIONS_HOOK: Final = Hook(Phase.HEADER_PARSER, split_path, Order.REALLY_FIRST, wants_split)
