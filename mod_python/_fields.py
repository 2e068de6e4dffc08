"""Form fields: text values, uploaded files, and the list that holds them."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any, ClassVar, Self, SupportsIndex


def decode_name(raw: bytes) -> str:
    """Return a field or file name: UTF-8, or Latin-1 when it is not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class Options(dict[Any, str]):
    """The parameters of a part's header, named in bytes as mod_python 3.5 has them; str will do as well."""

    def __missing__(self, key: object) -> str:
        if isinstance(key, str):
            return self[key.encode("latin-1", "replace")]
        raise KeyError(key)

    def get(self, key: object, default: Any = None) -> Any:
        """Return a parameter's value, or `default`."""
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key.encode("latin-1", "replace") if isinstance(key, str) else key)


class Field:
    """An uploaded file.

    `file` is open for reading in binary mode, at position 0; `value` is its whole content as bytes. The file
    is closed when the field goes. `Field(name, file, type, type_options, disposition,
    disposition_options, headers)` makes one by hand.
    """

    name: str | None
    filename: str | None
    file: Any
    type: str
    type_options: dict[Any, str]
    disposition: str
    disposition_options: dict[Any, str]
    headers: Any

    def __init__(self, name: str | None, *args: Any, **kwargs: Any) -> None:
        self.name = name
        if args or kwargs:
            self.__bc_init__(*args, **kwargs)

    def __bc_init__(
        self,
        file: Any,
        ctype: str,
        type_options: dict[Any, str],
        disp: str,
        disp_options: dict[Any, str],
        headers: Any = None,
    ) -> None:
        self.file = file
        self.type = ctype
        self.type_options = type_options
        self.disposition = disp
        self.disposition_options = disp_options
        self.headers = {} if headers is None else headers
        self.filename = disp_options.get("filename")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    @property
    def value(self) -> bytes | None:
        """The file's content, or None without a file. The file is at position 0 afterwards."""
        if not self.file:
            return None
        self.file.seek(0)
        content = self.file.read()
        self.file.seek(0)
        if not isinstance(content, bytes):
            raise TypeError("value must be bytes, is file opened in binary mode?")
        return content

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {self.value!r})"

    def __del__(self) -> None:
        file = getattr(self, "file", None)
        if file is not None:
            file.close()


class Value(str):
    """Text that also equals the bytes it was sent as."""

    __slots__ = ("_raw",)

    _raw: bytes

    def __new__(cls, value: Any = "") -> Self:
        """Make text of bytes (UTF-8; what is not UTF-8 as U+FFFD) or of anything else's str()."""
        if isinstance(value, bytes):
            made = super().__new__(cls, value.decode("utf-8", "replace"))
            made._raw = value
        else:
            made = super().__new__(cls, value)
            made._raw = str.encode(made, "utf-8", "surrogateescape")
        return made

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the bytes as text in another encoding."""
        return self._raw.decode(encoding, errors)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, bytes):
            return self._raw == other
        return str.__eq__(self, other) if isinstance(other, str) else NotImplemented

    __hash__ = str.__hash__

    def __bytes__(self) -> bytes:
        return self._raw

    def __str__(self) -> str:
        return str.__str__(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as plain text: sessions do not need to know forms."""
        return str, (str.__str__(self),)


class StringField(Value):
    """A simple field.

    Made from str, bytes or any other object. `value` is the str or other object that was given; for bytes it
    is text that equals them.
    """

    filename: str | None = None
    headers: ClassVar[Any] = {}
    ctype = "text/plain"
    type_options: ClassVar[dict[Any, str]] = {}
    disposition: str | None = None
    disp_options: dict[Any, str] | None = None

    name: str | None = None
    type: str
    disposition_options: dict[Any, str]
    _given: Any
    _file: Any

    def __new__(cls, value: Any = "") -> Self:
        made = super().__new__(cls, value)
        made._given = value
        return made

    @property
    def value(self) -> Any:
        """What the field was made from; text instead of bytes."""
        given = self._given
        return Value(given) if isinstance(given, bytes) else given

    @value.setter
    def value(self, value: Any) -> None:
        self._given = value

    @property
    def file(self) -> Any:
        """The bytes as a file: where the value came from, or made when asked for."""
        if not hasattr(self, "_file"):
            self._file = BytesIO(self._raw)
        return self._file

    @file.setter
    def file(self, file: Any) -> None:
        self._file = file

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {str.__repr__(self)})"


class FieldList(list[Any]):
    """The fields in order of arrival. `table()` finds them by name."""

    _table: dict[Any, list[Any]] | None = None

    def table(self) -> dict[Any, list[Any]]:
        """Return the fields of each name, names in order of first appearance. Not to be changed."""
        table = self._table
        if table is None:
            table = {}
            for field in self:
                table.setdefault(field.name, []).append(field)
            self._table = table
        return table

    def append(self, field: Any) -> None:
        """Add a field at the end."""
        self._table = None
        super().append(field)

    def extend(self, fields: Iterable[Any]) -> None:
        """Add fields at the end."""
        self._table = None
        super().extend(fields)

    def insert(self, index: SupportsIndex, field: Any) -> None:
        """Add a field in front of another."""
        self._table = None
        super().insert(index, field)

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Remove and return a field."""
        self._table = None
        return super().pop(index)

    def remove(self, field: Any) -> None:
        """Remove the first field that equals `field`."""
        self._table = None
        super().remove(field)

    def clear(self) -> None:
        """Remove all fields."""
        self._table = None
        super().clear()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._table = None
        super().__setitem__(index, value)

    def __delitem__(self, index: Any) -> None:
        self._table = None
        super().__delitem__(index)

    def __iadd__(self, fields: Iterable[Any]) -> FieldList:  # type: ignore[misc]
        self._table = None
        super().__iadd__(fields)
        return self

    def __imul__(self, count: SupportsIndex) -> FieldList:
        self._table = None
        super().__imul__(count)
        return self
