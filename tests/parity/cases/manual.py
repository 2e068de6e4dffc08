"""What mod_python's manual shows, section by section, in handlers of our own that do the same."""

from __future__ import annotations

from tests.parity.runner.case import SESSION_COOKIE, Case, Expect, Request, basic, get, post
from tests.parity.runner.shows import shows

URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=BB"
PLACE = '<Directory "@ROOT@">\n%s\n</Directory>\n'
PUBLISHED = PLACE % "SetHandler mod_python\nPythonHandler mod_python.publisher"
EVERY_PY = PLACE % "AddHandler mod_python .py\nPythonHandler @M@\n@MORE@PythonDebug On"
PAGES = "AddHandler mod_python .psp .psp_\nPythonHandler mod_python.psp\nPythonDebug On\n"

LETTER = """\
SENT = []
WEBMASTER = 'webmaster'
def _deliver(sender, to, text):
    SENT.append((sender, to, text))
def email(req, name, email, comment):
    if not (name and email and comment):
        return 'something is missing'
    _deliver(email, [WEBMASTER], 'From: %s\\n\\n%s\\n\\n%s\\n' % (email, comment, name))
    return '<html>\\nDear %s, it is on its way.\\n</html>' % name
def seen():
    return repr(SENT)
"""
LETTER_PAGE = '<html><form action="letter.py/email" method="POST"><input name="name"></form></html>'

HELLO = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    req.write('Hello, world')
    return apache.OK
def spam(req):
    req.write('spam')
    return apache.OK
def authenhandler(req):
    password = req.get_basic_auth_pw()
    if req.user == 'spam' and password == 'eggs':
        return apache.OK
    return apache.HTTP_UNAUTHORIZED
"""
BASIC = """PythonAuthenHandler @M@
AuthType Basic
AuthName "Restricted Area"
AuthBasicAuthoritative Off
require valid-user
"""

OWN_404 = """
from mod_python import apache
def handler(req):
    if req.filename.endswith('server-error.html'):
        return apache.HTTP_NOT_FOUND
    if req.filename.endswith('own-error.html'):
        req.status = apache.HTTP_NOT_FOUND
        text = 'not here'
    else:
        with open(req.filename) as file:
            text = file.read()
    req.write(text)
    return apache.OK
def accesshandler(req):
    if req.args == 'done':
        req.status = 404
        req.write('own page of another phase')
        return apache.DONE
    return apache.OK
"""

GUARDED = """\
__auth_realm__ = 'Members only'
def __auth__(req, user, passwd):
    return (user, passwd) in (('eggs', 'spam'), ('joe', 'eoj'))
def __access__(req, user):
    return user == 'eggs'
def hello(req):
    return 'hello'
"""
LISTED = """\
__auth_realm__ = 'Members only'
__auth__ = {'eggs': 'spam', 'joe': 'eoj'}
__access__ = ['eggs']
def hello(req):
    return 'hello'
"""
INSIDE = """\
def sensitive(req):
    def __auth__(req, user, password):
        return user == 'spam' and password == 'eggs'
    return 'sensitive'
def closed(req):
    __access__ = 0
    return 'closed'
"""

SITE = """
def application(environ, start_response):
    output = 'Hello, %s|%s' % (environ['SCRIPT_NAME'], environ.get('PATH_INFO', ''))
    headers = [('Content-Type', 'text/plain'), ('Content-Length', str(len(output)))]
    start_response('200 OK', headers)
    return [output]
another = application
"""
WSGI = "SetHandler mod_python\nPythonHandler mod_python.wsgi\nPythonPath \"sys.path+['@ROOT@/lib']\"\n"

UPLOAD = '--BB\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncontent\r\n--BB--\r\n'
STORAGE = """
from mod_python import apache, util
import io, os, tempfile
PLACE = tempfile.mkdtemp()
CLOSED = []
class Storage(io.FileIO):
    def __init__(self, directory, advised):
        self.advised = advised
        self.real = os.path.join(directory, 'upload')
        super().__init__(self.real, 'w+b')
    def close(self):
        if not self.closed:
            super().close()
            os.remove(self.real)
            CLOSED.append(self.advised)
