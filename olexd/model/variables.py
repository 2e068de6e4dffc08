"""What expressions see of a request: its variables, functions and tests (configuration spec 2.8)."""

from __future__ import annotations

import html
import os
import stat
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from olexd.config.core import CoreServer
from olexd.config.errors import DirectiveError
from olexd.errorlog import Level
from olexd.expr import REQUEST, Condition, EvaluationError, ExprError, String, Vocabulary, string
from olexd.expr.functions import subnet
from olexd.model.accounts import group_name, user_name
from olexd.model.cgi_env import SERVER_SOFTWARE, scheme, server_name, server_port
from olexd.model.hosts import known_name
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.networks import contains, parse_address

MAX_FILE: Final = 10 * 1024 * 1024
"""How much `file()` reads of a file, in bytes."""
API_VERSION: Final = "20120211:141"
"""The module interface of the httpd whose language this is."""

HEADER_VARIABLES: Final = {
    "HTTP_ACCEPT": "Accept",
    "HTTP_COOKIE": "Cookie",
    "HTTP_FORWARDED": "Forwarded",
    "HTTP_HOST": "Host",
    "HTTP_PROXY_CONNECTION": "Proxy-Connection",
    "HTTP_REFERER": "Referer",
    "HTTP_USER_AGENT": "User-Agent",
}
"""The request fields that have a variable of their own."""


def _context_prefix(request: Request) -> str:
    return _note(request, "CONTEXT_PREFIX")


def _note(request: Request, name: str) -> str:
    table = request.notes_table
    return "" if table is None else table.get(name) or ""


def _context_root(request: Request) -> str:
    return _note(request, "CONTEXT_DOCUMENT_ROOT") or request.host.server[CoreServer].document_root


def _on_off(value: bool) -> str:
    return "on" if value else "off"


def _modified(request: Request) -> str:
    modified = 0.0 if request.stat is None else request.stat.st_mtime
    return time.strftime("%Y%m%d%H%M%S", time.localtime(modified))


def _version(request: Request, part: int) -> str:
    return str(divmod(request.proto_num, 1000)[part])


_VARIABLES: Final[dict[str, Callable[[Request], str | None]]] = {
    "REQUEST_METHOD": lambda request: request.method,
    "REQUEST_SCHEME": scheme,
    "REQUEST_URI": lambda request: request.uri,
    "REQUEST_FILENAME": lambda request: request.filename,
    "SCRIPT_FILENAME": lambda request: request.filename,
    "DOCUMENT_ROOT": lambda request: request.host.server[CoreServer].document_root,
    "DOCUMENT_URI": lambda request: request.uri,
    "PATH_INFO": lambda request: request.path_info,
    "QUERY_STRING": lambda request: request.args,
    "THE_REQUEST": lambda request: request.the_request,
    "REQUEST_STATUS": lambda request: str(request.status),
    "HANDLER": lambda request: request.handler,
    "CONTENT_TYPE": lambda request: request.content_type,
    "IS_SUBREQ": lambda request: "false" if request.main is None else "true",
    "LAST_MODIFIED": _modified,
    "CONTEXT_PREFIX": _context_prefix,
    "CONTEXT_DOCUMENT_ROOT": _context_root,
    "REMOTE_ADDR": lambda request: request.client_ip,
    "REMOTE_PORT": lambda request: str(request.connection.peer[1]),
    "REMOTE_HOST": lambda request: known_name(request) or request.client_ip,
    "REMOTE_USER": lambda request: request.user,
    "AUTH_TYPE": lambda request: request.ap_auth_type,
    "SERVER_NAME": server_name,
    "SERVER_PORT": lambda request: str(server_port(request)),
    "SERVER_ADMIN": lambda request: request.host.server[CoreServer].server_admin,
    "SERVER_PROTOCOL": lambda request: request.protocol,
    "SERVER_PROTOCOL_VERSION": lambda request: str(request.proto_num),
    "SERVER_PROTOCOL_VERSION_MAJOR": lambda request: _version(request, 0),
    "SERVER_PROTOCOL_VERSION_MINOR": lambda request: _version(request, 1),
    "SCRIPT_USER": lambda request: None if request.stat is None else user_name(request.stat.st_uid),
    "SCRIPT_GROUP": lambda request: None if request.stat is None else group_name(request.stat.st_gid),
    "REQUEST_LOG_ID": lambda request: request.log_id,
    "HTTPS": lambda request: _on_off(request.connection.secure),
    "IPV6": lambda request: _on_off(":" in request.connection.peer[0]),
    "CONN_REMOTE_ADDR": lambda request: request.connection.peer[0],
    "HTTP2": lambda request: "off",
    "H2PUSH": lambda request: "off",
    "SERVER_SOFTWARE": lambda request: SERVER_SOFTWARE,
    "API_VERSION": lambda request: API_VERSION,
}

_TIMES: Final = {
    "TIME": "%Y%m%d%H%M%S",
    "TIME_YEAR": "%Y",
    "TIME_MON": "%m",
    "TIME_DAY": "%d",
    "TIME_HOUR": "%H",
    "TIME_MIN": "%M",
    "TIME_SEC": "%S",
    "TIME_WDAY": "%w",
}


def _file_test(path: str, test: Callable[[os.stat_result], bool], links: bool = False) -> bool:
    try:
        return test(os.lstat(path) if links else os.stat(path))
    except (OSError, ValueError):
        return False


