"""Random guarded sites and every way from one of their places to another.

Every file and every handler of a site has a mark of its own. Whoever may not see a mark on Apache must not
see it here (`Case.shows_no_more`): how the two say no need not be the same. The sites are the same in every
run: they are made from fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.parity.guarded_site import FILES, FIXED, HANDLERS, LINKS
from tests.parity.runner.case import Case, Request, ask, basic

SEEDS = range(40)
REQUESTS = 45
PLACES = ("", "/a", "/a/b", "/c", "/d", "/h", "/p", "/pub", "/cgi", "/w", "/c/deep", "/d/to-c")
TARGETS = (
    "/x.txt", "/a/x.txt", "/a/secret.txt", "/a/page.shtml", "/a/b/x.txt", "/a/b/page.shtml",
    "/c/secret.txt", "/c/page.shtml", "/c/", "/d/", "/h/x", "/h/x?to=/c/secret.txt", "/p/secret.psp",
    "/pub/mod/open", "/cgi/secret", "/run/inside", "/page.shtml", "/none", "/d/to-c/secret.txt", "/a/b/",
)  # fmt: skip
URLS = (
    *TARGETS, "/w/x", "/", "/a", "/a/", "/a/b", "/c", "/d/to.txt", "/d/to-c/", "/a/up/c/secret.txt",
    "/a/b/beside.txt", "//c/secret.txt", "/c//secret.txt", "/a/../c/secret.txt", "/%63/secret.txt",
    "/c%2fsecret.txt", "/c/./secret.txt", "/c/secret.txt/", "/c/secret.txt/more", "/c/secret.txt.",
    "/C/secret.txt", "/c/SECRET.TXT", "/c/secret.txt%20", "/c/secret%2etxt", "/a/%2e%2e/c/secret.txt",
    "/c/;/secret.txt", "/c/secret.txt;x", "/c/secret.txt%3fx", "/c/secret", "/h/x?to=/a/b/page.shtml",
    "/h/x?to=/d/", "/h/x?to=/run/secret", "/h/x?to=//c/secret.txt", "/h/none?to=/p/secret.psp",
    "/h/x?to=/c/secret.txt/more", "/h/x?to=/pub/mod/open", "/h/x?to=/a/../c/secret.txt", "/p/page.psp",
    "/p/page.psp_", "/p/secret.psp_", "/p/secret.psp/more", "/pub/mod/open", "/pub/open", "/pub/mod.py",
    "/pub/mod/_hidden", "/pub/", "/cgi/run/info", "/run/run", "/run/secret", "/run//secret",
    "/run/../c/secret.txt", "/w/", "/w/x/info", "/al/secret.txt", "/al/deep/secret.txt",
    "/al//secret.txt", "/al../c/secret.txt", "/am/c/secret.txt", "/am/a/b/secret.txt", "/px/c/secret.txt",
    "/px/a/page.shtml", "/px/h/x", "/px//c/secret.txt", "/px/../c/secret.txt", "/px/%2e%2e/c/secret.txt",
    "/r/secret.txt", "/r/x.txt", "/a/none", "/c/none", "/d/none/deep", "/c/deep/secret.txt",
    "/d/?C=N;O=D", "/d/sub/", "/a/b/?F=2", "/d?P=*secret*", "/secret.txt", "/passwords.a", "/.htaccess",
    "/a/.htaccess", "/x.txt/c/secret.txt", "*", "/c/secret.txt?x=/a/",
)  # fmt: skip
CLIENTS = (
    (),
    (),
    (basic("alice", "pa"),),
    (basic("alice", "pa"),),
    (basic("bob", "pb"),),
    (basic("carl", "pc"),),
    (basic("alice", "other"),),
    (basic("alice", "third"),),
    (basic("alice", "wrong"),),
    (basic("alice", ""),),
    ("Authorization: Basic YWxpY2U=",),
    ("Authorization: basic   YWxpY2U6cGE=",),
    ("Authorization: Basic YWxpY2U6cGE= x",),
    ("Authorization: Basic",),
    ('Authorization: Digest username="alice", realm="A"',),
    ("Authorization: Bearer alice",),
    (basic("", "pa"),),
    (basic("alice:x", "pa"),),
    (basic("bob", "pb"), basic("alice", "x")),
    ("X-Forwarded-For: 10.1.2.3",),
    ("X-Forwarded-For: 10.1.2.3", basic("alice", "pa")),
    ("X-Forwarded-For: 127.0.0.1, 10.1.2.3",),
    ("X-Forwarded-For: 10.1.2.3, 192.0.2.7", basic("bob", "pb")),
)
EXTRAS = (
    *((),) * 8,
    ("X-A: 1",),
    ("X-A: 1",),
    ("Range: bytes=0-5",),
    ("If-None-Match: *",),
    ('If-Match: "none"',),
    ("If-Modified-Since: Sun, 22 Nov 2026 00:00:00 GMT",),
    ("If-Unmodified-Since: Sun, 22 Nov 1998 00:00:00 GMT",),
    ("X-Move: /c/secret.txt",),
    ("X-Move: /a/b/page.shtml",),
    ("X-Move: /c//secret.txt/more",),
    ("X-Fix: /c/secret.txt",),
    ("X-Fix: /a/page.shtml",),
    ("X-Go: /c/secret.txt",),
    ("X-Go: /a/b/x.txt",),
    ("X-Go: /d/",),
    ("X-HTTP-Method-Override: PUT",),
)
METHODS = (
    *("GET",) * 14,
    "HEAD",
    "HEAD",
    "POST",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PROPFIND",
    "get",
    "TRACE",
    "WHATEVER",
)
DEMANDS = (
    *("all denied",) * 5, "all granted", "valid-user", "valid-user", "user alice", "user alice",
    "user bob", "user carl", "group staff", "ip 10.0.0.0/8", "ip 127.0.0.1", "not ip 127.0.0.1", "env A",
    "method GET", "expr %{REMOTE_USER} == 'alice'", "expr %{REQUEST_URI} !~ /secret/",
    "expr %{HTTP:X-A} == '1'", "expr %{IS_SUBREQ} == 'true'", "expr -z %{ENV:REDIRECT_STATUS}",
    "expr %{REQUEST_FILENAME} !~ /secret/", "local", "expr %{THE_REQUEST} !~ m#/c/#",
    "user %{req:X-A} bob",
)  # fmt: skip
REALMS = (
    'AuthType Basic\nAuthName A\nAuthUserFile "@ROOT@/passwords.a"\nAuthGroupFile "@ROOT@/groups"\n',
    'AuthType Basic\nAuthName B\nAuthUserFile "@ROOT@/passwords.b"\nAuthGroupFile "@ROOT@/groups"\n',
    "AuthType Basic\nAuthName C\nPythonAuthenHandler @M@::checks\n",
    "AuthType Own\nAuthName D\nPythonAuthenHandler @M@::checks\n",
)
ODD_AUTHEN = (
    "checks", "claims", "claims_and_passes", "makes_alice", "makes_alice_and_declines", "passes",
    "declines", "done", "says_200", "says_302", "nothing", "fails", "stops", "stops_well", "says_minus",
    "asks",
)  # fmt: skip
GUARDS = (
    "needs_header", "no_secrets", "refuses", "claims", "claims_and_passes", "makes_alice",
    "makes_alice_and_declines", "passes", "declines", "done", "says_200", "says_404", "nothing", "fails",
    "stops", "stops_well", "stops_done", "main_only", "adds", "adds_handler", "says_minus", "asks",
    "no_secrets", "needs_header",
)  # fmt: skip
AUTHZ = (
    "alice_alone",
    "alice_alone",
    "no_secrets",
    "passes",
    "declines",
    "refuses",
    "nothing",
    "fails",
    "says_200",
)
LOCATIONS = (
    "Location /a", "Location /a/", "Location /a/b", "Location /c", "Location /c/secret.txt",
    "Location /c/", "Location /d", "Location /h", "Location /p", "Location /pub", "Location /cgi",
    "Location /run", "Location /w", "Location /px", "Location /px/c", "Location /al",
    'LocationMatch "secret"', 'LocationMatch "^/(a|c)/"', 'LocationMatch "/$"',
    'Location "/?/secret.txt"', "Location /d/to-c",
)  # fmt: skip
SECTIONS = (
    *(f'Directory "@ROOT@{place}"' for place in (*PLACES, *PLACES)), 'DirectoryMatch "/(b|deep)$"',
    'DirectoryMatch "/c"', 'Directory "@ROOT@/*/b"', 'Files "secret.txt"', 'Files "secret*"',
    'FilesMatch "\\.(txt|psp)$"', 'FilesMatch "^x"', 'Files "*.shtml"', 'Files "index.html"',
    'FilesMatch "psp_?$"', 'Files "mod.py"', 'Files "to*"', "If \"%{HTTP:X-A} == '1'\"",
    "If \"%{REQUEST_URI} =~ /secret/\"", "If \"%{REQUEST_METHOD} != 'GET'\"",
    "If \"%{REMOTE_ADDR} == '127.0.0.1'\"", "If \"-n %{HTTP:Authorization}\"",
    "If \"%{REQUEST_FILENAME} =~ /secret/\"", *LOCATIONS,
)  # fmt: skip
OVERRIDES = ("All", "None", "AuthConfig", "Limit", "FileInfo", "Indexes Options")
OPTIONS = (
    "+Indexes", "+Indexes", "-Indexes", "-FollowSymLinks", "SymLinksIfOwnerMatch", "IncludesNOEXEC",
    "Indexes Includes", "-Includes", "+Indexes -FollowSymLinks", "FollowSymLinks Indexes Includes",
    "None",
)  # fmt: skip
RULES = (
    "^/?r/(.*) /c/$1", "^/?r/(.*) /c/$1 [PT]", "^/?r/(.*) /a/b/$1 [L]", "x\\.txt$ /c/secret.txt",
    "^/?d/(.*) /c/$1 [NS]", "^/?a/none /h/x [L]", "none$ /c/secret.txt", "(.*)x\\.txt$ $1secret.txt [L]",
    "^/?c/(.*) /al/$1 [PT]", "^/?d/none /d/", "^ - [E=A:1]", "secret - [F]", "secret - [F,NS]",
    "^/?h/x /run/secret [PT]", "^/?p/page /p/secret.psp", "^/?(.*)/more$ /$1",
    "index\\.html$ /c/secret.txt", "^/?a/up/(.*) /$1", "shtml$ /page.shtml", "^/?d/$ /c/",
)  # fmt: skip
LOCAL_RULES = (
    "^x\\.txt$ secret.txt", "^x\\.txt$ /c/secret.txt [L]", "^x\\.txt$ @ROOT@/c/secret.txt [END]",
    "^none$ secret.txt [END]", "^(.*)\\.html$ $1.shtml [END]", "^none /c/ [END]", "secret - [F]",
    "secret - [F,NS]", "^$ secret.txt [END]", "^(secret).txt/more $1.txt [END]",
    "^page\\.shtml$ x.txt [NS,END]", "^ - [E=A:1]", "^none ../c/secret.txt [END]",
)  # fmt: skip
INDEXES = (
    "index.html", "secret.txt", "x.txt", "none.html /c/secret.txt", "/c/index.html", "/h/x", "page.shtml",
    "disabled", "none none2", "sub/x.txt", "deep/secret.txt", "../c/secret.txt", "/run/secret",
    "/px/c/secret.txt",
)  # fmt: skip

FIXUPS = ("fixes_file", "fixes_file", "adds_handler", "moves_uri", "goes_in")
MORE_OPTIONS = (*OPTIONS, "+Indexes", "Indexes FollowSymLinks Includes ExecCGI")
WAYS: tuple[Any, ...] = (
    ("DirectoryIndex *", INDEXES),
    ("DirectoryIndex *", INDEXES),
    ("ErrorDocument * *", ("401", "403", "404", "500"), TARGETS),
    ("ErrorDocument * *", ("401", "403", "404", "403"), TARGETS),
    ("FallbackResource *", ("/h/x", "/c/secret.txt", "/a/page.shtml")),
    ("Options *", MORE_OPTIONS),
    ("Options *", MORE_OPTIONS),
    ("AcceptPathInfo *", ("On", "Off")),
    ("PythonFixupHandler @M@::*", FIXUPS),
    (
        "SetHandler *\nPythonHandler @M@::*",
        ("mod_python", "default-handler", "none"),
        ("handler", "shows_some"),
    ),
    ("IndexOptions *", ("FancyIndexing", "ScanHTMLTitles FancyIndexing", "ShowForbidden")),
)
"""Lines and what may stand for each `*` in them."""
REMOTE = "RemoteIPHeader X-Forwarded-For\nRemoteIP"
MAPPINGS: tuple[Any, ...] = (
    ('Alias /al "@ROOT@/c"',),
    ('Alias /al/ "@ROOT@/c/"',),
    ('AliasMatch "^/am/(.*)" "@ROOT@/$1"',),
    ('Alias /al/deep "@ROOT@/a"\nAlias /al "@ROOT@/c"',),
    ('ProxyPass "/px/" "http://127.0.0.1:@PORT@/"\nProxyPreserveHost On',),
    (f"{REMOTE}InternalProxy 127.0.0.1",),
    (f"{REMOTE}TrustedProxy 127.0.0.1 192.0.2.7",),
    ("PythonTransHandler @M@::*", ("moves_file", "moves_uri", "moves_file")),
    ("PythonFixupHandler @M@::*", ("fixes_file", "goes_in")),
    ("PythonPostReadRequestHandler @M@::*", ("moves_uri", "claims", "makes_alice", "passes")),
    ("AllowEncodedSlashes *", ("On", "NoDecode", "Off")),
    ("MergeSlashes Off",),
    ("ErrorDocument * *", ("401", "403", "404"), TARGETS),
    ("SetEnvIf X-A 1 A",),
    ('SetEnvIf Request_URI "^/a/" A',),
    ("DirectoryIndex *", INDEXES),
)


class Leaks:
    """One random site."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        """Whether something happens that does so in this share of cases."""
        return self.random.random() < share

    def demand(self) -> str:
        """Return a requirement, perhaps a tree or for some methods alone."""
        one = f"Require {self.pick([d for d in DEMANDS if not d.startswith('not ')])}\n"
        if self.chance(0.2):
            return f"<RequireAll>\n{one}Require {self.pick(DEMANDS)}\n</RequireAll>\n"
        if self.chance(0.1):
            return f"<RequireAll>\nRequire all granted\n<RequireNone>\n{one}</RequireNone>\n</RequireAll>\n"
        if self.chance(0.15):
            limit = self.pick(("Limit GET", "Limit POST PUT", "LimitExcept GET", "LimitExcept POST"))
            return f"<{limit}>\n{one}</{limit.split()[0]}>\n"
        return one

    def line(self, text: str, *choices: Sequence[str]) -> str:
        """Return a line (or several) with one of the choices for each `*`."""
        for some in choices:
            text = text.replace("*", self.pick(some), 1)
        return f"{text}\n"

    def login(self) -> str:
        """Return a realm, and who of it may come."""
        realm = self.pick(REALMS)
        if self.chance(0.25):
            kind = ("Basic", "Own")
            realm = self.line("AuthType *\nAuthName E\nPythonAuthenHandler @M@::*", kind, ODD_AUTHEN)
        authz = self.line("PythonAuthzHandler @M@::*", AUTHZ) if self.chance(0.2) else ""
        return realm + authz + self.demand()

    def hosts(self) -> str:
        """Return the older way to say who may come in."""
        order = self.line("Order *", ("allow,deny", "deny,allow"))
        return order + self.line("* from *", ("Allow", "Deny"), ("all", "127.0.0.1", "10", "env=A"))

    def guard(self) -> str:
        """Return something that keeps somebody out."""
        kind = self.random.randrange(8)
        if kind < 2:
            return self.demand()
        if kind < 4:
            return self.login()
        if kind == 4:
            return self.hosts()
        if kind == 5:
            return self.line("Python*Handler @M@::*", ("Access", "Access", "HeaderParser"), GUARDS)
        if kind == 6:
            return self.line("AuthMerging *", ("Off", "And", "Or")) + self.demand()
        return self.line("Satisfy *", ("Any", "Any", "All"))

    def rules(self, choices: Sequence[str]) -> str:
        """Return a few rules."""
        rules = (self.line("RewriteRule *", choices) for _ in range(self.random.randrange(1, 4)))
        return "RewriteEngine On\n" + "".join(rules)

    def way(self) -> str:
        """Return something that leads elsewhere."""
        if self.chance(0.1):
            return self.rules(LOCAL_RULES)
        text, *choices = self.random.choice(WAYS)
        return self.line(text, *choices)

    def body(self, in_location: bool = False, in_files: bool = False) -> str:
        """Return what stands in a section."""
        parts = [self.guard() for _ in range(self.random.randrange(1, 3))]
        if self.chance(0.5):
            parts.append(self.way())
        text = "".join(parts)
        if in_files or in_location:
            text = "".join(line for line in text.splitlines(True) if not line.startswith("RewriteR"))
        if in_files and "Options " in text:
            text = "".join(line for line in text.splitlines(True) if not line.startswith("Options "))
        return text or self.demand()

    def section(self) -> str:
        """Return a section."""
        header = self.pick(SECTIONS)
        kind = header.split()[0]
        is_plain = header.startswith("Directory ") and "*" not in header
        override = self.line("AllowOverride *", OVERRIDES) if is_plain and self.chance(0.2) else ""
        inside = self.body(kind.startswith("Location"), kind.startswith(("Files", "If")))
        return f"<{header}>\n{override}{inside}</{kind}>\n"

    def mapping(self) -> str:
        """Return what maps URLs of the whole host."""
        if self.chance(0.15):
            return self.rules(RULES)
        text, *choices = self.random.choice(MAPPINGS)
        return self.line(text, *choices)

    def request(self) -> Request:
        """Return a request of somebody for something."""
        headers = (*self.random.choice(CLIENTS), *self.random.choice(EXTRAS))
        method = self.pick(METHODS)
        body = "SECRET-sent" if method in ("POST", "PUT") else None
        return ask(method, self.pick(URLS), *headers, body=body)

    def case(self, name: str) -> Case:
        """Return the site as a case, with .htaccess files in some directories."""
        parts = [FIXED, *(self.mapping() for _ in range(self.random.randrange(1, 6)))]
        parts += [self.section() for _ in range(self.random.randrange(2, 8))]
        places = ("", "a/", "a/b/", "c/", "d/", "p/", "h/", "c/deep/")
        own = {f"{place}.htaccess": self.body() for place in places if self.chance(0.15)}
        requests = [self.request() for _ in range(REQUESTS)]
        return Case(
            name,
            requests,
            "".join(parts),
            source=HANDLERS,
            files=FILES | own,
            links=LINKS,
            shows_no_more=True,
        )


CASES = [Leaks(seed).case(f"leaks-{seed}") for seed in SEEDS]
