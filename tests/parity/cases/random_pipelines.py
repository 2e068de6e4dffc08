"""Random conversations: several requests at once, in odd pieces, with bodies that are read in part or never.

The conversations are the same in every run: they are made from fixed seeds. Bodies in chunks are not read
by the handlers, and what olexd refuses on purpose (docs/differences.md) is not among them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from tests.parity.runner.case import Case, Request, raw

SERVERS = 20
CONVERSATIONS = 16
"""How many connections a case makes."""
PAGES = """
import os
from mod_python import apache
def handler(req):
    req.content_type = 'text/plain'
    for step in (req.args or '').split('&'):
        name, _, value = step.partition('=')
        if name == 'read':
            req.write('%a ' % (req.read(int(value)),), 0)
        elif name == 'line':
            req.write('%a ' % (req.readline(),), 0)
        elif name == 'all':
            req.write('%a ' % (req.read(),), 0)
        elif name == 'write':
            req.write(value)
        elif name == 'big':
            req.write('0123456789' * 3000, 0)
        elif name == 'close':
            req.headers_out['Connection'] = value
        elif name == 'ends':
            req.connection.keepalive = apache.AP_CONN_CLOSE
        elif name == 'status':
            req.status = int(value)
        elif name == 'return':
            return int(value)
        elif name == 'raise':
            raise apache.SERVER_RETURN(int(value))
        elif name == 'fail':
            raise LookupError('on purpose')
        elif name == 'to':
            req.internal_redirect(value)
            return apache.OK
        elif name == 'file':
            req.sendfile(os.path.join(req.document_root(), 'a.txt'))
        elif name == 'keeps':
            req.write('%s %s ' % (req.connection.keepalive, req.connection.keepalives), 0)
        elif name == 'discard':
            req.write('%s ' % req.discard_request_body(), 0)
    return apache.OK
"""
HANDLED = "<Location /p>\nSetHandler mod_python\nPythonHandler @M@\n</Location>\n"
REDIRECTS = "Redirect /moved /to\nRedirect gone /gone\n<Location /denied>\nRequire all denied\n</Location>\n"
STEPS = (
    "write=a", "write=b", "big", "close=close", "ends",
    "status=204", "status=404", "status=304", "status=400", "status=500", "status=413", "return=404",
    "return=500", "return=400", "return=403", "return=302", "return=-2", "raise=404", "raise=503",
    "raise=408", "fail",
    "to=/p?write=z", "file", "keeps", "keeps", "discard",
    "return=413", "return=304", "return=204", "return=414", "return=417", "return=501",
)  # fmt: skip
READS = ("read=2", "read=0", "line", "all", "read=100", "discard")
PATHS = (
    "/a.txt",
    "/a.txt?x",
    "/none",
    "/d",
    "/d/",
    "/gone",
    "/moved",
    "/denied/x",
    "/",
    "/%zz",
    "/limited/a.txt",
)
CONNECTIONS = (
    "close", "Close", "keep-alive", "Keep-Alive, close", "close, x", "x", "", ",", "keep-alive, x", "upgrade",
    "closed", "x,CLOSE,y",
)  # fmt: skip
BODIES = (
    "",
    "\n",
    "abc\n",
    "a\r\nb\r\n",
    "line\nline two\n",
    " GET /p?write=q HTTP/1.1\r\nHost: x\r\n\r\n",
    "z" * 20000 + "\n",
)
CHUNKED = (
    "0\r\n\r\n",
    "1\r\na\r\n0\r\n\r\n",
    "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: a\r\n\r\n",
    "A\r\n0123456789\r\n0\r\n\r\n",
)
BROKEN = (
    "\r\n\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX y\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
)  # fmt: skip
SETTINGS = (
    "KeepAlive Off",
    "KeepAlive On",
    "MaxKeepAliveRequests 1",
    "MaxKeepAliveRequests 2",
    "MaxKeepAliveRequests 3",
    "MaxKeepAliveRequests 0",
    "KeepAliveTimeout 7",
    "Header set Connection close",
    "Header always set X-A b",
    "SetEnvIf X-B . nokeepalive",
    "SetEnv nokeepalive 1",
    "HttpProtocolOptions Strict",
    "HttpProtocolOptions Allow0.9 LenientMethods",
    "LimitRequestFields 5",
    "SetEnvIf X-B . downgrade-1.0",
    "ErrorDocument 404 /p?write=e&keeps",
    "ErrorDocument 500 /a.txt",
    "ErrorDocument 400 text",
)


class Conversation:
    """Random conversations with one server."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        """Whether something happens that does so in this share of cases."""
        return self.random.random() < share

    def request(self) -> str:
        """Return a request."""
        method = self.pick(("GET",) * 5 + ("POST",) * 4 + ("HEAD", "OPTIONS", "PUT"))
        version = self.pick(("1.1",) * 9 + ("1.0",))
        fields = ["Host: @HOST@"]
        if self.chance(0.25 if version == "1.1" else 0.7):
            fields.append(f"Connection: {self.pick(CONNECTIONS)}")
        if self.chance(0.05):
            fields.append(f"Connection: {self.pick(CONNECTIONS)}")
        if self.chance(0.1):
            fields.append("X-B: c")
        about, body, reads = self.body(version)
        lines = [f"{method} {self.target(reads)} HTTP/{version}", *fields, *about, "", ""]
        return self.pick(("", "", "", "", "\r\n")) + "\r\n".join(lines) + body

    def target(self, reads: bool) -> str:
        """Return a target; a handler reads the body only if it may."""
        if self.chance(0.3):
            return self.pick(PATHS)
        steps = [self.pick(STEPS) for _ in range(self.random.randrange(3))]
        if reads:
            steps.insert(self.random.randrange(len(steps) + 1), self.pick(READS))
        return "/p?" + "&".join(steps)

    def body(self, version: str) -> tuple[list[str], str, bool]:
        """Return the fields about a body, the body, and whether it may be read."""
        if self.chance(0.5):
            return [], "", True
        if self.chance(0.2) and version == "1.1":
            return ["Transfer-Encoding: chunked"], self.pick(CHUNKED), False
        body = self.pick(BODIES)
        return [f"Content-Length: {len(body)}"], body, True

    def talk(self) -> Request:
        """Return some requests over one connection; the client closes its sending side behind them."""
        requests = [self.request() for _ in range(self.random.randrange(1, 6))]
        if self.chance(0.1):
            requests.append(self.pick(BROKEN))
        text = "".join(requests)
        data = text.encode()
        pieces = self.random.randrange(4) if self.chance(0.6) else 0
        cuts = sorted(self.random.randrange(len(data) + 1) for _ in range(pieces))
        return replace(raw(data, answers=len(requests) + 1, last=True), cuts=tuple(cuts))

    def case(self, name: str) -> Case:
        """Return a case with several conversations."""
        settings = "".join(f"{self.pick(SETTINGS)}\n" for _ in range(self.random.randrange(3)))
        config = settings + REDIRECTS
        return Case(
            name,
            [self.talk() for _ in range(CONVERSATIONS)],
            config + HANDLED,
            source=PAGES,
            files={"a.txt": "the text", "d/index.html": "index"},
            own_address=True,
        )


CASES = [Conversation(seed).case(f"conversations-{seed}") for seed in range(SERVERS)]
