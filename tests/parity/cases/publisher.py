"""The publisher: which URLs reach what, who may, what comes back."""

from __future__ import annotations

from tests.parity.runner.case import Case, Expect, Request, ask, basic, get, head, post

CONFIG = '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler mod_python.publisher\n</Directory>'
JSON = "Content-Type: application/json"


def gets(*paths: str) -> list[Request]:
    """Return a GET request for each path."""
    return [get(path) for path in paths]


FILES = {
    "index.py": """\
def index(req):
    return 'index of the root: %r' % req.path_info
def fallback(req):
    return 'fallback %r' % req.path_info
class Thing:
    def method(self):
        return 'method of the index'
thing = Thing()
""",
    "page.py": """\
def index(req):
    return 'index of the page: %s %r' % (req.filename.rsplit('/', 1)[1], req.path_info)
def other():
    return 'other'
""",
    "bare.py": "def other():\n    return 'other'\n",
    "a.b.py": "def index():\n    return 'dotted'\n",
    "sub/only.py": "def index():\n    return 'sub'\n",
}

OBJECTS = """\
class Inner:
    value = 'a value'
    def method(self, req, word='none'):
        return 'inner %s' % word
class Outer:
    def __init__(self):
        self.inner = Inner()
        self.text = 'a text'
        self._hidden = 'hidden'
    def method(self, req):
        return 'outer'
    def __call__(self, req, word='none'):
        return 'called %s' % word
    def __str__(self):
        return 'text of outer'
    @property
    def computed(self):
        return 'computed'
    @property
    def missing(self):
        raise AttributeError('missing')
    @property
    def broken(self):
        raise ValueError('broken')
    @staticmethod
    def static(word='none'):
        return 'static %s' % word
class Shown:
    def __str__(self):
        return 'shown'
class Maker:
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return 'made ' + name
outer, shown, maker = Outer(), Shown(), Maker()
"""

RESULTS = """\
def index(req): return 'index'
def html(): return '<html>..</HTML >  \\n'
def tail(): return '<html>x</html> tail'
def near(): return '</html>' + '\\n' * 50
def far(): return '</html>' + '\\n' * 120
def none(): return None
def number(): return 42
def zero(): return 0
def empty(): return ''
def false(): return False
def items(): return ['a', 1]
def raw(): return b'raw'
def euro(): return '\\u20ac'
def function(): return number
def anonymous(): return lambda name='nobody': 'hello ' + name
class Made:
    def __init__(self, name='nobody'): self.name = name
    def __str__(self): return 'made for ' + self.name
def cls(): return Made
def typed(req):
    req.content_type = 'text/x-own; charset=utf-8'
    return '<html></html>'
def latin(req):
    req.content_type = 'text/plain; charset=iso-8859-1'
    return '\\xe4'
def status(req):
    req.status = 202
    return 'accepted'
def wrote(req):
    req.write('written ')
def both(req):
    req.write('written ', 0)
    return 'and returned'
text, count, mapping = 'a text', 7, {'a': 1}
"""

WAYS_OUT = """\
import os, sys, types
from mod_python import apache
_private = 'secret'
class Thing:
    _hidden = 'secret'
    attribute = 'class'
    os = os
    def method(self): return 'method'
thing = Thing()
def function(): return 'function'
function.attribute = 'secret'
space = types.SimpleNamespace(os=os)
generator = (number for number in ())
builtin = len
text, items, mapping = 'text', [1], {'a': 1}
"""

AUTH = """\
def index(req): return 'index'
def guarded(req):
    def __auth__(req, user, passwd): return user == 'joe' and passwd == 'x:y'
    return 'guarded'
class Room:
    __auth_realm__ = 'The Room'
    def __auth__(self, req, user, passwd): return (user, passwd) == ('joe', 'right')
    def method(self): return 'in the room'
class Hall:
    def __access__(self, req, user): return user is None
    def method(self): return 'in the hall'
class Closed:
    __access__ = ['joe']
    def method(self): return 'closed'
class Keys:
    __auth__ = {'joe': 'right'}
    def method(self): return 'keys'
room, hall, closed, keys = Room(), Hall(), Closed(), Keys()
def attribute(req): return 'no guard'
attribute.__auth__ = lambda req, user, passwd: False
"""
LOCKED = """\
__auth_realm__ = 'All of it'
def __auth__(req, user, passwd): return user == 'joe'
def index(req): return 'index of the locked for %r' % req.user
"""

