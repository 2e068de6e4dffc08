"""mod_expires: until when responses may be kept (configuration spec 3.12)."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Final

from olexd.config.errors import DirectiveError
from olexd.config.module import ModuleSpec
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag
from olexd.config.settings import Merge, setting
from olexd.model.request import Request
from olexd.modules.words import overlay
from olexd.phases.hooks import Hook, Module, Order, Phase
from olexd.status import NO_BODY, OK

# Settings


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long: `seconds` from the request on, or from the file's last change."""

    seconds: int
    from_change: bool = False


@dataclass(frozen=True, slots=True)
class ExpiresDir:
    """`by_type` maps media types, or `major/*`, in lower case."""

    active: bool = setting(False)
    default: Expiry | None = setting(None)
    by_type: Mapping[str, Expiry] = setting({}, Merge.OVERLAY)


# Setters

_CODE: Final = re.compile("([AaMm])([0-9]{1,12})")
_UNITS: Final = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 7 * 86400,
    "month": 30 * 86400,
    "year": 365 * 86400,
}


def read_expiry(code: str) -> Expiry:
    """Return what `A3600` or `access plus 1 hour` means. Raises DirectiveError."""
    if match := _CODE.fullmatch(code):
        return Expiry(int(match[2]), match[1] in "Mm")
    base, *words = code.split() or [""]
    if base.lower() not in ("access", "now", "modification"):
        raise DirectiveError(f"bad expires code, unrecognised <base> '{base}'")
    if words and words[0].lower() == "plus":
        words = words[1:]
    return Expiry(_seconds(words), base.lower() == "modification")


def _seconds(words: list[str]) -> int:
    total = 0
    for number, unit in zip(words[::2], [*words[1::2], ""], strict=False):
        if re.fullmatch("-?[0-9]{1,9}", number) is None:
            raise DirectiveError("bad expires code, numeric value expected <num>")
        if not unit:
            raise DirectiveError("bad expires code, missing <type>")
        size = next((size for name, size in _UNITS.items() if unit.lower() in (name, name + "s")), None)
        if size is None:
            raise DirectiveError(f"bad expires code, unrecognised <type>'{unit}'")
        total += int(number) * size
    return total


def set_default(conf: ExpiresDir, args: Args) -> ExpiresDir:
    """Store the expiry of all types."""
    return replace(conf, default=_checked(args.word, args.name))


def _of_type(args: Args) -> dict[str, Expiry]:
    """Return the expiry of one type, or of `major/*`."""
    return {args.word.lower(): _checked(args.words[1], f"{args.name} {args.word}")}


def _checked(code: str, what: str) -> Expiry:
    try:
        return read_expiry(code)
    except DirectiveError as error:
        raise DirectiveError(f"'{what} {code}': {error}") from None


# Rows

_SVDH, _INDEXES = Context.SVDH, Override.INDEXES

DIRECTIVES: Final = (
    Directive(
        "ExpiresActive",
        _SVDH,
        Arity.FLAG,
        ExpiresDir,
        store_flag("active"),
        "Limited to 'on' or 'off'",
        "Off",
        _INDEXES,
    ),
    Directive(
        "ExpiresDefault",
        _SVDH,
        Arity.ONE,
        ExpiresDir,
        set_default,
        "an expiry date code",
        override=_INDEXES,
    ),
    Directive(
        "ExpiresByType",
        _SVDH,
        Arity.TWO,
        ExpiresDir,
        overlay("by_type", _of_type),
        "the MIME type followed by an expiry date code",
        override=_INDEXES,
    ),
)


# Hooks


def _expiry(request: Request, conf: ExpiresDir) -> Expiry | None:
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    found = conf.by_type.get(kind) or conf.by_type.get(kind.partition("/")[0] + "/*")
    return found or conf.default


def set_expires(request: Request) -> int:
    """Add Expires and Cache-Control, unless something expires the response already or it is an error."""
    if request.status >= 400 or (request.refused and request.status in NO_BODY):
        return OK
    if "Expires" in request.headers_out or "Expires" in request.err_headers_out:
        return OK
    expiry = _expiry(request, request.conf[ExpiresDir])
    if expiry is None or (expiry.from_change and request.stat is None):
        return OK
    now = int(request.request_time or time.time())
    base = int(request.stat.st_mtime) if expiry.from_change and request.stat is not None else now
    until = max(base + expiry.seconds, now)
    headers = request.headers_out
    old = headers.get("Cache-Control")
    age = f"max-age={until - now}"
    headers["Cache-Control"] = age if old is None else f"{old}, {age}"
    headers["Expires"] = formatdate(until, usegmt=True)
    return OK


MODULE: Final = Module(
    ModuleSpec("expires", ("expires_module", "mod_expires.c"), (), (ExpiresDir,), DIRECTIVES),
    (
        Hook(
            Phase.RESPONSE_HEAD,
            set_expires,
            Order.MIDDLE,
            lambda settings: settings[ExpiresDir].active,
        ),
    ),
)
