"""The section tries against the plain rules, one section at a time."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from olexd.config.errors import Where
from olexd.config.headers import path_section
from olexd.config.sections import DirectoryIndex, LocationIndex
from olexd.config.server import Section, SectionKind
from olexd.config.settings import Settings

SEGMENT = st.sampled_from(["a", "b", "ab", "", "*", "?", "a*"])
PATTERN = st.lists(SEGMENT, max_size=5).map(lambda parts: "/" + "/".join(parts)) | st.sampled_from(
    ["", "a", "*"]
)
PATH = st.lists(st.sampled_from(["a", "b", "ab", "c", ""]), max_size=6).map(
    lambda parts: "/" + "/".join(parts)
)
ANY_PATH = PATH | st.sampled_from(["*", "", "a", "a/b"])


def _made(kind: SectionKind, pattern: str, regex: bool, line: int) -> Section:
    argument = f'~ "{pattern.replace("*", ".*").replace("?", ".")}"' if regex else f'"{pattern}"'
    return path_section(kind, argument, Settings(), Where("x", line))


def _location_applies(section: Section, path: str) -> bool:
    pattern = section.pattern
    if section.regex is not None and section.kind is SectionKind.LOCATION_MATCH:
        return section.regex.search(path) is not None
    # To all others several slashes are one.
    path = re.sub("//+", "/", path)
    if section.regex is not None:
        return section.regex.fullmatch(path) is not None
    return path.startswith(pattern) and (
        not pattern or pattern.endswith("/") or path[len(pattern) :][:1] in ("", "/")
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(PATTERN, st.booleans()), max_size=8), ANY_PATH)
def test_locations(patterns: list[tuple[str, bool]], path: str) -> None:
    """The index finds exactly the sections that the rule names, in file order."""
    sections = [
        _made(SectionKind.LOCATION, pattern, regex, line) for line, (pattern, regex) in enumerate(patterns)
    ]
    expected = tuple(section for section in sections if _location_applies(section, path))
    assert LocationIndex(sections).match(path) == expected


def _directories(path: str) -> list[str]:
    """Return the directories that a walk to `path` goes through, the path itself if it exists."""
    parts = path.split("/")
    found = ["/".join(parts[: depth + 1]) + "/" for depth in range(len(parts) - 1)]
    return [*found, path + "/"] if parts[-1] and Path(path).exists() else found


def _directory_applies(section: Section, directory: str) -> bool:
    if section.regex is not None:
        return section.regex.fullmatch(directory) is not None
    return section.pattern == directory


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(PATTERN, st.booleans()), max_size=8), PATH.map(lambda path: path.replace("//", "/"))
)
def test_directories(patterns: list[tuple[str, bool]], path: str) -> None:
    """The index finds what a walk finds: per directory plain and wildcard sections, then the regex ones."""
    path = "/" + path.lstrip("/").replace("//", "/")
    sections = [
        _made(SectionKind.DIRECTORY, pattern, regex, line) for line, (pattern, regex) in enumerate(patterns)
    ]
    plain = [section for section in sections if section.kind is SectionKind.DIRECTORY]
    expected = [
        section
        for directory in _directories(path)
        for section in plain
        if section.pattern.count("/") == directory.count("/") and _directory_applies(section, directory)
    ]
    regexes = [section for section in sections if section.kind is SectionKind.DIRECTORY_MATCH]
    by_slashes = sorted(regexes, key=lambda section: section.pattern.count("/"))
    expected += [section for section in by_slashes if section.regex and section.regex.search(path)]
    assert DirectoryIndex(sections).match(path) == tuple(expected)
