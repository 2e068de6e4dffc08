"""Published functions at work: forms and uploads, redirects, statuses, sessions, pages, state, text."""

from __future__ import annotations

from tests.parity.cases.publisher import CONFIG, gets
from tests.parity.runner.case import SESSION_COOKIE, Case, get, post

URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=BB"
UPLOAD = '--BB\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\ncontent\r\n--BB--\r\n'


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
        "state",
        "seen = []\ndef index():\n    seen.append(1)\n    return len(seen)",
        *gets("/m", "/m", "/m", "/m/seen"),
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
