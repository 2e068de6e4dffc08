"""The second pass: the nodes of the tree, checked against the modules' rows, to settings and sections.

Configuration spec 1.4 and 2.1. Files of the configuration and .htaccess files go the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from olexd.config.arity import checked_words
from olexd.config.conditions import Facts
from olexd.config.errors import DirectiveError, NotPermitted, Problem, UnknownDirective, Where
from olexd.config.gathered import settle
from olexd.config.headers import header_argument, if_condition, path_section, section_argument
from olexd.config.hosts import UnknownHost, parse_addresses
from olexd.config.lexer import split_words
from olexd.config.rows import Args, Context, Directive, Methods, Override
from olexd.config.scope import HostDraft, Scope, refusal
from olexd.config.server import Address, Branches, Section, SectionKind
from olexd.config.settings import Settings
from olexd.config.tree import Block, Line, Node
from olexd.expr import REQUEST, condition

LOCATIONS: Final = (SectionKind.LOCATION, SectionKind.LOCATION_MATCH)
DIRECTORIES: Final = (SectionKind.DIRECTORY, SectionKind.DIRECTORY_MATCH)
FILES: Final = (SectionKind.FILES, SectionKind.FILES_MATCH)
PROXIES: Final = (SectionKind.PROXY, SectionKind.PROXY_MATCH)
PATH_SECTIONS: Final = {
    f"<{kind.value.lower()}": kind for kind in (*DIRECTORIES, *LOCATIONS, *FILES, *PROXIES)
}
LIMITS: Final = ("<limit", "<limitexcept")
ALWAYS: Final = condition("true", REQUEST)
URL_SECTIONS: Final = (*LOCATIONS, *PROXIES)
"""Sections in which no `<Files>` can apply."""
IFS: Final = {"<if": "<If", "<elseif": "<ElseIf", "<else": "<Else"}

AUTHORIZATION: Final = frozenset(
    {"require", "<requireall", "<requireany", "<requirenone", "order", "allow", "deny", "satisfy"}
)
"""What `<Limit>` restricts to some methods; all other directives in it act on every method."""

AT_TOP_LEVEL: Final = Override.FILEINFO | Override.INDEXES | Override.OPTIONS
"""Directives of these classes may stand outside of sections too, whatever the manual says of them."""

UNKNOWN_ENDING: Final = " perhaps misspelled or defined by a module not included in the server configuration"


class SecondPass:
    """Runs over nodes. Afterwards `problems` and `warnings` hold what came up.

    When reading already found broken sections (`sound` False), complaints about a wrong context are left
    out: they would only repeat it.
    """

    def __init__(self, facts: Facts, sound: bool = True) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._facts = facts
        self._registry = facts.registry
        self._sound = sound
        self._warned: set[str] = set()
        self._server_types = {kind for spec in facts.registry.modules for kind in spec.server}
        self.hosts: list[HostDraft] = []

    def run(self, nodes: Sequence[Node], scope: Scope) -> None:
        """Apply everything in `nodes`, which are all that stands in `scope`."""
        self._apply_all(nodes, scope)
        settle(scope.settings)
        if scope.settings is scope.host.base:
            settle(scope.host.server)

    def _apply_all(self, nodes: Sequence[Node], scope: Scope) -> None:
        for node in nodes:
            try:
                if isinstance(node, Block):
                    self._block(node, scope)
                else:
                    self._directive(node, scope)
            except DirectiveError as error:
                if not self._passed_over(node, error, scope):
                    self._complain(node.where, error)

    def _complain(self, where: Where, error: DirectiveError) -> None:
        self.problems.append(Problem(where, str(error), error.suggestion))

    def _warn(self, where: Where, message: str) -> None:
        self.warnings.append(Problem(where, message))

    def _passed_over(self, node: Node, error: DirectiveError, scope: Scope) -> bool:
        """Return whether AllowOverride Nonfatal makes a warning of an error in a .htaccess file."""
        if scope.overrides is None:
            return False
        if isinstance(error, NotPermitted) and scope.overrides.skips_forbidden:
            self._warn(node.where, f"AH02295: {node.name} in .htaccess forbidden by AllowOverride")
            return True
        if isinstance(error, UnknownDirective) and scope.overrides.skips_unknown:
            self._warn(node.where, f"AH02296: Unknown directive {node.name}{UNKNOWN_ENDING}")
            return True
        return False

    # Directives

    def _directive(self, line: Line, scope: Scope) -> None:
        row = self._row(line.name)
        if not self._may_stand(row, scope):
            return
        self._apply(row, line, checked_words(row, line.raw), line.raw, scope)

    def _row(self, name: str) -> Directive:
        row = self._registry.find(name)
        if row is None:
            printable = name.encode("unicode_escape").decode() if not name.isprintable() else name
            message = f"Invalid command '{printable}',{UNKNOWN_ENDING}"
            raise UnknownDirective(message, self._registry.suggest(name))
        return row

    def _may_stand(self, row: Directive, scope: Scope) -> bool:
        """Return whether `row` may stand here; if not, complain, unless broken sections are to blame."""
        if scope.overrides is not None:
            # What has no effect here has no class here either; it does no harm.
            self._permit(row.name, row.override if row.effect else Override.ANY, scope)
        contexts = row.contexts | Context.SV if row.override & AT_TOP_LEVEL else row.contexts
        reason = refusal(row.name.removesuffix(">"), contexts, scope)
        if not reason and not scope.takes(row):
            reason = f"{row.name} not allowed in {scope.parent} context"
        if reason and self._sound:
            raise DirectiveError(reason)
        return not reason

    def _permit(self, name: str, classes: Override, scope: Scope) -> None:
        """Complain about what AllowOverride does not let a .htaccess file say."""
        name = name.removesuffix(">")
        if scope.overrides is not None and not scope.overrides.permit(name, classes):
            raise NotPermitted(f"{name} not allowed here")

    def _apply(
        self, row: Directive, node: Node, words: tuple[str, ...], raw: str, scope: Scope, inner: Any = None
    ) -> None:
        if scope.methods is not None and not row.by_method and row.name.lower().rstrip(">") in AUTHORIZATION:
            raise DirectiveError(
                f"{row.name} in <Limit> is not supported yet",
                "it was refused rather than applied to all methods",
            )
        if not row.effect:
            self._warn_once(row, node.where)
        args = Args(
            row.name,
            words,
            raw,
            node.where,
            self._facts.server_root,
            scope.vocabulary,
            self._facts.main,
            scope.section,
            scope.directory,
            scope.methods,
            inner,
            scope.parent if scope.only is not None else "",
            None if scope.overrides is None else scope.overrides.options,
        )
        if row.warn is not None and (warning := row.warn(args)):
            self._warn(node.where, warning)
        settings = scope.host.server if row.target in self._server_types else scope.settings
        conf = settings.get(row.target)
        changed = row.apply(row.target() if conf is None else conf, args)
        if row.target is not Settings:
            settings[row.target] = changed

    def _warn_once(self, row: Directive, where: Where) -> None:
        if row.name not in self._warned:
            self._warned.add(row.name)
            self._warn(where, f"{row.name} is accepted without effect: {row.help}")

    # Sections

    def _block(self, block: Block, scope: Scope) -> None:
        key = block.name.lower()
        if key in PATH_SECTIONS:
            self._path_section(block, PATH_SECTIONS[key], scope)
        elif key == "<virtualhost":
            self._virtual_host(block, scope)
        elif key in LIMITS:
            self._limit(block, scope)
        elif key in IFS:
            self._if_section(block, IFS[key], scope)
        else:
            self._container(block, scope)

    def _allowed(self, name: str, contexts: Context, scope: Scope) -> None:
        if self._sound and (reason := refusal(name, contexts, scope)):
            raise DirectiveError(reason)

    def _outside_containers(self, name: str, scope: Scope) -> None:
        """Complain about a section in a container of directives, which could take none of its settings."""
        if self._sound and scope.container:
            raise DirectiveError(f"{name} not allowed in {scope.container} context")

    def _path_section(self, block: Block, kind: SectionKind, scope: Scope) -> None:
        name = f"<{kind.value}"
        is_files = kind in FILES
        self._allowed(name, Context.SVDH if is_files else Context.SV, scope)
        self._outside_containers(name, scope)
        self._permit(name, Override.ANY, scope)
        if is_files and self._sound and (scope.kind in URL_SECTIONS or scope.methods is not None):
            outer = "<Limit> or <LimitExcept>" if scope.methods is not None else f"<{scope.kind.value}>"  # type: ignore[union-attr]
            raise DirectiveError(f"{name}> cannot occur within {outer} section")
        inside = _inside(scope, name)
        try:
            section = path_section(kind, section_argument(name, block.raw), inside.settings, block.where)
        except DirectiveError as error:
            self._complain(block.where, error)
            section = Section(kind, "", None, inside.settings, (), block.where)
        directory = section.pattern if section.kind is SectionKind.DIRECTORY else None
        inside = replace(
            inside,
            kind=section.kind,
            section=(section.kind.value, section.pattern),
            directory=directory or (scope.directory if is_files else None),
        )
        self.run(block.children, inside)
        self._place(replace(section, files=tuple(inside.files), ifs=tuple(inside.ifs)), scope)

    def _place(self, section: Section, scope: Scope) -> None:
        if section.kind in LOCATIONS:
            scope.host.locations.append(section)
        elif section.kind in PROXIES:
            scope.host.proxies.append(section)
        elif section.kind in DIRECTORIES:
            scope.host.directories.append(section)
        else:
            if scope.kind in FILES:
                self._warn(section.where, "<Files> inside <Files> never applies, as in httpd")
            scope.files.append(section)

    def _virtual_host(self, block: Block, scope: Scope) -> None:
        if scope.context is Context.VHOST:
            raise DirectiveError("<VirtualHost> cannot occur within <VirtualHost> section")
        self._allowed("<VirtualHost", Context.SERVER, scope)
        words = split_words(section_argument("<VirtualHost", block.raw))
        host = HostDraft(block.where, tuple(self._addresses(words, block.where)))
        self.hosts.append(host)
        inside = Scope(host, Context.VHOST, host.base, host.files, host.ifs, "<VirtualHost>")
        self.run(block.children, inside)

    def _addresses(self, words: Sequence[str], where: Where) -> Iterable[Address]:
        for word in words:
            try:
                yield from parse_addresses(word)
            except UnknownHost as unknown:
                self._warn(where, f"AH00547: Could not resolve host name {unknown} -- ignoring!")
            except DirectiveError as error:
                self._complain(where, error)

    def _limit(self, block: Block, scope: Scope) -> None:
        name = "<LimitExcept" if block.name.lower() == "<limitexcept" else "<Limit"
        self._allowed(name, Context.DH, scope)
        self._permit(name, Override.LIMIT | Override.AUTHCONFIG, scope)
        words = split_words(section_argument(name, block.raw))
        if "TRACE" in words and name == "<Limit":
            raise DirectiveError("TRACE cannot be controlled by <Limit>, see TraceEnable")
        methods = Methods(frozenset("GET" if word == "HEAD" else word for word in words), name != "<Limit")
        if scope.methods is not None:
            methods = scope.methods.within(methods)
        if not methods.names and not methods.excepted:
            raise DirectiveError(f"{name}> directive excludes all methods")
        if methods == scope.methods:
            raise DirectiveError(f"{name}> directive specifies methods already excluded")
        self._apply_all(block.children, replace(scope, parent=f"{name}>", methods=methods))

    def _if_section(self, block: Block, name: str, scope: Scope) -> None:
        self._allowed(name, Context.SVDH, scope)
        self._outside_containers(name, scope)
        self._permit(name, Override.ANY, scope)
        if self._sound and scope.methods is not None:
            raise DirectiveError(f"{name}> cannot occur within <Limit> or <LimitExcept> section")
        if name != "<If" and (not scope.ifs or scope.ifs[-1][-1].condition is None):
            raise DirectiveError(
                "<Else> or <ElseIf> section without previous <If> or <ElseIf> section in same scope"
            )
        try:
            argument, expr = if_condition(name, block.raw, scope.vocabulary)
        except DirectiveError as error:
            # The rest is looked at all the same, for more to complain about.
            self._complain(block.where, error)
            argument, expr = "", ALWAYS
        section_for = scope.section or (SectionKind.IF.value, argument)
        inside = replace(_inside(scope, name), section=section_for)
        self.run(block.children, inside)
        if inside.files:
            self._warn(block.where, f"<Files> inside {name}> never applies, as in httpd")
        section = Section(
            SectionKind.IF,
            argument,
            None,
            inside.settings,
            (),
            block.where,
            tuple(map(_deeper, inside.ifs)),
            expr,
        )
        if name == "<If":
            scope.ifs.append((section,))
        else:
            scope.ifs[-1] = (*scope.ifs[-1], section)

    def _container(self, block: Block, scope: Scope) -> None:
        row = self._row(block.name)
        if not self._may_stand(row, scope):
            return
        raw = header_argument(row.name.removesuffix(">"), block.raw)
        words = checked_words(row, raw)
        inside = replace(scope, settings=Settings(), parent=row.name, container=row.name)
        if row.holds:
            self.run(block.children, replace(inside, context=Context.DIRECTORY, holds=row.holds))
            self._apply(row, block, words, raw, scope, inside.settings)
        else:
            inside.settings[row.target] = row.target()
            self.run(block.children, replace(inside, only=row.target))
            self._apply(row, block, words, raw, scope, inside.settings[row.target])


def _inside(scope: Scope, name: str) -> Scope:
    """Return the scope in a section `name`, with nothing said yet; that of a .htaccess file goes on in it."""
    context = Context.DIRECTORY if scope.overrides is None else Context.HTACCESS
    return replace(scope, context=context, settings=Settings(), files=[], ifs=[], parent=f"{name}>")


def _deeper(branches: Branches) -> Branches:
    """Return conditions as they are in another one."""
    return tuple(
        replace(section, level=section.level + 1, ifs=tuple(map(_deeper, section.ifs)))
        for section in branches
    )
