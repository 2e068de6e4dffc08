"""Random cookies, read and sent: the same on both servers.

They are the same in every run: they are made from fixed seeds. Signed cookies, which the real mod_python
cannot make on Python 3, are compared with its module mended, in an interpreter of its own.
"""

from __future__ import annotations

import random

from tests.parity.runner.case import Case, Request, get
from tests.parity.runner.shows import shows

NAMES = ("a", "b", "spam", "$Version", "$Path", "path", "A", "n-1", "n.1", "\u00e4", "'", "a,b", "[x]")
PIECES = (
    *("a", "b", "1", "spam", "path", "$Version", "$", "%41", "+", "'", "/", ":", "\u00e4", "\x7f", "\x01"),
    *("=", "=", "=", ";", ";", ";", "; ", " ", "  ", "\t", ",", ", ", '"', '"', "\\", '\\"', "\\\\"),
    *("a=b", 'x="q;r"'),
)
VALUES = ("", "1", "two words", '"quoted"', 'a"b', "a\\b", "%41", "a=b", "\u00e4", 5, None, 1.5, b"x", [1])
ATTRIBUTES: dict[str, tuple[object, ...]] = {
    "version": (1, "1", None),
    "path": ("/", "/a b", ""),
    "PATH": ("/upper",),
    "domain": (".example.test", "example.test"),
    "secure": (1, 0, None, "x"),
    "comment": ("text", "a;b", '"q"'),
    "expires": (0, 1714910400.5, "Sun, 05-May-2024 12:00:00 GMT", "Sun, 05 May 2024 12:00:00 GMT", "", "x"),
    "samesite": ("Lax", "None", 0),
    "discard": (1, 0),
    "port": ("80,443", 80),
    "httponly": (1, 0, None),
    "HttpOnly": (True,),
    "commentURL": ("/c",),
    "bogus": (1,),
}
"""Attributes with their values. Max-Age, which mod_python misspells, is left out."""
SHOWN = """
def shown(cookies):
    return sorted((name, one.name, one.value, type(one).__name__) for name, one in cookies.items())
def made(*args, **kw):
    cookie = Cookie.Cookie(*args, **kw)
    return str(cookie), repr(cookie), [name for name in Cookie.Cookie._valid_attr if hasattr(cookie, name)]
"""
SIGNED_TEXTS = ("", "1", "two words", '"quoted"', 'a"b', "a\\b", "a=b", "x" * 70)
OBJECTS = ("", "text", 5, None, 1.5, True, b"raw", [1, "x"], {"a": (1, 2)}, "x" * 70, "\u00e4", -(2**70))
SECRETS = ("secret", "s", "\u00e4\u20ac", "x" * 70)
MENDED = f"""
import base64, hmac, marshal
class Mac:
    def __init__(self, secret, text):
        self.mac = hmac.new(secret.encode(), text.encode(), 'md5')
    def update(self, text):
        self.mac.update(text.encode())
    def hexdigest(self):
        return Digest(self.mac.hexdigest())
class Digest(str):
    def decode(self):
        return str(self)
class Mended:
    new = Mac
    loads = marshal.loads
    def dumps(value):
        return marshal.dumps(value, 2)
    def encodestring(data):
        return base64.encodebytes(data).decode()
    def decodestring(text):
        return base64.decodebytes(text.encode())
if hasattr(Cookie, 'PY2'):
    Cookie.hmac = Cookie.base64 = Cookie.marshal = Mended
{SHOWN}
def sign(Class, *args):
    cookie = Class(*args)
    return str(cookie), repr(cookie)
def changed(text, at, letter):
    return text[:at] + letter + text[at + 1:]
"""


class Cookies:
    """Random headers and calls."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def header(self, pieces: int = 12) -> str:
        """Return random text of a Cookie header."""
        return "".join(self.random.choice(PIECES) for _ in range(self.random.randrange(pieces)))

    def request(self) -> Request:
        """Return a request with a random Cookie header."""
        return get("/", "Cookie: " + self.header(20).encode().decode("latin-1"))

    def arguments(self) -> str:
        """Return random arguments for a cookie, as they are written in a call."""
        name, value = self.random.choice(NAMES), self.random.choice(VALUES)
        attributes = self.random.sample(sorted(ATTRIBUTES), self.random.randrange(5))
        rest = "".join(f", {name}={self.random.choice(ATTRIBUTES[name])!r}" for name in attributes)
        return f"{name!r}, {value!r}{rest}"

    def signing(self) -> list[str]:
        """Return calls that sign a cookie, and read it as it is, or changed, or under another secret."""
        choose = self.random.choice
        kind, values = choose((("Signed", SIGNED_TEXTS), ("Marshal", OBJECTS)))
        secret = choose(SECRETS)
        name = choose(("spam", "n-1", "\u00e4", "x"))
        sign = f"sign(Cookie.{kind}Cookie, {name!r}, {choose(values)!r}, {secret!r})"
        header = f"{sign}[0]"
        if self.random.random() < 0.3:
            header = f"changed({header}, {self.random.randrange(60)}, {choose('a=;x 0')!r})"
        if self.random.random() < 0.3:
            header += f" + {'; ' + self.header()!r}"
        used = secret if self.random.random() < 0.7 else choose(SECRETS)
        mode = choose(("", ", 0", ", 1", ", 3", ", 1, names=['spam']"))
        reader = choose(("Signed", "Marshal", kind))
        return [sign, f"shown(Cookie.{reader}Cookie.parse({header}, {used!r}{mode}))"]


def read(seed: int) -> Case:
    """Return a case about what is found in random headers."""
    made = Cookies(seed)
    return shows(
        f"random-cookies-read-{seed}",
        "shown(Cookie.get_cookies(req))",
        f"shown(Cookie.get_cookies(req, names={made.random.sample(NAMES, 3)!r}))",
        f"[getattr(Cookie.get_cookie(req, name), 'value', None) for name in {NAMES!r}]",
        *(f"shown(Cookie.Cookie.parse({made.header()!r}))" for _ in range(20)),
        setup=SHOWN,
        requests=[made.request() for _ in range(8)],
    )


def sent(seed: int) -> Case:
    """Return a case about random cookies that are made and sent."""
    made = Cookies(seed)
    calls = [f"made({made.arguments()})" for _ in range(10)]
    calls += [f"Cookie.add_cookie(req, {made.arguments()})" for _ in range(4)]
    calls.append(f"Cookie.add_cookie(req, Cookie.Cookie({made.arguments()}), 'ignored', path='/ignored')")
    made.random.shuffle(calls)
    return shows(f"random-cookies-sent-{seed}", *calls, setup=SHOWN)


def signed(seed: int) -> Case:
    """Return a case about random cookies that are signed and verified."""
    made = Cookies(seed)
    calls = [call for _ in range(60) for call in made.signing()]
    return shows(f"random-cookies-signed-{seed}", *calls, setup=MENDED, own_interpreter=True)


CASES = [
    *(read(seed) for seed in range(20)),
    *(sent(seed) for seed in range(15)),
    *(signed(seed) for seed in range(3)),
]
