"""Error pages, targets of internal redirects, parts of pages: when they are checked again, and as whom."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha1

from tests.parity.runner.case import Case, Expect, Request, basic, get

SOURCE = """
import base64
from mod_python import apache

def note(req):
    notes = req.connection.notes
    notes['calls'] = notes.get('calls', '') + ' %s:%s' % (req.phase[6:-7], req.uri)

def parser(req):
    note(req)
    return 403 if 'no-parser' in req.unparsed_uri and not req.prev else apache.OK

def access(req):
    note(req)
    return 403 if 'no-access' in req.unparsed_uri or 'secret' in req.uri else apache.OK

def authen(req):
    note(req)
    sent = req.headers_in.get('Authorization')
    if sent is None:
        return 401
    req.user, password = base64.b64decode(sent[6:]).decode().split(':')
    return apache.OK if password == 'right' else 401

def authz(req):
    note(req)
    return 403 if 'no-authz' in req.unparsed_uri else apache.OK

def handler(req):
    query = req.args or ''
    if query.startswith('to=') and not req.prev:
        req.internal_redirect(query[3:])
        return apache.OK
    if 'give' in req.uri:
        return int(req.uri[-3:])
    calls = req.connection.notes.get('calls')
    before = req.prev and (req.prev.uri, req.prev.user)
    req.content_type = 'text/plain'
    req.write('%s user=%r type=%r before=%r%s' % (req.uri, req.user, req.ap_auth_type, before, calls), 0)
    return apache.OK
"""

DOCUMENTS = "".join(f"ErrorDocument {status} /error?{status}\n" for status in (401, 403, 404, 503))
HANDLED = "SetHandler mod_python\nPythonHandler @M@\n"
ACCESS = "PythonAccessHandler @M@::access\n"
PARSER = "PythonHeaderParserHandler @M@::parser\n"
LOGIN = (
    "AuthType Own\nAuthName x\nRequire valid-user\n"
    "PythonAuthenHandler @M@::authen\nPythonAuthzHandler @M@::authz\n"
)
GUARDED = HANDLED + ACCESS + LOGIN
MORE = "PythonOption more settings\n"
IN_DIRECTORY = '<Directory "@ROOT@">\n%s</Directory>\n'

RIGHT, WRONG = basic("joe", "right"), basic("joe", "wrong")
REFUSED = [
    get("/a"),
    get("/a", WRONG),
    get("/a?no-access"),
    get("/a?no-access", RIGHT),
    get("/a?no-authz", RIGHT),
]
FAILED = [get("/give404", RIGHT), get("/give503", RIGHT), get("/none/give404", RIGHT)]
REDIRECTED = [
    get(f"{path}?to={target}", RIGHT)
    for path, target in (
        ("/a", "/b"), ("/a", "/b?no-access"), ("/a", "/secret"), ("/a", "/none"), ("/a", "/b/info"),
        ("/a", "/sub/x"), ("/a", "/sub"), ("/sub/x", "/sub/y"), ("/sub/x", "/a"), ("/none", "/a"),
        ("/a/info", "/b"),
    )
]  # fmt: skip
FILES = {name: name for name in ("a", "b", "error", "secret", "give404", "give503", "sub/x", "sub/y")}


def case(
    name: str, config: str, requests: Sequence[Request] = (*REFUSED, *FAILED, *REDIRECTED), **more: object
) -> Case:
    """A case with error pages and guards."""
    files = {**FILES, **more.pop("files", {})}  # type: ignore[dict-item]
    return Case(f"follower-{name}", requests, DOCUMENTS + config, source=SOURCE, files=files, **more)  # type: ignore[arg-type]


CASES = [
    case("in-directory", IN_DIRECTORY % GUARDED),
    case(
        "in-htaccess",
        IN_DIRECTORY % "AllowOverride All\n",
        files={".htaccess": GUARDED, "sub/.htaccess": MORE},
    ),
    case("in-location", f"<Location />\n{GUARDED}</Location>\n"),
    case(
        "in-server",
        HANDLED + ACCESS,
        [get("/a?no-access"), get("/give404"), get("/a?to=/b"), get("/none?to=/a")],
    ),
    case(
        "elsewhere-in-server",
        HANDLED + ACCESS,
        [get("/a?to=/sub/x"), get("/sub/x?no-access")],
        differs="guards of a whole server look at every target that lies elsewhere",
        olexd=[
            Expect(200, {}, r".* Access:/a Access:/sub/x"),
            Expect(403, {}, r".* Access:/sub/x Access:/error"),
        ],
    ),
    case("with-files", IN_DIRECTORY % GUARDED + f"<FilesMatch secret|error>\n{MORE}</FilesMatch>\n"),
    case("with-files-of-both", IN_DIRECTORY % GUARDED + f'<Files "*">\n{MORE}</Files>\n'),
    case("with-location", IN_DIRECTORY % GUARDED + f"<Location /error>\n{MORE}</Location>\n"),
    case("with-location-of-both", IN_DIRECTORY % GUARDED + f"<Location />\n{MORE}</Location>\n"),
    case("with-if", IN_DIRECTORY % GUARDED + f'<If "%{{REQUEST_URI}} =~ m#error|secret#">\n{MORE}</If>\n'),
    case("with-if-of-both", IN_DIRECTORY % GUARDED + f'<If "true">\n{MORE}</If>\n'),
    case("with-if-inside", IN_DIRECTORY % (GUARDED + f'<If "true">\n{MORE}</If>\n')),
    case(
        "with-inner-directory",
        IN_DIRECTORY % GUARDED + f'<Directory "@ROOT@/sub">\n{MORE}</Directory>\n',
    ),
    case(
        "static-error-page",
        IN_DIRECTORY % "Require all denied\n",
        [get("/a"), get("/error"), get("/none")],
    ),
    case(
        "after-early-refusal",
        IN_DIRECTORY % (GUARDED + PARSER),
        [get("/a?no-parser"), get("/a?no-parser", RIGHT)],
        differs="no guard has looked at a request that is refused before them: its error page is checked",
        olexd=[
            Expect(403, {}, r"[\s\S]*may not see this page[\s\S]*ended in 401[\s\S]*"),
            Expect(403, {}, r".* HeaderParser:/error Access:/error Authen:/error Authz:/error"),
        ],
    ),
    case(
        "by-pattern",
        IN_DIRECTORY % (HANDLED + ACCESS) + f'<DirectoryMatch "secret">\n{MORE}</DirectoryMatch>\n',
        [get("/a?to=/b"), get("/a?to=/secret")],
        differs="what a DirectoryMatch says of the target alone counts: it is checked",
        olexd=[
            Expect(200, {}, r"/b .* Access:/a"),
            Expect(403, {}, r"/error .* Access:/a Access:/secret Access:/error"),
        ],
    ),
    case(
        "included",
        "AddOutputFilter INCLUDES .shtml\n" + IN_DIRECTORY % (ACCESS + "Options +Includes\n"),
        [get("/p.shtml")],
        files={
            "p.shtml": '<!--#config errmsg="refused" --><!--#include virtual="/b" --> '
            '<!--#include virtual="/secret" --> <!--#include virtual="/sub/x" -->'
        },
        differs="what a page includes is checked, wherever it lies",
        olexd=[Expect(200, {}, r"b refused sub/x")],
    ),
]


def accounts(name: str) -> str:
    """Return a file of users with one name, whose password is `right`."""
    return f"{name}:{{SHA}}{b64encode(sha1(b'right').digest()).decode()}\n"


def guarded_by(folder: str, users: str) -> str:
    """Return a section that lets in whom a file of users knows."""
    return f"""
    <Directory "@ROOT@/{folder}">
        AuthType Basic
        AuthName "{folder}"
        AuthUserFile "@ROOT@/{users}"
        Require valid-user
        Options +Includes +Indexes
        AddOutputFilter INCLUDES .shtml
    </Directory>
    """


FILES_OF_OTHERS = {
    "ann-bob.users": accounts("ann") + accounts("bob"),
    "bob.users": accounts("bob"),
    "a/p.shtml": '<!--#include virtual="/b/x.html" --><!--#fsize virtual="/b/x.html" -->',
    "a/dir/": "",
    "b/x.html": "for bob",
}
OWN_USER = """
from mod_python import apache

