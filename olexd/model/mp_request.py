"""The request as handlers see it: `mp_request`, its methods (core spec 3.4)."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from olexd.config.python import Handler
from olexd.errorlog import Level
from olexd.errors import ClientGone
from olexd.model import cgi_env, filters, input, wsgi
from olexd.model.attributes import argument_text, body_bytes, hidden, public_names
from olexd.model.challenge import FIELD, basic_challenge, basic_credentials
from olexd.model.cleanup import Cleanup
from olexd.model.conditions import format_date, handler_etag, meets_conditions
from olexd.model.connection import Redirector
from olexd.model.hosts import confirmed_name, known_name
from olexd.model.logging import log_request
from olexd.model.methods import INVALID, method_number
from olexd.model.mp_request_settings import RequestSettings
from olexd.model.mp_server import log_arguments
from olexd.model.realm import auth_name, is_auth_type
from olexd.model.request import Request
from olexd.model.table_text import as_text
from olexd.model.variables import RequestVariables

REMOTE_HOST: Final = 0
REMOTE_NAME: Final = 1
REMOTE_DOUBLE_REV: Final = 3

FLUSH_FAILED: Final = "Flush failed, client closed connection."

PHASES: Final = frozenset(
    {
        "PythonPostReadRequestHandler",
        "PythonTransHandler",
        "PythonHeaderParserHandler",
        "PythonInitHandler",
        "PythonAccessHandler",
        "PythonAuthenHandler",
        "PythonAuthzHandler",
        "PythonTypeHandler",
        "PythonFixupHandler",
        "PythonHandler",
        "PythonLogHandler",
    }
)
"""The phases that `add_handler()` can add to."""

_is_callable = callable


@contextmanager
def _file_part(path: str, offset: int, length: int) -> Iterator[tuple[int, int, int]]:
    """Open a file that is to be sent; give its descriptor, the offset and how many bytes to send."""
    argument_text(path, 1)
    offset, length = operator.index(offset), operator.index(length)
    try:
        size = os.stat(path).st_size
    except OSError:
        raise OSError("Could not stat file for reading") from None
    if os.path.isdir(path):
        raise OSError("Write failed, client closed connection.")
    available = max(size - max(offset, 0), 0)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise OSError("Could not open file for reading") from None
    try:
        yield descriptor, offset, available if length < 0 else min(length, available)
    finally:
        os.close(descriptor)


class mp_request(RequestSettings):
    """One request. The same object goes through all phases; handlers may keep things on it."""

    __slots__ = ()

    def __init__(self, record: Request) -> None:
        self._record = record
        self._hlist = None
        self._extension = None
        self._interpreter = None
        self._config = None
        self._options = None
        self._finfo = None
        self._has_read = False
        self._init_ran = False
        self._noted = False
        record.python = self

    def __repr__(self) -> str:
        return f"<mp_request object at {id(self):#x}>"

    __dict__ = hidden("mp_request", "__dict__")

    def __dir__(self) -> list[str]:
        return public_names(type(self), "_bytes_queued", "_content_type_set", "_request_rec")

    # -- writing

    def write(self, data: str | bytes, flush: int = 1) -> None:
        """Send str (as UTF-8) or bytes; `flush` pushes it at once. Raises OSError when the client is gone."""
        if type(data) is str:
            data = data.encode()
        elif type(data) is not bytes:
            data = body_bytes(data)
        if type(flush) is not int:
            flush = operator.index(flush)
        if data:
            self._record.output.write(data, flush != 0)

    def flush(self) -> None:
        """Push what is buffered; commits the headers. Raises OSError when the client is gone."""
        try:
            self._record.output.flush()
        except ClientGone as error:
            raise ClientGone(FLUSH_FAILED) from error

    def sendfile(self, path: str, offset: int = 0, len: int = -1) -> int:
        """Send a file's bytes, `len` -1 to its end; return how many were sent. Raises OSError."""
        with _file_part(path, offset, len) as part:
            return self._record.output.send_file(*part)

    async def awrite(self, data: str | bytes, flush: int = 1) -> None:
        """`write()` for coroutines: waits while the client is slow. Raises OSError when it is gone."""
        input.refuse_in_pool(self._record)
        await self._record.output.awrite(body_bytes(data), operator.index(flush) != 0)

    async def aflush(self) -> None:
        """`flush()` for coroutines: waits while the client is slow. Raises OSError when it is gone."""
        input.refuse_in_pool(self._record)
        try:
            await self._record.output.aflush()
        except ClientGone as error:
            raise ClientGone(FLUSH_FAILED) from error

    async def asendfile(self, path: str, offset: int = 0, len: int = -1) -> int:
        """`sendfile()` for coroutines: waits while the client is slow. The file is read on the reactor."""
        input.refuse_in_pool(self._record)
        with _file_part(path, offset, len) as part:
            return await self._record.output.asend_file(*part)

    def set_content_length(self, len: int) -> None:
        """Announce the length of the response's body, in bytes."""
        length = operator.index(len)
        self._record.clength = length
        self._record.headers_out["Content-Length"] = str(length)

    def send_http_header(self) -> None:
        """Do nothing: headers go out with the first byte of the body."""

    # -- reading

    def read(self, len: int = -1) -> bytes:
        """Return `len` bytes of the body, or its rest. Blocks. Raises OSError when the client stalls."""
        self._has_read = self._has_read or len != 0
        return input.read(self._record, len)

    def readline(self, len: int = -1) -> bytes:
        """Return the next line of the body, at most `len` bytes. Blocks. Raises like `read()`."""
        self._has_read = self._has_read or len != 0
        return input.readline(self._record, len)

    def readlines(self, sizehint: int = -1) -> list[bytes]:
        """Return whole lines until they are `sizehint` bytes or more. Blocks. Raises like `read()`."""
        self._has_read = True
        return input.readlines(self._record, sizehint)

    async def aread(self, len: int = -1) -> bytes:
        """`read()` for coroutine handlers."""
        self._has_read = self._has_read or len != 0
        return await input.aread(self._record, len)

    async def areadline(self, len: int = -1) -> bytes:
        """`readline()` for coroutine handlers."""
        self._has_read = self._has_read or len != 0
        return await input.areadline(self._record, len)

    def discard_request_body(self) -> int:
        """Read and drop the rest of the body; return OK or an HTTP status."""
        return input.discard(self._record)

    def __iter__(self) -> Any:
        """Iterate over the body's lines (for `wsgi.input`)."""
        return iter(self.readline, b"")

    # -- handlers and phases

    def add_handler(self, phase: str, handler: str, dir: str | None = None) -> None:
        """Append a handler for this request: to the running list, or to that of a later phase.

        `dir` becomes its directory. Raises IndexError for an unknown phase, RuntimeError in a cleanup.
        """
        argument_text(phase, 1)
        argument_text(handler, 2)
        argument_text(dir, 3, none=True)
        if phase not in PHASES:
            raise IndexError(f"Invalid phase: {phase}")
        if self._record.phase is None:
            raise RuntimeError("handlers cannot be added outside of a phase")
        directory = None if dir is None else os.path.join(os.path.abspath(dir), "")
        self._add_handler(phase, Handler(handler, directory))

    def _add_handler(self, phase: str, entry: Handler) -> None:
        if phase == self._record.phase and self._hlist is not None:
            self._hlist._entries.append(entry)
            return
        if self._record.added_handlers is None:
            self._record.added_handlers = {}
        self._record.added_handlers.setdefault(phase, []).append(entry)

    def add_input_filter(self, name: str) -> None:
        """Activate an input filter; an unknown one is only logged."""
        argument_text(name, 1)
        filters.add_input_filter(self._record, name)

    def add_output_filter(self, name: str) -> None:
        """Activate an output filter for what is written from now on; an unknown one is only logged."""
        argument_text(name, 1)
        filters.add_output_filter(self._record, name)

    def register_input_filter(self, name: str, handler: str, dir: str = "") -> None:
        """Give an input filter a name for this request; `add_input_filter()` activates it."""
        self._register_filter("input", name, handler, dir)

    def register_output_filter(self, name: str, handler: str, dir: str = "") -> None:
        """Give an output filter a name for this request; `add_output_filter()` activates it."""
        self._register_filter("output", name, handler, dir)

    def _register_filter(self, kind: str, name: str, handler: str, dir: str) -> None:
        for position, argument in enumerate((name, handler, dir), 1):
            argument_text(argument, position)
        directory = os.path.join(os.path.abspath(dir), "") if dir else None
        if self._record.added_filters is None:
            self._record.added_filters = {}
        self._record.added_filters[kind, name.lower()] = Handler(handler, directory)

    def internal_redirect(self, new_uri: str) -> None:
        """Answer with what a request for the local path `new_uri` would give. Return OK afterwards.

        Blocks: coroutine handlers `await req.ainternal_redirect(new_uri)`.
        """
        argument_text(new_uri, 1)
        if self._record.on_reactor:
            raise RuntimeError(
                "this handler runs on the reactor's thread, where a redirect would block: "
                "await req.ainternal_redirect()"
            )
        self._redirector.wait(self._record, new_uri)

    async def ainternal_redirect(self, new_uri: str) -> None:
        """`internal_redirect()` for coroutine handlers."""
        argument_text(new_uri, 1)
        await self._redirector.run(self._record, new_uri)

    @property
    def _redirector(self) -> Redirector:
        redirector = self._record.connection.redirector
        if redirector is None:
            raise RuntimeError("this request cannot be redirected")
        return redirector

    def register_cleanup(self, callable: Callable[[Any], object], data: Any = None) -> None:
        """Have `callable(data)` called when the request is over, newest first."""
        if not _is_callable(callable):
            raise ValueError("first argument must be a callable object")
        self._record.cleanups.append(Cleanup(self._record, callable, data))

    # -- who and where

    def get_basic_auth_pw(self) -> str | None:
        """Return the password of Basic credentials and set `user`; None without them.

        Works only under AuthType Basic with an AuthName, and then adds a challenge when credentials are
        missing.
        """
        realm = auth_name(self._record)
        if realm is None or not is_auth_type(self._record, "basic"):
            return None
        credentials = basic_credentials(self._record.headers_in.get("Authorization"))
        if credentials is None:
            self._record.err_headers_out[FIELD] = basic_challenge(realm)
            return None
        name, password = credentials
        self._record.user = name.decode("latin-1")
        self._record.ap_auth_type = "Basic"
        self._record.user_is_claimed = True
        return password.decode("latin-1")

    def get_remote_host(self, type: int = REMOTE_NAME, str_is_ip: object = None) -> Any:
        """Return the client's name or address, with `str_is_ip` as a pair (text, 1 if it is an address).

        HostnameLookups has names looked up. REMOTE_DOUBLE_REV asks for one that leads back to the address:
        it blocks, once for each connection.
        """
        wants_confirmed = operator.index(type) == REMOTE_DOUBLE_REV
        name = confirmed_name(self._record) if wants_confirmed else known_name(self._record)
        text = name if name or type in (REMOTE_HOST, REMOTE_DOUBLE_REV) else self._record.client_ip
        return text if str_is_ip is None or text is None else (text, int(name is None))

    def is_https(self) -> int:
        """Return 1 if the client spoke TLS."""
        return int(cgi_env.is_https(self._record))

    def ssl_var_lookup(self, name: str) -> str | None:
        """Return a TLS variable, or one of the server's own; '' for an unknown one, None without mod_ssl."""
        argument_text(name, 1)
        record = self._record
        if record.connection.tls is None:
            if cgi_env.is_https(record):
                return "on" if name.upper() == "HTTPS" else str(record.subprocess_env.get(name) or "")
            if "ssl" not in record.connection.config.loaded:
                return None
        return RequestVariables(record, varies=False).variable(name.upper())

    def construct_url(self, uri: str) -> str:
        """Return `scheme://host[:port]` with `uri` appended."""
        argument_text(uri, 1)
        return cgi_env.own_url(self._record, uri)

    # -- the response's head

    def allow_methods(self, methods: Sequence[str], reset: int = 0) -> None:
        """Add methods to what an Allow header names; `reset` forgets the earlier ones."""
        if not isinstance(methods, Sequence):
            raise TypeError("First argument must be a sequence")
        names, reset = [as_text(name) for name in methods], operator.index(reset)
        if not names:
            return
        record = self._record
        if reset:
            record.methods_allowed, record.xmethods_allowed = frozenset(), ()
        known = {"GET" if name == "HEAD" else name for name in names if method_number(name) != INVALID}
        record.methods_allowed |= known
        record.xmethods_allowed += tuple(
            name for name in names if method_number(name) == INVALID and name not in record.xmethods_allowed
        )

    def update_mtime(self, dependency_mtime: float) -> None:
        """Raise `mtime` to `dependency_mtime` (epoch seconds, cut to whole ones) if that is later."""
        if not isinstance(dependency_mtime, (int, float)):
            raise TypeError(f"must be real number, not {type(dependency_mtime).__name__}")
        self._record.mtime = max(self._record.mtime, float(int(dependency_mtime)))

    def set_last_modified(self) -> None:
        """Set Last-Modified from `mtime`, in a response that has headers of its own."""
        if not self._record.assbackwards:
            self._record.headers_out["Last-Modified"] = format_date(int(self._record.mtime))

    def set_etag(self) -> None:
        """Set ETag from the file, as FileETag says; without one, from the directory it would be in."""
        tag = handler_etag(self._record)
        if tag is not None:
            self._record.headers_out["ETag"] = tag

    def meets_conditions(self) -> int:
        """Return OK, or the status (304, 412) that the request's conditions ask for."""
        return meets_conditions(self._record)

    # -- environments

    def add_common_vars(self) -> None:
        """Fill `subprocess_env` with the variables common to all programs."""
        cgi_env.add_common_vars(self._record)

    def add_cgi_vars(self) -> None:
        """Fill `subprocess_env` with the CGI variables."""
        cgi_env.add_cgi_vars(self._record)

    def build_wsgi_env(self) -> dict[str, Any] | None:
        """Return a WSGI environment; None when the URL is not below the application's base."""
        return wsgi.build_environment(self)

    def wsgi_start_response(
        self, status: str, headers: list[Any], exc_info: wsgi.ExcInfo | None = None
    ) -> wsgi.Write:
        """WSGI's `start_response`; returns `write`."""
        return wsgi.start_response(self, status, headers, exc_info)

    def log_error(self, message: str | None, level: int = Level.ERR) -> None:
        """Write to the error log with the client's address; None is ignored."""
        entry = log_arguments(message, level)
        if entry is not None:
            log_request(self._record, entry[0], entry[1])