_TESTS: Final[dict[str, Callable[[str], bool]]] = {
    "d": lambda path: _file_test(path, lambda found: stat.S_ISDIR(found.st_mode)),
    "e": lambda path: _file_test(path, lambda found: True),
    "f": lambda path: _file_test(path, lambda found: stat.S_ISREG(found.st_mode)),
    "s": lambda path: _file_test(path, lambda found: stat.S_ISREG(found.st_mode) and found.st_size > 0),
    "L": lambda path: _file_test(path, lambda found: stat.S_ISLNK(found.st_mode), True),
    "h": lambda path: _file_test(path, lambda found: stat.S_ISLNK(found.st_mode), True),
    "x": lambda path: _file_test(path, lambda found: bool(found.st_mode & 0o111)),
}


class RequestVariables:
    """The provider of expressions about a request.

    A request header that is asked for joins the response's Vary field, unless `varies` is off.
    """

    def __init__(self, request: Request, varies: bool = True) -> None:
        self._request = request
        self._varies = varies

    def holds(self, condition: Condition) -> bool:
        """Return whether a condition holds; one that cannot be evaluated is logged and does not."""
        return self.match(condition) is not None

    def match(self, condition: Condition) -> tuple[str, ...] | None:
        """Return what the condition's last regular expression caught, None where it does not hold."""
        try:
            return condition.match(self)
        except EvaluationError as error:
            self._log_failure(condition.text, error)
            return None

    def text(self, expression: String) -> str:
        """Return what a string expression yields; "" for one that cannot be evaluated, which is logged."""
        try:
            return expression.evaluate(self)
        except EvaluationError as error:
            self._log_failure(expression.text, error)
            return ""

    def _log_failure(self, text: str, error: EvaluationError) -> None:
        log_request(self._request, f"AH03298: Evaluation of '{text}' failed: {error}", Level.ERR, "core")

    # The provider

    def variable(self, name: str) -> str:
        """Return the value of a variable (name in upper case), "" when it has none."""
        header = HEADER_VARIABLES.get(name)
        if header is not None:
            return self._header(header) or ""
        form = _TIMES.get(name)
        if form is not None:
            return time.strftime(form, time.localtime())
        found = _VARIABLES.get(name)
        if found is None:
            tls = self._request.connection.tls
            return "" if tls is None else tls.variable(name)
        return found(self._request) or ""

    def function(self, name: str, argument: str) -> str:
        """Return what a function of the request yields, "" for nothing."""
        return _FUNCTIONS[name](self, argument) or ""

    def test(self, operator: str, argument: str) -> bool:
        """Return whether a test of the request or of a file holds."""
        if operator == "R":
            address = parse_address(self._request.client_ip)
            return address is not None and contains(subnet(argument), address)
        found = _TESTS.get(operator)
        if found is None:
            raise EvaluationError(f"-{operator} would need a subrequest, which conditions cannot make here")
        return found(argument)

    # Functions

    def _header(self, name: str) -> str | None:
        if self._varies and name.lower() != "host":
            self._vary(name)
        value: str | None = self._request.headers_in.get(name)
        return value

    def _vary(self, name: str) -> None:
        headers = self._request.headers_out
        present = headers.get("Vary")
        if present is None:
            headers["Vary"] = name
        elif name.lower() not in [word.strip().lower() for word in present.split(",")]:
            headers["Vary"] = f"{present},{name}"

    def _response_header(self, name: str) -> str | None:
        for table in (self._request.err_headers_out_table, self._request.headers_out_table):
            if table is not None and (value := table.get(name)) is not None:
                return str(value)
        return None

    def _environment(self, name: str) -> str | None:
        table = self._request.subprocess_env_table
        value: str | None = None if table is None else table.get(name)
        return value

    def _env_or_note(self, name: str) -> str | None:
        return _note(self._request, name) or self._environment(name) or os.environ.get(name)

    def _file(self, path: str) -> str:
        try:
            with open(path, "rb") as file:
                return file.read(MAX_FILE).decode("utf-8", "surrogateescape")
        except (OSError, ValueError) as error:
            raise EvaluationError(f"cannot read file {path}: {error}") from None

    def _filesize(self, path: str) -> str:
        try:
            return str(os.stat(path).st_size)
        except (OSError, ValueError):
            return "0"


_FUNCTIONS: Final[dict[str, Callable[[RequestVariables, str], str | None]]] = {
    "req": RequestVariables._header,
    "http": RequestVariables._header,
    "req_novary": lambda provider, name: provider._request.headers_in.get(name),
    "resp": RequestVariables._response_header,
    "reqenv": RequestVariables._environment,
    "env": RequestVariables._env_or_note,
    "note": lambda provider, name: _note(provider._request, name),
    "osenv": lambda provider, name: os.environ.get(name),
    "file": RequestVariables._file,
    "filesize": RequestVariables._filesize,
}


class HtmlVariables(RequestVariables):
    """The same for text that is put into a page: what came from a client must not become markup."""

    def variable(self, name: str) -> str:
        """Return the escaped value of a variable."""
        return html.escape(super().variable(name))

    def function(self, name: str, argument: str) -> str:
        """Return what a function yields, escaped."""
        return html.escape(super().function(name, argument))


@lru_cache(maxsize=1024)
def _compiled(text: str) -> String:
    return string(text, REQUEST)


def check_text(text: str, vocabulary: Vocabulary) -> str:
    """Return a directive's value, in which `%{}` may use `vocabulary`. Raises DirectiveError."""
    if "%{" in text:
        try:
            string(text, vocabulary)
        except ExprError as error:
            raise DirectiveError(f"Cannot parse expression '{text}': {error}") from None
    return text


def fill_in(text: str, request: Request, escaped: bool = False) -> str:
    """Return such a value with what `%{}` stands for in it, if wanted `escaped` for a page."""
    if "%{" not in text:
        return text
    kind = HtmlVariables if escaped else RequestVariables
    return kind(request, varies=False).text(_compiled(text))
