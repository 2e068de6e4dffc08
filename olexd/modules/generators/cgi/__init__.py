"""mod_cgi: programs that make a response, as RFC 3875 has it (configuration spec 3.4).

A program runs on the request's pool thread's time, behind every guard that the configuration has.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import unquote

from olexd.config.core import CoreDir, CoreServer
from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context, Directive
from olexd.config.settings import setting
from olexd.errorlog import Level
from olexd.errors import BadRequest, ClientGone
from olexd.model.cgi_env import add_cgi_vars
from olexd.model.conditions import meets_conditions, parse_date
from olexd.model.logging import log_request
from olexd.model.request import Request
from olexd.modules.generators.cgi.head import BadHead, Head, no_end, parse_head, split_head
from olexd.modules.generators.cgi.program import Program, ProgramTimeout
from olexd.modules.words import accepted, duration, store_as
from olexd.phases.derive import original
from olexd.phases.hooks import Answer, Hook, Module, Phase
from olexd.phases.sides import to_pool
from olexd.phases.subrequest import internal_redirect
from olexd.status import DECLINED, DONE, FORBIDDEN, GATEWAY_TIMEOUT, INTERNAL_SERVER_ERROR, NOT_FOUND, OK

HANDLER: Final = "cgi-script"
FORCED: Final = "alias-forced-type"
"""The note by which ScriptAlias says that what it leads to are programs."""
FLUSH_AFTER: Final = 0.05
"""Seconds after which the client gets what a program has written so far."""
_SEVERAL: Final = frozenset({"set-cookie", "www-authenticate", "proxy-authenticate"})
"""Fields that may come several times."""
_ONCE: Final = frozenset({"location", "last-modified", "etag"})
_OF_BODY: Final = frozenset({"accept-ranges", "content-encoding", "content-language", "content-range"})
"""Fields that speak of the program's own body, and so do not stand on a page that comes in its place."""
# How long the body is shows when it is there: a wrong length would be taken for the next response.
_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})


# Settings


@dataclass(frozen=True, slots=True)
class CgiDir:
    """`timeout` is how many seconds a program may be silent; 0 for what Timeout says."""

    timeout: float = setting(0.0)


_TIMEOUT: Final = (
    Arity.ONE,
    CgiDir,
    store_as("timeout", duration, "{name} has wrong format"),
    "How long a program may neither read nor write",
    "Timeout",
)

# Rows

DIRECTIVES: Final = (
    Directive("CGIScriptTimeout", Context.SVDH, *_TIMEOUT),
    Directive("CGIDScriptTimeout", Context.SVD, *_TIMEOUT),
    accepted("ScriptLog", Context.SV, Arity.ONE, CgiDir, "what programs complain of is in the error log"),
    accepted("ScriptLogBuffer", Context.SV, Arity.ONE, CgiDir, "there is no ScriptLog"),
    accepted("ScriptLogLength", Context.SV, Arity.ONE, CgiDir, "there is no ScriptLog"),
    accepted("ScriptSock", Context.SERVER, Arity.ONE, CgiDir, "the server starts programs itself"),
)

# The handler


def handle(request: Request) -> Answer:
    """Run the program that the request leads to and answer with what it writes."""
    return _answer(request) if request.handler == HANDLER else DECLINED


async def _answer(request: Request) -> int:
    await to_pool(request)
    refused = _refusal(request)
    if refused is not None:
        status, reason = refused
        log_request(request, f"{reason}: {request.filename}", Level.ERR, "cgi")
        return status
    try:
        result = _run(request)
    except ProgramTimeout:
        log_request(request, f"AH01220: Timeout waiting for output from CGI script {request.filename}")
        return GATEWAY_TIMEOUT if not request.output.committed else _cut_off(request)
    except BadHead as error:
        name = os.path.basename(request.filename or "")
        named = f"{error.what} '{name}': {error.detail}" if error.detail else f"{error.what}: {name}"
        log_request(request, named, Level.ERR, "cgi")
        return INTERNAL_SERVER_ERROR
    except BadRequest as error:
        return error.status
    if isinstance(result, int):
        return result
    return await _redirect(request, result)


def _cut_off(request: Request) -> int:
    """End a response that cannot be completed: only the end of the connection tells the client."""
    request.output.abandon()
    return DONE


def _refusal(request: Request) -> tuple[int, str] | None:
    """Return the status and the reason for what may not be run, None for a program."""
    forced = request.notes_table is not None and request.notes_table.get(FORCED) == HANDLER
    found = request.stat
    if not forced and "execcgi" not in request.conf[CoreDir].options:
        return FORBIDDEN, "AH02809: Options ExecCGI is off in this directory"
    if found is None:
        return NOT_FOUND, "AH02811: script not found or unable to stat"
    if stat.S_ISDIR(found.st_mode):
        return FORBIDDEN, "AH02812: attempt to invoke directory as script"
    if request.path_info and request.conf[CoreDir].accept_path_info == "off":
        return NOT_FOUND, "AH02813: AcceptPathInfo off disallows user's path"
    if os.path.basename(request.filename or "").startswith("nph-"):
        return INTERNAL_SERVER_ERROR, "programs that write their own response line (nph-) are not supported"
    return None


