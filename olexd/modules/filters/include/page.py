"""A page with includes while it is worked through: its variables, formats and open conditions."""

from __future__ import annotations

import os
import pwd
import re
import time
from typing import Final
from urllib.parse import unquote_to_bytes

from olexd.config.core import CoreDir
from olexd.model.cgi_env import add_cgi_vars, add_common_vars
from olexd.model.includes import IncludeError
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.modules.filters.include.settings import IncludeDir
from olexd.modules.filters.include.values import format_time
from olexd.phases.subrequest import INCLUDED

_VARIABLE: Final = re.compile(rb"\\(\$)|\$(?:\{([^}]*)\}|(\w+))", re.ASCII)
_SHELL: Final = re.compile(rb"([&;`'\"|*?~<>^()\[\]{}$\\\n])")


class Page:
    """One page. `printing` tells whether text and elements count just now; `taken` whether a branch did.

    `skipped` is how many conditions are open inside a branch that does not count. `captures` are what the
    parentheses of the last regular expression matched (old expressions only).
    """

    def __init__(self, request: Request) -> None:
        conf = request.conf[IncludeDir]
        self.request = request
        self.error_message = conf.error_message.encode()
        self.undefined_echo = conf.undefined_echo.encode()
        self.time_format = conf.time_format
        self.abbreviates = True
        self.printing = True
        self.taken = True
        self.skipped = 0
        self.captures: tuple[bytes, ...] = ()
        self.no_exec = "includes" not in request.conf[CoreDir].options
        _fill_environment(request)

    def log(self, message: str) -> None:
        """Write into the error log what is wrong with the page."""
        log_request(self.request, message, module="include")

    def error(self, message: str, joint: str = " in ", more: str = "") -> IncludeError:
        """Return an error for the log: `message`, the page's file behind `joint`, and `more`."""
        return IncludeError(f"{message}{joint}{self.request.filename}{more}")

    def variable(self, name: bytes) -> bytes | None:
        """Return a variable's value, None when it is not set."""
        if len(name) == 1 and name.isdigit():
            number = int(name)
            return self.captures[number] if number < len(self.captures) else None
        if name.upper() in _TIMES:
            return self._time(name.upper())
        return self.request.subprocess_env.raw(name)

    def set(self, name: bytes, value: bytes) -> None:
        """Set a variable."""
        self.request.subprocess_env[name] = value

    def expand(self, text: bytes) -> bytes:
        """Return text with `$name` and `${name}` replaced; `\\\\$` is a dollar sign."""
        return _VARIABLE.sub(self._expanded, text) if b"$" in text else text

    def _expanded(self, found: re.Match[bytes]) -> bytes:
        name = found[2] if found[2] is not None else found[3]
        return b"$" if found[1] else self.variable(name) or b""

    def _time(self, name: bytes) -> bytes | None:
        own = self.request.subprocess_env.raw(name)
        if own != name:
            return own
        if name != b"LAST_MODIFIED":
            return format_time(self.time_format, time.time(), gmt=name == b"DATE_GMT")
        page = _outermost(self.request)
        return None if page.stat is None else format_time(self.time_format, page.stat.st_mtime)

    def variables(self) -> list[tuple[bytes, bytes]]:
        """Return all variables with their values, in the order in which they were set."""
        items = self.request.subprocess_env.raw_items()
        return [(name, self.variable(name) or b"" if name in _TIMES else value) for name, value in items]


_TIMES: Final = (b"DATE_LOCAL", b"DATE_GMT", b"LAST_MODIFIED")
"""Variables whose value depends on when and how it is asked for: their own name stands for it."""


def _outermost(request: Request) -> Request:
    return _outermost(request.main) if request.protocol == INCLUDED and request.main is not None else request


def _put(env: Table, name: str, value: str) -> None:
    env[name] = value.encode("utf-8", "surrogateescape")


def _fill_environment(request: Request) -> None:
    """Set the variables that a page begins with; one that is included shares those of the outer page."""
    if request.protocol == INCLUDED and request.main is not None:
        request.subprocess_env_table = request.main.subprocess_env
        if request.args is not None:
            _put_query(request)
        return
    add_common_vars(request)
    add_cgi_vars(request)
    env = request.subprocess_env
    if not request.conf[CoreDir].current_request_uri:
        _put(env, "REQUEST_URI", _outermost_target(request))
    for name in _TIMES:
        env[name] = name
    _put(env, "DOCUMENT_URI", request.uri)
    _put(env, "DOCUMENT_ARGS", request.args or "")
    if request.stat is not None:
        _put(env, "USER_NAME", _user_name(request.stat))
    if request.filename is not None:
        _put(env, "DOCUMENT_NAME", request.filename.rpartition("/")[2])
    if request.args:
        _put_query(request)


def _outermost_target(request: Request) -> str:
    """Return the target that the client asked for, before any redirect."""
    while request.prev is not None:
        request = request.prev
    return request.unparsed_uri


def _put_query(request: Request) -> None:
    env = request.subprocess_env
    args = (request.args or "").encode("utf-8", "surrogateescape")
    env["QUERY_STRING"] = args
    env["QUERY_STRING_UNESCAPED"] = _SHELL.sub(rb"\\\1", unquote_to_bytes(args)).replace(b"\0", b"")


def _user_name(found: os.stat_result) -> str:
    try:
        return pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        return "<unknown>"
