"""The master function: a request's whole way through the phases, and the end of it.

Core spec 1.1 and 1.6. Every result of every phase is judged here and nowhere else.
"""

from __future__ import annotations

import traceback
from typing import Final

from olexd.config.core import CoreDir
from olexd.errorlog import Level
from olexd.errors import ClientGone
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.phases import respond
from olexd.phases.auth import check_access
from olexd.phases.derive import follow
from olexd.phases.hooks import Phase
from olexd.phases.sides import to_pool
from olexd.phases.table import run_phase, run_void_phase
from olexd.phases.walk import directory_walk, location_walk
from olexd.status import DECLINED, DONE, OK

NOT_FOUND: Final = 404
REQUEST_ENTITY_TOO_LARGE: Final = 413
_GO_ON: Final = (OK, DECLINED)


async def serve(request: Request, refusal: int = OK) -> None:
    """Answer a request, then log it and clean up. Never raises.

    `refusal` is the status to answer with when the request cannot even be looked at.
    """
    await answer(request, refusal)
    await run_void_phase(request, Phase.LOG_TRANSACTION, log_failure)
    await clean_up(request)


async def answer(request: Request, refusal: int) -> None:
    """Run the phases and complete the response, whatever happens on the way."""
    try:
        await conclude(request, refusal or await process(request))
    except ClientGone:
        request.connection.aborted = True
        request.output.abandon()
    except Exception as error:
        log_failure(request, error)
        await _answer_failure(request)


async def _answer_failure(request: Request) -> None:
    """Say 500 after an exception outside every handler's reach; give the connection up if even that fails."""
    try:
        # What could not be sent may stand in either table.
        request.err_headers_out.clear()
        request.conf = request.host.merged()
        respond.die(request, 500)
        request.output.finish()
    except Exception as error:
        if not isinstance(error, ClientGone):
            log_failure(request, error)
        request.output.abandon()


async def process(request: Request) -> int:
    """Run the phases up to the content handler; return OK, DONE or the status to answer with."""
    result = await run_phase(request, Phase.POST_READ_REQUEST)
    if result in _GO_ON:
        result = await process_mapped(request)
    if result == OK:
        result = _check_body(request)
    if result == OK:
        result = await run_phase(request, Phase.HANDLER)
        if result == DECLINED:
            return NOT_FOUND
    return result


async def process_mapped(request: Request) -> int:
    """Run the phases from the URL to the fixups; return OK, DONE or a status. Serves subrequests too."""
    location_walk(request)
    uri = request.uri
    result = await run_phase(request, Phase.TRANSLATE_NAME)
    if result not in _GO_ON:
        return result
    if request.filename is not None:
        await to_pool(request)
        result = directory_walk(request)
        if result != OK:
            return result
    elif request.uri != uri:
        location_walk(request)
    return await _process_found(request)


async def _process_found(request: Request) -> int:
    result = await run_phase(request, Phase.HEADER_PARSER)
    if result not in _GO_ON:
        return result
    result = await check_access(request)
    if result not in _GO_ON:
        return result
    result = await run_phase(request, Phase.TYPE_CHECKER)
    if result not in _GO_ON:
        return result
    _settle_handler(request)
    result = await run_phase(request, Phase.FIXUPS)
    return OK if result == DECLINED else result


def _check_body(request: Request) -> int:
    """Hold the body against LimitRequestBody: what it declares now, what really comes while it is read."""
    body = request.body
    if body.complete:
        return OK
    body.limit = request.conf[CoreDir].limit_request_body
    if body.limit and (body.length or 0) > body.limit:
        log_request(request, f"the request's body of {body.length} bytes is longer than LimitRequestBody")
        return REQUEST_ENTITY_TOO_LARGE
    return OK


def _settle_handler(request: Request) -> None:
    """SetHandler beats what the file's extension said; early phases may have chosen one themselves."""
    name = request.conf[CoreDir].handler
    if name and request.handler is None:
        request.handler = name


async def conclude(request: Request, result: int) -> None:
    """Complete the response according to the phases' result, with the site's own error page if it has one."""
    if result not in (OK, DONE):
        document = respond.die(request, result)
        if document is not None:
            error_request = _error_request(request, document)
            await conclude(error_request, await process(error_request))
            return
    request.output.finish()


def _error_request(request: Request, document: str) -> Request:
    """Return the request for a page of the site that explains an error: GET, with the error's status."""
    derived = follow(request, document)
    environment = derived.subprocess_env
    environment["REDIRECT_REQUEST_METHOD"] = request.method
    if request.user is not None:
        environment["REDIRECT_REMOTE_USER"] = request.user
    if request.method != "HEAD":
        derived.method = "GET"
    return derived


async def clean_up(request: Request) -> None:
    """Run the cleanups of a request and of all it was redirected to, the last one's first."""
    chain = [request]
    while chain[-1].next is not None:
        chain.append(chain[-1].next)
    for one in reversed(chain):
        while one.cleanups:
            call = one.cleanups.pop()
            try:
                call()
            except Exception as error:
                log_failure(one, error)
        await run_void_phase(one, Phase.CLEANUP, log_failure)


def log_failure(request: Request, error: Exception) -> None:
    """Write an exception with its traceback into the error log."""
    text = "".join(traceback.format_exception(error))
    log_request(request, f"unexpected failure: {text}", Level.ERR, "core")
