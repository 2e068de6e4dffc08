"""Random mappings: aliases, redirects and rewrite rules in any mixture, in any place.

The mappings are the same in every run: they are made from fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.parity.runner.case import Case, ask, get, head

MAPPINGS = 40
SHOW = """
from mod_python import apache
def handler(req):
    req.add_common_vars()
    req.add_cgi_vars()
    req.content_type = 'text/plain'
    names = ('uri', 'args', 'path_info', 'filename', 'unparsed_uri')
    req.write(''.join('%s=%s\\n' % (name, getattr(req, name) or '') for name in names), 0)
    env = req.subprocess_env
    for name in 'E REDIRECT_E REDIRECT_URL REDIRECT_STATUS SCRIPT_NAME PATH_INFO CONTEXT_PREFIX'.split():
        req.write('%s=%s\\n' % (name, env.get(name)), 0)
    return apache.OK
"""
HANDLED = "<FilesMatch show>\nSetHandler mod_python\nPythonHandler @M@\n</FilesMatch>\n"
FILES = {
    "show": "",
    "a.txt": "file a",
    "d/a.txt": "file a of d",
    "d/show": "",
    "d/index.html": "index of d",
    "d/e/b.txt": "file b of e",
    "d/e/show": "",
    "404.html": "error page",
    "f/": "",
}
URLS = (
    "/a.txt",
    "/show/info?x=1",
    "/d",
    "/d/",
    "/d/a.txt?a=b&c",
    "/d/e/b.txt",
    "/d/e/show/more",
    "/x/a.txt",
    "/x/d/show?q",
    "/none",
    "/d/none/deep",
    "/d%20e/a%2bb?%20",
    "/f/",
    "/x",
)
PREFIXES = ("/x", "/x/", "/d", "/d/e", "/x/d", "/none", "/d/none/")
PLACES = ("@ROOT@", "@ROOT@/", "@ROOT@/d", "@ROOT@/d/", "@ROOT@/show", "@ROOT@/d/e", "@ROOT@/nowhere")
PATTERNS = ("^/x(.*)", "^/(d)/(.*)", "/none", "^/([^/]*)/(.+)$", "b.txt$", "^/x/?$", "^(.*)a(.*)$")
LOCAL_PATTERNS = ("^x/(.*)", "^(d)/(.*)", "none", "^([^/]*)$", "b.txt$", "^(.*)a(.*)$", "^e/(.*)", "^$")
TARGETS = (
    "/show",
    "/show/$1",
    "/d/$1",
    "/d/e/show?$1",
    "/a.txt",
    "/show?a=$1&b=$2",
    "/nowhere/$2",
    "/d/$1/$2",
)
LOCAL_TARGETS = (
    "show",
    "show/$1",
    "$1.txt",
    "e/show?z=$1",
    "a.txt",
    "/d/$1",
    "/show?a=%1",
    "-",
    "@ROOT@/d/show/$1",
)
ADDRESSES = ("/to", "/to/", "http://h.test/$1", "http://h.test/p?x=y", "/to?z#f", "https://h.test:8443/")
STATUSES = ("301", "302", "303", "307", "308", "410", "404", "permanent", "temp", "seeother", "gone")
FLAGS = (
    "R,L",
    "R=301,L",
    "F",
    "G",
    "L",
    "END",
    "PT",
    "QSA",
    "QSD",
    "NE",
    "C",
    "S=1",
    "NC",
    "E=E:$1",
    "B",
    "NS",
    "DPI",
    "QSL",
)
ENDS = ("R,L", "R=301,L", "F", "G", "PT")
"""A rule has one of these at most."""
LOCAL_FLAGS = tuple(flag for flag in FLAGS if flag != "PT")
TESTS = (
    ("%{QUERY_STRING}", "a=(b)"),
    ("%{QUERY_STRING}", "!^$"),
    ("%{REQUEST_FILENAME}", "-f"),
    ("%{REQUEST_FILENAME}", "!-f"),
    ("%{REQUEST_FILENAME}", "!-d"),
    ("%{REQUEST_URI}", "^/(d|x)"),
    ("%{REQUEST_METHOD}", "=GET"),
    ("%{HTTP:X-A}", ">1"),
    ("$1", "!none"),
    ("%{ENV:REDIRECT_STATUS}", "^$"),
    ("%{REQUEST_URI}", "<=/d"),
    ("expr", '"-n %{QUERY_STRING}"'),
)


class Mapping:
    """One random configuration."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return self.random.choice(choices)

    def some(self, most: int, make: Callable[[], str]) -> str:
        """Return a few of what `make` makes."""
        return "".join(make() for _ in range(self.random.randrange(most + 1)))

    def alias(self) -> str:
        """Return an alias of the whole host."""
        if self.random.random() < 0.4:
            return f'AliasMatch "{self.pick(PATTERNS)}" "{self.pick(PLACES)}/$1"\n'
        return f'Alias "{self.pick(PREFIXES)}" "{self.pick(PLACES)}"\n'

    def redirect(self) -> str:
        """Return a redirect."""
        status = self.pick(STATUSES)
        is_gone = status in ("410", "404", "gone")
        target = "" if is_gone else f'"{self.pick(ADDRESSES)}"'
        if self.random.random() < 0.4:
            return f'RedirectMatch {status} "{self.pick(PATTERNS)}" {target}\n'
        return f'Redirect {status} "{self.pick(PREFIXES)}" {target.replace("$1", "")}\n'

    def condition(self) -> str:
        """Return a condition of the next rule."""
        subject, pattern = self.random.choice(TESTS)
        flags = self.random.choice(("", "", "", " [OR]", " [NC]"))
        return f"RewriteCond {subject} {pattern}{flags if subject != 'expr' or 'OR' in flags else ''}\n"

    def rule(self, patterns: Sequence[str], targets: Sequence[str], flags: Sequence[str]) -> str:
        """Return a rule with its conditions."""
        chosen = self.random.sample(flags, self.random.randrange(4))
        if len(ends := [flag for flag in chosen if flag in ENDS]) > 1:
            chosen = [flag for flag in chosen if flag not in ends[1:]]
        negated = self.random.random() < 0.1
        target = self.pick(targets).replace("$1", "n").replace("$2", "n") if negated else self.pick(targets)
        if "PT" in chosen:
            target = target.replace("http://h.test", "")
        shown = f" [{','.join(chosen)}]" if chosen else ""
        return (
            self.some(2, self.condition)
            + f'RewriteRule "{"!" * negated}{self.pick(patterns)}" "{target}"{shown}\n'
        )

    def rules(self) -> str:
        """Return rules of the whole host."""
        return "RewriteEngine On\n" + self.some(
            3, lambda: self.rule(PATTERNS, (*TARGETS, "-", "http://h.test/$1"), FLAGS)
        )

    def local_rules(self) -> str:
        """Return rules of a directory. They come to an end: what they made is left alone."""
        base = self.random.choice(("", "", "RewriteBase /d\n", "RewriteBase /x/\n"))
        more = self.random.choice(("", "", "RewriteOptions Inherit\n", "RewriteOptions InheritBefore\n"))
        return f"RewriteEngine On\n{base}{more}RewriteRule show - [END]\n" + self.some(
            3, lambda: self.rule(LOCAL_PATTERNS, LOCAL_TARGETS, LOCAL_FLAGS)
        )

    def local(self) -> str:
        """Return what stands in a directory."""
        parts = [
            self.local_rules,
            self.redirect,
            lambda: f"ErrorDocument {self.pick(('404', '403', '410'))} {self.pick(ERRORS)}\n",
            lambda: f"DirectoryIndex {self.pick(INDEXES)}\n",
            lambda: f"DirectorySlash {self.pick(('On', 'Off'))}\n",
            lambda: f"AcceptPathInfo {self.pick(('On', 'Off', 'Default'))}\n",
        ]
        return "".join(self.random.choice(parts)() for _ in range(self.random.randrange(1, 4)))

    def section(self) -> str:
        """Return a section."""
        header = self.pick(SECTIONS)
        inside = f"ErrorDocument 404 {self.pick(ERRORS)}\n" if header.startswith("Location") else self.local()
        return f"<{header}>\n{inside}</{header.split()[0]}>\n"

    def config(self) -> str:
        """Return the configuration of a virtual host."""
        parts = [
            self.some(2, self.alias),
            self.some(1, self.redirect),
            self.rules() if self.random.random() < 0.5 else "",
            self.some(2, self.section),
            self.random.choice(("UseCanonicalName On\n", "")),
        ]
        self.random.shuffle(parts)
        return '<Directory "@ROOT@">\nAllowOverride All\n</Directory>\n' + "".join(parts) + HANDLED

    def case(self, name: str) -> Case:
        """Return the mapping as a case, with .htaccess files in some directories."""
        config = self.config()
        own = {
            f"{place}.htaccess": self.local() for place in ("", "d/", "d/e/") if self.random.random() < 0.3
        }
        requests = [get(url) for url in URLS] + [head("/x/a.txt"), ask("POST", "/d/none", "X-A: 2", body="")]
        return Case(name, requests, config, source=SHOW, files=FILES | own)


ERRORS = ("/404.html", "/show?error", "http://h.test/error", '"plain text"', "default", "/none")
INDEXES = ("show", "index.html", "disabled", "a.txt /show", "none index.html")
SECTIONS = (
    'Directory "@ROOT@"',
    'Directory "@ROOT@/d"',
    'Directory "@ROOT@/d/e"',
    'DirectoryMatch "/e"',
    "Location /x",
    "Location /d/e",
)
CASES = [Mapping(seed).case(f"mapped-{seed}") for seed in range(MAPPINGS)]
