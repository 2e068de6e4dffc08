"""Handlers of one directive: functions, methods, objects, restricted to extensions; what options they see."""

from __future__ import annotations

from tests.parity.runner.case import Case, get

SOURCE = """
from mod_python import apache

KEPT = []

def note(req, what):
    KEPT.append('%s: %s %s %s' % (req.phase, what, req.uri, sorted(req.get_options().items())))
    return apache.OK

def handler(req):
    if req.uri == '/seen':
        req.content_type = 'text/plain'
        req.write('\\n'.join(KEPT), 0)
        KEPT[:] = []
        return apache.OK
    return note(req, 'handler')

def other(req):
    return note(req, 'other')

class Kind:
    def __init__(self, req):
        self.req = req
    def method(self, req):
        return note(req, 'method of an instance, made with the request: %r' % (self.req is req))
    def __call__(self, req):
        return note(req, 'object')
    class Inner:
        def __init__(self, req=None):
            self.made = req is not None
        def method(self, req):
            return note(req, 'method of an inner class, made with the request: %r' % self.made)
        @staticmethod
        def static(req):
            return note(req, 'static method')
        @classmethod
        def of_class(cls, req):
            return note(req, 'class method of ' + cls.__name__)

kept = Kind(None)
"""
FILES = {"a.txt": "a", "b.py": "b", "c.tar.gz": "c", "inner/a.txt": "a"}
ASKED = ("/a.txt", "/b.py", "/c.tar.gz", "/inner/a.txt", "/none", "/inner/", "/seen")
FORMS = {
    "functions": "PythonHandler @M@ @M@::other",
    "methods": "PythonHandler @M@::Kind.method @M@::Kind.Inner.method @M@::Kind.Inner.static",
    "objects": "PythonHandler @M@::kept @M@::kept.method @M@::Kind.Inner.of_class",
    "one-extension": "PythonHandler @M@::other | .txt",
    "several-extensions": "PythonHandler @M@ @M@::other | .py .gz .tar.gz\nPythonHandler @M@::kept | .txt",
    "several-phases": "PythonHandler @M@\nPythonFixupHandler @M@::other @M@::kept\n"
    "PythonLogHandler @M@::other",
}
CONFIG = """PythonOption a host
PythonOption h host
<Directory "@ROOT@/inner">
PythonOption a inner
PythonOption h
</Directory>
<Directory "@ROOT@">
SetHandler mod_python
PythonOption a root
{}
</Directory>
<Location /seen>
SetHandler mod_python
PythonHandler @M@
</Location>
"""

CASES = [
    Case(f"handler-forms-{name}", [*map(get, ASKED)], CONFIG.format(directives), source=SOURCE, files=FILES)
    for name, directives in FORMS.items()
]
