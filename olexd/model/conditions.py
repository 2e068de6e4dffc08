"""Entity tags, HTTP dates and conditional requests (RFC 9110 sections 8.8 and 13; configuration spec 3.13).

The rules read what the response already says of itself (`ETag` and `Last-Modified` in `headers_out`), so
they serve files and handlers alike.
"""

from __future__ import annotations

import base64
import calendar
import functools
import hashlib
import os
import re
import time
from email.utils import formatdate
from typing import Final

from olexd.blocks import read_blocks
from olexd.config.core import CoreDir
from olexd.model.request import Request
from olexd.status import NOT_MODIFIED, OK, PRECONDITION_FAILED

_MONTHS: Final = {
    "Jan": 1,
    "Feb": 2,
    "Mar": 3,
    "Apr": 4,
    "May": 5,
    "Jun": 6,
    "Jul": 7,
    "Aug": 8,
    "Sep": 9,
    "Oct": 10,
    "Nov": 11,
    "Dec": 12,
}
_RFC1123: Final = re.compile(
    r"[A-Za-z]{3}, (\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d)(?: .*)?", re.ASCII
)
_RFC850: Final = re.compile(r"[A-Za-z]+, (\d\d)-([A-Za-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d)(?: .*)?", re.ASCII)
_ASCTIME: Final = re.compile(r"[A-Za-z]{3} ([A-Za-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})", re.ASCII)

ENCODING_SUFFIXES: Final = ("gzip", "br")
"""What filters that encode put at the end of an entity tag, behind a hyphen."""


# Dates


@functools.lru_cache(maxsize=1024)
def format_date(seconds: int) -> str:
    """Return epoch seconds as an HTTP date."""
    return formatdate(seconds, usegmt=True)


@functools.lru_cache(maxsize=1024)
def parse_date(text: str) -> int | None:
    """Return the epoch seconds of an HTTP date in any of its three forms; None for anything else."""
    text = text.strip()
    if match := _RFC1123.fullmatch(text):
        day, month, year, hour, minute, second = match.groups()
    elif match := _RFC850.fullmatch(text):
        day, month, short, hour, minute, second = match.groups()
        year = str(int(short) + (1900 if int(short) >= 70 else 2000))
    elif match := _ASCTIME.fullmatch(text):
        month, day, hour, minute, second, year = match.groups()
    else:
        return None
    return _timestamp(int(year), month, int(day), int(hour), int(minute), int(second))


def _timestamp(year: int, month: str, day: int, hour: int, minute: int, second: int) -> int | None:
    number = _MONTHS.get(month.capitalize())
    if number is None or not 1 <= day <= 31 or hour > 23 or minute > 59 or second > 61:
        return None
    return calendar.timegm((year, number, day, hour, minute, second))


# Entity tags


def make_etag(found: os.stat_result, parts: frozenset[str], now: float, digest: str = "") -> str | None:
    """Return a file's entity tag of the `parts` that FileETag names, None when it names none.

    A file younger than a second before `now` gets a weak tag: it may change again unnoticed. `digest` is
    used for the part of that name.
    """
    if "digest" in parts:
        return f'"{digest}"'
    micros = found.st_mtime_ns // 1000
    numbers = (("inode", found.st_ino), ("size", found.st_size), ("mtime", micros))
    chosen = [f"{number:x}" for name, number in numbers if name in parts]
    if not chosen:
        return None
    weak = "W/" if now - found.st_mtime < 1 else ""
    return f'{weak}"{"-".join(chosen)}"'


def handler_etag(request: Request) -> str | None:
    """Return the tag that a handler gives what it makes: its file's, None when FileETag names no parts.

    Where there is no file the directory it would be in says when something changed; `"0"` without one.
    """
    if request.stat is not None:
        return make_etag(request.stat, request.conf[CoreDir].etag_parts, time.time())
    try:
        above = os.stat(os.path.dirname(request.filename or ""))
    except OSError:
        return '"0"'
    return make_etag(above, frozenset({"mtime"}), time.time())


def digest_of(fd: int) -> str:
    """Return the base64 SHA-1 digest of an open file."""
    sha = hashlib.sha1(usedforsecurity=False)
    for block in read_blocks(fd, 0, os.fstat(fd).st_size, 65536):
        sha.update(block)
    return base64.b64encode(sha.digest()).decode("ascii")


def etag(request: Request, fd: int | None = None) -> str | None:
    """Return the entity tag of the request's file, None when there is none; `fd` is needed for Digest."""
    found = request.stat
    if found is None:
        return None
    parts = request.conf[CoreDir].etag_parts
    digest = ""
    if "digest" in parts:
        if fd is None:
            return None
        digest = digest_of(fd)
    return make_etag(found, parts, request.request_time or time.time(), digest)


