"""Random forms: queries and bodies of every make, read and changed in random ways, the same on both servers.

They are the same in every run: they are made from fixed seeds. What docs/differences.md tells of forms is
kept out: each value is unlike any other, queries have long tokens, multipart bodies end in a whole delimiter
or in none at all.
"""

from __future__ import annotations

import random

from tests.parity.cases.forms import MULTIPART, URLENCODED
from tests.parity.runner.case import Case, Request, get, post
from tests.parity.runner.shows import shows

NAMES = ("first-name", "second-name", "third-name")
PIECES = (
    *("text", "z", "+", "%20", "%2B", "%zz", "%", "%2", "%u20ac", "%C3%A4", "%e2%82%ac", "%00", "%26", "%3b"),
    *("=", "%3D", "'", '"', "\\", "<i>", "%0d%0a", "%25", ",", ":", "/", "?", " "),
)
"""None of them begins with a hexadecimal digit: escapes must stay UTF-8."""
BLANKS = ("first-name", "first-name=", "", "=", "=value-without-a-name", "%00=", "second-name=%00")
LINES = (
    *(
        "text",
        "",
        " ",
        "--",
        "--B",
        "--BBx",
        "--BB x",
        " --BB",
        "--BB--x",
        "\x01\x7f",
        "\u00e4\u20ac",
        "x" * 70,
    ),
    *("Content-Type: text/plain", "a=b&c=d", "%41+"),
)
LINE_ENDS = ("\r\n", "\n", "\r", "\r\r\n", "\n\r")
PREAMBLES = ("", "", "", "a preamble\r\n", "\r\n", "--\r\n")
LAST = ("--BB--\r\n", "--BB--\r\n", "--BB\r\n", "--BB--\n", "")
DISPOSITIONS = ("form-data", "Form-Data", "attachment", "", "form-data;", ";form-data")
FILENAMES = ("f.txt", "a b.txt", 'a\\"b', "C:\\dir\\f", "../f", "a;b", "a=b", "'", "", "%41", " f ")
PARAMETERS = ("x", "x=", "=x", 'name="last"', "filename*=UTF-8''x")
GAPS = ("; ", ";", " ; ", ";\r\n ", ";\r\n\t")
TYPES = (
    *("text/plain", "Text/HTML; Charset=UTF-8", "x", "image/png", 'a/b; c="d;e"; f', "a/b;a=1;a=2", ""),
    "multipart/mixed; boundary=CC",
)
OTHER_HEADERS = ("X-Own: 1\r\n 2", "X-Own:", "content-length: 3", ": x")
NEW_VALUES = ("17", "None", "1.5", "[1]", "'text'")
SETUP = """
import io
class form:
    list = []
seen = []
class Sink(io.BytesIO):
    pass
def file_callback(name):
    seen.append(name)
    return Sink()
def field_callback():
    seen.append('a value')
    return Sink()
def read(req, keep, **callbacks):
    global form
    del seen[:], form.list[:]
    form = util.FieldStorage(req, keep, 0, **callbacks)
def own(req, name):
    "A name as mod_python has those of this request's body."
    encoded = req.headers_in.get('Content-Type', '').startswith('application')
    return name.encode() if encoded else name
def shown(field):
    if isinstance(field, list):
        return [shown(one) for one in field]
    return None if field is None else text(field.value)
def described(field):
    type, options = getattr(field, 'type', None), sorted(field.type_options.items())
    return text(field.name), text(field.value), field.filename, type, options, field.disposition
def attempt(function, *arguments):
    try:
        return function(*arguments)
    except KeyError:
        return 'KeyError'
"""
ALL = "[described(field) for field in form.list]"
WHOLE = (
    ALL,
    "len(form), bool(form), len(form.list)",
    "[text(name) for name in form.keys()]",
    "[text(name) for name in form]",
    "[(text(name), text(field.value)) for name, field in form.items()]",
    "sorted(text(name) for name in form.list.table())",
    "form.list and text(form.list.pop().value)",
    "[text(field.file.read()) for field in form.list if field.filename]",
    "[text(field.value) for field in form.list if field.filename]",
    "[repr(field) for field in form.list if field.filename]",
    "form.getfirst('missing', 'default'), form.getlist('missing'), form.get('missing', 0)",
    "form.clear()",
)
"""Expressions about a form as a whole."""
BY_NAME = (
    "shown(form.get({key}, None))",
    "shown(form.getfirst({key}))",
    "shown(form.getlist({key}))",
    "form.has_key({key}), {key} in form",
    "attempt(lambda: shown(form[{key}]))",
    "attempt(form.__delitem__, {key})",
)
"""Expressions about the fields of a name."""


