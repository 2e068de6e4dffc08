"""mod_authn_core: the providers of authentication by name, and aliases of them (configuration spec 4.3).

AuthType and AuthName are core settings: the phases need them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.lexer import split_words
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override
from olexd.config.settings import Merge, Settings, setting
from olexd.modules.aaa import authn_anon, authn_dbm, authn_file
from olexd.modules.aaa.providers import Provider, Verdict, with_settings
from olexd.modules.words import nearest
from olexd.phases.hooks import Module

PROVIDERS: Final[Mapping[str, Provider]] = {
    "anon": authn_anon.PROVIDER,
    "dbm": authn_dbm.PROVIDER,
    "file": authn_file.PROVIDER,
    "socache": Provider(lambda *asked: Verdict.UNKNOWN, lambda *asked: None),
}
"""Those there are. The cache before others, socache, knows nobody: right passwords are remembered anyway."""


@dataclass(frozen=True, slots=True)
class AuthnServer:
    """The providers that `<AuthnProviderAlias>` defined, by name."""

    aliases: Mapping[str, Provider] = setting({}, Merge.OVERLAY)


def _aliases(main: Settings) -> Mapping[str, Provider]:
    """Return the aliases among the settings of a main server that is still being read."""
    found: object = main.get(AuthnServer, AuthnServer()).aliases
    return found if isinstance(found, Mapping) else {}


def provider(name: str, main: Settings) -> Provider:
    """Return a provider or an alias that stands above in the configuration. Raises DirectiveError."""
    known = {**_aliases(main), **PROVIDERS}
    if name not in known:
        raise DirectiveError(f"Unknown Authn provider: {name}", nearest(name, known))
    return known[name]


def add_alias(conf: AuthnServer, args: Args) -> AuthnServer:
    """Store an alias: a provider with the settings that stand in the section."""
    words = split_words(args.raw)
    if len(words) < 2:
        raise DirectiveError(f"{args.name} directive requires additional arguments")
    base, name = words[:2]
    if base == name:
        raise DirectiveError("The alias provider name must be different from the base provider name.")
    if name in PROVIDERS or name in _aliases(args.main):
        raise DirectiveError(
            f"The alias provider {name} has already be registered previously as either a base provider or an "
            "alias provider."
        )
    alias = with_settings(provider(base, args.main), args.inner)
    return replace(conf, aliases={**_aliases(args.main), name: alias})


DIRECTIVES: Final = (
    Directive(
        "<AuthnProviderAlias>",
        Context.SERVER,
        Arity.RAW,
        AuthnServer,
        add_alias,
        "a provider and a name for it with the settings in this section",
        holds=Override.AUTHCONFIG,
    ),
)
MODULE: Final = Module(
    ModuleSpec("authn_core", ("authn_core_module", "mod_authn_core.c"), (AuthnServer,), directives=DIRECTIVES)
)
