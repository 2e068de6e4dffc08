"""Random guards: trees of Require, Allow and Deny, Satisfy and AuthMerging in whatever section.

The guards are the same in every run: they are made from fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.parity.runner.case import Case, ask, basic, get, head, post

GUARDS = 60
PASSWORDS = """
from mod_python import apache
def authenhandler(req):
    password = req.get_basic_auth_pw()
    return apache.OK if password == 'of ' + req.user else apache.HTTP_UNAUTHORIZED
"""
ENVIRONMENT = 'SetEnvIf X-A "^(.+)" A=$1\nSetEnvIf X-A 2 !B\nSetEnvIf Request_URI "^/a/b" B\n'
AUTHENTICATION = (
    'AuthType Basic\nAuthName "here"\nAuthUserFile "@ROOT@/.passwords"\n',
    'AuthType Basic\nAuthName "there"\nPythonAuthenHandler @M@\n',
)
FILES = {
    ".passwords": "joe:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs=\nann:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs=\n",
    "x.txt": "top",
    "a/x.txt": "a",
    "a/index.html": "index of a",
    "a/b/x.txt": "b",
    "a/b/y.html": "b",
}
JOE, ANN, OF_JOE = basic("joe", "1"), basic("ann", "1"), basic("joe", "of joe")
REQUESTS = [
    get("/x.txt"),
    get("/a/x.txt"),
    get("/a/x.txt", "X-A: 1"),
    get("/a/x.txt", JOE),
    get("/a/x.txt", OF_JOE),
    get("/a/", ANN),
    post("/a/b/x.txt", "", ANN, "X-A: 2"),
    get("/a/b/y.html", JOE),
    get("/a/b/y.html", OF_JOE, "X-A: 1"),
    head("/a/b/x.txt", basic("joe", "wrong")),
    get("/a/b/nope", JOE, "X-A: 2"),
    ask("OPTIONS", "/a/b/x.txt", "Authorization: Basic ##"),
    get("/a", "X-A: 1", ANN),
]
DEMANDS = (
    "all granted",
    "all denied",
    "ip 127.0.0.1",
    "ip 10 127.0.0.0/8",
    "ip 10.1 192.0.2.0/255.255.255.0 ::1",
    "local",
    "env A",
    "env B A",
    "method GET HEAD",
    "method POST OPTIONS",
    "expr %{REQUEST_URI} =~ m#^/a/b#",
    "expr \"%{HTTP:X-A} == '1' || reqenv('B') != ''\"",
    "expr %{REMOTE_USER} == 'joe'",
    "user joe",
    "user ann bob",
    "valid-user",
    "user %{req:X-A} ann",
)
SECTIONS = (
    'Directory "@ROOT@"',
    'Directory "@ROOT@/a"',
    'Directory "@ROOT@/a/b"',
    'DirectoryMatch "/a/b$"',
    'Files "x.txt"',
    'FilesMatch "html$"',
    'Location "/a"',
    'LocationMatch "^/a/b/"',
    'Location "/a/b/x.txt"',
    "If \"%{HTTP:X-A} == '1'\"",
    "If \"%{REQUEST_METHOD} == 'POST'\"",
)
HOSTS = ("all", "127.0.0.1", "10.0.0.0/8", "127.0.0.0/255.0.0.0", "env=A", "env=!B", "127", "192.0.2")


class Guard:
    """One random configuration that lets some requests in and others not."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chance(self, share: float) -> bool:
        """Whether something happens that does so in this share of cases."""
        return self.random.random() < share

    def demand(self, negated: bool = False) -> str:
        """Return a Require line."""
        return f"Require {'not ' if negated else ''}{self.random.choice(DEMANDS)}\n"

    def container(self, depth: int, kinds: Sequence[str] = ("RequireAll", "RequireAny")) -> str:
        """Return a container; what can only refuse stands in RequireAll alone, beside what can let in."""
        kind = self.random.choice(kinds)
        refusing = kind == "RequireAll"
        inner = (*kinds[:2], "RequireNone") if refusing else kinds[:2]
        parts = [self.demand()]
        for _ in range(self.random.randrange(3)):
            nested = depth > 0 and self.chance(0.4)
            negated = refusing and self.chance(0.4)
            parts.append(self.container(depth - 1, inner) if nested else self.demand(negated))
        self.random.shuffle(parts)
        return f"<{kind}>\n{''.join(parts)}</{kind}>\n"

    def demands(self) -> str:
        """Return what a section requires, perhaps of some methods alone."""
        parts = [
            self.container(2) if self.chance(0.4) else self.demand()
            for _ in range(self.random.randrange(1, 3))
        ]
        if self.chance(0.15):
            limit = self.random.choice(("Limit POST", "Limit GET OPTIONS", "LimitExcept GET"))
            parts.append(f"<{limit}>\n{self.demand()}</{limit.split()[0]}>\n")
        return "".join(parts)

    def hosts(self) -> str:
        """Return the older way to say who may come in."""
        order = self.random.choice(("allow,deny", "deny,allow", "mutual-failure"))
        lines = [
            f"{self.random.choice(('Allow', 'Deny'))} from {self.random.choice(HOSTS)}\n"
            for _ in range(self.random.randrange(3))
        ]
        return f"Order {order}\n" + "".join(lines)

    def body(self, in_location: bool = False) -> str:
        """Return what stands in a section; Python in a Location would keep it from having files."""
        parts = []
        if self.chance(0.7):
            parts.append(self.demands())
        if self.chance(0.3):
            parts.append(self.random.choice(AUTHENTICATION[:1] if in_location else AUTHENTICATION))
        if self.chance(0.3):
            parts.append(f"AuthMerging {self.random.choice(('Off', 'And', 'Or'))}\n")
        if self.chance(0.25):
            parts.append(self.hosts())
        if self.chance(0.2):
            parts.append(f"Satisfy {self.random.choice(('Any', 'All'))}\n")
        if self.chance(0.1):
            parts.append("AuthzSendForbiddenOnFailure On\n")
        return "".join(parts) or self.demand()

    def section(self) -> str:
        """Return a section."""
        header = self.random.choice(SECTIONS)
        return f"<{header}>\n{self.body('Location' in header)}</{header.split()[0]}>\n"

    def config(self) -> str:
        """Return the configuration of a virtual host."""
        top = f'<Directory "@ROOT@">\nAllowOverride All\n{self.random.choice(AUTHENTICATION)}</Directory>\n'
        return ENVIRONMENT + top + "".join(self.section() for _ in range(self.random.randrange(1, 6)))

    def case(self, name: str) -> Case:
        """Return the guard as a case, with .htaccess files in some directories."""
        config = self.config()
        own = {f"{place}.htaccess": self.body() for place in ("", "a/", "a/b/") if self.chance(0.3)}
        return Case(name, REQUESTS, config, source=PASSWORDS, files=FILES | own)


CASES = [Guard(seed).case(f"guard-{seed}") for seed in range(GUARDS)]
