"""Handler lists restricted to extensions: inheritance, stacking, places."""

from __future__ import annotations

from tests.parity.runner.case import Case, get

SOURCE = """
from mod_python import apache

def says(name):
    def handling(req):
        hlist = req.hlist
        shown = (name, req.extension, hlist.directory, hlist.handler.rpartition('::')[2], req.filename)
        req.content_type = 'text/plain'
        req.write('%s %r %r %s %r' % shown, 0)
        return apache.OK
    return handling

a, b, c = says('a'), says('b'), says('c')

def notes(req):
    req.seen = getattr(req, 'seen', []) + [(req.phase, req.extension)]
    return apache.OK

def seen(req):
    notes(req)
    req.write('%r %r' % (req.seen, req.notes.get('python_init_ran')), 0)
    return apache.OK
"""
FILES = {name: name for name in ("f.x", "f.y", "f", "f.x.y", "sub/f.x", "sub/f.y", "sub/f")}
ASKED = [*(get(f"/{name}") for name in FILES), get("/none.x")]
IN_DIRECTORY = '<Directory "@ROOT@">\nSetHandler mod_python\n%s</Directory>\n'
IN_SUBDIRECTORY = '<Directory "@ROOT@/sub">\n%s</Directory>\n'
BOTH = IN_DIRECTORY % "PythonHandler @M@::a | .x\nPythonHandler @M@::b\n"

CONFIGS = {
    "inherited": BOTH + IN_SUBDIRECTORY % "PythonHandler @M@::c\n",
    "overridden": BOTH + IN_SUBDIRECTORY % "PythonHandler @M@::c | .x\n",
    "stacked": IN_DIRECTORY
    % "PythonHandler @M@::a | .x\nPythonHandler @M@::b | .x .y\nPythonHandler @M@::c\n",
    "without-blanks": IN_DIRECTORY % "PythonHandler @M@::a|.x\nPythonHandler @M@::b |.y\n",
    "empty": IN_DIRECTORY % 'PythonHandler ""\n',
    "empty-and-more": IN_DIRECTORY % 'PythonHandler "" @M@::a\n',
    "in-location": "<Location />\nSetHandler mod_python\nPythonHandler @M@::a | .x\nPythonHandler "
    "@M@::b\n</Location>",
    "only-in-location": "<Location />\nSetHandler mod_python\nPythonHandler @M@::a | .x\n</Location>",
    "sticky": "PythonFixupHandler @M@::notes | .x\nPythonAccessHandler @M@::notes\n"
    + IN_DIRECTORY % "PythonHandler @M@::seen\n",
    "with-init": "PythonInitHandler @M@::notes\n" + IN_DIRECTORY % "PythonHandler @M@::seen\n",
    "in-files": '<Files "*.x">\nSetHandler mod_python\nPythonHandler @M@::a\n</Files>\n',
    "add-handler": '<Directory "@ROOT@">\nAddHandler mod_python .x\nAddHandler python-program y\n'
    "PythonHandler @M@::a\n</Directory>",
}

CASES = [
    Case(f"extension-list-{name}", ASKED, config, source=SOURCE, files=FILES)
    for name, config in CONFIGS.items()
]
