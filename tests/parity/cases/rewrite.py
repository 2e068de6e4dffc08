"""mod_rewrite: rules of servers and sections, conditions, flags, maps."""

from __future__ import annotations

from dataclasses import replace

from tests import dbm_files
from tests.parity.runner.case import Case, Expect, Request, ask, get, post

FILES = {
    "a.txt": "file a",
    "b.txt": "file b",
    "sub/c.txt": "file c",
    "sub/index.html": "index of sub",
    "q?.txt": "question",
    "a b.txt": "blank",
    "a%20b.txt": "percent",
    "show.py": "",
    "map.txt": "# comment\none  a.txt\ntwo b.txt\none b.txt\n",
}
SHOW = """
    from os.path import basename
    env = dict(req.subprocess_env)
    for name in ("uri", "args", "path_info", "filename", "handler", "content_type"):
        req.write("%s=%s\\n" % (name, getattr(req, name) or ""))
    for name in sorted(env):
        if name.startswith(("REDIRECT_", "SCRIPT_UR", "X_")) and "UNIQUE_ID" not in name:
            req.write("%s=%s\\n" % (name, env[name]))
    origin = req.prev
    while origin:
        req.write("prev %s %s\\n" % (origin.uri, origin.status))
        origin = origin.prev
"""
HANDLE = """
<Files show.py>
    SetHandler mod_python
    PythonHandler @M@
</Files>
"""


def server(name: str, rules: str, *requests: Request | str, log: tuple[str, ...] = ()) -> Case:
    """A case with rules at the level of the virtual host; `show.py` shows what a request became."""
    config = f"RewriteEngine On\n{rules}\n{HANDLE}"
    return Case(f"rewrite-{name}", _requests(requests), config, SHOW, files=FILES, log=log)


def section(name: str, rules: str, *requests: Request | str, more: str = "") -> Case:
    """A case with rules for the document root's directory."""
    config = f'<Directory "@ROOT@">\nRewriteEngine On\n{rules}\n</Directory>\n{more}\n{HANDLE}'
    return Case(f"rewrite-dir-{name}", _requests(requests), config, SHOW, files=FILES)


def htaccess(name: str, rules: str, *requests: Request | str, **files: str) -> Case:
    """A case with rules in a .htaccess file; `files` are those of directories below."""
    config = f'<Directory "@ROOT@">\nAllowOverride FileInfo\n</Directory>\n{HANDLE}'
    below = {f"{folder}/.htaccess": f"RewriteEngine On\n{text}" for folder, text in files.items()}
    own = {".htaccess": f"RewriteEngine On\n{rules}"} if rules else {}
    return Case(
        f"rewrite-htaccess-{name}", _requests(requests), config, SHOW, files={**FILES, **own, **below}
    )


def _requests(requests: tuple[Request | str, ...]) -> list[Request]:
    return [get(request) if isinstance(request, str) else request for request in requests]


def conditions(name: str, *conditions: str, request: Request | str = "/a.txt", more: str = "") -> Case:
    """A case in which each condition, on its own, decides whether its own path leads to `show.py`."""
    rules = "".join(
        f"RewriteCond {condition}\nRewriteRule ^/{number}(/.*)?$ /show.py [E=X_C:{number},E=X_1:%1,L]\n"
        for number, condition in enumerate(conditions)
    )
    if isinstance(request, str):
        request = get(request)
    headers = request.headers
    requests = [
        ask(request.method, f"/{number}{request.path}", *headers) for number in range(len(conditions))
    ]
    return server(f"cond-{name}", rules + more, *requests)


