""".htaccess files: found on the way to a file, read again when they change (configuration spec 2.6).

AllowOverride stands in `<Directory>` sections alone, so in which directories files are looked for, and what
they may say there, is worked out once for each directory.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from olexd.config.conditions import Facts
from olexd.config.errors import DirectiveError, Problem, Where
from olexd.config.overrides import Overrides
from olexd.config.parser import Parser
from olexd.config.rows import Context
from olexd.config.scope import HostDraft, Scope
from olexd.config.second_pass import SecondPass
from olexd.config.server import DirectorySections, Section, SectionKind
from olexd.config.settings import Settings, merge_settings, resolve
from olexd.config.source import decode
from olexd.regex import regex_options
from olexd.status import FORBIDDEN, INTERNAL_SERVER_ERROR
from olexd.watched import Stamp, stamp_of

MAX_KNOWN: Final = 4096
"""How many files, and how many directories, a host remembers."""

MAX_SIZE: Final = 4 * 1024 * 1024
"""The largest file that is read, in bytes."""

ABSENT_SECONDS: Final = 1.0
"""For how long a missing file counts as missing where it could only be refused."""

SETTLED_NS: Final = 2_000_000_000
"""How old a change must be for a file's times to tell the next one, in nanoseconds."""

_NEVER_SAID: Final = Overrides(None, frozenset())
"""What stands where no AllowOverride does."""

_MISSING: Final = (errno.ENOENT, errno.ENOTDIR)


class HtaccessError(Exception):
    """A .htaccess file is wrong (500) or cannot be read (403). The text is for the error log."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Refusal(NamedTuple):
    """What is wrong with a file: status and message."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class _Known:
    """A file as it was read: its section, or what is wrong with it. `settled` tells that `stamp` suffices."""

    stamp: Stamp
    settled: bool
    data: bytes
    section: Section | Refusal


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory in which files are looked for: its path with a slash, how deep it is, what they may say."""

    directory: str
    depth: int
    overrides: Overrides


@dataclass(slots=True)
class _Way:
    """Where files are looked for on the way to a directory.

    Where nobody ever said AllowOverride, all that a file can do is to be refused. So it does no harm there to
    look for new ones only now and then: until `absent_until` (monotonic seconds) there are none in such
    places, whose depths are `silent`, and looking in the `telling` ones does.
    """

    places: tuple[_Place, ...]
    telling: tuple[_Place, ...]
    silent: frozenset[int]
    absent_until: float = 0.0


def htaccess_files(
    names: Sequence[str], directories: DirectorySections, facts: Facts
) -> HtaccessFiles | None:
    """Return what finds a host's files, None when AllowOverride lets none be read anywhere."""
    told = [section.settings[Overrides] for section in directories.sections if Overrides in section.settings]
    if _overrides(directories.match("/")).read or any(map(_lets_read, told)):
        return HtaccessFiles(names, directories, facts)
    return None


def _lets_read(told: Overrides) -> bool:
    """Return whether a section lets files be read that were not read without it."""
    conf = resolve(told)
    return bool(conf.names) or (conf.allowed is not None and conf.read)


def _overrides(sections: Sequence[Section]) -> Overrides:
    """Return what the Directory sections in force say; regex ones have no say, as in httpd."""
    settings = Settings()
    for section in sections:
        if section.kind is SectionKind.DIRECTORY and Overrides in section.settings:
            settings = merge_settings(settings, {Overrides: section.settings[Overrides]})
    return resolve(settings.get(Overrides) or Overrides())


