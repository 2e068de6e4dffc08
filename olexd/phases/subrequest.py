"""Running requests made of requests: internal redirects and look-ups."""

from __future__ import annotations

from typing import Final

from olexd.errorlog import Level
from olexd.errors import BadRequest
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.phases import run
from olexd.phases.derive import depth, derive, follow
from olexd.status import INTERNAL_SERVER_ERROR, OK

MAX_REDIRECTS: Final = 10


async def internal_redirect(request: Request, target: str) -> None:
    """Answer `request` with what `target` gives, as a request of its own; the response is then complete.

    Method and unread body are kept. A target that cannot be served yields an error response.
    """
    try:
        derived = follow(request, target)
    except BadRequest as error:
        log_request(request, f"internal redirect to {target!r}: {error}", Level.INFO, "core")
        await run.conclude(follow(request, "/"), error.status)
        return
    if depth(derived) > MAX_REDIRECTS:
        await run.conclude(derived, INTERNAL_SERVER_ERROR)
        return
    await run.conclude(derived, await run.process(derived))


async def lookup_uri(request: Request, uri: str) -> Request:
    """Return a subrequest for `uri` that ran its phases up to the fixups.

    Its `status` is 200 when it may be served, else the status that refused it. Relative names are taken
    from the directory of the request's own path.
    """
    target = uri if uri.startswith("/") else request.uri.rpartition("/")[0] + "/" + uri
    derived = derive(request, target)
    derived.main = request
    derived.user = request.user
    derived.ap_auth_type = request.ap_auth_type
    if request.subprocess_env_table is not None:
        derived.subprocess_env_table = request.subprocess_env_table.clone()
    result = await run.process_mapped(derived)
    derived.status = 200 if result == OK else result
    return derived
