"""mod_dir: trailing slashes, index files, fallbacks (configuration spec 3.5)."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from olexd.config.errors import DirectiveError
from olexd.config.gathered import extended
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, store, store_flag
from olexd.config.settings import setting
from olexd.model.cgi_env import own_url
from olexd.model.filters import InputChain, OutputChain
from olexd.model.parsed_uri import keep_parsed_uri
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.phases.hooks import Answer, Hook, Module, Order, Phase
from olexd.phases.subrequest import REDIRECT_HANDLER, end_look_up, lookup_stand_in
from olexd.phases.walk import DIRECTORY_HANDLER
from olexd.status import DECLINED, MOVED_PERMANENTLY, NOT_FOUND, OK
from olexd.uri import escape_path, with_query

Chain = TypeVar("Chain", OutputChain, InputChain)

# Settings


@dataclass(frozen=True, slots=True)
class DirDir:
    """`index` are the names to try, empty for none; `index_redirect` is a status, 0 for none.

    `fallback` is the path that stands in for what does not exist, "" for none.
    """

    index: tuple[str, ...] = setting(("index.html",))
    index_redirect: int = setting(0)
    slash: bool = setting(True)
    check_handler: bool = setting(False)
    fallback: str = setting("")


# Setters


def set_index(conf: DirDir, args: Args) -> DirDir:
    """Store the names; several lines of one section add up, `disabled` alone means none."""
    if [word.lower() for word in args.words] == ["disabled"]:
        return replace(conf, index=())
    return extended(conf, "index", args.words)


_REDIRECTS: Final = {"on": 302, "off": 0, "permanent": 301, "temp": 302, "seeother": 303}


def set_index_redirect(conf: DirDir, args: Args) -> DirDir:
    """Store the status of the redirect to an index file, 0 for none."""
    code = _REDIRECTS.get(args.word.lower())
    if code is None:
        if not args.word.isdigit():
            raise DirectiveError("DirectoryIndexRedirect ON|OFF|permanent|temp|seeother|3xx")
        code = int(args.word)
        if not 300 <= code <= 399:
            raise DirectiveError("DirectoryIndexRedirect only accepts values between 300 and 399")
    return replace(conf, index_redirect=code)


def _fallback(word: str) -> str:
    return "" if word.lower() == "disabled" else word


# Rows


def _row(name: str, arity: Arity, apply: object, help: str, default: str) -> Directive:
    assert callable(apply)
    return Directive(name, Context.SVDH, arity, DirDir, apply, help, default, Override.INDEXES)


DIRECTIVES: Final = (
    _row("DirectoryIndex", Arity.RAW, set_index, "a list of file names", "index.html"),
    _row(
        "DirectoryIndexRedirect",
        Arity.ONE,
        set_index_redirect,
        "Whether clients are sent to the index file's own URL",
        "Off",
    ),
    _row(
        "DirectorySlash",
        Arity.FLAG,
        store_flag("slash"),
        "Whether directories get their trailing slash by a redirect",
        "On",
    ),
    _row(
        "DirectoryCheckHandler",
        Arity.FLAG,
        store_flag("check_handler"),
        "Whether a handler that is set keeps index files from being looked for",
        "Off",
    ),
    _row("FallbackResource", Arity.ONE, store("fallback", _fallback), "a URL path, or disabled", "disabled"),
)


# Hooks


def fix_directory(request: Request) -> Answer:
    """Add the slash to a directory's URL, or put its index file in its place."""
    if request.filename is None:
        return DECLINED
    found = request.stat
    if found is None or not stat.S_ISDIR(found.st_mode):
        return _fall_back(request) if found is None else DECLINED
    if request.handler is None:
        request.handler = DIRECTORY_HANDLER
    if request.path_info:
        return DECLINED
    conf = request.conf[DirDir]
    if not request.uri.endswith("/"):
        return _add_slash(request) if conf.slash and _may_redirect(request) else DECLINED
    if request.handler == REDIRECT_HANDLER:
        return DECLINED
    if conf.check_handler and request.handler != DIRECTORY_HANDLER:
        return DECLINED
    return _find_index(request, conf)


def _may_redirect(request: Request) -> bool:
    env = request.subprocess_env_table
    return request.method == "GET" or env is None or env.get("redirect-carefully") is None


def _add_slash(request: Request) -> int:
    request.headers_out["Location"] = _absolute(request, request.uri + "/", request.args)
    return MOVED_PERMANENTLY


def _absolute(request: Request, path: str, args: str | None) -> str:
    return own_url(request, with_query(escape_path(path), args))


