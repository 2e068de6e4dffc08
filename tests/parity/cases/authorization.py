"""Authorization in all its forms: AuthMerging, Require expr, Limit, Satisfy, password files."""

from __future__ import annotations

from itertools import product

from tests.parity.cases.access import HANDLERS
from tests.parity.runner.case import Case, ask, basic, get, head, post

FILES = {
    "index.html": "top",
    "a/index.html": "a",
    "a/b/index.html": "b",
    "passwords": (
        "sha:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs=\n"
        "apr1:$apr1$x$sEWHTNoaWpUo1Bbj7bDnH/\n"
        "bcrypt:$2y$04$abcdefghijklmnopqrstuuQhQoJ0HAaBV3Ni2oRvRF0WBlCbYxmTa\n"
        "crypt:abM9qIOmRfN0g\n"
        "five:$5$salt$CrXbRJeKmXbN5IbmkRrsEp9kbCUe4Lx2r/7PmcJPbz8\n"
        "empty:\nbroken\n"
    ),
    "groups": "admins: sha\nothers: apr1 nobody\n",
}
BASIC = 'AuthType Basic\nAuthName "here"\nAuthUserFile "@ROOT@/passwords"\nAuthGroupFile "@ROOT@/groups"\n'
SHA = basic("sha", "1")
WRONG = basic("sha", "2")
PATHS = ("/", "/a/", "/a/b/")
REQUESTS = [get(path, *headers) for path in PATHS for headers in ((), (SHA,), (WRONG,))]


def merging(name: str, top: str, inner: str, innermost: str) -> Case:
    """A case with lines at the document root, in /a and in /a/b."""
    sections = zip(("", "/a", "/a/b"), (top, inner, innermost), strict=True)
    config = "".join(f'<Directory "@ROOT@{path}">\n{lines}\n</Directory>\n' for path, lines in sections)
    return Case(f"authz-merging-{name}", REQUESTS, config.replace("BASIC", BASIC), files=FILES)


def guarded(name: str, lines: str, *headers: str, more: str = "") -> Case:
    """A case with lines for everything, asked with and without credentials by several methods."""
    requests = [
        get("/", *headers),
        get("/", SHA, *headers),
        get("/", WRONG, *headers),
        head("/", SHA, *headers),
        post("/", "x", *headers),
        post("/", "x", SHA, *headers),
        ask("OPTIONS", "/", *headers),
    ]
    config = f'{more}<Directory "@ROOT@">\n{lines}\n</Directory>\n'.replace("BASIC\n", BASIC)
    return Case(f"authz-{name}", requests, config, files=FILES)


