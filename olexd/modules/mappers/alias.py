"""mod_alias: URL prefixes and patterns that lead elsewhere in the file system (configuration spec 3.4)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import Final

from olexd.config.core import CoreServer
from olexd.config.errors import DirectiveError
from olexd.config.gathered import extended
from olexd.config.module import ModuleSpec
from olexd.config.regex import compile_regex
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag
from olexd.config.settings import Merge, Settings, setting
from olexd.errorlog import Level
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.model.variables import check_text, fill_in
from olexd.modules.mappers.matching import prefix_rest
from olexd.modules.mappers.redirect import REDIRECT_DIRECTIVES, REDIRECT_HOOKS, RedirectDir
from olexd.modules.words import substitute
from olexd.phases.hooks import Hook, Module, Phase
from olexd.status import DECLINED, FORBIDDEN, OK

CGI_HANDLER: Final = "cgi-script"
FORCED: Final = "alias-forced-type"
"""The note by which ScriptAlias tells that what it leads to are programs, whatever the Options say."""
_SLASHES: Final = re.compile("/{2,}")


# Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """One Alias: a URL `prefix`, or a `regex` searched for in the path, and where it leads.

    `handler` is what ScriptAlias sets, else "".
    """

    prefix: str
    target: str
    regex: re.Pattern[str] | None = None
    handler: str = ""


@dataclass(frozen=True, slots=True)
class AliasDir:
    """The entries in search order; `here` is the Alias of a Location, `location` that Location's path."""

    entries: tuple[Entry, ...] = setting((), Merge.PREPEND)
    here: Entry | None = setting(None)
    preserve_path: bool = setting(False)


# Setters


def _target(args: Args, word: str) -> str:
    path = args.path(word)
    return path + "/" if word.endswith("/") and path != "/" else path


def add_alias(conf: AliasDir, args: Args) -> AliasDir:
    """Store a prefix and its target; in a Location, the target of the whole section."""
    handler = CGI_HANDLER if args.name.lower().startswith("script") else ""
    if args.section is not None:
        kind, pattern = args.section
        if len(args.words) != 1 or not kind.lower().startswith("location"):
            raise DirectiveError(f"{args.name} cannot occur within directory context")
        prefix = pattern if kind.lower() == "location" else ""
        target = check_text(args.word, args.vocabulary) if "%{" in args.word else _target(args, args.word)
        return replace(conf, here=Entry(prefix, target, handler=handler))
    if len(args.words) != 2:
        raise DirectiveError(f"{args.name} must have two arguments when used globally")
    prefix = _SLASHES.sub("/", args.word)
    return extended(conf, "entries", [Entry(prefix, _target(args, args.words[1]), handler=handler)])


def add_alias_match(conf: AliasDir, args: Args) -> AliasDir:
    """Store a pattern and its target, in which `$0` to `$9` stand for what matched."""
    handler = CGI_HANDLER if args.name.lower().startswith("script") else ""
    regex = compile_regex(args.word)
    target = os.path.join(args.server_root, args.words[1])
    return extended(conf, "entries", [Entry("", target, regex, handler)])


# Rows

_ALIASES: Final = (Arity.ONE_OR_TWO, AliasDir, add_alias)
_MATCHES: Final = (Arity.TWO, AliasDir, add_alias_match)

DIRECTIVES: Final = (
    Directive("Alias", Context.SVD, *_ALIASES, "a fakename and a realname, or a realname in a Location"),
    Directive(
        "ScriptAlias", Context.SVD, *_ALIASES, "a fakename and a realname, or a realname in a Location"
    ),
    Directive("AliasMatch", Context.SV, *_MATCHES, "a regular expression and a path with $0 to $9"),
    Directive("ScriptAliasMatch", Context.SV, *_MATCHES, "a regular expression and a path with $0 to $9"),
    Directive(
        "AliasPreservePath",
        Context.SVDH,
        Arity.FLAG,
        AliasDir,
        store_flag("preserve_path"),
        "Whether the Alias of a Location keeps the rest of the path",
        "Off",
        Override.FILEINFO,
    ),
)


# Hooks


def _mapped(entry: Entry, uri: str) -> str | None:
    if entry.regex is not None:
        match = entry.regex.search(uri)
        return None if match is None else substitute(entry.target, match)
    rest = prefix_rest(uri, entry.prefix)
    return None if rest is None else entry.target + rest


def _use(request: Request, entry: Entry, path: str, root: str) -> int:
    # What a pattern caught can end in a dot segment that the URL did not have.
    if "/../" in path + "/":
        log_request(request, f"AliasMatch leads to a path with dot segments: {path}", Level.ERR, "alias")
        return FORBIDDEN
    request.filename = path
    notes = request.notes
    if entry.handler:
        request.handler = entry.handler
        notes[FORCED] = entry.handler.encode()
    notes["CONTEXT_PREFIX"] = os.fsencode(entry.prefix)
    notes["CONTEXT_DOCUMENT_ROOT"] = os.fsencode(root)
    return OK


def translate(request: Request) -> int:
    """Set the file name from the first alias that matches."""
    conf = request.conf[AliasDir]
    uri = request.uri if "//" not in request.uri else _SLASHES.sub("/", request.uri)
    if conf.here is not None:
        rest = uri[len(conf.here.prefix) :] if conf.preserve_path and conf.here.prefix else ""
        target = fill_in(conf.here.target, request)
        return _use(request, conf.here, target + rest, target)
    for entry in conf.entries:
        path = _mapped(entry, uri)
        if path is not None:
            root = entry.target if entry.regex is None else request.host.server[CoreServer].document_root
            return _use(request, entry, path, root)
    return DECLINED


def _wanted(settings: Settings) -> bool:
    conf = settings[AliasDir]
    return bool(conf.entries) or conf.here is not None


MODULE: Final = Module(
    ModuleSpec(
        "alias",
        ("alias_module", "mod_alias.c"),
        (),
        (AliasDir, RedirectDir),
        (*DIRECTIVES, *REDIRECT_DIRECTIVES),
    ),
    (Hook(Phase.TRANSLATE_NAME, translate, wanted=_wanted), *REDIRECT_HOOKS),
)
