"""The settings of the Python module: what the Python* directives say.

The rows that fill them are in `olexd/modules/python/`; the settings stand here because the request
object, the server object and the directory walk read them too. Rules: core spec 1.2-1.4 and 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from olexd.config.settings import Merge, Settings, setting

CONTENT_PHASE: Final = "PythonHandler"
HANDLER_NAMES: Final = frozenset({"mod_python", "python-program"})
"""What SetHandler and AddHandler call Python's content handlers."""

MAP_LOCATIONS: Final = "olexd.map_locations"
"""The option that settles whether URLs of Python locations are mapped to files: On always, Off never.

With Split they are not mapped, but taken apart at the Location (`olexd/modules/python/locations.py`).
"""

NONBLOCKING: Final = "olexd.nonblocking"
"""The option that declares the handlers of a section non-blocking: they run on the reactor."""


@dataclass(frozen=True, slots=True)
class Handler:
    """One entry of a handler list.

    `text` is the handler as configured (`module` or `module::object`). `directory` is where it was
    configured: a path with a trailing slash, a Location's pattern as written, or None. `pattern` is set for
    wildcard and regex Directory sections; there the directory depends on the request's file.
    `silent` handlers are skipped when their function is missing (PythonHandlerModule).
    """

    text: str
    directory: str | None = None
    is_location: bool = False
    silent: bool = False
    pattern: re.Pattern[str] | None = None

    @property
    def module(self) -> str:
        """The name of the module."""
        return self.text.partition("::")[0]

    @property
    def object_path(self) -> str | None:
        """What follows the first `::`, None when there is none."""
        _, found, path = self.text.partition("::")
        return path if found else None

    def directory_for(self, filename: str | None) -> str | None:
        """Return the directory for a request of `filename`: for patterns the shortest part that matches."""
        if self.pattern is None or filename is None:
            return self.directory
        return _shortest_match(self.pattern, filename) or self.directory


@lru_cache(maxsize=1024)
def _shortest_match(pattern: re.Pattern[str], filename: str) -> str | None:
    for slash in re.finditer("/", filename):
        head = filename[: slash.end()]
        if pattern.search(head.rstrip("/") or "/") or pattern.search(head):
            return head
    return None


@dataclass(frozen=True, slots=True)
class OptionName:
    """The name of a PythonOption. Case does not count, so a mapping keeps the spelling that it met first."""

    key: str
    spelling: str = field(compare=False)

    @classmethod
    def of(cls, spelling: str) -> OptionName:
        """Return the name that is written so."""
        return cls(spelling.lower(), spelling)


@dataclass(frozen=True, slots=True)
class PythonDir:
    """Per-directory Python settings. None: the directive was never given.

    `handlers` maps a phase's directive name, with the extension appended for restricted lists
    (`PythonHandler.py`), to its list. The filters go by their names in lower case. `options` maps a name, as
    the outermost section spells it, to its value; an empty one removes the name.
    """

    handlers: Mapping[str, tuple[Handler, ...]] = setting({}, Merge.OVERLAY)
    output_filters: Mapping[str, Handler] = setting({}, Merge.OVERLAY)
    input_filters: Mapping[str, Handler] = setting({}, Merge.OVERLAY)
    options: Mapping[OptionName, str] = setting({}, Merge.OVERLAY)
    path: str | None = setting(None)
    interpreter: str | None = setting(None)
    per_directory: bool | None = setting(None)
    per_directive: bool | None = setting(None)
    auto_reload: bool | None = setting(None)
    debug: bool | None = setting(None)
    enable_pdb: bool | None = setting(None)
    request_timeout: float | None = setting(None)
    """Seconds that a request's handlers may take, 0 for any time."""

    @property
    def from_location(self) -> bool:
        """Whether any handler comes from a Location."""
        return any(entry.is_location for entries in self.handlers.values() for entry in entries)

    @property
    def content_from_location(self) -> bool:
        """Whether a content handler comes from a Location."""
        return any(
            entry.is_location
            for key, entries in self.handlers.items()
            if key.partition(".")[0] == CONTENT_PHASE
            for entry in entries
        )

    def option(self, name: str) -> str | None:
        """Return the value of a PythonOption, None when it is not set or removed."""
        return self.options.get(OptionName.of(name)) or None

    def flag(self, name: str) -> bool | None:
        """Return an On/Off PythonOption as a bool, None when it is not set."""
        value = self.option(name)
        return None if value is None else value.lower() == "on"


@dataclass(frozen=True, slots=True)
class Import:
    """One PythonImport: the module, optionally `::` and a function, and the interpreter's name."""

    text: str
    interpreter: str


@dataclass(frozen=True, slots=True)
class PythonServer:
    """Server-wide Python settings."""

    imports: tuple[Import, ...] = setting((), Merge.APPEND)
    connection_handler: Handler | None = setting(None)


def skips_mapping(settings: Settings) -> bool:
    """Return whether URLs with these settings are not mapped to files.

    So it is where a PythonHandler comes from a Location. Other phases alone leave mapping on, for files
    are served there under mod_python up to 3.3; `PythonOption olexd.map_locations Off` switches it off there
    too as mod_python 3.5 does, and `On` keeps it on everywhere.
    """
    conf = settings[PythonDir]
    if not conf.handlers:
        return False
    choice = conf.flag(MAP_LOCATIONS)
    if choice is None:
        return conf.content_from_location
    return not choice and conf.from_location
