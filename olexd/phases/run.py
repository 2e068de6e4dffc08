"""The master function: a request's whole way through the phases, and the end of it.

Core spec 1.1 and 1.6. Every result of every phase is judged here and nowhere else.
"""

from __future__ import annotations

import traceback
from typing import Final

from olexd.config.core import CoreDir, CoreServer
from olexd.errorlog import Level
from olexd.errors import BadRequest, ClientGone, FilterFailed
from olexd.expr import EvaluationError, String
from olexd.model.head import AP_CONN_CLOSE
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.model.variables import RequestVariables
from olexd.phases import respond
from olexd.phases.auth import check_access, inherits_checks
from olexd.phases.derive import depth, follow, path_of
from olexd.phases.partial import cut_to_range, wants_range
from olexd.phases.sides import to_pool
from olexd.phases.table import Calls, run_all, run_first, run_void
from olexd.phases.trace import echo, is_answered_here
from olexd.phases.walk import directory_walk, is_proxied, leave_sections, location_walk, proxy_walk
from olexd.status import (
    CLOSES_CONNECTION,
    DECLINED,
    DONE,
    GATEWAY_TIMEOUT,
    INTERNAL_SERVER_ERROR,
    NOT_FOUND,
    OK,
    REQUEST_ENTITY_TOO_LARGE,
)
from olexd.uri import decode_path

_GO_ON: Final = (OK, DECLINED)


async def serve(request: Request, refusal: int = OK) -> None:
    """Answer a request, whatever happens on the way, then log it and clean up. Never raises.

    `refusal` is the status to answer with when the request cannot even be looked at.
    """
    try:
        result = refusal or await process(request)
        if request.input_filters is not None:
            await drain(request, result)
        if request.output.request.output_filters is not None:
            await _end_phases(request.output.request)
        if result in (OK, DONE) and not wants_range(request):
            request.output.finish(soon=True)
        else:
            await conclude(request, result)
    except ClientGone:
        _give_up(request)
    except FilterFailed:
        _answer_failure(request)
    except Exception as error:
        log_failure(request, error)
        _answer_failure(request)
    plan = request.phases.plan(request)
    for call in plan.log_transaction:
        try:
            logged = call(request)
            if type(logged) is not int:
                await logged
        except Exception as error:
            log_failure(request, error)
    if request.cleanups or request.next is not None or plan.cleanup or request.stand_in is not None:
        await clean_up(request)


def _give_up(request: Request) -> None:
    """Note that nobody reads the response: the client is gone, or was answered as this took too long."""
    connection = request.connection
    connection.aborted = True
    if connection.deadline is not None and connection.deadline.answered:
        request.status = GATEWAY_TIMEOUT
    request.output.abandon()


def _answer_failure(request: Request) -> None:
    """Say 500 after an exception outside every handler's reach; give the connection up if even that fails."""
    # A redirect may have put another request in charge of status and headers.
    request = request.output.request
    try:
        # What could not be sent may stand in either table, or in the status line.
        request.err_headers_out.clear()
        request.status_line = None
        request.conf = request.host.merged()
        respond.die(request, 500)
        request.output.finish()
    except Exception as error:
        if not isinstance(error, ClientGone):
            log_failure(request, error)
        request.output.abandon()


async def process(request: Request) -> int:
    """Run the phases up to the content handler; return OK, DONE or the status to answer with."""
    calls = request.phases.plan(request).post_read_request
    if calls:
        result = await _post_read(request, calls)
        if result != OK:
            return result
    result = await process_mapped(request)
    if result != OK:
        return result
    if request.body.length != 0:
        result = _check_body(request)
        if result != OK:
            return result
    plan = request.phases.plan(request)
    if plan.insert_filter:
        insert_filters(request)
    result = await run_first(request, plan.handler)
    return NOT_FOUND if result == DECLINED else result


def insert_filters(request: Request) -> None:
    """Put the filters that the configuration names behind the content handler."""
    for call in request.phases.plan(request).insert_filter:
        call(request)


async def drain(request: Request, result: int) -> None:
    """Let the filters of the body see what no handler read, and the end of it.

    They do not where the client was not even asked for the body, nor where the connection ends anyway.
    """
    ends = request.connection.keepalive == AP_CONN_CLOSE or not CLOSES_CONNECTION.isdisjoint(
        (result, request.status)
    )
    if request.input_filters is not None and not request.expecting_100 and not ends:
        await _end_phases(request)
        request.input_filters.end()


async def _end_phases(request: Request) -> None:
    """Go where the filters may block for the end of body and response, which belong to no phase."""
    request.phase = None
    await to_pool(request)


async def _post_read(request: Request, calls: Calls) -> int:
    """Run the phase in which the request's path is still as it was sent."""
    settled, sent = request.uri, path_of(request.unparsed_uri)
    if settled == sent or not sent.startswith("/"):
        return await run_all(request, calls)
    request.uri = sent = "/" + sent.lstrip("/")
    result = await run_all(request, calls)
    if request.uri == sent:
        request.uri = settled
        return result
    try:
        core = request.host.server[CoreServer]
        request.uri = decode_path(request.uri, core.encoded_slashes, core.merge_slashes)
    except BadRequest as error:
        return error.status
    return result


