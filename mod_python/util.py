"""Forms, redirects, and calls with a form's fields as arguments.

Differences from mod_python 3.5: field names are str, simple values are text that also equals its bytes;
bytes that are not UTF-8 never fail a request; multipart bodies may end lines in LF, leave out
dispositions, and end in any way; a form is bounded by the options `olexd.form.max_parts` (1000 parts),
`olexd.form.max_files` (100 of them uploaded files), `olexd.form.max_fields` (10000 fields),
`olexd.form.max_part_header` (16384 bytes for the headers of one part), `olexd.form.max_field` (1048576
bytes of one value that is not a file) and `olexd.form.max_memory` (1048576 bytes of all of them), beyond
which the answer is 413.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from types import CodeType, MethodWrapperType
from typing import Any, Final

from mod_python import _apache, apache
from mod_python._apache import parse_qs, parse_qsl
from mod_python._fields import Field, FieldList, Options, StringField, decode_name
from mod_python._multipart import BLOCK, Headers, MultipartLimits, MultipartReader
from mod_python._request import Request, option
from olexd.errors import BadRequest, ServerReturn
from olexd.model.table import Table
from olexd.status import DONE

__all__ = [
    "BytesIO",
    "Field",
    "FieldList",
    "FieldStorage",
    "StringField",
    "_apache",
    "apache",
    "apply_fs_data",
    "parse_header",
    "parse_qs",
    "parse_qsl",
    "readBlockSize",
    "redirect",
    "tempfile",
]

readBlockSize = BLOCK

MAX_PARTS: Final = 1000
MAX_FILES: Final = 100
MAX_FIELDS: Final = 10_000
MAX_PART_HEADER: Final = 16 << 10
MAX_FIELD: Final = 1 << 20
MAX_MEMORY: Final = 1 << 20
LONGEST_LENGTH: Final = 18
"""Digits of a Content-Length."""

_VAR_KEYWORDS: Final = 0x08


def parse_header(line: bytes) -> tuple[bytes, dict[bytes, str]]:
    """Return the main value (lower case) and the parameters of a header value.

    Parameter names are in lower case, values Latin-1 str without their quotes. A `;` separates even inside
    quotes. TypeError unless `line` is bytes.
    """
    if not isinstance(line, bytes):
        raise TypeError("parse_header() only accepts bytes")
    main, *pieces = (piece.strip() for piece in line.split(b";"))
    parameters = {}
    for piece in pieces:
        name, equals, value = piece.partition(b"=")
        if equals:
            value = value.strip()
            if len(value) >= 2 and value[:1] == value[-1:] == b'"':
                value = value[1:-1]
            parameters[name.strip().lower()] = value.decode("latin-1")
    return main.lower(), parameters


class FieldStorage:
    """A request's form: the query's fields, then those of a POST body, which is read.

    Maps a name to its field, or to the list of fields when there are several. `file_callback(filename)` and
    `field_callback()` may return the files into which uploads and simple values are written (objects with
    `write`, `seek`, `read`, `close`). Raises `SERVER_RETURN`: 411 for a POST without Content-Length, 501 for
    an unknown content type, 400 for a malformed multipart body, 413 when a limit is passed.
    """

    def __init__(
        self,
        req: Request,
        keep_blank_values: object = 0,
        strict_parsing: object = 0,
        file_callback: Callable[[str], Any] | None = None,
        field_callback: Callable[[], Any] | None = None,
    ) -> None:
        self.list = FieldList()
        self._max_fields = _limit(req, "olexd.form.max_fields", MAX_FIELDS)
        self._max_field = _limit(req, "olexd.form.max_field", MAX_FIELD)
        keep = bool(keep_blank_values)
        try:
            if req.args:
                self._add_encoded(req.args.encode("utf-8", "surrogateescape"), keep)
            if req.method == "POST":
                self._read_body(req, keep, file_callback, field_callback)
        except BadRequest as error:
            self.clear()
            req.log_error(f"form refused: {error}")
            raise ServerReturn(error.status) from error

    def _read_body(
        self,
        req: Request,
        keep: bool,
        file_callback: Callable[[str], Any] | None,
        field_callback: Callable[[], Any] | None,
    ) -> None:
        length = _content_length(req)
        ctype = req.headers_in.get("content-type", "application/x-www-form-urlencoded")
        memory = _limit(req, "olexd.form.max_memory", MAX_MEMORY)
        if ctype.startswith("application/x-www-form-urlencoded"):
            if length > memory:
                raise BadRequest(413, f"{length} bytes of form data, and {memory} are allowed")
            body = req.read(length)
            if not isinstance(body, bytes):
                raise TypeError("req.read() must return bytes")
            self._add_encoded(body, keep)
        elif ctype.startswith("multipart/"):
            limits = MultipartLimits(
                parts=_limit(req, "olexd.form.max_parts", MAX_PARTS),
                part_header=_limit(req, "olexd.form.max_part_header", MAX_PART_HEADER),
            )
            files = _limit(req, "olexd.form.max_files", MAX_FILES)
            sinks = _Sinks(memory, self._max_field, files, file_callback, field_callback)
            parts = MultipartReader(req.read, _boundary(ctype), limits)
            for headers in parts:
                self.list.append(_read_part(parts, headers, sinks))
        else:
            raise ServerReturn(501)

    def _add_encoded(self, text: bytes, keep: bool) -> None:
        """Add the fields of a query or url-encoded body."""
        if text.count(b"&") + text.count(b";") >= self._max_fields:
            raise BadRequest(413, f"form with more than {self._max_fields} fields")
        for name, value in parse_qsl(text, keep):
            if len(value) > self._max_field:
                raise _field_too_long(self._max_field)
            self.add_field(decode_name(name), value)

    def add_field(self, key: str, value: Any) -> None:
        """Append a simple field; `value` may be anything."""
        field = StringField(value)
        field.name = key
        self.list.append(field)

    def __getitem__(self, key: str | bytes) -> Any:
        found = self.list.table()[_name(key)]
        return found[0] if len(found) == 1 else found

    def __setitem__(self, key: str | bytes, value: str | bytes) -> None:
        """Replace the fields of a name by one, at the end."""
        if not isinstance(value, str | bytes):
            raise TypeError("Field value must be bytes")
        if not isinstance(key, str | bytes):
            raise TypeError("Field key must be bytes")
        if key in self:
            del self[key]
        self.add_field(_name(key), value)

    def __delitem__(self, key: str | bytes) -> None:
        gone = self.list.table()[_name(key)]
        self.list[:] = [field for field in self.list if not any(field is other for other in gone)]

    def get(self, key: str | bytes, default: Any) -> Any:
        """Return the field or the list of fields of a name, or `default`."""
        try:
            return self[key]
        except (KeyError, TypeError):
            return default

    def getfirst(self, key: str | bytes, default: Any = None) -> Any:
        """Return the first field of a name, or `default`."""
        found = self.list.table().get(_name(key))
        return found[0] if found else default

    def getlist(self, key: str | bytes) -> list[Any]:
        """Return the fields of a name; none: an empty list."""
        return self.list.table().get(_name(key), [])

    def keys(self) -> list[str]:
        """Return the names, each once, in order of first appearance."""
        return [*self.list.table()]

    def items(self) -> list[tuple[str, Any]]:
        """Return (name, field) for every field, in order."""
        return [(field.name, field) for field in self.list]

    def has_key(self, key: str | bytes) -> bool:
        """Return whether there is a field of that name."""
        return _name(key) in self.list.table()

    __contains__ = has_key

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.list.table())

    def clear(self) -> None:
        """Forget all fields."""
        self.list = FieldList()

    def __repr__(self) -> str:
        return repr(self.list.table())


def _name(key: Any) -> Any:
    """Return a key as names are kept: applications of mod_python 3.5 ask for some names in bytes."""
    return decode_name(key) if isinstance(key, bytes) else key


def _limit(req: Request, name: str, default: int) -> int:
    """Return the number that an option sets, or `default`. Raises ValueError, naming the option."""
    value = option(req, name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit()):
        raise ValueError(f"PythonOption {name} must be a number, not {value!r}")
    return int(value)


def _content_length(req: Request) -> int:
    """Return the length of a POST body; 411 when it is not declared."""
    length = req.headers_in.get("content-length", "").strip()
    if not (length.isascii() and length.isdigit()) or len(length) > LONGEST_LENGTH:
        raise ServerReturn(411)
    return int(length)


def _boundary(ctype: str) -> bytes:
    """Return what follows the last `boundary=`; 400 without."""
    at = ctype.lower().rfind("boundary=")
    boundary = ctype[at + len("boundary=") :]
    if len(boundary) >= 2 and boundary[0] == boundary[-1] == '"':
        boundary = boundary[1:-1]
    if at < 0 or not boundary:
        raise ServerReturn(400)
    return boundary.encode("utf-8", "surrogateescape")


def _field_too_long(limit: int) -> BadRequest:
    return BadRequest(413, f"form value with more than the {limit} bytes that olexd.form.max_field allows")


class _Memory(BytesIO):
    """A value in memory, which takes from what the whole form may use."""

    def __init__(self, sinks: _Sinks) -> None:
        super().__init__()
        self._sinks = sinks

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._sinks.longest:
            raise _field_too_long(self._sinks.longest)
        self._sinks.left -= len(data)
        if self._sinks.left < 0:
            raise BadRequest(413, "form values need more memory than olexd.form.max_memory allows")
        return super().write(data)


class _Sinks:
    """Opens what the values of parts are written to: `left` bytes of memory, `files` files.

    One value may have `longest` bytes in memory.
    """

    def __init__(
        self,
        left: int,
        longest: int,
        files: int,
        file_callback: Callable[[str], Any] | None,
        field_callback: Callable[[], Any] | None,
    ) -> None:
        self.left = left
        self.longest = longest
        self._files = files
        self._file = file_callback
        self._field = field_callback

    def open(self, filename: str | None) -> Any:
        """Return a file for an upload, or for a simple value when `filename` is None.

        An upload without a file name becomes a simple value, and so is kept in memory.
        """
        if filename is None:
            return self._field() if callable(self._field) else _Memory(self)
        self._files -= 1
        if self._files < 0:
            raise BadRequest(413, "form with more files than olexd.form.max_files allows")
        if callable(self._file):
            return self._file(filename)
        return tempfile.TemporaryFile("w+b") if filename else _Memory(self)


def _read_part(parts: MultipartReader, headers: Headers, sinks: _Sinks) -> Field | StringField:
    """Read one part to its end and return its field."""
    known = dict(headers)
    disposition, options = parse_header(known.get("content-disposition", b""))
    filename = _text(options.get(b"filename"))
    file = sinks.open(filename)
    try:
        parts.copy_value(file.write)
    except BaseException:
        file.close()
        raise
    field: Field | StringField
    if filename:
        field = Field(None)
        file.seek(0)
        field.file = file
    else:
        field = _simple(file)
    field.name = _text(options.get(b"name"))
    field.filename = filename or None
    field.disposition = disposition.decode("latin-1")
    field.disposition_options = Options(options)
    _describe(field, known, headers)
    return field


def _simple(file: Any) -> StringField:
    file.seek(0)
    field = StringField(file.read())
    field.file = file
    return field


def _describe(field: Any, known: dict[str, bytes], headers: Headers) -> None:
    """Note a part's type and headers."""
    ctype = known.get("content-type")
    field.type, options = ("text/plain", {}) if ctype is None else _type(ctype)
    field.type_options = Options(options)
    field.headers = Table()
    for name, value in headers:
        field.headers.add(name.title(), value)


