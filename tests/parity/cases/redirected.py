"""Requests made of requests: how many, and what those that answer are told of those that the client made."""

from __future__ import annotations

from tests.parity.cases.programs import ENVIRONMENT, FILES, FRAMING
from tests.parity.runner.case import DIRECTORY, LOCATION, Case, Request, basic, get

SHOW = """
from mod_python import apache
WANTED = ('REDIRECT_', 'REQUEST_URI', 'HTTP_AUTH', 'HTTP_PROXY')
def handler(req):
    if req.uri.endswith('/again.py'):
        return apache.HTTP_NOT_FOUND
    if req.uri.endswith('/moved.py'):
        req.internal_redirect('/show.py?of=redirect')
        return apache.OK
    req.add_cgi_vars()
    req.add_common_vars()
    req.content_type = 'text/plain'
    for name, value in sorted(req.subprocess_env.items()):
        if name.startswith(WANTED) and 'UNIQUE_ID' not in name:
            req.write('%s=%s\\n' % (name, value), 0)
    return apache.OK
"""
COUNT = """
from mod_python import apache
def handler(req):
    number = int(req.uri[1:])
    if number == int(req.args or '0'):
        depth, before = 0, req.prev
        while before:
            depth, before = depth + 1, before.prev
        req.write('%d' % depth, 0)
        return apache.OK
    req.internal_redirect('/%d?%s' % (number + 1, req.args))
    return apache.OK
"""
REQUESTS = (
    get("/show.py?own"),
    get("/again.py?a=b"),
    get("/moved.py?a=%20b"),
    get("/more/again.py"),
    get("/show.py?own", basic("joe", "secret"), "Proxy-Authorization: Basic xyz", "Proxy: evil"),
    get("/again.py?a=b", "Host: other.test:8080", host=None),
)


def told(name: str, config: str, *requests: Request) -> Case:
    """A case of what handlers are told."""
    text = f"ErrorDocument 404 /show.py\n{config}{DIRECTORY}"
    return Case(f"redirected-{name}", requests or REQUESTS, text, source=SHOW)


def program(name: str, config: str, *requests: Request) -> Case:
    """A case of what programs are told."""
    files = {"programs/env": ENVIRONMENT, "programs/local": FILES["programs/location-local"], "a.txt": "a"}
    alias = 'ScriptAlias /cgi/ "@ROOT@/programs/"\nErrorDocument 404 /cgi/env?document\n'
    return Case(f"redirected-program-{name}", requests, alias + config, files=files, masks=FRAMING)


PROGRAM_REQUESTS = (
    get("/cgi/env?a=b"),
    get("/cgi/env/info%20x?a=b", basic("joe", "secret")),
    get("/cgi/local?a=b"),
    get("/none/at%20all?a=b"),
)

CASES = [
    told("plain", ""),
    told("qualified", "QualifyRedirectURL On\n"),
    told(
        "not-qualified", "QualifyRedirectURL On\n<Location /show.py>\nQualifyRedirectURL Off\n</Location>\n"
    ),
    told("credentials", "<Location />\nCGIPassAuth On\n</Location>\n"),
    told("current", "CGIVar REQUEST_URI current-uri\n"),
    told("original", "CGIVar REQUEST_URI original-uri\n"),
    program("plain", "", *PROGRAM_REQUESTS),
    program("credentials", "<Location /cgi>\nCGIPassAuth On\n</Location>\n", *PROGRAM_REQUESTS),
    program("current", "CGIVar REQUEST_URI current-uri\n", *PROGRAM_REQUESTS),
    program("original", "CGIVar REQUEST_URI original-uri\n", *PROGRAM_REQUESTS),
    program("qualified", "QualifyRedirectURL On\n", *PROGRAM_REQUESTS),
    *(
        Case(
            f"redirected-often-{len(limit)}",
            [get(f"/0?{count}") for count in (0, most - 1, most, most + 1)],
            f"{f'LimitInternalRecursion {limit}' if limit else ''}\n{LOCATION}",
            source=COUNT,
            log=("AH00124",),
        )
        for limit, most in (("", 10), ("3", 3), ("12 2", 12))
    ),
]
