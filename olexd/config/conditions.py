"""The tests of the conditional sections (configuration spec 1.7)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.lexer import next_word, split_words
from olexd.config.module import ModuleSpec
from olexd.config.regex import compile_regex
from olexd.config.registry import Registry
from olexd.config.settings import Settings
from olexd.regex import DEFAULT_OPTIONS, RegexOptions

HTTPD_VERSION: Final = (2, 4, 71)
"""The httpd whose language this is; what `<IfVersion>` compares with."""

ALWAYS_LOADED: Final = {
    "core_module": "core.c",
    "http_module": "http_core.c",
    "log_config_module": "mod_log_config.c",
    "logio_module": "mod_logio.c",
    "so_module": "mod_so.c",
    "unixd_module": "mod_unixd.c",
    "version_module": "mod_version.c",
    "watchdog_module": "mod_watchdog.c",
}
"""What is compiled into the usual httpd, so that no LoadModule names it."""

DEFAULT_MPM: Final = ("mpm_event_module", "event.c")


class LoadedModules:
    """Which modules count as loaded.

    All built-in ones do when the configuration has no LoadModule line, which is known only at its end:
    `named` says that it has one. `guessed` tells that a built-in one counted for lack of such a line.
    `names` are the short names of those that lines named, in order.
    """

    def __init__(self, specs: Iterable[ModuleSpec], named: bool = False) -> None:
        self.named = named
        self.guessed = False
        self._specs = {name: spec for spec in specs for name in spec.identifiers}
        self.names: dict[str, None] = {}
        self._present: set[str] = {*ALWAYS_LOADED, *ALWAYS_LOADED.values()}
        self._mpm: set[str] = set(DEFAULT_MPM)

    def load(self, identifier: str) -> bool:
        """Note `LoadModule identifier`; return False if it was loaded before."""
        if identifier in self._present and identifier not in ALWAYS_LOADED:
            return False
        short = identifier.removesuffix("_module")
        names = {identifier, f"{short[4:]}.c" if short.startswith("mpm_") else f"mod_{short}.c"}
        if short.startswith("mpm_"):
            self._mpm = names
        elif spec := self._specs.get(identifier):
            names.update(spec.identifiers)
            short = spec.name
        self._present |= names
        self.names.setdefault(short)
        return True

    def has(self, name: str) -> bool:
        """Return whether `name`, an identifier or source file name, is a loaded module's."""
        if name in self._present or name in self._mpm:
            return True
        if self.named or self.names or name not in self._specs:
            return False
        self.guessed = True
        return True


@dataclass(slots=True)
class Facts:
    """What the conditions ask about; reading changes it as it goes. A define may have no value.

    `main` is what the main server was told so far, unresolved: what is defined for all its hosts.
    """

    registry: Registry
    modules: LoadedModules
    server_root: str
    defines: dict[str, str | None] = field(default_factory=dict)
    regex: RegexOptions = DEFAULT_OPTIONS
    main: Settings = field(default_factory=Settings)


def _if_module(facts: Facts, word: str) -> bool:
    return facts.modules.has(word)


def _if_define(facts: Facts, word: str) -> bool:
    return word in facts.defines


def _if_file(facts: Facts, word: str) -> bool:
    return os.path.exists(os.path.join(facts.server_root, word))


def _if_directive(facts: Facts, word: str) -> bool:
    return not word.startswith("<") and facts.registry.exists(word)


def _if_section(facts: Facts, word: str) -> bool:
    return not word.startswith("<") and facts.registry.exists(f"<{word.removesuffix('>')}")


_WORD_TESTS: Final[dict[str, Callable[[Facts, str], bool]]] = {
    "<ifmodule": _if_module,
    "<ifdefine": _if_define,
    "<iffile": _if_file,
    "<ifdirective": _if_directive,
    "<ifsection": _if_section,
}
CONDITIONALS: Final = frozenset(_WORD_TESTS) | {"<ifversion"}


def holds(facts: Facts, section: str, argument: str) -> bool:
    """Return whether the condition of `section` (as `<ifmodule`) holds; bad ones raise DirectiveError."""
    if section == "<ifversion":
        return _if_version(argument)
    negated = argument.startswith("!")
    word = next_word(argument.removeprefix("!"))[0]
    return _WORD_TESTS[section](facts, word) is not negated


_COMPARISONS: Final[dict[str, Callable[[tuple[int, ...]], bool]]] = {
    "=": lambda version: version == HTTPD_VERSION,
    "==": lambda version: version == HTTPD_VERSION,
    ">": lambda version: version < HTTPD_VERSION,
    ">=": lambda version: version <= HTTPD_VERSION,
    "<": lambda version: version > HTTPD_VERSION,
    "<=": lambda version: version >= HTTPD_VERSION,
}


def _if_version(argument: str) -> bool:
    words = split_words(argument)
    operator, wanted = words[:2] if len(words) > 1 else ("=", "".join(words))
    negated = operator.startswith("!")
    operator = operator.removeprefix("!") or "="
    if operator in ("=", "==") and len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
        operator, wanted = "~", wanted[1:-1]
    if operator == "~":
        text = ".".join(map(str, HTTPD_VERSION))
        return (compile_regex(wanted).search(text) is not None) is not negated
    if operator not in _COMPARISONS:
        raise DirectiveError(f"unrecognized operator '{operator}'")
    return _COMPARISONS[operator](_version(wanted)) is not negated


def _version(text: str) -> tuple[int, ...]:
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,2}", text) is None:
        raise DirectiveError(
            "Version appears to be invalid. It must have the format major[.minor[.patch]] "
            "where major, minor and patch are numbers."
        )
    parts = [int(part) for part in text.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))
