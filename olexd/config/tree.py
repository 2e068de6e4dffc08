"""The tree that reading yields: directives and sections with their places, conditionals already settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from olexd.config.errors import Where


@dataclass(frozen=True, slots=True)
class Line:
    """A directive: its name as written and the rest of the line after `${}` expansion."""

    name: str
    raw: str
    where: Where


@dataclass(frozen=True, slots=True)
class Block:
    """A section: `name` begins with `<`, `raw` is the rest of the header with its `>`."""

    name: str
    raw: str
    where: Where
    children: tuple[Node, ...]


Node = Line | Block


def config_tree(nodes: Iterable[Node], spelling: Callable[[str], str]) -> list[Any]:
    """Return the tree as `apache.config_tree()` shows it.

    Directives are tuples (name, arguments), a section is such a tuple followed by a list of its contents
    unless it is empty. `spelling` gives a name's own upper and lower case.
    """
    result: list[Any] = []
    for node in nodes:
        result.append((spelling(node.name), node.raw))
        if isinstance(node, Block) and node.children:
            result.append(config_tree(node.children, spelling))
    return result
