"""Look-ups: what handlers see of the requests that find an index file, and how those end."""

from __future__ import annotations

from tests.parity.runner.case import Case, Request, basic, get, head, post

FILES = {"a.txt": "the text", "d/index.html": "the index", "e/": ""}
SOURCE = """
from mod_python import apache

SEEN = []

def show(req):
    req.write('\\n'.join(SEEN), 0)
    SEEN[:] = []
    return apache.OK

def ended(what):
    SEEN.append('ended ' + what)

def fixuphandler(req):
    BODY
    return apache.OK

def cleanuphandler(req):
    SEEN.append('over %s' % req.uri)
    return apache.OK

def authenhandler(req):
    SEEN.append('who asks for %s?' % req.uri)
    req.user = 'joe'
    return apache.OK

def handler(req):
    req.content_type = 'text/plain'
    req.write('%s %r %r' % (req.method, req.read(), req.parsed_uri[6:]), 0)
    return apache.OK
"""
SHOW = "<Location /show>\nSetHandler mod_python\nPythonHandler @M@::show\nRequire all granted\n</Location>\n"


def looked_up(name: str, body: str, *requests: Request, config: str = "") -> Case:
    """A case whose fixup handler does `body`, in requests for directories and in the look-ups for them."""
    inside = f'<Directory "@ROOT@">\nPythonFixupHandler @M@\n{config}</Directory>\n'
    return Case(
        f"look-up-{name}",
        [*(requests or (get("/d/"), get("/e/"), get("/"))), get("/show")],
        inside + SHOW,
        source=SOURCE.replace("BODY", body),
        files=FILES,
        same_connection=True,
    )


HANDLED = "SetHandler mod_python\nPythonHandler @M@\n"
CASES = [
    looked_up(
        "ends",
        "req.register_cleanup(ended, req.uri)",
        get("/d/"),
        get("/e/"),
        get("/a.txt"),
        config="PythonCleanupHandler @M@\n",
    ),
    looked_up(
        "ends-with-redirect",
        "req.register_cleanup(ended, req.uri)",
        config="PythonCleanupHandler @M@\nDirectoryIndexRedirect on\n",
    ),
    looked_up(
        "ends-with-fallback",
        "req.register_cleanup(ended, req.uri)",
        get("/none"),
        get("/e/"),
        config="PythonCleanupHandler @M@\nFallbackResource /a.txt\n",
    ),
    looked_up(
        "is-a-get-without-a-body",
        "SEEN.append(repr((req.uri, req.method, req.header_only, req.protocol, req.assbackwards, "
        "req.no_local_copy, sorted(req.headers_in.items()))))",
        post("/d/", "the body", "Content-Type: text/plain", "X-Own: a"),
        head("/e/"),
        Request("BREW", "/", (), b"x"),
        config=HANDLED,
    ),
    looked_up("reads-no-body", "if req.main: SEEN.append(repr(req.read()))", post("/d/", "x")),
    looked_up(
        "with-changed-fields",
        "if req.main: SEEN.append(repr(sorted(req.headers_in.items())))\n    req.headers_in['X-Own'] = 'b'",
        post("/d/", "the body"),
    ),
    looked_up("with-a-query", "SEEN.append(req.unparsed_uri)", get("/d/?"), get("/d/?a"), get("/d?")),
    looked_up(
        "that-sets-a-status", "if req.main: req.status = 202", get("/d/"), get("/e/"), get("/a.txt"),
        config=HANDLED,
    ),
    looked_up("without-a-cache", "if not req.main: req.no_cache = 1", config=HANDLED),
    looked_up(
        "for-a-user",
        "SEEN.append('%s: %s' % (req.uri, req.user))",
        get("/d/"),
        get("/e/", basic("joe", "x")),
        config="AuthType Private\nAuthName x\nRequire valid-user\nPythonAuthenHandler @M@\n",
    ),
    Case(
        "look-up-not-with-path-info",
        [get("/d"), get("/d/"), get("/e/x")],
        f'<Directory "@ROOT@">\nPythonHeaderParserHandler @M@\n{HANDLED}</Directory>\n',
        source=SOURCE.replace("fixuphandler", "headerparserhandler").replace("BODY", "req.path_info = '/x'"),
        files=FILES,
    ),
]  # fmt: skip
