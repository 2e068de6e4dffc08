"""Access control: Require with authentication and authorisation handlers, in many combinations."""

from __future__ import annotations

from itertools import product

from tests.parity.runner.case import Case, basic, get, head, post

HANDLERS = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    seen = (req.user, req.ap_auth_type, req.auth_type(), req.auth_name())
    req.write('user %r type %r auth %r %r' % seen, 0)
    return apache.OK
def ok(req):
    req.user = req.user or 'set'
    return apache.OK
def ok_without_user(req):
    return apache.OK
def password(req):
    pw = req.get_basic_auth_pw()
    return apache.OK if pw == 'secret' else apache.HTTP_UNAUTHORIZED
def declined(req):
    return apache.DECLINED
def unauthorized(req):
    return apache.HTTP_UNAUTHORIZED
def forbidden(req):
    return apache.HTTP_FORBIDDEN
def done(req):
    return apache.DONE
def fails(req):
    raise ValueError('in authentication')
def redirects(req):
    req.headers_out['Location'] = 'http://login.test/'
    return apache.HTTP_MOVED_TEMPORARILY
def challenges(req):
    req.err_headers_out['WWW-Authenticate'] = 'Custom realm="own"'
    return apache.HTTP_UNAUTHORIZED
def sets_user(req):
    req.user = 'from-access'
    return apache.OK
def only_password(req):
    req.write('%r %r' % (req.get_basic_auth_pw(), req.user), 0)
    return apache.OK
"""
REQUESTS = [
    get("/x"),
    get("/x", basic("joe", "secret")),
    get("/x", basic("bob", "wrong")),
    get("/x", basic("j\u00f6", "s:e:c")),
    get("/x", "Authorization: Basic !!!"),
    get("/x", "Authorization: Other abc"),
]
MALFORMED = [
    "",
    "!!!",
    "am9l",
    "am9lOnNlY3JldA",
    "am9lOnNlY3JldA==am9l",
    "am9lO",
    "am9l!Onh4",
    "am9l AnB3",
    "am9lAG86eA==",
]
TYPES = {
    "basic": 'AuthType Basic\nAuthName "a \\"place\\""\nAuthBasicAuthoritative Off\n',
    "basic-authoritative": 'AuthType Basic\nAuthName "a place"\n',
    "private": 'AuthType Private\nAuthName "a place"\n',
    "none": "",
}
REQUIRE = {
    "valid": "Require valid-user",
    "joe": "Require user joe set",
    "two": "Require user x\nRequire user joe",
}
REQUIRE |= {"granted": "Require all granted", "denied": "Require all denied", "nothing": ""}
AUTHEN: tuple[str, ...] = (
    "ok",
    "ok_without_user",
    "password",
    "declined",
    "unauthorized",
    "forbidden",
    "done",
    "fails",
    "redirects",
)
AUTHEN += ("challenges",)


def case(name: str, auth: str, require: str, *handlers: str) -> Case:
    """A case with these lines in a Location and these handler directives."""
    config = f"<Location />\nSetHandler mod_python\nPythonHandler @M@\n{auth}{require}\n"
    config += "".join(
        f"Python{phase}Handler @M@::{name}\n" for phase, name in (h.split("=") for h in handlers)
    )
    return Case(f"access-{name}", REQUESTS, config + "</Location>", source=HANDLERS)


CASES = [
    *(
        case(f"{kind}-{handler}", TYPES[kind], REQUIRE["valid"], f"Authen={handler}")
        for kind, handler in product(("basic", "private", "none"), AUTHEN)
    ),
    *(
        case(f"{kind}-require-{name}", TYPES[kind], line, "Authen=password")
        for kind, (name, line) in product(TYPES, REQUIRE.items())
    ),
    *(
        case(f"authz-{handler}-{name}", TYPES["basic"], REQUIRE[name], "Authen=ok", f"Authz={handler}")
        for handler, name in product(
            ("ok", "declined", "unauthorized", "forbidden", "done", "fails"), ("valid", "two")
        )
    ),
    case("no-handlers", TYPES["basic"], REQUIRE["valid"]),
    case("no-handlers-private", TYPES["private"], REQUIRE["valid"]),
    case("handler-sets-user", "", REQUIRE["valid"], "Access=sets_user"),
    case("handler-refuses-first", TYPES["basic"], REQUIRE["granted"], "Access=forbidden", "Authen=ok"),
    case("handler-unauthorized", TYPES["basic"], REQUIRE["granted"], "Access=unauthorized"),
    case("stacked", TYPES["private"], REQUIRE["valid"], "Authen=declined @M@::ok"),
    Case(
        "access-password-in-handler",
        REQUESTS,
        "<Location />\nSetHandler mod_python\nPythonHandler @M@::only_password\n"
        'AuthType Basic\nAuthName "x"\n'
        "Require all granted\n</Location>",
        source=HANDLERS,
    ),
    Case(
        "access-malformed",
        [
            get(path, f"Authorization: {line}")
            for path in ("/x", "/authen")
            for line in (
                "Basic",
                "basic   am9lOnh4",
                "Basic\tam9lOnh4",
                *(f"Basic {text}" for text in MALFORMED),
            )
        ],
        "<Location />\nSetHandler mod_python\nPythonHandler @M@::only_password\n"
        'AuthType Basic\nAuthName "x"\n</Location>\n'
        "<Location /authen>\nAuthBasicAuthoritative Off\nRequire valid-user\n"
        "PythonAuthenHandler @M@::ok_without_user\n</Location>",
        source=HANDLERS,
    ),
    Case(
        "access-static-files",
        [
            get("/open.txt"),
            get("/closed/a.txt"),
            get("/closed/none"),
            head("/closed/a.txt"),
            get("/closed/open/b.txt"),
        ],
        '<Directory "@ROOT@/closed">\nRequire all denied\n</Directory>\n'
        '<Directory "@ROOT@/closed/open">\nRequire all granted\n</Directory>\n',
        files={"open.txt": "open", "closed/a.txt": "closed", "closed/open/b.txt": "open again"},
    ),
    Case(
        "access-inner-type-none",
        [get("/outer/x"), get("/outer/inner/x"), get("/outer/x", basic("a", "b"))],
        '<Location /outer>\nSetHandler mod_python\nPythonHandler @M@\nAuthType Private\nAuthName "x"\n'
        "Require valid-user\nPythonAuthenHandler @M@::ok\n</Location>\n"
        "<Location /outer/inner>\nAuthType None\nRequire all granted\n</Location>",
        source=HANDLERS,
    ),
    Case(
        "access-log-of-user",
        [get("/x"), get("/x", basic("joe", "secret")), post("/x?a=b", "body", basic("j o", "x"))],
        'ErrorDocument 401 "who are you"\n'
        '<Location />\nSetHandler mod_python\nPythonHandler @M@\nAuthType Basic\nAuthName "x"\n'
        "AuthBasicAuthoritative Off\nRequire valid-user\nPythonAuthenHandler @M@::password\n</Location>",
        source=HANDLERS,
        access='%h %l %u "%r" %>s %b "%{User-Agent}i" %{X}o',
    ),
]
