"""How everything that guards a place meets: providers, Require, Satisfy, Order, and Python's three handlers.

The combinations are drawn from all there are; the draw is always the same.
"""

from __future__ import annotations

import random
from itertools import product

from tests import dbm_files
from tests.parity.cases.access import HANDLERS
from tests.parity.runner.case import Case, ask, basic, get

SHA = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
"""The hash of "secret"."""
FILES: dict[str, str | bytes] = {
    "a/x": "x",
    "a/b/x": "x",
    "users": f"joe:{SHA}\nbob:{SHA}\n",
    "more": f"ann:{SHA}\n",
    "groups": "staff: joe ann set\nnight: bob\n",
    **dbm_files.files("users"),
}
REQUESTS = [
    get("/a/x"),
    get("/a/x", basic("joe", "secret")),
    get("/a/x", basic("joe", "wrong")),
    get("/a/x", basic("bob", "secret")),
    get("/a/x", basic("ann", "secret")),
    get("/a/x", basic("nobody", "secret")),
    get("/a/x", basic("guest", "me")),
    ask("POST", "/a/x", basic("joe", "secret"), body="a=b"),
    get("/a/b/x"),
    get("/a/b/x", basic("bob", "secret")),
]

MAIN = """
<AuthnProviderAlias file @M@-more>
    AuthUserFile "@ROOT@/more"
</AuthnProviderAlias>
<AuthzProviderAlias group @M@-staff "staff">
    AuthGroupFile "@ROOT@/groups"
</AuthzProviderAlias>
"""
BASIC = 'AuthType Basic\nAuthName "here"\n'
PROVIDERS = {
    "file": f'{BASIC}AuthUserFile "@ROOT@/users"\n',
    "lenient": f'{BASIC}AuthBasicAuthoritative Off\nAuthUserFile "@ROOT@/users"\n',
    "none": f"{BASIC}AuthBasicAuthoritative Off\n",
    "guests": f"{BASIC}AuthBasicProvider anon\nAnonymous guest\n",
    "several": f'{BASIC}AuthBasicProvider file @M@-more anon\nAuthUserFile "@ROOT@/users"\nAnonymous guest\n',
    "alias": f"{BASIC}AuthBasicAuthoritative Off\nAuthBasicProvider @M@-more\n",
    "broken": f'{BASIC}AuthBasicAuthoritative Off\nAuthBasicProvider dbm\nAuthDBMUserFile "/nope"\n',
    "dbm": f'{BASIC}AuthBasicProvider dbm\nAuthDBMType SDBM\nAuthDBMUserFile "@ROOT@/users"\n',
    "private": 'AuthType Private\nAuthName "here"\n',
    "nothing": "",
}
REQUIRES = {
    "valid": "Require valid-user\n",
    "user": "Require user joe set\n",
    "group": 'AuthGroupFile "@ROOT@/groups"\nRequire group staff\n',
    "alias": "Require @M@-staff\n",
    "either": "Require ip 10.0.0.1\nRequire user joe\n",
    "both": "<RequireAll>\nRequire ip 127\nRequire valid-user\nRequire not user bob\n</RequireAll>\n",
    "impossible": "<RequireAll>\nRequire ip 10.0.0.1\nRequire valid-user\n</RequireAll>\n",
    "nobody": "<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire user joe\nRequire method POST\n"
    "</RequireNone>\n</RequireAll>\n",
    "granted": "Require all granted\n",
    "denied": "Require all denied\n",
    "expression": "Require expr \"%{REMOTE_USER} in { 'joe', 'set' }\"\n",
    "expression-forbidden": "AuthzSendForbiddenOnFailure On\nRequire expr %{REMOTE_USER} == 'bob'\n",
    "forbidden": "AuthzSendForbiddenOnFailure On\nRequire user joe\n",
    "posts": "<Limit POST>\nRequire user ann\n</Limit>\n",
    "unsaid": "",
}
HOSTS = {
    "unsaid": "",
    "closed": "Order allow,deny\nDeny from all\n",
    "near": "Order deny,allow\nDeny from all\nAllow from 127.0.0.1\n",
    "closed-or": "Order allow,deny\nDeny from all\nSatisfy Any\n",
    "near-or": "Order deny,allow\nDeny from all\nAllow from 127.0.0.1\nSatisfy Any\n",
}
HANDLED = {
    "none": "",
    **{
        f"{phase}-{name}": f"Python{phase}Handler @M@::{name}\n"
        for phase, names in {
            "Access": ("sets_user", "declined", "forbidden", "unauthorized", "done"),
            "Authen": ("ok", "declined", "password", "unauthorized", "ok_without_user"),
            "Authz": ("ok", "declined", "forbidden", "unauthorized", "done"),
        }.items()
        for name in names
    },
    "all": "PythonAccessHandler @M@::declined\nPythonAuthenHandler @M@::ok\n"
    "PythonAuthzHandler @M@::declined\n",
    "name-and-rights": "PythonAccessHandler @M@::sets_user\nPythonAuthzHandler @M@::ok\n",
}
INNER = {
    "same": "",
    "and": "AuthMerging And\nRequire user bob\n",
    "or": "AuthMerging Or\nRequire user bob\n",
    "open": "Require all granted\n",
    "off": "AuthType None\nRequire all granted\n",
}
DRAWN = 240


def case(names: tuple[str, ...]) -> Case:
    """A case with lines of each kind for everything, and others for /a/b."""
    provider, require, hosts, handled, inner = names
    lines = PROVIDERS[provider] + REQUIRES[require] + HOSTS[hosts] + HANDLED[handled]
    return Case(
        "guard-" + "-".join(names).lower().replace("_", "-"),
        REQUESTS,
        f'<Directory "@ROOT@">\nSetHandler mod_python\nPythonHandler @M@\n{lines}</Directory>\n'
        f'<Directory "@ROOT@/a/b">\n{INNER[inner]}</Directory>\n',
        source=HANDLERS,
        files=FILES,
        main=MAIN,
    )


CASES = [
    case(names)
    for names in random.Random(2204).sample(
        list(product(PROVIDERS, REQUIRES, HOSTS, HANDLED, INNER)),
        DRAWN,
    )
]
