"""Random handlers: whatever programs of several phases do to a request, both servers make the same of it.

The programs are the same in every run: they are made from fixed seeds. Each step of each handler leaves
what it found, and the last request of a case shows it all.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.parity.handler_vocabulary import (
    ADDS,
    AROUND,
    FILE_SETTINGS,
    HEADS,
    LOOKS,
    LOOKS_AFTER,
    LOOKS_BACK,
    READ_LINES,
    READS,
    SETTINGS,
    SOURCE,
    STATUSES,
    VALIDATORS,
    WRITES,
)
from tests.parity.random_program import RandomProgram
from tests.parity.runner.case import Case, Request, basic, get

PROGRAMS = 200
FILES: dict[str, str | bytes] = {
    "page": "a page\nof two lines\n",
    "a.txt": "the text",
    "big.txt": "0123456789abcde\n" * 1500,
    "d/index.html": "<p>the index</p>",
    "d/b.html": "<p>page b</p>",
    "c.txt": "text c",
    "e/index.html": "<p>the other index</p>",
    "e/c.html": "<p>page c</p>",
}
URLS = (
    "/a.txt",
    "/page",
    "/d/",
    "/d",
    "/d/b.html",
    "/none",
    "/own/x?q=1",
    "/a.txt/more/info",
    "/big.txt",
    "/",
)
REQUEST_FIELDS = (
    "Range: bytes=0-4",
    "Range: bytes=-3",
    "Range: bytes=90000-",
    'If-None-Match: "tag"',
    "If-None-Match: *",
    'If-Match: "tag"',
    "If-Modified-Since: Sun, 05 May 2024 12:00:00 GMT",
    "If-Unmodified-Since: Sun, 01 Jan 2023 00:00:00 GMT",
    'If-Range: "tag"',
    "Connection: close",
    "X-Own: a",
    basic("joe", "secret"),
)
SAFE_FIELDS = tuple(line for line in REQUEST_FIELDS if not line.startswith(("If-Match", "If-Unmodified")))
"""Those that never make a HEAD fail, for whose length see the case static-head-of-failed-condition."""
BODIES = (b"", b"short", b"line one\nline two\n\nthe end", b"0123456789\n" * 2000)
OUTPUTS = ("req.write", "req.flush", "req.sendfile")
CHUNKED = b"5\r\nchunk\r\n3\r\ned\n\r\n0\r\n\r\n"
SECTIONS = ("Location /", "Location /", 'Directory "@ROOT@"', 'Directory "@ROOT@"', "")
SHOW = "<Location /seen>\nSetHandler mod_python\nPythonHandler @M@::show\nRequire all granted\n</Location>\n"
PHASES = ("HeaderParser", "Access", "Fixup")
MAPPED = ("headerparser", "access", "fixup", "added")
"""Handlers that run once the URL is mapped: before that Apache takes a status for a refusal."""


class Program(RandomProgram):
    """One random program: handlers, where they are configured, what is asked."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.reads = self.random.choice((READS, READ_LINES))
        self.section = self.random.choice(SECTIONS)
        self.debug = self.chance(0.2)
        self.redirects = self.chance(0.08)
        self.chunked = self.chance(0.15)

    def early(self, name: str, kind: str = "early") -> str:
        """Add a handler for a phase before the content."""
        kinds = [LOOKS, LOOKS, HEADS, AROUND, SETTINGS]
        if name.startswith(MAPPED):
            kinds.append(VALIDATORS)
            if not self.redirects:
                kinds += [STATUSES] if name.startswith("added") else [STATUSES, ADDS]
            if name.startswith("fixup"):
                kinds.append(FILE_SETTINGS)
            if self.chance(0.05):
                kinds += [("req.write({letter} * {small}, 0)",), self.input]
            if self.redirects and kind == "early":
                # What is written behind a redirect is meant to differ, and so is the page for a status.
                kind = "unmapped"
        steps = [self.step(*kinds) for _ in range(self.random.randrange(4))]
        return self.function(name, steps, self.end(kind))

    @property
    def input(self) -> Sequence[str]:
        """How the program reads bodies."""
        return ("req.prev or req.discard_request_body()",) if self.chunked else self.reads

    def content(self, name: str) -> str:
        """Add a content handler."""
        if name == "content_0" and self.redirects:
            steps = [self.step(HEADS, LOOKS) for _ in range(self.random.randrange(3))]
            return self.function(
                name, [*steps, self.fill("req.prev or req.internal_redirect({target})")], "return apache.OK"
            )
        kinds = [LOOKS_AFTER, HEADS, HEADS, STATUSES, AROUND, ADDS, VALIDATORS, WRITES, WRITES, self.input]
        steps = [self.step(*kinds) for _ in range(self.random.randrange(1, 7))]
        if self.chance(0.05):
            steps.append("req.connection.keepalive = apache.AP_CONN_CLOSE")
        end = self.end("content")
        if "DECLINED" in end:
            # Whoever leaves the rest to the server has written nothing.
            end = end if name == "content_0" else "return apache.OK"
            steps = [step for step in steps if not step.startswith(OUTPUTS)]
        return self.function(name, steps, end)

    def handlers(self, phase: str, kind: str = "early") -> str:
        """Return a directive with one or two handlers."""
        name = phase.lower() or "content"
        make = self.content if not phase else lambda name: self.early(name, kind)
        count = 1 if self.redirects and not phase else self.random.choice((1, 1, 1, 2))
        names = [make(f"{name}_{number}") for number in range(count)]
        return f"Python{phase}Handler {' '.join(names)}\n"

    def log(self) -> str:
        """Return a directive with a log handler."""
        steps = [self.step(LOOKS_BACK) for _ in range(4)]
        return f"PythonLogHandler {self.function('log_0', steps, 'return apache.OK')}\n"

    def inside(self) -> str:
        """Return directives for a section, or for the whole virtual host."""
        # Without a section Apache checks no look-up, and olexd does.
        phases = PHASES if self.section else ("HeaderParser",)
        text = "".join(self.handlers(phase) for phase in phases if self.chance(0.35))
        if self.chance(0.85):
            text += self.handlers("")
        if self.chance(0.85):
            text += "SetHandler mod_python\n"
        if self.section and self.chance(0.2):
            kind = self.random.choice(("Basic", "Private"))
            text += f"AuthType {kind}\nAuthName realm\nRequire valid-user\n"
            authen = self.function("authen_0", ["req.user = 'joe'", self.step(LOOKS)], self.end("early"))
            text += f"PythonAuthenHandler {authen}\n"
            text += self.handlers("Authz") if self.chance(0.5) else ""
        text += self.log() if self.chance(0.5) else ""
        return text

    def config(self) -> str:
        """Return the configuration of the virtual host."""
        text = "PythonCleanupHandler @M@\nPythonOption olexd.map_locations Off\n"
        text += f"PythonDebug {'On' if self.debug else 'Off'}\n"
        text += self.handlers("PostReadRequest", "unmapped") if self.chance(0.2) else ""
        text += self.handlers("Trans", "trans") if self.chance(0.2) else ""
        text += self.handlers("Init", "unmapped") if self.chance(0.15) else ""
        for code in (401, 403, 404, 500, 302):
            if self.chance(0.15):
                text += self.random.choice(
                    (f'ErrorDocument {code} "own text\n', f"ErrorDocument {code} /c.txt\n",
                     f"ErrorDocument {code} /own/error?{code}\n", f"ErrorDocument {code} /nowhere\n",)
                )  # fmt: skip
        inside = self.inside()
        text += f"<{self.section}>\n{inside}</{self.section.split()[0]}>\n" if self.section else inside
        return text + SHOW

    def request(self) -> Request:
        """Return a random request."""
        method = self.random.choice(
            ("GET", "GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "OPTIONS", "DELETE", "BREW", "get")
        )
        fields = SAFE_FIELDS if method == "HEAD" else REQUEST_FIELDS
        headers = [self.random.choice(fields) for _ in range(self.random.choice((0, 0, 1, 1, 2)))]
        body = None
        if method in ("POST", "PUT", "BREW") or self.chance(0.05):
            body = self.random.choice(BODIES)
            if self.chunked and self.chance(0.5):
                body = CHUNKED
                headers.append("Transfer-Encoding: chunked")
        http = "1.0" if self.chance(0.1) and body != CHUNKED else "1.1"
        return Request(method, self.random.choice(URLS), tuple(headers), body, http)

    def case(self, name: str) -> Case:
        """Return the program as a case."""
        config = self.config()
        for number in range(2):
            self.early(f"added_{number}", "content")
        requests = [self.request() for _ in range(6)]
        source = SOURCE + "".join(self.functions)
        # Behind a refusal before the URL is looked at Apache closes the connection without a word.
        persists = "postreadrequest_0" not in source and "init_0" not in source
        return Case(
            name,
            [*requests, get("/seen")],
            config,
            source=source,
            files=FILES,
            same_connection=persists,
        )


CASES = [Program(seed).case(f"random-handlers-{seed}") for seed in range(PROGRAMS)]
