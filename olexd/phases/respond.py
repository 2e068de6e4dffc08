"""The one exit for refusals: error pages, ErrorDocument, redirects.

Core spec 3.7, configuration spec 3.7.
"""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, select_autoescape

from olexd.config.core import CoreDir, CoreServer
from olexd.errorlog import Level
from olexd.http.framing import own_reason, server_name
from olexd.model.head import AP_CONN_CLOSE
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.model.table import Table
from olexd.model.variables import fill_in
from olexd.status import CLOSES_CONNECTION, INTERNAL_SERVER_ERROR, REASONS, reason

_KEEPS_HEADERS: Final = frozenset({204, 304})
_PAGE: Final = (
    Environment(loader=PackageLoader("olexd", "templates"), autoescape=select_autoescape(["html"]))
    .get_template("error.html")
)  # fmt: skip
ERROR_NOTES: Final = "error-notes"
"""The note that says on an error's page what exactly was wrong."""
_SCHEMES: Final = ("http:", "https:", "ftp:")

NOTHING_TO_ADD: Final = "The server answered with this status and has nothing to add."
EXPLANATIONS: Final[dict[int, str]] = {
    301: "The document has moved to another address.",
    302: "The document is at another address for now.",
    303: "The answer to your request is at another address.",
    307: "The document is at another address for now.",
    308: "The document has moved to another address.",
    400: "The server could not understand the request that your browser sent.",
    401: "This page needs a user name and a password that are allowed to see it. Either those sent were"
    " wrong, or your browser did not know how to send any.",
    403: "You may not see this page.",
    404: "There is nothing at this address.",
    405: "This page cannot be used with the method of the request.",
    408: "The request did not arrive in time.",
    410: "What was at this address is gone for good.",
    411: "A request with this method must say how long its body is.",
    412: "A condition that the request set does not hold.",
    413: "The request's body is longer than the server accepts.",
    414: "The requested address is longer than the server accepts.",
    416: "The document has none of the requested byte ranges.",
    417: "The server cannot meet the expectation that the request stated.",
    421: "The request needs a connection of its own: this one was opened for another host.",
    431: "The request's header fields are larger than the server accepts.",
    500: "The server ran into an error and could not complete the request. Its administrator finds the reason"
    " in the error log.",
    501: "The server does not know the method of the request.",
    502: "The server behind this one gave an answer that makes no sense.",
    503: "The server cannot answer just now. Please try again later.",
    504: "The answer was not ready in time.",
    505: "The server does not speak this version of HTTP.",
}


def die(request: Request, status: int) -> str | None:
    """Prepare the response for a phase's result that is not OK or DONE: a status, or nonsense.

    Returns the local path of an ErrorDocument that shall answer instead, or None: the response is ready.
    """
    if status not in REASONS or status < 200:
        log_request(request, f"a handler returned the invalid result code {status}", Level.ERR, "core")
        status = INTERNAL_SERVER_ERROR
    explains_error = _explains_error(request)
    request.status = status
    # The content's filters would take the page for the middle of what they were at.
    request.output_filters = None
    if explains_error:
        _give_document_up(request)
        return None
    if status == 200:
        log_request(request, "a handler returned HTTP_OK (200) where OK (0) was meant", Level.WARNING, "core")
        return None
    request.refused = True
    # Hooks that see the head are in the plan, which nobody asked for if the request was refused early.
    request.phases.plan(request)
    if status in _KEEPS_HEADERS:
        request.output.discard()
        return None
    _forget_headers(request, status)
    return None if _is_promised(request) else _use_document(request, status)


def _explains_error(request: Request) -> bool:
    """Return whether the request is for an ErrorDocument, and has not become an answer of its own."""
    return request.prev is not None and request.prev.status >= 300 and request.status != 200


