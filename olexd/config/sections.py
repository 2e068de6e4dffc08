"""Which path sections a request is subject to, in merge order (configuration spec 2.3 and 2.4).

Literal sections stand in a trie of path segments whose nodes know the whole answer for a path that ends
there, so a match is one walk whatever the number of sections. Only regex and wildcard sections are tried
one by one.
"""

from __future__ import annotations

import os.path
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from olexd.config.server import MERGED_CACHE_SIZE, Section, SectionKind

Key = tuple[int, int]
"""Where a section stands in merge order; its second part is unique, so that sections are never compared."""
Ranked = tuple[Key, Section]
Test = Callable[[str], re.Match[str] | None]

_MATCH_KINDS = frozenset(
    {
        SectionKind.LOCATION_MATCH,
        SectionKind.DIRECTORY_MATCH,
        SectionKind.FILES_MATCH,
        SectionKind.PROXY_MATCH,
    }
)


_SLASHES: Final = re.compile("//+")
AFTER_SECTIONS: Final = sys.maxsize
"""The second part of a .htaccess file's key: it acts after all sections for its directory."""


def _rank(ranked: Ranked) -> Key:
    return ranked[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """Sections in merge order, with and without their keys."""

    ranked: tuple[Ranked, ...]
    sections: tuple[Section, ...]

    def joined(self, more: Sequence[Ranked]) -> _Answer:
        """Return these sections and `more` of them."""
        if not more:
            return self
        ranked = tuple(sorted([*self.ranked, *more], key=_rank))
        return _Answer(ranked, tuple([section for _, section in ranked]))


_NONE = _Answer((), ())


@dataclass(slots=True, eq=False)
class _Node:
    """A path segment. `here`: the literal sections up to it; `below`: also those that want more after it."""

    children: dict[str, _Node] = field(default_factory=dict)
    own_here: list[Ranked] = field(default_factory=list)
    own_below: list[Ranked] = field(default_factory=list)
    here: _Answer = _NONE
    below: _Answer = _NONE

    def reach(self, segments: Iterable[str]) -> _Node:
        """Return the node at the end of `segments`, made if need be."""
        node = self
        for segment in segments:
            node = node.children.setdefault(segment, _Node())
        return node


def _settle(root: _Node) -> None:
    """Give every node its answers, from those of the node above."""
    waiting = [(root, _NONE)]
    while waiting:
        node, above = waiting.pop()
        node.here = above.joined(node.own_here)
        node.below = node.here.joined(node.own_below)
        waiting.extend((child, node.below) for child in node.children.values())


def _test(section: Section) -> Test | None:
    """Return what a regex or wildcard section compares with, None for a literal one."""
    if section.regex is None:
        return None
    return section.regex.search if section.kind in _MATCH_KINDS else section.regex.fullmatch


class LocationIndex:
    """Location sections in file order; `match` wants a decoded, normalised URL path."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.sections = tuple(sections)
        self._root = _Node()
        self._tests: list[tuple[Test, Ranked]] = []
        for order, section in enumerate(sections):
            ranked = ((0, order), section)
            test = _test(section)
            if test is not None:
                self._tests.append((test, ranked))
            else:
                self._insert(ranked)
        _settle(self._root)

    def _insert(self, ranked: Ranked) -> None:
        pattern = ranked[1].pattern
        if not pattern:
            self._root.own_here.append(ranked)
        elif pattern.endswith("/"):
            self._root.reach(pattern[:-1].split("/")).own_below.append(ranked)
        else:
            self._root.reach(pattern.split("/")).own_here.append(ranked)

    def match(self, path: str) -> tuple[Section, ...]:
        """Return the sections that `path` is subject to, in merge order.

        To all but LocationMatch several slashes are one, as they are to the file system.
        """
        plain = _SLASHES.sub("/", path) if "//" in path else path
        node = self._root
        for segment in plain.split("/"):
            child = node.children.get(segment)
            if child is None:
                answer = node.below
                break
            node = child
        else:
            answer = node.here
        if not self._tests:
            return answer.sections
        found = [ranked for test, ranked in self._tests if test(path if _is_match(ranked) else plain)]
        return answer.joined(found).sections


def _is_match(ranked: Ranked) -> bool:
    return ranked[1].kind in _MATCH_KINDS


class DirectoryIndex:
    """Directory sections; `match` wants a resolved file name, a directory's ending in a slash.

    Order: plain and wildcard sections by depth, then regex ones by the slashes in their pattern, each in
    file order.
    """

    def __init__(self, sections: Sequence[Section]) -> None:
        self.sections = tuple(sections)
        self._root = _Node()
        self._wildcards: list[tuple[Test, int, Ranked]] = []
        self._regexes: list[tuple[Test, Ranked]] = []
        self._joined: dict[tuple[object, ...], tuple[Section, ...]] = {}
        for order, section in enumerate(sections):
            self._insert(((section.pattern.count("/"), order), section))
        self._regexes.sort(key=lambda entry: entry[1][0])
        _settle(self._root)

    def _insert(self, ranked: Ranked) -> None:
        key, section = ranked
        test = _test(section)
        if test is None:
            self._root.reach(section.pattern.split("/")[:-1]).own_here.append(ranked)
        elif section.kind is SectionKind.DIRECTORY:
            self._wildcards.append((test, key[0], ranked))
        else:
            self._regexes.append((test, ranked))

    def match(
        self, path: str, found: Sequence[tuple[int, Section]] = (), name: str = ""
    ) -> tuple[Section, ...]:
        """Return the sections that `path` is subject to, in merge order, with the .htaccess files `found`.

        Regex sections are compared with `name` (default: `path`), which need not exist.

        A last component without a slash counts as a directory too if it exists: httpd tries the full name
        of a file against `<Directory>`. Each file of `found` comes with the depth of its directory.
        """
        segments = path.split("/")
        last = segments.pop()
        node = self._root
        for segment in segments:
            child = node.children.get(segment)
            if child is None:
                break
            node = child
        else:
            if last and last in node.children and os.path.exists(path):
                node = node.children[last]
        if not self._wildcards and not self._regexes:
            return self._with_files(node.here, found) if found else node.here.sections
        covering = [ranked for test, depth, ranked in self._wildcards if _covers(test, depth, path, segments)]
        covering += _ranked_files(found)
        matching = [section for test, (_, section) in self._regexes if test(name or path)]
        return (*node.here.joined(covering).sections, *matching)

    def _with_files(self, here: _Answer, found: Sequence[tuple[int, Section]]) -> tuple[Section, ...]:
        """Return the sections of a directory with the .htaccess files on the way to it, remembered."""
        key = (here, *found)
        joined = self._joined.get(key)
        if joined is None:
            if len(self._joined) >= MERGED_CACHE_SIZE:
                self._joined.clear()
            joined = self._joined[key] = here.joined(_ranked_files(found)).sections
        return joined


def _ranked_files(found: Sequence[tuple[int, Section]]) -> list[Ranked]:
    return [((depth, AFTER_SECTIONS), section) for depth, section in found]


def _covers(test: Test, depth: int, path: str, segments: list[str]) -> bool:
    """Return whether a wildcard that names a directory `depth` deep covers the file `path`."""
    if depth <= len(segments):
        return test("/".join(segments[:depth]) + "/") is not None
    if depth > len(segments) + 1 or path.endswith("/"):
        return False
    return test(path + "/") is not None and os.path.exists(path)


def match_files(sections: Sequence[Section], name: str) -> tuple[Section, ...]:
    """Return the `<Files>` and `<FilesMatch>` among `sections` that the file name `name` is subject to.

    `name` is a last component; the order stays. Sections nested in these never apply, as in httpd.
    """
    return tuple([section for section in sections if _names(section, name)]) if sections else ()


def _names(section: Section, name: str) -> bool:
    regex = section.regex
    if regex is None:
        return section.pattern == name
    return bool(regex.search(name) if section.kind in _MATCH_KINDS else regex.fullmatch(name))


def match_proxies(sections: Sequence[Section], url: str) -> tuple[Section, ...]:
    """Return the `<Proxy>` and `<ProxyMatch>` among `sections` that a backend's URL is subject to."""
    return tuple([section for section in sections if _begins(section, url)])


def _begins(section: Section, url: str) -> bool:
    test = _test(section)
    return url.lower().startswith(section.pattern.lower()) if test is None else test(url) is not None