def _matches_strongly(listed: str, tag: str | None) -> bool:
    if listed.lstrip().startswith("*"):
        return True
    return tag is not None and not tag.startswith("W/") and tag in map(str.strip, listed.split(","))


def _matches_weakly(listed: str, tag: str | None) -> bool:
    if listed.lstrip().startswith("*"):
        return True
    if tag is None:
        return False
    return tag.removeprefix("W/") in (item.strip().removeprefix("W/") for item in listed.split(","))


@functools.lru_cache(maxsize=256)
def accepts_coding(value: str, token: str) -> bool:
    """Return whether an Accept-Encoding field names a coding, and not with a weight of nothing."""
    for item in value.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        if name == token:
            return not any(re.fullmatch(r"q=0(\.0{0,3})?", parameter) for parameter in parameters)
    return False


def _matches_encoded(request: Request, listed: str, tag: str | None) -> bool:
    """Whether the client has the response as a filter encodes it for it; then the answer bears that tag.

    A cache may say the tags of all that it has: those do not count that the client behind it cannot read.
    """
    chain = request.output_filters
    accepted = request.headers_in.get("Accept-Encoding")
    if tag is None or accepted is None or chain is None or not chain.encodes:
        return False
    encoded = (f'{tag[:-1]}-{token}"' for token in ENCODING_SUFFIXES if accepts_coding(accepted, token))
    found = next((one for one in encoded if _matches_weakly(listed, one)), None)
    if found is not None:
        request.headers_out["ETag"] = found
    return found is not None


# Conditions


def _modified(request: Request) -> int | None:
    """Return when the resource last changed, in epoch seconds, as far as the response knows."""
    stated = request.headers_out.get("Last-Modified")
    if stated is not None and (date := parse_date(stated)):
        return date
    return int(request.mtime or request.request_time) or None


def meets_conditions(request: Request) -> int:
    """Return OK when the request is to be answered in full, else 304 or 412."""
    if not 200 <= request.status < 300 or request.no_local_copy:
        return OK
    headers = request.headers_in
    tag = request.headers_out.get("ETag")
    reads = request.method in ("GET", "HEAD")
    if (listed := headers.get("If-Match")) is not None and not _matches_strongly(listed, tag):
        return PRECONDITION_FAILED
    unchanged = _unchanged_since(request)
    if unchanged is False:
        return PRECONDITION_FAILED
    if unchanged and reads:
        # As in httpd: whoever asks for what has not changed is not told that it has not changed.
        return OK
    if reads and "Range" in headers and "If-Range" in headers:
        # As in httpd: whoever completes what it has in part is not told to keep it as it is.
        return OK
    since = _unmodified(request) if reads else None
    if (listed := headers.get("If-None-Match")) is None:
        return NOT_MODIFIED if since else OK
    if not reads:
        return PRECONDITION_FAILED if _matches_strongly(listed, tag) else OK
    matches = _matches_strongly if "Range" in headers else _matches_weakly
    if not matches(listed, tag) and not _matches_encoded(request, listed, tag):
        return OK
    return OK if since is False else NOT_MODIFIED


def _unchanged_since(request: Request) -> bool | None:
    """Return what If-Unmodified-Since says: False for changed, None when it is absent.

    A date that makes no sense is taken for one to come, as in httpd.
    """
    stated = request.headers_in.get("If-Unmodified-Since")
    if stated is None:
        return None
    limit, modified = parse_date(stated), _modified(request)
    if limit is None or modified is None or modified <= limit:
        return True
    # As in httpd: with a range it is only believed that something has changed a minute after it has.
    return "Range" in request.headers_in and request.request_time < modified + 60


def _unmodified(request: Request) -> bool | None:
    """Return what If-Modified-Since says: True for unmodified, None when it is absent.

    After a date that makes no sense everything was modified, as in httpd.
    """
    stated = request.headers_in.get("If-Modified-Since")
    if stated is None:
        return None
    limit, modified = parse_date(stated), _modified(request)
    if limit is None or modified is None:
        return False
    return modified <= limit <= (request.request_time or time.time())


def range_applies(request: Request) -> bool:
    """Return whether If-Range lets the Range field count: a strong tag or the exact date."""
    stated = request.headers_in.get("If-Range")
    if stated is None:
        return True
    if '"' in stated:
        return not stated.startswith("W/") and stated.strip() == request.headers_out.get("ETag")
    limit = parse_date(stated)
    return limit is not None and limit == _modified(request)
