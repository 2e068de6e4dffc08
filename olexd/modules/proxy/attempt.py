"""What attempts at having a backend answer have in common: whom they ask, how they wait, how they fail."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from olexd.errors import ClientGone
from olexd.http.writer import WRITE_FAILED
from olexd.model.request import Request
from olexd.modules.proxy.bodies import Patience
from olexd.modules.proxy.response import complain, told
from olexd.modules.proxy.worker import Unreachable, Worker
from olexd.status import BAD_GATEWAY, GATEWAY_TIMEOUT, SERVICE_UNAVAILABLE


class Attempt:
    """A request for the path `target` of a worker's backend, which may stand still for `seconds`.

    `_waiting` is what is waited for; it is cancelled when the patience is over.
    """

    def __init__(self, request: Request, worker: Worker, target: bytes, seconds: float) -> None:
        self._request = request
        self._worker = worker
        self._target = target
        self._seconds = seconds
        self._waiting: Deferred[Any] | None = None
        self._patience = Patience(worker.reactor, seconds, self._stop_waiting)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()

    def _failed(self, error: Exception) -> int:
        """Return the status for what kept the backend from answering. Raises ClientGone."""
        request, address = self._request, self._worker.address
        if request.connection.aborted:
            raise ClientGone(WRITE_FAILED) from error
        if self._patience.passed:
            complain(request, f"the backend {address} did not answer within {self._seconds:g} seconds")
            return GATEWAY_TIMEOUT
        if isinstance(error, Unreachable):
            self._worker.note_failure()
            complain(request, f"attempt to connect to {address} failed: {error}")
            return SERVICE_UNAVAILABLE
        complain(request, f"Error reading from remote server {address}: {told(error)}")
        return BAD_GATEWAY