CASES = [
    merging("default", "BASIC\nRequire valid-user", "Require all granted", "Require user nobody"),
    merging("and", "BASIC\nRequire valid-user", "AuthMerging And\nRequire user sha", "Require all denied"),
    merging(
        "and-denied", "BASIC\nRequire all denied", "AuthMerging And\nRequire user sha", "AuthMerging And"
    ),
    merging("or", "BASIC\nRequire user nobody", "AuthMerging Or\nRequire user sha", "AuthMerging Or"),
    merging("or-granted", "BASIC\nRequire valid-user", "AuthMerging Or\nRequire all granted", ""),
    merging("off-alone", "BASIC\nRequire valid-user", "AuthMerging Off", "Require all granted"),
    merging("and-alone", "BASIC\nRequire valid-user", "AuthMerging And", "AuthMerging Or"),
    merging(
        "none-outside", "BASIC", "AuthMerging And\nRequire valid-user", "AuthMerging Or\nRequire ip 10.0.0.1"
    ),
    merging(
        "not-inherited",
        "BASIC\nRequire valid-user",
        "AuthMerging And\nRequire user sha",
        "Require user nobody",
    ),
    merging(
        "negative",
        "BASIC\nRequire valid-user",
        "AuthMerging And\n<RequireAll>\nRequire all granted\nRequire not user sha\n</RequireAll>",
        "",
    ),
    guarded("expr", "Require expr \"%{REQUEST_METHOD} == 'GET'\""),
    guarded("expr-unquoted", "Require expr %{REQUEST_METHOD} == 'POST'"),
    guarded("expr-user", "BASIC\nRequire expr \"%{REMOTE_USER} == 'sha'\""),
    guarded("expr-other-user", "BASIC\nRequire expr \"%{REMOTE_USER} == 'nobody'\""),
    guarded(
        "expr-not",
        "<RequireAll>\nRequire all granted\nRequire not expr %{REQUEST_METHOD} == 'POST'\n</RequireAll>",
    ),
    guarded("user-expression", "BASIC\nRequire user %{tolower:SHA} other"),
    guarded("group", "BASIC\nRequire group admins"),
    guarded("group-other", "BASIC\nRequire group others"),
    guarded("group-missing-file", 'BASIC\nAuthGroupFile "/nope"\nRequire group admins'),
    guarded("forward-dns", "Require forward-dns localhost"),
    guarded("forward-dns-other", "Require forward-dns invalid.invalid"),
    guarded("local", "Require local"),
    guarded("limit-require", "BASIC\n<Limit POST>\nRequire valid-user\n</Limit>"),
    guarded("limit-except-require", "BASIC\n<LimitExcept GET>\nRequire valid-user\n</LimitExcept>"),
    guarded(
        "limit-containers",
        "BASIC\n<Limit GET>\n<RequireAny>\nRequire user sha\nRequire ip 10.0.0.1\n</RequireAny>\n</Limit>",
    ),
    guarded("limit-order", "<Limit POST>\nOrder allow,deny\nDeny from all\n</Limit>"),
    guarded(
        "limit-satisfy",
        "BASIC\nRequire valid-user\nOrder deny,allow\nAllow from 127.0.0.1\n<Limit POST>\nSatisfy Any\n"
        "</Limit>",
    ),
    guarded("satisfy-any", "BASIC\nRequire valid-user\nOrder deny,allow\nDeny from all\nSatisfy Any"),
    guarded(
        "satisfy-any-allowed", "BASIC\nRequire valid-user\nOrder allow,deny\nAllow from all\nSatisfy Any"
    ),
    guarded("satisfy-any-nothing", "Deny from all\nSatisfy Any"),
    guarded("satisfy-any-denied", "Deny from all\nSatisfy Any\nRequire all denied"),
    guarded("satisfy-all", "BASIC\nRequire valid-user\nOrder allow,deny\nAllow from all\nSatisfy All"),
    guarded("forbidden-on-failure", "BASIC\nAuthzSendForbiddenOnFailure On\nRequire user nobody"),
    guarded(
        "allow-env",
        "Order deny,allow\nDeny from all\nAllow from env=T_IN",
        "X-In: yes",
        more="SetEnvIf X-In yes T_IN\n",
    ),
    Case(
        "authz-hashes",
        [
            get("/", basic(name, password))
            for name in ("sha", "apr1", "bcrypt", "crypt", "five", "empty", "broken")
            for password in ("1", "wrong", "", "secret")
        ],
        f'<Directory "@ROOT@">\n{BASIC}Require valid-user\n</Directory>\n',
        files=FILES,
    ),
]


REQUIRES = {
    "valid": "Require valid-user",
    "granted": "Require all granted",
    "denied": "Require all denied",
    "nothing": "AuthType None",
}
HOSTS = {
    "open": "Order deny,allow",
    "closed": "Order allow,deny\nDeny from all",
    "allowed": "Order allow,deny\nAllow from 127.0.0.1",
}


def with_python(satisfy: str, hosts: str, require: str, phase: str, handler: str) -> Case:
    """A case in which a Python handler meets Satisfy, Allow and Require, all from a .htaccess file."""
    name = f"authz-python-{satisfy}-{hosts}-{require}-{phase}-{handler}".lower().replace("_", "-")
    text = (
        f"{BASIC}AuthBasicAuthoritative Off\n{HOSTS[hosts]}\nSatisfy {satisfy}\n{REQUIRES[require]}\n"
        f"SetHandler mod_python\nPythonHandler @M@\nPython{phase}Handler @M@::{handler}\n"
    )
    return Case(
        name,
        [get("/a/"), get("/a/", SHA), get("/a/", WRONG), get("/a/x", basic("joe", "secret"))],
        '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n',
        source=HANDLERS,
        files=FILES | {"a/.htaccess": text},
    )


CASES += [
    with_python(satisfy, hosts, require, phase, handler)
    for satisfy, hosts, require, (phase, handler) in product(
        ("Any", "All"),
        HOSTS,
        REQUIRES,
        (("Access", "sets_user"), ("Access", "forbidden"), ("Authen", "ok"), ("Authz", "forbidden")),
    )
]

OF_SHA = f'<Directory "@ROOT@">\n{BASIC}Require user sha\n</Directory>\n<Files "index.html">\n'
SHOWS_USER = "SetHandler mod_python\nPythonHandler @M@\n</Files>"
CASES += [
    Case(
        f"authz-index-file-{name}",
        [get("/a/", SHA), get("/a/index.html", SHA), get("/a/")],
        OF_SHA + lines + SHOWS_USER,
        handler="req.write('%r %r' % (req.user, req.ap_auth_type), 0)",
        files=FILES,
        access="%u %s %U",
    )
    for name, lines in (
        ("of-the-same-user", ""),
        ("of-another-user", "Require user apr1\n"),
        ("of-another-user-too", "AuthMerging And\nRequire user apr1\n"),
        ("of-everybody", "Require all granted\n"),
    )
] + [
    guarded("user-by-field", "BASIC\nRequire user %{req:X-User} nobody", "X-User: sha"),
]
