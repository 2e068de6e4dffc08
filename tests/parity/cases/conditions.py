"""`<If>`, `<ElseIf>`, `<Else>`: expressions, and where the sections act."""

from __future__ import annotations

from collections.abc import Sequence

from tests.parity.cases.sections import PYTHON, SHOW, option
from tests.parity.runner.case import Case, Request, ask, get


def expressions(name: str, texts: Sequence[str], requests: Sequence[Request], more: str = "") -> Case:
    """A case that shows which of many expressions hold."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    sections = "".join(
        f'<If "{text}">\nPythonOption e{number} yes\n</If>\n' for number, text in enumerate(quoted)
    )
    return Case(name, requests, PYTHON + more + sections, source=SHOW, files={"dir/file.txt": "text"})


BROWSER = "User-Agent: Mozilla/5.0 (X11)"

CASES = [
    expressions(
        "expr-logic",
        [
            "true",
            "false",
            "!true",
            "not false",
            "true && false",
            "true and true",
            "false || true",
            "false or false",
            "false && false || true",
            "true || false && false",
            "!(true && false)",
            "! true || true",
            "not not true",
            "!!true",
        ],
        [get("/")],
    ),
    expressions(
        "expr-compare",
        [
            "'a' == 'a'",
            "'a' = 'b'",
            "'a' != 'b'",
            "'a' < 'b'",
            "'b' <= 'a'",
            "'b' > 'a'",
            "'A' >= 'a'",
            "1 -eq 1",
            "'10' -gt '9'",
            "'10' > '9'",
            "1 ne 2",
            "3 -lt 2",
            "'x' -eq 0",
            "-1 -lt 0",
            "2 -ge 2",
            "2 le 1",
            "'a' in {'b', 'a'}",
            "'c' -in {'b', 'a'}",
            "'a' . 'b' == 'ab'",
            "tolower('ABC') . toupper('d') == 'abcD'",
            "'' == \"\"",
            "'a\\'b' == \"a'b\"",
            "'\\x' == 'x'",
            "'12abc' -eq 12",
        ],
        [get("/")],
    ),
    expressions(
        "expr-match",
        [
            "%{REQUEST_URI} =~ /^.dir/",
            "%{REQUEST_URI} =~ m#^/dir/f#",
            "%{REQUEST_URI} !~ /FILE/",
            "%{REQUEST_URI} =~ /FILE/i",
            "%{REQUEST_URI} =~ /(f[a-z]+).(t)/ && $1 == 'file' && $2 == 't'",
            "%{REQUEST_URI} =~ /(nope)/ || $1 == ''",
            "'abc' -strmatch 'a*'",
            "'ABC' -strmatch 'a*'",
            "'ABC' -strcmatch 'a*'",
            "'/a/b' -fnmatch '/*'",
            "'/a/b' -strmatch '/*'",
            "'/a/b' -fnmatch '/*/b'",
            "%{REMOTE_ADDR} -ipmatch '127.0.0.0/8'",
            "%{REMOTE_ADDR} -ipmatch '10.1'",
            "-R '127.0.0.1'",
            "-R '192.0.2.0/24'",
            "'x$0y' == 'xy'",
        ],
        [get("/dir/file.txt"), get("/")],
    ),
    expressions(
        "expr-tests",
        [
            "-n ''",
            "-n 'a'",
            "-z ''",
            "-z 'a'",
            "-T 'on'",
            "-T 'Off'",
            "-T 'no'",
            "-T 'FALSE'",
            "-T '0'",
            "-T ''",
            "-T '00'",
            "-d '@ROOT@'",
            "-f '@ROOT@'",
            "-e '@ROOT@/dir'",
            "-f '@ROOT@/dir/file.txt'",
            "-s '@ROOT@/dir/file.txt'",
            "-e '@ROOT@/nope'",
            "-L '@ROOT@/dir'",
            "-x '@ROOT@/dir/file.txt'",
            "filesize('@ROOT@/dir/file.txt') -eq 4",
            "file('@ROOT@/dir/file.txt') == 'text'",
        ],
        [get("/")],
    ),
    expressions(
        "expr-functions",
        [
            "escape('a b/c') == 'a%20b/c'",
            "unescape('a%20b') == 'a b'",
            "base64('ab') == 'YWI='",
            "unbase64('YWI=') == 'ab'",
            "md5('a') == '0cc175b9c0f1b6a831c399e269772661'",
            "sha1('a') == '86f7e437faa5a7fce15d1ddcb9eaea377667b8e5'",
            "req('User-Agent') =~ /Mozilla/",
            "%{req:User-Agent} == http('user-agent')",
            "-z resp('X-Nothing')",
            "-n osenv('PATH')",
            "-z reqenv('NOTHING')",
            "-z note('nothing')",
            "%{tolower:ABC} == 'abc'",
            "'a%{toupper:b}c' == 'aBc'",
        ],
        [get("/", BROWSER), get("/")],
    ),
    expressions(
        "expr-variables",
        [
            "%{HTTP_USER_AGENT} =~ /Mozilla/",
            "%{http_host} == '@HOST@'",
            "%{REQUEST_METHOD} == 'POST'",
            "%{REQUEST_SCHEME} == 'http'",
            "%{REQUEST_URI} == '/dir/file.txt'",
            "%{REQUEST_FILENAME} == '@ROOT@/dir/file.txt'",
            "%{DOCUMENT_ROOT} == '@ROOT@'",
            "%{QUERY_STRING} == 'a=b'",
            "%{THE_REQUEST} == 'GET /dir/file.txt?a=b HTTP/1.1'",
            "%{PATH_INFO} == '/more'",
            "%{REMOTE_ADDR} == '127.0.0.1'",
            "%{REMOTE_HOST} == '127.0.0.1'",
            "%{REMOTE_USER} == ''",
            "%{SERVER_NAME} == '@HOST@'",
            "%{SERVER_PORT} == '80'",
            "%{SERVER_PROTOCOL} == 'HTTP/1.1'",
            "%{HTTPS} == 'off'",
            "%{IPV6} == 'off'",
            "%{IS_SUBREQ} == 'false'",
            "%{HANDLER} == ''",
            "%{CONTENT_TYPE} == ''",
            "%{REQUEST_STATUS} == '200'",
            "-n %{TIME}",
            "%{TIME_YEAR} -gt 2000",
            "-n %{SERVER_SOFTWARE}",
            "%{CONTEXT_PREFIX} == ''",
            "%{CONTEXT_DOCUMENT_ROOT} == '@ROOT@'",
            "%{DOCUMENT_URI} == '/dir/file.txt'",
            "%{API_VERSION} == '20120211:142'",
            "%{SCRIPT_FILENAME} == '@ROOT@/dir/file.txt'",
            "-n %{LAST_MODIFIED}",
        ],
        [
            get("/dir/file.txt?a=b", BROWSER),
            get("/dir/file.txt/more"),
            ask("POST", "/", body="x"),
            get("/nope"),
        ],
    ),
    Case(
        "if-else",
        [get("/a"), get("/b"), get("/c"), get("/nested/x"), get("/nested/y")],
        PYTHON
        + """