class Form:
    """One random program over forms, and the requests that bring them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.serial = 0

    def new_value(self) -> str:
        """Return the beginning of a value, unlike any other."""
        self.serial += 1
        return f"value{self.serial}"

    def token(self, pieces: int) -> str:
        """Return a random piece of url-encoded text."""
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(pieces)))

    def pair(self) -> str:
        """Return a url-encoded field."""
        name = self.random.choice(NAMES) + (self.token(3) if self.random.random() < 0.2 else "")
        return f"{name}={self.new_value()}{self.token(6)}"

    def encoded(self) -> str:
        """Return a url-encoded form."""
        pairs = [self.pair() for _ in range(self.random.randrange(7))]
        if self.random.random() < 0.4:
            pairs.append(self.random.choice(BLANKS))
        self.random.shuffle(pairs)
        text = "".join(pair + self.random.choice("&&&;") for pair in pairs)
        return text if self.random.random() < 0.3 else text[:-1]

    def query(self) -> str:
        """Return a query, with names that no body has."""
        names = [self.random.choice(NAMES) for _ in range(self.random.randrange(4))]
        return "&".join(f"q{name}=a-long-{self.new_value()}" for name in names)

    def value(self) -> str:
        """Return a random value of a part."""
        text = self.new_value() if self.random.random() < 0.8 else ""
        for _ in range(self.random.randrange(4)):
            text += self.random.choice(LINES) + self.random.choice(LINE_ENDS)
        if self.random.random() < 0.05:
            text += "y" * self.random.randrange(65300, 65380)
        return text

    def head(self) -> str:
        """Return random headers of a part."""
        quote = self.random.choice(('"', '"', '"', ""))
        parameters = [f"name={quote}{self.random.choice(NAMES)}{quote}"]
        if self.random.random() < 0.4:
            parameters.append(f'filename="{self.random.choice(FILENAMES)}"')
        if self.random.random() < 0.1:
            parameters.append(self.random.choice(PARAMETERS))
        self.random.shuffle(parameters)
        values = [self.random.choice(DISPOSITIONS), *parameters]
        lines = [f"Content-Disposition: {self.random.choice(GAPS).join(values)}"]
        if self.random.random() < 0.4:
            lines.append(
                f"{self.random.choice(('Content-Type', 'CONTENT-TYPE'))}: {self.random.choice(TYPES)}"
            )
        if self.random.random() < 0.3:
            lines.append(self.random.choice(OTHER_HEADERS))
        self.random.shuffle(lines)
        return "\r\n".join(lines)

    def multipart(self) -> str:
        """Return a multipart body."""
        text = self.random.choice(PREAMBLES)
        for _ in range(self.random.randrange(5)):
            text += f"--BB{self.random.choice(LINE_ENDS[:2])}{self.head()}\r\n\r\n{self.value()}\r\n"
        return text + self.random.choice(LAST)

    def request(self) -> Request:
        """Return a request with a form."""
        kind = self.random.random()
        url = f"/?{self.query()}"
        if kind < 0.2:
            return get(url)
        if kind < 0.6:
            return post(url, self.encoded(), URLENCODED)
        return post(url, self.multipart(), MULTIPART)

    def step(self) -> str:
        """Return a random expression over the form."""
        name = self.random.choice((*NAMES, "missing-name"))
        key = self.random.choice((f"own(req, {name!r})", f"'q{name}'"))
        new = f"'new {self.random.randrange(3)}'"
        kind = self.random.random()
        if kind < 0.4:
            return self.random.choice(BY_NAME).format(key=key)
        if kind < 0.8:
            return self.random.choice(WHOLE)
        if kind < 0.9:
            return f"form.add_field({new}, {self.random.choice(NEW_VALUES)})"
        return self.random.choice(
            (f"shown(form.getlist({new}))", f"form.__setitem__(b'set', b'{self.new_value()}')")
        )

    def case(self, name: str) -> Case:
        """Return the program as a case."""
        callbacks = [
            f"{word}={word}" for word in ("file_callback", "field_callback") if self.random.random() < 0.3
        ]
        first = f"read({', '.join(['req', str(self.random.randrange(2)), *callbacks])})"
        steps = [self.step() for _ in range(self.random.randrange(12))]
        requests = [self.request() for _ in range(6)]
        return shows(name, first, "seen", ALL, *steps, ALL, setup=SETUP, requests=requests)

    def split(self) -> str:
        """Return an expression that splits random bytes into pairs."""
        function = self.random.choice(("parse_qs", "parse_qsl"))
        return f"util.{function}({self.encoded().encode()!r}, {self.random.randrange(2)})"


def form(seed: int) -> Case:
    """Return a case about random forms."""
    return Form(seed).case(f"random-form-{seed}")


def splits(seed: int) -> Case:
    """Return a case about the pairs in random bytes."""
    made = Form(seed)
    return shows(f"random-qsl-{seed}", *(made.split() for _ in range(30)))


CASES = [*(form(seed) for seed in range(60)), *(splits(seed) for seed in range(10))]
