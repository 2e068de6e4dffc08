"""What handlers change in a request, and what the rest of the server makes of it."""

from __future__ import annotations

from tests.parity.cases.objects import evaluate
from tests.parity.runner.case import DIRECTORY, LOCATION, Case, Request, basic, get, head, post

FILES = {"a.txt": "the text", "b.html": "the page", "d/index.html": "the index", "dir/": ""}


def early(
    name: str,
    phase: str,
    body: str,
    *requests: Request,
    config: str = "",
    in_directory: bool = True,
    **more: object,
) -> Case:
    """A case whose handler for an early phase changes the request; files are served as they are."""
    lines = "\n".join("    " + line for line in body.strip().split("\n"))
    answer = "apache.DECLINED" if phase in ("Trans", "Type") else "apache.OK"
    source = f"from mod_python import apache\nimport os\ndef early(req):\n{lines}\n    return {answer}\n"
    directive = f"Python{phase}Handler @M@::early\n"
    if in_directory:
        directive = f'<Directory "@ROOT@">\n{directive}</Directory>\n'
    return Case(
        f"effect-{name}",
        requests or (get("/a.txt"),),
        directive + config,
        source=source + more.pop("source", ""),  # type: ignore[operator]
        files=FILES,
        **more,  # type: ignore[arg-type]
    )


STACKED = "".join(
    f"def {name}(req):\n    req.write('{name} ', 0)\n    return {result}\n"
    for name, result in (("first", 0), ("second", 0), ("declining", -1), ("missing", 404), ("done", -2))
)


def stacked(*names: str) -> Case:
    """A case with several content handlers."""
    handlers = " ".join(f"@M@::{name}" for name in names)
    return Case(
        "effect-stacked-" + "-".join(names),
        [get("/a.txt")],
        DIRECTORY.replace("PythonHandler @M@", f"PythonHandler {handlers}"),
        source=STACKED,
        files=FILES,
    )


OTHER_FILE = """
req.filename = os.path.join(os.path.dirname(req.filename), 'b.html')
req.finfo = apache.stat(req.filename, apache.APR_FINFO_MIN)
"""
INDEX = """
if req.finfo.filetype == apache.APR_DIR:
    req.filename = os.path.join(req.filename, 'index.html')
    req.finfo = apache.stat(req.filename, apache.APR_FINFO_MIN)
"""
TWO_LOCATIONS = "req.err_headers_out['Location'] = 'http://early.test/'"
CLAIMS = "req.get_basic_auth_pw()"
GUARD = """
def authenhandler(req):
    req.headers_out['X-Asked'] = 'yes'
    req.user = 'bob'
    return apache.OK if req.args == 'known' else apache.HTTP_FORBIDDEN
"""


def claimed(auth_type: str, requirement: str) -> Case:
    """A case in which a handler reads the credentials before anybody has checked them."""
    return early(
        f"user-only-claimed-{auth_type.lower()}-{requirement.split()[0]}",
        "HeaderParser",
        CLAIMS,
        get("/a.txt", basic("joe", "x")),
        get("/a.txt?known", basic("joe", "x")),
        get("/a.txt"),
        config=f'<Directory "@ROOT@">\nAuthType {auth_type}\nAuthName x\nRequire {requirement}\n'
        "PythonAuthenHandler @M@\n</Directory>\n",
        source=GUARD,
    )


