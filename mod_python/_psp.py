"""Python Server Pages: from a page to the Python program that writes it.

The grammar is mod_python's, to the letter (toolkit specification 4.2): a scanner of characters that knows
nothing of Python. Four of its states are named after what they read; in the fifth, at the start of a line
of code, it notes the indentation that the text after the code will have.

Differences from mod_python 3.5: an include may have an absolute name, its file name ends at the first
quote, and pages that include each other without end are an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

DEEPEST_INCLUDE: Final = 32

_OPEN: Final = 'req.write("""'
_CLOSE: Final = '""",0)'


class State(Enum):
    """What is being read; the value says what can come next, the longest first."""

    TEXT = r"""
        (?P<escape>   \\[nrt] )
      | (?P<comment>  <%-- )
      | (?P<directive> <%@ )
      | (?P<expression> <%= )
      | (?P<code>     <% )
      | (?P<newline>  \r?\n )
      | (?P<quote>    " )
      | (?P<plain>    [^\\<\r\n"]+ | . )
    """
    CODE = r"""
        (?P<newline>  \r\n | \n | \r )
      | (?P<end>      %> )
      | (?P<colon>    : )
      | (?P<plain>    [^\r\n%:]+ | . )
    """
    LINE_START = r"""
        (?P<indent>   (?<=\n)[ \t]+ )
      | (?P<end>      (?=%>) )
      | (?P<flush>    )
    """
    DIRECTIVE = r"""
        (?P<include>  include[ ]+file[ ]?=[ ]?"(?P<name>[^ "]+)" )
      | (?P<end>      %> )
      | (?P<ignored>  . )
    """
    COMMENT = r"""
        (?P<end>      --%> )
      | (?P<ignored>  [^-]+ | . )
    """


_NEXT: Final = {state: re.compile(state.value, re.VERBOSE | re.DOTALL) for state in State}


@dataclass(frozen=True, slots=True)
class Program:
    """What a page became: the Python source, and where it came from.

    `lines[n]` is the page's line (from 1) that line `n + 1` of the source ends in; code of an included file
    counts as the line behind its directive. `included` are the paths of the included files.
    """

    source: str
    lines: tuple[int, ...]
    included: tuple[str, ...]


class IncludeError(OSError):
    """Includes are nested too deeply; most likely a page includes itself."""


@dataclass(slots=True)
class _Input:
    """One text being read, and how far."""

    text: str
    position: int = 0


class _Scanner:
    """Reads one page; `program()` is the result."""

    def __init__(self, text: str, directory: str) -> None:
        self._directory = directory
        self._inputs = [_Input(text)]
        self._included: list[str] = []
        self._output: list[str] = []
        self._lines = [1]
        self._line = 1
        self._next_line = 1
        self._state = State.TEXT
        self._indent = ""
        self._colon = False
        self._in_expression = False
        self._new_line = False

    def program(self) -> Program:
        """Read the page to its end."""
        if self._inputs[0].text:
            self._emit(_OPEN)
            while self._inputs:
                self._read()
        return Program("".join(self._output), tuple(self._lines), tuple(self._included))

    def _read(self) -> None:
        """Read the innermost text to its end, or up to an include."""
        reading = self._inputs[-1]
        text = reading.text
        while reading.position < len(text) or self._state is State.LINE_START:
            match = _NEXT[self._state].match(text, reading.position)
            assert match is not None and match.lastgroup is not None
            reading.position = match.end()
            if reading is self._inputs[0]:
                self._line = self._next_line
                self._next_line += match[0].count("\n")
            _ACTIONS[self._state, _rule(match)](self, match)
            if self._inputs[-1] is not reading:
                return
        self._end_of_text()

    def _end_of_text(self) -> None:
        """Go back to the including text, or finish; anything unterminated ends the program as it stands."""
        if self._state is not State.TEXT:
            self._inputs.clear()
        elif len(self._inputs) > 1:
            self._inputs.pop()
            self._state = State.DIRECTIVE
        else:
            self._inputs.clear()
            self._emit(_CLOSE + "\n")

    def _emit(self, text: str) -> None:
        self._output.append(text)
        self._lines[-1] = self._line
        self._lines.extend([self._next_line] * len(_NEWLINE.findall(text)))

    # -- text

    def _escape(self, match: re.Match[str]) -> None:
        self._emit("\\" + match[0])

    def _plain(self, match: re.Match[str]) -> None:
        self._emit(match[0])

    def _newline(self, match: re.Match[str]) -> None:
        self._emit("\n")

    def _quote(self, match: re.Match[str]) -> None:
        self._emit('\\"')

    def _begin_comment(self, match: re.Match[str]) -> None:
        self._state = State.COMMENT

    def _begin_directive(self, match: re.Match[str]) -> None:
        self._state = State.DIRECTIVE

    def _begin_expression(self, match: re.Match[str]) -> None:
        self._emit(_CLOSE + "; req.write(str(")
        self._in_expression = True
        self._state = State.CODE

    def _begin_code(self, match: re.Match[str]) -> None:
        self._emit(_CLOSE + ";")
        self._indent = ""
        self._new_line = False
        self._state = State.CODE

    # -- code

    def _code_newline(self, match: re.Match[str]) -> None:
        self._emit("\n")
        self._new_line = True
        self._state = State.LINE_START

    def _code_colon(self, match: re.Match[str]) -> None:
        self._emit(":")
        self._colon = True

    def _code_plain(self, match: re.Match[str]) -> None:
        self._emit(match[0])
        self._colon = False

    def _code_end(self, match: re.Match[str]) -> None:
        if self._in_expression:
            self._emit("),0); " + _OPEN)
            self._in_expression = False
        else:
            if not self._new_line:
                self._emit(";")
            if self._colon:
                self._indent += "\t"
                self._colon = False
            self._emit(self._indent + _OPEN)
        self._state = State.TEXT

    # -- the start of a line of code

    def _line_indent(self, match: re.Match[str]) -> None:
        self._indent = match[0]
        self._emit(match[0])
        self._state = State.CODE

    def _line_end(self, match: re.Match[str]) -> None:
        self._state = State.CODE

    def _line_flush(self, match: re.Match[str]) -> None:
        self._indent = ""
        self._state = State.CODE

    # -- directives and comments

    def _include(self, match: re.Match[str]) -> None:
        path = os.path.join(self._directory, match["name"])
        if len(self._inputs) > DEEPEST_INCLUDE:
            raise IncludeError(f"{path}: included more than {DEEPEST_INCLUDE} levels deep")
        self._included.append(path)
        self._inputs.append(_Input(_read_text(path)))
        self._state = State.TEXT

    def _back_to_text(self, match: re.Match[str]) -> None:
        self._state = State.TEXT

    def _ignore(self, match: re.Match[str]) -> None:
        pass


