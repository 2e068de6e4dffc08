"""A built configuration as text, for golden tests and for reading: one fact a line, in a fixed order."""

from __future__ import annotations

import dataclasses
import os.path
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

from olexd.config.errors import Where
from olexd.config.sections import DirectoryIndex, LocationIndex
from olexd.config.server import Address, Branches, HostConfig, Listen, Section, ServerConfig
from olexd.config.settings import UNSET, Settings


def dump(config: ServerConfig) -> str:
    """Return `config` as text: listeners, modules, each host with what was set in it, warnings."""
    return "\n".join(_lines(config)) + "\n"


def _lines(config: ServerConfig) -> Iterator[str]:
    for listen in config.listens:
        yield f"listen {_listen(listen)}"
    if config.loaded:
        yield f"loaded {' '.join(config.loaded)}"
    if config.defines:
        yield f"defines {' '.join(sorted(config.defines))}"
    for host in config.hosts:
        yield from _host(host)
    for warning in config.warnings:
        yield f"warning {warning}"


def _listen(listen: Listen) -> str:
    host = f"[{listen.host}]" if ":" in listen.host else listen.host or "*"
    place = f"unix:{listen.path}" if listen.path else f"{host}:{listen.port}"
    return f"{place} {listen.protocol}"


def _host(host: HostConfig) -> Iterator[str]:
    if host.is_virtual:
        scheme = f"{host.scheme}://" if host.scheme else ""
        port = f":{host.port}" if host.port else ""
        addresses = " ".join(map(address_text, host.addresses))
        yield f"host {scheme}{host.name}{port} on {addresses}".rstrip()
        yield from _words("  alias", (*host.aliases, *host.wild_aliases))
    else:
        yield "main"
    yield from _settings(_told(host.server), "  ")
    yield from _settings(host.base, "  ")
    for index in (host.directories, host.locations):
        if isinstance(index, DirectoryIndex | LocationIndex):
            yield from _sections(index.sections, "  ")
    yield from _sections(host.files, "  ")
    yield from _sections(host.proxies, "  ")
    yield from _ifs(host.ifs, "  ")


def _words(label: str, words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield f"{label} {word}"


def address_text(address: Address) -> str:
    """Return an address as a VirtualHost header has it, `*` for any host or port."""
    host = address.host or "*"
    return f"{f'[{host}]' if ':' in host else host}:{address.port or '*'}"


def _told(settings: Settings) -> dict[type[Any], Any]:
    """Return resolved settings with what equals its default unset again; names are shown elsewhere."""
    return {
        kind: dataclasses.replace(conf, **dict.fromkeys(_defaults(conf), UNSET))
        for kind, conf in settings.items()
        if kind.__name__ not in ("Naming", "Listeners")
    }


def _defaults(conf: Any) -> Iterator[str]:
    for field in dataclasses.fields(conf):
        if getattr(conf, field.name) == field.metadata["default"]:
            yield field.name


def _settings(settings: Mapping[type[Any], Any], indent: str) -> Iterator[str]:
    for kind in sorted(settings, key=lambda kind: kind.__name__):
        conf = settings[kind]
        for field in dataclasses.fields(conf):
            value = getattr(conf, field.name)
            if value is not UNSET:
                yield f"{indent}{kind.__name__}.{field.name} = {_value(value)}"


def _value(value: Any) -> str:
    """Return a setting as text that is the same in every run: in order, without addresses of objects."""
    match value:
        case frozenset():
            return "{" + ", ".join(sorted(map(_value, value))) + "}"
        case Mapping():
            items = sorted(value.items(), key=lambda item: str(item[0]))
            return "{" + ", ".join(f"{key!r}: {_value(item)}" for key, item in items) + "}"
        case tuple() if type(value) is tuple:
            return f"({', '.join(map(_value, value))}{',' * (len(value) == 1)})"
        case _ if is_dataclass(value) and hasattr(type(value).__repr__, "__wrapped__"):
            return f"{type(value).__name__}({', '.join(_fields(value))})"
    return repr(value)


def _fields(value: Any) -> Iterator[str]:
    """Yield the fields of a dataclass that say something. What was compiled to functions says nothing."""
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if field.repr and not callable(item) and item is not UNSET and item != field.default:
            yield f"{field.name}={_value(item)}"


def _sections(sections: Iterable[Section], indent: str) -> Iterator[str]:
    for section in sections:
        yield f"{indent}{section.kind.value} {section.pattern!r} ({_place(section.where)})"
        yield from _settings(section.settings, indent + "  ")
        yield from _sections(section.files, indent + "  ")
        yield from _ifs(section.ifs, indent + "  ")


def _ifs(ifs: Iterable[Branches], indent: str) -> Iterator[str]:
    for branches in ifs:
        for position, section in enumerate(branches):
            name = "If" if position == 0 else "Else" if section.condition is None else "ElseIf"
            yield f"{indent}{name} {section.pattern!r} ({_place(section.where)})"
            yield from _settings(section.settings, indent + "  ")
            yield from _ifs(section.ifs, indent + "  ")


def _place(where: Where) -> str:
    file, _, defined = where.file.partition(" (defined on ")
    return f"{file if defined else os.path.basename(file)}:{where.line}"
