"""Random filters: whatever chains of Python filters do to bodies, both servers make the same of it.

The programs are the same in every run: they are made from fixed seeds. Each filter leaves what it was given
and what it found, and the last request of a case shows it all.
"""

from __future__ import annotations

from tests.parity import filter_vocabulary as words
from tests.parity.cases.random_handlers import FILES, SHOW
from tests.parity.handler_vocabulary import POOLS, SOURCE
from tests.parity.random_program import RandomProgram, as_arguments
from tests.parity.runner.case import Case, Request, get

PROGRAMS = 150
NAMES = ("ONE", "TWO", "THREE")
URLS = ("/own/x", "/own/x", "/own/x?q=1", "/a.txt", "/page", "/d/", "/d", "/none", "/big.txt", "/e/c.html")
BODIES = (b"", b"short", b"line one\nline two\n\nthe end", b"0123456789\n" * 700)
LENGTHS = [(r"\n(?:Content-Length|Transfer-Encoding): [^\n]*", "")]
"""A mask: what was computed before the filters is not sent (docs/differences.md)."""
FIELDS = ("Range: bytes=0-4", "Range: bytes=-3", "Connection: close", "X-Own: a")
WRITES = (
    "req.write({letter} * {size}, {flush})",
    "req.write({letter} * {small}, {flush})",
    "req.write('!some text', 1)",
    "req.write('some text\\nin lines\\n', 0)",
    "req.flush()",
    "req.sendfile({file})",
)
READS = ("req.prev or req.read()", "req.prev or req.readlines()")


class FilterProgram(RandomProgram):
    """One random site: filters, where they stand, the handler before them, what is asked."""

    pools = POOLS | words.POOLS

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.static = self.chance(0.4)
        # A filter that fails at what another one collected loses the end of the response on mod_python.
        left_out = self.random.choice(("collect", "raise"))
        self.kinds = [kind for kind in words.LOOPS if kind != left_out]
        self.reads = not self.static and self.chance(0.4)

    def filter(self, name: str, is_input: bool = False) -> str:
        """Add a filter and return its name as the configuration says it."""
        kind = "input" if is_input else self.random.choice(self.kinds)
        loop = words.INPUT_LOOP if is_input else words.LOOPS[kind]
        looks = [self.random.choice(words.LOOKS) for _ in range(self.random.randrange(4))]
        # What the server sends by itself has a length, which only some changes leave right.
        change = self.random.choice(self.pools["same" if self.static or is_input else "change"])
        last = "pass" if self.static else self.fill("{last}")
        values = {key: self.random.choice(self.pools[key]) for key in ("read", "between", "failure")}
        text = loop.format(name=name, steps=as_arguments(looks), change=change, last=last, **values)
        self.functions.append(text)
        return f"@M@::Class_{name}.inner" if kind == "class" else f"@M@::{name}"

    def declared(self) -> str:
        """Return directives that declare filters."""
        text = ""
        for name in NAMES:
            text += f"PythonOutputFilter {self.filter(f'out_{name.lower()}')} {name}\n"
            text += f"PythonInputFilter {self.filter(f'in_{name.lower()}', True)} {name}\n"
        return text

    def chain(self) -> str:
        """Return the names of some filters."""
        return ";".join(self.random.choice(NAMES) for _ in range(self.random.choice((1, 1, 2, 3))))

    def active(self) -> str:
        """Return directives that put filters behind responses and before bodies."""
        text = ""
        if self.chance(0.8):
            text += f"SetOutputFilter {self.chain()}\n"
        if self.chance(0.2):
            text += f"AddOutputFilter {self.chain()} .txt .html\n"
        if self.reads:
            text += f"SetInputFilter {self.chain()}\n"
        return text

    def content(self) -> str:
        """Return directives with a content handler."""
        if self.static:
            return ""
        steps = [
            self.step(WRITES, READS, words.SETS, words.LOOKS) for _ in range(self.random.randrange(1, 6))
        ]
        if self.reads:
            steps.insert(0, self.step(READS))
        redirects = self.chance(0.15)
        if redirects:
            # Where it leads to a failure, httpd answers with a status that was set before.
            steps = [step for step in steps if not step.startswith("req.status = ")]
            steps.append(self.fill("req.prev or req.internal_redirect({target})"))
        elif self.chance(0.3):
            steps.insert(0, f"req.add_output_filter('{self.random.choice(NAMES)}')")
        elif self.chance(0.2):
            dynamic = self.filter("dynamic").replace("@M@", "")
            steps.insert(0, f"req.register_output_filter('dynamic', HERE + '{dynamic[2:]}')")
            steps.insert(1, "req.add_output_filter('dynamic')")
        # What is written behind a redirect is meant to differ, and so is the page for a status.
        end = (
            "return apache.OK"
            if redirects
            else self.random.choice(
                ("return apache.OK",) * 6 + ("return 404", "return 204", "raise ValueError")
            )
        )
        return f"SetHandler mod_python\nPythonHandler {self.function('content', steps, end)}\n"

    def config(self) -> str:
        """Return the configuration of the virtual host."""
        text = "PythonCleanupHandler @M@\nPythonOption olexd.map_locations Off\n"
        # A filter would change the traceback beyond recognition.
        text += "PythonDebug Off\n"
        text += self.declared()
        if self.chance(0.3):
            text += "ErrorDocument 404 /c.txt\n"
        section = self.random.choice(("Location /", 'Directory "@ROOT@"'))
        text += f"<{section}>\n{self.content()}{self.active()}</{section.split()[0]}>\n"
        if self.chance(0.3):
            text += f"<Location /e>\n{self.active()}</Location>\n"
        return text + SHOW.replace(
            "PythonHandler", "SetOutputFilter None\nSetInputFilter None\nPythonHandler"
        )

    def request(self) -> Request:
        """Return a random request."""
        method = self.random.choice(("GET", "GET", "GET", "HEAD", "POST", "POST"))
        headers = [self.random.choice(FIELDS) for _ in range(self.random.choice((0, 0, 0, 1)))]
        body = self.random.choice(BODIES) if method == "POST" else None
        return Request(
            method,
            self.random.choice(URLS),
            tuple(headers),
            body,
            self.random.choice(("1.1",) * 5 + ("1.0",)),
        )

    def case(self, name: str) -> Case:
        """Return the program as a case."""
        config = self.config()
        requests = [self.request() for _ in range(5)]
        source = SOURCE + words.FILTERING + "".join(self.functions)
        return Case(name, [*requests, get("/seen")], config, source=source, files=FILES, masks=LENGTHS)


CASES = [FilterProgram(seed).case(f"random-filters-{seed}") for seed in range(PROGRAMS)]
