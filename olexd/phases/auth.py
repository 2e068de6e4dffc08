"""Who may pass: access, early decision, authentication, authorisation, in httpd's order.

Configuration spec 4.1. Whatever is not an explicit OK refuses: nobody answering, no user, an unknown
result (the master function turns exceptions into 500).
"""

from __future__ import annotations

from typing import Final

from olexd.config.core import CoreDir
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.phases.hooks import Phase
from olexd.phases.table import run_phase, table_of
from olexd.status import DECLINED, OK

INTERNAL_SERVER_ERROR: Final = 500


async def check_access(request: Request) -> int:
    """Return OK when the request may pass, else DONE or the status of the refusal."""
    result = await run_phase(request, Phase.ACCESS_CHECKER)
    if result not in (OK, DECLINED):
        return result
    if not table_of(request).calls(request, Phase.ACCESS_DECIDER):
        return OK
    decision = await run_phase(request, Phase.ACCESS_DECIDER)
    if decision != DECLINED:
        return decision
    return await _check_user(request)


async def _check_user(request: Request) -> int:
    result = await run_phase(request, Phase.CHECK_USER_ID)
    if result == DECLINED:
        result = _nobody_answered(request)
    if result != OK:
        return result
    if request.user is None:
        return _no_user(request)
    result = await run_phase(request, Phase.AUTH_CHECKER)
    return INTERNAL_SERVER_ERROR if result == DECLINED else result


def _nobody_answered(request: Request) -> int:
    """Decide when every authentication declined.

    Without an AuthType a user that an earlier handler set counts. With one, a name may stand there that
    nobody vouched for (Basic sets it before looking it up), so it never does.
    """
    auth_type = request.conf[CoreDir].auth_type
    if auth_type:
        log_request(
            request, f"AH01796: AuthType {auth_type} configured without corresponding module", module="core"
        )
        return INTERNAL_SERVER_ERROR
    return _no_user(request) if request.user is None else OK


def _no_user(request: Request) -> int:
    log_request(
        request,
        "AH00027: No authentication done but request not allowed without authentication for "
        f"{request.uri}. Authentication not configured?",
        module="core",
    )
    return INTERNAL_SERVER_ERROR
