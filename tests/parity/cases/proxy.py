"""Requests passed on to another server: each server is its own backend, below /inner."""

from __future__ import annotations

from tests.parity.runner.case import Case, ask, basic, get, head, post

BACKEND = """
from mod_python import apache


def handler(req):
    if "/forms/" in req.uri or req.method == "POST":
        req.write("%d bytes\\n" % len(req.read()))
    status = req.uri.rpartition("/status/")[2]
    if status.isdigit() and "/status/" in req.uri:
        req.status = int(status)
        if status in ("301", "302", "201"):
            req.headers_out["Location"] = "http://%s/inner/there?x=1" % req.headers_in["Host"]
            req.headers_out["Content-Location"] = "/inner/relative"
        if status == "401":
            req.err_headers_out["WWW-Authenticate"] = 'Basic realm="inner"'
            return 401
    if req.uri.endswith("/refused"):
        return apache.HTTP_FORBIDDEN
    req.headers_out.add("Set-Cookie", "a=1; path=/inner/x; HttpOnly")
    req.headers_out.add("Set-Cookie", "b=2; domain=inner.test; Path=/other")
    req.headers_out["X-Answer"] = "yes"
    req.content_type = "text/plain"
    req.write("%s\\n" % req.the_request)
    shown = [item for item in req.headers_in.items() if item[0].lower() not in LEFT_OUT]
    for name, value in sorted((name.lower(), value) for name, value in shown):
        req.write("%s: %s\\n" % (name, value))
    return apache.OK


# The front's own concern: how it holds connections, how it frames bodies.
LEFT_OUT = ("connection", "content-length", "transfer-encoding", "expect")


def guard(req):
    if req.args == "let=me":
        return apache.OK
    if req.args == "break=down":
        raise ValueError("broken guard")
    return apache.HTTP_FORBIDDEN


def authen(req):
    return apache.OK if req.get_basic_auth_pw() == "secret" else apache.HTTP_UNAUTHORIZED


def send_there(req):
    req.proxyreq = apache.PROXYREQ_REVERSE
    req.handler = "proxy-server"
    req.filename = "proxy:http://127.0.0.1:%d/inner/chosen" % req.connection.local_addr[1]
    return apache.OK
"""
INNER = "<Location /inner>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\nProxyPreserveHost On\n"
B = "http://127.0.0.1:@PORT@"


def case(name: str, requests: list, config: str, **more: object) -> Case:
    """Return a case with a backend below /inner."""
    return Case(name, requests, INNER + config, source=BACKEND, **more)  # type: ignore[arg-type]


