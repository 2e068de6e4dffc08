"""Where a directive stands while the configuration is built, and whether it may stand there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from olexd.config.errors import Where
from olexd.config.overrides import Overrides
from olexd.config.rows import Context, Directive, Methods, Override
from olexd.config.server import Address, Branches, Section, SectionKind
from olexd.config.settings import Settings
from olexd.expr import OF_HTACCESS, REQUEST, Vocabulary


@dataclass(slots=True)
class HostDraft:
    """The main server or a virtual host while it is built; settings are unresolved."""

    where: Where | None = None
    addresses: tuple[Address, ...] = ()
    server: Settings = field(default_factory=Settings)
    base: Settings = field(default_factory=Settings)
    locations: list[Section] = field(default_factory=list)
    directories: list[Section] = field(default_factory=list)
    files: list[Section] = field(default_factory=list)
    proxies: list[Section] = field(default_factory=list)
    ifs: list[Branches] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a directive stands.

    `settings` take per-directory settings, `files` nested `<Files>`, `ifs` nested `<If>`. `parent` is the
    innermost section as messages show it, `<Location>`, or "". `kind` is that of the innermost path section,
    `section` and `directory` are what `Args` has. `container` is the innermost container row's name, `only`
    the target that it allows, `holds` the classes. `overrides` is what AllowOverride permits in a .htaccess
    file, None elsewhere.
    """

    host: HostDraft
    context: Context
    settings: Settings
    files: list[Section]
    ifs: list[Branches]
    parent: str = ""
    kind: SectionKind | None = None
    section: tuple[str, str] | None = None
    directory: str | None = None
    methods: Methods | None = None
    container: str = ""
    only: type[Any] | None = None
    holds: Override = Override.NONE
    overrides: Overrides | None = None

    def takes(self, row: Directive) -> bool:
        """Return whether the innermost containers allow a directive."""
        if self.holds and not row.override & self.holds:
            return False
        return self.only is None or row.target is self.only

    @property
    def vocabulary(self) -> Vocabulary:
        """What expressions may use here."""
        return REQUEST if self.overrides is None else OF_HTACCESS


def refusal(name: str, contexts: Context, scope: Scope) -> str:
    """Return why `name` may not stand in `scope`, in httpd's words, or an empty string."""
    if scope.context in contexts:
        return ""
    if scope.overrides is not None:
        return f"{name} not allowed here"
    if scope.context is Context.VHOST and Context.SERVER in contexts:
        return f"{name}{'>' if name.startswith('<') else ''} cannot occur within <VirtualHost> section"
    if scope.context is Context.SERVER and name == "ServerAlias":
        return "ServerAlias only used in <VirtualHost>"
    return f"{name} not allowed in {scope.parent} context" if scope.parent else f"{name} not allowed here"
