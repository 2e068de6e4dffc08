"""Request bodies as browsers send them: forms, files, JSON."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

Pairs = Mapping[str, Any] | Iterable[tuple[str, Any]]
File = bytes | tuple[str, bytes] | tuple[str, bytes, str]
"""The content; or the file's name and content; or name, content and type."""

ANY_TYPE: Final = "application/octet-stream"
FORM: Final = "application/x-www-form-urlencoded"
_QUOTED: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def pairs_of(given: Pairs) -> list[tuple[str, Any]]:
    """Return names and values; a list as value stands for several."""
    items = given.items() if isinstance(given, Mapping) else given
    return [(name, one) for name, value in items for one in (value if isinstance(value, list) else [value])]


def encode_body(
    data: Pairs | str | bytes | None, files: Mapping[str, File] | None, json_value: Any
) -> tuple[bytes | None, str | None]:
    """Return a body and its content type; None for what there is not.

    `data` is a form's fields, or the body itself (str in UTF-8). Raises TypeError for two bodies at once.
    """
    if json_value is not None:
        if data is not None or files:
            raise TypeError("a request has either json or data and files")
        return json.dumps(json_value).encode(), "application/json"
    if files:
        if isinstance(data, (str, bytes)):
            raise TypeError("beside files data are fields")
        return _multipart(pairs_of(data or ()), files)
    if data is None:
        return None, None
    if isinstance(data, (str, bytes)):
        return data.encode() if isinstance(data, str) else data, None
    return urlencode(pairs_of(data)).encode(), FORM


def _multipart(fields: list[tuple[str, Any]], files: Mapping[str, File]) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    parts = [_part(boundary, name, str(value).encode(), "", "") for name, value in fields]
    for name, file in files.items():
        filename, content, *kind = (name, file) if isinstance(file, bytes) else file
        parts.append(_part(boundary, name, content, filename, kind[0] if kind else ANY_TYPE))
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, name: str, content: bytes, filename: str, kind: str) -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name.translate(_QUOTED)}"'
    if filename:
        head += f'; filename="{filename.translate(_QUOTED)}"\r\nContent-Type: {kind}'
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"