def _type(ctype: bytes) -> tuple[str, dict[bytes, str]]:
    """Return the type of a part and its options; what is no type is any bytes."""
    kind, options = parse_header(ctype)
    return kind.decode("latin-1") if b"/" in kind else "application/octet-stream", options


def _text(parameter: str | None) -> str | None:
    """Return a parameter of a part as the client meant it: UTF-8 where it is that."""
    return None if parameter is None else decode_name(parameter.encode("latin-1"))


def apply_fs_data(object: Any, fs: FieldStorage, **args: Any) -> Any:
    """Call `object` with those fields of the form that it has parameters for, and return its result.

    A field is passed as its value, an uploaded file as the field itself, several of a name as a list. `args`
    are passed too, if there are parameters for them, and no field takes their place. An object that is not
    written in Python is called without arguments.
    """
    code, skipped = _code(object)
    if code is None:
        return object()
    arguments: dict[str, Any] = {}
    for field in fs.list:
        if field.name is not None:
            arguments.setdefault(field.name, []).append(field if field.filename else field.value)
    arguments = {name: found[0] if len(found) == 1 else found for name, found in arguments.items()}
    arguments.update(args)
    if not code.co_flags & _VAR_KEYWORDS:
        expected = code.co_varnames[skipped : code.co_argcount]
        arguments = {name: arguments[name] for name in expected if name in arguments}
    return object(**arguments)


