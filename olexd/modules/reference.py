"""The directive reference: one table of every directive, made from the rows.

`python -m olexd.modules.reference` prints it; docs/directives.md is what it prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from olexd.config.builtin import BUILTIN
from olexd.config.known import Known, known_directives
from olexd.config.rows import Arity, Context, Directive, Override
from olexd.modules.registry import SPECS

INTRODUCTION: Final = """\
# Directives

Every directive of Apache httpd 2.4 and its bundled modules, and what olexd makes of it. This page is made
from the rows that the server itself reads (`make reference`); change it there.

- **Where**: `s` main server, `v` `<VirtualHost>`, `d` sections, `h` .htaccess files.
- **Override**: the `AllowOverride` class that lets a .htaccess file use it.
- **Grade**: A and B are what sites written for mod_python use, the others are C.
"""
_LETTERS: Final = {
    Context.SERVER: "s",
    Context.VHOST: "v",
    Context.DIRECTORY: "d",
    Context.HTACCESS: "h",
}
_CLASSES: Final = {
    Override.AUTHCONFIG: "AuthConfig",
    Override.FILEINFO: "FileInfo",
    Override.INDEXES: "Indexes",
    Override.LIMIT: "Limit",
    Override.OPTIONS: "Options",
}
_IN_READING: Final = (
    "<Directory> <DirectoryMatch> <Files> <FilesMatch> <Location> <LocationMatch> <VirtualHost> <Limit> "
    "<LimitExcept> <If> <ElseIf> <Else> <IfModule> <IfDefine> <IfVersion> <IfFile> <IfDirective> <IfSection> "
    "<Macro> <Proxy> <ProxyMatch>"
)
SECTIONS: Final = frozenset(_IN_READING.lower().split())
"""The sections that the configuration language itself has; no module has a row for them."""


def reference() -> str:
    """Return the whole page, Markdown."""
    return "\n".join([INTRODUCTION, *_supported(), *_others()]) + "\n"


def _supported() -> Iterator[str]:
    known = known_directives()
    rows = [row for spec in (BUILTIN, *SPECS) for row in spec.directives if row.effect]
    yield "## Supported\n"
    yield "| Directive | Where | Override | Default | Grade | Takes |"
    yield "|---|---|---|---|---|---|"
    lines = {row.name.lower(): _line(row, known.get(row.name.lower())) for row in rows}
    lines |= {name: _section_line(known[name]) for name in SECTIONS}
    for name in sorted(lines, key=lambda name: name.strip("<>")):
        yield lines[name]
    yield ""


def _line(row: Directive, known: Known | None) -> str:
    grade = "own" if known is None else known.grade
    cells = (f"`{row.name}`", _where(row.contexts), _override(row.override), row.default, grade, _takes(row))
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _section_line(known: Known) -> str:
    return f"| `{known.name}` | {_where(known.contexts)} |  |  | {known.grade} | a section |"


def _takes(row: Directive) -> str:
    return row.help or ("" if row.arity is Arity.RAW else row.arity.value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _where(contexts: Context) -> str:
    return "".join(letter for context, letter in _LETTERS.items() if context in contexts)


def _override(classes: Override) -> str:
    if classes & Override.ANY == Override.ANY:
        return "any"
    return ", ".join(name for override, name in _CLASSES.items() if override in classes)


def _others() -> Iterator[str]:
    rows = {row.name.lower(): row for spec in (BUILTIN, *SPECS) for row in spec.directives}
    without_effect = {row.name: row.help for row in rows.values() if not row.effect}
    refused = []
    for key, known in known_directives().items():
        if key in rows or key in SECTIONS:
            continue
        if known.grade == "C" and not key.startswith("<"):
            without_effect[known.name] = ""
        else:
            refused.append(known.name)
    yield "## Accepted without effect\n"
    yield "One warning each; what they are about does not exist here, or needs no choice.\n"
    yield from _list(without_effect)
    yield "\n## Refused\n"
    yield "Not supported yet. What guards access or the transport, or makes content, is never ignored.\n"
    yield from _list(dict.fromkeys(refused, ""))


def _list(names: dict[str, str]) -> Iterable[str]:
    for name in sorted(names, key=lambda name: name.strip("<>").lower()):
        why = names[name]
        yield f"- `{name}`{f': {why}' if why else ''}"


if __name__ == "__main__":
    print(reference(), end="")
