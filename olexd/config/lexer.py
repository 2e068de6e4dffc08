"""Characters to words: logical lines, quoting, `${VAR}` (configuration spec 1.1 to 1.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

BLANKS: Final = " \t\n\v\f\r"
MAX_LINE: Final = 16 * 1024 * 1024
"""The longest logical line, in characters, also after variables have been replaced."""

LINE_TOO_LONG: Final = "Line too long"

_BLANK: Final = r"[ \t\n\v\f\r]*"
_QUOTED: Final = r"""(?:"(?P<double>(?:\\["\\]|[^"])*+)"?|'(?P<single>(?:\\['\\]|[^'])*+)'?"""
_WORD: Final = re.compile(_BLANK + _QUOTED + r"|(?P<plain>[^ \t\n\v\f\r]*))" + _BLANK, re.DOTALL)
_ESCAPES: Final = {
    "double": re.compile(r'\\(["\\])'),
    "single": re.compile(r"\\(['\\])"),
    "plain": re.compile(r"\\(\\)"),
}
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number, line) for each line that is not empty, continued lines joined, blanks trimmed.

    The number is that of the last physical line.
    """
    pending = ""
    for number, physical in enumerate(text.split("\n"), 1):
        if physical.endswith(("\\", "\\\r")):
            pending += physical.removesuffix("\r")[:-1]
            continue
        line = (pending + physical).strip(BLANKS)
        pending = ""
        if line:
            yield number, line
    if line := pending.strip(BLANKS):
        yield text.count("\n") + 1, line


def next_word(text: str, start: int = 0) -> tuple[str, int]:
    """Return the word at `start`, unquoted, and where the next one begins."""
    match = _WORD.match(text, start)
    if match is None:  # cannot be: every part of the pattern may be empty
        return "", len(text)
    kind = match.lastgroup or "plain"
    word = match[kind]
    return (_ESCAPES[kind].sub(r"\1", word) if "\\" in word else word), match.end()


def split_words(text: str) -> tuple[str, ...]:
    """Return all words of `text`; a quoted empty word counts, unlike the end of the text."""
    if not any(mark in text for mark in "\"'\\"):
        return tuple(_split_plain(text))
    text = text.lstrip(BLANKS)
    words = []
    position = 0
    while position < len(text):
        word, position = next_word(text, position)
        words.append(word)
    return tuple(words)


def _split_plain(text: str) -> list[str]:
    if text.isascii() and not any(mark in text for mark in "\x1c\x1d\x1e\x1f"):
        return text.split()
    return re.findall(r"[^ \t\n\v\f\r]+", text)


def split_name(line: str) -> tuple[str, str]:
    """Return the first word of `line` and the rest as written."""
    name, position = next_word(line)
    return name, line[position:]


def expand(line: str, lookup: Callable[[str], str | None], missing: Callable[[str], None]) -> str:
    """Return `line` with every `${NAME}` replaced by `lookup(NAME)`; the replacement is not expanded.

    Unknown names stay as they are and are told to `missing`. Raises ValueError if the line gets too long.
    """
    if "${" not in line:
        return line

    def value(match: re.Match[str]) -> str:
        found = lookup(match[1])
        if found is None:
            missing(match[1])
            return match[0]
        return found

    expanded = _VARIABLE.sub(value, line)
    if len(expanded) > MAX_LINE:
        raise ValueError(LINE_TOO_LONG)
    return expanded
