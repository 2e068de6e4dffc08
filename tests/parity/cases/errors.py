"""What goes wrong in handlers: exceptions with PythonDebug On and Off, ErrorDocument in all its forms."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, get, head, post

DEBUG = LOCATION.replace("PythonHandler", "PythonDebug On\n    PythonHandler")

FAILING = """
import sys
from mod_python import apache
def fail(req):
    raise ValueError('some <text> & "quotes"')
def before(req):
    req.headers_out['X-Out'] = 'out'
    req.err_headers_out['X-Err'] = 'err'
    req.content_type = 'text/plain'
def handler(req):
    before(req)
    if req.args == 'written':
        req.write('written and flushed. ')
    if req.args == 'buffered':
        req.write('buffered. ', 0)
    if req.args == 'exit':
        sys.exit(3)
    if req.args == 'interrupt':
        raise KeyboardInterrupt
    if req.args == 'chained':
        try:
            fail(req)
        except ValueError as error:
            raise KeyError('second') from error
    fail(req)
def declines(req):
    before(req)
    req.write('lost', 0)
    return apache.DECLINED
"""
ASKED = [
    get("/x"),
    get("/x?written"),
    get("/x?buffered"),
    get("/x?exit"),
    get("/x?interrupt"),
    head("/x"),
    post("/x", "b"),
]
LOGGED = (
    r"^\[[^]]*\] \[:error\] \[pid \d+:tid \d+\] \[client 127\.0\.0\.1:\d+\] "
    r"PythonHandler case_exception_[a-z_]+: Traceback \(most recent call last\):$",
    r"PythonHandler case_exception_[a-z_]+: ValueError: some <text> & .{0,2}quotes",
    r"raise ValueError\(",
)

DOCUMENTS = {
    "text": 'ErrorDocument 404 "nothing <b>here</b>"',
    "word": "ErrorDocument 404 nothing",
    "default": "ErrorDocument 404 default",
    "local": "ErrorDocument 404 /error.html",
    "local-python": "ErrorDocument 404 /python?why=404",
    "local-missing": "ErrorDocument 404 /not-there.html",
    "external": "ErrorDocument 404 http://other.test/error.html",
}

ERROR_HANDLER = """
from mod_python import apache
def handler(req):
    if req.uri == '/python':
        req.content_type = 'text/plain'
        shown = (req.method, req.status, req.uri, req.args, req.prev.uri, req.prev.args)
        req.write('%s %s %s %r %s %s' % shown, 0)
        names = ('REDIRECT_STATUS', 'REDIRECT_URL', 'REDIRECT_QUERY_STRING', 'REDIRECT_REQUEST_METHOD')
        for name in names:
            req.write(' %s=%r' % (name, req.subprocess_env.get(name)), 0)
        return apache.OK
    req.headers_out['X-Out'] = 'out'
    req.err_headers_out['X-Err'] = 'err'
    if req.args == 'own':
        req.status = 404
        req.write('own page', 0)
        return apache.OK
    if req.args == 'raise':
        raise apache.SERVER_RETURN(apache.HTTP_NOT_FOUND)
    if req.args == 'late':
        req.write('already sent. ')
    return apache.HTTP_NOT_FOUND
