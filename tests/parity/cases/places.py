"""Where handlers are configured: their directories and interpreters, .htaccess files, levels of the log."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, get, post

EARLY = ("PostReadRequest", "Trans", "Init")
LATER = ("HeaderParser", "Access", "Authen", "Authz", "Fixup")
AUTH = 'AuthType Private\nAuthName "x"\nRequire valid-user\n'

LOOKS = """
from mod_python import apache
def look(req):
    entry = req.hlist
    seen = getattr(req, 'seen', [])
    seen.append((req.phase, entry.handler, entry.directory, entry.is_location, entry.silent, req.interpreter,
                 apache.interpreter, req.extension))
    req.seen = seen
    req.user = 'joe'
    return apache.DECLINED if req.phase in ('PythonTransHandler', 'PythonAuthzHandler') else apache.OK
def handler(req):
    look(req)
    req.content_type = 'text/plain'
    req.write('\\n'.join(map(repr, req.seen)), 0)
    return apache.OK
def loghandler(req):
    look(req)
    req.log_error('seen by %s' % req.seen[-1][0])
    return apache.OK
cleanuphandler = loghandler
"""
INSIDE = (
    "SetHandler mod_python\nPythonHandler @M@\nPythonLogHandler @M@\nPythonCleanupHandler @M@\n"
    + "".join(f"Python{phase}Handler @M@::look\n" for phase in LATER)
    + AUTH
)
OVERRIDES = '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n'
FILES = {"d/.htaccess": INSIDE, "d/a.txt": "x", "d/sub/x": "y"}
ASKED = [get("/d/a.txt"), get("/d/"), get("/d/sub/x"), get("/d/none/y")]
INTERPRETERS = {
    "default": "ServerAlias other.test\n",
    "directory": "PythonInterpPerDirectory On\n",
    "directive": "PythonInterpPerDirective On\n",
    "named": "PythonInterpreter named\nPythonInterpPerDirectory On\nPythonInterpPerDirective On\n",
}
SECTIONS = {
    "wildcard": 'Directory "@ROOT@/*/two"',
    "one-letter": 'Directory "@ROOT@/o?e"',
    "tilde": 'Directory ~ "/one/tw"',
    "regex": 'DirectoryMatch "/one/.*three"',
    "files": 'Files "f.x"',
    "files-regex": r'FilesMatch "\.x$"',
    "location": 'Location "/one"',
    "location-with-slash": 'Location "/one/"',
    "location-regex": 'LocationMatch "^/o.e"',
    "if": 'If "%{REQUEST_URI} =~ m#two#"',
}

WRONG = (
    "PythonDebug On Off", "PythonDebug maybe", "PythonDebug", "PythonOption", "PythonOption a b c",
    "PythonTransHandler x", "PythonPostReadRequestHandler x", "PythonOutputFilter x y", "PythonImport x y",
    "PythonOptimize On", "PythonConnectionHandler x", "PythonAuthoritative On", "PythonNoReload On",
    "PythonPath a b", "PythonInterpreter", "PythonInterpPerDirectory x", "PythonInterpPerDirective",
    "PythonEnablePdb x", "PythonAutoReload x", "PythonWrong",
)  # fmt: skip
RIGHT = (
    "PythonHandler",
    "PythonHandler |",
    "PythonHandler a | b",
    "PythonHandlerModule",
    "PythonDebug oN",
    "pythonoption a",
)

LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug", "trace1")
LOGS = """
import time
from mod_python import apache
def lines(req):
    return [line for line in open(req.server.error_fname, errors='replace') if 'entry ' in line]
def handler(req):
    for level in range(-1, 10):
        req.log_error('entry of request %d' % level, level)
        req.server.log_error('entry of server %d' % level, level)
        apache.log_error('entry of module %d' % level, level, req.server)
    req.content_type = 'text/plain'
    req.server.log_error('entry last', apache.APLOG_CRIT if req.server.loglevel > 1 else apache.APLOG_NOTICE)
    deadline = time.time() + 3
    while 'last' not in ''.join(lines(req)) and time.time() < deadline:
        time.sleep(0.005)
    shown = [(line.split('] ')[1].rpartition(':')[2], line.rpartition('entry ')[2], '[client' in line)
             for line in lines(req)]
    req.write('\\n'.join(map(repr, shown)), 0)
    return apache.OK
"""

ADDS = """
from mod_python import apache
NAMES = ['Python%sHandler' % name for name in (
    'PostReadRequest', 'Trans', 'HeaderParser', 'Init', 'Access', 'Authen', 'Authz', 'Fixup', '', 'Log',
    'Cleanup', 'Connection')]
NAMES += ['PythonInputFilter', 'PythonOutputFilter', 'x', '', 'handler', 'pythonhandler', 'PythonHandler.py']
FORMS = [(name, '@M@::added') for name in NAMES]
FORMS += [('PythonHandler', '@M@::Page.method'), ('PythonHandler', '@M@::added', '@DIR@'),
          ('PythonHandler', '@M@::added', ''), ('PythonHandler', '@M@::added', 3),
          ('PythonHandler', '@M@::last'), ('PythonHandler', len), ('PythonHandler', None),
          ('PythonHandler', 'a\\0b')]
