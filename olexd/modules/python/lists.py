"""Reading handler lists: `module[::object] ... [| .ext ...]` (core spec 1.2-1.4, 1.11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.python import Handler, PythonDir
from olexd.config.rows import Args
from olexd.modules.words import current

_WILDCARDS: Final = re.compile(r"[*?\[]")


def split_list(raw: str) -> tuple[list[str], list[str]]:
    """Return the handlers and the extensions of a directive's text. Quotes mean nothing here."""
    before, _, after = raw.partition("|")
    return before.split(), after.split()


def _wildcard_pattern(pattern: str) -> str:
    """Return the regular expression of a Directory wildcard: `*` and `?` stop at slashes."""
    translated = (
        {"*": "[^/]*", "?": "[^/]"}.get(part) or (part if part.startswith("[") else re.escape(part))
        for part in re.findall(r"\[[^\]]*\]|.", pattern)
    )
    return f"^{''.join(translated)}/?$"


def _directory_pattern(args: Args) -> re.Pattern[str] | None:
    """Return what tells the directory when the section's argument does not."""
    kind, argument = args.section or ("", "")
    if kind == "DirectoryMatch":
        return re.compile(argument)
    if kind != ".htaccess" and args.directory is not None and _WILDCARDS.search(args.directory):
        return re.compile(_wildcard_pattern(args.directory.rstrip("/")))
    return None


def handler_entry(text: str, args: Args, silent: bool = False) -> Handler:
    """Return a handler as it stands in the section where the directive is."""
    kind, argument = args.section or ("", "")
    if kind.startswith("Location"):
        return Handler(text, argument, is_location=True, silent=silent)
    return Handler(text, args.directory, silent=silent, pattern=_directory_pattern(args))


def _append(conf: PythonDir, keys: Iterable[str], entries: Sequence[Handler]) -> PythonDir:
    """Append to lists of the section being read; what outer sections say is replaced when merging."""
    lists = current(conf, "handlers")
    for key in keys:
        lists[key] = (*lists.get(key, ()), *entries)
    return replace(conf, handlers=lists)


def add_handlers(phases: Sequence[str], silent: bool = False) -> Callable[[PythonDir, Args], PythonDir]:
    """Return an `apply` that appends the directive's handlers to the lists of `phases`."""

    def apply(conf: PythonDir, args: Args) -> PythonDir:
        texts, extensions = split_list(args.raw)
        if not texts:
            return conf
        keys = [phase + extension for phase in phases for extension in extensions or [""]]
        return _append(conf, keys, [handler_entry(text, args, silent) for text in texts])

    return apply


def add_unrestricted(phase: str) -> Callable[[PythonDir, Args], PythonDir]:
    """Return an `apply` for a phase in which no file is known yet, so that extensions make no sense."""
    add = add_handlers([phase])

    def apply(conf: PythonDir, args: Args) -> PythonDir:
        if "|" in args.raw:
            raise DirectiveError(f"{args.name} does not take file extensions")
        return add(conf, args)

    return apply
