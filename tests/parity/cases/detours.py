"""Ways to a guarded place that are not its own URL: each must meet the guard that the URL meets."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, Request, ask, get, head

SOURCE = """
from mod_python import apache
def handler(req):
    req.internal_redirect(req.args)
    return apache.OK
def says_200(req):
    return apache.HTTP_OK
"""
HANDLED = "<Files go>\nSetHandler mod_python\nPythonHandler @M@\n</Files>\n"
DENIED = "Require all denied\n"
FILES = {
    "go": "",
    "a.txt": "a",
    "open/a.txt": "open",
    "open/page.shtml": '<!--#include file="part.txt" --> <!--#fsize file="part.txt" --> '
    '<!--#include file="sub/part.txt" --> <!--#include file="none" --> <!--#include file="part.txt/info" -->',
    "open/part.txt": "part of open",
    "open/sub/part.txt": "part of sub",
    "shown/part.txt": "part of shown, which is longer",
    "guarded/a.txt": "guarded",
    "guarded/index.html": "guarded index",
}
SCRIPT = "#!/bin/sh\nprintf 'Location: %s\\r\\n\\r\\n'\n"


def section(kind: str, place: str, lines: str) -> str:
    """Return a section."""
    return f'<{kind} "{place}">\n{lines}</{kind}>\n'


def detour(name: str, config: str, *requests: Request, **more: object) -> Case:
    """Return a case with a handler that redirects, and files that lie open or guarded."""
    files = {**FILES, **more.pop("files", {})}  # type: ignore[dict-item]
    return Case(f"detour-{name}", requests, HANDLED + config, source=SOURCE, files=files, **more)  # type: ignore[arg-type]


REMOTE = "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n"
LOCAL_ONLY = section("Directory", "@ROOT@/guarded", "Require ip 127.0.0.1\n")
TOLD = (
    "X-Forwarded-For: 127.0.0.1, 203.0.113.9",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-For: 203.0.113.9",
)
PAGES = "Options +Includes\nAddType text/html .shtml\nAddOutputFilter INCLUDES .shtml\n"

CASES = [
    detour(
        "forwarded-address",
        REMOTE + LOCAL_ONLY + "ErrorDocument 404 /guarded/a.txt\n",
        *(get(path, told) for path in ("/go?/guarded/a.txt", "/none", "/guarded/a.txt") for told in TOLD),
    ),
    detour(
        "doubled-slashes",
        "MergeSlashes Off\n"
        + section("Location", "/open/sub", DENIED)
        + section("Location", "/sh*n/part.txt", DENIED)
        + section("LocationMatch", "^/guarded/a", DENIED)
        + "Redirect 410 /open/part.txt\nRedirect 301 /far/off http://h.test/\nRedirectMatch 410 ^/open/a\n",
        *map(
            get,
            (
                "/open//sub/part.txt",
                "//open/sub//part.txt",
                "/open//sub",
                "/shown//part.txt",
                "/open//part.txt",
                "//open///part.txt",
                "/far//off",
                "/far//off/x",
                "/far//off//x",
                "/far//offx",
                "/guarded//a.txt",
                "/open//a.txt",
                "/open/a.txt",
            ),
        ),
    ),
    detour(
        "head-of-script",
        'ScriptAlias /run/ "@ROOT@/run/"\n' + section("Location", "/guarded", DENIED),
        head("/run/open"),
        get("/a.txt"),
        head("/run/guarded"),
        get("/a.txt"),
        ask("POST", "/run/open", body="x"),
        same_connection=True,
        files={"run/open": SCRIPT % "/open/a.txt", "run/guarded": SCRIPT % "/guarded/a.txt"},
    ),
    detour(
        "file-of-page",
        PAGES
        + "RewriteEngine On\nRewriteRule ^/shown/page.shtml$ /open/page.shtml\nAlias /other @ROOT@/open\n",
        get("/open/page.shtml"),
        get("/shown/page.shtml"),
        get("/other/page.shtml"),
        get("/open/page.shtml/info"),
    ),
    detour(
        "guarded-file-of-page",
        PAGES
        + "Alias /other @ROOT@/open\n"
        + section("Files", "part.txt", DENIED)
        + section("Directory", "@ROOT@/open/sub", DENIED),
        get("/open/page.shtml"),
        get("/other/page.shtml"),
    ),
    detour(
        "fallback",
        "Options +Indexes\n"
        + section("Location", "/guarded", DENIED)
        + section("Directory", "@ROOT@/open", "FallbackResource /guarded/a.txt\n")
        + section("Directory", "@ROOT@/open/sub", "DirectoryIndex disabled\nFallbackResource /a.txt\n")
        + section("Directory", "@ROOT@/shown", "FallbackResource /open\n"),
        *map(get, ("/open/", "/open/none", "/open/a.txt", "/open/sub/none", "/shown/", "/shown/none")),
    ),
    detour(
        "no-index",
        section("Directory", "@ROOT@/open/sub", "DirectoryIndex disabled\nFallbackResource /a.txt\n"),
        get("/open/sub/"),
    ),
    detour(
        "fallback-of-directory",
        section("LocationMatch", "/$", "FallbackResource /a.txt\n")
        + section("Location", "/shown", "FallbackResource /a.txt\n"),
        *map(get, ("/open/", "/open/none", "/shown/", "/shown", "/guarded/")),
    ),
    detour(
        "says-200",
        PAGES
        + "DirectoryIndex /guarded/a.txt\n"
        + section("Location", "/guarded", "PythonAccessHandler @M@::says_200\n"),
        get("/open/"),
        get("/go?/guarded/a.txt"),
        get("/page.shtml"),
        files={"page.shtml": '<!--#include virtual="/guarded/a.txt" -->'},
        differs="a guard that returns HTTP_OK lets nobody in, by no way",
        olexd=[Expect(500), Expect(200, {}, ""), Expect(200, {}, r"\[an error.*")],
    ),
    detour(
        "error-page-inside",
        section("Directory", "@ROOT@/guarded", DENIED + "ErrorDocument 403 /guarded/a.txt\n"),
        *map(get, ("/guarded", "/guarded/", "/guarded/index.html", "/guarded/none", "/guarded/none/none")),
    ),
    detour(
        "script-as-error-page",
        'ScriptAlias /run/ "@ROOT@/run/"\nErrorDocument 404 /run/open\n',
        get("/none"),
        get("/run/open"),
        files={"run/open": SCRIPT % "/open/a.txt"},
        masks=[(r"\n(Content-Length: 0|Transfer-Encoding: chunked)", "")],
    ),
]
