"""Access logs: every directive of LogFormat whose value both servers can know alike."""

from __future__ import annotations

from tests.parity.runner.case import Case, ask, basic, get, head, post, raw

CONFIG = """
<Location /page>
    SetHandler mod_python
    PythonHandler @M@
</Location>
<Location /closed>
    AuthType Basic
    AuthName closed
    AuthBasicProvider file
    AuthUserFile "@ROOT@/users"
    Require valid-user
</Location>
Redirect /moved /page
ErrorDocument 404 /page/missing
ErrorDocument 400 "bad"
ErrorDocument 401 "who?"
ErrorDocument 403 "no"
ErrorDocument 405 "not so"
ErrorDocument 502 "broken"
<Location /denied>
    Require all denied
</Location>
SetEnvIf X-Env (.+) FROM_CLIENT=$1
"""
HANDLER = """
req.notes["note"] = 'a "note"\\n\\x01'
req.headers_out["X-Out"] = "from the handler"
req.err_headers_out["X-Err"] = "always"
if req.args == "add":
    req.headers_out.add("X-Out", "second")
if req.args == "fail":
    return apache.HTTP_BAD_GATEWAY
if req.args == "redirect":
    req.internal_redirect("/page/other?x=1")
    return apache.OK
if req.args == "created":
    req.status = apache.HTTP_CREATED
req.read()
req.write("a page")
"""
FILES = {"file.txt": "a file of twenty-odd bytes", "users": "joe:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=\n"}
HOSTILE = 'q"uo\\te\t'
REQUESTS = [
    get("/page"),
    get("/page?a=1&b=%20x"),
    get("/page?add"),
    get("/page?fail"),
    get("/page?redirect"),
    get("/page?created"),
    get("/page/with%20space/%22quoted%22?%22"),
    get("/page/caf%C3%A9/%01"),
    head("/page"),
    post("/page", "a=1&b=2"),
    get("/file.txt"),
    head("/file.txt"),
    get("/file.txt", "Range: bytes=2-4"),
    get("/file.txt", 'If-None-Match: "nope", *'),
    get("/nope"),
    get("/nope?x"),
    get("/denied"),
    get("/moved"),
    get("/closed"),
    get("/closed", basic("joe", "123456")),
    get("/closed", basic("joe", "wrong")),
    get("/closed", basic('e"vil\t', "wrong")),
    get("/closed", basic("", "")),
    get("/page", f"Referer: {HOSTILE}", f"User-Agent: {HOSTILE}", f"Cookie: a={HOSTILE}; b=2"),
    get("/page", "Referer: caf\xc3\xa9", "User-Agent: \xe9", "Cookie: a=1; b=2; a=3"),
    get("/page", "Referer:", "User-Agent:  ", "Cookie: b="),
    get("/page", "Referer: one", "Referer: two", "Cookie: a=1", "Cookie: b=2"),
    get("/page", 'X-Env: en"v'),
    ask("OPTIONS", "/file.txt"),
    ask("DELETE", "/file.txt"),
    ask("BREW", "/page"),
    get("/page", http="1.0", host=None),
    get("http://other.test/page?abs"),
]
REFUSED = [
    raw(b"GET /page HTTP/1.1\r\n\r\n"),
    raw(b"GET /page\x01 HTTP/1.1\r\nHost: @HOST@\r\n\r\n"),
    get("/page", "X-Escape: \x1b"),
    get("/page", "No-Colon"),
]
FORMATS = (
    '%h %l %u "%r" %>s %b',
    '%h %l %u \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"',
    "%m %U %q %H %r|%>r|%<r|%>U|%<U|%<q|%>q|%<m",
    "%s %>s %<s %b %B %R %X",
    "%v %V %p %{canonical}p %A %a %{c}a %{c}h",
    "%{Content-Type}o %{content-length}o %{X-Out}o %{X-Err}o %{Location}o %{none}o",
    "%{WWW-Authenticate}o %{Content-Range}o %{ETag}o",
    "%{X-Out}o %<{X-Out}o %>{X-Out}o %<{Content-Type}o %>{X-Err}o",
    "%{Host}i %{Cookie}i %{a}C %{b}C %{c}C %{X-Env}i %{Authorization}i",
    "%{note}n %{FROM_CLIENT}e %{none}n %{none}e %{SERVER_NAME}e %{FROM_CLIENT}e",
    "%200,206,304{Referer}i %!200,304{User-Agent}i %404U %!404U %200>s %!200s",
    "%u %>u %<u %l",
    "%f %>f %<f",
    r"100%% \t\"tab\" \\ %%s 'single' \x ü",
    "%B %b",
    "%{x}^ti %{x}^to",
)

CASES = [
    Case(
        "log-formats",
        REQUESTS,
        CONFIG,
        HANDLER,
        files=FILES,
        access=" | ".join(FORMATS),
        own_address=True,
    ),
    Case(
        "log-formats-of-refused",
        REFUSED,
        CONFIG,
        HANDLER,
        access='%h %l %u "%r" %s %>s %b %H %a %v "%{User-Agent}i"',
        own_address=True,
    ),
]
