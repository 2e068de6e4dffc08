"""Cookies and sessions, forms, logging from handlers: what applications see of the toolkit over the wire."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, SESSION_COOKIE, Case, Expect, get, post

COUNTER = """
from mod_python import apache, Session
def handler(req):
    session = Session.Session(req)
    req.content_type = 'text/plain'
    if req.args == 'drop':
        session.invalidate()
        req.write('dropped', 0)
        return apache.OK
    session['n'] = session.get('n', 0) + 1
    session.save()
    seen = (session['n'], session.is_new(), session.timeout(), len(session.id()))
    req.write('%d new=%s timeout=%s id=%d' % seen, 0)
    return apache.OK
"""
KINDS = ("Session", "MemorySession", "DbmSession", "FileSession")
FORM = """
from mod_python import apache, util
def handler(req):
    req.content_type = 'text/plain'
    form = util.FieldStorage(req, keep_blank_values=True)
    for key in sorted(set(form.keys())):
        values = form[key] if isinstance(form[key], list) else [form[key]]
        for value in values:
            seen = (key, str(getattr(value, 'value', value)), value.filename, getattr(value, 'type', None))
            req.write('%s: %r %r %r\\n' % seen, 0)
    req.write('%r %r' % (form.getfirst('alpha'), form.getlist('alpha')), 0)
    return apache.OK
"""
MULTIPART = (
    '--XX\r\nContent-Disposition: form-data; name="alpha"\r\n\r\nfirst\r\n'
    '--XX\r\nContent-Disposition: form-data; name="up"; filename="f.txt"\r\nContent-Type: text/plain\r\n\r\n'
    "line 1\nline 2\r\n\r\n--XX--\r\n"
)
URLENCODED = "Content-Type: application/x-www-form-urlencoded"

PUBLISHER = '<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler mod_python.publisher\n</Directory>'
PUBLISHED = """\
from mod_python import apache
text = 'just text'
def _private(req):
    return 'private'
def index(req):
    return 'the index'
def hello(req, name='nobody'):
    return 'hello %s' % name
def page(req):
    return '<html><body>a page</body></html>'
class Thing:
    def method(self, req):
        return 'a method'
obj = Thing()
"""

CASES = [
    *(
        Case(
            f"session-{kind.lower()}",
            [get("/"), get("/"), get("/"), get("/?drop"), get("/")],
            source=COUNTER.replace("Session.Session", f"Session.{kind}"),
            cookies=True,
            masks=[SESSION_COOKIE],
        )
        for kind in KINDS
    ),
    Case(
        "session-bad-ids",
        [
            get("/", f"Cookie: pysid={value}")
            for value in ("", "x", "../../etc/passwd", "0" * 32, "g" * 32, "0" * 33)
        ],
        source=COUNTER,
        masks=[SESSION_COOKIE],
    ),
    Case(
        "session-cookie-protected",
        [get("/")],
        source=COUNTER,
        differs="a session's cookie is HttpOnly and SameSite=Lax by default",
        olexd=[Expect(200, {"set-cookie": "pysid=[0-9a-f]{32}; path=/; samesite=Lax; httponly"})],
    ),
    Case(
        "session-cookie-name",
        [get("/"), get("/")],
        LOCATION + "PythonOption mod_python.session.cookie_name mine\n"
        "PythonOption mod_python.session.application_path /some\n",
        source=COUNTER,
        cookies=True,
        masks=[SESSION_COOKIE],
    ),
    Case(
        "cookies-in",
        [
            get("/", f"Cookie: {value}")
            for value in ("a=1", "a=1; b=2", 'a="quoted value"; $Path=/', "a", "", "a=1; a=2")
        ]
        + [get("/")],
        source="""
from mod_python import apache, Cookie
def handler(req):
    cookies = Cookie.get_cookies(req)
    req.write(repr(sorted((name, cookie.value) for name, cookie in cookies.items())), 0)
    return apache.OK
""",
    ),
    Case(
        "cookies-out",
        [get("/")],
        source="""
from mod_python import apache, Cookie
def handler(req):
    cookie = Cookie.Cookie('plain', 'value')
    Cookie.add_cookie(req, cookie)
    full = Cookie.Cookie('full', 'v', path='/p', domain='.x.test', secure=1, httponly=1)
    Cookie.add_cookie(req, full)
    Cookie.add_cookie(req, 'short', 'by name', expires=1000000000, comment='c')
    req.write('%s %s' % (cookie, req.headers_out.get('Cache-Control')), 0)
    return apache.OK
""",
    ),
    Case(
        "cookies-max-age",
        [get("/")],
        source="""
from mod_python import apache, Cookie
def handler(req):
    Cookie.add_cookie(req, Cookie.Cookie('a', 'v', max_age=10))
    req.write('x', 0)
    return apache.OK
""",
        differs="the attribute is sent as Max-Age, which browsers know, instead of max_age",
        olexd=[Expect(200, {"set-cookie": "a=v; Max-Age=10"}, "x")],
    ),
    Case(
        "cookies-signed",
        [get("/")],
        source="""
from mod_python import apache, Cookie
def handler(req):
    Cookie.add_cookie(req, Cookie.SignedCookie('signed', 'v', 'secret'))
    req.write('x', 0)
    return apache.OK
