"""Byte ranges of what a handler wrote (RFC 9110 section 14; core spec 3.5).

Only a response that is known as a whole before anything went out can be cut, as in httpd.
"""

from __future__ import annotations

from olexd.config.core import CoreDir
from olexd.model.conditions import range_applies
from olexd.model.head import with_charset
from olexd.model.ranges import ByteRange, content_range, frame_parts, parse_ranges
from olexd.model.request import Request
from olexd.status import OK, PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE


def wants_range(request: Request) -> bool:
    """Return whether the client asks for a part of what has collected. Cheap: every request is asked."""
    if request.output.committed:
        return False
    return b"range" in [name.lower() for name, _ in request.header_lines if len(name) == 5]


def cut_to_range(request: Request) -> int:
    """Cut what has collected to the ranges that the client asks for; return OK or 416."""
    core = request.conf[CoreDir]
    if request.status != 200 or not core.max_ranges or not _can_be_cut(request):
        return OK
    body = request.output.collected()
    ranges = parse_ranges(request.headers_in.get("Range") or "", len(body), core) if body else None
    if ranges is None:
        return OK
    if not ranges:
        return RANGE_NOT_SATISFIABLE
    del request.headers_out["Content-Length"]
    request.status = PARTIAL_CONTENT
    request.output.discard()
    if len(ranges) == 1:
        request.headers_out["Content-Range"] = content_range(ranges[0], len(body))
        request.output.write(_cut(body, ranges[0]), False)
    else:
        _send_parts(request, body, ranges)
    return OK


def _can_be_cut(request: Request) -> bool:
    """Whether what has collected is the whole resource, and the one that If-Range means."""
    fields = request.headers_out
    if request.assbackwards or "Content-Range" in fields:
        return False
    declared = fields.get("Content-Length")
    return declared in (None, str(len(request.output.collected()))) and range_applies(request)


def _cut(body: bytes, wanted: ByteRange) -> bytes:
    return body[wanted.start : wanted.end + 1]


def _send_parts(request: Request, body: bytes, ranges: tuple[ByteRange, ...]) -> None:
    parts = frame_parts(ranges, len(body), with_charset(request, request.content_type or ""))
    request.content_type = parts.content_type
    pieces = [head + _cut(body, one) for head, one in zip(parts.heads, ranges, strict=True)]
    request.output.write(b"".join([*pieces, parts.end]), False)