def parser(req):
    req.user, req.ap_auth_type = 'joe', 'Own'
    return apache.OK

def authen(req):
    req.get_basic_auth_pw()
    return apache.OK

def handler(req):
    req.content_type = 'text/plain'
    req.write('%s %s %s' % (req.uri, req.user, req.ap_auth_type))
    return apache.OK
"""
LOGIN_BY_HANDLER = (
    "AuthType Basic\nAuthName x\nAuthBasicAuthoritative Off\nRequire valid-user\n"
    "PythonAuthenHandler @M@::authen\n"
)

CASES += [
    Case(
        "follower-part-of-others",
        [get("/a/p.shtml", basic(user, "right")) for user in ("ann", "bob", "cid")],
        guarded_by("a", "ann-bob.users") + guarded_by("b", "bob.users"),
        files=FILES_OF_OTHERS,
    ),
    Case(
        "follower-index-of-others",
        [get("/a/dir/", basic(user, "right")) for user in ("ann", "bob", "cid")],
        guarded_by("a", "ann-bob.users") + guarded_by("b", "bob.users") + "DirectoryIndex /b/x.html\n",
        files=FILES_OF_OTHERS,
    ),
    *(
        Case(
            f"follower-own-user{name}",
            [get("/"), get("/", RIGHT), get("/page"), get("/dir/"), get("/dir/", RIGHT)],
            IN_DIRECTORY % (HANDLED + PARSER + login),
            source=OWN_USER,
            files={"page": "", "dir/index.html": ""},
        )
        for name, login in (("", ""), ("-guarded", LOGIN_BY_HANDLER))
    ),
]
