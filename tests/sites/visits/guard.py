"""Visits to a guarded site: files, lists, programs and a backend, each for some people and some methods."""

from __future__ import annotations

from tests.integration.backends import Asked
from tests.parity.cases.autoindex import LINKS
from tests.parity.runner.case import Case, Request, ask, basic, get, head

ROOT, ALICE = basic("root", "toor"), basic("alice", "secret")
BOB, EVE = basic("bob", "geheim"), basic("eve", "eve")
WRONG = basic("alice", "guess")
PEOPLE = ((), (WRONG,), (ALICE,), (BOB,), (EVE,), (ROOT,))
"""Everybody who asks for a page, nobody first."""
READING = ("GET", "OPTIONS", "PROPFIND", "REPORT")
WRITING = ("PUT", "DELETE", "MKACTIVITY", "CHECKOUT", "PROPPATCH", "MERGE", "MKCOL", "COPY", "LOCK", "UNLOCK")


def by_all(method: str, path: str, *headers: str) -> list[Request]:
    """Return a request of everybody."""
    return [ask(method, path, *who, *headers, host="guard.test") for who in PEOPLE]


def backend(asked: Asked) -> bool:
    """Answer as a repository would: tell what reached it."""
    size = int((asked.field("content-length") or ["0"])[0])
    while size > 0:
        size -= len(asked.read(size))
    if asked.path.endswith("/created"):
        place = f"http://{asked.field('host')[0]}{asked.path}/1"
        asked.answer(b"", f"Location: {place}", status="201 Created")
        return True
    names = ("x-remote-user", "authorization", "x-transaction", "destination", "depth")
    told = "".join(f"{name}: {', '.join(asked.field(name))}\n" for name in names)
    method = asked.head.split(b" ")[0].decode()
    asked.answer(f"{method} {asked.path}\n{told}".encode(), "Content-Type: text/plain", "X-Repository: yes")
    return True


PAGES = ("private/plan.txt", "private/server.key", "private/public-hello.txt", "private/none.txt")
CASES = [
    Case(
        "guard-files",
        [
            get("/"),
            get("/files/one.txt"),
            get("/files/one.txt", "User-Agent: Evil/1.0"),
            get("/files/open/readme.txt", "User-Agent: Evil/1.0"),
            head("/files/open/readme.txt"),
            get("/files/one.txt/more"),
            get("/files/none.txt", "User-Agent: Evil/1.0"),
            ask("POST", "/files/one.txt", body="x"),
            ask("DELETE", "/files/one.txt"),
            get("/.htaccess"),
            get("/pub/.htpasswd", ALICE),
            get("/deny-all/x"),
            get("/server-status"),
        ],
        log=[r"guard: Evil/1\.0 is not wanted"],
    ),
    Case(
        "guard-lists",
        [
            *by_all("GET", "/files/private/"),
            get("/files/"),
            get("/files"),
            get("/files/?C=S;O=D"),
            get("/files/open/"),
            get("/files/", "User-Agent: Evil/1.0"),
            get("/pub/", ALICE),
        ],
        masks=LINKS,
    ),
    Case("guard-private", [request for page in PAGES for request in by_all("GET", f"/files/{page}")]),
    Case(
        "guard-any-of-both",
        [
            *by_all("GET", "/pub/page.html"),
            *by_all("POST", "/pub/page.html"),
            *by_all("PUT", "/pub/page.html"),
            get("/pub/page.html", "X-Inside: yes"),
            get("/pub/page.html", "X-Inside: yes", WRONG),
            ask("DELETE", "/pub/page.html", "X-Inside: yes"),
            ask("OPTIONS", "/pub/page.html", EVE),
            ask("PROPFIND", "/pub/page.html"),
        ],
    ),
    Case(
        "guard-programs",
        [
            *by_all("GET", "/viewvc/trunk/a%20b?rev=1&x=%20"),
            *by_all("GET", "/viewvc"),
            ask("POST", "/viewvc/x", ROOT, body="a=1"),
            ask("POST", "/viewvc/x", ALICE, body="a=1"),
            get("/viewvcx", ALICE),
            get("/cgi-bin/redirect.sh/trunk", ALICE),
            get("/cgi-bin/redirect.sh/trunk"),
            get("/cgi-bin/lookup.sh", ALICE),
            get("/cgi-bin/notes.txt", ALICE),
            get("/cgi-bin/none.sh", ALICE),
            get("/cgi-bin/", ALICE),
            get("/cgi-bin/../conf/people", ALICE),
            get("/cgi-bin/%2e%2e/conf/people", ALICE),
            get("/cgi-bin/..%2fconf%2fpeople", ALICE),
        ],
        masks=[(r"(?i)\n(content-length|transfer-encoding): [^\n]*", "")],
    ),
    Case(
        "guard-repository-reading",
        [
            request
            for method in READING
            for request in (*by_all(method, "/svn/closed/trunk"), *by_all(method, "/svn/open/x", "Depth: 1"))
        ],
    ),
    Case(
        "guard-repository-writing",
        [
            request
            for method in WRITING
            for request in (
                ask(method, "/svn/closed/trunk/new", ALICE, "Destination: http://guard.test/svn/closed/y"),
                ask(method, "/svn/closed/trunk/new", BOB, body="content"),
                ask(method, "/svn/open/trunk/new", ALICE),
                ask(method, "/svn/closed/trunk/new"),
            )
        ],
    ),
    Case(
        "guard-repository-places",
        [
            get("/svn", ALICE),
            get("/svn/", ALICE),
            get("/svnx", ALICE),
            get("/svn/closedx", ALICE),
            get("/svn//closed", ALICE),
            get("/svn/open/../closed/x", BOB),
            get("/svn/closed/%2e%2e/open", BOB),
            get("/svn/closed/%21svn/act/1", ALICE),
            ask("PUT", "/svn/closed/!svn/wrk/1/a", ALICE, body="x" * 10000),
            ask("POST", "/svn/closed/created", ALICE, body=""),
            ask("POST", "/svn/closed/created", BOB, body=""),
            get("/svn/closed/x", "X-Remote-User: root", BOB),
            ask("UNKNOWN", "/svn/closed/x", ALICE),
            ask("TRACE", "/svn/closed/x", ALICE),
            head("/svn/closed/x", BOB),
        ],
    ),
]
