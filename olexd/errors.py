"""Exceptions that cross layers. Each is small and stands with what it means."""

from __future__ import annotations


class ServerReturn(Exception):
    """`apache.SERVER_RETURN`: leaves a handler at once with `(result[, status])`."""


ServerReturn.__name__ = ServerReturn.__qualname__ = "SERVER_RETURN"
ServerReturn.__module__ = "_apache"


class ClientGone(OSError):
    """The client closed, reset or stalled the connection while a response was written."""


class FilterFailed(Exception):
    """A filter failed before anything of the response went out; what went wrong is in the error log."""


class BadRequest(Exception):
    """What the client sent cannot be served; carries the status to answer with.

    `status` is an HTTP code; `str(error)` is for the error log, never for the client,
    who may get a `hint`.
    """

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.hint = hint


class CannotStart(SystemExit, Exception):
    """The server cannot start; the message is for the terminal.

    It ends the process like any SystemExit. A twistd in the background hears of Exceptions only, and lets
    the one in the foreground, which is to be told how it went, wait for ever after anything else.
    """
