"""Visits to a captive portal: names of other people's sites, the sign-in, what guests and staff may."""

from __future__ import annotations

from tests.parity.runner.case import Case, Request, ask, basic

FORM = "Content-Type: application/x-www-form-urlencoded"
MASKS = ((r"portal=(.*?); samesite=Lax; httponly", r"portal=\1"),)
"""olexd protects its sessions' cookies."""


def to(host: str, path: str, *headers: str, method: str = "GET", body: str | None = None) -> Request:
    """Return a request to one of the names that lead to the portal."""
    return ask(method, path, *headers, body=body, host=host)


def visit(name: str, host: str, *requests: str | tuple[str, ...] | Request, **details: object) -> Case:
    """Return a visit by one browser; a request is a path, a path with header lines, or written out."""
    made = [
        item if isinstance(item, Request) else to(host, item) if isinstance(item, str) else to(host, *item)
        for item in requests
    ]
    return Case(name, made, masks=MASKS, **details)  # type: ignore[arg-type]


PORTAL, STAFF, ELSEWHERE = "portal.test", "staff.portal.test", "www.news.test"
CAROL, ERIN = basic("carol", "caroline"), basic("erin", "erin")
SIGN_IN = "/portal/sign_in?name=Ann&terms=yes"

CASES = [
    visit(
        "portal-catches-everything",
        ELSEWHERE,
        "/",
        "/today/index.html?page=2",
        "/a%20b/%C3%A4?x=%26",
        "/a%2Fb",
        "/sign_in.psp",
        "/css/portal.css",
        "/portal/guest",
        "/.htaccess",
        "/generate_204",
        "/hotspot-detect.html",
        ("/hotspot-detect.html", "User-Agent: CaptiveNetworkSupport-443.40.2 wispr"),
        ("/any", "User-Agent: captivenetworksupport"),
        "/ncsi.txt?x",
        to("www.msftconnecttest.com:80", "/connecttest.txt"),
        to("192.0.2.1", "/x"),
        to("[2001:db8::1]:8080", "/x"),
        to(ELSEWHERE, "/post", FORM, method="POST", body="a=b"),
        to(ELSEWHERE, "/put", method="PUT", body="content"),
        to(ELSEWHERE, "/x", method="OPTIONS"),
        to(ELSEWHERE, "/x", method="HEAD"),
        to(ELSEWHERE, "/x", method="PROPFIND"),
        to(ELSEWHERE, "http://portal.test/terms"),
        to(ELSEWHERE, "http://other.test/terms"),
        Request("GET", "/old", http="1.0", host=None),
        Request("GET", "/old", host=None),
    ),
    visit(
        "portal-pages",
        PORTAL,
        "/",
        "/sign_in.psp",
        "/sign_in.psp?why=incomplete&to=%22%3E%3Cscript%3E",
        "/sign_in.psp/more?why=forbidden",
        "/terms",
        "/terms?plain=1",
        ("/terms?plain=1", "Accept-Encoding: gzip"),
        ("/terms", "Accept-Encoding: gzip"),
        "/terms/",
        "/css/portal.css",
        ("/css/portal.css", "Accept-Encoding: gzip, br"),
        ("/css/portal.css?plain=1", "Accept-Encoding: gzip"),
        "/css/",
        "/css",
        "/portal.py",
        "/status.py",
        "/nope",
        "/nope.psp",
        to("www.portal.test", "/terms"),
        to("PORTAL", "/terms"),
        to("portal.test.", "/terms"),
    ),
    visit(
        "portal-status",
        PORTAL,
        "/status",
        "/status/",
        "/status/echo?second=2&first=1&empty=",
        "/status/_json",
        "/status/_json/dumps",
        "/status/nope",
        to(PORTAL, "/status", method="HEAD"),
    ),
    visit(
        "portal-guest",
        PORTAL,
        "/portal/guest",
        "/net",
        "/portal",
        "/portal/sign_in?name=Ann",
        "/portal/sign_in?terms=yes",
        SIGN_IN,
        "/portal/guest",
        "/portal/guest/minutes",
        "/portal/guest/nope",
        "/portal",
        "/net",
        "/net?again",
        "/portal/sign_out",
        "/net",
        "/portal/guest",
        cookies=True,
    ),
    visit(
        "portal-strange-cookies",
        PORTAL,
        ("/net", "Cookie: portal=0123456789abcdef0123456789abcdef"),
        ("/net", "Cookie: portal=../../etc/passwd"),
        ("/net", "Cookie: portal="),
        ("/portal", "Cookie: other=1; portal=x; portal=y"),
        to(PORTAL, "/portal/_access/address"),
        to(PORTAL, "/portal/guest/__class__"),
        to(PORTAL, "/portal/_session"),
    ),
    visit(
        "portal-staff",
        STAFF,
        "/",
        "/guests",
        ("/guests", basic("carol", "guess")),
        ("/guests", CAROL),
        ("/guests/", ERIN),
        ("/accounts/close?guest=Ann", ERIN),
        ("/accounts/close?guest=Ann", CAROL),
        "/accounts/close",
        "/public",
        ("/public", CAROL),
        ("/public", basic("carol", "guess")),
        ("/nope", CAROL),
        "/guests.py",
    ),
]