CASES = [
    case(
        "proxy-paths",
        [
            get(path)
            for path in (
                "/app",
                "/app/",
                "/app/x?y=1&z=%20",
                "/app/x?",
                "/apple",
                "/app/%7Ea//b/../c%20d",
                "/app/%C3%A9",
                "/app/a;b=c,d:e@f&g=h+i!j*k'l(m)",
                "/app/%5Bx%5D%22%3C%3E%5C%5E%60%7B%7C%7D%25%3F",
                "/app/not/this",
                "/app/nothing",
                "/slash/x",
                "/noslash/x",
                "/deep/x/y",
                "/deeper/x",
            )
        ],
        f"ProxyPass /app/not !\nProxyPass /app {B}/inner\nProxyPass /slash {B}/inner/\n"
        f"ProxyPass /noslash/ {B}/inner\nProxyPass /deep {B}/inner/1\nProxyPass /deep/x {B}/inner/2\n",
    ),
    case(
        "proxy-patterns",
        [get(path) for path in ("/m/a/b.cgi?q", "/m/x", "/kept/a", "/left/a", "/loc/1/x", "/lm/7/x")],
        f"ProxyPassMatch ^/m/(\\w+)/(.*)\\.cgi$ {B}/inner/$2/$1\nProxyPassMatch ^/left !\n"
        f"ProxyPassMatch ^/kept {B}/inner\n"
        f"<Location /loc>\nProxyPass {B}/inner/l\n</Location>\n"
        f"<LocationMatch ^/lm/(\\d+)>\nProxyPassMatch {B}/inner/lm$1\n</LocationMatch>\n",
    ),
    case(
        "proxy-order",
        [get("/alias/a.txt"), get("/redirected"), get("/alias/here/x"), get("/files/a.txt")],
        f'Alias /alias "@ROOT@"\nRedirect /redirected /elsewhere\nProxyPass /alias/here {B}/inner\n'
        f"ProxyPass /alias {B}/inner/first\nProxyPass /redirected {B}/inner\n",
        files={"a.txt": "a file", "files/a.txt": "another"},
    ),
    case(
        "proxy-fields",
        [
            get("/app/x"),
            get("/app/x", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: spoof", "X-Forwarded-Server: s"),
            get(
                "/app/x",
                "Connection: X-Hop, X-Forwarded-For",
                "X-Hop: 1",
                "TE: trailers",
                "Keep-Alive: 5",
                "Upgrade: h2c",
                "X-Stays: 2",
            ),
            get("/app/x", "Accept: a", "Accept: b", "Cookie: c=d", "Authorization: Basic eDp5"),
            get("/app/x", http="1.0"),
            get("/plain/x", "X-Forwarded-For: 192.0.2.1"),
            head("/app/x"),
        ],
        f"ProxyPass /app {B}/inner\nProxyPass /plain {B}/inner\n"
        "<Location /plain>\nProxyAddHeaders Off\n</Location>\n",
    ),
    case(
        "proxy-bodies",
        [
            post("/app/forms/a", "x" * 10),
            post("/app/forms/b", "x" * 300_000),
            post("/app/forms/c", ""),
            ask("POST", "/app/forms/d"),
            ask("PUT", "/app/forms/e", body="put"),
            ask("DELETE", "/app/forms/f"),
            ask("OPTIONS", "/app/forms/g"),
        ],
        f"ProxyPass /app {B}/inner\n",
    ),
    case(
        "proxy-reverse",
        [
            *(get(f"/app/status/{status}") for status in (200, 201, 301, 302)),
            get("/other/status/302"),
            get("/there/status/302"),
        ],
        f"ProxyPass /app {B}/inner\nProxyPassReverse /app http://@HOST@/inner\n"
        "ProxyPassReverseCookiePath /inner /app\nProxyPassReverseCookieDomain inner.test outer.test\n"
        f"<Location /other>\nProxyPass {B}/inner\nProxyPassReverse http://@HOST@/inner\n</Location>\n"
        f"ProxyPass /there {B}/inner\n",
    ),
    case(
        "proxy-statuses",
        [get(f"/app/status/{status}") for status in (204, 304, 400, 401, 404, 500, 503)]
        + [get("/app/refused"), get("/own/status/404"), get("/own/status/401"), get("/own/status/200")]
        + [get("/some/status/404"), get("/some/status/500")],
        f'ProxyPass /app {B}/inner\nErrorDocument 404 "our own"\n'
        f"ProxyPass /own {B}/inner\nProxyPass /some {B}/inner\n"
        "<Location /own>\nProxyErrorOverride On\n</Location>\n"
        "<Location /some>\nProxyErrorOverride On 404\n</Location>\n",
    ),
    case(
        "proxy-guards",
        [
            get("/app/x"),
            get("/app/x?let=me"),
            get("/app/x?break=down"),
            get("/user/x"),
            get("/user/x", basic("joe", "wrong")),
            get("/user/x", basic("joe", "secret")),
            get("/denied/x"),
            get("/proxied/x"),
            get("/matched/x"),
        ],
        f"ProxyPass /app {B}/inner\nProxyPass /user {B}/inner\nProxyPass /denied {B}/inner\n"
        f"ProxyPass /proxied {B}/inner/closed\nProxyPass /matched {B}/inner/m\n"
        "<Location /app>\nPythonAccessHandler @M@::guard\n</Location>\n"
        '<Location /user>\nAuthType Basic\nAuthName "x"\nAuthBasicAuthoritative Off\n'
        "PythonAuthenHandler @M@::authen\nRequire user joe\n</Location>\n"
        "<Location /denied>\nRequire all denied\n</Location>\n"
        f"<Proxy {B}/inner/closed>\nRequire all denied\n</Proxy>\n"
        "<ProxyMatch ^http://[^/]*/inner/m>\nRequire all denied\n</ProxyMatch>\n"
        "<Proxy *>\nHeader set X-Proxied yes\n</Proxy>\n",
    ),
    case(
        "proxy-no-files",
        [get("/app/x.py"), get("/app/.htaccess"), get("/")],
        f"ProxyPass /app {B}/inner\n<Directory />\nRequire all denied\n</Directory>\n"
        '<Files "*.py">\nRequire all denied\n</Files>\nAddHandler mod_python .py\n',
    ),
    case(
        "proxy-headers",
        [get("/app/x"), get("/app/status/404")],
        f"ProxyPass /app {B}/inner\n<Location /app>\nSetHandler default-handler\n"
        "RequestHeader set X-Seen yes\nHeader set X-Answer no\nHeader always set X-Always 1\n"
        "Header unset Set-Cookie\n</Location>\n",
    ),
    case(
        "proxy-via",
        [get("/app/x"), get("/app/x", "Via: 1.0 client"), get("/app/x", http="1.0")],
        f"ProxyVia On\nProxyPass /app {B}/inner\n",
    ),
    case(
        "proxy-by-handler",
        [get("/sent/x?a=b"), get("/sent")],
        "<Location /sent>\nPythonFixupHandler @M@::send_there\n</Location>\n",
    ),
    case(
        "proxy-unreachable",
        [get("/gone/x"), get("/gone/x")],
        "ProxyPass /gone http://127.0.0.1:1/\n",
    ),
    case(
        "proxy-rewrite",
        [get(path) for path in ("/r/a%20b?c=d", "/r/x", "/g/x?let=me", "/g/x", "/dir/x%20y?z", "/q/x?own")],
        f"RewriteEngine On\nRewriteRule ^/r/(.*) {B}/inner/$1 [P]\nRewriteRule ^/g/(.*) {B}/inner/$1 [P]\n"
        f"RewriteRule ^/q/(.*) {B}/inner/$1?more [P,QSA]\n"
        "<Location /g>\nPythonAccessHandler @M@::guard\n</Location>\n"
        '<Directory "@ROOT@/dir">\nRewriteEngine On\n'
        f"RewriteRule (.*) {B}/inner/$1 [P]\n</Directory>\n",
        files={"dir/x y": "a file"},
    ),
]
