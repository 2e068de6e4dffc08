"""The site that introductions to mod_python build: hello, session, PSP page, authentication handler."""

from __future__ import annotations

from tests.parity.runner.case import SESSION_COOKIE, Case, Expect, basic, get, post

SITE = """
<Location /mod_python_article>
    SetHandler mod_python
    PythonHandler @M@
    PythonPath "[r'@DIR@']+sys.path"
</Location>
"""

PUBLISH = '''
from mod_python import apache, Session, psp, util

def publish(req, content, type='text/html'):
    """ Takes the content and writes it to the client. """
    req.content_type = '%s; charset=UTF8' % type
    req.write(content, 0)
'''

LOGIN = """<!-- A page -->
<% req.content_type = 'text/html' %><!DOCTYPE html>
<html><head><title>Session Information - Login</title></head>
<body><%=error%><form method="POST" action="/mod_python_article">
<input name="session_name" value="<%=session_name%>"/></form></body></html>
"""

CASES = [
    Case(
        "article-hello",
        [get("/mod_python_article"), get("/mod_python_article/more?x=1"), get("/elsewhere")],
        SITE,
        source=PUBLISH
        + """
def handler(req):
    publish(req, 'Hello from mod_python!', type='text/plain')
    return apache.OK
""",
    ),
    Case(
        "article-session",
        [get("/mod_python_article"), get("/mod_python_article"), get("/mod_python_article")],
        SITE,
        cookies=True,
        masks=[SESSION_COOKIE],
        source=PUBLISH
        + """
def handler(req):
    session = Session.Session(req)
    if session.is_new():
        visit_token = 'for the first time'
    else:
        visit_token = 'again'
    session.save()
    publish(req, 'Hello, %s, from mod_python!' % visit_token, type='text/plain')
    return apache.OK
""",
    ),
    Case(
        "article-login-template",
        [get("/mod_python_article"), post("/mod_python_article", "session_name=")],
        SITE,
        files={"create_session.tmpl": LOGIN},
        source=PUBLISH
        + """
def handler(req):
    data = {'error': '<p>no name</p>' if req.method == 'POST' else '', 'session_name': ''}
    template = psp.PSP(req, filename='@ROOT@/create_session.tmpl')
    template.run(data)
    return apache.OK
""",
    ),
    Case(
        "article-named-session",
        [
            get("/mod_python_article"),
            post(
                "/mod_python_article",
                "session_name=my+name&create=",
                "Content-Type: application/x-www-form-urlencoded",
            ),
            get("/mod_python_article"),
            get("/mod_python_article?logout=1"),
        ],
        SITE,
        cookies=True,
        differs="the names of a posted form are str: the article's application finds its field",
        olexd=[
            Expect(200, {}, "name: None"),
            Expect(302, {"location": "/mod_python_article"}),
            Expect(200, {}, "name: my name"),
            Expect(200, {}, "gone"),
        ],
        source=PUBLISH
        + """
def handler(req):
    session = Session.Session(req)
    form = util.FieldStorage(req)
    if 'logout' in form:
        session.invalidate()
        publish(req, 'gone')
        return apache.OK
    if 'session_name' in form:
        session['name'] = str(form['session_name'])
        session.save()
        util.redirect(req, '/mod_python_article')
    session.save()
    publish(req, 'name: %s' % session.get('name'))
    return apache.OK
""",
    ),
    Case(
        "article-authen",
        [
            get("/svn/repos/"),
            get("/svn/repos/", basic("joe", "secret")),
            get("/svn/repos/", basic("joe", "wrong")),
            get("/svn/repos/", basic("crash", "x")),
            get("/free"),
        ],
        """
        <Location /svn/repos>
            AuthType Basic
            AuthName "Subversion Repository"
            Require valid-user
            AuthBasicAuthoritative off
            PythonAuthenHandler @M@
            SetHandler mod_python
            PythonHandler @M@
            PythonPath "sys.path+['@DIR@']"
        </Location>
        """,
        log=[r"\[authn\] Failure to authenticate: joe"],
        source=PUBLISH
        + """
def authenhandler(req):
    password = req.get_basic_auth_pw()
    username = req.user
    if username == 'crash':
        try:
            raise KeyError(username)
        except Exception:
            req.log_error('[authn] Unexpected error')
            return apache.HTTP_INTERNAL_SERVER_ERROR
    if password != 'secret':
        req.log_error('[authn] Failure to authenticate: %s' % username)
        return apache.HTTP_UNAUTHORIZED
    return apache.OK

def handler(req):
    publish(req, 'user %s type %s' % (req.user, req.ap_auth_type))
    return apache.OK
""",
    ),
]
