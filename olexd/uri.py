"""Paths of request targets: decoded once and settled before anything looks at them; and escapes.

The order is httpd's: unreserved escapes, dot segments and double slashes first, then the other escapes
(configuration spec 3.1). What comes out is what sections are compared with and what handlers get.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from olexd.errors import BadRequest

_SPECIAL: Final = re.compile(rb"[%#\0]|//|/\.")
"""What sends a path the slow way: escapes, double slashes, dot segments, and what is refused."""
_ESCAPE: Final = re.compile(rb"%(..?)?", re.DOTALL)
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SLASHES: Final = re.compile(rb"/{2,}")
_PATH_SAFE: Final = "$-_.+!*'(),:;@&=/~"
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_QUOTED: Final = re.compile("%[0-9A-F]{2}")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def decode_path(target: bytes | str, encoded_slashes: str = "off", merge_slashes: bool = True) -> str:
    """Return the decoded, normalised path of a request target without its query.

    `encoded_slashes` is AllowEncodedSlashes: `off`, `on` or `nodecode`. The result starts with `/` and has
    no dot segments. Raises BadRequest: 400 for a bad escape, a raw `#` or a path above the root, 404 for
    `%00` and for a `%2F` that is not allowed.
    """
    path = target.encode("utf-8", "surrogateescape") if isinstance(target, str) else target
    if path[:1] == b"/" and path.isascii() and _SPECIAL.search(path) is None:
        return path.decode("ascii")
    return _decode_slowly(path, encoded_slashes, merge_slashes)


def _decode_slowly(path: bytes, encoded_slashes: str, merge_slashes: bool) -> str:
    if path[:1] != b"/" or b"#" in path:
        raise BadRequest(400, f"invalid URI path ({path!r})")
    path = _normalise(_ESCAPE.sub(_decode_unreserved, path), merge_slashes)
    if b"\0" in path or b"%00" in path:
        raise BadRequest(404, f"found %00 (encoded NUL) in URI path ({path!r})")
    slash = encoded_slashes.lower()
    if slash == "off" and b"%2f" in path.lower():
        raise BadRequest(404, f"found %2f (encoded '/') in URI path ({path!r}), returning 404")
    keep = b"/" if slash == "nodecode" else b""
    decoded = _ESCAPE.sub(lambda match: _decode_one(match, keep), path)
    if slash == "on":
        decoded = _normalise(decoded, merge_slashes)
    return decode_text(decoded)


def _byte(match: re.Match[bytes]) -> int:
    digits = match.group(1)
    try:
        if digits is None or len(digits) != 2 or not digits.isalnum():
            raise ValueError
        return int(digits, 16)
    except ValueError:
        raise BadRequest(400, f"bad escape {match.group()!r} in URI path") from None


def _decode_unreserved(match: re.Match[bytes]) -> bytes:
    code = _byte(match)
    return bytes((code,)) if code in _UNRESERVED else match.group()


def _decode_one(match: re.Match[bytes], keep: bytes) -> bytes:
    char = bytes((_byte(match),))
    return match.group() if char == keep else char


def _normalise(path: bytes, merge_slashes: bool) -> bytes:
    """Merge slashes, at the beginning in any case, and remove dot segments; refuse what leaves the root."""
    path = _SLASHES.sub(b"/", path) if merge_slashes else b"/" + path.lstrip(b"/")
    if b"/." not in path:
        return path
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b"..":
            if not kept:
                raise BadRequest(400, f"URI path above the root ({path!r})")
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    if segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/" + b"/".join(kept)


def decode_text(raw: bytes) -> str:
    """Return bytes from the wire as text: UTF-8, or Latin-1 when they are not."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def escape_html(text: str) -> str:
    """Return `text` for use in HTML text and in double-quoted attributes."""
    return text.translate(_HTML)


def escape_path(path: str) -> str:
    """Return a decoded path as it stands in a URL, with httpd's lower-case escapes."""
    quoted = quote(path, safe=_PATH_SAFE)
    return quoted if quoted == path else _QUOTED.sub(lambda match: match[0].lower(), quoted)


def settle_path(path: str) -> str | None:
    """Return a decoded path without dot segments and double slashes, None when it leaves the root."""
    try:
        return _normalise(path.encode("utf-8", "surrogateescape"), True).decode("utf-8", "surrogateescape")
    except BadRequest:
        return None


def with_query(url: str, args: str | None) -> str:
    """Return `url` with the query string `args` (as received), which may be empty; None for none."""
    return url if args is None else f"{url}?{args}"


def construct_url(scheme: str, host: str, port: int | None, path: str) -> str:
    """Return an absolute URL; `path` is escaped already. The scheme's own port is left out."""
    name = f"[{host}]" if ":" in host and not host.startswith("[") else host
    at = "" if port is None or port == _DEFAULT_PORTS.get(scheme) else f":{port}"
    return f"{scheme}://{name}{at}{path}"