async def _find_index(request: Request, conf: DirDir) -> int:
    failure = DECLINED
    elsewhere = len(request.phases.plan(request).translate_name) > 1
    names = [name for name in conf.index if elsewhere or not _is_missing(request, name)]
    # What is not there is asked for last, since a guard may refuse the very name: then there is no listing.
    for name in (*names, *(name for name in conf.index if name not in names)):
        path = name if name.startswith("/") else request.uri + name
        found = await lookup_stand_in(request, with_query(escape_path(path), request.args))
        if found.status == 200 and found.stat is not None and stat.S_ISREG(found.stat.st_mode):
            return await _use(request, found, conf.index_redirect)
        if _is_answer(found.status, len(conf.index) == 1):
            _take_tables(request, found)
            return found.status
        await end_look_up(found)
        if found.status not in (200, NOT_FOUND):
            failure = found.status
    return failure


def _is_answer(status: int, is_alone: bool) -> bool:
    """Return whether a look-up's status is what the client is told, with the fields that belong to it."""
    return 300 <= status < 400 or (is_alone and status in (401, 406))


def _is_missing(request: Request, name: str) -> bool:
    """Return whether a plain name is not in the directory."""
    if "/" in name or "?" in name or request.filename is None:
        return False
    return not os.path.lexists(os.path.join(request.filename, name))


async def _use(request: Request, found: Request, redirect: int) -> int:
    if redirect:
        await end_look_up(found)
        request.headers_out["Location"] = _absolute(request, found.uri, None)
        return redirect
    fast_redirect(request, found)
    return OK


async def _fall_back(request: Request) -> int:
    target = request.conf[DirDir].fallback
    if request.handler not in (None, DIRECTORY_HANDLER):
        return DECLINED
    if not target or request.uri == target or request.filename is None:
        return DECLINED
    found = await lookup_stand_in(request, with_query(escape_path(target), request.args))
    if found.status == 200 and found.stat is not None and stat.S_ISREG(found.stat.st_mode):
        fast_redirect(request, found)
        return OK
    if _is_answer(found.status, is_alone=True):
        _take_tables(request, found)
        return found.status
    await end_look_up(found)
    # Who may not have the fallback must not get a listing, or be told that there is nothing.
    return DECLINED if found.status in (200, NOT_FOUND) else found.status


_TAKEN: Final = (
    "uri",
    "args",
    "filename",
    "canonical_filename",
    "stat",
    "mtime",
    "conf",
    "sections",
    "handler",
    "content_type",
    "content_encoding",
    "content_languages",
)


def fast_redirect(request: Request, found: Request) -> None:
    """Make `request` what a look-up found, without a trace in `prev` or `main`."""
    keep_parsed_uri(request)
    for name in _TAKEN:
        setattr(request, name, getattr(found, name))
    request.no_cache = request.no_cache and found.no_cache
    request.no_local_copy = request.no_local_copy and found.no_local_copy
    if found.user is not None:
        request.user, request.ap_auth_type = found.user, found.ap_auth_type
    request.output_filters = _joined(found.output_filters, request.output_filters)
    request.input_filters = _joined(found.input_filters, request.input_filters)
    request.path_info = found.path_info or None
    if request.input_filters is not None:
        request.input_filters.request = request
    _take_tables(request, found)


def _joined(found: Chain | None, own: Chain | None) -> Chain | None:
    """Return the filters of what was found, and behind them those that the request has already."""
    if found is None or own is None:
        return found or own
    found.extend(own)
    return found


def _take_tables(request: Request, found: Request) -> None:
    request.stand_in = found
    _put_before(request.headers_out, found.headers_out)
    _put_before(request.err_headers_out, found.err_headers_out)
    if found.notes_table is not None:
        _overlay(request.notes, found.notes_table)
    if found.subprocess_env_table is not None:
        _overlay(request.subprocess_env, found.subprocess_env_table)


def _put_before(table: Table, other: Table) -> None:
    """Put the entries of `other` before those of `table`, as httpd does: no cookie of either gets lost."""
    own = table.raw_items()
    table.clear()
    for name, value in [*other.raw_items(), *own]:
        table.add(name, value)


def _overlay(table: Table, other: Table) -> None:
    items = other.raw_items()
    for name in {name for name, _ in items}:
        del table[name]
    for name, value in items:
        table.add(name, value)


def _wanted_by_default(conf: DirDir) -> bool:
    return conf.slash or bool(conf.index) or bool(conf.fallback)


MODULE: Final = Module(
    ModuleSpec("dir", ("dir_module", "mod_dir.c"), (), (DirDir,), DIRECTIVES),
    (
        Hook(
            Phase.FIXUPS,
            fix_directory,
            Order.LAST,
            lambda settings: _wanted_by_default(settings[DirDir]),
            files_only=True,
        ),
    ),
)
