"""The attributes of the request as handlers see it (core spec 3.3)."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from olexd.config.server import HostConfig
from olexd.model.attributes import integer, read_only, text
from olexd.model.finfo import mp_finfo
from olexd.model.hlist import mp_hlist
from olexd.model.input import remaining
from olexd.model.interpreter import interpreter_name
from olexd.model.methods import method_number
from olexd.model.mp_connection import connection_of, mp_conn
from olexd.model.mp_server import mp_server, server_of
from olexd.model.parsed_uri import ParsedUri, keep_parsed_uri, parsed_uri
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.model.table_text import as_text
from olexd.status import NO_BODY

if TYPE_CHECKING:
    from olexd.model.mp_request import mp_request

INIT_NOTE = "python_init_ran"


def _attribute(name: str, get: Callable[[Any], Any] | str) -> Any:
    return read_only("mp_request", name, get)


def _member(name: str, get: Callable[[Any], Any] | str) -> Any:
    return read_only("mp_request", name, get, "readonly attribute")


def _other(name: str) -> Any:
    """Return an attribute that holds another request of the chain."""
    record_of = attrgetter(f"_record.{name}")

    def get(self: Any) -> Any:
        record = record_of(self)
        return None if record is None else record.python or type(self)(record)

    return _attribute(name, get)


def _flag(field: str, message: str = "") -> Any:
    return integer(field, message, convert=bool)


def _put_content_type(self: Any, value: Any) -> None:
    self._record.content_type = as_text(value)
    self._record.content_type_set = True


def _put_uri(self: Any, value: Any) -> None:
    keep_parsed_uri(self._record)
    self._record.uri = as_text(value)


def _put_args(self: Any, value: Any) -> None:
    keep_parsed_uri(self._record)
    self._record.args = None if value is None else as_text(value)


def _sent_bodyct(self: Any) -> int:
    """Whether what is sent by now belongs to the body: the head is, and there is to be a body."""
    record = self._record
    return int(record.output.committed and not record.header_only and record.status not in NO_BODY)


def _finfo(self: Any) -> mp_finfo:
    record = self._record
    key = (record.stat, record.filename)
    if self._finfo is None or self._finfo[0] != key:
        self._finfo = (key, mp_finfo(record.stat, record.filename))
    return self._finfo[1]  # type: ignore[no-any-return]


def _put_finfo(self: Any, value: Any) -> None:
    if not isinstance(value, mp_finfo):
        raise TypeError("finfo must be a finfoobject")
    self._record.stat = value._result
    self._finfo = ((value._result, self._record.filename), value)


def _notes(self: Any) -> Table:
    notes: Table = self._record.notes
    if not self._noted:
        self._noted = True
        notes[INIT_NOTE] = "1"
    return notes


def _has_read(self: Any) -> bool:
    """Whether a handler has begun to read; requests without a body share one that notes nothing."""
    return bool(self._has_read or self._record.body.started)


def _read_length(self: Any) -> int:
    """What has arrived is only the handlers' affair once they read."""
    return self._record.body.received if _has_read(self) else 0


def _interpreter_of(self: Any) -> str:
    if self._interpreter is not None:
        return self._interpreter  # type: ignore[no-any-return]
    return interpreter_name(self._record, self._hlist.directory if self._hlist else None)


def _useragent_addr(self: Any) -> tuple[str, int]:
    record: Request = self._record
    peer = record.connection.peer
    return (record.client_ip, peer[1] if record.client_ip == peer[0] else 0)


def _server(self: Any) -> mp_server:
    host: HostConfig = self._record.host
    return server_of(host, self._record.connection.config)


