"""Phases: their order, what each result means in each of them, stacked handlers, attributes as seen there."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, basic, get, post

PHASES = (
    "PostReadRequest",
    "Trans",
    "HeaderParser",
    "Init",
    "Access",
    "Authen",
    "Authz",
    "Type",
    "Fixup",
)
SERVER_ONLY = ("PostReadRequest", "Trans")
FUNCTIONS = {phase: f"{phase.lower()}handler" for phase in PHASES}
AUTH = 'AuthType Private\nAuthName "x"\nRequire valid-user\n'

RECORDER = """
from mod_python import apache

def record(req):
    seen = getattr(req, 'seen', [])
    seen.append(req.phase)
    req.seen = seen

def note(result):
    def handler(req):
        record(req)
        return result
    return handler

postreadrequesthandler = headerparserhandler = inithandler = accesshandler = fixuphandler = note(apache.OK)
transhandler = typehandler = note(apache.DECLINED)

def authenhandler(req):
    record(req)
    req.user = 'somebody'
    return apache.OK

authzhandler = note(apache.OK)

def handler(req):
    record(req)
    req.content_type = 'text/plain'
    req.write('\\n'.join(req.seen))
    return apache.OK

def loghandler(req):
    record(req)
    req.log_error('log after %d, status %d, sent %d' % (len(req.seen), req.status, req.bytes_sent))
    req.register_cleanup(cleanup, req.seen)
    return apache.OK

def cleanup(seen):
    seen.append('cleanup')

def cleanuphandler(req):
    req.log_error('cleanup handler after %s' % ','.join(req.seen[-2:]))
    return apache.OK
"""


def result_in(phase: str, result: str, number: int) -> Case:
    """A case in which a handler of `phase` answers `result`."""
    directive = f"Python{phase}Handler @M@::early\n"
    rest = "SetHandler mod_python\nPythonHandler @M@\n" + (AUTH if phase in ("Authen", "Authz") else "")
    if phase == "Authz":
        rest += "PythonAuthenHandler @M@::authen\n"
    outside = directive if phase in (*SERVER_ONLY, "Init") else ""
    inside = "" if outside else directive
    return Case(
        f"result-{phase.lower()}-{number}",
        [get("/page"), post("/page", "body")],
        f'{outside}<Directory "@ROOT@">\n{inside}{rest}</Directory>',
        files={"page": "the page"},
        source=f"""
from mod_python import apache
def early(req):
    req.headers_out['X-Out'] = 'out'
    req.err_headers_out['X-Err'] = 'err'
    if req.phase == 'PythonAuthenHandler':
        req.user = 'joe'
    return {result}
def authen(req):
    req.user = 'joe'
    return apache.OK
def handler(req):
    req.content_type = 'text/plain'
    req.write('handler %s' % req.user, 0)
    return apache.OK
""",
    )


RESULTS = (
    "apache.OK",
    "apache.DECLINED",
    "apache.DONE",
    "403",
    "401",
    "404",
    "500",
    "302",
    "204",
    "999",
    "None",
)

ATTRIBUTES = """
from mod_python import apache
NAMES = ('uri', 'unparsed_uri', 'args', 'filename', 'path_info', 'canonical_filename', 'hostname', 'handler',
         'content_type', 'user', 'method', 'method_number', 'protocol', 'proto_num', 'status', 'header_only',
         'the_request',
         'interpreter', 'extension', 'phase', 'main', 'prev', 'next', 'ap_auth_type', 'assbackwards',
         'chunked',
         'clength', 'bytes_sent', 'content_encoding', 'content_languages', 'mtime', 'no_cache',
         'no_local_copy',
         'range', 'read_body', 'remaining', 'read_length', 'sent_bodyct', 'status_line', 'used_path_info',
         'allowed', 'allowed_methods', 'allowed_xmethods', 'expecting_100', 'parsed_uri', 'proxyreq')

def look(req):
    lines = getattr(req, 'lines', [])
    lines.append('')
    for name in NAMES:
        lines.append('%s = %r' % (name, getattr(req, name)))
    lines.append('options = %r' % sorted(req.get_options().items()))
    req.lines = lines
    if req.phase == 'PythonAuthenHandler':
        req.user = 'me'
    if req.phase in ('PythonTransHandler', 'PythonTypeHandler', 'PythonAuthzHandler'):
        return apache.DECLINED
    return apache.OK

def handler(req):
    look(req)
    req.content_type = 'text/plain'
    req.write('\\n'.join(req.lines))
    return apache.OK
