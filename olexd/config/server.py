"""The compiled configuration: what the running server reads. Everything here is immutable."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from itertools import groupby
from typing import Any, Final, Protocol

from olexd.config.errors import ReadFile, Where
from olexd.config.settings import Settings, merge_settings, resolve_settings
from olexd.expr import Condition

MERGED_CACHE_SIZE: Final = 4096
"""How many combinations of sections a host keeps merged; regex sections can make many."""


class SectionKind(Enum):
    """The path sections, by what they are compared with."""

    DIRECTORY = "Directory"
    DIRECTORY_MATCH = "DirectoryMatch"
    FILES = "Files"
    FILES_MATCH = "FilesMatch"
    LOCATION = "Location"
    LOCATION_MATCH = "LocationMatch"
    HTACCESS = ".htaccess"
    PROXY = "Proxy"
    PROXY_MATCH = "ProxyMatch"
    IF = "If"


_WALKS: Final = {
    SectionKind.DIRECTORY: 1,
    SectionKind.DIRECTORY_MATCH: 1,
    SectionKind.HTACCESS: 1,
    SectionKind.FILES: 2,
    SectionKind.FILES_MATCH: 2,
    SectionKind.PROXY: 2,
    SectionKind.PROXY_MATCH: 2,
    SectionKind.LOCATION: 3,
    SectionKind.LOCATION_MATCH: 3,
    SectionKind.IF: 4,
}
"""Which sections are found together; conditions in others come after those."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One path section. `pattern` is its argument as written (for `<Directory>` with a trailing slash).

    `regex` is set for regex sections and, translated, for wildcard ones (to be used with `search` for
    the Match kinds and `fullmatch` for wildcards). `settings` are unresolved. `files` are the `<Files>`
    sections nested in it, in file order, `ifs` the `<If>` sections. An `<If>` has its expression as pattern
    and a `condition`, None for `<Else>`, and a `level`: in how many others it stands. A .htaccess file is a
    section too, with its directory as pattern.
    """

    kind: SectionKind
    pattern: str
    regex: re.Pattern[str] | None
    settings: Settings
    files: tuple[Section, ...]
    where: Where
    ifs: tuple[Branches, ...] = ()
    condition: Condition | None = None
    level: int = 0


Branches = tuple[Section, ...]
"""An `<If>` and its `<ElseIf>` and `<Else>`, in order: the first whose condition holds applies."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a VirtualHost header: `host` None means any (`*`), `port` None any port."""

    host: str | None
    port: int | None


@dataclass(frozen=True, slots=True)
class Listen:
    """One Listen: TCP `host`:`port` (`host` "" = every interface, IPv6 without brackets) or a unix `path`."""

    host: str = ""
    port: int = 0
    path: str = ""
    protocol: str = "http"
    where: Where | None = None


class SectionIndex(Protocol):
    """What finds the matching sections; the implementations are in `sections.py`."""

    sections: tuple[Section, ...]
    """All of them."""

    def match(self, path: str) -> tuple[Section, ...]:
        """Return the sections that `path` is subject to, in merge order."""
        ...


class DirectorySections(SectionIndex, Protocol):
    """What finds the Directory sections."""

    def match(
        self, path: str, found: Sequence[tuple[int, Section]] = (), name: str = ""
    ) -> tuple[Section, ...]:
        """Return the sections that `path` is subject to, with the .htaccess files that were found.

        Each of those comes with the depth of its directory (1 for `/`), behind whose sections it acts. Regex
        sections are compared with `name` (default: `path`), which need not exist.
        """
        ...


class Htaccess(Protocol):
    """What finds .htaccess files; the implementation is in `htaccess.py`."""

    def find(self, directory: str, warn: Callable[[str], None]) -> list[tuple[int, Section]]:
        """Return what applies in a directory (path with a trailing slash) and those above, with its depth.

        `warn` is told what came up in files that had to be read. Blocks on the file system. Raises
        HtaccessError for a file that is wrong or cannot be read.
        """
        ...


@dataclass(slots=True, eq=False)
class HostConfig:
    """The main server or one virtual host.

    `server` holds resolved server-wide settings, `base` unresolved per-directory ones (main server's
    merged with the host's), `sections` finds the path sections (main server's and the host's together, in
    merge order), `ifs` are those outside of sections, `proxies` those for URLs of backends. `htaccess` is
    None when AllowOverride lets none be read anywhere. `merged()` is what a request uses.
    """

    name: str
    port: int
    scheme: str
    aliases: tuple[str, ...]
    wild_aliases: tuple[str, ...]
    addresses: tuple[Address, ...]
    where: Where | None
    server: Settings
    base: Settings
    locations: SectionIndex
    directories: DirectorySections
    files: tuple[Section, ...]
    ifs: tuple[Branches, ...] = ()
    proxies: tuple[Section, ...] = ()
    htaccess: Htaccess | None = None
    dynamic: bool = field(init=False)
    """Whether there are sections, but for .htaccess files, that are `is_dynamic()`."""
    _merged: dict[tuple[Section, ...], Settings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sections = (*self.directories.sections, *self.locations.sections, *self.files, *self.proxies)
        self.dynamic = bool(self.ifs) or any(map(is_dynamic, sections))

    @property
    def is_virtual(self) -> bool:
        """Whether this is a virtual host and not the main server."""
        return self.where is not None

    def merged(self, sections: Sequence[Section] = ()) -> Settings:
        """Return the resolved per-directory settings for a request that matched `sections`, in that order.

        Sections of one walk (directories, files, locations, conditions) are merged with each other first, as
        in httpd: some settings come out differently that way. The result is cached, so equal section lists
        give the identical object.
        """
        key = tuple(sections)
        found = self._merged.get(key)
        if found is None:
            if len(self._merged) >= MERGED_CACHE_SIZE:
                self._merged.clear()
            settings = self.base
            for _, walk in groupby(key, _walk):
                settings = merge_settings(settings, reduce(merge_settings, (one.settings for one in walk)))
            found = self._merged[key] = resolve_settings(settings)
        return found


def _walk(section: Section) -> int:
    return _WALKS[section.kind] + section.level


def is_dynamic(section: Section) -> bool:
    """Return whether a section has an `<If>` in it or names groups of its pattern: requests then differ."""
    names = section.regex is not None and bool(section.regex.groupindex)
    return bool(section.ifs) or names or any(map(is_dynamic, section.files))


class HostSelector(Protocol):
    """The choice of virtual host; the implementation is in `hosts.py`."""

    def default(self, address: str, port: int) -> HostConfig:
        """Return the host that speaks for a local address before any name is known."""
        ...

    def knows(self, address: str, port: int, name: str | None) -> bool:
        """Return whether a request's host name is one of those configured for a local address."""
        ...

    def select(self, address: str, port: int, name: str | None) -> HostConfig:
        """Return the host for a local address and a request's host name (lower case, no port)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ServerConfig:
    """A whole configuration, checked and compiled.

    `hosts` has the main server first, then the virtual hosts in file order. `loaded` are the modules
    named by LoadModule (short names, in order; empty when there was no LoadModule line), `defines` the names
    that are defined, with their values if they have one. `tree` is what
    `apache.config_tree()` returns. `warnings` came up in the check and belong into the error log. `files` are
    those that were read, in order.
    """

    main: HostConfig
    hosts: tuple[HostConfig, ...]
    selector: HostSelector
    listens: tuple[Listen, ...]
    server_root: str
    loaded: tuple[str, ...]
    defines: Mapping[str, str | None]
    tree: list[Any]
    warnings: tuple[str, ...]
    files: tuple[ReadFile, ...] = ()
