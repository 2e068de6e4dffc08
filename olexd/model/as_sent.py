"""What a request says of its response once that is sent, for those who look back (core spec 1.1)."""

from __future__ import annotations

from typing import Final

from olexd.model.request import Request
from olexd.model.table import Table

_OF_THE_SERVER: Final = frozenset({"date", "server"})


def show_as_sent(request: Request) -> None:
    """Have the status line and `headers_out` say what was sent, as in httpd: log handlers read it there.

    What stood in `err_headers_out` stands in `headers_out` then.
    """
    head = request.output.head
    if not head:
        return
    line, *fields = head[:-4].decode("latin-1").split("\r\n")
    request.status_line = line.partition(" ")[2]
    request.err_headers_out.clear()
    _fill(request.headers_out, fields)
    request.clength = int(request.headers_out.get("Content-Length") or 0)


def _fill(table: Table, fields: list[str]) -> None:
    table.clear()
    for field in fields:
        name, _, value = field.partition(": ")
        if name.lower() not in _OF_THE_SERVER:
            table.add(name, value.encode("latin-1"))
