"""Requests that a balancer distributes: each server is its own backends, below /inner/NUMBER."""

from __future__ import annotations

from tests.parity.cases.proxy import BACKEND, INNER, B
from tests.parity.runner.case import Case, get, post

GONE = "http://127.0.0.1:1"
"""Nobody answers there."""
SHOWN = (
    'Header always set X-Told "%{BALANCER_NAME}e %{BALANCER_WORKER_ROUTE}e %{BALANCER_SESSION_STICKY}e '
    '%{BALANCER_SESSION_ROUTE}e %{BALANCER_ROUTE_CHANGED}e"\n'
)
"""What the balancer tells the environment."""


def members(*words: str, balancing: str = "") -> str:
    """Return a balancer whose members have these words; `@GONE` in them stands for a backend that is gone."""
    lines = []
    for number, word in enumerate(words, 1):
        url = GONE if "@GONE" in word else B
        lines.append(f"BalancerMember {url}/inner/{number} {word.replace('@GONE', '')}")
    told = f"ProxySet {balancing}" if balancing else ""
    return "\n".join(
        ["<Proxy balancer://@M@>", *lines, told, "</Proxy>", "ProxyPass /app balancer://@M@/x", ""]
    )


def case(name: str, requests: list, config: str, **more: object) -> Case:
    """Return a case with backends below /inner."""
    return Case(f"balancer-{name}", requests, INNER + SHOWN + config, source=BACKEND, **more)  # type: ignore[arg-type]


def cookie(value: str) -> str:
    """Return a Cookie line."""
    return f"Cookie: other=x.w1; sid={value}; more=1"


MANY = [get(f"/app/{number}?q={number}") for number in range(12)]
STICKY = "stickysession=sid|psid"