async def process_mapped(request: Request) -> int:
    """Run the phases from the URL to the fixups; return OK, DONE or a status. Serves subrequests too."""
    location_walk(request)
    plan = request.phases.plan(request)
    if plan.translate_name:
        # What is looked up by its file name leads to that file already.
        if request.main is None or request.filename is None:
            uri = request.uri
            result = await run_first(request, plan.translate_name)
            if result not in _GO_ON:
                return result
            if request.uri != uri:
                location_walk(request)
        if request.proxyreq != 0 and is_proxied(request):
            proxy_walk(request)
        elif request.filename is not None:
            await to_pool(request)
            result = directory_walk(request)
            if result != OK:
                leave_sections(request)
                return result
        plan = request.phases.plan(request)
    # The plan is asked for anew wherever handlers may have added handlers.
    if request.method == "TRACE" and request.main is None and is_answered_here(request):
        return await echo(request)
    if plan.header_parser and request.main is None:
        result = await run_all(request, plan.header_parser)
        if result != OK:
            return result
        plan = request.phases.plan(request)
    if (plan.access_checker or plan.access_decider or plan.satisfy_any) and not inherits_checks(request):
        result = await check_access(request, plan)
        if result != OK:
            return result
        plan = request.phases.plan(request)
    # A backend's URL is no file: what it is, the backend says.
    proxied = is_proxied(request)
    bare = proxied or request.filename is None
    calls = plan.bare_type_checker if bare else plan.type_checker
    if calls:
        result = await run_first(request, calls)
        if result not in _GO_ON:
            return result
        plan = request.phases.plan(request)
    conf = request.conf[CoreDir]
    if conf.handler_expression is not None:
        try:
            set_handler(request, conf.handler_expression)
        except EvaluationError as error:
            log_request(request, f"AH03154: Can't evaluate handler expression: {error}", Level.ERR, "core")
            return INTERNAL_SERVER_ERROR
    elif conf.handler:
        # It beats what the file's extension said, and what handlers of earlier phases chose.
        request.handler = conf.handler
    calls = plan.bare_fixups if bare else plan.fixups
    return await run_all(request, calls) if calls else OK


def set_handler(request: Request, expression: String) -> None:
    """Choose the handler that an expression names, unless it says None. Raises EvaluationError."""
    name = expression.evaluate(RequestVariables(request, varies=False))
    if not name.startswith("proxy:unix"):
        name = name.lower()
    if name != "none":
        request.handler = name


def _check_body(request: Request) -> int:
    """Hold the body against LimitRequestBody: what it declares now, what really comes while it is read."""
    body = request.body
    limit = body.limit = request.conf[CoreDir].limit_request_body
    # Some of the body, or all of it, may have come before its limit was known.
    size = max(body.length or 0, body.received)
    if limit and size > limit:
        log_request(request, f"the request's body of {size} bytes is longer than LimitRequestBody")
        return REQUEST_ENTITY_TOO_LARGE
    return body.refusal or OK


async def conclude(request: Request, result: int) -> None:
    """Complete the response according to the phases' result, with the site's own error page if it has one."""
    if request.output_filters is not None:
        await _end_phases(request)
    if result in (OK, DONE) and wants_range(request):
        request.output.settle()
        result = cut_to_range(request)
        if result != OK:
            # As in httpd: nothing of a response that cannot be cut outlives it.
            request.err_headers_out.clear()
    if result not in (OK, DONE):
        document = respond.die(request, result)
        limit = request.host.server[CoreServer].redirect_limit
        if document is not None and depth(request)[0] >= limit:
            document = _end_loop(request, limit)
        if document is not None:
            error_request = _error_request(request, document)
            await conclude(error_request, await process(error_request))
            return
    request.output.finish()


def _end_loop(request: Request, limit: int) -> str | None:
    """Answer without another ErrorDocument: the page of each has led to the next."""
    message = (
        f"AH00124: Request exceeded the limit of {limit} internal redirects due to probable "
        "configuration error."
    )
    log_request(request, message, Level.ERR, "core")
    return respond.die(request, INTERNAL_SERVER_ERROR)


def _error_request(request: Request, document: str) -> Request:
    """Return the request for a page of the site that explains an error: GET, with the error's status."""
    request.no_local_copy = True
    derived = follow(request, document)
    environment = derived.subprocess_env
    environment["REDIRECT_REQUEST_METHOD"] = request.method
    if request.user is not None:
        environment["REDIRECT_REMOTE_USER"] = request.user
    derived.method = "GET"
    return derived


async def clean_up(request: Request) -> None:
    """Run the cleanups of a request and of all that stood in for it, the last one's first."""
    for successor in (request.next, request.stand_in):
        if successor is not None:
            await clean_up(successor)
    _call_cleanups(request)
    calls = request.phases.plan(request).cleanup
    if calls:
        await run_void(request, calls, log_failure)
        # Cleanup handlers may have registered more.
        _call_cleanups(request)


def _call_cleanups(request: Request) -> None:
    while request.cleanups:
        call = request.cleanups.pop()
        try:
            call()
        except Exception as error:
            log_failure(request, error)


def log_failure(request: Request, error: Exception) -> None:
    """Write an exception with its traceback into the error log."""
    text = "".join(traceback.format_exception(error))
    log_request(request, f"unexpected failure: {text}", Level.ERR, "core")
