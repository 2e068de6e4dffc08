"""A module to configure in tests: one directive of every kind that the core has to check."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from olexd.config.build import load_text
from olexd.config.errors import ConfigError, DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import (
    Args,
    Arity,
    Context,
    Directive,
    Methods,
    Override,
    extend,
    ignore,
    store,
    store_flag,
    store_path,
)
from olexd.config.server import Section, ServerConfig
from olexd.config.settings import Merge, setting


@dataclass(frozen=True, slots=True)
class SiteServer:
    """Server-wide settings."""

    root: str = setting("")
    timeout: int = setting(60)
    user: str = setting("")
    aliases: tuple[tuple[str, str], ...] = setting((), Merge.PREPEND)


@dataclass(frozen=True, slots=True)
class SiteDir:
    """Per-directory settings."""

    handler: str = setting("")
    steps: tuple[str, ...] = setting((), Merge.APPEND)
    active: bool = setting(False)
    rules: tuple[str, ...] = setting(())
    place: str = setting("")


def _label(methods: Methods) -> str:
    return f"{'except' if methods.excepted else 'for'} {' '.join(sorted(methods.names))}"


def _require(conf: SiteDir, args: Args) -> SiteDir:
    limit = "" if args.methods is None else f" {_label(args.methods)}"
    limit += f" in {args.container}" if args.container else ""
    old = conf.rules if isinstance(conf.rules, tuple) else ()
    return dataclasses.replace(conf, rules=(*old, args.raw + limit))


def _require_all(conf: SiteDir, args: Args) -> SiteDir:
    inner = args.inner.rules if isinstance(args.inner.rules, tuple) else ()
    old = conf.rules if isinstance(conf.rules, tuple) else ()
    return dataclasses.replace(conf, rules=(*old, f"all({', '.join(inner)})"))


def _where(conf: SiteDir, args: Args) -> SiteDir:
    return dataclasses.replace(conf, place=f"{args.section} {args.directory} {args.path('x')}")


def _number(word: str) -> int:
    if not word.isdecimal():
        raise DirectiveError(f"Timeout '{word}' is not a number", "give seconds")
    return int(word)


def _row(name: str, contexts: Context, arity: Arity) -> Directive:
    return Directive(name, contexts, arity, SiteDir, ignore, "what it takes")


SITE = ModuleSpec(
    name="site",
    identifiers=("site_module", "mod_site.c"),
    server=(SiteServer,),
    directory=(SiteDir,),
    directives=(
        Directive("DocumentRoot", Context.SV, Arity.ONE, SiteServer, store_path("root"), "a directory"),
        Directive("Timeout", Context.SV, Arity.ONE, SiteServer, store("timeout", _number), "seconds"),
        Directive("User", Context.SERVER, Arity.ONE, SiteServer, store("user"), "a name"),
        Directive(
            "Alias",
            Context.SV,
            Arity.TWO,
            SiteServer,
            extend("aliases", lambda args: (args.words,)),
            "two paths",
        ),
        Directive(
            "SetHandler",
            Context.SVDH,
            Arity.ONE,
            SiteDir,
            store("handler"),
            "a handler name",
            override=Override.ANY,
        ),
        Directive(
            "Step",
            Context.SVDH,
            Arity.ITERATE,
            SiteDir,
            extend("steps", lambda args: args.words),
            "some words",
            override=Override.ANY,
        ),
        Directive(
            "Active",
            Context.SVDH,
            Arity.FLAG,
            SiteDir,
            store_flag("active"),
            "On or Off",
            override=Override.ANY,
        ),
        Directive(
            "Place", Context.SVDH, Arity.NONE, SiteDir, _where, "notes where it stands", override=Override.ANY
        ),
        Directive("Require", Context.DH, Arity.RAW, SiteDir, _require, "a rule", by_method=True),
        Directive("Satisfy", Context.DH, Arity.ONE, SiteDir, store("place"), "all or any"),
        Directive("<RequireAll>", Context.DH, Arity.NONE, SiteDir, _require_all, "rules"),
        Directive("OldThing", Context.SVD, Arity.ONE, SiteDir, ignore, "use the new thing", effect=False),
        _row("Two", Context.SVD, Arity.TWO),
        _row("Three", Context.SVD, Arity.THREE),
        _row("OneOrTwo", Context.SVD, Arity.ONE_OR_TWO),
        _row("TwoOrThree", Context.SVD, Arity.TWO_OR_THREE),
        _row("OneToThree", Context.SVD, Arity.ONE_TO_THREE),
        _row("OneOrThree", Context.SVD, Arity.ONE_OR_THREE),
        _row("Pairs", Context.SVD, Arity.ITERATE2),
    ),
)


def load(text: str, defines: Sequence[str] = (), server_root: str | None = None) -> ServerConfig:
    """Return `text` compiled with the specimen module."""
    return load_text(text, [SITE], defines, server_root)


def problems(text: str, server_root: str | None = None) -> list[str]:
    """Return what is wrong with `text`, each as `line: message`; an empty list if nothing is."""
    try:
        load(text, server_root=server_root)
    except ConfigError as error:
        return [f"{found.where.line}: {found.message}" for found in error.problems if found.where]
    return []


def patterns(sections: Sequence[Section]) -> list[str]:
    """Return the sections' arguments."""
    return [section.pattern for section in sections]