"""


def document(name: str, line: str) -> Case:
    """A case with this ErrorDocument line."""
    config = f"{line}\n<Location /app>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n"
    config += "<Location /python>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n"
    requests = [
        get("/app?q"),
        get("/app?own"),
        get("/app?raise"),
        post("/app", "b"),
        head("/app"),
        get("/missing"),
    ]
    if name in ("default", "text"):
        requests.append(get("/app?late"))
    return Case(
        f"error-document-{name}", requests, config, source=ERROR_HANDLER, files={"error.html": "error page"}
    )


CASES = [
    Case("exception-off", ASKED, source=FAILING, log=LOGGED),
    Case("exception-on", ASKED, DEBUG, source=FAILING, log=LOGGED),
    Case(
        "exception-chained",
        [get("/x?chained")],
        DEBUG,
        source=FAILING,
        log=[r"KeyError: 'second'", "direct cause of the following exception"],
    ),
    Case(
        "exception-importing",
        [get("/x"), get("/x")],
        DEBUG,
        source="import no_such_module_anywhere\n",
        log=["ModuleNotFoundError: No module named 'no_such_module_anywhere'"],
    ),
    Case(
        "exception-syntax-error",
        [get("/x")],
        source="def handler(req:\n",
        log=["SyntaxError"],
    ),
    Case(
        "exception-in-access",
        [get("/x")],
        DEBUG + "<Location />\nPythonAccessHandler @M@::fail\n</Location>",
        source=FAILING,
        log=["PythonAccessHandler case_exception_in_access::fail: ValueError"],
    ),
    Case(
        "exception-in-access-off",
        [get("/x")],
        "<Location />\nSetHandler mod_python\nPythonAccessHandler @M@::fail\nPythonHandler @M@\n</Location>",
        source=FAILING,
        log=["PythonAccessHandler case_exception_in_access_off::fail: ValueError"],
    ),
    Case(
        "exception-in-log",
        [get("/x"), get("/x")],
        LOCATION.replace("@M@", "@M@::fine\nPythonLogHandler @M@::fail"),
        source=FAILING + "def fine(req):\n    req.write('fine', 0)\n    return apache.OK\n",
        same_connection=True,
        log=["PythonLogHandler case_exception_in_log::fail: ValueError"],
    ),
    Case(
        "exception-in-cleanup",
        [get("/x"), get("/x")],
        source="""
from mod_python import apache
def handler(req):
    req.register_cleanup(good, req)
    req.register_cleanup(bad, 1)
    req.register_cleanup(first, req)
    req.write('fine', 0)
    return apache.OK
def first(req):
    req.log_error('cleanup first')
def bad(data):
    raise ValueError('from cleanup')
def good(req):
    req.log_error('cleanup good')
