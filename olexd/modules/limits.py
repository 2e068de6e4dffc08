"""The core's directives that bound a request in time and size."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from olexd.config.core import CoreDir, CoreServer
from olexd.config.errors import DirectiveError
from olexd.config.rows import Args, Arity, Context, Directive, Override, store_flag
from olexd.modules.words import duration, lenient_duration, lenient_int, store_as

_SV = Context.SV
_RANGE: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?(.*)", re.DOTALL)
_RATE: Final = re.compile(r",minrate=(\d{1,9})", re.IGNORECASE)


def _non_negative(word: str) -> int:
    number = lenient_int(word)
    if number < 0:
        raise ValueError
    return number


def _strict_size(word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) >= 1 << 63:
        raise ValueError
    return int(word)


def _range_limit(name: str, field: str, default: int, help: str) -> Directive:
    """Return the row of a limit for the byte ranges of a request; 0 is none, -1 any number."""
    named = {"none": 0, "default": default, "unlimited": -1}

    def limit(word: str) -> int:
        number = named.get(word.lower(), -2)
        return number if number != -2 else _positive(word)

    message = f"{name} requires 'none', 'default', 'unlimited' or a positive integer"
    return Directive(
        name, Context.SVD, Arity.ONE, CoreDir, store_as(field, limit, message), help, str(default)
    )


def _positive(word: str) -> int:
    if (number := _strict_size(word)) == 0:
        raise ValueError
    return number


def _read_timeout(key: str, value: str, shown: str) -> tuple[int, int, int]:
    """Return (first limit, most, bytes per second that prolong it); a most of 0 is none."""
    match = _RANGE.fullmatch(value)
    if match is None:
        raise DirectiveError(f"RequestReadTimeout: {shown}: Value '{value}' not numerical")
    first, most, rest = int(match.group(1)), match.group(2), match.group(3)
    rate = _RATE.fullmatch(rest)
    if rest and rate is None:
        raise DirectiveError(f"RequestReadTimeout: {shown}: Cannot parse '{rest}'")
    if most is not None and rate is None:
        raise DirectiveError(f"RequestReadTimeout: {shown}: Must set MinRate option if using timeout range")
    if most is not None and int(most) <= first:
        raise DirectiveError(
            f"RequestReadTimeout: {shown}: Maximum timeout must be larger than initial timeout"
        )
    return first, int(most or 0), int(rate.group(1)) if rate else 0


def set_read_timeout(conf: CoreServer, args: Args) -> CoreServer:
    """Store the deadlines for reading the head and the body of a request."""
    changes: dict[str, Any] = {}
    for word in args.words:
        key, equals, value = word.partition("=")
        if not equals:
            raise DirectiveError(
                "Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'"
            )
        first, most, rate = _read_timeout(key, value, word) if key.lower() in _STAGES else (0, 0, 0)
        if key.lower() == "header":
            changes |= {"header_timeout": float(first), "header_timeout_max": float(most)}
            changes["header_min_rate"] = rate
        elif key.lower() == "body":
            changes |= {"body_timeout": float(first), "body_timeout_max": float(most)}
            changes["body_min_rate"] = rate
        elif key.lower() != "handshake":
            raise DirectiveError(f"RequestReadTimeout: {word}: Unknown RequestReadTimeout parameter")
    return replace(conf, **changes)


_PROTOCOL_WORDS: Final = frozenset(
    {"strict", "unsafe", "registeredmethods", "lenientmethods", "require1.0", "allow0.9"}
)


def check_protocol_options(conf: CoreServer, args: Args) -> CoreServer:
    """Accept what changes nothing; refuse Unsafe: requests are always read by the strict rules."""
    for word in args.words:
        if word.lower() not in _PROTOCOL_WORDS:
            raise DirectiveError(
                "HttpProtocolOptions accepts 'Unsafe' or 'Strict' (default), 'RegisteredMethods' or "
                "'LenientMethods' (default), and 'Require1.0' or 'Allow0.9' (default)"
            )
        if word.lower() in ("unsafe", "registeredmethods", "require1.0"):
            raise DirectiveError(f"HttpProtocolOptions {word} is not supported")
    return conf


def set_recursion_limit(conf: CoreServer, args: Args) -> CoreServer:
    """Store how many redirects may follow each other and how deep subrequests go; one number says both."""
    redirects, subrequests = lenient_int(args.word), lenient_int(args.words[-1])
    if redirects <= 0 or subrequests <= 0:
        raise DirectiveError("The recursion limit must be greater than zero.")
    return replace(conf, redirect_limit=redirects, subrequest_limit=subrequests)


_STAGES: Final = frozenset({"handshake", "header", "body"})

LIMIT_DIRECTIVES: Final = (
    Directive(
        "TimeOut",
        _SV,
        Arity.ONE,
        CoreServer,
        store_as("timeout", lenient_duration, ""),
        "How long a client may stall, in seconds or with a unit (ms, s, min, h)",
        "60",
    ),
    Directive(
        "KeepAlive",
        _SV,
        Arity.FLAG,
        CoreServer,
        store_flag("keep_alive"),
        "Whether a connection serves more than one request",
        "On",
    ),
    Directive(
        "KeepAliveTimeout",
        _SV,
        Arity.ONE,
        CoreServer,
        store_as("keep_alive_timeout", duration, "KeepAliveTimeout has wrong format"),
        "How long an idle connection is kept, in seconds or with a unit",
        "5",
    ),
    Directive(
        "MaxKeepAliveRequests",
        _SV,
        Arity.ONE,
        CoreServer,
        store_as("max_keep_alive_requests", lenient_int, ""),
        "How many requests may follow the first on a connection (0: any number)",
        "100",
    ),
    Directive(
        "LimitRequestLine",
        _SV,
        Arity.ONE,
        CoreServer,
        store_as(
            "limit_request_line",
            _non_negative,
            'LimitRequestLine "{word}" must be a non-negative integer',
        ),
        "The longest request line, in bytes",
        "8190",
    ),
    Directive(
        "LimitRequestFields",
        _SV,
        Arity.ONE,
        CoreServer,
        store_as(
            "limit_request_fields",
            _non_negative,
            'LimitRequestFields "{word}" must be a non-negative integer (0 = no limit)',
        ),
        "The most header fields of a request (0: any number)",
        "100",
    ),
    Directive(
        "LimitRequestFieldSize",
        _SV,
        Arity.ONE,
        CoreServer,
        store_as(
            "limit_request_field_size",
            _non_negative,
            'LimitRequestFieldsize "{word}" must be a non-negative integer',
        ),
        "The longest header field, in bytes",
        "8190",
    ),
    Directive(
        "LimitRequestBody",
        Context.SVDH,
        Arity.ONE,
        CoreDir,
        store_as("limit_request_body", _strict_size, "LimitRequestBody requires a non-negative integer."),
        "The longest request body, in bytes (0: any length)",
        "1073741824",
        Override.ANY,
    ),
    Directive(
        "RequestReadTimeout",
        _SV,
        Arity.RAW,
        CoreServer,
        set_read_timeout,
        "How long a client may take to send head and body",
        "handshake=0 header=20-40,MinRate=500 body=20,MinRate=500",
    ),
    Directive(
        "HttpProtocolOptions",
        _SV,
        Arity.ITERATE,
        CoreServer,
        check_protocol_options,
        "how requests are read; only the defaults are supported",
        "Strict LenientMethods Allow0.9",
    ),
    Directive(
        "LimitInternalRecursion",
        _SV,
        Arity.ONE_OR_TWO,
        CoreServer,
        set_recursion_limit,
        "How many internal redirects may follow each other, and how deep subrequests may go",
        "10",
    ),
    _range_limit("MaxRanges", "max_ranges", 200, "How many byte ranges one request may ask for"),
    _range_limit("MaxRangeOverlaps", "max_overlaps", 20, "How many of them may overlap or touch"),
    _range_limit("MaxRangeReversals", "max_reversals", 20, "How many of them may go backwards"),
)
