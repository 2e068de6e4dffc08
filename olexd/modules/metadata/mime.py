"""mod_mime: what a file's extensions say about it (configuration spec 3.9)."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from olexd.config.core import CoreDir, ProcessSettings
from olexd.config.filters import filter_names
from olexd.config.gathered import overlaid
from olexd.config.mime import MimeDir
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, store, store_flag, store_path
from olexd.model.filters import add_input_filter, add_output_filter
from olexd.model.request import Request
from olexd.modules.metadata.types import load_types
from olexd.modules.words import accepted, current, overlay
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import DECLINED, OK

DIRECTORY_TYPE: Final = "httpd/unix-directory"
REMEMBERED: Final = 1024
"""How many different extension lists are remembered for each merged configuration."""


# Settings


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the extensions of one file name add up to; None and () where they say nothing."""

    content_type: str | None
    handler: str | None
    encoding: str | None
    languages: tuple[str, ...]
    output_filters: tuple[str, ...] = ()
    input_filters: tuple[str, ...] = ()


# Setters


def _extension(word: str) -> str:
    return word.removeprefix(".").lower()


def _adding(field: str, convert: Callable[[str], Any] = str) -> Callable[[Any, Args], Any]:
    """Return an `apply` of what is said of extensions, but for those that the same section removes.

    Removals count after all that a section adds, as httpd's manual says.
    """

    def apply(conf: MimeDir, args: Args) -> MimeDir:
        told = current(conf, field)
        extensions = [name for name in map(_extension, args.words[1:]) if told.get(name, True)]
        return overlaid(conf, field, dict.fromkeys(extensions, convert(args.word)))

    return apply


def _add_type(args: Args) -> Mapping[str, str]:
    """Return what AddType says: of RemoveType and AddType for one extension the last counts."""
    return dict.fromkeys(map(_extension, args.words[1:]), _media_type(args.word))


def _removing(field: str, nothing: object = "") -> Callable[[Any, Args], Any]:
    return overlay(field, lambda args: dict.fromkeys(map(_extension, args.words), nothing))


def _media_type(word: str) -> str:
    """Return a type as httpd writes it: in lower case, parameters after a semicolon and one space."""
    return "; ".join(part.strip() for part in word.lower().split(";"))


def _handler(word: str) -> str:
    return "" if word.lower() == "none" else word.lower()


def _forced(word: str) -> str:
    return "" if word.lower() == "none" else word


# Rows


def _row(
    name: str, arity: Arity, apply: Callable[[Any, Args], Any], help: str, default: str = ""
) -> Directive:
    return Directive(name, Context.SVDH, arity, MimeDir, apply, help, default, Override.FILEINFO)


_EXTENSIONS: Final = "one or more file extensions"
DIRECTIVES: Final = (
    Directive(
        "TypesConfig",
        Context.SV,
        Arity.ONE,
        ProcessSettings,
        store_path("types_config"),
        "The file that lists media types and their extensions; that of the main server counts",
        "conf/mime.types",
    ),
    _row("AddType", Arity.ITERATE2, overlay("types", _add_type), f"a mime type followed by {_EXTENSIONS}"),
    _row("RemoveType", Arity.ITERATE, _removing("types"), _EXTENSIONS),
    _row("ForceType", Arity.ONE, store("force_type", _forced), "a media type, or None"),
    _row(
        "AddHandler",
        Arity.ITERATE2,
        _adding("handlers", _handler),
        f"a handler name followed by {_EXTENSIONS}",
    ),
    _row("RemoveHandler", Arity.ITERATE, _removing("handlers"), _EXTENSIONS),
    _row(
        "AddCharset", Arity.ITERATE2, _adding("charsets", str.lower), f"a charset followed by {_EXTENSIONS}"
    ),
    _row("RemoveCharset", Arity.ITERATE, _removing("charsets"), _EXTENSIONS),
    _row(
        "AddEncoding",
        Arity.ITERATE2,
        _adding("encodings", str.lower),
        f"an encoding followed by {_EXTENSIONS}",
    ),
    _row("RemoveEncoding", Arity.ITERATE, _removing("encodings"), _EXTENSIONS),
    _row(
        "AddLanguage",
        Arity.ITERATE2,
        _adding("languages", str.lower),
        f"a language followed by {_EXTENSIONS}",
    ),
    _row("RemoveLanguage", Arity.ITERATE, _removing("languages"), _EXTENSIONS),
    _row(
        "AddOutputFilter",
        Arity.ITERATE2,
        _adding("output_filters", filter_names),
        f"output filters, separated by semicolons, followed by {_EXTENSIONS}",
    ),
    _row("RemoveOutputFilter", Arity.ITERATE, _removing("output_filters", ()), _EXTENSIONS),
    _row(
        "AddInputFilter",
        Arity.ITERATE2,
        _adding("input_filters", filter_names),
        f"input filters, separated by semicolons, followed by {_EXTENSIONS}",
    ),
    _row("RemoveInputFilter", Arity.ITERATE, _removing("input_filters", ()), _EXTENSIONS),
    _row(
        "DefaultLanguage",
        Arity.ONE,
        store("default_language"),
        "language to use for documents with no other language file extension",
    ),
    Directive(
        "ModMimeUsePathInfo",
        Context.DIRECTORY,
        Arity.FLAG,
        MimeDir,
        store_flag("use_path_info"),
        "Whether extensions in the path info count",
        "Off",
    ),
    accepted(
        "MultiviewsMatch",
        Context.SVDH,
        Arity.ITERATE,
        MimeDir,
        "files are not negotiated",
        Override.FILEINFO,
        "any negotiatedonly filters handlers",
    ),
)


