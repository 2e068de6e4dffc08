"""The head of a CGI program's output: lines `Name: value` up to an empty one (RFC 3875 section 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_HEAD: Final = 65536
"""Bytes that a head may have."""
MAX_LINES: Final = 200
MALFORMED: Final = "malformed header from script"

_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_VALUE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_STATUS: Final = re.compile(r"([2-5]\d\d)(?: ([^\r\n]*))?")
_END: Final = re.compile(rb"(?:^|\n)\r?\n")


class BadHead(Exception):
    """The output does not begin with a head. `what` says so of the program, `detail` why."""

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(what, detail)
        self.what = what
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Head:
    """`status` is 0 when the program names none, `line` the status with its reason; `fields` are in order."""

    status: int
    line: str | None
    fields: tuple[tuple[str, bytes], ...]

    def value(self, name: str) -> str | None:
        """Return the last value of a field (lower-case name) as text, None for none."""
        found = [value for field, value in self.fields if field.lower() == name]
        return found[-1].decode("utf-8", "surrogateescape") if found else None


def split_head(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the head's lines and what follows, None while the empty line has not come.

    Raises BadHead when there is more than any head may have.
    """
    end = _END.search(data)
    if end is not None and end.start() <= MAX_HEAD:
        return data[: end.start()], data[end.end() :]
    if len(data) > MAX_HEAD:
        raise BadHead(MALFORMED, f"head of more than {MAX_HEAD} bytes")
    return None


def parse_head(lines: bytes) -> Head:
    """Return the head. Raises BadHead."""
    status, status_line = 0, None
    fields: list[tuple[str, bytes]] = []
    split = lines.split(b"\n") if lines else []
    if len(split) > MAX_LINES:
        raise BadHead(MALFORMED, f"head of more than {MAX_LINES} lines")
    for line in split:
        line = line.removesuffix(b"\r")
        name, colon, value = line.partition(b":")
        value = value.strip(b" \t")
        if not colon or not _NAME.fullmatch(name) or _BAD_VALUE.search(value):
            raise BadHead(MALFORMED, f"Bad header: {line[:30].decode('ascii', 'backslashreplace')}")
        if name.lower() == b"status":
            status, status_line = _status(value)
        else:
            fields.append((name.decode("ascii"), value))
    return Head(status, status_line, tuple(fields))


def no_end(data: bytes) -> BadHead:
    """Return what is wrong with output that ended before its head did."""
    if not data:
        return BadHead("End of script output before headers")
    try:
        parse_head(data.rstrip(b"\r\n"))
    except BadHead as error:
        return error
    return BadHead("Premature end of script headers")


def _status(value: bytes) -> tuple[int, str | None]:
    match = _STATUS.fullmatch(value.decode("latin-1"))
    if match is None:
        raise BadHead("Invalid status line from script", value[:30].decode("ascii", "backslashreplace"))
    return int(match[1]), match[0] if match[2] else None
