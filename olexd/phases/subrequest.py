"""Running requests made of requests: internal redirects and look-ups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from olexd.config.core import CoreServer
from olexd.errorlog import Level
from olexd.errors import BadRequest, FilterFailed
from olexd.model.body import EMPTY
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.phases import run
from olexd.phases.auth import check_access, inherits_checks
from olexd.phases.derive import depth, derive, follow
from olexd.phases.sides import to_pool
from olexd.phases.table import run_first
from olexd.phases.walk import directory_walk
from olexd.status import DECLINED, DONE, INTERNAL_SERVER_ERROR, NOT_FOUND, OK
from olexd.uri import escape_path

INCLUDED: Final = "INCLUDED"
"""The protocol of a request whose response stands inside another one's."""

REDIRECT_HANDLER: Final = "redirect-handler"
"""The handler of requests that become another URL's: nobody else has a say in them."""


async def internal_redirect(
    request: Request, target: str, keeps_vary: bool = False, method: str = ""
) -> None:
    """Answer `request` with what `target` gives, as a request of its own; the response is then complete.

    The unread body is kept, so is the method unless there is another `method`, and with `keeps_vary` the
    Vary field. A target that cannot be served yields an error response.
    """
    try:
        derived = follow(request, target)
        derived.method = method or request.method
        if keeps_vary and (vary := request.headers_out.get("Vary")) is not None:
            derived.headers_out["Vary"] = vary
    except BadRequest as error:
        log_request(request, f"internal redirect to {target!r}: {error}", Level.INFO, "core")
        await run.conclude(follow(request, "/"), error.status)
        return
    if _is_too_deep(derived):
        await run.conclude(derived, INTERNAL_SERVER_ERROR)
        return
    await run.conclude(derived, await run.process(derived))


async def lookup_included(request: Request, uri: str, filename: str | None = None) -> Request:
    """Return `lookup_uri()`'s subrequest, as one whose response is to stand inside that of `request`.

    With a `filename` it is that file, whatever the URL leads to. Whoever does not run it ends it with
    `end_look_up()`. Raises BadRequest for a path that cannot be one.
    """
    derived = _subrequest(request, uri)
    derived.filename = filename
    return await _look_up(derived)


async def run_included(derived: Request, sink: Callable[[bytes], None]) -> int:
    """Make the content of what `lookup_included()` found and give it to `sink`.

    Returns OK, or the status that keeps it from being included.
    """
    assert derived.main is not None
    derived.output = derived.main.output.included(derived, sink)
    run.insert_filters(derived)
    try:
        result = await run_first(derived, derived.phases.plan(derived).handler)
        if result in (OK, DONE):
            if derived.output.request.output_filters is not None:
                await to_pool(derived)
            derived.output.finish()
            return OK
        return NOT_FOUND if result == DECLINED else result
    except FilterFailed:
        return INTERNAL_SERVER_ERROR
    finally:
        await run.clean_up(derived)


def _is_too_deep(derived: Request) -> bool:
    """Return whether too many redirects led to a request, or it stands in too many others; and say so."""
    core = derived.host.server[CoreServer]
    redirects, subrequests = depth(derived)
    if redirects > core.redirect_limit:
        message = f"AH00124: more than {core.redirect_limit} internal redirects in a row"
    elif subrequests > core.subrequest_limit:
        message = f"AH00125: subrequests are nested more than {core.subrequest_limit} deep"
    else:
        return False
    hint = "the configuration leads in circles, or LimitInternalRecursion allows too few"
    log_request(derived, f"{message}: {hint}", Level.ERR, "core")
    return True


async def lookup_uri(request: Request, uri: str) -> Request:
    """Return a subrequest for `uri` that ran its phases up to the fixups.

    Its `status` is 200 when it may be served, else the status that refused it. Relative names are taken
    from the directory of the request's own path. It is over already: nobody can run it.
    """
    derived = await _look_up(_subrequest(request, uri))
    await end_look_up(derived)
    return derived


async def lookup_stand_in(request: Request, uri: str) -> Request:
    """`lookup_uri()` for what may take the request's place: its checks count where they are the same.

    It ends with the request if it becomes its `stand_in`; else whoever asked ends it with `end_look_up()`.
    """
    derived = _subrequest(request, uri)
    derived.stands_in_for = request
    return await _look_up(derived)


async def end_look_up(derived: Request) -> None:
    """End a subrequest that is not run, with what its handlers registered for its end."""
    await run.clean_up(derived)


def _subrequest(request: Request, uri: str) -> Request:
    """Return a request for another URL that stands inside `request`: a GET without a body, as in httpd."""
    target = uri if uri.startswith("/") else request.uri.rpartition("/")[0] + "/" + uri
    derived = derive(request, target)
    derived.main = request
    derived.method = "GET"
    derived.protocol = INCLUDED
    derived.proto_num = 0
    derived.assbackwards = derived.no_local_copy = True
    if request.subprocess_env_table is not None:
        derived.subprocess_env_table = request.subprocess_env_table.clone()
    _leave_body(derived)
    return derived


def _leave_body(derived: Request) -> None:
    """Keep a subrequest from the body of the request that it belongs to, and from what is said about it."""
    derived.expecting_100 = False
    derived.body = EMPTY
    table = derived.headers_in_table
    if table is None:
        lines = derived.header_lines
        derived.header_lines = [line for line in lines if not line[0].lower().startswith(b"content-")]
        return
    derived.headers_in_table = table = table.clone()
    for name in [name for name in table if name.lower().startswith("content-")]:
        del table[name]


async def _look_up(derived: Request) -> Request:
    result = INTERNAL_SERVER_ERROR if _is_too_deep(derived) else await run.process_mapped(derived)
    if result != OK:
        derived.status = _refusal(result)
    return derived


def _refusal(result: int) -> int:
    """Return the status of a look-up that a phase ended. Who said 200 instead of OK let nobody in."""
    return INTERNAL_SERVER_ERROR if result == 200 else result


async def lookup_file(request: Request, path: str) -> Request:
    """Return a subrequest for a file, as far as its access control; `status` as with `lookup_uri()`.

    Its URL path is that of a neighbour of the request's own. `stat` is None when there is no such file.
    """
    name = escape_path(path.rpartition("/")[2])
    derived = _subrequest(request, escape_path(request.uri.rpartition("/")[0]) + "/" + name)
    derived.filename = path
    await to_pool(derived)
    result = directory_walk(derived)
    if result == OK and not inherits_checks(derived):
        result = await check_access(derived, derived.phases.plan(derived))
    derived.status = 200 if result == OK else _refusal(result)
    await end_look_up(derived)
    return derived
