"""A configuration's text to a `ServerConfig`: both passes, then the hosts (configuration spec 1.4, 2.4).

Everything wrong is reported at once: what reading found first, then every bad directive in file order.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from olexd.config.builtin import BUILTIN, Listeners, Naming
from olexd.config.conditions import Facts, LoadedModules
from olexd.config.core import CoreServer
from olexd.config.errors import ConfigError, DirectiveError, Problem
from olexd.config.hosts import HostSelector
from olexd.config.htaccess import htaccess_files
from olexd.config.module import ModuleSpec
from olexd.config.overrides import AccessFiles
from olexd.config.parser import Parser
from olexd.config.registry import Registry
from olexd.config.rows import Context
from olexd.config.scope import HostDraft, Scope
from olexd.config.second_pass import SecondPass
from olexd.config.sections import DirectoryIndex, LocationIndex
from olexd.config.server import DirectorySections, HostConfig, Htaccess, SectionIndex, ServerConfig
from olexd.config.settings import UNSET, Settings, merge_settings, resolve, resolve_settings
from olexd.config.source import read_text
from olexd.config.tree import config_tree
from olexd.regex import DEFAULT_OPTIONS, current_options, regex_options


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
    main = HostDraft(server=parser.facts.main)
    run = SecondPass(parser.facts, sound=not parser.problems)
    with regex_options(DEFAULT_OPTIONS):
        run.run(parser.nodes, Scope(main, Context.SERVER, main.base, main.files, main.ifs))
        parser.facts.regex = current_options()
    problems = parser.problems + run.problems
    if problems:
        raise ConfigError(_explained(problems, parser.warnings))
    config = _compiled(main, run.hosts, parser)
    if problems := _check(config, registry.modules):
        raise ConfigError(problems)
    return replace(config, warnings=tuple(map(str, parser.warnings + run.warnings)))


def _explained(problems: Sequence[Problem], warnings: Sequence[Problem]) -> list[Problem]:
    """Return the problems, each behind the warnings of its line: variables that nobody defined, mostly."""
    explained: list[Problem] = []
    for problem in problems:
        reasons = [
            warning for warning in warnings if warning.where is not None and warning.where == problem.where
        ]
        explained += [reason for reason in reasons if reason not in explained]
        explained.append(problem)
    return explained


def _check(config: ServerConfig, modules: Iterable[ModuleSpec]) -> list[Problem]:
    """Return what modules find wrong with whole hosts."""
    checks = [module.check for module in modules if module.check is not None]
    return [problem for check in checks for host in config.hosts for problem in check(host)]


def _read(text: str, name: str, facts: Facts) -> Parser:
    parser = Parser(facts)
    parser.parse(text, name)
    return parser


def _compiled(main: HostDraft, drafts: Sequence[HostDraft], parser: Parser) -> ServerConfig:
    facts = parser.facts
    main_host = _host(main, None, None, facts)
    hosts = [_host(draft, main, main_host, facts) for draft in drafts]
    return ServerConfig(
        main=main_host,
        hosts=(main_host, *hosts),
        selector=HostSelector(main_host, hosts),
        listens=tuple(resolve(main.server.get(Listeners, Listeners())).listens.values()),
        server_root=facts.server_root,
        loaded=tuple(facts.modules.names),
        defines=dict(facts.defines),
        tree=config_tree(parser.nodes, facts.registry.spelling),
        warnings=(),
        files=tuple(parser.files),
    )


def _host(draft: HostDraft, main: HostDraft | None, main_host: HostConfig | None, facts: Facts) -> HostConfig:
    """Compile the main server, or a virtual host, which shares what it adds nothing to."""
    outer = main or HostDraft()
    named = merge_settings({Naming: Naming()}, draft.server)
    server = resolve_settings(merge_settings(outer.server, named))
    naming: Naming = server[Naming]
    if any(CoreServer in spec.server for spec in facts.registry.modules):
        _place_error_log(server, facts.server_root)
    directories: DirectorySections
    locations: SectionIndex
    if main_host is not None and not draft.directories:
        directories = main_host.directories
    else:
        directories = DirectoryIndex([*outer.directories, *draft.directories])
    if main_host is not None and not draft.locations:
        locations = main_host.locations
    else:
        locations = LocationIndex([*outer.locations, *draft.locations])
    return HostConfig(
        name=naming.name or _own_name(),
        port=_port(draft, naming),
        scheme=naming.scheme,
        aliases=naming.aliases,
        wild_aliases=naming.wild_aliases,
        addresses=draft.addresses,
        where=draft.where,
        server=server,
        base=merge_settings(outer.base, draft.base),
        locations=locations,
        directories=directories,
        files=(*outer.files, *draft.files),
        ifs=(*outer.ifs, *draft.ifs),
        proxies=(*outer.proxies, *draft.proxies),
        htaccess=_htaccess(server[AccessFiles].names, directories, main_host, facts),
    )


def _port(draft: HostDraft, naming: Naming) -> int:
    """Return the port of ServerName; a virtual host without one has that of its first address."""
    told: Naming = draft.server.get(Naming, Naming())
    if draft.addresses and told.name is UNSET:  # type: ignore[comparison-overlap]
        return draft.addresses[0].port or naming.port
    return naming.port


def _htaccess(
    names: Sequence[str], directories: DirectorySections, main_host: HostConfig | None, facts: Facts
) -> Htaccess | None:
    """Return what finds .htaccess files: the main server's if it looks for the same in the same places."""
    if main_host is None or directories is not main_host.directories:
        return htaccess_files(names, directories, facts)
    if names != main_host.server[AccessFiles].names:
        return htaccess_files(names, directories, facts)
    return main_host.htaccess


_ERROR_LOG: Final = resolve(CoreServer()).error_log


def _place_error_log(server: Settings, server_root: str) -> None:
    """Put the error log that nobody named below ServerRoot; ErrorLog itself stores absolute paths."""
    core = server[CoreServer]
    if core.error_log == _ERROR_LOG:
        server[CoreServer] = replace(core, error_log=os.path.join(server_root, core.error_log))


def _own_name() -> str:
    """Return the name of a server without ServerName. The resolver is not asked: it may be slow."""
    return platform.node() or "localhost"