def _run(request: Request) -> int | str:
    """Run the program; return OK, a status, or the path of the page to answer with."""
    path = request.filename or ""
    core = request.host.server[CoreServer]
    timeout = request.conf[CgiDir].timeout or core.timeout
    try:
        program = Program(
            [path, *_arguments(request)],
            os.path.dirname(path),
            _environment(request),
            request.body.read_some,
            lambda line: log_request(request, f"AH01215: stderr from {path}: {line}", Level.ERR, "cgi"),
            partial(_check_client, request),
            timeout,
        )
    except (OSError, ValueError) as error:
        log_request(request, f"AH01223: couldn't create child process: {error}: {path}", Level.ERR, "cgi")
        return INTERNAL_SERVER_ERROR
    with program:
        data = b""
        while (found := split_head(data)) is None:
            more = program.read()
            if not more:
                raise no_end(data)
            data += more
        head = parse_head(found[0])
        result = _begin(request, head)
        if result is None:
            _copy(request, program, found[1])
            return OK
        return result


def _check_client(request: Request) -> None:
    if request.output.client_gone:
        raise ClientGone("the client left while a CGI program ran")


def _arguments(request: Request) -> list[str]:
    """Return the words of a query without `=`, as the program's arguments (RFC 3875 section 4.4)."""
    query = request.args
    if not query or "=" in query:
        return []
    return [unquote(word, errors="surrogateescape") for word in query.split("+") if "%00" not in word]


def _environment(request: Request) -> dict[bytes, bytes]:
    add_cgi_vars(request)
    if not request.conf[CoreDir].current_request_uri:
        target = original(request).unparsed_uri
        request.subprocess_env["REQUEST_URI"] = target.encode("utf-8", "surrogateescape")
    root = request.host.server[CoreServer].document_root
    env = {
        _name(name): value for name, value in request.subprocess_env.raw_items() if b"\0" not in name + value
    }
    if "TZ" in os.environ:
        env[b"TZ"] = os.fsencode(os.environ["TZ"])
    if request.path_info:
        env[b"PATH_TRANSLATED"] = os.fsencode(root + request.path_info)
    return env


def _name(name: bytes) -> bytes:
    """Return a variable's name as a shell could use it, like httpd."""
    clean = bytes(char if char < 128 and chr(char).isalnum() else 0x5F for char in name)
    return b"_" + clean[1:] if clean[:1].isdigit() else clean


# The response


def _begin(request: Request, head: Head) -> int | str | None:
    """Take the head over; return None when the output is the response's body, else what is instead."""
    location = head.value("location")
    # A script that explains an error cannot lead away from it.
    is_free = head.status in (0, 200) and request.status == 200
    if location is not None and location.startswith("/") and is_free:
        return location
    for name, value in head.fields:
        _take_field(request, name, value)
    if head.status:
        request.status, request.status_line = head.status, head.line
    if location is not None and is_free:
        return 302
    return _condition(request, head) if not head.status else None


def _take_field(request: Request, name: str, value: bytes) -> None:
    lower = name.lower()
    if lower == "content-type":
        request.content_type = value.decode("latin-1")
    elif lower in _SEVERAL:
        request.err_headers_out.add(name, value)
    elif lower in _ONCE:
        request.headers_out[name] = value
    elif lower in _OF_BODY:
        request.headers_out.add(name, value)
    elif lower not in _FRAMING:
        # As in httpd they go out with any answer, and Header without `always` does not see them.
        earlier = request.err_headers_out.raw(name)
        request.err_headers_out[name] = value if earlier is None else earlier + b", " + value


def _condition(request: Request, head: Head) -> int | None:
    """Return 304 or 412 when the client's conditions say so of what the program says of its output."""
    modified = head.value("last-modified")
    if request.method != "GET" or (modified is None and head.value("etag") is None):
        return None
    request.mtime = float(parse_date(modified or "") or 0)
    result = meets_conditions(request)
    return None if result == OK else result


def _copy(request: Request, program: Program, data: bytes) -> None:
    """Send the body as the program writes it; what it has written is not kept back for long."""
    output = request.output
    while True:
        output.write(data, False)
        more = program.read(FLUSH_AFTER)
        if more is None:
            output.flush()
            more = program.read()
        if not more:
            return
        data = more


async def _redirect(request: Request, location: str) -> int:
    """Answer with another page of this server, asked for with GET."""
    del request.headers_in["Content-Length"]
    try:
        await internal_redirect(request, location, method="GET")
    except BadRequest as error:
        return error.status
    return DONE


MODULE: Final = Module(
    ModuleSpec("cgi", ("cgi_module", "mod_cgi.c", "cgid_module", "mod_cgid.c"), (), (CgiDir,), DIRECTIVES),
    (Hook(Phase.HANDLER, handle),),
)
