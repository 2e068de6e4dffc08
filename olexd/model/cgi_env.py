"""The CGI environment of a request (core spec 3.8)."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from olexd.config.core import CoreDir, CoreServer
from olexd.model.hosts import known_name
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.uri import construct_url, with_query

Variables = dict[str, str | None]
"""Variables by name: bytes as Latin-1 characters, as WSGI has it, or None."""

_PLAIN_NAME: Final = re.compile(b"[A-Za-z0-9-]+")
_OWN_NAMES: Final = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
_CREDENTIALS: Final = {
    b"authorization": "HTTP_AUTHORIZATION",
    b"proxy-authorization": "HTTP_PROXY_AUTHORIZATION",
}
_KEPT_BACK: Final = frozenset({*_CREDENTIALS, b"proxy"})
_MAX_KNOWN: Final = 64
"""How many ways to name the server are remembered."""
_PATH: Final = os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin")
MOD_PYTHON_VERSION: Final = "3.5.0"
"""The version of mod_python whose behaviour this is."""
SERVER_SOFTWARE: Final = f"olexd mod_python/{MOD_PYTHON_VERSION} Python/{platform.python_version()}"


def is_https(record: Request) -> bool:
    """Return whether the client spoke TLS, with this server or with a trusted proxy in front."""
    return record.connection.secure or record.forwarded_secure


def scheme(record: Request) -> str:
    """Return `https` where the client spoke TLS, else what ServerName says, `http` if nothing."""
    return "https" if is_https(record) else record.host.scheme or "http"


def _is_canonical(record: Request) -> bool:
    return record.conf[CoreDir].use_canonical_name == "on"


def called_name(record: Request) -> str:
    """Return the name the client used for this server, or the configured one (UseCanonicalName)."""
    return record.host.name if _is_canonical(record) else record.hostname or record.host.name


def server_name(record: Request) -> str:
    """Return `called_name()` as URLs have it: an IPv6 address in brackets."""
    name = called_name(record)
    return f"[{name}]" if ":" in name and name[0] != "[" else name


def configured_port(record: Request) -> int:
    """Return the port of ServerName, else the scheme's own."""
    return record.host.port or (443 if scheme(record) == "https" else 80)


def server_port(record: Request) -> int:
    """Return the port the client named, else that of ServerName, else the scheme's own.

    With UseCanonicalPhysicalPort the real port comes before the scheme's own and, unless the name is to be
    the configured one, before that of ServerName.
    """
    physical = record.connection.local[1] if record.conf[CoreDir].physical_port else 0
    if _is_canonical(record):
        return record.host.port or physical or configured_port(record)
    return record.port_in_host or physical or configured_port(record)


def own_url(record: Request, path: str) -> str:
    """Return an absolute URL of this server as the client calls it; `path` is escaped already."""
    return construct_url(scheme(record), server_name(record), server_port(record), path)


@lru_cache(512)
def _header_variable(name: bytes) -> str | None:
    """Return the variable for a header field, None for one that programs are not told of."""
    lower = name.lower()
    if lower in _OWN_NAMES:
        return _OWN_NAMES[lower]
    if lower in _KEPT_BACK or not _PLAIN_NAME.fullmatch(name):
        return None
    return "HTTP_" + name.decode("ascii").upper().replace("-", "_")


def _header_lines(record: Request) -> Sequence[tuple[bytes, bytes]]:
    """Return the request's fields as they are now: handlers may have changed the table."""
    table = record.headers_in_table
    return record.header_lines if table is None else table.raw_items()


def _add_headers(env: Variables, record: Request) -> None:
    passes_credentials = record.conf[CoreDir].pass_credentials
    for name, value in _header_lines(record):
        variable = _header_variable(name)
        if variable is None and passes_credentials:
            variable = _CREDENTIALS.get(name.lower())
        if variable is not None:
            text = value.decode("latin-1")
            env[variable] = f"{env[variable]}, {text}" if variable in env else text


def authorization(record: Request) -> str | None:
    """Return the Authorization field, its bytes as Latin-1; None without one."""
    for name, value in _header_lines(record):
        if len(name) == 13 and name.lower() == b"authorization":
            return value.decode("latin-1")
    return None


def as_bytes_text(text: str) -> str:
    """Return a text's bytes (UTF-8) as Latin-1 characters."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def path_as_bytes_text(record: Request, path: str) -> str:
    """Return (a part of) the request's path as its bytes, which need not be UTF-8, as Latin-1 characters."""
    if path.isascii():
        return path
    try:
        unquote_to_bytes(record.unparsed_uri.partition("?")[0]).decode()
    except UnicodeDecodeError:
        # Then the path was read as Latin-1 in the first place.
        return path
    return as_bytes_text(path)


def common_variables(record: Request) -> Variables:
    """Return what every CGI-like program gets; SCRIPT_FILENAME is None where there is no file."""
    env: Variables = {}
    _add_common(env, record)
    return env


