"""The second pass: a tree and the modules' rows to a `ServerConfig` (configuration spec 1.4, 2.1, 2.4).

Everything wrong is reported at once: what reading found first, then every bad directive in file order.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from olexd.config.arity import checked_words
from olexd.config.builtin import BUILTIN, Listeners, Naming
from olexd.config.conditions import Facts, LoadedModules
from olexd.config.core import CoreServer
from olexd.config.errors import ConfigError, DirectiveError, Problem, Where
from olexd.config.headers import header_argument, path_section, section_argument
from olexd.config.hosts import HostSelector, UnknownHost, parse_addresses
from olexd.config.lexer import split_words
from olexd.config.module import ModuleSpec
from olexd.config.parser import Parser
from olexd.config.registry import Registry
from olexd.config.rows import Args, Context, Directive, Methods, Override
from olexd.config.sections import DirectoryIndex, LocationIndex
from olexd.config.server import Address, HostConfig, Section, SectionKind, ServerConfig
from olexd.config.settings import UNSET, Settings, merge_settings, resolve, resolve_settings
from olexd.config.source import read_text
from olexd.config.tree import Block, Line, Node, config_tree

LOCATIONS: Final = (SectionKind.LOCATION, SectionKind.LOCATION_MATCH)
DIRECTORIES: Final = (SectionKind.DIRECTORY, SectionKind.DIRECTORY_MATCH)
PATH_SECTIONS: Final = {f"<{kind.value.lower()}": kind for kind in SectionKind}
LIMITS: Final = ("<limit", "<limitexcept")

AUTHORIZATION: Final = frozenset(
    {"require", "<requireall", "<requireany", "<requirenone", "order", "allow", "deny", "satisfy"}
)
"""What `<Limit>` restricts to some methods; all other directives in it act on every method."""

AT_TOP_LEVEL: Final = Override.FILEINFO | Override.INDEXES | Override.OPTIONS
"""Directives of these classes may stand outside of sections too, whatever the manual says of them."""

UNKNOWN: Final = (
    "Invalid command '{}', perhaps misspelled or defined by a module not included in the server configuration"
)


def load(
    path: str, modules: Sequence[ModuleSpec], defines: Iterable[str] = (), server_root: str | None = None
) -> ServerConfig:
    """Return the compiled configuration of the file `path`.

    `defines` are the names given with -D. `server_root` (default: the file's directory) is where relative
    paths start until a ServerRoot says otherwise. Raises ConfigError with everything that is wrong.
    """
    path = os.path.abspath(path)
    try:
        text = read_text(path)
    except DirectiveError as error:
        raise ConfigError([Problem(None, str(error))]) from None
    return load_text(text, modules, defines, server_root or os.path.dirname(path), path)


def load_text(
    text: str,
    modules: Sequence[ModuleSpec],
    defines: Iterable[str] = (),
    server_root: str | None = None,
    name: str = "<text>",
) -> ServerConfig:
    """Return the compiled configuration `text`, called `name` in messages; else like `load`."""
    registry = Registry((BUILTIN, *modules))
    root = os.path.abspath(server_root or os.curdir)
    given = tuple(defines)
    parser = _read(text, name, Facts(registry, LoadedModules(registry.modules), root, dict.fromkeys(given)))
    if parser.facts.modules.guessed and parser.facts.modules.names:
        modules_named = LoadedModules(registry.modules, named=True)
        parser = _read(text, name, Facts(registry, modules_named, root, dict.fromkeys(given)))
    builder = Builder(parser.facts, sound=not parser.problems)
    config = builder.build(parser.nodes)
    problems = parser.problems + builder.problems
    if problems:
        raise ConfigError(problems)
    return replace(config, warnings=tuple(map(str, parser.warnings + builder.warnings)))


def _read(text: str, name: str, facts: Facts) -> Parser:
    parser = Parser(facts)
    parser.parse(text, name)
    return parser


@dataclass(slots=True)
class _Host:
    """The main server or a virtual host while it is built; settings are unresolved."""

    where: Where | None = None
    addresses: tuple[Address, ...] = ()
    server: Settings = field(default_factory=Settings)
    base: Settings = field(default_factory=Settings)
    locations: list[Section] = field(default_factory=list)
    directories: list[Section] = field(default_factory=list)
    files: list[Section] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a directive stands.

    `settings` take per-directory settings, `files` nested `<Files>`. `parent` is the innermost section as
    messages show it, `<Location>`, or "". `kind` is that of the innermost path section, `section` and
    `directory` are what `Args` has. `container` is the innermost container row's name, `only` the target
    that it allows.
    """

    host: _Host
    context: Context
    settings: Settings
    files: list[Section]
    parent: str = ""
    kind: SectionKind | None = None
    section: tuple[str, str] | None = None
    directory: str | None = None
    methods: Methods | None = None
    container: str = ""
    only: type[Any] | None = None


class Builder:
    """Runs the second pass. Afterwards `problems` and `warnings` hold what came up.

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
        self._hosts: list[_Host] = []

    def build(self, nodes: Sequence[Node]) -> ServerConfig:
        """Return the compiled configuration; it is of use only if `problems` stays empty."""
        main = _Host()
        self._run(nodes, _Scope(main, Context.SERVER, main.base, main.files))
        return self._finish(main, nodes)

    def _run(self, nodes: Sequence[Node], scope: _Scope) -> None:
        for node in nodes:
            try:
                if isinstance(node, Block):
                    self._block(node, scope)
                else:
                    self._directive(node, scope)
            except DirectiveError as error:
                self._complain(node.where, error)

    def _complain(self, where: Where, error: DirectiveError) -> None:
        self.problems.append(Problem(where, str(error), error.suggestion))

    # Directives

    def _directive(self, line: Line, scope: _Scope) -> None:
        row = self._row(line.name)
        if not self._may_stand(row, scope):
            return
        self._apply(row, line, checked_words(row, line.raw), line.raw, scope)

    def _row(self, name: str) -> Directive:
        row = self._registry.find(name)
        if row is None:
            printable = name.encode("unicode_escape").decode() if not name.isprintable() else name
            raise DirectiveError(UNKNOWN.format(printable), self._registry.suggest(name))
        return row

    def _may_stand(self, row: Directive, scope: _Scope) -> bool:
        """Return whether `row` may stand here; if not, complain, unless broken sections are to blame."""
        contexts = row.contexts | Context.SV if row.override & AT_TOP_LEVEL else row.contexts
        refusal = _refusal(row.name.removesuffix(">"), contexts, scope)
        if not refusal and scope.only is not None and row.target is not scope.only:
            refusal = f"{row.name} not allowed in {scope.parent} context"
        if refusal and self._sound:
            raise DirectiveError(refusal)
        return not refusal

    def _apply(
        self, row: Directive, node: Node, words: tuple[str, ...], raw: str, scope: _Scope, inner: Any = None
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
            scope.section,
            scope.directory,
            scope.methods,
            inner,
            scope.parent if scope.only is not None else "",
        )
        settings = scope.host.server if row.target in self._server_types else scope.settings
        conf = settings.get(row.target)
        changed = row.apply(row.target() if conf is None else conf, args)
        if row.target is not Settings:
            settings[row.target] = changed

    def _warn_once(self, row: Directive, where: Where) -> None:
        if row.name not in self._warned:
            self._warned.add(row.name)
            self.warnings.append(Problem(where, f"{row.name} is accepted without effect: {row.help}"))

    # Sections

    def _block(self, block: Block, scope: _Scope) -> None:
        key = block.name.lower()
        if key in PATH_SECTIONS:
            self._path_section(block, PATH_SECTIONS[key], scope)
        elif key == "<virtualhost":
            self._virtual_host(block, scope)
        elif key in LIMITS:
            self._limit(block, scope)
        else:
            self._container(block, scope)

    def _allowed(self, name: str, contexts: Context, scope: _Scope) -> None:
        if self._sound and (refusal := _refusal(name, contexts, scope)):
            raise DirectiveError(refusal)

    def _path_section(self, block: Block, kind: SectionKind, scope: _Scope) -> None:
        name = f"<{kind.value}"
        is_files = kind in (SectionKind.FILES, SectionKind.FILES_MATCH)
        self._allowed(name, Context.SVD if is_files else Context.SV, scope)
        if is_files and self._sound and (scope.kind in LOCATIONS or scope.methods is not None):
            outer = "<Limit> or <LimitExcept>" if scope.methods is not None else f"<{scope.kind.value}>"  # type: ignore[union-attr]
            raise DirectiveError(f"{name}> cannot occur within {outer} section")
        settings = Settings()
        nested: list[Section] = []
        try:
            section = path_section(kind, section_argument(name, block.raw), settings, block.where)
        except DirectiveError as error:
            self._complain(block.where, error)
            section = Section(kind, "", None, settings, (), block.where)
        directory = section.pattern if section.kind is SectionKind.DIRECTORY else None
        inside = replace(
            scope,
            context=Context.DIRECTORY,
            settings=settings,
            files=nested,
            parent=f"{name}>",
            kind=section.kind,
            section=(section.kind.value, section.pattern),
            directory=directory or (scope.directory if is_files else None),
        )
        self._run(block.children, inside)
        self._place(replace(section, files=tuple(nested)), scope)

    def _place(self, section: Section, scope: _Scope) -> None:
        if section.kind in LOCATIONS:
            scope.host.locations.append(section)
        elif section.kind in DIRECTORIES:
            scope.host.directories.append(section)
        else:
            if scope.kind in (SectionKind.FILES, SectionKind.FILES_MATCH):
                self.warnings.append(
                    Problem(section.where, "<Files> inside <Files> never applies, as in httpd")
                )
            scope.files.append(section)

    def _virtual_host(self, block: Block, scope: _Scope) -> None:
        if scope.context is Context.VHOST:
            raise DirectiveError("<VirtualHost> cannot occur within <VirtualHost> section")
        self._allowed("<VirtualHost", Context.SERVER, scope)
        words = split_words(section_argument("<VirtualHost", block.raw))
        host = _Host(block.where, tuple(self._addresses(words, block.where)))
        self._hosts.append(host)
        inside = _Scope(host, Context.VHOST, host.base, host.files, "<VirtualHost>")
        self._run(block.children, inside)

    def _addresses(self, words: Sequence[str], where: Where) -> Iterable[Address]:
        for word in words:
            try:
                yield from parse_addresses(word)
            except UnknownHost as unknown:
                message = f"AH00547: Could not resolve host name {unknown} -- ignoring!"
                self.warnings.append(Problem(where, message))
            except DirectiveError as error:
                self._complain(where, error)

    def _limit(self, block: Block, scope: _Scope) -> None:
        name = "<LimitExcept" if block.name.lower() == "<limitexcept" else "<Limit"
        self._allowed(name, Context.DH, scope)
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
        self._run(block.children, replace(scope, parent=f"{name}>", methods=methods))

    def _container(self, block: Block, scope: _Scope) -> None:
        row = self._row(block.name)
        if not self._may_stand(row, scope):
            return
        raw = header_argument(row.name.removesuffix(">"), block.raw)
        words = checked_words(row, raw)
        inner = Settings({row.target: row.target()})
        self._run(
            block.children,
            replace(scope, settings=inner, parent=row.name, container=row.name, only=row.target),
        )
        self._apply(row, block, words, raw, scope, inner.get(row.target))

    # The result

    def _finish(self, main: _Host, nodes: Sequence[Node]) -> ServerConfig:
        main_host = self._host(main, None)
        hosts = [self._host(host, main) for host in self._hosts]
        listens = main.server.get(Listeners, Listeners()).listens
        modules = self._facts.modules
        return ServerConfig(
            main=main_host,
            hosts=(main_host, *hosts),
            selector=HostSelector(main_host, hosts),
            listens=() if listens is UNSET else listens,
            server_root=self._facts.server_root,
            loaded=tuple(modules.names),
            defines=frozenset(self._facts.defines),
            tree=config_tree(nodes),
            warnings=(),
        )

    def _host(self, host: _Host, main: _Host | None) -> HostConfig:
        outer = main or _Host()
        names = Settings({Naming: Naming()})
        server = resolve_settings(merge_settings(outer.server, merge_settings(names, host.server)))
        naming: Naming = server[Naming]
        if CoreServer in self._server_types:
            _place_error_log(server, self._facts.server_root)
        return HostConfig(
            name=naming.name or _own_name(),
            port=naming.port,
            scheme=naming.scheme,
            aliases=naming.aliases,
            wild_aliases=naming.wild_aliases,
            addresses=host.addresses,
            where=host.where,
            server=server,
            base=merge_settings(outer.base, host.base),
            locations=LocationIndex([*outer.locations, *host.locations]),
            directories=DirectoryIndex([*outer.directories, *host.directories]),
            files=(*outer.files, *host.files),
        )


def _place_error_log(server: Settings, server_root: str) -> None:
    """Put the error log that nobody named below ServerRoot; ErrorLog itself stores absolute paths."""
    core = server[CoreServer]
    if core.error_log == resolve(CoreServer()).error_log:
        server[CoreServer] = replace(core, error_log=os.path.join(server_root, core.error_log))


def _own_name() -> str:
    """Return the name of a server without ServerName. The resolver is not asked: it may be slow."""
    return platform.node() or "localhost"


def _refusal(name: str, contexts: Context, scope: _Scope) -> str:
    """Return why `name` may not stand in `scope`, in httpd's words, or an empty string."""
    if scope.context in contexts:
        return ""
    if scope.context is Context.VHOST and Context.SERVER in contexts:
        return f"{name} cannot occur within <VirtualHost> section"
    if scope.context is Context.SERVER and name == "ServerAlias":
        return "ServerAlias only used in <VirtualHost>"
    return f"{name} not allowed in {scope.parent} context" if scope.parent else f"{name} not allowed here"
