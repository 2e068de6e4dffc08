"""Random sites of published modules: whatever stands in them, a URL gets the same from both servers.

They are the same in every run: they are made from fixed seeds. The real mod_python cannot read credentials on
Python 3: its module is mended for that, in an interpreter of its own. What docs/differences.md tells of the
publisher is kept out.
"""

from __future__ import annotations

import random
import textwrap

from tests.parity.cases.publisher import CONFIG
from tests.parity.runner.case import Case, Request, ask, basic

SITES = 20
SPELLING = (("(?m)^(WWW-Authenticate: Basic realm) = ", r"\1="),)
"""mod_python asks twice in two spellings."""
MODULES = ("index.py", "page.py", "other.py", "a.b.py", "sub/index.py", "sub/page.py", "bare/only.py")
NAMES = ("index", "page", "one", "two", "three", "_hidden", "sub", "only")
VALUES = ("value", "number")
"""Names of values, below which nothing is asked for: mod_python looks into them, olexd does not."""
LAST = ("/", "//", ".py", ".txt", "/.", "/..", "%00", "%2f", "%20")
PARAMETERS = ("first_word", "second_word", "third_word")
START = """\
import base64 as _base64
from mod_python import apache as _apache, publisher as _publisher, util as _util
if hasattr(_publisher, 'PY2'):
    _base64.decodestring, _publisher.DictionaryType = _base64.decodebytes, dict
class _Shown:
    def __str__(self): return '<p>shown</p></html>'
class _Called:
    def __call__(self, second_word='none'): return 'called %s' % second_word
class _Lazy:
    def __getattr__(self, name):
        if name[:1] == '_' or name == 'missing': raise AttributeError(name)
        return _Called() if name == 'one' else _Lazy()
    def __str__(self): return 'lazy'
"""
CONSTANTS = (
    "'text'",
    "''",
    "0",
    "17",
    "1.5",
    "[1, 'x']",
    "{'a': 1}",
    "(1, 2)",
    "None",
    "True",
    "u'\\xe4\\u20ac'",
)
RESULTS = (
    *("'<html></html>'", "'<HTML>x</HTML >\\n'", "'</html>' + ' ' * 120", "_Shown()", "_Shown", "_Called()"),
    *("lambda third_word='none': third_word", "lambda req: req.uri", "[_Shown]", "1 / 0", "req"),
)
STATEMENTS = (
    "req.write('written ', 0)",
    "req.content_type = 'text/x-own'",
    "req.status = 203",
    "req.headers_out['X-Own'] = 'own'",
    "raise _apache.SERVER_RETURN(_apache.HTTP_FORBIDDEN)",
    "raise _apache.SERVER_RETURN(_apache.OK)",
    "_util.redirect(req, '/there')",
    "raise AttributeError('own')",
    "pass",
)
AUTH = (
    "def __auth__(req, user, passwd): return (user, passwd) == ('joe', 'x:y')",
    "__auth__ = 1",
    "__auth__ = 0",
)
ACCESS = (
    "def __access__(req, user): return user == 'joe'",
    "def __access__(req, user): return not user",
    "__access__ = 1",
    "__access__ = 0",
)
TABLES = (
    "__auth__ = {'joe': 'x:y', 'eve': ''}",
    "__access__ = ['joe']",
    "__access__ = ('eve', 'ann')",
    "__access__ = []",
)
REALMS = ("__auth_realm__ = 'a realm'", "__auth_realm__ = ''")
CREDENTIALS = (
    *(basic("joe", "x:y"), basic("joe", "x:y"), basic("joe", "wrong"), basic("eve", ""), basic("", "x")),
    *("Authorization: Digest x", "Authorization: Basic !", "Authorization: Basic", basic("jo\u00e9", "x")),
    basic("joe", "x:y").replace("Basic", "basic"),
)


