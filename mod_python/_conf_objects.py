"""Configuration text as Python objects: what `mod_python.httpdconf` is made of (toolkit spec 6.4).

`str()` of an object is the configuration's text, `repr()` the Python text that makes the object again.
`indent` is set by the object around it while that is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

_DEEPER_TEXT: Final = 2
_DEEPER_PYTHON: Final = 4


class Directive:
    """One directive. With `flipslash` backslashes become slashes in both texts."""

    def __init__(self, name: str, val: object, flipslash: int = 1) -> None:
        self.name = name
        self.val = val
        self.indent = 0
        self.flipslash = flipslash

    def __str__(self) -> str:
        text = f"{' ' * self.indent}{self.name} {self.val}\n"
        return _flipped(text) if self.flipslash else text

    def __repr__(self) -> str:
        text = f"{' ' * self.indent}{self.name}({self.val!r})"
        return _flipped(text) if self.flipslash else text


class Comment:
    """Lines of comment."""

    def __init__(self, comment: str) -> None:
        self.comment = comment
        self.indent = 0

    def __str__(self) -> str:
        return "".join(f"{' ' * self.indent}# {line}\n" for line in self.comment.splitlines())

    def __repr__(self) -> str:
        start = f"{' ' * self.indent}Comment("
        lines = [repr(line + "\n") for line in self.comment.splitlines()] or ["''"]
        return start + f"\n{' ' * len(start)}".join(lines) + ")"


class Container:
    """Objects in a row. `only_if` is a Python expression: where it is false the text is empty.

    It is evaluated in the namespace of `mod_python.httpdconf`, where `mod_python`, `sys` and `os` are known.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = list(args)
        self.indent = 0
        self.only_if: str | None = kwargs.get("only_if")

    def append(self, value: Directive | Container | ContainerTag | Comment) -> None:
        """Add an object at the end; TypeError for anything else."""
        if not isinstance(value, (Directive, Container, ContainerTag, Comment)):
            raise TypeError(
                "appended value must be an instance of Directive, Container, ContainerTag or Comment"
            )
        self.args.append(value)

    def __str__(self) -> str:
        return _texts(self.args, self.indent) if self._applies() else ""

    def __repr__(self) -> str:
        indent = " " * self.indent
        items = _pythons(self.args, self.indent)
        end = f"{indent})"
        if self.only_if:
            end = f"{indent}{' ' * _DEEPER_PYTHON}only_if={self.only_if!r})"
        return f"{indent}Container(\n{items}{end}"

    def _applies(self) -> bool:
        if not self.only_if:
            return True
        from mod_python import httpdconf

        # The author of the configuration wrote the expression into their own program.
        return bool(eval(self.only_if, vars(httpdconf)))


class ContainerTag:
    """A section: `<tag attr>` around its objects."""

    def __init__(self, tag: str, attr: str, args: Iterable[Any], flipslash: int = 1) -> None:
        self.tag = tag
        self.attr = attr
        self.args = args
        self.indent = 0
        self.flipslash = flipslash

    def __str__(self) -> str:
        indent = " " * self.indent
        start = f"{indent}<{self.tag} {self.attr}>\n"
        start = _flipped(start) if self.flipslash else start
        return f"{start}{_texts(self.args, self.indent + _DEEPER_TEXT)}{indent}</{self.tag}>\n"

    def __repr__(self) -> str:
        indent = " " * self.indent
        start = f"{indent}{self.tag}({self.attr!r},\n"
        start = _flipped(start) if self.flipslash else start
        return f"{start}{_pythons(self.args, self.indent)}{indent})"


def _flipped(text: str) -> str:
    return text.replace("\\", "/")


def _texts(items: Iterable[Any], indent: int) -> str:
    parts = []
    for item in items:
        item.indent = indent
        parts.append(str(item))
    return "".join(parts)


def _pythons(items: Iterable[Any], indent: int) -> str:
    parts = []
    for item in items:
        item.indent = indent + _DEEPER_PYTHON
        parts.append(f"{item!r},\n")
    return "".join(parts)


def quote_if_space(s: str) -> str:
    """Return `s`, in double quotes if there is a blank in it."""
    return f'"{s}"' if " " in s else s
