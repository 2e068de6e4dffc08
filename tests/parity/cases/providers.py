"""Who vouches for users: files, dbm files, guests, aliases; and credentials that are made up."""

from __future__ import annotations

from itertools import product

from tests import dbm_files
from tests.parity.runner.case import Case, Request, basic, get

SHA = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
"""The hash of "secret"."""
FILES: dict[str, str | bytes] = {
    "a/x": "x",
    "a/b/x": "x",
    "one": f"joe:{SHA}\neve:{SHA}\n",
    "two": f"ann:{SHA}\njoe:{SHA[:-2]}A=\n",
    "staff": "staff: ann\n",
    "realm": "joe:here:88e2904eccb63aa1d0f08e5d22938d84\nann:here:short\n",
    **dbm_files.files("users", "groups"),
}
HANDLER = """
req.content_type = 'text/plain'
seen = (req.user, req.ap_auth_type, req.auth_type(), req.auth_name(), req.headers_in.get('Authorization'))
req.write('user %r type %r %r name %r sent %r' % seen)
"""
PEOPLE = [
    get("/a/x"),
    *(
        get("/a/x", basic(name, password))
        for name, password in (
            ("joe", "secret"),
            ("joe", "wrong"),
            ("ann", "secret"),
            ("bob", "1"),
            ("eve", ""),
            ("eve", "secret"),
            ("nobody", "x"),
            ("", ""),
            ("", "a@b.c"),
            ("anonymous", ""),
            ("Anonymous", "me"),
            ("anonymous", "me@here"),
            ("anonymous", "me@home.test"),
        )
    ),
]


def case(
    name: str, lines: str, requests: list[Request] | None = None, inner: str = "", main: str = ""
) -> Case:
    """A case with lines for everything and lines for /a."""
    return Case(
        f"providers-{name}",
        PEOPLE if requests is None else requests,
        f'<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\n{lines}\n</Directory>\n'
        f'<Directory "@ROOT@/a">\n{inner}\n</Directory>\n',
        main=main,
        handler=HANDLER,
        files=FILES,
    )


BASIC = 'AuthType Basic\nAuthName "here"\n'
VALID = "Require valid-user\n"
ANON = f"{BASIC}AuthBasicProvider anon\n{VALID}"

GUESTS = {
    "names": "Anonymous anonymous guest",
    "twice": "Anonymous anonymous\nAnonymous joe",
    "anybody": "Anonymous *",
    "star-in-name": "Anonymous *foo",
    "unset": "",
    "no-email": "Anonymous anonymous\nAnonymous_MustGiveEmail Off",
    "email": "Anonymous *\nAnonymous_VerifyEmail On",
    "email-optional": "Anonymous *\nAnonymous_VerifyEmail On\nAnonymous_MustGiveEmail Off",
    "nameless": "Anonymous x\nAnonymous_NoUserID On",
    "nameless-silent": "Anonymous x\nAnonymous_NoUserID On\nAnonymous_MustGiveEmail Off",
    "nameless-alone": "Anonymous_NoUserID On",
    "silent": "Anonymous *\nAnonymous_LogEmail Off",
}

ALIASES = """
<AuthnProviderAlias file @M@-one>
    AuthUserFile "@ROOT@/one"
</AuthnProviderAlias>
<AuthnProviderAlias file @M@-two>
    AuthUserFile "@ROOT@/two"
</AuthnProviderAlias>
<AuthnProviderAlias anon @M@-guest>
    Anonymous anonymous
</AuthnProviderAlias>
<AuthnProviderAlias file @M@-own>
</AuthnProviderAlias>
<AuthnProviderAlias dbm @M@-dbm>
    AuthDBMType SDBM
    AuthDBMUserFile "@ROOT@/users"
</AuthnProviderAlias>
<AuthzProviderAlias group @M@-staff "staff">
    AuthGroupFile "@ROOT@/staff"
</AuthzProviderAlias>
<AuthzProviderAlias user @M@-people "joe eve">
</AuthzProviderAlias>
<AuthzProviderAlias user @M@-again "eve">
</AuthzProviderAlias>
<AuthzProviderAlias user @M@-again "joe">
</AuthzProviderAlias>
<AuthzProviderAlias ip @M@-local "127.0.0.1">
</AuthzProviderAlias>
<AuthzProviderAlias expr @M@-get "%{REQUEST_METHOD} == 'GET'">
</AuthzProviderAlias>
<AuthzProviderAlias user @M@-nobody>
</AuthzProviderAlias>
<AuthzProviderAlias dbm-group @M@-dbm-staff "staff">
    AuthDBMGroupFile "@ROOT@/groups"
    AuthzDBMType SDBM
</AuthzProviderAlias>
"""
USERS = f'{BASIC}AuthBasicProvider @M@-one @M@-two\nAuthUserFile "/nope"\n'