CASES = [
    case("by-requests", MANY, members("", "", "")),
    case("by-shares", MANY, members("loadfactor=3", "loadfactor=1.5", "")),
    case("by-busyness", MANY, members("", "loadfactor=2", balancing="lbmethod=bybusyness")),
    case(
        "by-traffic",
        [post("/app/forms/x", "x" * 100_000), *MANY[:1], post("/app/forms/y", "x" * 900_000), *MANY[:4]],
        members("", "loadfactor=5", balancing="lbmethod=bytraffic"),
    ),
    case("standby", MANY[:6], members("status=+D", "status=S", "", "status=+H", "status=+N", "")),
    case("hot-standby", MANY[:4], members("status=+D", "status=+H", "status=H")),
    case("spare", MANY[:6], members("", "status=D", "status=R", "status=R")),
    case("sets", MANY[:4], members("lbset=2", "lbset=1", "lbset=1", "lbset=1 status=D")),
    case("set-of-nobody", MANY[:4], members("lbset=2", "lbset=0 status=D")),
    case(
        "sticky",
        [
            get("/app/a", cookie("abc.w2")),
            get("/app/b", cookie("abc.w2")),
            get("/app/c", cookie("abc.w2.w1")),
            get("/app/d", cookie("abc")),
            get("/app/e", cookie("abc.")),
            get("/app/f", cookie("abc.nobody")),
            get("/app/g", cookie(".w3")),
            get("/app/h?a=b&psid=q.w3"),
            get("/app/i;psid=q.w3"),
            get("/app/i;psid=q.w3?x=y"),
            get("/app/j?psid=q.w3", cookie("abc.w2")),
            get("/app/k?sid=q.w3"),
            get("/app/l", "Cookie: a=sid=x.w2", "Cookie: sid=x.w3"),
            get("/app/m", "Cookie: xsid=x.w2"),
            get("/app/n"),
        ],
        members("route=w1", "route=w2", "route=w3", balancing=STICKY),
    ),
    case(
        "sticky-cookie",
        [*MANY[:2], get("/app/x", "Cookie: ROUTEID=.w1"), get("/app/y", "Cookie: ROUTEID=.w3")],
        members("route=w1", "route=w2", balancing="stickysession=ROUTEID")
        + 'Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=/" env=BALANCER_ROUTE_CHANGED\n',
    ),
    case(
        "sticky-states",
        [get("/app/a", cookie(f"x.w{number}")) for number in (1, 2, 3, 4, 1, 2)],
        members("route=w1 status=D", "route=w2 status=N", "route=w3 status=H", "route=w4", balancing=STICKY),
    ),
    case(
        "sticky-separator",
        [get("/app/a", cookie("x.w2!w1")), get("/app/a", cookie("x.w2")), get("/app/a", cookie("x!w2"))],
        members("route=w1", "route=w2", balancing=f"{STICKY} stickysessionsep=!"),
    ),
    case(
        "no-failover",
        [get("/app/a", cookie(route)) for route in ("x.w1", "x.w2", "x.w9", "x.w1", "x")],
        members("route=w1 @GONE", "route=w2", balancing=f"{STICKY} nofailover=On"),
    ),
    case(
        "redirect",
        [get("/app/a", cookie(route)) for route in ("x.w1", "x.w2", "x.w1")],
        members("route=w1 redirect=w3 status=D", "route=w2", "route=w3", balancing=STICKY),
    ),
    case(
        "failover",
        [*MANY[:4], post("/app/forms/x", "x" * 10), post("/app/forms/y", "x" * 300_000), *MANY[4:8]],
        members("@GONE", "", ""),
    ),
    case(
        "failover-sticky",
        [get("/app/a", cookie("x.w1"))] * 3 + [get("/app/a", cookie("x.w2"))],
        members("route=w1 @GONE", "route=w2", "route=w3", balancing=STICKY),
    ),
    case("failover-to-standby", MANY[:4], members("@GONE", "@GONE", "status=+H")),
    case("all-gone", MANY[:3], members("@GONE", "@GONE")),
    case("nobody", MANY[:2], members("status=D")),
    case(
        "fail-on-status",
        [
            get("/app/status/503", cookie("x.w1")),
            *MANY[:4],
            get("/app/status/404", cookie("x.w2")),
            *MANY[:3],
        ],
        members("route=w1", "route=w2", "route=w3", balancing=f"{STICKY} failonstatus=503,500"),
    ),
    case(
        "reverse",
        [get("/app/status/302"), get("/app/status/301"), get("/other/status/302")],
        members("", "")
        + "ProxyPassReverse /app balancer://@M@/x\nProxyPass /other balancer://@M@\n"
        + "<Proxy balancer://@M@-2>\nBalancerMember http://@HOST@/inner\n</Proxy>\n"
        + "ProxyPassReverse /other balancer://@M@-2\nProxyPassReverse /app balancer://@M@-2\n",
    ),
    case(
        "elsewhere",
        [get("/app/a"), get("/r/a?x=y"), get("/loc/a"), get("/app/b")],
        f"BalancerMember balancer://@M@ {B}/inner/1 route=w1\nBalancerMember balancer://@M@ {B}/inner/2\n"
        "ProxySet balancer://@M@ stickysession=sid\n"
        "ProxyPass /app balancer://@M@/x nofailover=On lbmethod=byrequests\n"
        "RewriteEngine On\nRewriteRule ^/r/(.*) balancer://@M@/r/$1 [P]\n"
        "<Location /loc>\nProxyPass balancer://@M@/loc\n</Location>\n",
    ),
    case(
        "guards",
        [get("/app/a"), get("/app/a?let=me"), get("/closed/a")],
        members("", "")
        + "<Location /app>\nPythonAccessHandler @M@::guard\n</Location>\n"
        + "ProxyPass /closed balancer://@M@/closed\n"
        + "<Proxy balancer://@M@/closed>\nRequire all denied\n</Proxy>\n",
    ),
    case(
        "set-for-one-backend",
        [get("/app/a"), get("/app/b")],
        f"<Proxy {B}/inner/set>\nProxySet connectiontimeout=5 timeout=7\n</Proxy>\n"
        f"ProxyPass /app {B}/inner/set\n",
    ),
]