def _add_common(env: Variables, record: Request) -> None:
    _add_headers(env, record)
    env |= _server_variables(record)
    if record.connection.host_name is not None and (name := known_name(record)) is not None:
        _add_client_name(env, name)
    env["REMOTE_ADDR"] = record.client_ip
    env["REMOTE_PORT"] = str(record.connection.peer[1])
    if record.notes_table is not None:
        env |= _context_variables(record.notes_table)
    env["SCRIPT_FILENAME"] = record.filename and as_bytes_text(record.filename)
    if record.user is not None:
        env |= _user_variables(record.user, record.ap_auth_type)
    if record.prev is not None:
        env |= _redirect_variables(record.prev, record.conf[CoreDir].qualify_redirect_url)


def _add_client_name(env: Variables, name: str) -> None:
    """Put the client's name where httpd has it, before its address."""
    names = list(env)
    behind = {key: env.pop(key) for key in names[names.index("REMOTE_ADDR") :]}
    env["REMOTE_HOST"] = name
    env |= behind


def _context_variables(notes: Table) -> Variables:
    """Return what an alias noted of itself."""
    names = ("CONTEXT_PREFIX", "CONTEXT_DOCUMENT_ROOT")
    return {name: as_bytes_text(value) for name in names if (value := notes.get(name)) is not None}


def _server_variables(record: Request) -> Variables:
    """Return what is the same for all requests that name the server so, and came in so: made once.

    What differs stands there too: so the variables come in httpd's order.
    """
    connection = record.connection
    key = (record.hostname, record.port_in_host, is_https(record), connection.local)
    known: dict[Any, Variables] = record.conf.__dict__.setdefault("server_variables", {})
    variables = known.get(key)
    if variables is None:
        if len(known) >= _MAX_KNOWN:
            # Clients may make names up.
            known.clear()
        variables = known[key] = _make_server_variables(record)
    return variables


def _make_server_variables(record: Request) -> Variables:
    core = record.host.server[CoreServer]
    variables: Variables = {
        "PATH": _PATH,
        "SERVER_SIGNATURE": "",
        "SERVER_SOFTWARE": SERVER_SOFTWARE,
        "SERVER_NAME": as_bytes_text(server_name(record)),
        "SERVER_ADDR": record.connection.local[0],
        "SERVER_PORT": str(server_port(record)),
        "REMOTE_ADDR": "",
        "DOCUMENT_ROOT": as_bytes_text(core.document_root),
        "REQUEST_SCHEME": scheme(record),
        "CONTEXT_PREFIX": "",
        "CONTEXT_DOCUMENT_ROOT": as_bytes_text(core.document_root),
        "SERVER_ADMIN": as_bytes_text(core.server_admin),
        "SCRIPT_FILENAME": "",
        "REMOTE_PORT": "",
    }
    return variables | {"HTTPS": "on"} if is_https(record) else variables


def cgi_variables(record: Request) -> Variables:
    """Return the CGI variables and the common ones, which see."""
    env: Variables = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": record.protocol,
        "REQUEST_METHOD": record.method,
        "QUERY_STRING": as_bytes_text(record.args or ""),
        "REQUEST_URI": path_as_bytes_text(record, record.uri),
        "SCRIPT_NAME": path_as_bytes_text(record, script_name(record)),
    }
    if record.path_info:
        env["PATH_INFO"] = path_as_bytes_text(record, record.path_info)
    _add_common(env, record)
    return env


def add_common_vars(record: Request) -> None:
    """Fill `subprocess_env` with what every CGI-like program gets."""
    record.subprocess_env.put_variables(common_variables(record))


def add_cgi_vars(record: Request) -> None:
    """Fill `subprocess_env` with the CGI variables, then with the common ones."""
    env = record.subprocess_env
    env.put_variables(cgi_variables(record))
    if not record.path_info:
        del env["PATH_INFO"]


def _user_variables(user: str, kind: str | None) -> Variables:
    named: Variables = {"REMOTE_USER": as_bytes_text(user)}
    return named if kind is None else {**named, "AUTH_TYPE": kind}


def _redirect_variables(before: Request, qualified: bool) -> Variables:
    query = {} if before.args is None else {"REDIRECT_QUERY_STRING": as_bytes_text(before.args)}
    url = with_query(own_url(before, before.uri), before.args or None) if qualified else before.uri
    return {"REDIRECT_URL": as_bytes_text(url), **query}


def script_name(record: Request) -> str:
    """Return the part of the URL path that leads to the script, without the path info.

    Where rules have changed the path info, without the segments at the end that both have in common.
    """
    uri, info = record.uri, record.path_info
    if not info:
        return uri
    if uri.endswith(info):
        return uri[: -len(info)]
    pairs = enumerate(zip(reversed(uri), reversed(info), strict=False))
    common = next((number for number, (one, other) in pairs if one != other), min(len(uri), len(info)))
    end = uri.find("/", max(len(uri) - common - 1, 0))
    return uri if end < 0 else uri[:end]