"""
LOOK_EARLY = "".join(f"Python{phase}Handler @M@::look\n" for phase in (*SERVER_ONLY, "Init"))
LOOK = "".join(
    f"Python{phase}Handler @M@::look\n" for phase in PHASES if phase not in (*SERVER_ONLY, "Init", "Type")
)


EVERYTHING = (
    "".join(f"Python{phase}Handler @M@\n" for phase in PHASES)
    + "DirectoryIndex index\nPythonLogHandler @M@\nPythonCleanupHandler @M@\n"
    + '<Directory "@ROOT@">\nSetHandler mod_python\n'
    + f"PythonHandler @M@\n{AUTH}</Directory>"
)
"""A handler in every phase."""

CASES = [
    Case(
        "phases-in-order",
        [get("/page"), get("/missing")],
        EVERYTHING,
        source=RECORDER,
        files={"page": "x"},
        log=["log after 11, status 200, sent ", "cleanup handler after PythonLogHandler,cleanup"],
    ),
    Case(
        "phases-of-directory-index",
        [get("/dir/")],
        EVERYTHING,
        source=RECORDER,
        files={"dir/index": "y"},
        differs="PythonTypeHandler runs before the type is guessed, for directories too",
        olexd=[Expect(200, {}, ".*PythonAuthzHandler\nPythonTypeHandler\nPythonFixupHandler\nPythonHandler")],
    ),
    Case(
        "phases-in-location",
        [get("/in/x"), get("/out")],
        "<Location /in>\n"
        + "".join(f"Python{phase}Handler @M@\n" for phase in PHASES if phase not in (*SERVER_ONLY, "Init"))
        + f"SetHandler mod_python\nPythonHandler @M@\n{AUTH}</Location>",
        source=RECORDER,
    ),
    Case(
        "phases-without-sethandler",
        [get("/page")],
        'PythonFixupHandler @M@\nPythonLogHandler @M@\n<Directory "@ROOT@">\nPythonHandler @M@\n</Directory>',
        source=RECORDER,
        files={"page": "static"},
        log=["log after 2, status 200"],
    ),
    Case(
        "granted-skips-authentication",
        [get("/page", basic("a", "b"))],
        '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\nPythonAuthenHandler @M@\n'
        "PythonAuthzHandler @M@\nPythonAccessHandler @M@\nRequire all granted\n</Directory>",
        source=RECORDER,
    ),
    Case(
        "attributes-in-directory",
        [
            get("/dir/file.txt?a=1&b=%20"),
            get("/dir/file.txt/more%20path/"),
            get("/dir/missing.tar.gz/x"),
            get("/dir/"),
            get("//dir/./x/../file.txt"),
            get("/dir/file.txt", http="1.0", host=None),
            get("/dir/f%C3%A4.txt", host="CASE-attributes-in-directory.TEST:81"),
        ],
        f'{LOOK_EARLY}<Directory "@ROOT@/dir">\n{LOOK}SetHandler mod_python\n'
        f"PythonHandler @M@\n{AUTH}</Directory>",
        source=ATTRIBUTES,
        files={"dir/file.txt": "x"},
    ),
    Case(
        "attributes-in-location",
        [get("/loc/x.txt?q"), post("/loc", "body"), get("/loc//y")],
        f"{LOOK_EARLY}<Location /loc>\n{LOOK}SetHandler mod_python\nPythonHandler @M@\n{AUTH}</Location>",
        source=ATTRIBUTES,
    ),
    Case(
        "trans-sets-filename",
        [get("/anything/at?all"), get("/declined")],
        "PythonTransHandler @M@::trans\n",
        source="""
from mod_python import apache
def trans(req):
    if req.uri == '/declined':
        return apache.DECLINED
    req.filename = '@ROOT@/target.txt'
    return apache.OK
""",
        files={"target.txt": "target", "declined": "declined"},
    ),
    Case(
        "fixup-sets-handler",
        [get("/page.txt"), get("/other.txt")],
        '<Directory "@ROOT@">\nPythonFixupHandler @M@::fixup\nPythonHandler @M@\n</Directory>',
        source="""
from mod_python import apache
def fixup(req):
    if req.uri == '/page.txt':
        req.handler = 'mod_python'
    return apache.OK
def handler(req):
    req.write('python, %s' % req.content_type)
    return apache.OK
""",
        files={"page.txt": "static", "other.txt": "other"},
    ),
    Case(
        "type-handler",
        [get("/page.txt"), get("/page.unknown")],
        '<Directory "@ROOT@">\nPythonTypeHandler @M@::typ\n</Directory>',
        source="""
from mod_python import apache
def typ(req):
    req.content_type = 'text/x-chosen'
    return apache.OK
""",
        files={"page.txt": "static", "page.unknown": "other"},
        differs="PythonTypeHandler runs before the type is guessed from the file's name",
        olexd=[
            Expect(200, {"content-type": "text/x-chosen"}),
            Expect(200, {"content-type": "text/x-chosen"}),
        ],
    ),
    *(result_in(phase, result, number) for phase in PHASES for number, result in enumerate(RESULTS)),
]

CASES += [
    Case(
        "phases-of-a-missing-index",
        [get("/"), get("/"), get("/dir/"), get("/dir/?q"), get("/none/")],
        """
            PythonTransHandler @M@
            <Directory "@ROOT@">
                SetHandler mod_python
                PythonHandler @M@
                PythonHeaderParserHandler @M@
                PythonAccessHandler @M@
                PythonFixupHandler @M@
            </Directory>
        """,
        source="""
            from mod_python import apache

            ran = []

            def note(req):
                ran.append("%s %s %s" % (req.phase, req.uri, req.main is not None))
                return apache.DECLINED

            transhandler = headerparserhandler = accesshandler = fixuphandler = note

            def handler(req):
                req.write("\\n".join(ran))
                del ran[:]
                return apache.OK
        """,
        files={"dir/x": ""},
    )
]