ALIASED = {
    "two-files": f"{USERS}{VALID}",
    "second-first": f"{BASIC}AuthBasicProvider @M@-two @M@-one\n{VALID}",
    "and-guests": f"{BASIC}AuthBasicProvider @M@-one @M@-guest\n{VALID}",
    "callers-file": f'{BASIC}AuthBasicProvider @M@-own\nAuthUserFile "@ROOT@/two"\n{VALID}',
    "callers-missing": f"{BASIC}AuthBasicProvider @M@-own\n{VALID}",
    "dbm": f"{BASIC}AuthBasicProvider @M@-dbm\n{VALID}",
    "authoritative-off": f"{USERS}AuthBasicAuthoritative Off\n{VALID}",
    "group": f"{USERS}Require @M@-staff",
    "group-beside-callers": f'{USERS}AuthGroupFile "/nope"\nRequire @M@-staff\nRequire group staff',
    "people": f"{USERS}Require @M@-people more words",
    "again": f"{USERS}Require @M@-again",
    "not": f"{USERS}<RequireAll>\nRequire valid-user\nRequire not @M@-people\n</RequireAll>",
    "address": "Require @M@-local",
    "condition": "Require @M@-get",
    "empty": f"{USERS}Require @M@-nobody",
    "dbm-group": f"{USERS}Require @M@-dbm-staff",
}

DBM = f"{BASIC}AuthBasicProvider dbm\n"
KINDS = {"db": ".db", "default": ".db", "gdbm": ".gdbm", "SDBM": ""}


def dbm(kind: str, name: str) -> str:
    """Return the path of a file of this kind."""
    return f'"@ROOT@/{name}{KINDS[kind]}"'


FAKES = {
    "name": "AuthBasicFake demo",
    "password": "AuthBasicFake demo demopass",
    "expressions": 'AuthBasicFake "%{req:X-User}" "%{tolower:PASS}-%{REQUEST_METHOD}"',
    "empty-password": 'AuthBasicFake joe ""',
    "no-password": 'AuthBasicFake joe "%{req:X-Password}"',
    "off": "AuthBasicFake Off",
    "off-inside": "AuthBasicFake x\n",
    "impossible": 'AuthBasicFake "%{file:/nope}" x',
    "of-user": f'{BASIC}AuthUserFile "@ROOT@/one"\n{VALID}AuthBasicFake "%{{REMOTE_USER}}" backend',
}
FAKED = [
    get("/a/x"),
    get("/a/x", basic("joe", "secret")),
    get("/a/x", "X-User: joe", "X-Password: y"),
    get("/a/x", "X-User: a:b", basic("joe", "secret")),
]

NAMES = {
    "expression": 'r %{REQUEST_URI} \\"x\\" %{req:X-User}',
    "empty": "%{req:X-None}",
    "escapes": 'a $1 \\\\d \\"q\\" c',
    "backslash": "a\\\\\\\\\\\\\\\\b",
    "impossible": "%{file:/nope}",
}
NAMED = [get("/a/x", 'X-User: a"b\\c'), get("/a/x", basic("joe", "secret"), "X-User: 1")]
TYPED = [
    get("/a/x", *(f"X-Type: {word}" for word in words), *credentials)
    for words in ((), ("basic",), ("Basic",), ("none",), ("None",), ("other",))
    for credentials in ((), (basic("joe", "secret"),))
]

