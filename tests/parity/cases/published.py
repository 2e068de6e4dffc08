"""Published functions at work: forms and uploads, redirects, statuses, sessions, pages, state, text."""

from __future__ import annotations

from tests.parity.cases.publisher import CONFIG, gets
from tests.parity.runner.case import SESSION_COOKIE, Case, ask, get, post

URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=BB"
UPLOAD = '--BB\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\ncontent\r\n--BB--\r\n'


KINDS = """
import collections as _c, functools as _f, types as _t
Pair = _c.namedtuple('Pair', 'a')
pair = Pair('x')
class Thing:
    attribute = 'c'
    mapping = {'a': 1}
    def method(self): return 'm'
    def __getattr__(self, name):
        if name == 'dynamic':
            return 'made'
        raise AttributeError(name)
thing, other = Thing(), Thing()
bound = thing.method
other.__call__ = lambda: 'call of an instance'
class Mapping(dict): pass
mapping = Mapping(a=1)
mapping.x = 'x of mapping'
class Text(str): pass
text = Text('text')
text.x = 'x of text'
partial = _f.partial(lambda a: 'partial ' + a, 'x')
space = _t.SimpleNamespace(a=1)
proxy = _t.MappingProxyType({'a': 1})
none, pairs = None, (1, 2)
def generator(): yield 1
async def coroutine(): return 1
"""
PATHS = """Pair pair thing/attribute thing/method thing/method/x thing/dynamic thing/mapping thing/nothing
bound other mapping mapping/x mapping/a text text/x partial space space/a proxy none pairs pairs/count
generator coroutine"""
ENDINGS = {
    "plain": "'</html>'",
    "more": "'</HTML>x'",
    "blank": "'</ html>'",
    "line": "'<html></html\\n>'",
    "near": "'</html>' + ' ' * 93",
    "far": "'</html>' + ' ' * 94",
    "number": "5",
}
ACCESS = ("('joe',)", "1", "0", "''", "lambda self, req, user: user is None and req.uri.endswith('x')")


def published(name: str, source: str, *requests: object, **details: object) -> Case:
    """Return a case of the module `m.py`."""
    return Case(f"published-{name}", requests, CONFIG, files={"m.py": source}, **details)  # type: ignore[arg-type]