class Factory:
    def __init__(self, directory):
        self.directory = directory
    def create(self, advised):
        return Storage(self.directory, advised)
def handler(req):
    form = util.FieldStorage(req, keep_blank_values=True, file_callback=Factory(PLACE).create)
    file = form['file'].file
    req.write('%s %s %s %r ' % (type(file).__name__, file.advised, os.path.exists(file.real), file.read()), 0)
    del file, form
    req.write('%s %s' % (CLOSED, os.listdir(PLACE)), 0)
    return apache.OK
"""

EGGS = """
from mod_python import apache, Cookie
import time
def handler(req):
    cookie = Cookie.Cookie('eggs', 'spam')
    cookie.expires = time.time() + 300
    Cookie.add_cookie(req, cookie)
    Cookie.add_cookie(req, 'more', 'spam', expires=time.time() + 300)
    req.write('there is a cookie\\n')
    return apache.OK
"""
FOUND = """
from mod_python import apache, Cookie
def handler(req):
    cookies = Cookie.get_cookies(req, Cookie.MarshalCookie, secret='secret007')
    if 'spam' in cookies:
        cookie = cookies['spam']
        req.write('%s %s' % (type(cookie).__name__, cookie.value), 0)
    else:
        value = {'egg_count': 32, 'color': 'white'}
        Cookie.add_cookie(req, Cookie.MarshalCookie('spam', value, 'secret007'))
        req.write('set', 0)
    return apache.OK
"""
HITS = """
from mod_python import apache, Session, util
def handler(req):
    session = Session.Session(req)
    if req.args == 'login' and session.is_new():
        util.redirect(req, '/login')
    try:
        session['hits'] += 1
    except KeyError:
        session['hits'] = 1
    session.save()
    req.content_type = 'text/plain'
    req.write('Hits: %d\\n' % session['hits'])
    return apache.OK