""",
        same_connection=True,
        log=[
            "cleanup first",
            "cleanup good",
            "python_cleanup: Error calling cleanup object <function bad at ",
            "<class 'ValueError'>: from cleanup",
        ],
    ),
    Case(
        "exception-with-error-document",
        [get("/x"), get("/x?buffered")],
        LOCATION + 'ErrorDocument 500 "own text for 500"',
        source=FAILING,
    ),
    Case("declined-loses-headers", [get("/x")], LOCATION.replace("@M@", "@M@::declines"), source=FAILING),
    *(document(name, line) for name, line in DOCUMENTS.items()),
    Case(
        "error-document-inherited",
        [get("/a/x"), get("/b/x"), get("/c/x")],
        'ErrorDocument 404 "from the host"\n<Location /a>\nErrorDocument 404 "from a"\n</Location>\n'
        "<Location /b>\nErrorDocument 404 default\n</Location>\n",
    ),
    Case(
        "error-document-401",
        [get("/x")],
        LOCATION + 'ErrorDocument 401 "who are you"\n<Location />\nAuthType Basic\nAuthName "a place"\n'
        "Require valid-user\n</Location>",
    ),
]

CASES += [
    Case(
        "error-log-format",
        [get("/x", "X-A: yes")],
        '<Location "/">\nRequire all denied\n</Location>\n'
        'ErrorLogFormat "<%l> %m %M [%{X-A}i] [%{X-None}i] [%-{X-None}i] %v%% "\n',
        log=[
            r"^<error> authz_core AH01630: client denied by server configuration: \S+ \[yes\] \[-\] case-\S+%"
        ],
    ),
]

REWRITTEN = {
    "redirect": "RewriteRule ^/page http://other.test/there [R=301,L]",
    "redirect-to-url": "RewriteRule ^/page http://other.test/there",
    "status": "RewriteRule ^/page - [R=410]",
    "forbidden": "RewriteRule ^/page - [F]",
    "redirect-in-section": '<Directory "@ROOT@">\nRewriteEngine On\n'
    "RewriteRule ^page http://other.test/there [R]\n</Directory>",
    "gone-in-section": '<Directory "@ROOT@">\nRewriteEngine On\nRewriteRule ^page - [G]\n</Directory>',
}
"""What rules make of the page of an ErrorDocument: a redirect of theirs is an answer of its own."""
CASES += [
    Case(
        f"error-document-rewritten-{name}",
        [get("/nope"), get("/refused"), get("/page")],
        f"RewriteEngine On\n{rule}\nErrorDocument 404 /page\nErrorDocument 403 /page\n"
        "<Location /refused>\nRequire all denied\n</Location>",
        files={"page": "a page"},
        access="%s %>s %U %>U",
    )
    for name, rule in REWRITTEN.items()
]

CASES += [
    Case(
        f"error-document-fails-{name}",
        [get("/a/nope"), get("/b/nope"), get("/nope")],
        f"{LOCATION.replace('Location />', 'Location /page>')}\nErrorDocument 404 /page\n"
        "Header always set X-Place host\nErrorDocument 403 own\n"
        "<Location /a>\nHeader always set X-Place a\nErrorDocument 410 /page\n</Location>\n"
        "<Location /page>\nHeader always set X-Place page\nHeader set X-Page page\n</Location>",
        handler=f"req.headers_out['X-Own'] = 'own'\nreq.err_headers_out['X-Err'] = 'err'\nreturn {result}",
        access="%s %>s",
    )
    for name, result in {"forbidden": "403", "server-error": "500", "redirect": "302", "ok": "200"}.items()
]

SHUT = "<Location /shut>\nRequire all denied\n</Location>\n"
DENIED = r"AH01630: client denied by server configuration: \S+"
LOG_ITEMS = {
    "client": ("%a", r"127\.0\.0\.1:\d+"),
    "local": ("%A", r"127\.0\.0\.1:\d+"),
    "peer": ("%{c}a", r"127\.0\.0\.1:\d+"),
    "variable": ("%{VAR}e", "from the host"),
    "system-error": ("%-E", "-"),
    "field": ("%{X-A}i", r'a b"\\\\'),
    "keep-alives": ("%-k", "0"),
    "level": ("%l", "error"),
    "request-id": ("%L", r"[\w/+-]+"),
    "connection-id": ("%{c}L", r"[\w/+-]+"),
    "connection-id-alone": ("%-{C}L", "-"),
    "module": ("%m", "authz_core"),
    "note": ("%-{note}n", "-"),
    "process": ("%P", r"\d+"),
    "thread": ("%T", r"\d+"),
    "system-thread": ("%{g}T", r"\d+"),
    "time": ("%t", r"\w{3} \w{3} \d\d [\d:]{8} \d{4}"),
    "time-exact": ("%{u}t", r"\w{3} \w{3} \d\d [\d:]{8}\.\d{6} \d{4}"),
    "time-compact": ("%{cu}t", r"\d{4}-\d\d-\d\d [\d:]{8}\.\d{6}"),
    "server": ("%v", r"case-\S+\.test"),
    "called": ("%V", r"case-\S+\.test"),
    "percent": ("%%", "%"),
}
"""Every item of ErrorLogFormat but the message and the line of httpd's source, and what it comes to here."""
CASES += [
    *(
        Case(
            f"error-log-item-{name}",
            [get("/shut", 'X-A: a b"\\')],
            f'ErrorLogFormat "<{item}> %M"\nSetEnvIf Host . "VAR=from the host"\n{SHUT}',
            log=[f"^<{pattern}> {DENIED}$"],
        )
        for name, (item, pattern) in LOG_ITEMS.items()
    ),
    Case(
        "error-log-fields",
        [get("/shut"), get("/shut", "Referer: there"), get("/shut", "X-A: here")],
        'ErrorLogFormat "[%-{X-A}i] \\%literal\\ x%%y [%{X-A}i]  z% [%{X-A}i] '
        '%M% ,\\ referer\\ %{Referer}i"\n' + SHUT,
        log=[
            rf"^\[-\] %literal x%y  z {DENIED}$",
            rf"^\[-\] %literal x%y  z {DENIED}, referer there$",
            rf"^\[here\] %literal x%y \[here\]  z\[here\] {DENIED}$",
        ],
    ),
    Case(
        "error-log-introductions",
        [get("/shut"), get("/shut"), get("/shut", "X-A: b")],
        'ErrorLogFormat "C=%{c}L R=%L %M"\nErrorLogFormat connection "conn %{c}L from %a"\n'
        'ErrorLogFormat request "req %L of %{c}L"\nErrorLogFormat request "only %+{X-A}i"\n' + SHUT,
        same_connection=True,
        log=[
            r"\Aconn (\S+) from 127\.0\.0\.1:\d+\n"
            rf"req (\S+) of \1\nC=\1 R=\2 {DENIED}\n"
            rf"req (\S+) of \1\nC=\1 R=\3 {DENIED}\n"
            rf"req (\S+) of \1\nonly b\nC=\1 R=\4 {DENIED}\n\Z"
        ],
    ),
]
