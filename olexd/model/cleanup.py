"""What handlers have called when their request is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from olexd.model import runtime
from olexd.model.logging import log_request
from olexd.model.request import Request


class Cleanup:
    """One registered cleanup: calling it runs the function, and logs a failure instead of raising it."""

    __slots__ = ("_data", "_function", "_record")

    def __init__(self, record: Request, function: Callable[[Any], object], data: Any) -> None:
        self._record = record
        self._function = function
        self._data = data

    def __call__(self) -> None:
        self._record.phase = None
        try:
            self._function(self._data)
        except BaseException as error:
            for line in runtime.cleanup_failure(self._function, error):
                log_request(self._record, line)
