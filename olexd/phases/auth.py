"""Who may pass: access, early decision, authentication, authorisation, in httpd's order.

Configuration spec 4.1. Whatever is not an explicit OK refuses: nobody answering, no user, an unknown
result (the master function turns exceptions into 500).
"""

from __future__ import annotations

import stat
from typing import Final

from olexd.config.server import SectionKind
from olexd.model.logging import log_request
from olexd.model.realm import auth_type
from olexd.model.request import Request
from olexd.phases.table import Plan, run_all, run_first
from olexd.status import DECLINED, INTERNAL_SERVER_ERROR, OK

_OF_DIRECTORIES: Final = frozenset({SectionKind.DIRECTORY, SectionKind.DIRECTORY_MATCH, SectionKind.HTACCESS})


def inherits_checks(request: Request) -> bool:
    """Return whether the checks of the request that `request` follows were its own, too.

    They were where the very same settings apply, to a file of the same directory. That is httpd's rule, and
    why an error page may lie in the directory that it refuses. Whoever follows a request that was refused
    before its checks, or was given handlers of its own, is checked. An index file follows its directory in
    the same way. What a page includes is checked in any case; the user whom the page was shown to is known
    there wherever the very same settings apply, and nowhere else: under others nobody vouched for the name.
    """
    leader = request.prev or request.main
    if leader is None or not leader.checked or leader.conf is not request.conf:
        return False
    beside = not request.added_handlers and _stands_beside(request, leader)
    included = request.prev is None and request.stands_in_for is None
    if beside or included:
        request.user, request.ap_auth_type = leader.user, leader.ap_auth_type
        request.user_is_claimed = leader.user_is_claimed
    if included or not beside:
        return False
    request.checked = True
    request.requirements = leader.requirements
    return True


def _stands_beside(request: Request, leader: Request) -> bool:
    if request.stat is None or request.path_info or not request.filename or not leader.filename:
        return False
    if any(section.kind not in _OF_DIRECTORIES for section in request.sections):
        return False
    return _directory_of(request) == _directory_of(leader)


def _directory_of(request: Request) -> str:
    """Return the directory whose settings count: that of a file, or the directory that was asked for.

    Without its slash a directory is an entry of the one above, as in httpd: beside nothing that it holds.
    """
    path = request.filename or ""
    if request.stat is not None and stat.S_ISDIR(request.stat.st_mode):
        return path
    return path[: path.rfind("/") + 1]


async def check_access(request: Request, plan: Plan) -> int:
    """Return OK when the request may pass, else DONE or the status of the refusal."""
    request.checked = True
    is_enough = bool(plan.satisfy_any) and await run_first(request, plan.satisfy_any) == OK
    if plan.access_checker or is_enough:
        result = await run_all(request, plan.access_checker)
        # Where it is enough a refusal is not the end, elsewhere an OK is not.
        if (result == OK) is is_enough:
            return result
    if not plan.access_decider:
        return OK
    decision = await _decide_early(request, plan)
    return await _check_user(request) if decision == DECLINED else decision


async def _decide_early(request: Request, plan: Plan) -> int:
    """Return what can be decided before anybody is authenticated; DECLINED when that depends on the user.

    A name that a handler read from the credentials is no user yet: whoever sends it would pass.
    """
    if not request.user_is_claimed:
        return await run_first(request, plan.access_decider)
    claimed, request.user = request.user, None
    try:
        return await run_first(request, plan.access_decider)
    finally:
        request.user = claimed


async def _check_user(request: Request) -> int:
    # The plan is asked for anew wherever handlers may have added handlers.
    result = await run_first(request, request.phases.plan(request).check_user_id)
    if result == DECLINED:
        result = _nobody_answered(request)
    if result != OK:
        return result
    if request.user is None:
        return _no_user(request)
    result = await run_first(request, request.phases.plan(request).auth_checker)
    return INTERNAL_SERVER_ERROR if result == DECLINED else result


def _nobody_answered(request: Request) -> int:
    """Decide when every authentication declined.

    Without an AuthType a user that an earlier handler set counts. With one, a name may stand there that
    nobody vouched for (Basic sets it before looking it up), so it never does.
    """
    kind = auth_type(request)
    if kind is not None:
        log_request(
            request, f"AH01796: AuthType {kind} configured without corresponding module", module="core"
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
