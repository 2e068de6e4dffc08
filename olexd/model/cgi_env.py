"""The CGI environment of a request (core spec 3.8)."""

from __future__ import annotations

import os
import platform
import re
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.model.request import Request
from olexd.model.table import Table

_PLAIN_NAME: Final = re.compile("[A-Za-z0-9-]+")
_KEPT_BACK: Final = frozenset({"authorization", "proxy-authorization", "proxy"})
MOD_PYTHON_VERSION: Final = "3.5.0"
"""The version of mod_python whose behaviour this is."""
SERVER_SOFTWARE: Final = f"olexd mod_python/{MOD_PYTHON_VERSION} Python/{platform.python_version()}"


def is_https(record: Request) -> bool:
    """Return whether the client spoke TLS, with this server or with a trusted proxy in front."""
    return record.connection.secure or record.forwarded_secure


def scheme(record: Request) -> str:
    """Return `https` or `http`."""
    return "https" if is_https(record) else "http"


def _is_canonical(record: Request) -> bool:
    return record.conf[CoreDir].use_canonical_name == "on"


def server_name(record: Request) -> str:
    """Return the name the client used for this server, or the configured one (UseCanonicalName)."""
    return record.host.name if _is_canonical(record) else record.hostname or record.host.name


def server_port(record: Request) -> int:
    """Return the port the client named, else that of ServerName, else the real or the scheme's own."""
    named = None if _is_canonical(record) else record.port_in_host
    physical = record.connection.local[1] if record.conf[CoreDir].physical_port else 0
    return named or record.host.port or physical or (443 if is_https(record) else 80)


def _header_variables(record: Request, env: Table) -> None:
    for name, value in record.headers_in.items():
        lower = name.lower()
        if lower == "content-type":
            env["CONTENT_TYPE"] = value.encode()
        elif lower == "content-length":
            env["CONTENT_LENGTH"] = value.encode()
        elif lower not in _KEPT_BACK and _PLAIN_NAME.fullmatch(name):
            env["HTTP_" + name.upper().replace("-", "_")] = value.encode()


def add_common_vars(record: Request) -> None:
    """Fill `subprocess_env` with what every CGI-like program gets."""
    env = record.subprocess_env
    core = record.host.server[CoreServer]
    _header_variables(record, env)
    if is_https(record):
        env["HTTPS"] = "on"
    values: dict[str, str | None] = {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "SERVER_SIGNATURE": "",
        "SERVER_SOFTWARE": SERVER_SOFTWARE,
        "SERVER_NAME": server_name(record),
        "SERVER_ADDR": record.connection.local[0],
        "SERVER_PORT": str(server_port(record)),
        "REMOTE_ADDR": record.client_ip,
        "DOCUMENT_ROOT": core.document_root,
        "REQUEST_SCHEME": scheme(record),
        "CONTEXT_PREFIX": "",
        "CONTEXT_DOCUMENT_ROOT": core.document_root,
        "SERVER_ADMIN": core.server_admin,
        "SCRIPT_FILENAME": record.filename,
        "REMOTE_PORT": str(record.connection.peer[1]),
        **_user_variables(record),
        **_redirect_variables(record),
    }
    for name, value in values.items():
        put(env, name, value)


def _user_variables(record: Request) -> dict[str, str | None]:
    if record.user is None:
        return {}
    kind = {} if record.ap_auth_type is None else {"AUTH_TYPE": record.ap_auth_type}
    return {"REMOTE_USER": record.user, **kind}


def _redirect_variables(record: Request) -> dict[str, str | None]:
    if record.prev is None:
        return {}
    query = {} if record.prev.args is None else {"REDIRECT_QUERY_STRING": record.prev.args}
    return {"REDIRECT_URL": record.prev.uri, **query}


def put(env: Table, name: str, value: str | None) -> None:
    """Store a variable, text in UTF-8; None is noted as None."""
    if value is None:
        env.put_none(name)
    else:
        env[name] = value.encode("utf-8", "surrogateescape")


def add_cgi_vars(record: Request) -> None:
    """Fill `subprocess_env` with the CGI variables, then with the common ones."""
    env = record.subprocess_env
    put(env, "GATEWAY_INTERFACE", "CGI/1.1")
    put(env, "SERVER_PROTOCOL", record.protocol)
    put(env, "REQUEST_METHOD", record.method)
    put(env, "QUERY_STRING", record.args or "")
    put(env, "REQUEST_URI", record.uri)
    put(env, "SCRIPT_NAME", script_name(record))
    if record.path_info:
        put(env, "PATH_INFO", record.path_info)
    else:
        del env["PATH_INFO"]
    add_common_vars(record)


def script_name(record: Request) -> str:
    """Return the part of the URL path that leads to the script, without the path info."""
    info = record.path_info
    if info and record.uri.endswith(info):
        return record.uri[: -len(info)]
    return record.uri