def tried(req, form):
    try:
        return repr(req.add_handler(*form))
    except Exception as error:
        return '%s: %s' % (type(error).__name__, error)
def early(req):
    req.user = 'joe'
    req.shown = ['%s in %s' % (tried(req, form), req.phase) for form in FORMS]
    return apache.DECLINED if req.phase == 'PythonTransHandler' else apache.OK
def added(req):
    req.user = 'joe'
    if hasattr(req, 'shown'):
        req.shown.append('added %s %r %r' % (req.phase, req.hlist.directory, req.hlist.is_location))
    return apache.DECLINED if req.phase == 'PythonTransHandler' else apache.OK
class Page:
    def __init__(self, req):
        pass
    def method(self, req):
        req.shown.append('Page.method')
        return apache.OK
def handler(req):
    req.content_type = 'text/plain'
    req.shown.append('handler')
    return apache.OK
def last(req):
    req.write('\\n'.join(req.shown), 0)
    return apache.OK
"""

TREE = """
<Directory "@ROOT@">
  AllowOverride All
 SetHandler   mod_python
PythonHandler  @M@   |  .x
PythonHandler @M@
<Files "a b">
Require all granted
</Files>
</Directory>
<If "%{REQUEST_URI} == '/a'">
PythonOption a "b c"
</If>
<ElseIf "%{REQUEST_URI} == '/b'">
PythonOption c d
</ElseIf>
<Else>
PythonOption e 'f g'
</Else>
<IfModule mod_python.c>
PythonOption module yes
</IfModule>
<IfModule nope>
PythonOption no yes
</IfModule>
pythonoption lower case
PythonOption continued \\
  here
ErrorDocument 404 "some text"
<locationmatch "^/x">
PythonOption a b
</LocationMatch>
<Location ~ "^/y">
</Location>
"""
SHOWS_TREE = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    tree = apache.config_tree()
    own = next(tree[at + 1] for at, item in enumerate(tree)
               if item[0] == '<VirtualHost' and ('ServerName', req.hostname) in tree[at + 1])
    req.write('\\n'.join(map(repr, own)), 0)
    return apache.OK
"""


def adds(phase: str) -> Case:
    """A case that tries all kinds of `add_handler()` in one phase."""
    directive = f"Python{phase}Handler @M@::early\n"
    rest = f"SetHandler mod_python\nPythonHandler @M@\n{AUTH}"
    if phase == "Authz":
        rest += "PythonAuthenHandler @M@::added\n"
    outside, rest = (directive, rest) if phase in EARLY else ("", directive + rest)
    return Case(
        f"adds-{phase.lower()}",
        [get("/page"), post("/none/x", "a")],
        f'{outside}<Directory "@ROOT@">\n{rest}</Directory>',
        files={"page": ""},
        source=ADDS,
    )


CASES = [
    *(
        Case(
            f"htaccess-interpreter-{name}",
            ASKED,
            lines + OVERRIDES,
            source=LOOKS,
            files=FILES,
            own_interpreter=True,
            log=["seen by PythonLogHandler", "seen by PythonCleanupHandler"],
        )
        for name, lines in INTERPRETERS.items()
    ),
    *(
        Case(
            f"location-interpreter-{name}",
            [get("/in/x")],
            f"{lines}PythonTransHandler @M@::look\n<Location /in>\n{INSIDE}</Location>",
            source=LOOKS,
            own_interpreter=True,
        )
        for name, lines in INTERPRETERS.items()
    ),
    *(
        Case(
            f"place-{name}",
            [get("/one/two/three/f.x"), get("/one/"), get("/one/two/")],
            f"<{section}>\n{INSIDE}</{section.split()[0]}>",
            source=LOOKS,
            files={"one/two/three/f.x": "x"},
        )
        for name, section in SECTIONS.items()
    ),
    Case(
        "place-files-in-directory",
        [get("/one/f.x")],
        f'<Directory "@ROOT@/one">\n<Files "f.x">\n{INSIDE}</Files>\n</Directory>',
        source=LOOKS,
        files={"one/f.x": ""},
    ),
    *(
        Case(
            f"htaccess-{word}-{number}",
            [get("/f.txt")],
            OVERRIDES,
            files={".htaccess": f"{line}\n", "f.txt": "text"},
        )
        for word, lines in (("refuses", WRONG), ("accepts", RIGHT))
        for number, line in enumerate(lines)
    ),
    *(Case(f"level-{level}", [get("/")], f"LogLevel {level}\n{LOCATION}", source=LOGS) for level in LEVELS),
    Case(
        "level-of-location",
        [get("/")],
        f"LogLevel error\n{LOCATION}<Location />\nLogLevel debug\n</Location>",
        source=LOGS,
    ),
    Case("level-of-module", [get("/")], f"LogLevel error python:debug\n{LOCATION}", source=LOGS),
    *(adds(phase) for phase in (*EARLY, *LATER)),
    Case("tree-of-own-host", [get("/")], TREE, source=SHOWS_TREE, files={".htaccess": "PythonOption ht 1\n"}),
]
