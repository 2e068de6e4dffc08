"""The redirects of mod_alias (configuration spec 3.4). Rows and hooks are part of `alias.py`'s module."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.gathered import extended
from olexd.config.regex import compile_regex
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag
from olexd.config.settings import Merge, Settings, setting
from olexd.errorlog import Level
from olexd.model.cgi_env import own_url
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.model.variables import check_text, fill_in
from olexd.modules.mappers.matching import prefix_rest
from olexd.modules.words import substitute
from olexd.phases.hooks import Hook, Order, Phase
from olexd.status import DECLINED, INTERNAL_SERVER_ERROR
from olexd.uri import escape_path

_STATUSES: Final = {"permanent": 301, "temp": 302, "seeother": 303, "gone": 410}
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PARTS: Final = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*)?)?)([^?#]*)(.*)", re.DOTALL)
"""A target's scheme and site, its path, and its query and fragment."""


# Settings


@dataclass(frozen=True, slots=True)
class Redirect:
    """One redirect: a URL `prefix`, or a `regex` searched for; `target` is "" where the status has none."""

    status: int
    prefix: str = ""
    target: str = ""
    regex: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class RedirectDir:
    """`early` ones stand outside of sections and act first, `late` ones in sections and act in the fixups.

    `here` is the redirect of a whole section, None for none.
    """

    early: tuple[Redirect, ...] = setting((), Merge.PREPEND)
    late: tuple[Redirect, ...] = setting((), Merge.PREPEND)
    here: Redirect | None = setting(None)
    relative: bool = setting(False)


# Setters


def _status(word: str) -> int | None:
    if word.isascii() and word.isdigit():
        return int(word)
    return _STATUSES.get(word.lower())


def _checked(found: Redirect) -> Redirect:
    """Return a redirect whose target fits its status."""
    if not 300 <= found.status < 400:
        if found.target:
            raise DirectiveError("Redirect URL not valid for this status")
        if not 400 <= found.status <= 599:
            raise DirectiveError(f"Redirect: status {found.status} cannot be answered with")
        return found
    if not found.target:
        raise DirectiveError("URL to redirect to is missing")
    if not found.target.startswith("/") and not _SCHEME.match(found.target):
        raise DirectiveError("Redirect to non-URL")
    if any(char in found.target for char in "\r\n\0"):
        raise DirectiveError("Redirect to non-URL")
    return found


def _append(conf: RedirectDir, args: Args, found: Redirect) -> RedirectDir:
    return extended(conf, "early" if args.section is None else "late", [found])


def _of_section(words: tuple[str, ...]) -> Redirect | None:
    """Return the redirect of a whole section, None when the words name a path of their own."""
    status = _status(words[0])
    if len(words) == 1:
        return Redirect(302, target=words[0]) if status is None else Redirect(status)
    # A status that leads nowhere has no target: what follows it is a path.
    if status is None or len(words) > 2 or not 300 <= status < 400:
        return None
    return Redirect(status, target=words[1])


def add_redirect(conf: RedirectDir, args: Args) -> RedirectDir:
    """Store `[STATUS] PATH [TARGET]`; in a section also `[STATUS] [TARGET]` for the whole of it."""
    words = args.words
    if args.section is not None and (here := _of_section(words)) is not None:
        is_expression = "%{" in check_text(here.target, args.vocabulary)
        return replace(conf, here=here if is_expression else _checked(here))
    status, path, target = _split(words)
    return _append(conf, args, _checked(Redirect(status, path, target)))


def add_match(conf: RedirectDir, args: Args) -> RedirectDir:
    """Store `[STATUS] REGEX [TARGET]`."""
    status, pattern, target = _split(args.words)
    return _append(conf, args, _checked(Redirect(status, target=target, regex=compile_regex(pattern))))


def _split(words: tuple[str, ...]) -> tuple[int, str, str]:
    status = _status(words[0])
    if len(words) == 3:
        if status is None:
            raise DirectiveError("Redirect: invalid first argument (of three)")
        return status, words[1], words[2]
    if len(words) == 1:
        raise DirectiveError("URL to redirect to is missing")
    return (302, words[0], words[1]) if status is None else (status, words[1], "")


def add_permanent(conf: RedirectDir, args: Args) -> RedirectDir:
    """Store a redirect with status 301."""
    return _append(conf, args, _checked(Redirect(301, args.words[0], args.words[1])))


