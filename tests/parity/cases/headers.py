"""Header, RequestHeader, SetEnvIf, Expires: what they do to requests and responses."""

from __future__ import annotations

from tests.parity.runner.case import DIRECTORY, Case, ask, get, head

PAGE = {"page.html": "page", "sub/page.html": "page"}
ECHO = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    names = [n for n in req.headers_in.keys() if n.lower() not in ('host', 'connection')]
    req.write('\\n'.join('%s: %s' % (n, req.headers_in[n]) for n in sorted(set(names))) + '\\n--\\n', 0)
    env = req.subprocess_env
    req.write('\\n'.join('%s=%s' % (k, env[k]) for k in sorted(env.keys()) if k.startswith('T_')), 0)
    return apache.OK
"""


def response(name: str, config: str, *more: str, **details: object) -> Case:
    """A case about the response headers of a page, a missing page and a redirect."""
    requests = [get("/page.html", *more), head("/page.html", *more), get("/nope.html", *more), get("/sub")]
    return Case(f"header-{name}", requests, config, files=PAGE, **details)  # type: ignore[arg-type]


def environment(name: str, config: str, *headers: str) -> Case:
    """A case about what a handler sees."""
    return Case(
        f"env-{name}",
        [get("/a/b?q", *headers), ask("POST", "/x", "User-Agent: Mozilla/4.0 old", body="")],
        DIRECTORY + config,
        source=ECHO,
    )


CASES = [
    response("set", 'Header set X-A one\nHeader set X-A: "two words"\nHeader always set X-A always'),
    response("always", "Header always set X-A one\nHeader onsuccess set X-B two"),
    response(
        "add-append", "Header add X-A one\nHeader add X-A two\nHeader append X-A three\nHeader append X-B b"
    ),
    response(
        "merge",
        "Header set X-A one\nHeader merge X-A two\nHeader merge X-A one\nHeader setifempty X-A no\n"
        "Header setifempty X-B yes",
    ),
    response("unset", "Header unset ETag\nHeader unset Last-Modified\nHeader always unset X-None"),
    response(
        "edit",
        'Header set X-A "a1 b2 c3"\nHeader edit X-A "([a-z])([0-9])" "$2$1"\n'
        'Header set X-B "a1 b2 c3"\nHeader edit* X-B "([a-z])([0-9])" "$2$1"\nHeader edit X-None a b',
    ),
    response("edit-type", 'Header edit Content-Type "html" "plain"'),
    response("set-type", "Header set Content-Type text/x-own"),
    response("echo", 'Header echo "^X-"', "X-One: 1", "X-Two: 2", "Y-Three: 3"),
    response("expr-value", 'Header set X-A "expr=%{REQUEST_METHOD} %{req:X-One} %{tolower:ABC}"', "X-One: 1"),
    response(
        "expr-condition",
        'Header set X-A yes "expr=%{REQUEST_URI} =~ m#page#"\nHeader set X-B no expr=false\n'
        "Header set X-C yes \"expr=-z req('X-None')\"",
    ),
    response("env-condition", "SetEnv T_A 1\nHeader set X-A yes env=T_A\nHeader set X-B no env=!T_A"),
    response("percent", 'SetEnv T_A v\nHeader set X-A "100%% %{T_A}e %{T_NONE}e"'),
    response("early", "Header set X-A one early\nHeader always set X-B two early"),
    response("status", 'Header set X-A "expr=%{REQUEST_STATUS} %{CONTENT_TYPE}"'),
    response(
        "sections",
        'Header set X-A outer\nHeader append X-B 1\n<Files "page.html">\nHeader set X-A inner\n'
        "Header append X-B 2\n"
        "</Files>\n<Location />\nHeader append X-B 3\n</Location>",
    ),
    response("error-document", "Header set X-A one\nHeader always set X-B two\nErrorDocument 404 /page.html"),
    Case(
        "header-not-modified",
        [get("/page.html", 'If-None-Match: "4-617b3b1389240"'), get("/page.html", "Range: bytes=0-1")],
        "Header set X-A one\nHeader always set X-B two",
        files=PAGE,
    ),
    Case(
        "header-python",
        [get("/x"), get("/x?404"), get("/x?raise")],
        DIRECTORY + "Header set X-A one\nHeader always set X-B two\nHeader append X-C more\nHeader unset X-D",
        handler="""
req.headers_out['X-C'] = 'handler'
req.headers_out['X-D'] = 'handler'
req.err_headers_out['X-E'] = 'handler'
if req.args == '404':
    return apache.HTTP_NOT_FOUND
if req.args == 'raise':
    raise apache.SERVER_RETURN(apache.HTTP_FORBIDDEN)
