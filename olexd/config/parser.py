"""The first pass: logical lines to a tree. Read-time directives act here (configuration spec 1.4).

Files are read one line at a time from a stack of open ones: an Include or a Use pushes, the end of a file
pops. Within a file sections open and close; a conditional section leaves no trace in the tree.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from olexd.config.arity import checked_words
from olexd.config.conditions import CONDITIONALS, Facts, holds
from olexd.config.errors import DirectiveError, Problem, ReadFile, Where
from olexd.config.headers import header_argument
from olexd.config.lexer import (
    LINE_TOO_LONG,
    MAX_LINE,
    expand,
    logical_lines,
    next_word,
    split_name,
    split_words,
)
from olexd.config.macros import Macro
from olexd.config.source import MAX_DEPTH, MAX_FILES, TOO_DEEP, included_files, read_text
from olexd.config.tree import Block, Line, Node

MAX_HTACCESS_LINE: Final = 8190
"""The longest logical line of a .htaccess file, in characters."""

MAX_NESTING: Final = 100
"""How deep sections may stand in each other; no real configuration comes near."""


@dataclass(slots=True)
class _Open:
    """A section that is still open: `name` without `<`; `nodes` takes its contents."""

    name: str
    raw: str
    where: Where
    nodes: list[Node]
    conditional: bool


@dataclass(slots=True)
class _File:
    """A file being read, or a macro's body, which shares `opened` with the file that uses it.

    `skipped` are the open sections of a false conditional, outermost first.
    """

    lines: Iterator[tuple[int, str]]
    name: str
    origin: Where | None
    depth: int
    nodes: list[Node]
    macro: str = ""
    opened: list[_Open] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    skipped_from: Where | None = None


@dataclass(frozen=True, slots=True)
class _Pending:
    """A file that an Include named and that is read when its turn comes."""

    path: str
    origin: Where
    depth: int
    nodes: list[Node]


class Parser:
    """Reads a configuration. Afterwards `nodes`, `problems`, `warnings` and `facts` hold the result.

    `files` are those that were read, the main one first.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.nodes: list[Node] = []
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.files: list[ReadFile] = []
        self._stack: list[_File | _Pending] = []
        self._files = 0
        self._nesting = 0
        self._macros: dict[str, Macro] = {}
        self._max_line = MAX_LINE
        self._file: _File
        self._directives: dict[str, Callable[[str, Where], None]] = {
            "include": lambda raw, where: self._include(raw, where, "Include"),
            "includeoptional": lambda raw, where: self._include(raw, where, "IncludeOptional"),
            "define": self._define,
            "undefine": self._undefine,
            "serverroot": self._server_root,
            "loadmodule": self._load_module,
            "use": self._use,
            "undefmacro": self._undefine_macro,
        }

    def parse_htaccess(self, text: str, name: str) -> None:
        """Read `text` as the .htaccess file `name`, where macros are all that acts while reading."""
        self._directives = {name: self._directives[name] for name in ("use", "undefmacro")}
        self._max_line = MAX_HTACCESS_LINE
        self.parse(text, name)

    def parse(self, text: str, name: str) -> None:
        """Read `text` as the main file `name`, and all it includes."""
        self.files.append(ReadFile(name, None))
        self._stack.append(_File(logical_lines(text), name, None, 1, self.nodes))
        while self._stack:
            top = self._stack[-1]
            if isinstance(top, _Pending):
                self._stack.pop()
                self._open(top)
                continue
            self._file = top
            self._read()

    def _open(self, pending: _Pending) -> None:
        try:
            text = read_text(pending.path)
        except DirectiveError as error:
            self._fail(pending.origin, error)
            return
        self.files.append(ReadFile(pending.path, pending.origin))
        lines = logical_lines(text)
        self._stack.append(_File(lines, pending.path, pending.origin, pending.depth, pending.nodes))

    def _fail(self, where: Where, error: DirectiveError | str, suggestion: str = "") -> None:
        hint = error.suggestion if isinstance(error, DirectiveError) else suggestion
        self.problems.append(Problem(where, str(error), hint))

    def _warn(self, where: Where, message: str) -> None:
        self.warnings.append(Problem(where, message))

    def _read(self) -> None:
        """Read the current file until it ends or another one is opened from it."""
        file = self._file
        depth = len(self._stack)
        for number, line in file.lines:
            where = Where(file.name, number, file.origin)
            try:
                self._line(line, where)
            except DirectiveError as error:
                self._fail(where, error)
            if len(self._stack) != depth:
                return
        self._stack.pop()
        self._end_of_file(file)

    def _line(self, line: str, where: Where) -> None:
        if len(line) > self._max_line:
            raise DirectiveError(LINE_TOO_LONG)
        if self._file.skipped:
            self._skip(line)
            return
        if line.startswith("#"):
            return
        if "\0" in line:
            raise DirectiveError("Line contains a NUL byte")
        if "${" in line:
            line = self._expanded(line, where)
        name, raw = split_name(line)
        if name.startswith("</"):
            self._end(name, raw, where)
        elif name.startswith("<"):
            self._start(name, raw, where)
        elif name:
            self._directive(name, raw, where)

    def _expanded(self, line: str, where: Where) -> str:
        def lookup(name: str) -> str | None:
            value = self.facts.defines.get(name)
            return os.environ.get(name) if value is None and "\0" not in name else value

        def missing(name: str) -> None:
            if ":" not in name:
                self._warn(where, f"AH00111: Config variable ${{{name}}} is not defined")

        try:
            return expand(line, lookup, missing)
        except ValueError as error:
            raise DirectiveError(str(error)) from None

    def _target(self) -> list[Node]:
        opened = self._file.opened
        return opened[-1].nodes if opened else self._file.nodes

    def _directive(self, name: str, raw: str, where: Where) -> None:
        act = self._directives.get(name.lower())
        if act is None:
            self._target().append(Line(name, raw, where))
        else:
            act(raw, where)

    # Sections

    def _start(self, name: str, raw: str, where: Where) -> None:
        if name.endswith(">") and len(name) > 2:
            name, raw = name[:-1], raw or ">"
        key = name.lower()
        if key == "<macro":
            self._macro(raw, where)
        elif key in CONDITIONALS:
            self._conditional(name, raw, where)
        else:
            self._enter(_Open(name[1:], raw, where, [], False))

    def _enter(self, section: _Open) -> None:
        if self._nesting >= MAX_NESTING:
            raise DirectiveError(f"Sections are nested more than {MAX_NESTING} deep")
        self._nesting += 1
        self._file.opened.append(section)

    def _conditional(self, name: str, raw: str, where: Where) -> None:
        """Enter a conditional section, or skip it; one that cannot be judged is read, to find more errors."""
        try:
            true = holds(self.facts, name.lower(), _condition(name, raw))
        except DirectiveError as error:
            self._fail(where, error)
            true = True
        if true:
            self._enter(_Open(name[1:], raw, where, self._target(), True))
        else:
            self._file.skipped.append(name[1:])
            self._file.skipped_from = where

    def _end(self, name: str, raw: str, where: Where) -> None:
        opened = self._file.opened
        if not name.endswith(">"):
            if not opened or opened[-1].conditional:
                raise DirectiveError(f"{name} without matching <{name[2:]} section")
            raise DirectiveError(f"{name}> directive missing closing '>'")
        label = name[2:-1]
        unmatched = f"</{label}> without matching <{label}> section"
        if not opened or (opened[-1].conditional and raw):
            raise DirectiveError(unmatched)
        inner = opened[-1]
        if inner.name.lower() != label.lower():
            self._fail(
                where, unmatched if inner.conditional else f"Expected </{inner.name}> but saw </{label}>"
            )
            if not any(section.name.lower() == label.lower() for section in opened):
                return
        while self._close().name.lower() != label.lower():
            pass

    def _close(self) -> _Open:
        section = self._file.opened.pop()
        self._nesting -= 1
        if not section.conditional:
            block = Block("<" + section.name, section.raw, section.where, tuple(section.nodes))
            self._target().append(block)
        return section

    def _skip(self, line: str) -> None:
        """Pass over a line of a false conditional; only sections are looked at."""
        if line[0] not in "<\"'":
            return
        name = next_word(line)[0]
        skipped = self._file.skipped
        if not name.startswith("<"):
            return
        if not name.startswith("</"):
            skipped.append(name[1:].removesuffix(">"))
            return
        label = name[2:].removesuffix(">")
        expected = skipped[-1]
        if name.endswith(">") and label.lower() == expected.lower():
            skipped.pop()
            return
        where = self._file.skipped_from
        if where is not None:
            ending = f" but saw </{label}>" if name.endswith(">") else ""
            self._fail(
                where,
                f"Expected </{expected}>{ending}" if ending else f"{name}> directive missing closing '>'",
            )
        while skipped and skipped.pop().lower() != label.lower():
            pass

    def _end_of_file(self, file: _File) -> None:
        if file.skipped and file.skipped_from is not None:
            self._fail(file.skipped_from, f"Expected </{file.skipped[-1]}> before end of configuration")
        if file.macro:
            return
        unclosed = [section for section in file.opened if not section.conditional]
        for section in reversed(unclosed):
            self._fail(section.where, f"<{section.name}> was not closed.")
        while file.opened:
            self._close()

    # Read-time directives

    def _words(self, name: str, raw: str) -> tuple[str, ...]:
        row = self.facts.registry.find(name)
        return split_words(raw) if row is None else checked_words(row, raw)

    def _include(self, raw: str, where: Where, name: str) -> None:
        (argument,) = self._words(name, raw)
        file = self._file
        if file.depth >= MAX_DEPTH:
            raise DirectiveError(TOO_DEEP)
        paths = included_files(argument, self.facts.server_root, name == "IncludeOptional")
        self._files += len(paths)
        if self._files > MAX_FILES:
            raise DirectiveError(f"The configuration includes more than {MAX_FILES} files")
        pending = [_Pending(path, where, file.depth + 1, self._target()) for path in paths]
        self._stack.extend(reversed(pending))

    def _define(self, raw: str, where: Where) -> None:
        name, *value = self._words("Define", raw)
        if ":" in name:
            raise DirectiveError("Variable name must not contain ':'")
        self.facts.defines[name] = value[0] if value else None

    def _undefine(self, raw: str, where: Where) -> None:
        (name,) = self._words("UnDefine", raw)
        if ":" in name:
            raise DirectiveError("Variable name must not contain ':'")
        self.facts.defines.pop(name, None)

    def _server_root(self, raw: str, where: Where) -> None:
        (word,) = self._words("ServerRoot", raw)
        path = os.path.normpath(os.path.join(self.facts.server_root, word))
        if not os.path.isdir(path):
            raise DirectiveError("ServerRoot must be a valid directory")
        self.facts.server_root = path

    def _load_module(self, raw: str, where: Where) -> None:
        identifier, _ = self._words("LoadModule", raw)
        if not self.facts.modules.load(identifier):
            self._warn(where, f"AH01574: module {identifier} is already loaded, skipping")

    # Macros

    def _macro(self, raw: str, where: Where) -> None:
        argument = header_argument("<Macro", raw)
        name, *parameters = split_words(argument) or ("",)
        macro = Macro(name.lower(), tuple(parameters), (), where)
        macro = replace(macro, body=self._macro_body(macro))
        macro.check()
        if macro.name in self._macros:
            self._warn(where, f"AH02802: {macro} redefines {self._macros[macro.name]}")
        self._macros[macro.name] = macro

    def _macro_body(self, macro: Macro) -> tuple[tuple[int, str], ...]:
        body: list[tuple[int, str]] = []
        depth = 1
        for number, line in self._file.lines:
            word = next_word(line)[0].lower() if line[0] in "<\"'" else ""
            depth += (word.rstrip(">") == "<macro") - (word == "</macro>")
            if depth == 0:
                return tuple(body)
            body.append((number - macro.where.line, line))
        raise DirectiveError(f"{macro} contents error: expected token not found: </Macro>")

    def _macro_named(self, name: str, directive: str) -> Macro:
        if not self._macros:
            raise DirectiveError(f"no macro defined before {directive}")
        if name.lower() not in self._macros:
            raise DirectiveError(f"macro '{name.lower()}' undefined")
        return self._macros[name.lower()]

    def _use(self, raw: str, where: Where) -> None:
        name, *arguments = split_words(raw) or ("",)
        macro = self._macro_named(name, "Use")
        file = self._file
        if any(isinstance(opened, _File) and opened.macro == macro.name for opened in self._stack):
            raise DirectiveError(f"recursive use of {macro} is invalid")
        if file.depth >= MAX_DEPTH:
            raise DirectiveError(TOO_DEEP)
        self._files += 1
        if self._files > MAX_FILES:
            raise DirectiveError(f"The configuration includes more than {MAX_FILES} files and macros")
        lines = iter(macro.use(arguments))
        depth = file.depth + 1
        self._stack.append(_File(lines, str(macro), where, depth, file.nodes, macro.name, file.opened))

    def _undefine_macro(self, raw: str, where: Where) -> None:
        (name,) = self._words("UndefMacro", raw)
        del self._macros[self._macro_named(name, "UndefMacro").name]


def _condition(name: str, raw: str) -> str:
    is_version = name.lower() == "<ifversion"
    if is_version and not raw.endswith(">"):
        raise DirectiveError(f"{name}> directive missing closing '>'")
    argument = header_argument(name, raw) if raw else ""
    if not argument.removeprefix("!") and not is_version:
        raise DirectiveError(f"{name}> directive requires additional arguments")
    return argument
