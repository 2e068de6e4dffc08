"""What the toolkit modules need of a request; `mp_request` has it all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from olexd.model.table import Table
from olexd.uri import decode_text


class Hlist(Protocol):
    """The handler entry that is running."""

    @property
    def directory(self) -> str | None:
        """The directory it was configured in, with a trailing slash, or None."""
        ...

    @property
    def is_location(self) -> int | None:
        """Whether it was configured in a Location."""
        ...


class Request(Protocol):
    """The part of `mp_request` that the toolkit uses. Handlers may set further attributes on it."""

    status: int
    content_type: str | None
    filename: str | None

    @property
    def method(self) -> str: ...
    @property
    def uri(self) -> str: ...
    @property
    def args(self) -> str | None: ...
    @property
    def main(self) -> Any: ...
    @property
    def prev(self) -> Any: ...
    @property
    def sent_bodyct(self) -> int: ...
    @property
    def hlist(self) -> Hlist | None: ...
    @property
    def headers_in(self) -> Table: ...
    @property
    def headers_out(self) -> Table: ...
    @property
    def err_headers_out(self) -> Table: ...

    def read(self, length: int = -1, /) -> bytes: ...
    def write(self, text: str | bytes, flush: int = 1, /) -> None: ...
    def flush(self) -> None: ...
    def log_error(self, message: str, level: int = 3, /) -> None: ...
    def register_cleanup(self, function: Callable[[Any], object], data: Any = None, /) -> None: ...
    def get_options(self) -> Any: ...
    def _peek_options(self) -> Any: ...
    def _option(self, names: tuple[str, ...], /) -> str | None: ...
    def get_config(self) -> Any: ...
    def document_root(self) -> str: ...
    def is_https(self) -> int: ...


def option(req: Request, *names: str) -> str | None:
    """Return the first PythonOption of `names` that is set, or None."""
    return req._option(names)


def cookie_header(req: Request) -> str | None:
    """Return the Cookie header; of several lines, which fronts make of HTTP/2, as one line would have it.

    The table of headers joins lines by a comma, which may be part of a cookie's value.
    """
    record = getattr(req, "_record", None)
    values = [] if record is None else record.sent_values(b"cookie")
    if record is not None and record.headers_in_table is None:
        # Nobody has changed what came: the table need not be made for it.
        return "; ".join([decode_text(value) for value in values]) if values else None
    header: str | None = req.headers_in.get("Cookie")
    if len(values) < 2:
        return header
    texts = [decode_text(value) for value in values]
    return "; ".join(texts) if ", ".join(texts) == header else header