CASES = [
    published(
        "upload",
        "def index(file): return '%s %s %r' % (file.filename, file.name, file.file.read())",
        post("/m", UPLOAD, MULTIPART),
    ),
    published(
        "form-of-the-request",
        "def index(req): return repr([(f.name, str(f.value)) for f in req.form.list])",
        *gets("/m?first=1&second=", "/m", "/m?first=%C3%A4;second=2"),
    ),
    published(
        "redirect",
        "from mod_python import util as _util\n"
        "def index(req, where='/there'): _util.redirect(req, where, text='gone')",
        *gets("/m", "/m?where=http://other.test/"),
    ),
    published(
        "server-return",
        "from mod_python import apache as _apache\n"
        "def index(code): raise _apache.SERVER_RETURN(int(code))\ndef done(req):\n    req.write('written')\n"
        "    raise _apache.SERVER_RETURN(_apache.DONE)",
        *gets("/m?code=403", "/m?code=404", "/m?code=503", "/m/done"),
    ),
    published(
        "session",
        "from mod_python import Session as _Session\ndef index(req):\n    s = _Session.MemorySession(req)\n"
        "    s['n'] = s.get('n', 0) + 1\n    s.save()\n    return 'visit %d' % s['n']",
        *gets("/m", "/m", "/m"),
        cookies=True,
        masks=[SESSION_COOKIE],
    ),
    published(
        "page-as-a-result",
        "from mod_python import psp as _psp\n"
        "def text(req): return str(_psp.PSP(req, string=b'<p><%= 1 %></p>')) + 'tail'",
        *gets("/m/text"),
    ),
    published(
        "page-with-the-functions-form",
        "from mod_python import psp as _psp\ndef index(req):\n    form = req.form\n"
        "    str(_psp.PSP(req, string=b'<%= form is req.form %> <%= sorted(form.keys()) %>'))\n"
        "    return ' %s' % (req.form is form)",
        *gets("/m?long=value&other="),
    ),
    published(
        "state",
        "seen = []\ndef index():\n    seen.append(1)\n    return len(seen)",
        *gets("/m", "/m", "/m", "/m/seen"),
    ),
    published("kinds-of-objects", KINDS, *gets(*(f"/m/{path}" for path in PATHS.split()))),
    published(
        "values-and-bodies",
        "text, number = 't', 5\ndef index(req, long='none'): return '%s %s' % (long, req.method)",
        post("/m/text", "{}", "Content-Type: application/json"),
        post("/m/number", "long=1", URLENCODED),
        post("/m", "long=1", "Content-Type: text/plain"),
        post("/m?long=query", "", URLENCODED),
    ),
    published(
        "methods-refused", "def index(): return 'x'", *(ask(word, "/m") for word in ("PATCH", "put", "LINK"))
    ),
    published(
        "is-no-package",
        "import pickle as _pickle, sys as _sys\ntry:\n    from . import other\n"
        "except ImportError:\n    other = 0\n"
        "class Own: pass\ndef index():\n    try:\n        _pickle.dumps(Own())\n"
        "    except _pickle.PicklingError:\n        return '%s %s' % (other, __name__ in _sys.modules)",
        get("/m"),
    ),
    Case(
        "published-module-beside",
        gets("/m", "/sub/m"),
        CONFIG,
        files={
            "m.py": "import published_beside as _b\ndef index(): return _b.word",
            "sub/m.py": "import published_beside as _b\ndef index(): return _b.word",
            "published_beside.py": "word = 'beside'",
        },
    ),
    published(
        "html-or-text",
        "".join(f"def {name}(): return {result}\n" for name, result in ENDINGS.items()),
        *gets(*(f"/m/{name}" for name in ENDINGS)),
    ),
    published(
        "leaving",
        "from mod_python import apache as _apache, util as _util\n"
        "def index(req):\n    try:\n        _util.redirect(req, '/x')\n"
        "    except Exception as error:\n        return 'caught %s' % (error.args,)\n"
        "def status(): return _apache.HTTP_FORBIDDEN\n"
        "def ok(): raise _apache.SERVER_RETURN(_apache.OK)\n"
        "def declined(): raise _apache.SERVER_RETURN(_apache.DECLINED)",
        *gets("/m", "/m/status", "/m/ok", "/m/declined"),
    ),
    published(
        "access-rules",
        "def free(): return 'free'\n"
        + "".join(
            f"class C{n}:\n    __access__ = {rule}\n    x = 'x'\nc{n} = C{n}()\n"
            for n, rule in enumerate(ACCESS)
        ),
        *gets("/m/free", *(f"/m/c{n}/x" for n in range(len(ACCESS)))),
    ),
    published(
        "defaults",
        "def index(first, second='2', *rest, third='3'):\n"
        "    return '%r %r %s %r' % (first, second, rest, third)",
        *gets("/m?first=1", "/m?first=1&second=x&third=y&rest=z", "/m?first=1&first=2", "/m"),
    ),
    published(
        "req-in-any-place",
        "def last(name, req): return '%s %s' % (name, req.method)\ndef none(): return 'no arguments'\n"
        "def all(req, **kw): return '%s %s' % (req.method, sorted(kw))",
        *gets("/m/last?name=x", "/m/none?name=x", "/m/all?name=x&other=y"),
    ),
    published(
        "empty-realm",
        "__auth_realm__ = ''\nclass C:\n    def __auth__(self, *known): return 0\n    x = 'x'\nc = C()",
        *gets("/m/c/x", "/m/c"),
    ),
    Case(
        "published-hidden-name-in-a-guarded-index",
        gets("/_name", "/_name/x", "/open/_name", "/none/_name"),
        CONFIG,
        files={
            "index.py": "__auth_realm__ = 'all'\ndef __auth__(req, user, passwd): return 0\n",
            "open/index.py": "_name = 'hidden'\n",
            "none/": "",
        },
    ),
    published("error", "def index(): return 1 / 0", get("/m"), log=["ZeroDivisionError"]),
    published("broken-module", "def index(: pass", get("/m"), log=["SyntaxError"]),
    published(
        "import-error", "import no_such_module\ndef index(): return 1", get("/m"), log=["No module named"]
    ),
    published(
        "named-as-its-path",
        "def index(): return '%s %s' % (__name__.endswith('_m_py'), __file__.rsplit('/', 1)[1])",
        get("/m"),
    ),
    published(
        "html",
        "page = '<html>constant</html>'\ndef index(): return '<p>' * 50 + '</html >\\n \\n'",
        *gets("/m", "/m/page"),
    ),
    published(
        "objects-with-state",
        "class Counter:\n    def __init__(self): self.n = 0\n    def up(self, steps='1'):\n"
        "        self.n += int(steps)\n        return self.n\ncounter = Counter()",
        *gets("/m/counter/up", "/m/counter/up?steps=5", "/m/counter/n", "/m/counter.n"),
    ),
    published(
        "written-and-returned",
        "def index(req):\n    req.write('a')\n    req.write('b', 0)\n    return 'c'",
        get("/m"),
    ),
    Case(
        "published-nothing",
        [get("/m")],
        f"PythonDebug On\n{CONFIG}",
        files={"m.py": "def index(): return None"},
        log=[
            r"\[:notice\] .* Publisher loading page .*/m\.py$",
            r"\[:error\] .* mod_python\.publisher: nothing to publish\.$",
        ],
    ),
    published("head", "def index(): return 'x' * 100", get("/m"), post("/m", "", URLENCODED)),
    published(
        "location-header",
        "def index(req):\n    req.headers_out['location'] = '/x'\n    req.status = 303\n    return ''",
        get("/m"),
    ),
]