class Published:
    """One random site."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chance(self, likely: float) -> bool:
        """Return True in that share of cases."""
        return self.random.random() < likely

    def guards(self) -> str:
        """Return random restrictions of a module or class."""
        lines = [self.random.choice(kind) for kind in (AUTH, ACCESS, REALMS) if self.chance(0.4)]
        if self.chance(0.3):
            lines.append(self.random.choice(TABLES))
        return "\n".join(lines)

    def signature(self) -> tuple[str, list[str]]:
        """Return random parameters, as they are written, and the names of those that hold text."""
        names = self.random.sample(PARAMETERS, self.random.randrange(3))
        written = list(names)
        if self.chance(0.7):
            written = [f"{name}='default'" if self.chance(0.7) else name for name in names]
            written.sort(key=lambda text: "=" in text)
        if self.chance(0.2):
            written.append(self.random.choice(("*rest", "*, own='only'", "*rest, own=None")))
        if self.chance(0.15):
            written.append("**fields")
            names.append("sorted(fields)")
        return ", ".join(["req", *written]), names

    def function(self, name: str, first: str = "", guarded: bool = True) -> str:
        """Return the definition of a random function; `first` is its first parameter."""
        parameters, names = self.signature()
        body = []
        if guarded and self.chance(0.2) and "*" not in parameters:
            body.append(self.random.choice(AUTH + ACCESS + REALMS[:1]))
        if self.chance(0.3):
            body.append(self.random.choice(STATEMENTS))
        result = f"'{name} %s' % ([{', '.join(names)}],)"
        body.append(f"return {result if self.chance(0.7) else self.random.choice(RESULTS + CONSTANTS)}")
        head = f"def {name}({first}{', ' if first else ''}{parameters}):\n"
        return head + textwrap.indent("\n".join(body), "    ")

    def member(self, name: str, depth: int) -> str:
        """Return the definition of a random member of a class."""
        kind = self.random.random()
        if kind < 0.35:
            return self.function(name, "self")
        if kind < 0.45:
            decorator, first = self.random.choice((("staticmethod", ""), ("classmethod", "cls")))
            return f"@{decorator}\n{self.function(name, first)}"
        if kind < 0.55:
            return self.value(True)
        return self.thing(name, depth, "self")

    def value(self, property: bool) -> str:
        """Return the definition of a random value, in a class perhaps as a property."""
        name = self.random.choice(VALUES)
        if property and self.chance(0.4):
            result = self.random.choice((*CONSTANTS, "self.missing", "_Shown()", "1 / 0"))
            return f"@property\ndef {name}(self): return {result}"
        return f"{name} = {self.random.choice(CONSTANTS)}"

    def instance(self, name: str, depth: int) -> str:
        """Return the definition of an object of a random class of its own."""
        names = self.random.sample(NAMES, self.random.randrange(1, 5))
        parts = [self.guards() if self.chance(0.3) else "", *(self.member(one, depth - 1) for one in names)]
        if self.chance(0.2):
            parts.append(self.function("__call__", "self", guarded=False))
        parts.append("def __str__(self): return 'an object'")
        body = textwrap.indent("\n".join(part for part in parts if part), "    ")
        return f"class C:\n{body}\n{name} = C()"

    def thing(self, name: str, depth: int, first: str = "") -> str:
        """Return the definition of something random by that name; `first` is for functions."""
        kind = self.random.random()
        if kind < 0.3 and depth:
            return self.instance(name, depth)
        if kind < 0.7:
            return self.function(name, first)
        if kind < 0.85:
            return self.value(False)
        if kind < 0.9:
            return f"class {name}:\n    one = 'of a class'"
        if kind < 0.95:
            return f"def {name}({first}):\n    yield 'x'"
        return f"{name} = {self.random.choice(('_Lazy()', '_Called()', '_Called', '_Shown()', 'len'))}"

    def module(self) -> str:
        """Return the source of a random module."""
        names = self.random.sample(NAMES, self.random.randrange(2, 6))
        parts = [START, self.guards() if self.chance(0.2) else "", *(self.thing(name, 2) for name in names)]
        return "\n".join(parts) + "\n"

    def path(self, modules: list[str]) -> str:
        """Return a random URL path into the site."""
        module = self.random.choice(modules)
        if self.chance(0.6):
            module = module.removesuffix(".py")
        if module.endswith("index") and self.chance(0.4):
            module = module.removesuffix("index").rstrip("/")
        text = module
        for _ in range(self.random.choice((0, 1, 1, 1, 2, 2, 3))):
            name = self.random.choice((*NAMES, *VALUES, "missing"))
            joint = self.random.choice(("/", "/", "/", "/", ".", "//", "/./", "/x/../"))
            text += (joint if text else "") + name
            if name in VALUES:
                break
        else:
            text += self.random.choice(LAST) if text and self.chance(0.15) else ""
        if self.chance(0.15) and text:
            at = self.random.randrange(len(text))
            if text[at] not in "%/":
                text = f"{text[:at]}%{ord(text[at]):02x}{text[at + 1 :]}"
        return "/" + text

    def query(self) -> str:
        """Return a random query."""
        names = [self.random.choice((*PARAMETERS, "another_word")) for _ in range(self.random.randrange(4))]
        text = "&".join(f"{name}=a-long-value-{number}" for number, name in enumerate(names))
        return f"?{text}" if text else ""

    def request(self, modules: list[str]) -> Request:
        """Return a random request."""
        method = self.random.choice(("GET",) * 12 + ("HEAD", "POST", "PUT"))
        headers = (self.random.choice(CREDENTIALS),) if self.chance(0.3) else ()
        body = "" if method == "POST" else None
        return ask(method, self.path(modules) + self.query(), *headers, body=body)

    def case(self, name: str) -> Case:
        """Return the site with requests to it."""
        modules = self.random.sample(MODULES, self.random.randrange(3, 7))
        files = {module: self.module() for module in modules}
        requests = [self.request(modules) for _ in range(40)]
        return Case(name, requests, CONFIG, files=files, own_interpreter=True, masks=SPELLING)


def site(seed: int) -> Case:
    """Return a case about a random site."""
    return Published(seed).case(f"random-published-{seed}")


CASES = [site(seed) for seed in range(SITES)]
