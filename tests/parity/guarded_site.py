"""The site that random guards are put around: every file and every handler has a mark of its own."""

from __future__ import annotations

HANDLERS = """
from mod_python import apache, util

def mark(req, what):
    req.content_type = 'text/html'
    req.write('SECRET-%s-of-%s user=USER-%s' % (what, req.uri.strip('/').replace('/', '.'), req.user), 0)
    return apache.OK

def handler(req):
    if req.args and req.args.startswith('to=') and not req.prev:
        req.internal_redirect(req.args[3:])
        return apache.OK
    return mark(req, 'handler')

def shows_some(req):
    return mark(req, 'some') if req.uri.endswith('x.txt') else apache.DECLINED

def sends_beside(req):
    return apache.DECLINED

def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    text = 'SECRET-wsgi-of-%s USER-%s' % (environ.get('PATH_INFO'), environ.get('REMOTE_USER'))
    return [text.encode('latin-1')]

PASSWORDS = {'carl': 'pc', 'alice': 'third'}

def checks(req):
    password = req.get_basic_auth_pw()
    return apache.OK if req.user and PASSWORDS.get(req.user) == password else apache.HTTP_UNAUTHORIZED

def claims(req):
    req.get_basic_auth_pw()
    return apache.DECLINED

def claims_and_passes(req):
    req.get_basic_auth_pw()
    return apache.OK

def makes_alice(req):
    req.user = 'alice'
    return apache.OK

def makes_alice_and_declines(req):
    req.user = 'alice'
    return apache.DECLINED

def alice_alone(req):
    return apache.OK if req.user == 'alice' else apache.HTTP_FORBIDDEN

def needs_header(req):
    return apache.OK if req.headers_in.get('X-A') == '1' else apache.HTTP_FORBIDDEN

def no_secrets(req):
    return apache.HTTP_FORBIDDEN if 'secret' in (req.filename or '') else apache.OK

def main_only(req):
    return apache.HTTP_FORBIDDEN if req.main or req.prev else apache.OK

def passes(req): return apache.OK
def declines(req): return apache.DECLINED
def refuses(req): return apache.HTTP_FORBIDDEN
def asks(req): return apache.HTTP_UNAUTHORIZED
def done(req): return apache.DONE
def says_200(req): return 200
def says_302(req): return 302
def says_404(req): return 404
def says_minus(req): return -7
def nothing(req): return None
def fails(req): raise ValueError('failed')
def stops(req): raise apache.SERVER_RETURN(apache.HTTP_FORBIDDEN)
def stops_well(req): raise apache.SERVER_RETURN(apache.OK)
def stops_done(req): raise apache.SERVER_RETURN(apache.DONE)

def moves_file(req):
    if req.headers_in.get('X-Move') and not req.main:
        req.filename = ROOT + req.headers_in['X-Move']
    return apache.DECLINED

def moves_uri(req):
    if req.headers_in.get('X-Go') and not req.main:
        req.uri = req.headers_in['X-Go']
    return apache.DECLINED

def fixes_file(req):
    if req.headers_in.get('X-Fix') and not req.main:
        req.filename = ROOT + req.headers_in['X-Fix']
        req.finfo = apache.stat(req.filename, apache.APR_FINFO_MIN)
    return apache.OK

def adds(req):
    req.add_handler('PythonAccessHandler', refuses)
    return apache.OK

def adds_handler(req):
    req.handler = 'mod_python'
    req.add_handler('PythonHandler', handler)
    return apache.OK

def goes_in(req):
    if req.headers_in.get('X-Go') and not req.prev and not req.main:
        req.internal_redirect(req.headers_in['X-Go'])
        return apache.DONE
    return apache.OK

ROOT = '@ROOT@'
"""
PUBLISHED = """
def index(req): return 'SECRET-pub-index'
def open(req): return 'SECRET-pub-open USER-%s' % req.user
_hidden = 'SECRET-pub-hidden'
"""
PAGE = (
    "SECRET-page-%s <!--#include virtual='/c/secret.txt' --> <!--#include file='secret.txt' -->"
    "<!--#include virtual='/a/page.shtml' --> <!--#include virtual='x.txt' -->"
    " SECRET-size-<!--#fsize virtual='/c/secret.txt' --> SECRET-size-<!--#fsize file='secret.txt' -->"
    " USER-<!--#echo var='REMOTE_USER' --> <!--#include virtual='/h/x?to=/c/secret.txt' -->"
    "<!--#include virtual='/d/' --> <!--#include virtual='/a/b/y.html' --> SECRET-end-%s"
)
CGI = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\necho SECRET-cgi-%s USER-$REMOTE_USER\n"
INSIDE = "#!/bin/sh\nprintf 'Location: /c/secret.txt\\r\\n\\r\\n'\n"
FILES = {
    "passwords.a": "alice:{SHA}N5/A1SmacawPFx+7WvsmKCm052U=\n",
    "passwords.b": "bob:{SHA}sfpvEHMc8e1MpXIUOEIhTKV8bRY=\nalice:{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI=\n",
    "groups": "staff: alice carl\nothers: bob\n",
    "x.txt": "SECRET-top",
    "secret.txt": "SECRET-top-secret",
    "page.shtml": PAGE % ("top", "top"),
    "a/x.txt": "SECRET-a-x",
    "a/secret.txt": "SECRET-a-secret",
    "a/page.shtml": "SECRET-a-page USER-<!--#echo var='REMOTE_USER' --> <!--#include virtual='b/y.html' -->"
    "<!--#include virtual='/c/secret.txt' --><!--#include file='x.txt' -->",
    "a/index.html": "SECRET-a-index",
    "a/b/x.txt": "SECRET-b-x",
    "a/b/y.html": "SECRET-b-y",
    "a/b/secret.txt": "SECRET-b-secret",
    "a/b/page.shtml": PAGE % ("b", "b"),
    "c/secret.txt": "SECRET-c-secret",
    "c/x.txt": "SECRET-c-x",
    "c/index.html": "SECRET-c-index",
    "c/page.shtml": PAGE % ("c", "c"),
    "c/deep/secret.txt": "SECRET-deep-secret",
    "d/x.txt": "SECRET-d-x",
    "d/secret.txt": "SECRET-d-secret",
    "d/sub/x.txt": "SECRET-d-sub",
    "h/x": "SECRET-h-file",
    "p/page.psp": "SECRET-psp-<%= req.uri %> USER-<%= req.user %>",
    "p/secret.psp": "SECRET-psp-secret USER-<%= req.user %>",
    "pub/mod.py": PUBLISHED,
    "pub/index.py": PUBLISHED,
    "cgi/run": CGI % "run",
    "cgi/secret": CGI % "secret",
    "cgi/inside": INSIDE,
    "w/x": "SECRET-w-file",
}
LINKS = {
    "d/to-c": "@ROOT@/c",
    "d/to.txt": "@ROOT@/c/secret.txt",
    "a/up": "@ROOT@/",
    "a/b/beside.txt": "secret.txt",
}
FIXED = """
PythonOption olexd.map_locations Off
Options +Includes +ExecCGI
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
<Directory "@ROOT@">
AllowOverride All
Require all granted
</Directory>
<Directory "@ROOT@/h">
SetHandler mod_python
PythonHandler @M@
</Directory>
<Directory "@ROOT@/p">
AddHandler mod_python .psp .psp_
PythonHandler mod_python.psp
PythonDebug On
</Directory>
<Directory "@ROOT@/pub">
SetHandler mod_python
PythonHandler mod_python.publisher
PythonPath "['@DIR@']+sys.path"
</Directory>
<Directory "@ROOT@/w">
SetHandler mod_python
PythonHandler mod_python.wsgi
PythonOption mod_python.wsgi.application @M@::application
</Directory>
ScriptAlias /run/ "@ROOT@/cgi/"
"""
