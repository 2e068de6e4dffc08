"""Random requests, byte by byte: first lines, Host fields, other fields, bodies, several at once.

The requests are the same in every run: they are made from fixed seeds. What olexd refuses on purpose
(docs/differences.md) is not among them: folded lines, bare LF, two framings, versions that do not exist.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.parity.runner.case import Case, Request, raw

SERVERS = 12
REQUESTS = 40
"""How many requests a case sends."""
SHOW = """
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    for name in 'method uri args unparsed_uri protocol hostname the_request parsed_uri'.split():
        req.write('%s %a\\n' % (name, getattr(req, name)), 0)
    req.write('%a %a\\n' % (req.construct_url('/x'), req.connection.keepalive), 0)
    if 'Transfer-Encoding' not in req.headers_in:
        req.write('%a\\n' % (req.read(),), 0)
    req.write('\\n'.join('%a' % (item,) for item in sorted(req.headers_in.items())), 0)
    return apache.OK
"""
HANDLED = "<Location /p>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n"
METHODS = (
    "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "get", "FOO",
    "G.T", "M-SEARCH", "G@T", "GE(T", "", "X" * 40,
)  # fmt: skip
PIECES = (
    "/", "//", "/p", "/p/", "/./", "/../", "/..", "/.", "a", "b.txt", ";c=d", "%20", "%2e", "%2E%2e",
    "%2f", "%25", "%00", "%zz", "%", "%4", "+", "~", "'", '"', "<", "|", "\\", "{", "^", "[", "é",
    "\x7f", ":", "@", "*", "%c3%a9", "%5c", "%7F", "%0a", "$", "&", "=", ",", "!", "x" * 300,
)  # fmt: skip
QUERIES = (
    "",
    "",
    "",
    "?",
    "?a=b",
    "?a=b&c;d",
    "??",
    "?%00",
    "?%zz",
    "?/../",
    "?a#b",
    "#",
    "#a",
    "?'<>\"",
    "?é",
    "?\\^`{|}",
)
PREFIXES = (
    "http://@HOST@", "http://@HOST@:81", "HTTP://@HOST@", "http://u@@HOST@", "http:/", "ftp://@HOST@",
    "//@HOST@", "@HOST@", "http://[::1]", "http://[::1", "http://@HOST@:x", "https://@HOST@",
)  # fmt: skip
VERSIONS = ("HTTP/1.1",) * 12 + (
    "HTTP/1.0",
    "HTTP/1.0",
    "http/1.1",
    "HTTP/1.1 ",
    "HTTP/11",
    "HTTP/1",
    "HTTP/1.1x",
    "XTTP/1.1",
    "HTTP/0.9",
    "HTTP/01.1",
)
BLANKS = (" ",) * 20 + ("  ", "\t", " \t")
HOSTS = ("@HOST@",) * 12 + (
    "@HOST@:80", "@HOST@:", "@HOST@.", "@HOST@:x", "@HOST@:99999", "@HOST@:0", "", "a b", "a/b", "a@b",
    "[::1]", "[::1]:8", "[::1", "::1", "[x]", "*", "a_b", "a..b", ".", "%41", "é", "a,b", "127.0.0.1",
    "@HOST@:8 ", "\t@HOST@",
)  # fmt: skip
NAMES = ("X-A",) * 8 + (
    "x-a",
    "X_A",
    "X.A",
    "X-A ",
    "X A",
    "",
    "X:",
    "X(",
    'X"',
    "é",
    "X\x01",
    "*",
    "!#$%&'*+-.^_`|~",
)
VALUES = (
    "a",
    "a",
    "",
    "  b  ",
    "\tc\t",
    "a,b",
    "a\tb",
    "é",
    "a\x01b",
    "a\x7fb",
    ":",
    '"q"',
    "x" * 500,
    "a\x0bb",
    "\x0b",
    "a\r",
    "=?utf-8?q?x?=",
)
FIELDS = (
    "Connection: close", "Connection: keep-alive", "Connection: Keep-Alive, X-A", "Connection: ,close",
    "Connection: x", "Connection: closed", "Connection:", "Keep-Alive: 300", "Upgrade: websocket",
    "Connection: upgrade", "TE: trailers", "Range: bytes=0-1", "Cookie: a=b", "Content-Type: text/x",
    "Proxy: x", "Max-Forwards: 0", "X-Forwarded-For: 10.0.0.1", "Authorization: Basic eDp5",
    "If-None-Match: *", "Content-Length: 0", "Trailer: X",
)  # fmt: skip
LENGTHS = ("3",) * 6 + (
    "0",
    "03",
    " 3 ",
    "3, 3",
    "+3",
    "-3",
    "0x3",
    "3 3",
    "",
    "99999999999999999999",
    "٣",
    "3\t",
    "3;",
)
CODINGS = ("chunked",) * 6 + (
    "Chunked",
    " chunked ",
    "chunked;a=b",
    "chunkedx",
    "gzip",
    "",
    "identity",
    "x chunked",
)
CHUNKS = ("1\r\na\r\n", "2;x=y\r\nbc\r\n", "01\r\nd\r\n", "A\r\n0123456789\r\n", '1;x="y;z"\r\nf\r\n')
BAD_CHUNKS = (
    "g\r\n",
    "-1\r\na\r\n",
    "0x1\r\na\r\n",
    "1\r\nab\r\n",
    "\r\n",
    "1\r\na",
    "+1\r\na\r\n",
    "ffffffffffffffffff\r\n",
    "1;\x01\r\na\r\n",
)
TRAILERS = ("", "", "X-T: a\r\n", "X-T: a\r\nX-U: b\r\n", "Content-Length: 5\r\n")


class Wire:
    """Random requests."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        """Whether something happens that does so in this share of cases."""
        return self.random.random() < share

    def target(self) -> str:
        """Return a request target."""
        path = "/p" + "".join(self.pick(PIECES) for _ in range(self.random.randrange(4)))
        if self.chance(0.1):
            path = self.pick(PREFIXES) + path
        if self.chance(0.03):
            return self.pick(("*", "", "p", "/p" + "y" * 9000))
        return path + self.pick(QUERIES)

    def first_line(self) -> str:
        """Return a first line; most are as they should be."""
        method = self.pick(METHODS) if self.chance(0.5) else "GET"
        return method + self.pick(BLANKS) + self.target() + self.pick(BLANKS) + self.pick(VERSIONS)

    def fields(self) -> list[str]:
        """Return field lines."""
        fields = [f"Host: {self.pick(HOSTS)}"] if not self.chance(0.03) else []
        if self.chance(0.02):
            fields.append("Host: @HOST@")
        for _ in range(self.random.randrange(4)):
            odd = self.chance(0.3)
            fields.append(f"{self.pick(NAMES)}:{self.pick(VALUES)}" if odd else self.pick(FIELDS))
        if self.chance(0.02):
            fields += [f"X-{number}: y" for number in range(self.pick_number((50, 98, 99, 100, 101)))]
        if self.chance(0.03):
            fields.append("nocolon")
        self.random.shuffle(fields)
        return fields

    def pick_number(self, choices: Sequence[int]) -> int:
        """Return one of the numbers."""
        return self.random.choice(choices)

    def body(self) -> tuple[list[str], str]:
        """Return the fields about a body, and the body."""
        if self.chance(0.6):
            return [], ""
        if self.chance(0.5):
            lengths = [f"Content-Length: {self.pick(LENGTHS)}"]
            return lengths * (2 if self.chance(0.05) else 1), "abc"
        chunks = "".join(self.pick(CHUNKS) for _ in range(self.random.randrange(3)))
        if self.chance(0.15):
            chunks += self.pick(BAD_CHUNKS)
        return [f"Transfer-Encoding: {self.pick(CODINGS)}"], f"{chunks}0\r\n{self.pick(TRAILERS)}\r\n"

    def request(self) -> Request:
        """Return a request; the client closes its sending side behind it."""
        about, body = self.body()
        first, fields = self.first_line(), self.fields()
        if "HTTP/1.0" in first and "Transfer-Encoding" in "".join(about):
            about, body = [], ""
        if "://" in first:
            fields = ["Host: @HOST@" if field.startswith("Host:") else field for field in fields]
        lines = [first, *fields, *about, "", ""]
        return raw("\r\n".join(lines).encode() + body.encode(), last=True)

    def case(self, name: str) -> Case:
        """Return a case with many requests."""
        slashes = self.pick(("Off", "On", "NoDecode"))
        config = f"AllowEncodedSlashes {slashes}\nMergeSlashes {self.pick(('On', 'Off'))}\n"
        return Case(name, [self.request() for _ in range(REQUESTS)], config + HANDLED, source=SHOW)


CASES = [Wire(seed).case(f"requests-{seed}") for seed in range(SERVERS)]