_NEWLINE: Final = re.compile(r"\r\n?|\n")

_ACTIONS: Final[dict[tuple[State, str], Callable[[_Scanner, re.Match[str]], None]]] = {
    (State.TEXT, "escape"): _Scanner._escape,
    (State.TEXT, "comment"): _Scanner._begin_comment,
    (State.TEXT, "directive"): _Scanner._begin_directive,
    (State.TEXT, "expression"): _Scanner._begin_expression,
    (State.TEXT, "code"): _Scanner._begin_code,
    (State.TEXT, "newline"): _Scanner._newline,
    (State.TEXT, "quote"): _Scanner._quote,
    (State.TEXT, "plain"): _Scanner._plain,
    (State.CODE, "newline"): _Scanner._code_newline,
    (State.CODE, "end"): _Scanner._code_end,
    (State.CODE, "colon"): _Scanner._code_colon,
    (State.CODE, "plain"): _Scanner._code_plain,
    (State.LINE_START, "indent"): _Scanner._line_indent,
    (State.LINE_START, "end"): _Scanner._line_end,
    (State.LINE_START, "flush"): _Scanner._line_flush,
    (State.DIRECTIVE, "include"): _Scanner._include,
    (State.DIRECTIVE, "end"): _Scanner._back_to_text,
    (State.DIRECTIVE, "ignored"): _Scanner._ignore,
    (State.COMMENT, "end"): _Scanner._back_to_text,
    (State.COMMENT, "ignored"): _Scanner._ignore,
}


def _rule(match: re.Match[str]) -> str:
    """Return the name of the rule that matched (the outer group: an include has a name inside)."""
    return "include" if match.lastgroup == "name" else str(match.lastgroup)


def _read_text(path: str) -> str:
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise SyntaxError("a page cannot contain a NUL", (path, line, None, None))
    return text


def translate(filename: str, directory: str) -> Program:
    """Return the program of the page in `filename`; relative includes are looked for in `directory`.

    Raises OSError for a file that cannot be read, UnicodeDecodeError for one that is not UTF-8,
    SyntaxError for one with a NUL.
    """
    return _Scanner(_read_text(filename), directory).program()


def translate_text(text: str) -> Program:
    """Return the program of the page `text`, which a NUL ends; it includes from the working directory."""
    return _Scanner(text.partition("\0")[0], "").program()


def parse(filename: str, dir: str | None = None) -> str:
    """Return the Python source of the page in the file `dir + filename` (no separator is added)."""
    directory = dir or ""
    return translate(directory + filename, directory).source


def parsestring(string: str | bytes) -> str:
    """Return the Python source of the page `string` (bytes: UTF-8)."""
    if not isinstance(string, str | bytes):
        raise TypeError(f"a page must be str or bytes, not {type(string).__name__}")
    return translate_text(string.decode("utf-8") if isinstance(string, bytes) else string).source