SERVER = [
    server("plain", "RewriteRule ^/x/(.*)$ /$1", "/x/a.txt", "/x/none", "/y/a.txt", "/x/sub/c.txt", "/x/sub"),
    server("show", "RewriteRule ^/x(.*)$ /show.py$1", "/x", "/x/info/more", "/x?q=1", "/x/%2541"),
    server("none-matches", "RewriteRule ^/nothing$ /show.py", "/show.py", "/a.txt", "/sub/", "/show.py/info"),
    server("off", "RewriteRule . /show.py\nRewriteEngine Off", "/a.txt"),
    server("relative", "RewriteRule ^/x$ a.txt", "/x"),
    server(
        "system",
        "RewriteRule ^/x$ /etc/hostname\nRewriteRule ^/y$ /etc/none\nRewriteRule ^/z(.*)$ $1",
        "/x",
        "/y",
        "/z/etc/hostname",
        "/z/a.txt",
    ),
    server("system-unsafe", "RewriteRule ^/z(.*)$ $1 [UnsafePrefixStat]", "/z/a.txt", "/z/etc/none"),
    server("dots", "RewriteRule ^/x(.*)$ /sub/$1", "/x../a.txt", "/x/../a.txt", "/x.%2e/a.txt", "/xc.txt"),
    server("dots-pt", "RewriteRule ^/x(.*)$ /sub/$1 [PT]", "/x../a.txt", "/xc.txt"),
    server(
        "query",
        "RewriteRule ^/keep$ /show.py\n"
        "RewriteRule ^/new$ /show.py?n=1\n"
        "RewriteRule ^/add$ /show.py?n=1 [QSA]\n"
        "RewriteRule ^/drop$ /show.py?\n"
        "RewriteRule ^/qsd$ /show.py [QSD]\n"
        "RewriteRule ^/qsd2$ /show.py?n=1 [QSD,QSA]\n"
        "RewriteRule ^/addnone$ /show.py [QSA]",
        "/keep?a=b",
        "/new?a=b",
        "/add?a=b",
        "/add",
        "/drop?a=b",
        "/qsd?a=b",
        "/qsd2?a=b",
        "/addnone?a=b",
        "/keep",
        "/keep?",
    ),
    server("query-last", "RewriteRule ^/x$ /show.py?a?b [QSL]\nRewriteRule ^/y$ /show.py?a?b", "/x", "/y"),
    server("query-amp", "RewriteRule ^/x$ /show.py?a=1&\nRewriteRule ^/y$ /show.py?& [QSA]", "/x", "/y?b=2"),
    server(
        "redirect",
        "RewriteRule ^/x(.*)$ /y$1 [R]\n"
        "RewriteRule ^/p$ /y [R=permanent]\n"
        "RewriteRule ^/s$ /y [R=seeother,L]\n"
        "RewriteRule ^/7$ /y [R=307]\n"
        "RewriteRule ^/h$ http://other.test/z [R=301]\n"
        "RewriteRule ^/i$ http://other.test/z",
        "/x/1?q=2",
        "/p",
        "/s",
        "/7?a",
        "/h?a=b",
        "/i",
        post("/x", "body"),
    ),
    server("redirect-goes-on", "RewriteRule ^/x$ /y [R=301]\nRewriteRule ^(.*)/y$ $1/z", "/x"),
    server(
        "redirect-escapes",
        "RewriteRule ^/x/(.*)$ /y/$1#frag [R]\n"
        "RewriteRule ^/n/(.*)$ /y/$1#frag [R,NE]\n"
        "RewriteRule ^/q/(.*)$ /y?v=$1 [R]\n"
        "RewriteRule ^/m/(.*)$ /y?v=$1 [R,NE]",
        "/x/a%20b",
        "/n/ab",
        "/q/a%20b",
        "/q/a%26b",
        "/m/ab",
        "/x/%25",
        "/x/%C3%A4",
        "/x/a?b=%20c",
        "/q/a%2541",
    ),
    server(
        "redirect-controls",
        "RewriteRule ^/n/(.*)$ /y/$1 [R,NE]\nRewriteRule ^/q/(.*)$ /y?v=$1 [R,NE]",
        "/n/a%0d%0aX:%20y",
        "/n/a%20b",
        "/q/a%0ab",
        "/q/a%20b",
    ),
    server(
        "redirect-status",
        "RewriteRule ^/x$ /y [R=404]\n"
        "RewriteRule ^/y$ - [R=503]\n"
        "RewriteRule ^/f$ - [F]\n"
        "RewriteRule ^/g$ - [G]\n"
        "RewriteRule ^/ff$ /a.txt [F]\n"
        "RewriteRule ^/r$ - [R=301]",
        "/x",
        "/y",
        "/f",
        "/g",
        "/ff",
        "/r",
    ),
    server(
        "other-schemes",
        "RewriteRule ^/f$ ftp://other.test/x\n"
        "RewriteRule ^/m$ mailto:a@b.test?subject=x\n"
        "RewriteRule ^/s$ https://@HOST@/x",
        "/f?a",
        "/m?a",
        "/s?a",
    ),
    server(
        "own-host",
        "RewriteRule ^/a$ http://@HOST@/a.txt\n"
        "RewriteRule ^/b$ http://@HOST@:@PORT@/a.txt\n"
        "RewriteRule ^/c$ http://@HOST@:@PORT@",
        "/a",
        "/b",
        "/c",
    ),
    server(
        "chain",
        "RewriteRule ^/x(.*)$ /w$1 [C]\n"
        "RewriteRule ^/w1$ /a.txt [C]\n"
        "RewriteRule ^/a.txt$ /b.txt\n"
        "RewriteRule ^/w2$ /a.txt",
        "/x1",
        "/x2",
        "/w1",
        "/w2",
    ),
    server(
        "skip",
        "RewriteRule ^/x$ - [S=2]\n"
        "RewriteRule ^/x$ /a.txt [L]\n"
        "RewriteRule ^/x$ /sub/c.txt [L]\n"
        "RewriteRule ^/x$ /b.txt\n"
        "RewriteRule ^/y$ - [skip=9]\n"
        "RewriteRule ^/y$ /a.txt",
        "/x",
        "/y",
    ),
    server(
        "next", "RewriteRule ^/(.*)A(.*)$ /$1a$2 [N]\nRewriteRule ^/x(.*)$ /$1", "/A.txt", "/xA.txt", "/AAA"
    ),
    server("next-limit", "RewriteRule ^/loop$ /loop [N=5]\nRewriteRule ^/three$ /three [N=3]", "/loop"),
    server("grows", "RewriteRule ^/grow(.*)$ /grow$1$1xxxxxxxxxxxxxxxxxxxx [N]", "/grow"),
    server(
        "last-end",
        "RewriteRule ^/x$ /y [L]\n"
        "RewriteRule ^/y$ /a.txt\n"
        "RewriteRule ^/e$ /a.txt [END]\n"
        "RewriteRule ^/a.txt$ /b.txt",
        "/x",
        "/e",
        "/y",
    ),
    server("not", "RewriteRule !\\.txt$ /show.py [E=X_N:[$0][$1]]", "/a.txt", "/other", "/show.py"),
    server(
        "nocase", "RewriteRule ^/AbC$ /a.txt [NC]\nRewriteRule ^/DeF$ /b.txt", "/abc", "/ABC", "/def", "/DeF"
    ),
    server(
        "env",
        "RewriteRule ^/x/(.*)$ /show.py [E=X_A:$1,E=X_B,E=X_C:%{REQUEST_METHOD},env=X_D:a:b]\n"
        "RewriteRule . - [E=!X_B]",
        "/x/1?q",
        "/x/",
    ),
    server("env-quoted", 'RewriteRule ^/x$ /show.py "[E=X_A:a b,E=X_B:c]"', "/x"),
    server(
        "env-later",
        "RewriteRule ^/x$ - [E=X_A:one]\nRewriteCond %{ENV:X_A} ^one$\nRewriteRule ^/x$ /show.py",
        "/x",
    ),
    server(
        "pass-through",
        'Alias /al "@ROOT@/sub"\nRewriteRule ^/x(.*)$ /al$1 [PT]\nRewriteRule ^/y(.*)$ /al$1\n',
        "/x/c.txt",
        "/y/c.txt",
        "/x/",
        "/x",
    ),
    server(
        "pass-through-uri",
        "<Location /guarded>\n"
        "Require all denied\n"
        "</Location>\n"
        "RewriteRule ^/x(.*)$ /guarded$1 [PT]\n"
        "RewriteRule ^/y(.*)$ /guarded$1",
        "/x/a",
        "/guarded/a",
        "/y/a",
    ),
    server("pass-through-show", "RewriteRule ^/x(.*)$ /show.py$1 [PT]", "/x", "/x/info?q"),
    server(
        "beats", 'Redirect /x /elsewhere\nAlias /y "@ROOT@/b.txt"\nRewriteRule ^/[xy]$ /a.txt', "/x", "/y"
    ),
    server("index", "RewriteRule ^/x/$ /sub/\nRewriteRule ^/s$ /sub", "/x/", "/s"),
    server(
        "type-handler",
        "RewriteRule ^/x$ /a.txt [T=text/x-own]\n"
        "RewriteRule ^/y$ /a.txt [T=Image/PNG,L]\n"
        "RewriteRule ^/h$ /a.txt [H=mod_python]\n"
        "PythonHandler @M@",
        "/x",
        "/y",
        "/h",
    ),
    server(
        "cookie",
        "RewriteRule ^/1$ /a.txt [CO=n:v:.test]\n"
        "RewriteRule ^/2$ /a.txt [CO=n:v:.test:0:/p:secure:httponly:strict]\n"
        "RewriteRule ^/3$ /a.txt [CO=;n;v:w;.test]\n"
        "RewriteRule ^/4$ /a.txt [CO=n:v]\n"
        "RewriteRule ^/5$ - [CO=n:1:.test,CO=n:2:.test,CO=m:%{REQUEST_METHOD}:invalid,F]\n"
        "RewriteRule ^/6$ /a.txt [CO=n:v:.test:60]\n"
        "RewriteRule ^/7$ /a.txt [CO=n:v:.test:-1:/:0:0:0]",
        "/1",
        "/2",
        "/3",
        "/4",
        "/5",
        "/6",
        "/7",
    ),
    server(
        "escape",
        "RewriteRule ^/b/(.*)$ /show.py?v=$1 [B]\n"
        "RewriteRule ^/p/(.*)$ /show.py?v=$1 [B,BNP]\n"
        'RewriteRule ^/c/(.*)$ "/show.py?v=$1" "[B= &]"\n'
        "RewriteRule ^/e/(.*)$ /show.py?v=$1 [B,BNE=/&]\n"
        "RewriteRule ^/t/(.*)$ /show.py?v=$1 [BCTLS]\n"
        "RewriteRule ^/n/(.*)$ /show.py?v=$1",
        "/b/a%20b&c/d",
        "/p/a%20b",
        "/c/a%20b&c/d",
        "/e/a&b/c-d",
        "/t/a%20b&c",
        "/n/a%20b",
        "/n/a&b",
        "/b/%C3%A4",
    ),
    server(
        "question-mark",
        "RewriteRule ^/x/(.*)$ /$1\n"
        "RewriteRule ^/y/(.*)$ /$1 [UnsafeAllow3F]\n"
        "RewriteRule ^/z/(.*)$ /show.py?v=1\n"
        "RewriteRule ^/w/(.*)$ /show.py",
        "/x/a.txt%3Fb",
        "/y/a.txt%3Fb",
        "/z/%3F",
        "/w/%3f",
        "/x/a.txt?b=%3f",
    ),
    server("backslash", "RewriteRule ^/x\\.(.*)$ /show.py?a=\\$1\\%1\\\\$1", "/x.y"),
    server(
        "method",
        "RewriteCond %{REQUEST_METHOD} ^(PUT|DELETE)$\nRewriteRule . - [F]",
        ask("PUT", "/a.txt"),
        "/a.txt",
    ),
    server("trace-off", "RewriteCond %{REQUEST_METHOD} ^TRACE\nRewriteRule .* - [F]", ask("TRACE", "/a.txt")),
    server("proxy-unreachable", "RewriteRule ^/x$ http://127.0.0.1:1/ [P]", "/x"),
    server("options-star", "RewriteRule . - [F]", ask("OPTIONS", "*")),
    server(
        "error-document",
        "ErrorDocument 403 /show.py\nRewriteRule ^/x$ - [F,E=X_A:1]\nRewriteRule ^/show.py$ - [E=X_B:2]",
        "/x?q=1",
    ),
    server(
        "map-int",
        "RewriteMap lower int:tolower\n"
        "RewriteMap upper int:toupper\n"
        "RewriteMap esc int:escape\n"
        "RewriteMap un int:unescape\n"
        "RewriteRule ^/l/(.*)$ /${lower:$1}\n"
        "RewriteRule ^/v/(.*)$ /show.py?${upper:$1}-${esc:$1}-${un:$1}\n"
        "RewriteRule ^/e/(.*)$ /a.txt${lower:$1|x}\n"
        "RewriteRule ^/n$ /show.py?${none:x|dflt}",
        "/l/A.TXT",
        "/e/",
        "/v/aB%2541",
        "/v/a%25zz",
        "/n",
    ),
    server(
        "map-txt",
        'RewriteMap names "txt:@ROOT@/map.txt"\n'
        'RewriteMap plain "@ROOT@/map.txt"\n'
        "RewriteRule ^/m/(.*)$ /${names:$1|sub/c.txt}\n"
        "RewriteRule ^/p/(.*)$ /${plain:$1}\n"
        "RewriteRule ^/d/(.*)$ /show.py?${names:$1|[$1]}",
        "/m/one",
        "/m/two",
        "/m/none",
        "/p/two",
        "/d/x",
    ),
    server(
        "map-prg",
        "RewriteMap cat prg:/bin/cat\n"
        'RewriteMap sed "prg:/bin/sed -u s/one/a/"\n'
        "RewriteRule ^/c/(.*)$ /${cat:$1|b.txt}\n"
        "RewriteRule ^/s/(.*)$ /${sed:$1}",
        "/c/a.txt",
        "/c/sub/c.txt",
        "/c/null",
        "/c/",
        "/c/a.txt%0Ax",
        "/s/one.txt",
        "/s/two",
    ),
    Case(
        "rewrite-map-dbm",
        [get(path) for path in ("/b/user7", "/b/user700")],
        'RewriteEngine On\nRewriteMap b "dbm=db:@ROOT@/many.db"\nRewriteRule ^/b/(.*)$ /${b:$1|a.txt}',
        files={"many.db": dbm_files.read("many.db"), "a.txt": "a", "value of 7": "seven"},
    ),
    server(
        "numbers",
        "RewriteCond %{HTTP:X-Number} -gt5\n"
        "RewriteRule ^/x$ /a.txt [L]\n"
        "RewriteCond %{HTTP:X-Number} >10\n"
        "RewriteRule ^/x$ /b.txt",
        *(get("/x", f"X-Number: {value}") for value in ("6", "5", "-6", " 7x", "x9", "ab", "abc", "+9")),
    ),
    server(
        "vary",
        "RewriteCond %{HTTP_USER_AGENT} x\n"
        "RewriteCond %{HTTP:X-Other} ^y\n"
        "RewriteRule ^/x$ /a.txt\n"
        "RewriteCond %{HTTP_ACCEPT} html [NV]\n"
        "RewriteRule ^/y$ /a.txt\n"
        "RewriteCond %{HTTP_HOST} .\n"
        "RewriteRule ^/z$ /a.txt\n"
        "RewriteCond %{HTTP_COOKIE} !x\n"
        "RewriteRule ^/w$ /a.txt\n"
        "RewriteCond %{HTTP_COOKIE} =b [OR]\n"
        "RewriteCond %{HTTP_REFERER} =c\n"
        "RewriteRule ^/v$ /a.txt",
        get("/x", "User-Agent: x", "X-Other: y"),
        get("/x", "User-Agent: x"),
        get("/y", "Accept: text/html"),
        "/z",
        "/w",
        get("/w", "Cookie: a=b"),
        get("/v", "Referer: c", "Cookie: x"),
        get("/v", "Referer: c"),
    ),
    server(
        "variables",
        "RewriteRule ^/v$ /show.py [E=X_1:%{REQUEST_URI},E=X_2:%{REQUEST_FILENAME},"
        "E=X_3:%{QUERY_STRING},E=X_4:%{THE_REQUEST},E=X_5:%{HTTPS},E=X_6:%{REMOTE_ADDR},"
        "E=X_7:%{SERVER_NAME},E=X_8:%{REQUEST_SCHEME},E=X_9:%{DOCUMENT_ROOT},E=X_10:%{IS_SUBREQ},"
        "E=X_11:%{HTTP_HOST},E=X_12:%{request_uri},E=X_13:%{NOPE},E=X_14:%{SERVER_PROTOCOL},"
        "E=X_15:%{HTTP:x-y},E=X_16:%{PATH_INFO},E=X_17:%{SCRIPT_FILENAME},E=X_18:%{SERVER_PORT},"
        "E=X_19:%{REMOTE_USER},E=X_20:%{CONN_REMOTE_ADDR},E=X_22:%{env:X_1},E=X_23:%{http:X-Y},"
        "E=X_24:%{CONTEXT_DOCUMENT_ROOT}]",
        get("/v?a=%20", "X-Y: z"),
    ),
]
CONDITIONS = [
    conditions(
        "regex",
        "%{REQUEST_URI} ^/0/(a)",
        "%{REQUEST_URI} !^/1/(a)",
        "%{REQUEST_URI} A\\.TXT",
        "%{REQUEST_URI} A\\.TXT [NC]",
        "$1 ^/a",
        "%{QUERY_STRING} ^$",
        "%{QUERY_STRING} .",
    ),
    conditions(
        "string",
        "%{REQUEST_METHOD} =GET",
        "%{REQUEST_METHOD} =get",
        "%{REQUEST_METHOD} =get [NC]",
        "%{REQUEST_METHOD} !=GET",
        '%{QUERY_STRING} =""',
        "b <aa",
        "b >aa",
        "aa >=aa",
        "aa <=ab",
        "B <a",
        "B <a [NC]",
        "10 >9",
        "ab >abc",
    ),
    conditions(
        "number",
        "5 -gt4",
        "5 -lt4",
        "5 -ge5",
        "5 -le5",
        "5 -eq5",
        "5 -ne5",
        "x -eq0",
        "5x -eq5",
        "5 !-eq5",
        "-1 -lt0",
        "5 -gt",
    ),
    conditions(
        "files",
        "@ROOT@/sub -d",
        "@ROOT@/a.txt -d",
        "@ROOT@/a.txt -f",
        "@ROOT@/none -f",
        "@ROOT@/none !-f",
        "@ROOT@/a.txt -s",
        "@ROOT@/show.py -s",
        "@ROOT@/a.txt -l",
        "@ROOT@/a.txt -L",
        "@ROOT@/a.txt -h",
        "@ROOT@/a.txt -x",
        "@ROOT@/sub -x",
        "@ROOT@/sub -s",
        "%{DOCUMENT_ROOT}$1 -f",
        "%{REQUEST_FILENAME} -f",
    ),
    conditions(
        "subrequests",
        "/a.txt -U",
        "/none -U",
        "/denied -U",
        "/a.txt !-U",
        "@ROOT@/a.txt -F",
        "@ROOT@/none -F",
        "@ROOT@/denied -F",
        "%{LA-U:REQUEST_FILENAME} txt$",
        "%{LA-F:REQUEST_FILENAME} .",
        more="<Location /denied>\n"
        "Require all denied\n"
        "</Location>\n"
        "<Files denied>\n"
        "Require all denied\n"
        "</Files>",
    ),
    conditions(
        "expr",
        "expr \"%{REQUEST_METHOD} == 'GET'\"",
        'expr "! true"',
        'expr "%{REQUEST_URI} =~ m#^/2/(a)#"',
        "expr \"-R '127.0.0.0/8'\"",
    ),
    server(
        "cond-or",
        "RewriteCond %{QUERY_STRING} =a [OR]\n"
        "RewriteCond %{QUERY_STRING} =b [OR]\n"
        "RewriteCond %{QUERY_STRING} =c\n"
        "RewriteCond %{REQUEST_METHOD} =GET\n"
        "RewriteRule ^/x$ /show.py",
        "/x?a",
        "/x?b",
        "/x?c",
        "/x?d",
        ask("HEAD", "/x?a"),
    ),
    server(
        "cond-captures",
        "RewriteCond %{QUERY_STRING} a=(\\w+)\n"
        "RewriteCond %1-%{QUERY_STRING} ^(\\w)\\w*-.*b=(\\w+)\n"
        "RewriteCond x !y(z)\n"
        "RewriteRule ^/(x) /show.py [E=X_A:$1-%0-%1-%2-%3]",
        "/x?a=one&b=two",
        "/x?b=two",
    ),
    server(
        "cond-one-rule",
        "RewriteCond %{QUERY_STRING} =a\nRewriteRule ^/none$ -\nRewriteRule ^/x$ /show.py",
        "/x?b",
    ),
]
DIRECTORY = [
    section("plain", "RewriteRule ^x$ show.py", "/x", "/x?q=1", "/x/info"),
    section("slash", "RewriteRule ^/x$ show.py\nRewriteRule ^y$ /show.py", "/x", "/y"),
    section("loop", "RewriteRule ^(.*)$ x$1", "/a"),
    section("same", "RewriteRule ^(.*)$ $1\nRewriteRule ^show.py$ show.py", "/show.py", "/a.txt", "/"),
    section("same-query", "RewriteRule ^show.py$ show.py?x=1", "/show.py"),
    section("last", "RewriteRule ^x$ y [L]\nRewriteRule ^y$ show.py", "/x"),
    section("end", "RewriteRule ^x$ show.py [END]\nRewriteRule ^show.py$ a.txt", "/x", "/show.py"),
    section(
        "env", "RewriteRule ^x$ y [E=X_A:1,L]\nRewriteRule ^y$ show.py [E=X_B:%{ENV:REDIRECT_X_A}]", "/x"
    ),
    section(
        "redirect",
        "RewriteRule ^x$ /y [R]\nRewriteRule ^z$ y [R=301]\nRewriteRule ^h$ http://other.test/ [R]",
        "/x?q",
        "/h",
    ),
    section("redirect-leak", "RewriteRule ^z$ y [R=301]", "/z"),
    section(
        "redirect-base",
        "RewriteBase /base/\nRewriteRule ^z$ y [R=301]\nRewriteRule ^w$ /abs [R]",
        "/z?q=1",
        "/w",
    ),
    section("base", "RewriteBase /sub\nRewriteRule ^x$ c.txt\nRewriteRule ^y$ /a.txt", "/x", "/y"),
    section(
        "front-controller",
        "RewriteCond %{REQUEST_FILENAME} !-f\n"
        "RewriteCond %{REQUEST_FILENAME} !-d\n"
        "RewriteRule ^(.*)$ show.py/$1 [L,QSA]",
        "/a.txt",
        "/deep/er/path?q=1",
        "/sub/",
        "/sub",
        "/",
    ),
    section(
        "front-query",
        "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)$ show.py?path=$1 [L,QSA]",
        "/a.txt",
        "/deep/er?q=1",
        "/a%20b?q=%20",
        "/sub",
    ),
    section(
        "path-info",
        "RewriteRule ^show.py/x$ show.py/y\nRewriteRule ^a.txt/x$ b.txt",
        "/show.py/x",
        "/a.txt/x",
    ),
    section("discard", "RewriteRule ^show.py/x$ show.py/y [DPI]", "/show.py/x"),
    section(
        "forbid", "RewriteRule ^x - [F]\nRewriteRule ^g - [G]\nRewriteRule ^\\.ht - [F]", "/x", "/g", "/xy/z"
    ),
    section(
        "type-handler",
        "RewriteRule ^a.txt$ - [T=text/x-own]\nRewriteRule ^b.txt$ - [H=mod_python]\nPythonHandler @M@",
        "/a.txt",
        "/b.txt",
    ),
    section("options", "Options -FollowSymLinks\nRewriteRule ^x$ a.txt", "/a.txt", "/x"),
    section(
        "no-slash",
        "RewriteRule ^$ show.py",
        "/",
        "/sub",
        more='<Directory "@ROOT@/sub">\nRewriteEngine On\nRewriteRule ^(.*)$ /show.py?$1\n</Directory>',
    ),
    section(
        "no-slash-allowed",
        "",
        "/sub",
        "/sub/",
        more='<Directory "@ROOT@/sub">\n'
        "RewriteEngine On\n"
        "RewriteOptions AllowNoSlash\n"
        "DirectorySlash Off\n"
        "RewriteRule ^(.*)$ /show.py?x$1\n"
        "</Directory>",
    ),
    section(
        "inner-replaces",
        "RewriteRule . /a.txt",
        "/sub/c.txt",
        "/b.txt",
        more='<Directory "@ROOT@/sub">\nRewriteEngine On\n</Directory>',
    ),
    section(
        "inherit",
        "RewriteRule ^c.txt$ /a.txt",
        "/sub/c.txt",
        more='<Directory "@ROOT@/sub">\n'
        "RewriteEngine On\n"
        "RewriteOptions Inherit\n"
        "RewriteRule ^d$ c.txt\n"
        "</Directory>",
    ),
    section(
        "inherit-down",
        "RewriteOptions InheritDown\nRewriteRule ^c.txt$ /a.txt",
        "/sub/c.txt",
        more='<Directory "@ROOT@/sub">\nRewriteEngine On\nRewriteRule ^d$ c.txt\n</Directory>',
    ),
    section("post", "RewriteRule ^x$ show.py", post("/x", "a=b")),
    section(
        "alias",
        "RewriteRule ^x$ y.txt",
        "/al/x",
        "/al/c",
        more='Alias /al "@ROOT@/sub"\n'
        '<Directory "@ROOT@/sub">\n'
        "RewriteEngine On\n"
        "RewriteRule ^c$ c.txt\n"
        "</Directory>",
    ),
    section("query-controls", "RewriteRule ^x/(.*)$ show.py?v=$1", "/x/a%20b", "/x/a%0ab", "/x/ab"),
    section(
        "subrequest",
        "RewriteRule ^sub/index.html$ /a.txt [NS]\nRewriteRule ^index.html$ show.py",
        "/sub/",
        "/sub/index.html",
        "/",
    ),
    section("index", "DirectoryIndex front\nRewriteRule ^front$ show.py", "/", "/?a=b"),
    Case(
        "rewrite-location",
        [get("/x/a.txt"), get("/x"), get("/y")],
        f"<Location /x>\nRewriteEngine On\nRewriteRule (.*) /show.py?$1\n</Location>{HANDLE}",
        SHOW,
        files=FILES,
    ),
    Case(
        "rewrite-guarded",
        [get("/x"), get("/y")],
        f"RewriteEngine On\n"
        f"RewriteRule ^/x$ /sub/c.txt\n"
        f'<Directory "@ROOT@">\n'
        f"RewriteEngine On\n"
        f"RewriteRule ^y$ sub/c.txt\n"
        f"</Directory>\n"
        f'<Directory "@ROOT@/sub">\n'
        f"Require all denied\n"
        f"</Directory>{HANDLE}",
        SHOW,
        files=FILES,
    ),
]
HTACCESS = [
    htaccess("plain", "RewriteRule ^x$ show.py", "/x", "/x?q"),
    htaccess("below", "", "/sub/x", "/sub/y", sub="RewriteRule ^x$ c.txt\nRewriteRule ^y$ /show.py"),
    htaccess("replaces", "RewriteRule . /a.txt", "/sub/c.txt", "/b.txt", sub=""),
    htaccess("inherits", "RewriteRule ^c.txt$ /a.txt", "/sub/c.txt", sub="RewriteOptions Inherit"),
    htaccess(
        "base-inherited",
        "RewriteBase /other\nRewriteOptions MergeBase",
        "/sub/x",
        sub="RewriteRule ^x$ c.txt",
    ),
    htaccess("base-own", "RewriteBase /other", "/sub/x", sub="RewriteRule ^x$ c.txt [R]"),
    htaccess(
        "front-controller",
        "RewriteBase /\n"
        "RewriteRule ^show\\.py$ - [L]\n"
        "RewriteCond %{REQUEST_FILENAME} !-f\n"
        "RewriteCond %{REQUEST_FILENAME} !-d\n"
        "RewriteRule . /show.py [L]",
        "/any/thing?q",
        "/a.txt",
        "/show.py",
        "/",
    ),
    htaccess(
        "canonical-host",
        "RewriteCond %{HTTP_HOST} !^www\\. [NC]\nRewriteRule ^(.*)$ http://www.%{HTTP_HOST}/$1 [R=301,L]",
        "/a%20b.txt?q=%20",
    ),
    htaccess(
        "extension",
        "RewriteCond %{REQUEST_FILENAME}.txt -f\nRewriteRule ^(.*)$ $1.txt",
        "/a",
        "/sub/c",
        "/none",
    ),
]
DIFFERENCES = [
    replace(
        Case(
            "rewrite-python-location",
            [get("/p/a"), get("/a.txt")],
            "RewriteEngine On\n<Location /p>\nSetHandler mod_python\nPythonHandler @M@\n</Location>",
            SHOW,
            files=FILES,
        ),
        differs="a Location of mod_python has no file, with or without RewriteEngine",
        olexd=[Expect(200, body="(?s).*filename=\\n.*"), Expect(200)],
    ),
    replace(
        section("decoded-once", "RewriteRule ^x/(.*)$ $1", "/x/a%2520b.txt", "/x/%2561.txt"),
        differs="what a rule made is not decoded a second time",
        olexd=[Expect(200, body="percent"), Expect(404)],
    ),
    replace(
        server(
            "slashes-settled",
            "<Location /guarded>\nRequire all denied\n</Location>\nRewriteRule ^/z$ //guarded/a [PT]",
            "/z",
        ),
        differs="a path that a rule made is settled like one that a client sent",
        olexd=[Expect(403)],
    ),
]
CASES = [*DIFFERENCES, *SERVER, *CONDITIONS, *DIRECTORY, *HTACCESS]
