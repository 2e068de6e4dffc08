"""What the directives of a log format stand for (configuration spec 5.3)."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

from olexd.model import cgi_env
from olexd.model.hosts import known_name
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.model.variables import RequestVariables

Field = Callable[[Request], str]
"""What one directive yields for a request; escaped already where clients have a say."""

_UNSAFE: Final = re.compile(r'[^\x20-\x7e]|["\\]')
_SHORT: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\v": "\\v",
}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _escape_one(match: re.Match[str]) -> str:
    char = match.group()
    short = _SHORT.get(char)
    if short is not None:
        return short
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))


def escape(text: str) -> str:
    """Return `text` so that it can neither end its field nor its line; other bytes as `\\xHH`."""
    return text if _UNSAFE.search(text) is None else _UNSAFE.sub(_escape_one, text)


def _escape_byte(match: re.Match[str]) -> str:
    char = match.group()
    return _SHORT.get(char) or f"\\x{ord(char):02x}"


@lru_cache(maxsize=512)
def escape_bytes(raw: bytes) -> str:
    """Return what came over the wire, escaped like `escape()`, byte for byte."""
    text = raw.decode("latin-1")
    return text if _UNSAFE.search(text) is None else _UNSAFE.sub(_escape_byte, text)


def _or_dash(text: str | None) -> str:
    return escape(text) if text else "-"


# The request


def request_line(request: Request) -> str:
    """%r"""
    return escape_bytes(request.the_request_bytes) or "-"


def user(request: Request) -> str:
    """%u"""
    name = request.user
    if name is None:
        return "-"
    return escape(name) if name else '""'


def status(request: Request) -> str:
    """%s"""
    return str(request.status)


def url_path(request: Request) -> str:
    """%U"""
    return escape(request.uri)


def query(request: Request) -> str:
    """%q"""
    return escape(f"?{request.args}") if request.args else ""


def filename(request: Request) -> str:
    """%f"""
    return _or_dash(request.filename)


def handler(request: Request) -> str:
    """%R"""
    return _or_dash(request.handler)


def method(request: Request) -> str:
    """%m"""
    return escape(request.method)


def protocol(request: Request) -> str:
    """%H"""
    return escape(request.protocol)


def log_id(request: Request) -> str:
    """%L"""
    return request.log_id or "-"


def first_byte(request: Request) -> str:
    """%^FB"""
    seconds = request.first_byte
    return "-" if seconds is None else str(int(seconds * 1_000_000))


# The connection


def client(request: Request) -> str:
    """%a"""
    return request.client_ip


def client_name(request: Request) -> str:
    """%h"""
    if request.connection.host_name is None:
        return request.client_ip
    return known_name(request) or request.client_ip


def peer(request: Request) -> str:
    """%{c}a"""
    return request.connection.peer[0]


def peer_name(request: Request) -> str:
    """%{c}h"""
    address = request.connection.peer[0]
    known = request.connection.host_name
    return (known is not None and known.address == address and known.name) or address


def local_address(request: Request) -> str:
    """%A"""
    return request.connection.local[0]


def keepalives(request: Request) -> str:
    """%k"""
    return str(max(0, request.connection.keepalives - 1))


def connection_state(request: Request) -> str:
    """%X"""
    if request.connection.aborted:
        return "X"
    return "+" if request.output.persist else "-"


def port(kind: str) -> Field:
    """%p, of the server as it is configured, or the real one of either end"""
    if kind == "remote":
        return lambda request: str(request.connection.peer[1])
    if kind == "local":
        return lambda request: str(request.connection.local[1])
    return lambda request: str(cgi_env.configured_port(request))


def configured_name(request: Request) -> str:
    """%v"""
    return escape(request.host.name)


def called_name(request: Request) -> str:
    """%V"""
    return escape(cgi_env.called_name(request))


# Sizes


def body_bytes(request: Request) -> str:
    """%B"""
    return str(request.output.bytes_sent)


def body_bytes_or_dash(request: Request) -> str:
    """%b"""
    return str(request.output.bytes_sent or "-")


def _received(request: Request) -> int:
    head = sum(len(name) + len(value) + 4 for name, value in request.header_lines)
    return len(request.the_request_bytes) + 2 + head + 2 + request.body.received


def bytes_in(request: Request) -> str:
    """%I"""
    return str(_received(request))


def bytes_out(request: Request) -> str:
    """%O"""
    return str(request.output.wire_bytes)


def bytes_both(request: Request) -> str:
    """%S"""
    return str(_received(request) + request.output.wire_bytes)


# Times


@lru_cache(maxsize=8)
def _stamp(seconds: int) -> str:
    at = time.localtime(seconds)
    offset = at.tm_gmtoff // 60
    sign = "-" if offset < 0 else "+"
    hours, minutes = divmod(abs(offset), 60)
    return (
        f"[{at.tm_mday:02d}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}:{at.tm_hour:02d}:{at.tm_min:02d}:"
        f"{at.tm_sec:02d} {sign}{hours:02d}{minutes:02d}]"
    )


def begin_time(request: Request) -> str:
    """%t"""
    return _stamp(int(request.request_time))


_PARTS: Final[dict[str, Callable[[float], str]]] = {
    "sec": lambda now: str(int(now)),
    "msec": lambda now: str(int(now * 1000)),
    "usec": lambda now: str(int(now * 1_000_000)),
    "msec_frac": lambda now: f"{int(now * 1000) % 1000:03d}",
    "usec_frac": lambda now: f"{int(now * 1_000_000) % 1_000_000:06d}",
}


def _moment(request: Request, at_end: bool) -> float:
    return time.time() if at_end else request.request_time


def formatted_time(form: str) -> Field:
    """%{form}t"""
    at_end = form.startswith("end:")
    form = form.removeprefix("end:").removeprefix("begin:")
    if not form:
        return lambda request: _stamp(int(_moment(request, at_end)))
    part = _PARTS.get(form)
    if part is not None:
        return lambda request: part(_moment(request, at_end))
    return lambda request: time.strftime(form, time.localtime(_moment(request, at_end)))


def _elapsed(request: Request, scale: int) -> str:
    return str(int((time.monotonic() - request.started) * scale))


def duration(unit: str) -> Field:
    """%T, %{unit}T and %D"""
    return partial(_elapsed, scale={"ms": 1000, "us": 1_000_000}.get(unit, 1))


# Tables


def _cookie(name: str, request: Request) -> str:
    header = request.headers_in.get("Cookie")
    if header is None:
        return "-"
    for item in header.split(";"):
        key, equals, value = item.partition("=")
        if equals and key.strip() == name:
            return _or_dash(value.strip())
    return "-"


def cookie(name: str) -> Field:
    """%{name}C"""
    return partial(_cookie, name)


def request_header(name: str) -> Field:
    """%{name}i"""

    def field(request: Request) -> str:
        value = request.headers_in.raw(name)
        return "-" if value is None else escape_bytes(value)

    return field


def response_header(name: str) -> Field:
    """%{name}o"""
    lower = name.lower()

    def field(request: Request) -> str:
        if lower == "content-type" and request.content_type:
            return escape(request.content_type.partition(";")[0])
        value = request.err_headers_out.raw(name) or request.headers_out.raw(name)
        if value is None and lower == "content-length" and request.output.content_length is not None:
            return str(request.output.content_length)
        return "-" if value is None else escape_bytes(value)

    return field


def request_trailer(name: str) -> Field:
    """%{name}^ti"""
    wanted = name.lower().encode("utf-8")

    def field(request: Request) -> str:
        found = [value for key, value in request.body.trailers if key.lower() == wanted]
        return escape_bytes(b", ".join(found)) if found else "-"

    return field


def _of_table(table: Table | None, name: str) -> str:
    value = None if table is None else table.get(name)
    return "-" if value is None else escape(value)


def environment(name: str) -> Field:
    """%{name}e"""
    return lambda request: _of_table(request.subprocess_env_table, name)


def note(name: str) -> Field:
    """%{name}n"""
    return lambda request: _of_table(request.notes_table, name)


# The process


def process(kind: str) -> Field:
    """%P and %{kind}P; an unknown kind stands for itself"""
    if kind in ("", "pid"):
        return lambda request: str(os.getpid())
    if kind == "tid":
        return lambda request: str(threading.get_ident())
    if kind == "hextid":
        return lambda request: f"{threading.get_ident():x}"
    return constant(kind)


_OLD_NAMES: Final = {
    "version": "SSL_PROTOCOL",
    "cipher": "SSL_CIPHER",
    "subjectdn": "SSL_CLIENT_S_DN",
    "clientcert": "SSL_CLIENT_S_DN",
    "issuerdn": "SSL_CLIENT_I_DN",
    "cacert": "SSL_CLIENT_I_DN",
}


def tls_variable(name: str) -> Field:
    """%{name}x: a variable of a request over TLS"""

    def find(request: Request) -> str:
        if request.connection.tls is None:
            return "-"
        return escape(RequestVariables(request, varies=False).variable(name.upper())) or "-"

    return find


def old_tls_variable(name: str) -> Field:
    """%{name}c: the same by the names of mod_ssl's forerunners"""
    return tls_variable(_OLD_NAMES.get(name, name))


def constant(text: str) -> Field:
    """A fixed text."""
    return lambda request: text
