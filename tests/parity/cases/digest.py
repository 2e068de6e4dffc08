"""Digest authentication: what is accepted as an answer to a challenge, and how it meets Python's handlers."""

from __future__ import annotations

from itertools import product

from tests import dbm_files
from tests.parity.cases.access import HANDLERS
from tests.parity.runner.case import Case, Request, ask, basic, get, known
from tests.parity.runner.digest import md5

REALMS = ("here", "the place", 'a "b" c')
FILES: dict[str, str | bytes] = {
    "index.html": "index",
    "x": "x",
    "users": "".join(
        f"{user}:{realm}:{md5(user, realm, 'secret')}\n" for realm in REALMS for user in ("joe", "ann", 'q"t')
    ),
    "more": f"eve:here:{md5('eve', 'here', 'secret')}\nplain:here\nempty:here:\n",
    **dbm_files.files("users"),
}
MASKS = (
    (r'nonce="[^"]*"', 'nonce="A-NONCE"'),
    (r' opaque="[^"]*",', ""),
    (r'rspauth="[0-9a-f]{32}"', 'rspauth="PROOF"'),
)
"""The server's own words; that the proof is right, the client sees to."""

DIGEST = 'AuthType Digest\nAuthName "here"\nAuthUserFile "@ROOT@/users"\n'
VALID = "Require valid-user\n"
SHORT = [
    get("/x"),
    known("joe", "secret", "/x"),
    known("joe", "wrong", "/x"),
    known("nobody", "x", "/x"),
    known("joe", "secret", "/x"),
]

ANSWERS = {
    "right": [known("joe", "secret"), known("joe", "secret", "/x"), known("ann", "secret", "/x")],
    "wrong": [known("joe", "wrong"), known("joe", ""), known("nobody", "secret"), known("", "")],
    "counts": [known("joe", "secret", nc=f"{count:08x}") for count in (1, 2, 2, 1, 9)],
    "odd-counts": [known("joe", "secret", nc=count) for count in ("1", "x", "00000001x", "")],
    "methods": [known("joe", "secret", "/x", method) for method in ("HEAD", "POST", "OPTIONS")],
    "other-method": [
        known("joe", "secret", "/x", hashed="POST"),
        known("joe", "secret", "/x", "HEAD", "GET"),
    ],
    "queries": [
        known("joe", "secret", "/x?a=b"),
        known("joe", "secret", "/x?a=b", uri="/x"),
        known("joe", "secret", "/x", uri="/x?a=b"),
    ],
    "targets": [
        known("joe", "secret", "/x", uri=uri)
        for uri in ("/y", "x", "", "http://case-digest-targets.test/x", "/x#y", "/%78", "*", "/./x")
    ],
    "escaped-target": [known("joe", "secret", "/%78"), known("joe", "secret", "/%78", uri="/x")],
    "realms": [known("joe", "secret", realm=realm) for realm in ("the place", "there", "", "HERE", "here ")],
    "nonces": [
        known("joe", "secret", nonce=nonce)
        for nonce in ("", "x", "A" * 52, "A" * 53, "0" * 49, "AAAAAAAA=" + "0" * 40)
    ],
    "qops": [known("joe", "secret", qop=qop) for qop in ("auth-int", "AUTH", "other", "")],
    "without-qop": [known("joe", "secret", qop=None, nc=None, cnonce=None)],
    "algorithms": [known("joe", "secret", algorithm=name) for name in ("MD5", "md5", "MD5-sess", "SHA-256")],
    "extras": [known("joe", "secret", opaque="x", other="y", userhash="false")],
    "responses": [known("joe", "secret", response=text) for text in ("", "0" * 32, "0", "0" * 33)],
    "quotes": [known('q"t', "secret"), known('q"t', "wrong")],
    **{
        f"without-{part}": [known("joe", "secret", "/x", "GET", "", **{part: None})]
        for part in ("username", "realm", "nonce", "uri", "response", "nc", "cnonce")
    },
    "fields": [
        get("/x", f"Authorization: {text}")
        for text in ("Digest", "Digest ", "digest x", 'Digest username="joe"', "Digest ,,=", "Other x")
    ],
    "basic": [get("/x", basic("joe", "secret"))],
}
COUNTED = "AuthDigestNcCheck On\n"
ONCE = "AuthDigestNonceLifetime 0\n"
PLACES = {
    "qop": "AuthDigestQop AUTH\n",
    "counts-checked": COUNTED,
    "once": ONCE,
    "domain": "AuthDigestDomain /a http://other.test/b\n",
    "forever": "AuthDigestNonceLifetime -1\n",
    "md5": "AuthDigestAlgorithm MD5\n",
    "blank-realm": 'AuthName "the place"\n',
    "no-file": 'AuthUserFile "/nope"\n',
    "dbm": 'AuthDigestProvider dbm\nAuthDBMUserFile "@ROOT@/users.db"\n',
    "dbm-missing": 'AuthDigestProvider dbm\nAuthDBMUserFile "/nope"\n',
    "two-providers": 'AuthDigestProvider dbm file\nAuthDBMUserFile "@ROOT@/users.db"\n',
    "alias": "AuthDigestProvider @M@-more\n",
    "realm-of-request": 'AuthName "%{tolower:HERE}"\n',
    "realm-of-client": 'AuthName "%{req:X-None}here"\n',
}
ALIAS = '<AuthnProviderAlias file @M@-more>\nAuthUserFile "@ROOT@/more"\n</AuthnProviderAlias>\n'