class HtaccessFiles:
    """The files of one host. `names` are tried in this order in each directory."""

    def __init__(self, names: Sequence[str], directories: DirectorySections, facts: Facts) -> None:
        self._names = tuple(names)
        self._directories = directories
        self._facts = facts
        self._ways: dict[str, _Way] = {}
        self._known: dict[str, _Known] = {}

    def find(self, directory: str, warn: Callable[[str], None]) -> list[tuple[int, Section]]:
        """Return the files that apply in a directory (path with a trailing slash), outermost first.

        Each comes with the depth of its directory. `warn` is told what came up in files that had to be read.
        Blocks on the file system. Raises HtaccessError.
        """
        way = self._ways.get(directory) or self._new_way(directory)
        if time.monotonic() < way.absent_until:
            return self._sections(way.telling, warn)
        found = self._sections(way.places, warn)
        if way.silent.isdisjoint([depth for depth, _ in found]):
            way.absent_until = time.monotonic() + ABSENT_SECONDS
        return found

    def _sections(self, places: Sequence[_Place], warn: Callable[[str], None]) -> list[tuple[int, Section]]:
        found = []
        for place in places:
            section = self._section(place, warn)
            if section is not None:
                found.append((place.depth, section))
        return found

    def _new_way(self, directory: str) -> _Way:
        if len(self._ways) >= MAX_KNOWN:
            self._ways.clear()
        places = tuple(self._looked_in(directory))
        telling = tuple(place for place in places if place.overrides != _NEVER_SAID)
        silent = frozenset(place.depth for place in places if place.overrides == _NEVER_SAID)
        way = self._ways[directory] = _Way(places, telling, silent)
        return way

    def _looked_in(self, directory: str) -> Iterator[_Place]:
        end = 0
        depth = 0
        while (end := directory.find("/", end) + 1) > 0:
            depth += 1
            overrides = _overrides(self._directories.match(directory[:end]))
            if overrides.read:
                yield _Place(directory[:end], depth, overrides)

    def _section(self, place: _Place, warn: Callable[[str], None]) -> Section | None:
        for name in self._names:
            path = place.directory + name
            try:
                stamp = stamp_of(os.stat(path))
            except OSError as error:
                if error.errno in _MISSING:
                    continue
                raise _unreadable(path, error) from None
            known = self._known.get(path)
            if known is None or known.stamp != stamp or not known.settled:
                known = self._read(path, known, place, warn)
            if known is None:
                continue
            if isinstance(known.section, Refusal):
                raise HtaccessError(*known.section)
            return known.section
        return None

    def _read(
        self, path: str, known: _Known | None, place: _Place, warn: Callable[[str], None]
    ) -> _Known | None:
        """Read a file; one that changed in nothing but its times keeps its section."""
        try:
            stamp, data = _contents(path)
        except OSError as error:
            if error.errno in _MISSING:
                return None
            raise _unreadable(path, error) from None
        settled = time.time_ns() - max(stamp[:2]) > SETTLED_NS
        if known is not None and known.data == data:
            section = known.section
        else:
            section = self._parsed(path, data, place, warn)
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        fresh = self._known[path] = _Known(stamp, settled, data, section)
        return fresh

    def _parsed(
        self, path: str, data: bytes, place: _Place, warn: Callable[[str], None]
    ) -> Section | Refusal:
        parser = Parser(self._facts)
        draft = HostDraft()
        run = SecondPass(self._facts)
        scope = Scope(
            draft,
            Context.HTACCESS,
            draft.base,
            draft.files,
            draft.ifs,
            directory=place.directory,
            section=(SectionKind.HTACCESS.value, place.directory),
            overrides=place.overrides,
        )
        try:
            parser.parse_htaccess(decode(data), path)
        except DirectiveError as error:
            return Refusal(INTERNAL_SERVER_ERROR, f"{path}: {error}")
        with regex_options(self._facts.regex):
            run.run(parser.nodes, scope)
        problems = parser.problems or run.problems
        if problems:
            return Refusal(INTERNAL_SERVER_ERROR, _told(path, problems[0]))
        for warning in (*parser.warnings, *run.warnings):
            warn(_told(path, warning))
        return Section(
            SectionKind.HTACCESS,
            place.directory,
            None,
            draft.base,
            tuple(draft.files),
            Where(path, 1),
            tuple(draft.ifs),
        )


def _told(path: str, problem: Problem) -> str:
    """Return a message in httpd's shape, with the line that httpd leaves out."""
    line = f" (line {problem.where.line})" if problem.where is not None else ""
    hint = f" ({problem.suggestion})" if problem.suggestion else ""
    return f"{path}: {problem.message}{hint}{line}"


def _unreadable(path: str, error: OSError) -> HtaccessError:
    return HtaccessError(
        FORBIDDEN,
        f"({error.errno}){error.strerror}: AH00529: {path} pcfg_openfile: unable to check htaccess file, "
        f"ensure it is readable and that '{os.path.dirname(path)}/' is executable",
    )


def _contents(path: str) -> tuple[Stamp, bytes]:
    """Return a file's stamp and contents. Raises OSError, also for what is no file or far too large."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EBADF, "not a regular file")
        if found.st_size > MAX_SIZE:
            raise OSError(errno.EFBIG, f"larger than {MAX_SIZE} bytes")
        return stamp_of(found), file.read(MAX_SIZE)