def add_temporary(conf: RedirectDir, args: Args) -> RedirectDir:
    """Store a redirect with status 302."""
    return _append(conf, args, _checked(Redirect(302, args.words[0], args.words[1])))


# Rows

_SVDH, _FILEINFO = Context.SVDH, Override.FILEINFO
_HELP: Final = "an optional status, then document to be redirected and destination URL"
_MATCH_HELP: Final = "an optional status, then a regular expression and destination URL"
_TWO_HELP: Final = "a document to be redirected, then the destination URL"

REDIRECT_DIRECTIVES: Final = (
    Directive("Redirect", _SVDH, Arity.ONE_TO_THREE, RedirectDir, add_redirect, _HELP, override=_FILEINFO),
    Directive(
        "RedirectMatch", _SVDH, Arity.TWO_OR_THREE, RedirectDir, add_match, _MATCH_HELP, override=_FILEINFO
    ),
    Directive(
        "RedirectPermanent", _SVDH, Arity.TWO, RedirectDir, add_permanent, _TWO_HELP, override=_FILEINFO
    ),
    Directive("RedirectTemp", _SVDH, Arity.TWO, RedirectDir, add_temporary, _TWO_HELP, override=_FILEINFO),
    Directive(
        "RedirectRelative",
        _SVDH,
        Arity.FLAG,
        RedirectDir,
        store_flag("relative"),
        "Whether a target without scheme is sent as it is",
        "Off",
        _FILEINFO,
    ),
)


# Hooks


def _location(found: Redirect, uri: str) -> str | None:
    """Return where a redirect leads for `uri`, None when it does not match."""
    if found.regex is not None:
        match = found.regex.search(uri)
        return None if match is None else _filled_in(found.target, match)
    rest = prefix_rest(uri, found.prefix)
    return None if rest is None else found.target + escape_path(rest)


def _filled_in(target: str, match: re.Match[str]) -> str:
    """Return a target with what matched in it.

    Its path is taken for a decoded one. What a client sent is escaped everywhere: it stays in its place.
    """
    parts = _PARTS.match(target)
    assert parts is not None
    site, path, rest = parts.groups()
    return (
        substitute(site, match, escape_path)
        + escape_path(substitute(path, match))
        + substitute(rest, match, escape_path)
    )


def _send(request: Request, status: int, location: str) -> int:
    if not 300 <= status < 400:
        return status
    if location.startswith("/") and not request.conf[RedirectDir].relative:
        location = own_url(request, location)
    if request.args and "?" not in location:
        path, mark, fragment = location.partition("#")
        location = f"{path}?{request.args}{mark}{fragment}"
    request.headers_out["Location"] = location.encode()
    return status


def _first(request: Request, entries: tuple[Redirect, ...]) -> int:
    for found in entries:
        location = _location(found, request.uri)
        if location is not None:
            return _send(request, found.status, location)
    return DECLINED


def redirect_early(request: Request) -> int:
    """Apply the redirects outside of sections."""
    return _first(request, request.conf[RedirectDir].early)


def redirect_late(request: Request) -> int:
    """Apply the redirects of sections."""
    conf = request.conf[RedirectDir]
    if conf.here is not None:
        return _send_filled_in(request, conf.here)
    return _first(request, conf.late)


def _send_filled_in(request: Request, found: Redirect) -> int:
    """Send the redirect of a section, whose target may hold expressions."""
    if "%{" not in found.target:
        return _send(request, found.status, found.target)
    target = fill_in(found.target, request)
    if not target.startswith("/") and not _SCHEME.match(target):
        log_request(request, f"Redirect to non-URL '{target}'", Level.ERR, "alias")
        return INTERNAL_SERVER_ERROR
    return _send(request, found.status, target)


def _wanted_late(settings: Settings) -> bool:
    conf = settings[RedirectDir]
    return conf.here is not None or bool(conf.late)


REDIRECT_HOOKS: Final = (
    Hook(
        Phase.TRANSLATE_NAME,
        redirect_early,
        Order.FIRST,
        lambda settings: bool(settings[RedirectDir].early),
    ),
    Hook(Phase.FIXUPS, redirect_late, Order.MIDDLE, _wanted_late),
)
