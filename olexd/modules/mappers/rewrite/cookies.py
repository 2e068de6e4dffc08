"""The CO flag: a Set-Cookie field made by a rule (configuration spec 3.8)."""

from __future__ import annotations

import time
from typing import Final

from olexd.model.request import Request

_TRUE: Final = frozenset({"true", "1"})


def set_cookie(request: Request, text: str) -> None:
    """Send the cookie `name:value:domain[:minutes[:path[:secure[:httponly[:samesite]]]]]`, once per request.

    A `;` before the name makes `;` the separator.
    """
    separator = ";" if text.startswith(";") else ":"
    words = text.removeprefix(";").split(separator)
    if len(words) < 3:
        return
    name, value, domain, minutes, path, secure, httponly, samesite = (words + [""] * 5)[:8]
    note = f"{name}_rewrite"
    origin = request
    while origin.main is not None:
        origin = origin.main
    if origin.notes.get(note) is not None:
        return
    origin.notes[note] = "set"
    parts = [f"{name}={value}", f"path={path or '/'}", f"domain={domain}"]
    if minutes and (number := _minutes(minutes)):
        parts.append(f"expires={_date(request.request_time + 60 * number)}")
    if secure.lower() in {*_TRUE, "secure"}:
        parts.append("secure")
    if httponly.lower() in {*_TRUE, "httponly"}:
        parts.append("HttpOnly")
    if samesite and samesite.lower() not in ("0", "false"):
        parts.append(f"SameSite={samesite}")
    request.err_headers_out.add("Set-Cookie", "; ".join(parts).encode("utf-8", "surrogateescape"))


def _minutes(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        return 0


def _date(moment: float) -> str:
    return time.strftime("%a, %d-%b-%Y %H:%M:%S GMT", time.gmtime(max(0, moment)))
