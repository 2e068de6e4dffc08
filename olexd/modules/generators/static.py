"""Sending a file: validators, conditions, ranges, body (configuration spec 3.13)."""

from __future__ import annotations

import errno
import os
import stat
from typing import Final

from olexd.config.core import CoreDir
from olexd.errorlog import Level
from olexd.model.conditions import etag, format_date, meets_conditions, range_applies
from olexd.model.head import with_charset
from olexd.model.logging import log_request
from olexd.model.ranges import ByteRange, content_range, frame_parts, parse_ranges
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.phases.walk import DIRECTORY_HANDLER
from olexd.status import FORBIDDEN, NOT_FOUND, OK, RANGE_NOT_SATISFIABLE

SELECTIVE: Final = frozenset(
    {b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range", b"range"}
)
"""The fields that ask for less than the whole file, or only under conditions."""
REMEMBERED: Final = 1024
"""How many files' heads are remembered under one set of settings."""
SETTLED: Final = 2.0
"""Seconds after its last change from which a file's entity tag is strong and stays."""
SMALL: Final = 65536
"""Files up to this many bytes are read and sent with the head in one piece."""


def send_file(request: Request) -> int:
    """Answer with the request's file. Blocks on the file system and the client."""
    refused = _refusal(request)
    if refused != OK:
        return refused
    try:
        fd = _open(request)
    except OSError as error:
        return _cannot_open(request, error)
    try:
        return _send_open_file(request, fd)
    finally:
        os.close(fd)


def _refusal(request: Request) -> int:
    """Return the status for what is no file, OK for a file."""
    found = request.stat
    path = f"{request.filename}{request.path_info or ''}"
    if found is None:
        log_request(request, f"AH00128: File does not exist: {path}", Level.INFO, "core")
        return NOT_FOUND
    if stat.S_ISDIR(found.st_mode):
        return _refuse_directory(request)
    if not stat.S_ISREG(found.st_mode):
        log_request(request, f"object is not a file: {path}", Level.ERR, "core")
        return FORBIDDEN
    if request.path_info and not _takes_path_info(request):
        log_request(request, f"AH00130: File does not exist: {path}", Level.INFO, "core")
        return NOT_FOUND
    return OK


def _takes_path_info(request: Request) -> bool:
    """AcceptPathInfo decides, unless a handler accepted (0) or rejected (1) path info itself."""
    if request.used_path_info in (0, 1):
        return request.used_path_info == 0
    return request.conf[CoreDir].accept_path_info == "on"


def _refuse_directory(request: Request) -> int:
    loaded = request.connection.config.loaded
    if (
        request.handler in (None, DIRECTORY_HANDLER)
        and request.method in ("GET", "HEAD")
        and (not loaded or "autoindex" in loaded)
    ):
        log_request(
            request,
            f"AH01276: Cannot serve directory {request.filename}: No matching DirectoryIndex found, and "
            "server-generated directory index forbidden by Options directive",
            Level.ERR,
            "autoindex",
        )
        return FORBIDDEN
    log_request(request, f"AH00129: Attempt to serve directory: {request.filename}", Level.INFO, "core")
    return NOT_FOUND


def _open(request: Request) -> int:
    assert request.filename is not None
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    if request.filename == request.checked_name:
        flags |= os.O_NOFOLLOW
    fd = os.open(request.filename, flags)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        raise OSError(errno.EACCES, "no longer a regular file")
    # What was opened counts, not what the walk saw a moment ago.
    request.stat = found
    return fd


def _cannot_open(request: Request, error: OSError) -> int:
    if error.errno == errno.ENOENT:
        log_request(request, f"AH00128: File does not exist: {request.filename}", Level.INFO, "core")
        return NOT_FOUND
    message = f"AH00132: file permissions deny server access: {request.filename} ({error.strerror})"
    log_request(request, message, Level.ERR, "core")
    return FORBIDDEN


def _set_validators(request: Request, found: os.stat_result, fd: int) -> None:
    """Say what the head says of a file; for one that is not just being written, from memory."""
    request.mtime = found.st_mtime
    known: dict[tuple[int, int, int], Table] = request.conf.__dict__.setdefault("static", {})
    key = found.st_ino, found.st_size, found.st_mtime_ns
    fresh = not request.headers_out_table
    if fresh and (remembered := known.get(key)) is not None:
        request.headers_out = remembered.clone()
        return
    _describe(request, found, fd)
    settled = (
        request.request_time - found.st_mtime > SETTLED and "digest" not in request.conf[CoreDir].etag_parts
    )
    if fresh and settled:
        if len(known) >= REMEMBERED:
            known.clear()
        known[key] = request.headers_out.clone()


def _describe(request: Request, found: os.stat_result, fd: int) -> None:
    headers = request.headers_out
    now = request.request_time
    headers["Last-Modified"] = format_date(int(min(found.st_mtime, now) if now else found.st_mtime))
    tag = etag(request, fd)
    if tag is not None:
        headers["ETag"] = tag
    headers["Accept-Ranges"] = "bytes" if request.conf[CoreDir].max_ranges else "none"


def _send_open_file(request: Request, fd: int) -> int:
    found = request.stat
    assert found is not None
    _set_validators(request, found, fd)
    if not request.sent_any(SELECTIVE):
        _send_whole(request, fd, found.st_size)
        return OK
    condition = meets_conditions(request)
    if condition != OK:
        request.status = condition
        if condition != 304:
            request.headers_out["Content-Length"] = "0"
        return OK
    ranges = _wanted_ranges(request, found.st_size)
    if ranges is None:
        _send_whole(request, fd, found.st_size)
    elif not ranges:
        return RANGE_NOT_SATISFIABLE
    elif len(ranges) == 1:
        _send_one(request, fd, ranges[0], found.st_size)
    else:
        _send_parts(request, fd, ranges, found.st_size)
    return OK


def _wanted_ranges(request: Request, size: int) -> tuple[ByteRange, ...] | None:
    value = request.headers_in.get("Range")
    core = request.conf[CoreDir]
    if request.output_filters is not None:
        # What is cut is what comes out of them.
        return None
    if value is None or not core.max_ranges or request.status != 200 or not range_applies(request):
        return None
    return parse_ranges(value, size, core)


def _send_whole(request: Request, fd: int, size: int) -> None:
    request.clength = size
    if request.header_only or not 0 < size <= SMALL:
        # Else the length comes by itself, for the whole body is there when the head is made.
        request.headers_out["Content-Length"] = str(size)
    _send_bytes(request, fd, 0, size)


def _send_one(request: Request, fd: int, wanted: ByteRange, size: int) -> None:
    request.status = 206
    request.clength = wanted.length
    headers = request.headers_out
    headers["Content-Length"] = str(wanted.length)
    headers["Content-Range"] = content_range(wanted, size)
    _send_bytes(request, fd, wanted.start, wanted.length)


def _send_parts(request: Request, fd: int, ranges: tuple[ByteRange, ...], size: int) -> None:
    parts = frame_parts(ranges, size, with_charset(request, request.content_type or ""))
    request.status = 206
    request.clength = parts.length
    request.headers_out["Content-Length"] = str(parts.length)
    request.content_type = parts.content_type
    if request.header_only:
        return
    for head, one in zip(parts.heads, ranges, strict=True):
        request.output.write(head, False)
        _send_bytes(request, fd, one.start, one.length)
    request.output.write(parts.end, False)


def _send_bytes(request: Request, fd: int, offset: int, length: int) -> None:
    if not length or (request.header_only and request.output_filters is None):
        return
    if length <= SMALL:
        # Not pushed: the end of the response goes out with it, and so does its length.
        request.output.collect(os.pread(fd, length, offset))
    else:
        request.output.send_file(fd, offset, length)
