"""mod_rewrite: rules that put another path or URL in the place of a request's (configuration spec 3.8).

Rules of the server act when the URL is translated, those of sections in the fixups; what the latter make is
served by an internal redirect, so that every guard of the new path is asked.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.config.module import ModuleSpec
from olexd.config.settings import Settings
from olexd.errorlog import Level
from olexd.errors import BadRequest
from olexd.model.cgi_env import own_url
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.mappers.rewrite.directives import DIRECTIVES
from olexd.modules.mappers.rewrite.engine import Pass, is_absolute
from olexd.modules.mappers.rewrite.settings import RewriteDir, RewriteServer, RuleSet
from olexd.phases.derive import original
from olexd.phases.hooks import Answer, Hook, Module, Order, Phase
from olexd.phases.sides import to_pool
from olexd.phases.subrequest import REDIRECT_HANDLER, internal_redirect
from olexd.phases.walk import PROXY_PREFIX, PROXYREQ_REVERSE
from olexd.status import (
    BAD_REQUEST,
    DECLINED,
    DONE,
    FORBIDDEN,
    INTERNAL_SERVER_ERROR,
    NOT_FOUND,
    OK,
)
from olexd.uri import escape_path, settle_path, with_query

_REDIRECT: Final = "redirect:"
_END: Final = "rewrite-end"


def _ended(request: Request | None) -> bool:
    """Return whether an END flag keeps rules from this request, or from one that led to it."""
    while request is not None:
        if request.notes_table is not None and _END in request.notes_table:
            return True
        request = request.main or request.prev
    return False


# Rules of the server


def _rules_of(request: Request) -> RuleSet:
    """Return the rules of the request's host; a virtual host has none of the main server's."""
    rules = request.conf[RewriteDir].host
    host, main = request.host, request.connection.config.main
    inherits = host.is_virtual and host.base.get(RewriteDir) is main.base.get(RewriteDir)
    return RuleSet().within(RuleSet()) if inherits and not _hands_down(rules) else rules


def _hands_down(rules: RuleSet) -> bool:
    return "inheritdown" in rules.options or "inheritdownbefore" in rules.options


async def translate(request: Request) -> int:
    """Apply the server's rules to the URL path: they make a file, a path for others, or a redirect."""
    rules = _rules_of(request)
    if not request.uri.startswith("/") or _ended(request):
        return DECLINED
    _note_url(request)
    if not rules.active:
        return DECLINED
    mapped, args = request.filename, request.args
    if mapped is None:
        request.filename = request.uri
    run = Pass(request, rules, request.host.server[RewriteServer].maps)
    changed = await run.run()
    if run.end:
        request.notes[_END] = "1"
    if not changed or run.answer:
        # A URL path that nobody maps must not be taken for one of the file system.
        request.filename = mapped
        return _answer(request, run.answer) if run.answer else DECLINED
    if run.proxy:
        return _pass_on(request, request.filename or "")
    if is_absolute(request.filename or ""):
        return _send_away(request, run, args)
    path = _settled(request)
    if path is None:
        return FORBIDDEN
    if run.pass_through:
        # Sections are compared with it again: what they guard stays guarded.
        request.uri, request.filename = path, None
        return DECLINED
    return _use_file(request, path, run.free_prefix)


def _note_url(request: Request) -> None:
    """Put the URL as the client knows it into the environment."""
    origin = original(request)
    url = own_url(request, origin.uri)
    env = request.subprocess_env
    env["SCRIPT_URL"] = origin.uri.encode("utf-8", "surrogateescape")
    env["SCRIPT_URI"] = url.encode("utf-8", "surrogateescape")


def _use_file(request: Request, path: str, free_prefix: bool) -> int:
    """Map the new path: below the document root, or one of the file system where its beginning exists."""
    first = path[: path.find("/", 1)] if "/" in path[1:] else path
    root = request.host.server[CoreServer].document_root
    if (free_prefix and first != "/" and os.path.exists(first)) or root == "/":
        request.filename = path
        return OK
    if not root:
        return NOT_FOUND
    request.filename = root + path
    return OK


# What both have in common


def _settled(request: Request) -> str | None:
    """Return the path that came out as guards are to see it, None for what no request could ask for."""
    path = request.filename or ""
    settled = settle_path(path if path.startswith("/") else f"/{path}")
    if settled is None or "\0" in settled:
        log_request(request, f"AH00116: Cannot map {request.uri} to file", Level.ERR, "rewrite")
        return None
    return None if _has_controls(request) else settled


def _has_controls(request: Request) -> bool:
    """Return whether the query that came out has blanks or control characters, and say so."""
    if not any(char <= " " or char == "\x7f" for char in request.args or ""):
        return False
    message = "AH10410: Rewritten query string contains control characters or spaces"
    log_request(request, message, Level.ERR, "rewrite")
    return True


def _pass_on(request: Request, url: str) -> int:
    """Let the backend at a URL answer; a configuration that leaves mod_proxy out wants none to."""
    loaded = request.connection.config.loaded
    if not loaded or "proxy" in loaded:
        request.filename = PROXY_PREFIX + url
        request.handler = "proxy-server"
        request.proxyreq = PROXYREQ_REVERSE
        return OK
    log_request(
        request,
        f"AH00669: attempt to make remote request from mod_rewrite without proxy enabled: {request.filename}",
        Level.ERR,
        "rewrite",
    )
    return FORBIDDEN


def _answer(request: Request, status: int) -> int:
    """Answer with a status that rules chose: it is what the client gets, in place of an ErrorDocument too."""
    request.status = 200
    return status


