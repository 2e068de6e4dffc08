"""AuthType and AuthName of a request, in which expressions may stand (configuration spec 4.4)."""

from __future__ import annotations

from olexd.config.core import CoreDir
from olexd.config.settings import Settings
from olexd.errorlog import Level
from olexd.expr import EvaluationError, String
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.model.variables import RequestVariables


def auth_type(request: Request) -> str | None:
    """Return AuthType in the case it is written in; None where it is not set or None.

    One that cannot be told is "", the name of no authentication: it opens nothing.
    """
    stated = request.conf[CoreDir].auth_type
    if stated is None:
        return None
    found = _evaluated(request, stated, "AH02834: AuthType") or ""
    return None if found.lower() == "none" else found


def is_auth_type(request: Request, name: str) -> bool:
    """Return whether AuthType is `name` (lower case)."""
    return (auth_type(request) or "").lower() == name


def may_be_auth_type(settings: Settings, name: str) -> bool:
    """Return whether AuthType can be `name` (lower case) for requests with these settings."""
    stated = settings[CoreDir].auth_type
    return stated is not None and (stated.fixed is None or stated.fixed.lower() == name)


def auth_name(request: Request) -> str | None:
    """Return AuthName; None where it is not set or cannot be told."""
    stated = request.conf[CoreDir].auth_name
    return None if stated is None else _evaluated(request, stated, "AH02835: AuthName")


def _evaluated(request: Request, stated: String, what: str) -> str | None:
    if stated.fixed is not None:
        return stated.fixed
    try:
        return stated.evaluate(RequestVariables(request, varies=False))
    except EvaluationError as error:
        log_request(request, f"{what} expression could not be evaluated: {error}", Level.ERR, "authn_core")
        return None