<If "%{REQUEST_URI} == '/a'">
PythonOption branch a
</If>
PythonOption between 1
<ElseIf "%{REQUEST_URI} == '/b'">
PythonOption branch b
</ElseIf>
<Else>
PythonOption branch other
<If "%{REQUEST_URI} =~ m#^/nested#">
PythonOption nested 1
PythonOption branch nested
<If "%{REQUEST_URI} =~ m#y$#">
PythonOption branch deepest
</If>
</If>
</Else>
<If "true">
PythonOption after 1
PythonOption branch-after 1
</If>
""",
        source=SHOW,
    ),
    Case(
        "if-merge-order",
        [get("/sub/f.txt"), get("/f.txt"), get("/sub/"), get("/nope")],
        PYTHON
        + '<If "true">\nPythonOption last if\nPythonOption if 1\n</If>\n'
        + option('Location "/"', "last location", "location 1")
        + '<Location "/sub">\n<If "true">\nPythonOption last location-if\n'
        + "PythonOption location-if 1\n</If>\n</Location>\n"
        + '<Directory "@ROOT@/sub">\nPythonOption last directory\n'
        + '<If "true">\nPythonOption last directory-if\nPythonOption directory-if 1\n</If>\n</Directory>\n'
        + '<Files "f.txt">\n<If "true">\nPythonOption last files-if\n'
        + "PythonOption files-if 1\n</If>\n</Files>\n",
        source=SHOW,
        files={"f.txt": "", "sub/f.txt": ""},
    ),
    Case(
        "match-variables",
        [get(path) for path in ("/users/joe/x.txt", "/users/joe/", "/other", "/users/jim/nope")],
        PYTHON
        + '<LocationMatch "^/users/(?<name>[a-z]+)(?<rest>/.*)?(?<none>#)?">\n'
        + "<If \"reqenv('MATCH_NAME') == 'joe'\">\nPythonOption joe yes\n</If>\n</LocationMatch>\n"
        + '<DirectoryMatch "/users/(?<dir>[^/]+)">\n</DirectoryMatch>\n'
        + '<FilesMatch "(?<stem>.+)\\.txt$">\n</FilesMatch>\n',
        handler="""