def _give_document_up(request: Request) -> None:
    """Answer with the error that it all began with, as the request that met it would have."""
    first = request
    while first.prev is not None and first.prev.status >= 300:
        first = first.prev
    if request.status in CLOSES_CONNECTION:
        request.connection.keepalive = AP_CONN_CLOSE
    request.output.discard()
    request.output.request = first
    first.refused = True
    if not _is_promised(request):
        send_page(first, first.status, request.status)


def _is_promised(request: Request) -> bool:
    """Return whether a length was sent: a page would be taken for what is missing, and hide that it is."""
    return request.output.content_length is not None


def _forget_headers(request: Request, status: int) -> None:
    """Drop what the handler prepared for success; only `err_headers_out` outlives an error."""
    prepared, request.headers_out = request.headers_out, Table()
    if 300 <= status < 400 or status == 201:
        locations = [value for name, value in prepared.raw_items() if name.lower() == b"location"]
        if locations:
            request.headers_out["Location"] = locations[0]
    request.content_encoding = None
    request.content_languages = ()
    request.output.discard()


def _use_document(request: Request, status: int) -> str | None:
    """Answer with the configured ErrorDocument, or return it when it is a local path."""
    configured = request.conf[CoreDir].error_documents.get(status, "default")
    document = fill_in(configured, request)
    if document.startswith("/"):
        request.refused = False
        return document
    if "Location" in request.headers_out:
        del request.err_headers_out["Location"]
    if document == "default" or (status == 401 and document.startswith(_SCHEMES)):
        send_page(request, status, None)
    elif document.startswith(_SCHEMES):
        request.status = 302
        request.headers_out["Location"] = document
        send_page(request, 302, None)
    else:
        text = fill_in(configured, request, escaped=True)
        send_text(request, text.removeprefix('"'), "text/html; charset=iso-8859-1")
    return None


def send_page(request: Request, status: int, second: int | None) -> None:
    """Write the built-in page for `status`; `second` is what the ErrorDocument itself ended in."""
    location = request.headers_out.get("Location") or request.err_headers_out.get("Location")
    if status in (405, 501) and "Allow" not in request.err_headers_out:
        request.err_headers_out["Allow"] = allow(request)
    page = _PAGE.render(
        code=status,
        reason=_title(status, request.status_line),
        explanation=_note(request) or EXPLANATIONS.get(status, NOTHING_TO_ADD),
        location=location if 300 <= status < 400 else None,
        second=f"{second} {reason(second)}" if second else None,
        signature=signature(request),
    )
    send_text(request, page, "text/html; charset=iso-8859-1")


def _title(status: int, status_line: str | None) -> str:
    """Return the reason that a page is titled with: the handler's own if it begins like a text."""
    own = own_reason(status, status_line)
    return own if own is not None and own[:1].isalnum() else reason(status)


def _note(request: Request) -> str:
    table = request.notes_table
    return "" if table is None else table.get(ERROR_NOTES) or ""


def allow(request: Request) -> str:
    """Return the methods that an Allow field names: GET brings HEAD along, TRACE is the server's affair."""
    allowed = set(request.methods_allowed)
    if "GET" in allowed:
        allowed.add("HEAD")
    if request.host.server[CoreServer].trace_enable != "off":
        allowed.add("TRACE")
    return ",".join(sorted(allowed))


def send_text(request: Request, text: str, content_type: str) -> None:
    """Write a complete body without committing it, so that it goes out with its length."""
    request.content_type = content_type
    if not request.output.committed and request.header_only:
        return
    request.output.write(text.encode("latin-1", "xmlcharrefreplace"), False)


def signature(request: Request) -> str | None:
    """Return the line about the server at the end of its own pages, None for none."""
    if request.conf[CoreDir].server_signature == "off":
        return None
    core = request.host.server[CoreServer]
    name = request.hostname or request.host.name
    port = request.port_in_host or request.host.port or request.connection.local[1]
    return f"{server_name(core.server_tokens)} Server at {name} Port {port}"