CASES = [
    *(case(f"guests-{name}", f"{ANON}{lines}") for name, lines in GUESTS.items()),
    case(
        "guests-behind-file",
        f'{BASIC}AuthBasicProvider file anon\nAuthUserFile "@ROOT@/one"\nAnonymous *\n{VALID}',
    ),
    case("guests-before-file", f'{ANON}AuthBasicProvider file\nAuthUserFile "@ROOT@/one"\nAnonymous guest'),
    case("guests-inner", f"{ANON}Anonymous *\nAnonymous_MustGiveEmail Off", inner="Anonymous anonymous"),
    case("guests-inner-flag", f"{ANON}Anonymous *\n", inner="Anonymous_MustGiveEmail Off"),
    case("inner-replaces", f"{ANON}Anonymous *\n", inner='AuthBasicProvider file\nAuthUserFile "@ROOT@/one"'),
    *(case(f"alias-{name}", lines, main=ALIASES) for name, lines in ALIASED.items()),
    *(
        case(
            f"dbm-{kind.lower()}",
            f"{DBM}AuthDBMType {kind}\nAuthDBMUserFile {dbm(kind, 'users')}\n{VALID}",
        )
        for kind in KINDS
    ),
    *(
        case(
            f"dbm-group-{kind.lower()}-{group}",
            f"{DBM}AuthDBMType {kind}\nAuthDBMUserFile {dbm(kind, 'users')}\n"
            f"AuthzDBMType {kind}\nAuthDBMGroupFile {dbm(kind, 'groups')}\nRequire dbm-group {group}",
        )
        for kind, group in product(KINDS, ("staff", "adm", "night", "none"))
    ),
    case(
        "dbm-groups",
        f"{DBM}AuthDBMUserFile {dbm('db', 'users')}\n"
        f"AuthDBMGroupFile {dbm('db', 'groups')}\nRequire dbm-group x %{{tolower:STAFF}}",
    ),
    case(
        "dbm-one-file-for-both",
        f"{DBM}AuthDBMUserFile {dbm('db', 'users')}\n"
        f"AuthDBMGroupFile {dbm('db', 'users')}\nRequire dbm-group staff",
    ),
    case(
        "dbm-no-group-file",
        f"{DBM}AuthDBMUserFile {dbm('db', 'users')}\nRequire dbm-group x",
    ),
    case(
        "dbm-file-group",
        f"{DBM}AuthDBMUserFile {dbm('db', 'users')}\n"
        f"AuthDBMGroupFile {dbm('db', 'groups')}\nRequire dbm-file-group",
    ),
    case("dbm-no-file", f"{DBM}{VALID}"),
    case("dbm-missing", f'{DBM}AuthDBMUserFile "/nope"\n{VALID}'),
    case(
        "dbm-missing-groups",
        f'{DBM}AuthDBMUserFile {dbm("db", "users")}\nAuthDBMGroupFile "/nope"\nRequire dbm-group x',
    ),
    case(
        "dbm-broken",
        f'{DBM}AuthDBMUserFile "@ROOT@/one"\n{VALID}',
    ),
    case(
        "dbm-broken-not-authoritative",
        f'{DBM}AuthBasicAuthoritative Off\nAuthDBMUserFile "@ROOT@/one"\n{VALID}',
    ),
    case(
        "dbm-inner-type",
        f"{DBM}AuthDBMType SDBM\nAuthDBMUserFile {dbm('SDBM', 'users')}\n{VALID}",
        inner=f"AuthDBMUserFile {dbm('db', 'users')}",
    ),
    *(
        case(
            f"dbm-{kind.lower()}-then-file",
            f"{BASIC}AuthBasicProvider dbm file\nAuthDBMType {kind}\nAuthDBMUserFile {dbm(kind, 'users')}\n"
            f'AuthUserFile "@ROOT@/one"\n{VALID}',
        )
        for kind in KINDS
    ),
    case(
        "dbm-missing-groups-first",
        f"{DBM}AuthDBMUserFile {dbm('db', 'users')}\n"
        'AuthDBMGroupFile "/nope"\nRequire dbm-group x\nRequire valid-user',
    ),
    case(
        "dbm-missing-groups-last",
        f"{DBM}AuthDBMUserFile {dbm('db', 'users')}\n"
        'AuthDBMGroupFile "/nope"\nRequire valid-user\nRequire dbm-group x',
    ),
    *(
        case(
            f"hashed-{name}",
            f'{BASIC}AuthBasicUseDigestAlgorithm MD5\nAuthUserFile "@ROOT@/realm"\n{lines}{VALID}',
            main=ALIASES,
        )
        for name, lines in {
            "file": "",
            "dbm": f"AuthBasicProvider dbm\nAuthDBMUserFile {dbm('db', 'users')}\n",
            "alias": "AuthBasicProvider @M@-dbm\n",
            "anon": "AuthBasicProvider anon\nAnonymous *\n",
            "anon-alias": "AuthBasicProvider @M@-guest\n",
        }.items()
    ),
    *(
        case(f"fake-{name}", lines, FAKED, inner="AuthBasicFake off" if name == "off-inside" else "")
        for name, lines in FAKES.items()
    ),
    *(
        case(
            f"name-{name}",
            f'AuthType Basic\nAuthUserFile "@ROOT@/one"\nAuthName "{text}"\n{VALID}',
            NAMED,
        )
        for name, text in NAMES.items()
    ),
    *(
        case(
            f"type-{name}",
            f'AuthType "%{{req:X-Type}}"\nAuthName here\nAuthUserFile "@ROOT@/one"\n{lines}',
            TYPED,
        )
        for name, lines in {"valid": VALID, "granted": "Require all granted", "alone": ""}.items()
    ),
]