req.content_type = 'text/plain'
env = req.subprocess_env
req.write('\\n'.join('%s=%s' % (k, env[k]) for k in sorted(env.keys()) if k.startswith('MATCH')), 0)
req.write(repr(req.get_options().get('joe')), 0)
""",
        files={"users/joe/x.txt": ""},
    ),
    Case(
        "expr-in-values",
        [get("/moved/joe/x?q"), get("/moved/joe/x"), get("/alias/x.txt"), get("/nope", BROWSER)],
        '<LocationMatch "^/moved/(?<name>[^/]+)/">\nRedirect 301 "/users/%{env:MATCH_NAME}"\n'
        "</LocationMatch>\n"
        '<LocationMatch "^/alias/(?<file>[^/]+)$">\nAlias "@ROOT@/dir/%{env:MATCH_FILE}"\n</LocationMatch>\n'
        'ErrorDocument 404 "no %{REQUEST_URI} for %{HTTP_USER_AGENT}"\n',
        files={"dir/x.txt": "aliased"},
    ),
    Case(
        "if-vary",
        [get("/page.html", BROWSER), get("/page.html"), get("/nope.html")],
        "<If \"%{HTTP_USER_AGENT} =~ /Moz/ && req('Accept') == '' && %{HTTP_HOST} != ''\">\n"
        "ForceType text/x-moz\n</If>\n<If \"-n req('User-Agent')\">\n</If>\n",
        files={"page.html": "page"},
    ),
    Case(
        "if-restricts",
        [get("/page.html"), get("/page.html", BROWSER)],
        '<If "%{HTTP_USER_AGENT} =~ /Moz/">\nRequire all denied\n</If>\n',
        files={"page.html": "page"},
    ),
    Case(
        "if-python-handler",
        [get("/page.html"), get("/page.html?x")],
        "<If \"%{QUERY_STRING} == 'x'\">\nSetHandler mod_python\nPythonHandler @M@\n</If>\n",
        handler="req.write('%r %r' % (req.hlist.directory, bool(req.hlist.is_location)))",
        files={"page.html": "page"},
    ),
    Case(
        "if-location-handler",
        [get("/page.html"), get("/page.html?x")],
        "<Location />\n<If \"%{QUERY_STRING} == 'x'\">\nSetHandler mod_python\nPythonHandler @M@\n</If>\n"
        "</Location>\n",
        handler="req.write('%r %r %r' % (req.hlist.directory, bool(req.hlist.is_location), req.filename))",
        files={"page.html": "page"},
    ),
]
