"""A request's life: handlers in every phase that fail, raise, are added, leave things behind; cleanups."""

from __future__ import annotations

from tests.parity.runner.case import DIRECTORY, Case, basic, get, post

EARLY = ("PostReadRequest", "Trans", "Init")
MIDDLE = ("HeaderParser", "Access", "Authen", "Authz", "Fixup")
PHASES = (*EARLY, *MIDDLE)
AUTH = 'AuthType Private\nAuthName "x"\nRequire valid-user\n'


def config_for(directives: str, inside: str, more: str = "") -> str:
    """Return a configuration with server-wide and with per-directory directives."""
    section = f"SetHandler mod_python\nPythonHandler @M@\n{inside}"
    return f'{directives}{more}<Directory "@ROOT@">\n{section}</Directory>'


def early(phase: str, handler: str, rest: str = "", more: str = "") -> str:
    """Return a configuration with `handler` in one phase, and with what makes that phase run."""
    directive = f"Python{phase}Handler {handler}\n"
    if phase in ("Authen", "Authz"):
        rest += AUTH + ("PythonAuthenHandler @M@::authen\n" if phase == "Authz" else "")
    if phase in EARLY:
        return config_for(directive, rest, more)
    return config_for("", directive + rest, more)


RESULTS = """
from mod_python import apache
RESULT = {'PythonTransHandler': apache.DECLINED}
def authen(req):
    req.user = 'joe'
    return apache.OK
def done(req):
    req.user = 'joe'
    return RESULT.get(req.phase, apache.OK)
"""

FAILS = (
    RESULTS
    + """
def early(req):
    req.headers_out['X-Out'] = 'out'
    req.err_headers_out['X-Err'] = 'err'
    raise LookupError('in %s' % req.phase)
def handler(req):
    req.write('never', 0)
    return apache.OK
"""
)

RAISES = (
    RESULTS
    + """
def early(req):
    req.headers_out['X-Out'] = 'out'
    req.err_headers_out['X-Err'] = 'err'
    req.write('said early ', 0)
    raise apache.SERVER_RETURN(apache.DONE, 402)
def handler(req):
    req.write('never', 0)
    return apache.OK
"""
)

LEAVES = (
    RESULTS
    + """
def early(req):
    req.mine = req.phase
    req.headers_in['X-Changed'] = 'by %s' % req.phase
    req.headers_out['X-Out'] = req.phase
    req.notes['note'] = 'note of %s' % req.phase
    req.subprocess_env['ENV'] = 'env of %s' % req.phase
    req.connection.notes['c'] = 'connection'
    req.args = 'changed=args'
    # The original's process dies of this in the very first phases.
    if req.phase not in ('PythonPostReadRequestHandler', 'PythonInitHandler'):
        req.status = 203
    req.content_type = 'text/x-early'
    req.write('early ', 0)
    return done(req)
def handler(req):
    lines = [req.mine, req.headers_in['x-changed'], req.headers_out['x-out'], req.notes['note'],
             req.subprocess_env['ENV'], req.connection.notes['c'], req.args, str(req.status),
             str(req.content_type), str(req.user), str(req._bytes_queued), str(req._content_type_set)]
    req.write('\\n'.join(lines), 0)
    return apache.OK
"""
)

ADDS = (
    RESULTS
    + """
def early(req):
    for phase in ('PythonPostReadRequestHandler', 'PythonTransHandler', 'PythonInitHandler',
                  'PythonHeaderParserHandler', 'PythonAccessHandler', 'PythonAuthenHandler',
                  'PythonAuthzHandler', 'PythonFixupHandler', 'PythonHandler', 'PythonLogHandler'):
        req.add_handler(phase, '@M@::added')
    return done(req)
def added(req):
    req.write('added to %s (%s)\\n' % (req.phase, req.hlist.directory), 0)
    if req.phase == 'PythonLogHandler':
        req.log_error('added to the log phase')
    return done(req)
def handler(req):
    req.content_type = 'text/plain'
    req.write('handler\\n', 0)
    return apache.OK
"""
)

STACK = (
    RESULTS
    + """
def one(req):
    req.write('one ', 0)
    return done(req)
def declines(req):
    req.write('declines ', 0)
    return apache.DECLINED
def two(req):
    req.write('two ', 0)
    return done(req)
def handler(req):
    req.content_type = 'text/plain'
    req.write('handler', 0)
    return apache.OK
"""
)

WAITS = """
import time
def wait_for(seen, count):
    deadline = time.time() + 3
    while len(seen) < count and time.time() < deadline:
        time.sleep(0.005)
"""

