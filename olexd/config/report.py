"""What a configuration amounts to, as httpd tells it with `-D DUMP_...`: texts for people to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from olexd.config.core import CoreServer, ProcessSettings
from olexd.config.dump import address_text, dump
from olexd.config.module import ModuleSpec
from olexd.config.server import Address, HostConfig, ServerConfig


def virtual_hosts(config: ServerConfig) -> Iterator[str]:
    """Yield which virtual hosts answer at each address, and by which names."""
    yield "VirtualHost configuration:"
    for address, hosts in sorted(_by_address(config).items(), key=lambda item: item[0].host is None):
        place = address_text(address)
        if len(hosts) == 1:
            yield f"{place:<22} {_name(hosts[0])}"
            yield from _aliases(hosts[0])
            continue
        yield f"{place:<22} is a NameVirtualHost"
        yield f"{'':8} default server {_name(hosts[0])}"
        for host in hosts:
            yield f"{'':8} port {address.port or '*'} namevhost {_name(host)}"
            yield from _aliases(host)


def _by_address(config: ServerConfig) -> dict[Address, list[HostConfig]]:
    found: dict[Address, list[HostConfig]] = {}
    for host in config.hosts:
        for address in dict.fromkeys(host.addresses):
            found.setdefault(address, []).append(host)
    return found


def _name(host: HostConfig) -> str:
    place = f" ({host.where.file}:{host.where.line})" if host.where else ""
    return f"{host.name}{place}"


def _aliases(host: HostConfig) -> Iterator[str]:
    for alias in host.aliases:
        yield f"{'':16} alias {alias}"
    for alias in host.wild_aliases:
        yield f"{'':16} wild alias {alias}"


def running(config: ServerConfig) -> Iterator[str]:
    """Yield what holds for the whole server: its files, its user, the names that are defined."""
    core = config.main.server[CoreServer]
    process = config.main.server[ProcessSettings]
    yield f'ServerRoot: "{config.server_root}"'
    yield f'Main DocumentRoot: "{core.document_root}"'
    yield f'Main ErrorLog: "{core.error_log}"'
    yield f'PidFile: "{process.pid_file}"'
    for name in sorted(config.defines.keys() - REPORTS.keys()):
        value = config.defines[name]
        yield f"Define: {name}" + ("" if value is None else f"={value}")
    for label, name in (("User", process.user), ("Group", process.group)):
        if name:
            yield f'{label}: name="{name}"'


def modules(config: ServerConfig, specs: Sequence[ModuleSpec]) -> Iterator[str]:
    """Yield the modules that there are, then those that LoadModule lines name and that are none here."""
    yield "Loaded Modules:"
    for spec in specs:
        if spec.identifiers:
            yield f" {spec.name}_module (built in)"
    here = {spec.name for spec in specs}
    for name in config.loaded:
        if name not in here:
            yield f" {name}_module (no module of its own here)"


def included(config: ServerConfig) -> Iterator[str]:
    """Yield the files that were read, each with the line of the Include that named it."""
    yield "Included configuration files:"
    for file in config.files:
        depth, origin = 1, file.origin
        while origin is not None:
            depth, origin = depth + 1, origin.included_from
        line = "*" if file.origin is None else str(file.origin.line)
        yield f"{'  ' * depth}({line}) {file.path}"


Report = Callable[[ServerConfig, Sequence[ModuleSpec]], Iterable[str]]
REPORTS: Final[Mapping[str, Report]] = {
    "DUMP_INCLUDES": lambda config, specs: included(config),
    "DUMP_MODULES": modules,
    "DUMP_VHOSTS": lambda config, specs: virtual_hosts(config),
    "DUMP_RUN_CFG": lambda config, specs: running(config),
    "DUMP_CONFIG": lambda config, specs: dump(config).splitlines(),
}
"""The reports in the order in which they come, by the names that ask for them with -D."""


def reports(config: ServerConfig, specs: Sequence[ModuleSpec]) -> Iterator[str]:
    """Yield the lines of all reports whose names are defined; nothing when none is asked for."""
    for name, report in REPORTS.items():
        if name in config.defines:
            yield from report(config, specs)