def _send_away(request: Request, run: Pass, args: str | None) -> int:
    """Send the client to the URL that came out."""
    target = request.filename or ""
    query = request.args
    if run.noescape and _has_controls(request):
        return FORBIDDEN
    if not run.noescape and "://" in target:
        start = target.find("/", target.find("://") + 3)
        target = target if start < 0 else target[:start] + escape_path(target[start:])
    if not run.noescape and query is not None and query != args:
        query = escape_path(query)
    location = with_query(target, query or None)
    if any(char < " " or char == "\x7f" for char in location):
        message = f"AH02430: Response header 'Location' value of '{location}' contains invalid characters"
        log_request(request, message, Level.ERR, "rewrite")
        return INTERNAL_SERVER_ERROR
    request.headers_out["Location"] = location.encode("utf-8", "surrogateescape")
    return _answer(request, run.redirect)


# Rules of sections


async def fix_up(request: Request) -> int:
    """Apply the rules of a section to the file's path; what they make is asked for anew."""
    rules = request.conf[RewriteDir].here
    path, args = request.filename, request.args
    if path is None or _ended(request) or _lacks_slash(request, rules):
        return DECLINED
    options = request.conf[CoreDir].options
    if not options & {"followsymlinks", "symlinksifownermatch"}:
        log_request(
            request,
            "AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the RewriteRule "
            "directive is also forbidden due to its similar ability to circumvent directory restrictions : "
            f"{path}",
            Level.ERR,
            "rewrite",
        )
        return FORBIDDEN
    run = Pass(request, rules, request.host.server[RewriteServer].maps)
    changed = await run.run()
    if run.end:
        request.notes[_END] = "1"
    if not changed:
        request.filename = path
        return DECLINED
    if run.answer:
        request.filename = path
        return _answer(request, run.answer)
    target = request.filename or ""
    if run.proxy:
        # Nobody settles the URL any more, or adds the query to it.
        return _pass_on(request, with_query(_with_base_in_url(rules, target), request.args or None))
    if is_absolute(target):
        request.filename = _with_base_in_url(rules, target)
        return _send_away(request, run, args)
    return _ask_anew(request, rules, path)


def _lacks_slash(request: Request, rules: RuleSet) -> bool:
    """Return whether the request is for the directory itself without its slash: mod_dir sees to that."""
    return (
        "allownoslash" not in rules.options
        and request.stat is not None
        and stat.S_ISDIR(request.stat.st_mode)
        and request.filename == rules.directory[:-1]
    )


def _with_base_in_url(rules: RuleSet, url: str) -> str:
    if not rules.base:
        return url
    start = url.find("/", url.find("://") + 3) if "://" in url else -1
    return url if start < 0 else url[:start] + _with_base(rules, url[start:])


def _with_base(rules: RuleSet, path: str) -> str:
    """Return a path with the URL path of the section's directory in place of the directory."""
    if not path.startswith(rules.directory):
        return path
    return rules.base.rstrip("/") + "/" + path[len(rules.directory) :]


def _ask_anew(request: Request, rules: RuleSet, path: str) -> int:
    target = request.filename or ""
    if not target.startswith("/"):
        return BAD_REQUEST
    if target == path:
        return OK
    if _has_controls(request):
        return FORBIDDEN
    target = _with_base(rules, target) if rules.base else _without_root(request, target)
    request.filename = _REDIRECT + target
    request.handler = REDIRECT_HANDLER
    return OK


def _without_root(request: Request, path: str) -> str:
    """Return a path of the file system as the URL path that leads there."""
    notes = request.notes_table
    prefix = (notes and notes.get("CONTEXT_PREFIX")) or ""
    root = (notes and notes.get("CONTEXT_DOCUMENT_ROOT")) or request.host.server[CoreServer].document_root
    root = root.rstrip("/")
    if not root or not path.startswith(root + "/"):
        return path
    return prefix.rstrip("/") + path[len(root) :]


async def redirect(request: Request) -> int:
    """Answer with what the rewritten path gives."""
    if request.handler != REDIRECT_HANDLER or not (request.filename or "").startswith(_REDIRECT):
        return DECLINED
    target = (request.filename or "").removeprefix(_REDIRECT)
    await to_pool(request)
    try:
        url = with_query(escape_path(target), request.args or None)
        await internal_redirect(request, url, keeps_vary=True)
    except BadRequest as error:
        return error.status
    return DONE


def choose_content(request: Request) -> Answer:
    """Give the response the type and the handler that rules chose."""
    notes = request.notes_table
    if notes is None:
        return DECLINED
    if (kind := notes.get("rewrite-type")) is not None:
        request.content_type = kind
    if (handler := notes.get("rewrite-handler")) is not None and request.handler != REDIRECT_HANDLER:
        request.handler = handler
    return DECLINED


def _server_wanted(settings: Settings) -> bool:
    conf = settings[RewriteDir]
    return conf.host.active or conf.here.active


def _section_wanted(settings: Settings) -> bool:
    return settings[RewriteDir].here.active


def _chooses(settings: Settings) -> bool:
    conf = settings[RewriteDir]
    return any(
        rule.flags.content_type is not None or rule.flags.handler is not None
        for rules in (conf.host, conf.here)
        if rules.active
        for rule in rules.rules
    )


MODULE: Final = Module(
    ModuleSpec("rewrite", ("rewrite_module", "mod_rewrite.c"), (RewriteServer,), (RewriteDir,), DIRECTIVES),
    (
        Hook(Phase.TRANSLATE_NAME, translate, Order.REALLY_FIRST, _server_wanted),
        Hook(Phase.FIXUPS, fix_up, Order.FIRST, _section_wanted, files_only=True),
        Hook(Phase.FIXUPS, choose_content, Order.LAST, _chooses),
        Hook(Phase.HANDLER, redirect, Order.REALLY_FIRST, _section_wanted),
    ),
)
