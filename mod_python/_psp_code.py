"""From a page's program to code whose lines, in tracebacks too, are those of the page."""

from __future__ import annotations

import ast
import os
from types import CodeType
from typing import Any

from mod_python._psp import Program


def compile_page(program: Program, filename: str) -> CodeType:
    """Return the code of a page; its lines, also in errors, are those of the page."""
    try:
        tree = ast.parse(program.source, filename)
    except SyntaxError as error:
        _point_to_page(error, program.lines, filename)
        raise
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            _place_on_page(node, program.lines)
    return compile(tree, filename, "exec", dont_inherit=True)


def _place_on_page(node: Any, lines: tuple[int, ...]) -> None:
    """Move a node to the page's line. Its columns are the program's: tracebacks are not to mark them."""
    node.end_lineno = _page_line(lines, node.end_lineno or node.lineno)
    node.lineno = _page_line(lines, node.lineno)
    node.col_offset = node.end_col_offset = -1


def _page_line(lines: tuple[int, ...], number: int) -> int:
    return lines[min(number, len(lines)) - 1]


def _point_to_page(error: SyntaxError, lines: tuple[int, ...], filename: str) -> None:
    """Make a syntax error show the page's line instead of the program's."""
    if error.lineno is None:
        return
    error.lineno = error.end_lineno = _page_line(lines, error.lineno)
    error.offset = error.end_offset = None
    if os.path.isfile(filename):
        with open(filename, encoding="utf-8", errors="replace") as file:
            page = file.read().splitlines()
        error.text = page[error.lineno - 1] if error.lineno <= len(page) else None
