"""A page that shows what a handler sees of its server: `PythonHandler mod_python.testhandler`.

`?view_log=1` shows the last lines of the server's error log. Both tell much, so they are there under
PythonDebug only, and values whose names say that they are secret are left out.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any, Final

from jinja2 import Environment, PackageLoader, select_autoescape

from mod_python import apache, util
from olexd.errorlog import Level
from olexd.errors import ServerReturn
from olexd.model.cgi_env import SERVER_SOFTWARE
from olexd.model.mp_request import mp_request
from olexd.status import FORBIDDEN, OK

__all__ = ["bounded_buffer", "handler", "write_table", "write_tree"]

Rows = list[tuple[str, str]]

LOG_LINES: Final = 100
_LOG_BYTES: Final = 1 << 20
_HIDDEN: Final = "(not shown)"
_SECRET: Final = re.compile(
    r"secret|passw|passphrase|credential|token|authorization|cookie|(api|private)[-_]?key", re.IGNORECASE
)

_template: Final = (
    Environment(loader=PackageLoader("mod_python", "templates"), autoescape=select_autoescape(["html"]))
    .get_template("testhandler.html")
)  # fmt: skip


class bounded_buffer:
    """The last `size` of the values that were appended."""

    def __init__(self, size: int) -> None:
        self.max_size = size
        self.list: list[Any] = []
        self.pos = 0

    def append(self, value: Any) -> None:
        """Add a value; the oldest one goes when there are too many."""
        if len(self.list) < self.max_size:
            self.list.append(value)
        else:
            self.list[self.pos] = value
            self.pos = (self.pos + 1) % self.max_size

    def items(self) -> list[Any]:
        """Return the values, oldest first."""
        return self.list[self.pos :] + self.list[: self.pos]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items())


def handler(req: mp_request) -> int:
    """Send the page, or the end of the error log; return OK. `SERVER_RETURN` (403) without PythonDebug."""
    if req._peek_config().get("PythonDebug") != "1":
        req.log_error("mod_python.testhandler answers under PythonDebug On only", Level.WARNING)
        raise ServerReturn(FORBIDDEN)
    req.form = util.FieldStorage(req)
    if req.form.getfirst("view_log"):
        req.content_type = "text/plain; charset=utf-8"
        req.write(_end_of_log(req.server.error_fname))
        return OK
    req.content_type = "text/html; charset=utf-8"
    req.add_common_vars()
    req.write(_template.render(tables=_tables(req), tree=_tree_text(apache.config_tree(), 0)))
    return OK


def write_table(req: Any, table: Any) -> None:
    """Write a table's names and values as an HTML table."""
    req.write(str(_template.module.table(_rows(table))))  # type: ignore[attr-defined]


def write_tree(req: Any, tree: Iterable[Any], level: int) -> None:
    """Write (a part of) the configuration tree as HTML text, four blanks for each level."""
    req.write(apache.escape(_tree_text(tree, level)))


def _tables(req: mp_request) -> list[tuple[str, Rows]]:
    return [
        ("General information", _general(req)),
        ("Request input headers", _rows(req.headers_in)),
        ("Request environment", _rows(req.subprocess_env)),
        ("Request configuration", _rows(req.get_config())),
        ("Request options", _rows(req.get_options())),
        ("Request notes", _rows(req.notes)),
        ("Server configuration", _rows(req.server.get_config())),
        ("Server options", _rows(req.server.get_options())),
    ]


def _general(req: mp_request) -> Rows:
    return [
        ("Server version", SERVER_SOFTWARE),
        ("Threaded MPM", _threads()),
        ("Forked MPM", _processes()),
        ("Server root", apache.server_root()),
        ("Document root", req.document_root()),
        ("Error log", req.server.error_fname or ""),
        ("Python sys.version", sys.version),
        ("Python sys.path", "\n".join(sys.path)),
        ("Python interpreter name", req.interpreter),
        ("mod_python.publisher available", _availability("mod_python.publisher")),
        ("mod_python.psp available", _availability("mod_python.psp")),
    ]


def _threads() -> str:
    if not apache.mpm_query(apache.AP_MPMQ_IS_THREADED):
        return "No (single thread MPM)"
    return f"Yes, maximum {apache.mpm_query(apache.AP_MPMQ_MAX_THREADS)} threads / process"


def _processes() -> str:
    if not apache.mpm_query(apache.AP_MPMQ_IS_FORKED):
        return "No (single process MPM)"
    return f"Yes, maximum {apache.mpm_query(apache.AP_MPMQ_MAX_DAEMONS)} processes"


def _availability(module: str) -> str:
    return "Yes" if find_spec(module) else "No"


def _rows(table: Any) -> Rows:
    return [(name, _HIDDEN if _SECRET.search(name) else str(value)) for name, value in table.items()]


def _tree_text(tree: Iterable[Any], level: int) -> str:
    parts = []
    for item in tree:
        if isinstance(item, list):
            parts.append(_tree_text(item, level + 1))
        else:
            name, arguments = item
            shown = _without_secret(arguments) if name.lower() == "pythonoption" else arguments
            parts.append(f"{' ' * 4 * level}{name} {shown}".rstrip() + "\n")
    return "".join(parts)


def _without_secret(arguments: str) -> str:
    name, blank, value = arguments.partition(" ")
    return f"{name} {_HIDDEN}" if blank and value and _SECRET.search(name) else arguments


def _end_of_log(path: str | None) -> bytes:
    """Return the last lines of a log; a log that is no file has none to show."""
    lines = bounded_buffer(LOG_LINES)
    try:
        with open(path or "", "rb") as log:
            log.seek(max(os.fstat(log.fileno()).st_size - _LOG_BYTES, 0))
            for line in log:
                lines.append(line)
    except OSError as error:
        return f"The error log {path!r} cannot be shown: {error.strerror}\n".encode()
    return b"".join(lines)