class RequestAttributes:
    """What can be read and set on a request. Handlers may set further attributes of their own."""

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_config",
        "_extension",
        "_finfo",
        "_has_read",
        "_hlist",
        "_init_ran",
        "_interpreter",
        "_noted",
        "_options",
        "_record",
    )

    form: Any
    """Where handlers and toolkit modules leave the request's form for each other; not there before."""

    _record: Request
    _config: tuple[Any, Table] | None
    _options: tuple[Any, Table] | None
    _extension: str | None
    _hlist: mp_hlist | None
    _interpreter: str | None
    _has_read: bool
    _init_ran: bool
    _noted: bool

    # What the client sent
    the_request: str = _attribute("the_request", "_record.the_request")
    method: str = _attribute("method", "_record.method")
    method_number: int = _attribute("method_number", lambda self: method_number(self._record.method))
    protocol: str = _attribute("protocol", "_record.protocol")
    proto_num: int = _attribute("proto_num", "_record.proto_num")
    uri: str = property(attrgetter("_record.uri"), _put_uri)  # type: ignore[assignment]
    unparsed_uri: str = _attribute("unparsed_uri", "_record.unparsed_uri")
    parsed_uri: ParsedUri = _attribute("parsed_uri", lambda self: parsed_uri(self._record))
    args: str | None = property(attrgetter("_record.args"), _put_args)  # type: ignore[assignment]
    hostname: str | None = _attribute("hostname", "_record.hostname")
    header_only: int = _attribute("header_only", lambda self: int(self._record.header_only))
    headers_in: Table = _attribute("headers_in", "_record.headers_in")
    request_time: float = _attribute("request_time", "_record.request_time")
    range: str | None = _attribute("range", lambda self: None)

    # Its body
    expecting_100: int = _attribute("expecting_100", lambda self: int(self._record.expecting_100))
    read_body: int = _attribute("read_body", lambda self: int(_has_read(self)))
    read_chunked: int = _attribute("read_chunked", lambda self: 0)
    read_length: int = _attribute("read_length", _read_length)
    remaining: int = _attribute("remaining", lambda self: remaining(self._record))

    # What it means
    filename: str | None = text("filename")
    canonical_filename: str | None = text("canonical_filename")
    path_info: str | None = text("path_info")
    used_path_info: int = integer("used_path_info")
    finfo: mp_finfo = property(_finfo, _put_finfo)  # type: ignore[assignment]
    handler: str | None = text("handler", none=True)
    user: str | None = text("user")
    ap_auth_type: str | None = text("ap_auth_type")
    allowed: int = _attribute("allowed", lambda self: 0)
    allowed_methods: tuple[str, ...] = _attribute("allowed_methods", "_record.xmethods_allowed")
    allowed_xmethods: tuple[str, ...] = _attribute("allowed_xmethods", lambda self: ())
    proxyreq: int = integer("proxyreq")
    subprocess_env: Table = _attribute("subprocess_env", "_record.subprocess_env")
    notes: Table = _attribute("notes", _notes)

    # The answer
    status: int = integer("status")
    status_line: str | None = text("status_line")
    headers_out: Table = _attribute("headers_out", "_record.headers_out")
    err_headers_out: Table = _attribute("err_headers_out", "_record.err_headers_out")
    content_type: str | None = property(  # type: ignore[assignment]
        attrgetter("_record.content_type"), _put_content_type
    )
    _content_type_set: int = _member("_content_type_set", lambda self: int(self._record.content_type_set))
    content_encoding: str | None = _attribute("content_encoding", "_record.content_encoding")
    content_languages: tuple[str, ...] = _attribute("content_languages", "_record.content_languages")
    vlist_validator: str | None = _attribute("vlist_validator", lambda self: None)
    mtime: float = _attribute("mtime", "_record.mtime")
    clength: int = _attribute("clength", "_record.clength")
    no_cache: int = _flag("no_cache")
    no_local_copy: int = _flag("no_local_copy")
    assbackwards: int = _flag("assbackwards")
    chunked: int = _flag("chunked", "chunked must be a integer")
    bytes_sent: int = _attribute("bytes_sent", "_record.output.bytes_sent")
    _bytes_queued: int = _attribute("_bytes_queued", "_record.output.bytes_queued")
    sent_bodyct: int = _attribute("sent_bodyct", _sent_bodyct)
    eos_sent: int = _attribute("eos_sent", lambda self: int(self._record.output.finished))

    # Around it
    connection: mp_conn = _attribute("connection", lambda self: connection_of(self._record.connection))
    server: mp_server = _attribute("server", _server)
    useragent_addr: tuple[str, int] = _attribute("useragent_addr", _useragent_addr)
    useragent_ip: str = _attribute("useragent_ip", "_record.client_ip")
    main: mp_request | None = _other("main")
    prev: mp_request | None = _other("prev")
    next: mp_request | None = _other("next")
    phase: str | None = _member("phase", "_record.phase")
    hlist: mp_hlist | None = _member("hlist", "_hlist")
    extension: str | None = _member("extension", "_extension")
    interpreter: str = _attribute("interpreter", _interpreter_of)
    _request_rec: object = _attribute("_request_rec", "_record")