"""


def every_py(name: str, *requests: Request, more: str = "", **details: object) -> Case:
    """Return a case with the tutorial's directory, in which any `.py` file is the handler's."""
    details.setdefault("source", HELLO)
    return Case(f"manual-{name}", requests, EVERY_PY.replace("@MORE@", more), **details)  # type: ignore[arg-type]


def members(name: str, source: str, *asked: tuple[str, int], path: str = "/m/hello") -> Case:
    """Return a case of a guarded module: who asks (user:password), and the status that olexd answers with."""
    return Case(
        f"manual-{name}",
        [get(path, basic(*who.split(":"))) for who, _ in asked],
        PUBLISHED,
        files={"m.py": source},
        differs="credentials are understood",
        olexd=[Expect(status) for _, status in asked],
    )


CASES = [
    # Tutorial
    Case(
        "manual-letter",
        [
            get("/letter.html"),
            get("/letter.py/email?name=Jo&email=a@b&comment=fine"),
            get("/letter.py/email?name=Jo&email=&comment=fine"),
            get("/letter.py/email?name=Jo"),
            get("/letter.py/seen"),
            get("/letter.py/_deliver"),
        ],
        "AddHandler mod_python .py\nPythonHandler mod_python.publisher\nPythonDebug On\n",
        files={"letter.html": LETTER_PAGE, "letter.py": LETTER},
        masks=[(r"(?s)Traceback.*?(TypeError: [^\n]*).*", r"\1")],
        log=["missing 2 required positional arguments: 'email' and 'comment'"],
    ),
    Case(
        "manual-letter-posted",
        [post("/letter.py/email", "name=Jo&email=a%40b&comment=fine", URLENCODED), get("/letter.py/seen")],
        "AddHandler mod_python .py\nPythonHandler mod_python.publisher\n",
        files={"letter.html": LETTER_PAGE, "letter.py": LETTER},
        differs="fields of a posted form reach the published function",
        olexd=[Expect(200, {"content-type": "text/html"}, ".*Dear Jo.*"), Expect(200, {}, ".*a@b.*fine.*")],
    ),
    every_py(
        "any-file",
        *map(get, ("/script.py", "/other.py", "/none.txt", "/sub/x.py", "/plain.txt")),
        files={"plain.txt": "plain", "sub/y": ""},
    ),
    Case(
        "manual-other-function",
        [get("/x.py")],
        PLACE % "AddHandler mod_python .py\nPythonHandler @M@::spam",
        source=HELLO,
    ),
    Case(
        "manual-handler-beside-its-directive",
        [get("/x.py"), get("/below/x.py")],
        PLACE % "AddHandler mod_python .py\nPythonHandler manual_beside"
        + PLACE.replace("@ROOT@", "@ROOT@/below") % "PythonHandler package.manual_inside",
        files={
            "manual_beside.py": HELLO,
            "below/package/__init__.py": "",
            "below/package/manual_inside.py": HELLO.replace("Hello, world", "from a package"),
        },
    ),
    every_py(
        "authentication",
        *(get("/x.py", *who) for who in ((), (basic("spam", "eggs"),), (basic("spam", "x"),))),
        get("/plain.txt", basic("spam", "eggs")),
        get("/plain.txt"),
        more=BASIC,
        files={"plain.txt": "plain"},
    ),
    Case(
        "manual-own-404",
        [*map(get, ("/server-error.html", "/own-error.html", "/page.html", "/page.html?done"))],
        PLACE % "SetHandler mod_python\nPythonHandler @M@\nPythonAccessHandler @M@",
        source=OWN_404,
        files={"page.html": "a page", "own-error.html": "", "server-error.html": ""},
    ),
    # Publisher
    Case(
        "manual-publisher",
        [
            *map(
                get, ("/hello.py/say", "/hello.py/say?what=hello", "/index/index", "/index/", "/index/hello")
            ),
            *map(
                get,
                (
                    "/hello",
                    "/spam",
                    "/hello/say?what=again&other=x",
                    "/hello.py/all?longer=value&other=value",
                ),
            ),
        ],
        PUBLISHED,
        files={
            "hello.py": "def say(req, what='nothing'):\n    return 'I say %s' % what\n"
            "def all(**kw):\n    return ' '.join(sorted(kw))\n",
            "index.py": "def index(req):\n    return 'in index'\ndef hello(req):\n    return 'in hello'\n",
        },
    ),
    members("members", GUARDED, ("eggs:spam", 200), ("joe:eoj", 403), ("eggs:x", 401), ("eve:x", 401)),
    members("members-listed", LISTED, ("eggs:spam", 200), ("joe:eoj", 403), ("eggs:x", 401)),
    members("members-inside", INSIDE, ("spam:eggs", 200), ("spam:x", 401), path="/m/sensitive"),
    Case(
        "manual-members-unknown",
        [get("/guarded/hello"), get("/listed/hello"), get("/inside/sensitive"), get("/inside/closed")],
        PUBLISHED,
        files={"guarded.py": GUARDED, "listed.py": LISTED, "inside.py": INSIDE},
    ),
    # WSGI
    Case(
        "manual-wsgi",
        [get("/hello"), get("/apps/hello"), get("/apps"), get("/other/x")],
        PLACE % f"{WSGI}PythonOption mod_python.wsgi.application manual_site.wsgi"
        + f"<Location /apps>\n{WSGI}PythonOption mod_python.wsgi.application manual_site.wsgi\n</Location>\n"
        + f"<Location /other/>\n{WSGI}PythonOption mod_python.wsgi.application manual_site.wsgi::another\n"
        "PythonOption mod_python.wsgi.base_uri /other/x\n</Location>",
        files={"lib/manual_site/__init__.py": "", "lib/manual_site/wsgi.py": SITE},
        masks=[(r"\n(Content-Length|Transfer-Encoding): [^\n]*", "")],
    ),
    # PSP and CGI
    Case(
        "manual-pages",
        [*map(get, ("/time.psp", "/indent.psp", "/colon.psp", "/away.psp_", "/include.psp", "/time.psp_"))],
        PAGES,
        files={
            "time.psp": "<html>\n<%\nimport time\n%>\nIt is <%=time.strftime('%%', (0,) * 9)%>\n</html>\n",
            "indent.psp": "<%\nfor n in range(3):\n    # on\n%>\n<p>three\ntimes\n<%\n# off\n%>\nonce\n",
            "colon.psp": "<%\nfor n in range(3):\n%>\n<p>three\ntimes\n<%\n%>\nonce\n",
            "away.psp": "<%\n\npsp.redirect('http://other.test')\n%>\n",
            "include.psp": '<%@ include file="part.txt"%>',
            "part.txt": "<b>part</b>",
        },
    ),
    Case(
        "manual-page-redirects",
        [get("/away.psp")],
        PAGES,
        files={"away.psp": "<%\n\n# nothing comes before this\npsp.redirect('http://other.test')\n%>\n"},
        differs="a redirect ends the page, as it should",
        olexd=[Expect(302, {"location": "http://other.test"}, "(?s)<p>.*here</a></p>\n")],
    ),
    Case(
        "manual-template",
        [get("/x.html")],
        PLACE % "SetHandler mod_python\nPythonHandler @M@",
        files={"template.html": "<html>\n<h1>Hello, <%=what%>!</h1>\n</html>\n", "x.html": ""},
        handler="from mod_python import psp\npsp.PSP(req, filename='template.html').run({'what': 'world'})",
    ),
    Case(
        "manual-cgi-in-htaccess",
        [get("/t.py?x=1")],
        "PythonInterpreter cgi\n" + PLACE % "AllowOverride All",
        files={
            ".htaccess": "SetHandler mod_python\nPythonHandler mod_python.cgihandler\n",
            "t.py": "import os\nprint('Content-Type: text/plain\\n')\nprint(os.environ['QUERY_STRING'])\n",
        },
        own_interpreter=True,
    ),
    # util
    Case(
        "manual-upload-places",
        [post("/", UPLOAD, MULTIPART)],
        source=STORAGE,
    ),
    shows(
        "manual-form-kept",
        "first(req) is first(req)",
        "first(req).getfirst('long').value",
        setup="def first(req):\n    if not hasattr(req, 'form'):\n        req.form = util.FieldStorage(req)\n"
        "    return req.form",
        requests=[get("/?long=value")],
    ),
    # Cookie
    Case(
        "manual-cookie",
        [get("/")],
        source=EGGS,
        masks=[(r"expires=\w{3}, \d\d-\w{3}-\d{4} [\d:]{8} GMT", "expires=SOON")],
    ),
    Case(
        "manual-marshal-cookie",
        [get("/"), get("/")],
        source=FOUND,
        cookies=True,
        differs="marshalled cookies work",
        olexd=[
            Expect(200, {"set-cookie": "spam=[0-9a-f]{32}[\\w+/=]+"}, "set"),
            Expect(200, {}, "MarshalCookie {'egg_count': 32, 'color': 'white'}"),
        ],
    ),
    Case(
        "manual-marshal-cookie-forged",
        [get("/", "Cookie: spam=" + "0" * 32 + "forged")],
        source=FOUND,
        differs="marshalled cookies work",
        olexd=[Expect(200, {}, "Cookie 0{32}forged")],
    ),
    shows(
        "manual-cookie-parsed",
        "sorted(jar)",
        "jar['spam'].value, jar['expires'].value",
        "str(Cookie.Cookie('spam', 'eggs', expires=0))",
        setup="jar = Cookie.Cookie.parse('spam=eggs; expires=Sat, 14-Jun-2003 02:42:36 GMT')",
    ),
    # Session
    Case(
        "manual-hits",
        [get("/"), get("/"), get("/"), get("/?login")],
        source=HITS,
        cookies=True,
        masks=[SESSION_COOKIE],
    ),
    Case("manual-login", [get("/?login")], source=HITS, masks=[SESSION_COOKIE]),
]