CASES = [
    *(
        claimed(auth_type, requirement)
        for auth_type in ("Basic", "Private")
        for requirement in ("valid-user", "user joe", "all granted")
    ),
    early("location-of-two-handlers", "Fixup", TWO_LOCATIONS, get("/d"), config="ErrorDocument 301 text\n"),
    early("location-of-two-handlers-and-page", "Fixup", TWO_LOCATIONS, get("/d"), head("/d"), get("/a.txt")),
    early("status-line-of-an-error", "Fixup", "req.status_line = '404 No More'", get("/none"), get("/d/")),
    early("status-line-with-markup", "Fixup", "req.status_line = '404 <b>'", get("/a.txt"), get("/none")),
    early(
        "handler-before-set-handler",
        "PostReadRequest",
        "req.handler = 'default-handler'",
        in_directory=False,
        config='<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\n</Directory>\n',
        source="def handler(req):\n    req.write(req.handler, 0)\n    return apache.OK\n",
    ),
    early(
        "arguments-of-parsed-uri",
        "Fixup",
        "req.args = 'new'\nreq.headers_out['X-Parsed'] = repr(req.parsed_uri[6:])",
        get("/a.txt?old"),
        get("/a.txt"),
        get("/d/?old"),
    ),
    early("closing-status", "Fixup", "req.status = 503", get("/a.txt"), get("/none"), head("/a.txt")),
    early(
        "allowed-methods-of-a-file",
        "Fixup",
        "req.allow_methods(['PUT', 'BREW'])",
        Request("PUT", "/a.txt"),
        Request("OPTIONS", "/a.txt"),
        Request("BREW", "/a.txt"),
    ),
    *(
        early(f"other-file-in-{phase.lower()}", phase, OTHER_FILE, get("/a.txt"), head("/a.txt"))
        for phase in ("HeaderParser", "Access", "Fixup")
    ),
    early("index-by-hand", "HeaderParser", INDEX, get("/d/"), get("/dir/"), config="DirectoryIndex "
    "disabled\n"),
    early(
        "no-file-with-status", "Fixup", "req.finfo = apache.stat('/none/at/all', 0)", get("/a.txt"),
        head("/a.txt")
    ),
    early("type-of-a-file", "Fixup", "req.content_type = 'text/x-own'", get("/a.txt"), get("/none")),
    early("type-too-early", "HeaderParser", "req.content_type = 'text/x-own'", get("/a.txt"), get("/d/")),
    *(
        early(
            f"fields-of-a-file-in-{phase.lower()}",
            phase,
            "req.headers_out['X-Out'] = 'out'\nreq.err_headers_out['X-Err'] = 'err'\n"
            "req.headers_out['ETag'] = '\"own\"'\n"
            "req.headers_out['Last-Modified'] = 'Sun, 01 Jan 2023 00:00:00 GMT'",
            get("/a.txt"),
            get("/none"),
            get("/dir"),
            get("/d/"),
        )
        for phase in ("HeaderParser", "Access", "Fixup")
    ),
    *(
        early(
            f"path-info-{number}",
            "Fixup",
            f"req.used_path_info = {number}",
            get("/a.txt/more"),
            get("/a.txt"),
            get("/a.txt/"),
        )
        for number in (0, 1, 2, 7)
    ),
    early(
        "environment",
        "HeaderParser",
        "req.subprocess_env['own'] = 'value'",
        config="Header set X-Own %{own}e env=own\nHeader set X-None none env=none\n",
    ),
    early("notes", "Fixup", "req.notes['own'] = 'a \"note\"'", access="%s %{own}n %{none}n"),
    early("user", "Fixup", "req.user = 'joe'\nreq.ap_auth_type = 'Own'", access="%s %u"),
    early("method-is-fixed", "Fixup", "req.headers_in['X-A'] = 'b'", access="%m %{X-A}i %r"),
    *(
        early(f"handler-{name}", "Fixup", f"req.handler = {value!r}", get("/a.txt"), post("/a.txt", "x"))
        for name, value in (
            ("default", "default-handler"), ("none", None), ("unknown", "unknown"), ("mod_python",
            "mod_python"),
        )
    ),
    early(
        "handler-added",
        "Fixup",
        "req.handler = 'mod_python'\nreq.add_handler('PythonHandler', __name__ + '::added')",
        source="def added(req):\n    req.write('added %s' % req.hlist.directory, 0)\n    return apache.OK\n",
    ),
    *(
        early(
            f"handler-added-wrongly-{number}",
            "Fixup",
            f"req.handler = 'mod_python'\nreq.add_handler('PythonHandler', {text})",
        )
        for number, text in enumerate(("'no_such_module'", "__name__ + '::nothing'", "''", "'a b'"))
    ),
    early(
        "uri-in-trans",
        "Trans",
        "if req.uri == '/a.txt': req.uri = '/d/index.html'",
        get("/a.txt"),
        get("/b.html"),
        in_directory=False,
    ),
    early(
        "uri-in-post-read",
        "PostReadRequest",
        "if req.uri == '/a.txt': req.uri = '/%64/index.html'",
        get("/a.txt"),
        get("/b.html"),
        in_directory=False,
    ),
    early("arguments", "Fixup", "req.args = 'own=1'", access="%q %r"),
    Case(
        "effect-filename-in-trans",
        [get("/x"), get("/a.txt"), get("/nothing")],
        "PythonTransHandler @M@\n",
        source="""
from mod_python import apache
def transhandler(req):
    if req.uri == '/x':
        req.filename = req.document_root() + '/b.html'
        return apache.OK
    if req.uri == '/nothing':
        return apache.OK
    return apache.DECLINED
""",
        files=FILES,
    ),
    Case(
        "effect-assbackwards",
        [get("/from"), get("/bare", http="1.0")],
        handler="""
        if req.uri == '/target':
            req.write('target', 0)
        elif req.uri == '/from':
            req.content_type = 'text/plain'
            req.write('before ')
            req.assbackwards = 1
            req.internal_redirect('/target')
        else:
            req.assbackwards = 1
            req.write('bare body', 0)
        """,
    ),
    stacked("first", "second"),
    stacked("first", "missing", "second"),
    stacked("first", "declining", "second"),
    stacked("first", "done", "second"),
    stacked("first", "second", "declining"),
    Case(
        "effect-cleanup-handler",
        [get("/x"), get("/y")],
        LOCATION.replace("SetHandler", "PythonDebug On\nPythonCleanupHandler @M@::bad @M@::good\nSetHandler"),
        source="""
from mod_python import apache
SEEN = []
def handler(req):
    req.register_cleanup(SEEN.append, 'registered')
    req.write('%r' % SEEN, 0)
    return apache.OK
def bad(req):
    SEEN.append('bad')
    req.register_cleanup(SEEN.append, 'too late')
    return 404
def good(req):
    SEEN.append('never reached')
    return apache.OK
""",
        same_connection=True,
    ),
    evaluate(
        "effect-double-reverse",
        "req.get_remote_host(apache.REMOTE_DOUBLE_REV)",
        "req.get_remote_host(apache.REMOTE_DOUBLE_REV, 1)",
        "req.get_remote_host(apache.REMOTE_NOLOOKUP)",
        "req.connection.remote_host",
        "req.connection.double_reverse",
    ),
    evaluate(
        "effect-server-settings",
        *(
            f"req.server.{name}"
            for name in (
                "timeout", "keep_alive", "keep_alive_timeout", "keep_alive_max", "server_admin",
                "limit_req_line", "limit_req_fieldsize", "limit_req_fields", "loglevel", "names",
                "wild_names", "port",
            )
        ),
        config="Timeout 7\nKeepAlive Off\nKeepAliveTimeout 1500ms\nMaxKeepAliveRequests 9\n"
        "ServerAdmin me@here.test\nLimitRequestLine 4000\nLimitRequestFieldSize 4001\nLimitRequestFields 42\n"
        "LogLevel debug\nServerAlias one *.two three?\n" + LOCATION,
    ),
    evaluate(
        "effect-tree-is-a-copy",
        "t = apache.config_tree(); t[:] = []; len(apache.config_tree()) > 5",
        "t = apache.config_tree(); [x.clear() for x in t if isinstance(x, list)]; "
        "any(x for x in apache.config_tree() if isinstance(x, list))",
        "apache.config_tree() is apache.config_tree()",
    ),
    Case(
        "effect-cleanups-of-cleanups",
        [get("/x"), get("/y")],
        LOCATION.replace("SetHandler", "PythonCleanupHandler @M@::fails\nSetHandler"),
        source="""
from mod_python import apache
SEEN = []
def handler(req):
    req.register_cleanup(outer, req)
    req.write('%r' % SEEN, 0)
    return apache.OK
def outer(req):
    SEEN.append('outer')
    req.register_cleanup(SEEN.append, 'inner')
def fails(req):
    SEEN.append('handler')
    raise ValueError('in a cleanup handler')
""",
        same_connection=True,
        log=["PythonCleanupHandler case_effect_cleanups_of_cleanups::fails: ValueError: in a cleanup "
        "handler"],
    ),
    Case(
        "effect-fallback-is-checked-once",
        [get("/none"), get("/d/none"), get("/a.txt")],
        '<Directory "@ROOT@">\nFallbackResource /a.txt\nPythonAccessHandler @M@::early\n</Directory>\n',
        source="""
from mod_python import apache
def early(req):
    req.err_headers_out.add('Set-Cookie', 'seen=' + req.uri)
    return apache.OK
""",
        files=FILES,
    ),
    Case(
        "effect-index-is-checked-once",
        [get("/d/"), get("/d/index.html"), get("/")],
        '<Directory "@ROOT@">\nPythonAccessHandler @M@::early\n</Directory>\n',
        source="""
from mod_python import apache
def early(req):
    req.err_headers_out.add('Set-Cookie', 'seen=' + req.uri)
    return apache.OK
""",
        files=FILES,
    ),
    Case(
        "effect-attributes-live-on",
        [get("/x", basic("joe", "x"))],
        "PythonHeaderParserHandler @M@::one\nPythonAccessHandler @M@::two\nPythonFixupHandler @M@::three\n"
        + LOCATION,
        source="""
from mod_python import apache
def one(req):
    req.mine = [req.phase]
    req.headers_in['X-New'] = 'new'
    del req.headers_in['Authorization']
    req.connection.notes['c'] = 'n'
    return apache.OK
def two(req):
    req.mine.append(req.phase)
    req.get_options()['own'] = 'option'
    req.get_config()['PythonDebug'] = '1'
    return apache.OK
def three(req):
    req.mine.append(req.phase)
    del req.gone
    return apache.OK
def handler(req):
    req.write('never', 0)
    return apache.OK
""",
        log=["AttributeError: 'mp_request' object has no attribute 'gone'"],
    ),
]  # fmt: skip
