"""Files: reading them, and what an Include stands for (configuration spec 1.6)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.regex import compile_wildcard, has_wildcard

MAX_DEPTH: Final = 128
MAX_FILES: Final = 100_000
"""How many files one configuration may consist of; more can only come from a loop of links."""

TOO_DEEP: Final = f"Exceeded maximum include depth of {MAX_DEPTH}, There appears to be a recursion."
_PREFIX: Final = "Include/IncludeOptional:"


def read_text(path: str) -> str:
    """Return the text of a configuration file: UTF-8, or Latin-1 for a line that is not.

    A byte-order mark is dropped. Raises DirectiveError if the file cannot be read or is not a file.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode) and path != os.devnull:
            raise DirectiveError(f"Access to file {path} denied by server: not a regular file")
        with open(path, "rb") as file:
            return decode(file.read())
    except OSError as error:
        raise DirectiveError(f"Could not open configuration file {path}: {error.strerror}") from None


def decode(data: bytes) -> str:
    """Return `data` as text, each line as UTF-8 or else as Latin-1."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "\n".join(map(_decode_line, data.split(b"\n")))


def _decode_line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def included_files(argument: str, server_root: str, optional: bool) -> list[str]:
    """Return the files that `Include argument` (or IncludeOptional) inserts, in order.

    Raises DirectiveError where httpd refuses the Include.
    """
    path = os.path.normpath(os.path.join(server_root, argument))
    files = list(islice(_expand(path, optional), MAX_FILES + 1))
    if len(files) > MAX_FILES:
        raise DirectiveError(f"{_PREFIX} more than {MAX_FILES} files in '{path}'")
    return files


def _expand(path: str, optional: bool) -> Iterator[str]:
    if has_wildcard(path):
        yield from _matches(path, optional)
    elif os.path.isdir(path):
        yield from _below(path, 1)
    elif not optional or os.path.exists(path):
        yield path


def _below(directory: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise DirectiveError(TOO_DEEP)
    try:
        names = os.listdir(directory)
    except OSError as error:
        raise DirectiveError(f"Could not open config directory {directory}: {error.strerror}") from None
    for name in sorted(names, key=os.fsencode):
        path = os.path.join(directory, name)
        if os.path.isdir(path):
            yield from _below(path, depth + 1)
        else:
            yield path


def _matches(path: str, optional: bool) -> Iterator[str]:
    parts = path.split("/")
    first = next(index for index, part in enumerate(parts) if has_wildcard(part))
    directory = "/".join(parts[:first]) or "/"
    rest = parts[first + 1 :]
    found = _candidates(directory, parts[first], bool(rest), optional)
    if not found and not optional:
        raise DirectiveError(
            f"{_PREFIX} No matches for the wildcard '{parts[first]}' in '{directory}', failing"
        )
    for candidate in found:
        yield from _expand("/".join([candidate, *rest]), optional)


def _candidates(directory: str, wildcard: str, directories_only: bool, optional: bool) -> list[str]:
    try:
        names = os.listdir(directory)
    except OSError as error:
        if optional:
            return []
        raise DirectiveError(f"{_PREFIX} Could not open directory {directory}: {error.strerror}") from None
    pattern = compile_wildcard(wildcard)
    chosen = [
        os.path.join(directory, name)
        for name in sorted(names, key=os.fsencode)
        if pattern.fullmatch(name) and (wildcard.startswith(".") or not name.startswith("."))
    ]
    return [path for path in chosen if os.path.isdir(path)] if directories_only else chosen