CASES = [
    Case(
        "publisher-mapping",
        gets("/", "/index", "/index.py", "/index/", "/page", "/page.py", "/page/", "/page//", "/page/other")
        + gets(
            "/page.py/other", "/page.other", "/page.PY", "/page.py.py", "/page.txt", "/bare", "/bare/other"
        )
        + gets("/a.b", "/a.b.py", "/fallback", "/fallback/", "/thing/method", "/thing.method", "/missing")
        + gets(
            "/sub", "/sub/", "/sub/only", "/sub/missing", "/sub/fallback", "/page/%6fther", "/page/other/"
        ),
        CONFIG,
        files=FILES,
    ),
    Case(
        "publisher-addhandler",
        gets("/page.py", "/page.py/other", "/page.pub", "/page.pub/other", "/fallback.py", "/none.pub", "/"),
        'DirectoryIndex index.py\n<Directory "@ROOT@">\nAddHandler mod_python .py .pub\n'
        "PythonHandler mod_python.publisher\n</Directory>",
        files=FILES,
    ),
    Case(
        "publisher-extension-list",
        gets("/page.pub", "/page.pub/other", "/page.htm", "/page.py", "/page"),
        '<Directory "@ROOT@">\nAddHandler mod_python .pub .htm\n'
        "PythonHandler mod_python.publisher | .pub\n</Directory>",
        files=FILES,
    ),
    Case(
        "publisher-objects",
        gets(
            "/o/outer",
            "/o/outer?word=first",
            "/o/outer/",
            "/o/outer/method",
            "/o/outer/inner/method?word=first",
        )
        + gets(
            "/o/outer.inner.value", "/o/outer/inner", "/o/outer/text", "/o/outer/computed", "/o/outer/missing"
        )
        + gets(
            "/o/outer/broken",
            "/o/outer/static?word=first",
            "/o/shown",
            "/o/maker/something",
            "/o/outer//method",
        )
        + gets("/o/outer/nothing", "/o/outer/inner/nothing", "/o/nothing/at/all"),
        CONFIG,
        files={"o.py": OBJECTS},
        log=["ValueError: broken"],
    ),
    Case(
        "publisher-results",
        gets(*(f"/r/{name}" for name in ("html", "tail", "near", "far", "none", "number", "zero", "empty")))
        + gets(*(f"/r/{name}" for name in ("false", "items", "euro", "function", "anonymous?name=x")))
        + gets(*(f"/r/{name}" for name in ("cls", "cls?name=y", "typed", "status", "wrote", "both")))
        + gets("/r/text", "/r/count", "/r/mapping")
        + [head("/r/html"), head("/r/number"), head("/r/text"), head("/r/none")],
        CONFIG,
        files={"r.py": RESULTS},
    ),
    Case(
        "publisher-bytes",
        gets("/r/raw"),
        CONFIG,
        files={"r.py": RESULTS},
        differs="bytes are sent as they are",
        olexd=[Expect(200, {"content-type": "text/plain"}, "raw")],
    ),
    Case(
        "publisher-charset",
        gets("/r/latin"),
        CONFIG,
        files={"r.py": RESULTS},
        differs="text is sent in the charset of its content type",
        olexd=[Expect(200, {"content-type": "text/plain; charset=iso-8859-1", "content-length": "1"})],
    ),
    Case(
        "publisher-methods",
        [ask(method, "/r") for method in ("PUT", "DELETE", "OPTIONS", "PROPFIND", "BREW", "HEAD")]
        + [post("/r", "{}", JSON), post("/r/text", "{}", JSON), ask("PUT", "/none", body="x")],
        CONFIG,
        files={"r.py": RESULTS},
    ),
    Case(
        "publisher-no-way-out",
        gets("/w/_private", "/w/%5fprivate", "/w/__builtins__", "/w/__builtins__/eval", "/w/__file__")
        + gets(
            "/w/os", "/w/os/system", "/w/os.system", "/w/sys/modules", "/w/apache", "/w/apache/config_tree"
        )
        + gets("/w/thing/os", "/w/thing/os/getcwd", "/w/thing/_hidden", "/w/thing/__class__", "/w/Thing")
        + gets("/w/Thing/attribute", "/w/function/attribute", "/w/function/func_globals")
        + gets("/w/function/__globals__", "/w/thing/method/im_func", "/w/thing.method.__func__.__globals__")
        + gets("/w/space/os", "/w/generator/gi_frame", "/w/builtin", "/w/text/upper", "/w/items/clear")
        + gets("/w/mapping/keys", "/w/thing/%255f_class__", "/w/function", "/w/thing/method"),
        CONFIG,
        files={"w.py": WAYS_OUT},
        log=["Cannot traverse _private in /w/_private because it starts with an underscore"],
    ),
    Case(
        "publisher-stricter",
        gets("/s/popen?cmd=id", "/s/redirect?location=/x", "/s/Base", "/s/Base/attribute", "/s/Color/RED")
        + gets("/s/today/year", "/s/log/level", "/s/lazy", "/_s", "/s/text."),
        CONFIG,
        files={
            "s.py": """\
import abc, datetime, enum, logging, types
from mod_python.util import redirect
from os import popen
class Base(abc.ABC):
    attribute = 'class'
class Color(enum.Enum):
    RED = 'red'
class Lazy(types.ModuleType): pass
lazy, log, today, text = Lazy('lazy'), logging.getLogger('s'), datetime.date(2020, 1, 2), 'text'
""",
            "_s.py": "def index():\n    return 'private'\n",
        },
        differs="imports, all classes, parts of Python's own objects and private modules are refused",
        olexd=[Expect(403)] * 9 + [Expect(404)],
    ),
    Case(
        "publisher-arguments",
        gets("/a/named?name=x", "/a/named?name=x&wrong=y", "/a/named", "/a/many?name=x&name=y")
        + gets("/a/blank?name=", "/a/rest?one=first&three=third", "/a/only?key=x", "/a/named?name=%C3%A4"),
        CONFIG,
        files={
            "a.py": """\
def named(name): return 'name ' + name
def many(req, name): return ' and '.join(name)
def blank(name='default'): return 'name (%s)' % name
def rest(**fields): return ' '.join(sorted(fields))
def only(*, key='default'): return key
"""
        },
        log=["missing 1 required positional argument: 'name'"],
    ),
    Case(
        "publisher-field-named-req",
        gets("/a/hello?req=other&name=yonder"),
        CONFIG,
        files={"a.py": "def hello(req, name):\n    return 'hello %s from %s' % (name, req.uri)\n"},
        differs="a field that has the name of the request's argument is left out",
        olexd=[Expect(200, {}, "hello yonder from /a/hello")],
    ),
    Case(
        "publisher-returns-twice",
        [post("/a/again", "name=x", "Content-Type: application/x-www-form-urlencoded")],
        CONFIG,
        files={"a.py": "def again(): return hello\ndef hello(name='nobody'): return 'hello ' + name\n"},
        differs="the form is read once, and there for whatever the function returns",
        olexd=[Expect(200, {}, "hello x")],
    ),
    Case(
        "publisher-auth",
        gets("/p", "/p/guarded", "/p/room", "/p/room/method", "/p/room/missing", "/p/hall/method")
        + gets("/p/closed/method", "/locked", "/locked/missing", "/p/attribute")
        + [get("/p", "Authorization: Digest x"), get("/locked", "Authorization: Digest x")]
        + [get("/locked", "Authorization: Basic !"), get("/p", basic("joe", "wrong"))],
        CONFIG,
        files={"p.py": AUTH, "locked.py": LOCKED},
    ),
    Case(
        "publisher-auth-credentials",
        [
            get(f"/{path}", basic(user, password))
            for path, user, password in (
                ("p/guarded", "joe", "x:y"),
                ("p/guarded", "joe", "x"),
                ("p/room/method", "joe", "right"),
                ("p/room/method", "joe", "wrong"),
                ("p/closed/method", "joe", ""),
                ("p/closed/method", "eve", ""),
                ("p/keys/method", "joe", "right"),
                ("p/keys/method", "eve", "right"),
                ("locked", "joe", "x"),
                ("locked", "eve", "x"),
            )
        ],
        CONFIG,
        files={"p.py": AUTH, "locked.py": LOCKED},
        differs="credentials are understood",
        olexd=[
            Expect(200, {}, "guarded"),
            Expect(401, {"www-authenticate": 'Basic realm="unknown"'}),
            Expect(200, {}, "in the room"),
            Expect(401, {"www-authenticate": 'Basic realm="The Room"'}),
            Expect(200, {}, "closed"),
            Expect(403),
            Expect(200, {}, "keys"),
            Expect(401),
            Expect(200, {}, "index of the locked for None"),
            Expect(401, {"www-authenticate": 'Basic realm="All of it"'}),
        ],
    ),
]