CLEANUPS = (
    WAITS
    + """
from mod_python import apache
SEEN = []
def note(text):
    SEEN.append(text)
def fail(text):
    SEEN.append('failing ' + text)
    raise ValueError(text)
class Noter:
    def __call__(self, data):
        SEEN.append('object with %r' % (data,))
    def method(self, data):
        SEEN.append('method with %r' % (data,))
def look(req):
    SEEN.append('phase %r status %r uri %r' % (req.phase, req.status, req.uri))
def late(req):
    req.register_cleanup(note, 'too late')
def handler(req):
    req.content_type = 'text/plain'
    if req.uri == '/seen':
        wait_for(SEEN, int(req.args))
        req.write('\\n'.join(SEEN), 0)
        SEEN.clear()
        return apache.OK
    req.register_cleanup(note, 'first')
    req.register_cleanup(fail, 'second')
    req.register_cleanup(look, req)
    req.register_cleanup(Noter(), 7)
    req.register_cleanup(Noter().method)
    req.register_cleanup(lambda data: note(data), 'last')
    req.write('registered', 0)
    if req.uri == '/fails':
        raise LookupError('x')
    return {'/404': 404, '/done': apache.DONE, '/declined': apache.DECLINED}.get(req.uri, apache.OK)
def loghandler(req):
    if req.uri != '/seen':
        SEEN.append('log')
        req.register_cleanup(note, 'from the log phase')
    return apache.OK
def cleanuphandler(req):
    if req.uri != '/seen':
        SEEN.append('cleanup handler, phase %r' % req.phase)
    return apache.OK
"""
)

REDIRECTED = (
    WAITS
    + """
from mod_python import apache
SEEN = []
def note(text):
    SEEN.append(text)
def inithandler(req):
    if req.uri != '/seen':
        req.register_cleanup(note, 'cleanup of ' + req.uri)
    return apache.OK
def handler(req):
    req.content_type = 'text/plain'
    if req.uri == '/seen':
        wait_for(SEEN, int(req.args))
        req.write('\\n'.join(SEEN), 0)
        SEEN.clear()
    elif req.uri == '/from':
        req.internal_redirect('/to')
    elif req.uri == '/error':
        return 404
    else:
        req.write('target', 0)
    return apache.OK
def loghandler(req):
    if req.uri != '/seen':
        SEEN.append('log of %s, next %s' % (req.uri, req.next and req.next.uri))
    return apache.OK
def cleanuphandler(req):
    if req.uri != '/seen':
        SEEN.append('handler of %s' % req.uri)
    return apache.OK
"""
)

WRITES_LATE = """
from mod_python import apache
def handler(req):
    req.write('body', 0)
    return apache.OK
def loghandler(req):
    req.headers_out['X'] = 'late'
    req.status = 500
    req.log_error('log phase: %d %d %d' % (req.bytes_sent, req.sent_bodyct, req.eos_sent))
    return 500
"""

