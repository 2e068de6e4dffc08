"""WSGI over a request: the environment and `start_response` (PEP 3333; core spec 3.4, toolkit spec 6.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from wsgiref.util import FileWrapper

from olexd.config.core import ProcessSettings
from olexd.errorlog import Level
from olexd.model.cgi_env import authorization, cgi_variables
from olexd.model.logging import log_request
from olexd.model.request import Request

if TYPE_CHECKING:
    from olexd.model.mp_request import mp_request

BASE_OPTION: Final = "mod_python.wsgi.base_uri"

_FIXED: Final = {
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": None,
    "wsgi.input_terminated": True,
    "wsgi.errors": None,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    "wsgi.file_wrapper": FileWrapper,
}
"""What is the same for every call, and room for the rest."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType]
Write = Callable[..., None]

_CONTENT_TYPE: Final = ("content-type", b"content-type")
_STATUS: Final = re.compile(r"([1-5][0-9][0-9])(?![0-9])")


class ErrorStream:
    """`wsgi.errors`: each line that is written becomes an entry of the request's error log."""

    __slots__ = ("_line", "_record")

    def __init__(self, record: Request) -> None:
        self._record = record
        self._line = ""

    def write(self, text: str) -> int:
        """Log the lines that are complete; return the number of characters."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._log(line)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of `lines`."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Log what is left of a line."""
        line, self._line = self._line, ""
        if line:
            self._log(line)

    def _log(self, line: str) -> None:
        log_request(self._record, line.removesuffix("\r"), Level.ERR, "wsgi")


def _base(req: mp_request) -> str:
    """Return the URL prefix of the application: as configured, else the Location it stands in."""
    base = req._peek_options().get(BASE_OPTION)
    if base:
        if base.endswith("/"):
            raise ValueError(f"PythonOption '{BASE_OPTION}' ('{base}') must not end with '/'")
        return str(base)
    entry = None if req._hlist is None else req._hlist._entry
    return (entry.directory or "").rstrip("/") if entry is not None and entry.is_location else ""


def build_environment(req: mp_request) -> dict[str, Any] | None:
    """Return the environment of a WSGI call; None when the URL is not below the application's base.

    Sets `req.path_info`. Raises ValueError when the configured base ends with a slash.
    """
    record = req._record
    base = _base(req)
    if record.uri != base and not record.uri.startswith(base + "/"):
        return None
    record.path_info = record.uri[len(base) :]
    record.wsgi_started = False
    env = _variables(record)
    if not record.path_info:
        env["PATH_INFO"] = ""
    env |= _FIXED
    # A trusted proxy in front may have said that its client spoke TLS.
    env["wsgi.url_scheme"] = "http" if env.get("HTTPS", "off") == "off" else "https"
    env["wsgi.input"] = req
    env["wsgi.errors"] = ErrorStream(record)
    env["wsgi.multiprocess"] = record.connection.config.main.server[ProcessSettings].server_limit > 1
    return env


def _variables(record: Request) -> dict[str, Any]:
    """Return the CGI variables over those that the configuration and handlers set."""
    table = record.subprocess_env_table
    record.cgi_variables = variables = cgi_variables(record)
    env: dict[str, Any] = variables.copy()
    if table is not None:
        env = {name.decode("latin-1"): value.decode("latin-1") for name, value in table.raw_items()}
        env |= variables
    if record.filename is None:
        del env["SCRIPT_FILENAME"]
    if (credentials := authorization(record)) is not None:
        env["HTTP_AUTHORIZATION"] = credentials
    return env


def _wrong_header(header: object) -> TypeError:
    """Return what to say of a header that is not a tuple of two texts."""
    if type(header) is not tuple:
        return TypeError(f"each header must be a tuple, not a '{type(header).__name__}'")
    if len(header) != 2:
        return TypeError(f"each header must have two items, not {len(header)}")
    name, value = header
    if not isinstance(name, (str, bytes)):
        return TypeError(f"header names must be strings, not '{type(name).__name__}'")
    return TypeError(f"header values must be strings, not '{type(value).__name__}'")


def start_response(req: mp_request, status: str, headers: list[Any], exc_info: ExcInfo | None) -> Write:
    """Set status and headers; return `req.write`.

    With `exc_info` the headers replace earlier ones; when those are sent already it is raised. Raises
    TypeError for wrong types, ValueError for a status outside 100-599, AssertionError for a second call
    without `exc_info` and for one that comes after the head was sent.
    """
    record = req._record
    if not isinstance(status, str):
        raise TypeError(f"wsgi_start_response() argument 1 must be str, not {type(status).__name__}")
    if not isinstance(headers, list):
        raise TypeError(f"headers argument must be a list, not a '{type(headers).__name__}'")
    for header in headers:
        if not (
            type(header) is tuple
            and len(header) == 2
            and isinstance(header[0], (str, bytes))
            and isinstance(header[1], (str, bytes))
        ):
            raise _wrong_header(header)
    number = _status_number(status)
    _begin(record, exc_info)
    record.status = number
    record.status_line = status
    add = record.headers_out.add
    for name, value in headers:
        add(name, value)
        if len(name) == 12 and name.lower() in _CONTENT_TYPE:
            # It has a place of its own beside the response's headers.
            req.content_type = value
    return req.write


@lru_cache(256)
def _status_number(line: str) -> int:
    """Return a status line's number. Raises ValueError for one outside 100-599."""
    number = _STATUS.match(line)
    if number is None:
        raise ValueError(f"Invalid status line: {line}")
    return int(number.group(1))


def _begin(record: Request, exc_info: ExcInfo | None) -> None:
    """Let a response begin, once; one that replaces an earlier one takes back its headers and its body."""
    if exc_info:
        if record.output.committed:
            raise exc_info[1].with_traceback(exc_info[2])
        record.headers_out.clear()
        record.output.discard()
    elif record.wsgi_started:
        raise AssertionError("start_response() was called twice, and without exc_info")
    elif record.output.committed:
        raise AssertionError("start_response() was called after the response's head was sent")
    record.wsgi_started = True
