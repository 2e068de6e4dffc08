"""The names that expressions may use, and what gives them a meaning (configuration spec 2.8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol


class ExprError(ValueError):
    """An expression cannot be read; the text says why, in httpd's words where httpd has some."""


class EvaluationError(Exception):
    """An expression cannot be evaluated for a request; it then counts as false."""


class Provider(Protocol):
    """What an expression is about, normally a request. Methods may raise EvaluationError."""

    def variable(self, name: str) -> str:
        """Return the value of a variable (name in upper case), "" when it has none."""
        ...

    def function(self, name: str, argument: str) -> str:
        """Return what one of the vocabulary's functions yields, "" for nothing."""
        ...

    def test(self, operator: str, argument: str) -> bool:
        """Return whether a test (`-d`, `-R`, ...) holds for `argument`."""
        ...


_VARIABLES: Final = """
    HTTP_ACCEPT HTTP_COOKIE HTTP_FORWARDED HTTP_HOST HTTP_PROXY_CONNECTION HTTP_REFERER HTTP_USER_AGENT
    REQUEST_METHOD REQUEST_SCHEME REQUEST_URI REQUEST_FILENAME DOCUMENT_ROOT DOCUMENT_URI SCRIPT_FILENAME
    PATH_INFO QUERY_STRING THE_REQUEST REQUEST_STATUS HANDLER CONTENT_TYPE IS_SUBREQ LAST_MODIFIED
    CONTEXT_PREFIX CONTEXT_DOCUMENT_ROOT REMOTE_ADDR REMOTE_PORT REMOTE_HOST REMOTE_USER REMOTE_IDENT
    AUTH_TYPE SERVER_NAME SERVER_PORT SERVER_ADMIN SERVER_PROTOCOL SERVER_PROTOCOL_VERSION
    SERVER_PROTOCOL_VERSION_MAJOR SERVER_PROTOCOL_VERSION_MINOR SCRIPT_USER SCRIPT_GROUP REQUEST_LOG_ID
    HTTPS IPV6 CONN_LOG_ID CONN_REMOTE_ADDR HTTP2 H2PUSH
    TIME TIME_YEAR TIME_MON TIME_DAY TIME_HOUR TIME_MIN TIME_SEC TIME_WDAY SERVER_SOFTWARE API_VERSION"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The variables (upper case), functions (lower case) and one-letter tests that a provider knows.

    Those that are `withheld` are refused, by a message of their own, where an expression is read.
    """

    variables: frozenset[str]
    functions: frozenset[str]
    tests: frozenset[str]
    withheld: frozenset[str] = frozenset()

    def has_variable(self, name: str) -> bool:
        """Return whether there is a variable of this name (upper case); those of TLS are not listed."""
        return name in self.variables or name.startswith("SSL_")

    def check_access(self, name: str, shown: str) -> None:
        """Raise ExprError if a function or test is withheld; `shown` is how the message names it."""
        if name in self.withheld:
            raise ExprError(f"{shown} not available in restricted context")


REQUEST: Final = Vocabulary(
    frozenset(_VARIABLES.split()),
    frozenset(
        {"req", "http", "req_novary", "resp", "reqenv", "env", "note", "osenv", "file", "filesize"},
    ),
    frozenset("RdefsLhxUFA"),
)
"""What a request knows."""

OF_HTACCESS: Final = replace(REQUEST, withheld=frozenset({"file", "filesize"}))
"""What .htaccess files may use: whoever may write one reads no files as the server by it."""

OF_PAGES: Final = replace(REQUEST, withheld=OF_HTACCESS.withheld | frozenset("defhLsx"))
"""What pages with server-side includes may use: they learn nothing of files."""
