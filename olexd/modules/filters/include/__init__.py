"""mod_include: pages with elements that the server carries out (configuration spec 3.14, core spec 6)."""

from __future__ import annotations

import stat
from typing import Final

from olexd.config.core import CoreDir
from olexd.config.mime import MimeDir
from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context, Directive, Override, store, store_flag
from olexd.config.settings import Settings
from olexd.model.filters import add_output_filter
from olexd.model.request import Request
from olexd.modules.filters.include.filter import FILTERS, NAME
from olexd.modules.filters.include.settings import IncludeDir, IncludeServer
from olexd.modules.words import store_choice
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import DECLINED, OK

HANDLER: Final = "server-parsed"
"""The handler of pages with includes, from before there were filters."""


def _row(name: str, apply: object, help: str, default: str) -> Directive:
    assert callable(apply)
    return Directive(name, Context.SVDH, Arity.ONE, IncludeDir, apply, help, default, Override.ANY)


def _flag(name: str, field: str, help: str) -> Directive:
    return Directive(name, Context.DH, Arity.FLAG, IncludeDir, store_flag(field), help, "Off", Override.LIMIT)


def _tag(name: str, field: str, help: str, default: str) -> Directive:
    return Directive(name, Context.SV, Arity.ONE, IncludeServer, store(field), help, default)


DIRECTIVES: Final = (
    Directive(
        "XBitHack",
        Context.SVDH,
        Arity.ONE,
        IncludeDir,
        store_choice(
            "xbit_hack",
            {"off": "off", "on": "on", "full": "full"},
            "XBitHack must be set to Off, On, or Full",
        ),
        "Whether HTML files that may be executed are parsed",
        "Off",
        Override.OPTIONS,
    ),
    _row("SSIErrorMsg", store("error_message"), "What stands for an element that fails", ""),
    _row("SSITimeFormat", store("time_format"), "How times are written", "%A, %d-%b-%Y %H:%M:%S %Z"),
    _row("SSIUndefinedEcho", store("undefined_echo"), "What #echo writes for nothing", "(none)"),
    _tag("SSIStartTag", "start_tag", "What elements begin with", "<!--#"),
    _tag("SSIEndTag", "end_tag", "What elements end with", "-->"),
    _flag("SSIETag", "etag", "Whether parsed pages have an entity tag"),
    _flag("SSILastModified", "last_modified", "Whether parsed pages say when they were last modified"),
    _flag("SSILegacyExprParser", "legacy_expressions", "Whether #if speaks mod_include's old language"),
)


def insert_by_handler(request: Request) -> int:
    """Parse what has the handler for it, and by XBitHack HTML files that may be executed."""
    if request.handler == HANDLER:
        request.content_type = request.content_type or "text/html"
        request.handler = None
    elif not _is_executable_page(request):
        return DECLINED
    add_output_filter(request, NAME)
    return OK


def _is_executable_page(request: Request) -> bool:
    found = request.stat
    if request.conf[IncludeDir].xbit_hack == "off" or found is None or not stat.S_ISREG(found.st_mode):
        return False
    media_type = (request.content_type or "").partition(";")[0].strip()
    return media_type == "text/html" and bool(found.st_mode & stat.S_IXUSR)


def _wanted(settings: Settings) -> bool:
    core = settings[CoreDir]
    handlers = (core.handler, *settings[MimeDir].handlers.values())
    may_be_page = HANDLER in handlers or core.handler_expression is not None
    return may_be_page or settings[IncludeDir].xbit_hack != "off"


MODULE: Final = Module(
    ModuleSpec(
        "include",
        ("include_module", "mod_include.c"),
        (IncludeServer,),
        (IncludeDir,),
        DIRECTIVES,
    ),
    (Hook(Phase.FIXUPS, insert_by_handler, Order.LAST, _wanted, files_only=True),),
    FILTERS,
)