def case(name: str, lines: str, requests: list[Request], handlers: str = "", main: str = "") -> Case:
    """A case with lines for everything."""
    return Case(
        f"digest-{name}",
        requests,
        f'<Directory "@ROOT@">\n{lines}{handlers}</Directory>\n',
        source=HANDLERS if handlers else "",
        files=FILES,
        masks=MASKS,
        main=main,
    )


def with_handlers(kind: str, lines: str, phase: str, handler: str) -> Case:
    """A case in which a Python handler meets Digest authentication."""
    text = f"SetHandler mod_python\nPythonHandler @M@\nPython{phase}Handler @M@::{handler}\n"
    name = f"python-{kind}-{phase}-{handler}".lower().replace("_", "-")
    return case(name, lines, [*SHORT, get("/x", basic("joe", "secret"))], text)


CASES = [
    *(case(name, DIGEST + VALID, [get("/x"), *requests, get("/x")]) for name, requests in ANSWERS.items()),
    *(
        case(f"place-{name}", f"{DIGEST}{lines}{VALID}", [*SHORT, known("eve", "secret", "/x")], main=ALIAS)
        for name, lines in PLACES.items()
    ),
    case(
        "counted",
        f"{DIGEST}{COUNTED}{VALID}",
        [
            get("/x"),
            *(known("joe", "secret", "/x", nc=count) for count in ("00000001", "00000003", "3", "00000003")),
            *(known("joe", "secret", "/x", nc=count) for count in ("0000000a", "000000ff", "100", "zz")),
        ],
    ),
    case(
        "counted-wrong-password",
        f"{DIGEST}{COUNTED}{VALID}",
        [get("/x"), known("joe", "wrong", "/x", nc="00000005"), known("joe", "secret", "/x", nc="00000005")],
    ),
    case(
        "counted-redirected",
        f"ErrorDocument 404 /x\nDirectoryIndex index.html\n{DIGEST}{COUNTED}{VALID}",
        [get("/"), known("joe", "secret", "/"), known("joe", "secret", "/no", nc="00000002")],
    ),
    case("one-use", f"{DIGEST}{ONCE}{VALID}", [get("/x"), *[known("joe", "secret", "/x")] * 4]),
    case("one-use-bad-count", f"{DIGEST}{ONCE}{VALID}", [get("/x"), known("joe", "secret", "/x", nc="zz")]),
    case("one-use-index", f"{DIGEST}{ONCE}{VALID}", [get("/"), *[known("joe", "secret", "/")] * 2]),
    case("no-realm", f'AuthType Digest\nAuthUserFile "@ROOT@/users"\n{VALID}', SHORT),
    case("unset-file", f"AuthType Digest\nAuthName here\n{VALID}", SHORT),
    case("group", f"{DIGEST}Require user ann\n", [*SHORT, known("ann", "secret", "/x")]),
    case(
        "forbidden",
        f"{DIGEST}AuthzSendForbiddenOnFailure On\nRequire user ann\n",
        [*SHORT, known("ann", "secret", "/x")],
    ),
    case(
        "odd-lines",
        f'{DIGEST}AuthUserFile "@ROOT@/more"\n{VALID}',
        [
            get("/x"),
            known("eve", "secret", "/x"),
            known("plain", "", "/x"),
            known("empty", "", "/x"),
        ],
    ),
    case(
        "index",
        DIGEST + VALID,
        [get("/"), known("joe", "secret", "/"), known("joe", "secret", "/index.html")],
    ),
    case("of-errors", f"ErrorDocument 404 /x\n{DIGEST}{VALID}", [get("/x"), known("joe", "secret", "/nope")]),
    case("post", DIGEST + VALID, [ask("POST", "/x", body="a=b"), known("joe", "secret", "/x", "POST")]),
    *(
        with_handlers(kind, lines, phase, handler)
        for (kind, lines), (phase, handler) in product(
            {"valid": DIGEST + VALID, "user": f"{DIGEST}Require user ann\n"}.items(),
            (
                *(
                    ("Authz", name)
                    for name in ("ok", "declined", "forbidden", "unauthorized", "done", "fails")
                ),
                *(("Authen", name) for name in ("ok", "declined", "unauthorized", "password", "challenges")),
                *(("Access", name) for name in ("sets_user", "forbidden", "unauthorized")),
            ),
        )
    ),
]
