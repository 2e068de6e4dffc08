"""A request for the toolkit modules: real tables, a body in memory, output in a list."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from olexd.model.table import Table


class FakeRequest:
    """Has what `mod_python._request.Request` asks for; `finish()` runs the cleanups, newest first."""

    def __init__(
        self,
        body: bytes = b"",
        method: str = "GET",
        args: str | None = None,
        options: dict[str, str] | None = None,
        directory: str | None = None,
        uri: str = "/app/page",
        filename: str | None = None,
        **headers: str,
    ) -> None:
        self.method = method
        self.args = args
        self.uri = uri
        self.filename = filename
        self.headers_in = Table({name.replace("_", "-"): value for name, value in headers.items()})
        self.headers_out = Table()
        self.err_headers_out = Table()
        self.options = Table(options or {})
        self.config = Table()
        self.hlist = SimpleNamespace(directory=directory, is_location=False)
        self.root = "/srv/www"
        self.body = io.BytesIO(body)
        self.output: list[str] = []
        self.flushes = 0
        self.logged: list[tuple[str, int]] = []
        self.cleanups: list[tuple[Callable[[Any], object], Any]] = []
        self.status = 200
        self.content_type: str | None = None
        self.main: Any = None
        self.prev: Any = None
        self.path_info = ""
        self.redirects: list[str] = []
        self.sent_bodyct = 0
        self.https = 0
        self.server: Any = None

    @property
    def text(self) -> str:
        """Everything that was written."""
        return "".join(self.output)

    @property
    def cookies(self) -> list[str]:
        """The Set-Cookie values, in order."""
        return [value for name, value in self.headers_out.items() if name == "Set-Cookie"]

    def read(self, length: int = -1) -> bytes:
        return self.body.read(length)

    def write(self, text: str | bytes, flush: int = 1) -> None:
        self.output.append(text if isinstance(text, str) else text.decode())
        if flush:
            self.flush()

    def flush(self) -> None:
        self.flushes += 1
        self.sent_bodyct = 1

    def log_error(self, message: str, level: int = 3) -> None:
        self.logged.append((message, level))

    def register_cleanup(self, function: Callable[[Any], object], data: Any = None) -> None:
        self.cleanups.append((function, data))

    def finish(self) -> None:
        """End the request."""
        while self.cleanups:
            function, data = self.cleanups.pop()
            function(data)

    def internal_redirect(self, new_uri: str) -> None:
        self.redirects.append(new_uri)

    def get_options(self) -> Table:
        return self.options

    _peek_options = get_options

    def _option(self, names: tuple[str, ...]) -> str | None:
        return next((self.options[name] for name in names if name in self.options), None)

    def get_config(self) -> Table:
        return self.config

    _peek_config = get_config

    def document_root(self) -> str:
        return self.root

    def is_https(self) -> int:
        return self.https