""",
        differs="signed cookies fail on Python 3 in mod_python",
        olexd=[Expect(200, {"set-cookie": "signed=.*v.*"}, "x")],
    ),
    Case(
        "forms",
        [
            get("/"),
            get("/?alpha=1&beta=two+words&alpha=%C3%A4&empty="),
            post("/?alpha=query", "", URLENCODED),
            post("/", "alpha=1", "Content-Type: text/plain"),
            post("/", "", URLENCODED),
        ],
        source=FORM,
    ),
    Case(
        "forms-short-names",
        [get("/?a=1&alpha=x")],
        source=FORM,
        differs="a short name and its value are not swapped",
        olexd=[Expect(200, {}, "a: '1'.*alpha: 'x'.*")],
    ),
    Case(
        "forms-posted",
        [
            post("/?alpha=query", "alpha=body&delta=1", URLENCODED),
            post("/", MULTIPART, "Content-Type: multipart/form-data; boundary=XX"),
        ],
        source=FORM,
        differs="names and values of a posted form are str, which also compares with bytes, instead of bytes",
        olexd=[
            Expect(200, {}, "alpha: 'query'.*alpha: 'body'.*delta: '1'.*"),
            Expect(200, {}, "alpha: 'first'.*up: .*f\\.txt.*"),
        ],
    ),
    Case(
        "redirect-utility",
        [get("/?temporary"), get("/?permanent"), get("/?text")],
        source="""
from mod_python import apache, util
def handler(req):
    if req.args == 'text':
        util.redirect(req, '/there', text='go <there>')
    util.redirect(req, 'http://other.test/x?a=b', permanent=req.args == 'permanent')
""",
    ),
    Case(
        "log-levels",
        [get("/")],
        handler="""
        req.log_error('as error')
        req.log_error('as warning', apache.APLOG_WARNING)
        req.log_error('as info', apache.APLOG_INFO)
        req.log_error('with newline\\nand \\x01 and \\xe4')
        req.server.log_error('from server', apache.APLOG_CRIT)
        req.write('logged', 0)
        """,
        log=[
            r"\] \[:error\] \[pid \d+:tid \d+\] \[client 127\.0\.0\.1:\d+\] as error$",
            r"\[:warn\] .* as warning$",
            r"with newline\\nand \\x01 and (\\xc3\\xa4|\u00e4)$",
            r"\[:crit\] \[pid \d+:tid \d+\] from server$",
        ],
    ),
    Case(
        "log-of-referer",
        [get("/", "Referer: http://from.test/")],
        handler="req.log_error('with referer')\nreq.write('x', 0)",
        log=[r"with referer, referer: http://from\.test/$"],
    ),
    Case(
        "log-level-configured",
        [get("/"), get("/quiet")],
        "LogLevel info\n" + LOCATION + "<Location /quiet>\nLogLevel error\n</Location>",
        handler="req.log_error('seen at info %s' % req.uri, apache.APLOG_INFO)\nreq.write('x', 0)",
        log=["seen at info /$"],
    ),
    Case(
        "log-notices",
        [get("/")],
        "LogLevel crit\n" + LOCATION,
        handler="""
        req.log_error('of the request', apache.APLOG_NOTICE)
        req.server.log_error('of the server', apache.APLOG_NOTICE)
        req.write('logged', 0)
        """,
        log=[r"\[:notice\] .* of the request$", r"\[:notice\] .* of the server$"],
    ),
    Case(
        "access-log-formats",
        [
            get("/a?b=c", "Referer: http://r.test/", 'User-Agent: quo"te'),
            get("/none", http="1.0"),
            post("/", "body"),
        ],
        LOCATION + 'ErrorDocument 404 "none"',
        handler="req.headers_out['X-Out'] = 'o'\nreq.notes['n'] = 'note'\nreq.user = 'me'\n"
        "req.write('12345', 0)\n"
        "if req.uri == '/none':\n    return 404",
        access='%a %h %l %u "%r" %s %>s %b %B %U %q %m %H "%{Referer}i" '
        '"%{User-Agent}i" %{X-Out}o %{n}n %v %V %p %f %R '
        "%k %X %{Content-Type}o %% %A %{Content-Length}o",
    ),
    Case(
        "psp",
        [get("/page.psp?x=1"), get("/page.psp"), get("/error.psp"), get("/none.psp")],
        "AddHandler mod_python .psp\nPythonHandler mod_python.psp\n",
        files={
            "page.psp": "<html><%\nfor i in range(3):\n%>\n<b><%= i %></b>\n<%\n# end\n%>\n"
            "<%-- comment --%><%= req.args %> \u00e4</html>",
            "error.psp": "before <% raise ValueError('psp') %> after",
        },
        log=["ValueError: psp"],
    ),
    Case(
        "publisher",
        [
            get(path)
            for path in ("/pub", "/pub/", "/pub/hello", "/pub/hello?name=x", "/pub/obj/method", "/pub/text")
        ]
        + [
            get(path)
            for path in (
                "/pub/_private",
                "/pub/apache",
                "/pub/none",
                "/pub/hello?wrong=1",
                "/pub/page",
                "/pub.py",
            )
        ],
        PUBLISHER,
        files={"pub.py": PUBLISHED},
    ),
    Case(
        "publisher-posted",
        [post("/pub/hello", "name=posted", URLENCODED)],
        PUBLISHER,
        files={"pub.py": PUBLISHED},
        differs="fields of a posted form reach the published function",
        olexd=[Expect(200, {}, "hello posted")],
    ),
]
