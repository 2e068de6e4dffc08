"""Random expressions, as conditions and as values: both servers read and answer them alike.

The expressions are the same in every run: they are made from fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.parity.runner.case import Case, get, post

PAGES = 30
EXPRESSIONS = 12
"""How many expressions a case asks about."""
VARIABLES = (
    "%{REQUEST_METHOD}",
    "%{REQUEST_URI}",
    "%{QUERY_STRING}",
    "%{PATH_INFO}",
    "%{HTTP_HOST}",
    "%{HTTP_ACCEPT}",
    "%{HTTP_USER_AGENT}",
    "%{HTTP_REFERER}",
    "%{REMOTE_ADDR}",
    "%{REMOTE_USER}",
    "%{CONTENT_TYPE}",
    "%{REQUEST_STATUS}",
    "%{THE_REQUEST}",
    "%{IS_SUBREQ}",
    "%{SERVER_NAME}",
    "%{DOCUMENT_URI}",
    "%{LAST_MODIFIED}",
    "%{HTTPS}",
    "%{CONTEXT_PREFIX}",
    "%{REQUEST_SCHEME}",
    "%{HTTP:X-A}",
    "%{req:x-b}",
    "%{req_novary:X-A}",
    "%{reqenv:A}",
    "%{ENV:A}",
    "%{env:NOPE}",
    "%{resp:Content-Type}",
    "%{note:x}",
    "%{tolower:ABC}",
    "%{base64:a b}",
    "%{md5:x}",
    "%{unbase64:YWJj}",
    "%{escape:a b/c}",
)
TEXTS = (
    "", "a", "x.txt", "/a/x.txt", "GET", "12", " 7x", "-3", "0", "off", "No", "%41%zz", "a%20b", "YWI=",
    "*.txt", "127.0.0.1", "10.0.0.0/8", "127.0.0.0/8", "::1",
    "ann,joe", "a*", "?", "A", "abc/d.txt", "a[b]c", "~", "é",
)  # fmt: skip
PATTERNS = (
    "m#^/a/(.*)#", "/^(.)(.)?/", "m#TXT$#i", "/x/", "m,(a|b)+,", "/^$/", "m#([0-9]+)#",
    "/(?<first>[a-z])/", "m|.|",
)  # fmt: skip
ADDRESSES = ("%{REMOTE_ADDR}", "'127.0.0.' . 1", "'::1'", "'192.0.2.17'", "%{ENV:NOPE}")
SUBNETS = ("'127.0.0.1'", "'127.0.0.0/8'", "'10.0.0.0/255.0.0.0'", "'2001:db8::/32'", "'192.0.2'")
FUNCTIONS = (
    "tolower", "toupper", "escape", "unescape", "base64", "md5", "sha1", "ldap",
    "reqenv", "env", "note", "resp", "req_novary", "filesize", "osenv",
)  # fmt: skip
NUMERIC = ("-eq", "-ne", "-lt", "-le", "-gt", "-ge", "eq", "lt")
NUMBERS = ("%{REQUEST_STATUS}", "%{HTTP:X-B}", "%{ENV:A}", "1 . 2", "%{ENV:NOPE}")
ENVIRONMENT = 'SetEnvIf X-A "(.+)" A=$1\n'
FILES = {"x.txt": "x", "a/x.txt": "in a", "a/b.html": "b"}
ORDER_OF_QUESTIONS = (r"\nVary: .*", "")
"""Which fields are asked for depends on which side of a comparison comes first."""
REQUESTS = [
    get("/a/x.txt?a=b&c", "X-A: abc/d.txt", "X-B: 7"),
    get("/x.txt/info", "User-Agent: x", "Accept: text/*"),
    post("/a/b.html", "", "X-A: 10.0.0.1", "Referer: a.test"),
]


class Expressions:
    """Random expressions. What is written is in the language's grammar, what is asked may be anything."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, *ways: Callable[[], str]) -> str:
        """Return what one of these ways yields."""
        return self.random.choice(ways)()

    def text(self) -> str:
        """Return a quoted string, perhaps with a variable in it."""
        inside = [self.random.choice(TEXTS)]
        if self.random.random() < 0.3:
            inside.append(self.random.choice(VARIABLES))
        return "'" + "".join(inside) + "'"

    def word(self, depth: int) -> str:
        """Return what has a value."""
        simple = [
            self.text,
            lambda: self.random.choice(VARIABLES),
            lambda: str(self.random.randrange(20)),
        ]
        if depth <= 0:
            return self.one(*simple)
        call = lambda: f"{self.random.choice(FUNCTIONS)}({self.word(depth - 1)})"  # noqa: E731
        joined = lambda: f"{self.word(depth - 1)} . {self.word(depth - 1)}"  # noqa: E731
        return self.one(*simple, call, call, joined)

    def number(self) -> str:
        """Return a word that is a number, or begins with one, or is none."""
        return self.random.choice((*NUMBERS, str(self.random.randrange(20)), self.text()))

    def captured(self) -> str:
        """Return a word with what a match caught, which may stand behind one only."""
        return self.random.choice(("$0", "$1", "$2 . 'a'", "'$1b'", "'b'", "tolower($1)"))

    def comparison(self) -> str:
        """Return a comparison or a test of one word."""
        return self.one(
            lambda: (
                f"{self.word(2)} {self.random.choice(['==', '!=', '<', '<=', '>', '>=', '='])} {self.word(1)}"
            ),
            lambda: f"{self.number()} {self.random.choice(NUMERIC)} {self.number()}",
            lambda: f"{self.word(2)} {self.random.choice(('=~', '!~'))} {self.random.choice(PATTERNS)}",
            lambda: f"{self.word(2)} =~ m#(.)(b)?# && {self.captured()} == {self.captured()}",
            lambda: (
                f"{self.word(1)} {self.random.choice(['-strmatch', '-strcmatch', '-fnmatch'])} {self.word(1)}"
            ),
            lambda: f"{self.random.choice(ADDRESSES)} -ipmatch {self.random.choice(SUBNETS)}",
            lambda: f"{self.word(1)} -in {{ {self.word(1)}, {self.word(0)} }}",
            lambda: f"-{self.random.choice('nzT')} {self.word(2)}",
            lambda: (
                f"-{self.random.choice('defsLhx')} {self.random.choice(('%{REQUEST_FILENAME}', self.text()))}"
            ),
            lambda: f"-R {self.random.choice(SUBNETS)}",
        )

    def condition(self, depth: int = 2) -> str:
        """Return a condition."""
        if depth <= 0:
            return self.comparison()
        inner = lambda: self.condition(depth - 1)  # noqa: E731
        return self.one(
            self.comparison,
            self.comparison,
            lambda: f"!({inner()})",
            lambda: f"! {self.comparison()}",
            lambda: f"({inner()})",
            lambda: f"{inner()} {self.random.choice(('&&', 'and'))} {inner()}",
            lambda: f"{inner()} {self.random.choice(('||', 'or'))} {inner()}",
            lambda: self.random.choice(("true", "false")),
        )

    def value(self) -> str:
        """Return text with variables in it."""
        return "".join(self.random.choice(self.random.choice((VARIABLES, TEXTS))) for _ in range(3))

    def line(self, number: int) -> str:
        """Return lines whose effect shows what an expression comes to."""
        condition, name = self.condition().replace("\\", "\\\\").replace('"', '\\"'), f"X-{number}"
        return self.one(
            lambda: f'<If "{condition}">\nHeader always set {name} yes\n</If>\n',
            lambda: f'Header always set {name} yes "expr={condition}"\n',
            lambda: f'SetEnvIfExpr "{condition}" E{number}=value\nHeader set {name} "%{{E{number}}}e"\n',
            lambda: f'Header set {name} "expr={self.value()}"\n',
            lambda: (
                f'RewriteEngine On\nRewriteCond expr "{condition}"\nRewriteRule ^ - [E=R{number}:yes]\n'
                f'Header set {name} "%{{R{number}}}e"\n'
            ),
        )

    def case(self, name: str) -> Case:
        """Return a case with expressions."""
        lines = "".join(self.line(number) for number in range(EXPRESSIONS))
        config = f'{ENVIRONMENT}<Directory "@ROOT@">\nAllowOverride All\n{lines}</Directory>\n'
        if self.random.random() < 0.3:
            config += f'<Location "/a">\nRequire expr "{self.condition()}"\n</Location>\n'
        return Case(name, REQUESTS, config, files=FILES, masks=[ORDER_OF_QUESTIONS])


CASES = [Expressions(seed).case(f"expressions-{seed}") for seed in range(PAGES)]
