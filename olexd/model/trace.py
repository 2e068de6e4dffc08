"""What is noted of a request's handlers for whoever wants to know: tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HandlerCall:
    """One handler that ran: the directive of its phase, its name as configured, and what came of it.

    `result` is what counted as its result; None when its function was missing and may be. `error` is the
    exception that it raised (`SERVER_RETURN` is a result).
    """

    phase: str
    handler: str
    result: int | None
    error: BaseException | None = None
