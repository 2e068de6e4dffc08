"""Byte ranges of what a handler wrote (RFC 9110 section 14; core spec 3.5).

Only a response that is known as a whole before anything went out can be cut, as in httpd.
"""

from __future__ import annotations

from typing import Final

from olexd.config.core import CoreDir
from olexd.model.conditions import range_applies
from olexd.model.ranges import ByteRange, content_range, parse_ranges
from olexd.model.request import Request
from olexd.status import OK, PARTIAL_CONTENT, RANGE_NOT_SATISFIABLE

_SETTLED: Final = ("Content-Range", "Content-Encoding")
"""Fields of a response that was cut already, or whose bytes are not the resource's."""


def wants_range(request: Request) -> bool:
    """Return whether the client asks for a part of what has collected. Cheap: every request is asked."""
    if request.output.committed or request.method != "GET":
        return False
    return b"range" in [name.lower() for name, _ in request.header_lines if len(name) == 5]


def cut_to_range(request: Request) -> int:
    """Cut what has collected to the range that the client asks for; return OK or 416.

    A request for several ranges gets everything.
    """
    limit = request.conf[CoreDir].max_ranges
    if request.status != 200 or not limit or not _can_be_cut(request):
        return OK
    body = request.output.collected()
    ranges = parse_ranges(request.headers_in.get("Range") or "", len(body), limit) if body else None
    if ranges is None or len(ranges) > 1:
        return OK
    if not ranges:
        return RANGE_NOT_SATISFIABLE
    _cut(request, body, ranges[0])
    return OK


def _can_be_cut(request: Request) -> bool:
    """Whether what has collected is the whole resource, and the one that If-Range means."""
    fields = request.headers_out
    if request.assbackwards or request.content_encoding or any(name in fields for name in _SETTLED):
        return False
    declared = fields.get("Content-Length")
    return declared in (None, str(len(request.output.collected()))) and range_applies(request)


def _cut(request: Request, body: bytes, wanted: ByteRange) -> None:
    fields = request.headers_out
    fields["Content-Range"] = content_range(wanted, len(body))
    del fields["Content-Length"]
    request.status = PARTIAL_CONTENT
    request.output.discard()
    request.output.write(body[wanted.start : wanted.end + 1], False)