CASES = [
    *(
        Case(
            f"failing-{phase.lower()}-{word}",
            [get("/page"), get("/none/x")],
            early(phase, "@M@::early", more=f"PythonDebug {word}\n"),
            source=FAILS,
            files={"page": "page"},
            log=[
                f"Python{phase}Handler @M@::early: LookupError: in Python{phase}Handler".replace("@M@", ".*")
            ],
        )
        for phase in PHASES
        for word in ("on", "off")
    ),
    *(
        Case(
            f"raising-{phase.lower()}",
            [get("/page"), post("/page", "body")],
            early(phase, "@M@::early"),
            source=RAISES,
            files={"page": "page"},
        )
        for phase in PHASES
    ),
    *(
        Case(
            f"leaving-{phase.lower()}",
            [get("/page?a=b"), post("/page/info", "body")],
            early(phase, "@M@::early"),
            source=LEAVES,
            files={"page": "page"},
        )
        for phase in PHASES
    ),
    *(
        Case(
            f"adding-{phase.lower()}",
            [get("/page?a=b")],
            early(phase, "@M@::early", AUTH if phase not in ("Authen", "Authz") else ""),
            source=ADDS,
            files={"page": "page"},
        )
        for phase in PHASES
    ),
    *(
        Case(
            f"stacked-{phase.lower()}",
            [get("/page")],
            early(phase, "@M@::declines @M@::one @M@::declines @M@::two"),
            source=STACK,
            files={"page": "page"},
        )
        for phase in PHASES
    ),
    *(
        Case(
            f"restricted-{phase.lower()}",
            [get("/a.one"), get("/a.two"), get("/a"), get("/a.one.two")],
            early(phase, f"@M@::one | .one\nPython{phase}Handler @M@::two"),
            source=STACK,
            files={"a.one": "", "a.two": "", "a": ""},
        )
        for phase in ("HeaderParser", "Access", "Fixup", "Authen")
    ),
    Case(
        "cleanups",
        [
            request
            for path, count in (("/ok", 9), ("/fails", 9), ("/404", 9), ("/done", 9), ("/declined", 9))
            for request in (get(path), get(f"/seen?{count}"))
        ],
        "<Location />\nSetHandler mod_python\nPythonHandler @M@\nPythonLogHandler @M@\n"
        "PythonCleanupHandler @M@\n</Location>",
        source=CLEANUPS,
        log=[
            "python_cleanup: Error calling cleanup object <function fail",
            "    <class 'ValueError'>: second",
        ],
    ),
    Case(
        "cleanups-on-one-connection",
        [request for _ in range(2) for request in (get("/ok"), get("/seen?9"))],
        "<Location />\nSetHandler mod_python\nPythonHandler @M@\nPythonLogHandler @M@\n"
        "PythonCleanupHandler @M@\n</Location>",
        source=CLEANUPS,
        same_connection=True,
    ),
    *(
        Case(
            f"cleanups-of-{name}",
            [get(path), get(f"/seen?{count}")],
            "PythonInitHandler @M@\nPythonLogHandler @M@\nPythonCleanupHandler @M@\n"
            f"ErrorDocument 404 /document\n{DIRECTORY}",
            source=REDIRECTED,
        )
        for name, path, count in (("redirect", "/from", 5), ("error-document", "/error", 5))
    ),
    Case(
        "log-phase-is-late",
        [get("/"), get("/")],
        DIRECTORY + "PythonLogHandler @M@",
        source=WRITES_LATE,
        log=["log phase: 4 1 "],
        same_connection=True,
    ),
    Case(
        "add-handler-forms",
        [get(f"/x?{number}") for number in range(9)],
        "<Location />\nSetHandler mod_python\nPythonHandler @M@\n</Location>",
        source="""
from mod_python import apache
FORMS = (('@M@::added',), ('@M@::added @M@::added',), ('',), ('@M@::missing',), ('no_such_module_here',),
         ('@M@::added', '@DIR@'), ('@M@::added', '@DIR@/'), ('@M@::Page.method',), ('@M@::added', None))
def added(req):
    req.write('added %r' % req.hlist.directory, 0)
    return apache.OK
class Page:
    def __init__(self, req):
        self.req = req
    def method(self, req):
        req.write('method %s' % (self.req is req), 0)
        return apache.OK
def handler(req):
    req.content_type = 'text/plain'
    req.add_handler('PythonHandler', *FORMS[int(req.args)])
    req.write('first ', 0)
    return apache.OK
""",
    ),
    Case(
        "add-handler-alone",
        [get("/x")],
        "PythonFixupHandler @M@::fixup\n<Location />\nSetHandler mod_python\n</Location>",
        source="""
from mod_python import apache
def fixup(req):
    req.add_handler('PythonHandler', '@M@')
    return apache.OK
def handler(req):
    req.write('alone', 0)
    return apache.OK
""",
    ),
    Case(
        "attributes-in-content-after-auth",
        [get("/page", basic("joe", "secret"))],
        config_for("", 'PythonAuthenHandler @M@::authen\nAuthType Basic\nAuthName "x"\nRequire valid-user\n'),
        source="""
from mod_python import apache
def authen(req):
    req.password = req.get_basic_auth_pw()
    return apache.OK
def handler(req):
    req.content_type = 'text/plain'
    req.write(repr((req.user, req.password, req.ap_auth_type, req.auth_type(), req.auth_name())), 0)
    return apache.OK
""",
        files={"page": ""},
    ),
    Case(
        "handler-module-complete",
        [get("/page")],
        '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandlerModule @M@\n</Directory>',
        source="""
from mod_python import apache
def noting(result):
    def function(req):
        req.seen = getattr(req, 'seen', []) + [req.phase]
        return result
    return function
postreadrequesthandler = inithandler = headerparserhandler = accesshandler = noting(apache.OK)
fixuphandler = loghandler = cleanuphandler = noting(apache.OK)
transhandler = authenhandler = authzhandler = typehandler = noting(apache.DECLINED)
def handler(req):
    req.content_type = 'text/plain'
    compared = [phase for phase in req.seen if phase not in ('PythonInitHandler', 'PythonTypeHandler')]
    req.write(','.join(compared), 0)
    return apache.OK
""",
        files={"page": ""},
    ),
]
