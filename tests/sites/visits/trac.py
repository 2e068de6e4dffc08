"""Visits to a Trac site: projects on several hosts, log-in by a directory, static files, TLS."""

from __future__ import annotations

from collections.abc import Sequence

from tests.parity.runner.case import Case, Request, ask, basic

MASKS = (
    (r"\b[0-9a-f]{24}\b", "FORM-TOKEN"),
    (r"https://(\S+?):\d+", r"https://\1:TLS-PORT"),
    (r"(?:\w{3} \d+, \d{4},? )?\d+:\d\d(?::\d\d)? [AP]M", "SOME-TIME"),
    (r"\d+/\d+/\d+ \d+:\d\d:\d\d|\d+ (?:second|minute|hour)s?(?:</a>)? ago", "SOME-TIME"),
    (r"\d{4}-\d\d-\d\dT\d\d(?:%3A|:)\d\d(?:%3A|:)\d\dZ?", "SOME-TIME"),
)
TOKEN = "Cookie: trac_form_token=0123456789abcdef01234567"
FORM = "Content-Type: application/x-www-form-urlencoded"


def to(host: str, path: str, *headers: str, method: str = "GET", body: str | None = None) -> Request:
    """Return a request to one of the site's hosts."""
    return ask(method, path, *headers, body=body, host=host)


def visit(name: str, host: str, *requests: str | tuple[str, ...] | Request, **details: object) -> Case:
    """Return a visit to a host; a request is a path, a path with header lines, or written out."""
    made = [
        item if isinstance(item, Request) else to(host, item) if isinstance(item, str) else to(host, *item)
        for item in requests
    ]
    return Case(name, made, masks=MASKS, **details)  # type: ignore[arg-type]


PROJECTS, DEV = "projects.example.test", "dev.example.test"
ALICE, BOB, GRACE = (
    basic("alice", "secret"),
    basic("bob", "geheim"),
    basic("grace", "wunderbar: mit Leerzeichen"),
)

CASES: Sequence[Case] = [
    visit(
        "trac-home",
        "www.example.test",
        "/",
        ("/", "If-None-Match: *"),
        ("/index.html", "Range: bytes=0-14"),
        "/trac",
        "/trac/cafe?x=1",
        "/wiki/TracGuide?version=1",
        "/nope",
        "/.htaccess",
        "/.svn/entries",
        "/internal",
        "/internal/",
        ("/internal/", ALICE),
        ("/internal/", basic("grace", "secret")),
        ("/internal/", basic("alice", "guess")),
        to("example.test", "/"),
        to("never.heard.test", "/"),
        to("www.example.test", "/", method="TRACE"),
        to("www.example.test", "/", method="POST", body="x=1"),
        to("www.example.test", "/", method="DELETE"),
    ),
    visit(
        "trac-projects",
        PROJECTS,
        "/",
        "/projects",
        "/projects/",
        "/projects/cafe",
        "/projects/cafe/",
        "/projects/cafe/wiki",
        "/projects/cafe/wiki/TracGuide",
        "/projects/%63afe/wiki/TitleIndex",
        "/projects//cafe//wiki",
        "/projects/cafe/../tea/wiki",
        "/projects/tea/wiki?format=txt",
        "/projects/tea/report/1",
        "/projects/tea/query?status=new&order=id",
        "/projects/tea/search?q=%C3%9Cbung",
        "/projects/tea/newticket",
        "/projects/nope/wiki",
        "/projects/cafe/nope",
        "/projects/cafe/chrome/site/none.css",
        to(PROJECTS, "/projects/cafe/wiki", method="HEAD"),
        to(PROJECTS, "/projects/cafe/wiki", TOKEN, FORM, method="POST", body="action=x"),
        to("projects", "/projects/tea/about"),
        to("any.projects.example.test", "/projects/tea/wiki/WikiStart?format=txt"),
    ),
    visit(
        "trac-statics",
        PROJECTS,
        "/projects/cafe/chrome/common/css/trac.css",
        ("/projects/cafe/chrome/common/css/trac.css", "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT"),
        ("/projects/tea/chrome/common/js/trac.js", "Range: bytes=-20"),
        "/projects/tea/chrome/common/",
        "/projects/tea/chrome/common/none.css",
        "/projects/tea/chrome/common/../../../../../etc/passwd/people.ldif",
        "/projects/tea/chrome/common/%2e%2e/README",
        "/trac-htdocs/css/wiki.css",
        "/trac-htdocs",
        "/trac-htdocsy",
    ),
    visit(
        "trac-login",
        PROJECTS,
        "/projects/cafe/login",
        ("/projects/cafe/login", basic("alice", "guess")),
        ("/projects/cafe/login", basic("nobody", "")),
        ("/projects/cafe/login", "Authorization: Basic !!!"),
        ("/projects/cafe/login", "Authorization: Digest x"),
        ("/projects/cafe/login", BOB),
        ("/projects/tea/login", ALICE),
        ("/projects/cafe/login", ALICE),
        "/projects/cafe/wiki",
        ("/projects/tea/login", GRACE),
        "/projects/tea/prefs",
        "/projects/cafe/logout",
        "/projects/cafe/wiki/TracLinks?format=txt",
        cookies=True,
        log=[r"directory: no entry for nobody", r"directory: bob is in none of \['developers', 'admins'\]"],
    ),
    visit(
        "trac-tickets",
        PROJECTS,
        to(PROJECTS, "/projects/cafe/newticket", FORM, method="POST", body="field_summary=x"),
        ("/projects/cafe/login", ALICE),
        "/projects/cafe/wiki/WikiStart?action=edit",
        "/projects/cafe/admin/general/basics",
        ("/projects/cafe/admin/general/basics", ALICE),
        ("/projects/cafe/admin/general/basics", basic("grace", "secret")),
        ("/projects/cafe/admin", basic("root", "")),
        "/projects/cafe/administration",
        cookies=True,
    ),
    visit(
        "trac-robots",
        PROJECTS,
        ("/projects/cafe/search?q=x", "User-Agent: Some Crawler/1.0"),
        ("/projects/cafe/query", "User-Agent: spider"),
        ("/projects/cafe/wiki/InterTrac?format=txt", "User-Agent: spider"),
        ("/projects/cafe/about", "User-Agent: Mozilla/5.0"),
    ),
    visit(
        "trac-dev",
        DEV,
        "/",
        "/wiki/WikiStart?format=txt",
        "/login",
        "/prefs/advanced?x=1",
        "/index.php",
        "/index.html?x=1",
        "/t/1",
        "/t/x",
        "/logos/cafe.svg",
        "/logos/none.svg",
        "/logos",
        "/ticket/99",
        "/wiki/TracGuide?action=diff&version=1",
        "/chrome/common/css/ticket.css",
        "/chrome/site/x",
    ),
    visit(
        "trac-tls",
        DEV,
        "/wiki/WikiStart?format=txt",
        "/login",
        ("/login", BOB),
        ("/login", ALICE),
        "/about",
        "/nope",
        tls=True,
        cookies=True,
    ),
]