req.write('body')
""",
    ),
    environment(
        "request-header",
        "RequestHeader set X-A one\nRequestHeader append X-A two\nRequestHeader unset X-B",
        "X-B: gone",
        "X-C: stays",
    ),
    environment(
        "request-header-early",
        "RequestHeader set X-A one early\nRequestHeader edit X-C s t early",
        "X-C: stays",
    ),
    environment(
        "request-header-merge",
        'RequestHeader merge X-C stays\nRequestHeader add X-D 1\nRequestHeader set X-E "expr=%{REQUEST_URI}"',
        "X-C: stays",
    ),
    environment(
        "setenvif",
        'SetEnvIf User-Agent "Mozilla/(\\d)" T_VERSION=$1 T_MOZILLA\n'
        'SetEnvIf Request_URI "^/a" T_A=yes\nSetEnvIf T_A yes T_B=seen !T_MOZILLA\n'
        'SetEnvIf request_method POST T_POST\nSetEnvIf X-None "^$" T_EMPTY=1\n'
        'SetEnvIf ^X-.* "(.+)" T_X=$1\nSetEnvIfNoCase X-C "STAYS" T_NOCASE=$0\n'
        'SetEnvIf Remote_Addr "^127\\." T_LOCAL=1\nSetEnvIf Request_Protocol "1\\.1" T_PROTO',
        "X-C: stays",
        "User-Agent: Mozilla/5.0",
    ),
    environment(
        "browsermatch",
        "BrowserMatch Mozilla T_M\nBrowserMatchNoCase MOZILLA/4 T_OLD=yes",
        "User-Agent: Mozilla/5.0",
    ),
    environment(
        "setenvifexpr",
        "SetEnvIfExpr \"%{REQUEST_METHOD} == 'POST'\" T_POST=1\n"
        "SetEnvIfExpr \"req('X-C') =~ /(st)ays/\" T_C=yes",
        "X-C: stays",
    ),
    environment(
        "setenvif-section",
        '<Location "/a">\nSetEnvIf Request_URI "/(.)$" T_LAST=$1\n</Location>\n'
        "SetEnvIf Request_URI a T_OUTER",
    ),
    environment(
        "setenv",
        "SetEnv T_A one\nSetEnv T_B\nSetEnv T_C x\nUnsetEnv T_C\n<Location /a>\nSetEnv T_A inner\n"
        "</Location>",
    ),
    environment("setenvif-and-setenv", "SetEnvIf Request_URI a T_A=if\nSetEnv T_A plain"),
    Case(
        "env-setenvif-access",
        [get("/page.html", "User-Agent: good"), get("/page.html", "User-Agent: bad")],
        "SetEnvIf User-Agent good T_GOOD\n<Location />\nRequire env T_GOOD\n</Location>",
        files=PAGE,
    ),
    Case(
        "env-if-sees-setenvif",
        [get("/page.html", "User-Agent: good"), get("/page.html", "User-Agent: bad")],
        "SetEnvIf User-Agent good T_GOOD=1\n<If \"reqenv('T_GOOD') == '1'\">\nForceType text/x-good\n</If>\n",
        files=PAGE,
    ),
    Case(
        "env-nokeepalive",
        [get("/page.html", "User-Agent: old"), get("/page.html", "User-Agent: older")],
        "BrowserMatch ^old$ nokeepalive\nBrowserMatch older downgrade-1.0 nokeepalive",
        files=PAGE,
    ),
    Case(
        "expires",
        [
            get("/page.html"),
            head("/page.html"),
            get("/nope.html"),
            get("/sub"),
            get("/page.txt"),
            get("/a.css"),
            get("/page.html", 'If-None-Match: "4-617b3b1389240"'),
        ],
        'ExpiresActive On\nExpiresDefault "access plus 1 hour 1 minute"\nExpiresByType text/html A60\n'
        'ExpiresByType text/* "modification plus 2 days"\nHeader append Cache-Control public',
        files=PAGE | {"page.txt": "text", "a.css": "css"},
        masks=[(r"Expires: .*", "Expires: SOME DATE")],
    ),
    Case(
        "expires-python",
        [get("/x"), get("/x?own")],
        DIRECTORY + "ExpiresActive On\nExpiresDefault A60",
        handler="""
req.content_type = 'text/plain'
if req.args == 'own':
    req.headers_out['Expires'] = 'Thu, 01 Jan 1970 00:00:00 GMT'
req.headers_out['Cache-Control'] = 'private'
req.write('body')
""",
        masks=[(r"Expires: .* 20\d\d .*", "Expires: SOME DATE")],
    ),
    Case(
        "headers-vary",
        [get(f"/?{way}") for way in ("one", "list", "lines", "twice", "error", "both", "status", "empty")],
        handler="""
way = req.args
if way in ('one', 'both'):
    req.headers_out['Vary'] = 'Cookie'
if way == 'list':
    req.headers_out['vary'] = ' Origin,  Accept-Encoding ,, Cookie'
if way in ('lines', 'twice'):
    req.headers_out.add('Vary', 'Origin')
    req.headers_out.add('Vary', 'Accept')
if way == 'twice':
    req.headers_out.add('vary', 'ORIGIN, Cookie accept')
if way in ('error', 'both', 'status'):
    req.err_headers_out['Vary'] = 'Origin, Cookie'
if way == 'status':
    return apache.HTTP_FORBIDDEN
if way == 'empty':
    req.headers_out['Vary'] = ''
req.write(way)
""",
    ),
    Case(
        "headers-of-a-directory-index",
        [get("/"), get("/sub/"), get("/page.html")],
        DIRECTORY.replace("PythonHandler", "PythonFixupHandler").replace("SetHandler mod_python", ""),
        source="""
            from mod_python import apache


            def fixuphandler(req):
                req.headers_out["X-Where"] = req.uri
                req.err_headers_out["X-Where"] = "error " + req.uri
                req.headers_out.add("Set-Cookie", "a=" + req.uri)
                req.headers_out.add("Set-Cookie", "b=" + req.uri)
                return apache.OK
        """,
        files=PAGE | {"index.html": "index", "sub/index.html": "sub"},
    ),
]