def _code(object: Any) -> tuple[CodeType | None, int]:
    """Return the code that a call of `object` runs, and how many parameters Python fills in itself."""
    if hasattr(object, "__func__"):
        return getattr(object.__func__, "__code__", None), 1
    if hasattr(object, "__code__"):
        return object.__code__, 0
    if type(object) is type:
        return getattr(getattr(object, "__init__"), "__code__", None), 1  # noqa: B009 - mypy: a class's
    call = object.__call__
    return (None, 0) if isinstance(call, MethodWrapperType) else _code(call)


def redirect(req: Request, location: str, permanent: object = 0, text: str | None = None) -> None:
    """Send the client to `location`: 301 if `permanent`, else 302, with `text` or a short page as the body.

    Never returns: raises `SERVER_RETURN` (DONE). Raises OSError when the response head is out already,
    TypeError for a location that is not str, ValueError for one with CR, LF or NUL.
    """
    if not isinstance(location, str):
        raise TypeError("location must be of type str")
    if any(character in location for character in "\r\n\0"):
        raise ValueError("CR, LF or NUL in redirect location")
    if req.sent_bodyct:
        raise OSError("Cannot redirect after headers have already been sent.")
    req.err_headers_out["Location"] = location
    req.status = 301 if permanent else 302
    if text is None:
        text = f'<p>The document has moved <a href="{_in_attribute(location)}">here</a></p>\n'
    req.write(text)
    raise ServerReturn(DONE)


def _in_attribute(location: str) -> str:
    """Return a URL for an HTML attribute, as it is but for the characters that would end the attribute."""
    return location.replace('"', "%22").replace("<", "%3C").replace(">", "%3E")
