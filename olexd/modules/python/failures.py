"""What an exception in a handler leads to: log lines, and a page when debugging (core spec 1.8)."""

from __future__ import annotations

import html
import os
import threading
import traceback
from types import FrameType, TracebackType
from typing import Final

import olexd
from olexd.errors import ClientGone
from olexd.model.logging import log_request
from olexd.model.mp_request import mp_request
from olexd.model.request import Request
from olexd.modules.python.phases import PythonPhase
from olexd.status import DONE, GATEWAY_TIMEOUT, INTERNAL_SERVER_ERROR

CANCELLED: Final = "CancelledError"
"""The name of what Twisted raises in a coroutine that is cancelled."""
_OURS: Final = (os.path.dirname(os.path.abspath(olexd.__file__)) + os.sep, "<frozen importlib")
_BEFORE_HANDLERS: Final = (*_OURS, threading.__file__)


def _from_the_handler_on(frames: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback that begins in the application; None when it never got there."""
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OURS):
        frames = frames.tb_next
    return frames


def elements_of(error: BaseException) -> list[str]:
    """Return an exception's traceback, from the application's first frame on, entry by entry."""
    frames = _from_the_handler_on(error.__traceback__) or error.__traceback__
    return traceback.format_exception(type(error), error, frames)


def log_stack(record: Request, where: str, frame: FrameType) -> None:
    """Log where a handler stands, from the application's first frame on."""
    frames = traceback.StackSummary.extract(traceback.walk_stack(frame))
    frames.reverse()
    first = next((at for at, one in enumerate(frames) if not one.filename.startswith(_BEFORE_HANDLERS)), 0)
    for element in traceback.StackSummary.from_list(frames[first:]).format():
        log_request(record, f"{where}: {element[:-1]}")


def _out_of_time(record: Request, error: BaseException) -> bool:
    """Return whether a coroutine was cancelled because its time was up."""
    deadline = record.connection.deadline
    return deadline is not None and deadline.passed and type(error).__name__ == CANCELLED


def fail(req: mp_request, phase: PythonPhase, handler: str, error: BaseException, debug: bool) -> int:
    """Log an exception; return 500, or DONE when a page with the traceback was written.

    A coroutine that was cancelled because its client left did nothing wrong; one whose time was up gets 504.
    """
    late = _out_of_time(req._record, error)
    if req._record.connection.aborted and type(error).__name__ == CANCELLED and not late:
        return INTERNAL_SERVER_ERROR
    elements = report(req, f"{phase.name} {handler}", error)
    if late:
        return GATEWAY_TIMEOUT
    if not debug or not phase.answers or isinstance(error, ClientGone):
        return INTERNAL_SERVER_ERROR
    return _show(req, f"{phase.name} {handler}", elements)


def report(req: mp_request, where: str, error: BaseException) -> list[str]:
    """Log an exception that happened in `where`; return the lines of its traceback."""
    elements = elements_of(error)
    for element in elements:
        log_request(req._record, f"{where}: {element[:-1]}")
    return elements


def debug_page(where: str, elements: list[str]) -> bytes:
    """Return what is shown of an exception when debugging."""
    page = "".join(html.escape(element) + "\n" for element in elements)
    return f'\n<pre>\nMod_python error: "{html.escape(where)}"\n\n{page}</pre>\n'.encode(errors="replace")


def _show(req: mp_request, where: str, elements: list[str]) -> int:
    req.status = INTERNAL_SERVER_ERROR
    req.content_type = "text/html"
    try:
        req.write(debug_page(where, elements))
    except (ClientGone, ValueError):
        # The client left, or a header cannot be sent: nothing can be shown.
        return INTERNAL_SERVER_ERROR
    return DONE
