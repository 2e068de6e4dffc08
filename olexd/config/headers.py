"""The headers of path sections: what stands between `<Directory` and `>` (configuration spec 2.3)."""

from __future__ import annotations

import re

from olexd.config.errors import DirectiveError, Where
from olexd.config.lexer import BLANKS, next_word
from olexd.config.regex import compile_regex, compile_wildcard, has_wildcard
from olexd.config.server import Section, SectionKind
from olexd.config.settings import Settings
from olexd.expr import Condition, ExprError, Vocabulary, condition

REGEX_FORM = {
    SectionKind.DIRECTORY: SectionKind.DIRECTORY_MATCH,
    SectionKind.FILES: SectionKind.FILES_MATCH,
    SectionKind.LOCATION: SectionKind.LOCATION_MATCH,
    SectionKind.PROXY: SectionKind.PROXY_MATCH,
}
"""What `~` before the argument makes of a section."""


def header_argument(name: str, raw: str) -> str:
    """Return what stands before the last `>` of a header, perhaps nothing; `name` is as `<Location`."""
    end = raw.rfind(">")
    if end < 0:
        raise DirectiveError(f"{name}> directive missing closing '>'")
    return raw[:end].strip(BLANKS)


def section_argument(name: str, raw: str) -> str:
    """Return what stands before the last `>` of a header that must not be empty."""
    argument = header_argument(name, raw)
    if not argument:
        raise DirectiveError(f"{name}> directive requires additional arguments")
    return argument


def path_section(kind: SectionKind, argument: str, settings: Settings, where: Where) -> Section:
    """Return the section that a header opens; `~` makes it the Match kind. Bad ones raise DirectiveError."""
    label = f"<{kind.value}>"
    pattern, position = next_word(argument)
    if pattern == "~" and kind in REGEX_FORM:
        kind = REGEX_FORM[kind]
        pattern, position = next_word(argument, position)
    if position < len(argument):
        raise DirectiveError(f"Multiple {label} arguments not (yet) supported.")
    if kind not in REGEX_FORM:
        return Section(kind, pattern, compile_regex(pattern), settings, (), where)
    if kind is SectionKind.DIRECTORY:
        pattern = canonical_directory(pattern)
    if kind is SectionKind.PROXY:
        pattern = pattern.removeprefix("proxy:")
    any_slash = kind in (SectionKind.FILES, SectionKind.PROXY)
    regex = compile_wildcard(pattern, slash=any_slash) if has_wildcard(pattern) else None
    return Section(kind, pattern, regex, settings, (), where)


def if_condition(name: str, raw: str, vocabulary: Vocabulary) -> tuple[str, Condition | None]:
    """Return the text and the condition of an `<If`, `<ElseIf` or `<Else` header; the last has none."""
    if name == "<Else":
        if header_argument(name, raw):
            raise DirectiveError("<Else> directive takes no arguments")
        return "", None
    argument = section_argument(name, raw)
    text, position = next_word(argument)
    if position < len(argument):
        raise DirectiveError(f"Multiple {name}> arguments not supported.")
    try:
        return text, condition(text, vocabulary)
    except ExprError as error:
        raise DirectiveError(f"Cannot parse condition clause: {error}") from None


def canonical_directory(path: str) -> str:
    """Return a directory's name without dot segments and double slashes, with a slash at the end.

    A relative name starts from the root, which is where a running httpd takes it from.
    """
    parts: list[str] = []
    for part in re.split("/+", path):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/" + "".join(part + "/" for part in parts)