# Hooks


def read_extensions(extensions: str, conf: MimeDir, types: Mapping[str, str]) -> Metadata:
    """Return what dot-separated `extensions` say, left to right; the last to speak of an item wins."""
    kind = handler = charset = None
    encodings: list[str] = []
    languages: list[str] = []
    output_filters: list[str] = []
    input_filters: list[str] = []
    for extension in filter(None, extensions.lower().split(".")):
        told = conf.types.get(extension)
        # What RemoveType took away is not in the list of the system either.
        kind = (types.get(extension) if told is None else told) or kind
        handler = conf.handlers.get(extension) or handler
        charset = conf.charsets.get(extension) or charset
        if encoding := conf.encodings.get(extension):
            encodings.append(encoding)
        if language := conf.languages.get(extension):
            languages.append(language)
        output_filters += conf.output_filters.get(extension, ())
        input_filters += conf.input_filters.get(extension, ())
    if not languages and conf.default_language:
        languages.append(conf.default_language)
    if kind and charset:
        kind = f"{kind.partition(';')[0].rstrip()}; charset={charset}"
    coding = ", ".join(encodings) or None
    return Metadata(kind, handler, coding, tuple(languages), tuple(output_filters), tuple(input_filters))


def _metadata(request: Request, name: str) -> Metadata:
    """Return what the extensions of `name` say, from memory when the merged settings met them before."""
    extensions = name.lstrip(".").partition(".")[2]
    settings = request.conf
    known: dict[str, Metadata] = settings.__dict__.setdefault("mime", {})
    found = known.get(extensions)
    if found is None:
        if len(known) >= REMEMBERED:
            known.clear()
        types = load_types(request.connection.config.main.server[ProcessSettings].types_config)
        found = known[extensions] = read_extensions(extensions, settings[MimeDir], types)
    return found


def find_type(request: Request) -> int:
    """Set type, handler, encoding and languages from the file's name."""
    filename = request.filename
    if filename is None:
        return DECLINED
    if request.stat is not None and stat.S_ISDIR(request.stat.st_mode):
        request.content_type = DIRECTORY_TYPE
        return OK
    conf = request.conf
    if conf[MimeDir].use_path_info:
        filename += request.path_info or ""
    found = _metadata(request, filename.rpartition("/")[2])
    if found.content_type is not None:
        request.content_type = found.content_type
    if found.handler is not None and not conf[CoreDir].handler:
        request.handler = found.handler
    if found.encoding is not None:
        request.content_encoding = found.encoding
    if found.languages:
        request.content_languages = found.languages
    for name in found.output_filters:
        add_output_filter(request, name)
    for name in found.input_filters:
        add_input_filter(request, name)
    return OK


def force_type(request: Request) -> int:
    """Let ForceType have the last word."""
    request.content_type = request.conf[MimeDir].force_type
    return OK


MODULE: Final = Module(
    ModuleSpec("mime", ("mime_module", "mod_mime.c"), (), (MimeDir,), DIRECTIVES),
    (
        Hook(Phase.TYPE_CHECKER, find_type, files_only=True),
        Hook(
            Phase.FIXUPS,
            force_type,
            Order.REALLY_FIRST,
            lambda settings: bool(settings[MimeDir].force_type),
        ),
    ),
)
