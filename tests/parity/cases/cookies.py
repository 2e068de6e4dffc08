"""Cookies: parsing, attributes, what is sent and when."""

from __future__ import annotations

from tests.parity.runner.case import LOCATION, Case, Expect, Request, get
from tests.parity.runner.shows import shows

IMPORTS = "from mod_python import apache, Cookie, util"


NUMBERS = ("10**12", "253402300799", "253402300800", "-1", "1.9", "-10**11", "-10**13", "True", "False")
DATES = (
    "Mon, 01-Jan-2020 00:00:00 GMT",
    "Wed, 1-Jan-2020 00:00:00 GMT",
    "wed, 01-jan-2020 00:00:00 gmt",
    " Wed, 01-Jan-2020 00:00:00 GMT",
    "Wed, 31-Feb-2020 00:00:00 GMT",
    "Wed, 01-Jan-20 00:00:00 GMT",
    "1000",
    "",
)
ODD = (
    "'a', None",
    "'a', b'x'",
    "None, 'x'",
    "'', ''",
    "'a', '\\xe4'",
    "'a', 'b', path=None, domain='', version=0",
    "'a', 'b', name='c'",
    "'a', 'b', port='80,81', discard=1, comment='x y'",
)


def parsed(name: str, *headers: str) -> Case:
    """Return a case that shows what `Cookie.parse` makes of texts."""
    expressions = (f"parsed({header!r})" for header in headers)
    setup = """
def parsed(text, **kw):
    return sorted((name, cookie.value) for name, cookie in Cookie.Cookie.parse(text, **kw).items())
"""
    return shows(f"cookie-parse-{name}", *expressions, setup=setup)


def cookie(name: str, *expressions: str, setup: str = "") -> Case:
    """Return a case about a cookie `c`, named `n`, with the value `v`."""
    return shows(f"cookie-{name}", *expressions, setup=f"c = Cookie.Cookie('n', 'v')\n{setup}")


def sending(name: str, handler: str, requests: tuple[Request, ...] = (get("/"),), **details: object) -> Case:
    """Return a case whose handler sends cookies."""
    return Case(
        f"cookie-{name}",
        requests,
        source=f"{IMPORTS}\ndef handler(req):\n{handler}\n    return apache.OK\n",
        **details,  # type: ignore[arg-type]
    )


CASES = [
    parsed("attributes", "spam=foo; path=blah;;eggs=bar;", "a=1; path=/; secure; HttpOnly", "secure"),
    parsed("dollar-names", "$Version=1; a=b; $Path=/", "$a=1", "a$=1"),
    parsed("blanks", "a = 1 ; c=3", "  a=1", "a=1  ", "a =1;b= 2", "a\t=1"),
    parsed("quotes", 'a="x" y; b=2', 'a="x;y"; b=2', r'a="x\"y"; b=2', 'a="x', 'a=x"y"; b=2', 'a=""'),
    parsed("commas", "a=1,b=2", ",a=1", ", a=1,", ",=1", "a=1;,b=2", ","),
    parsed("no-value", "a; b", "a=", "=x", "a=;b=", ";", "", ";;a"),
    parsed("equals", "a=b=c", "a==b", "a= =b"),
    parsed("duplicates", "a=1; a=2", "a=1; A=2"),
    parsed("undecoded", "a=%41+b", "a=\xe4\xf6", "a=\\101"),
    parsed("odd-names", "a[0]=1", "a.b=1; c-d=2", "a/b=1", "(a)=1", '"a"=1'),
    shows(
        "cookie-parse-names",
        "sorted(Cookie.Cookie.parse('a=1; b=2; c=3', names=['a', 'c']))",
        "Cookie.Cookie.parse('a=1', names=[])",
        "type(Cookie.Cookie.parse('a=1')['a']).__name__",
        "type(Cookie.Cookie.parse(b'a=1'))",
        "Cookie.Cookie.parse('')",
    ),
    shows(
        "cookie-parse-random",
        r"[parsed(text) for text in texts('ab=;, \"\\$\t', 1)]",
        setup="""
import random
def texts(alphabet, seed):
    chance = random.Random(seed)
    return [''.join(chance.choice(alphabet) for _ in range(chance.randrange(14))) for _ in range(400)]
def parsed(text):
    return sorted((name, cookie.value) for name, cookie in Cookie.Cookie.parse(text).items())
""",
    ),
    cookie("flags-when-set", "setattr(c, 'secure', 0)", "setattr(c, 'httponly', None)", "str(c)", "repr(c)"),
    cookie(
        "order-of-attributes",
        "str(c)",
        setup="for name in 'httponly port discard commentURL samesite comment secure domain path'.split():\n"
        "    setattr(c, name, 'x')",
    ),
    cookie("keywords-in-any-case", "str(Cookie.Cookie('a', 'b', PATH='/', Domain='d', sameSite='Lax'))"),
    cookie(
        "unknown-attributes",
        "Cookie.Cookie('a', 'b', bogus=1)",
        "Cookie.Cookie('a', 'b', commentURL=1)",
        "setattr(c, 'commentURL', 'u')",
        "str(c)",
        "hasattr(c, '__dict__')",
    ),
    cookie(
        "unset-attributes",
        "hasattr(c, 'path')",
        "setattr(c, 'path', '/')",
        "c.path",
        "delattr(c, 'path')",
        "str(c)",
    ),
    cookie(
        "expires-text",
        "setattr(c, 'expires', 'Wed, 01-Jan-2020 00:00:00 GMT')",
        "c.expires[:7]",
        "setattr(c, 'expires', 'Mon, 02-Mar-2020 01:02:03 GMT')",
        "setattr(c, 'expires', 'Mon, 02 Mar 2020 01:02:03 GMT')",
        "setattr(c, 'expires', 'tomorrow')",
    ),
    cookie("expires-number", "setattr(c, 'expires', 0)", "c.expires.replace(', ', ',')", "str(c)[:12]"),
    shows(
        "cookie-expires-odd",
        *(f"expires({value})" for value in NUMBERS),
        *(f"expires({text!r})" for text in DATES),
        *(f"refused({value})" for value in ("b'x'", "[]", "object()", "float('nan')", "10**20")),
        "abs(parsedate(expires(None)) - gmtime()) < 5",
        setup="""
import time
def expires(value):
    try:
        return Cookie.Cookie('a', 'b', expires=value).expires
    except ValueError as error:
        return str(error)
def refused(value):
    try:
        return Cookie.Cookie('a', 'b', expires=value)
    except Exception as error:
        return type(error).__name__
def parsedate(text):
    return time.mktime(time.strptime(text, '%a, %d-%b-%Y %H:%M:%S GMT'))
def gmtime():
    return time.mktime(time.gmtime())
""",
    ),
    cookie(
        "odd-values",
        *(f"str(Cookie.Cookie({text}))" for text in ODD),
        "Cookie.Cookie('a')",
        "copy.copy(c).value, pickle.loads(pickle.dumps(c, 2)).value",
        setup="import copy, pickle",
    ),
    cookie("data", "c.__data__", "Cookie.Cookie('a', 'b').__data__ is c.__data__", "c.name, c.value"),
    cookie(
        "constants",
        "Cookie.Cookie.DOWNGRADE, Cookie.Cookie.IGNORE, Cookie.Cookie.EXCEPTION",
        "Cookie.CookieError.__mro__[1].__name__",
        "c == Cookie.Cookie('n', 'v')",
        "c == c",
    ),
    cookie(
        "values-unquoted",
        "str(Cookie.Cookie('a', 'b c'))",
        "str(Cookie.Cookie('a', '\"b\"'))",
        "str(Cookie.Cookie('a', 1))",
    ),
    cookie(
        "subclasses",
        "str(Own('a', 'b', path='/'))",
        "setattr(Own('a', 'b'), 'extra', 1)",
        "type(Own.parse('a=1')['a']).__name__",
        setup="class Own(Cookie.Cookie):\n    pass",
    ),
    sending(
        "sent-in-order",
        "    for name in 'cab':\n        Cookie.add_cookie(req, name, name.upper())\n"
        "    req.write(str(req.headers_out['Cache-Control']), 0)",
    ),
    sending(
        "arguments-beside-an-object",
        "    Cookie.add_cookie(req, Cookie.Cookie('a', 'b'), 'ignored', path='/ignored')",
    ),
    sending(
        "own-cache-control",
        "    req.headers_out['Cache-Control'] = 'private'\n    Cookie.add_cookie(req, 'a', 'b')",
    ),
    sending(
        "lost-on-errors",
        "    Cookie.add_cookie(req, 'a', 'b')\n    return int(req.args)",
        (get("/?403"), get("/?404"), get("/?500")),
    ),
    sending(
        "kept-in-err-headers-out",
        "    req.err_headers_out.add('Set-Cookie', str(Cookie.Cookie('a', 'b')))\n    return 403",
    ),
    sending(
        "kept-with-a-status",
        "    Cookie.add_cookie(req, 'a', 'b')\n    req.status = 404\n    req.write('x', 0)",
    ),
    sending(
        "kept-with-a-redirect",
        "    Cookie.add_cookie(req, 'a', 'b')\n    util.redirect(req, '/there')",
    ),
    sending(
        "beyond-latin-1",
        "    try:\n        Cookie.add_cookie(req, 'a', '\\u20ac')\n"
        "    except TypeError as error:\n        req.write(str(error), 0)",
    ),
    sending(
        "received",
        "    one = Cookie.get_cookie(req, 'a')\n"
        "    req.write('%r %r' % (one and one.value, Cookie.get_cookie(req, 'none')), 0)",
        (get("/"), get("/", "Cookie: a=1"), get("/", "Cookie: b=1; a=2"), get("/", "cookie: A=1")),
    ),
    sending(
        "of-one-name",
        "    Cookie.add_cookie(req, 'a', '1')\n    Cookie.add_cookie(req, 'a', '2')\n"
        "    req.write(repr([value for _, value in req.headers_out.items()]), 0)",
    ),
    sending(
        "received-with-arguments",
        "    req.write('%r ' % sorted(Cookie.get_cookies(req, names=['b'])), 0)\n"
        "    try:\n        Cookie.get_cookies(req, bogus=1)\n"
        "    except TypeError:\n        req.write('TypeError', 0)",
        (get("/", "Cookie: a=1; b=2"), get("/")),
    ),
    Case(
        "cookie-several-lines",
        [get("/", "Cookie: a=1", "Cookie: b=2")],
        LOCATION,
        source="""
from mod_python import apache, Cookie
def handler(req):
    cookies = Cookie.get_cookies(req)
    req.write(repr(sorted((name, cookie.value) for name, cookie in cookies.items())), 0)
    return apache.OK
""",
        differs="several Cookie lines are several cookies, not one with a comma",
        olexd=[Expect(200, {}, r"\[\('a', '1'\), \('b', '2'\)\]")],
    ),
    sending(
        "line-breaks",
        "    Cookie.add_cookie(req, 'a', 'b\\r\\nX-Injected: 1')\n    req.write('x', 0)",
    ),
    sending(
        "not-utf-8",
        "    req.write(repr(Cookie.get_cookie(req, 'a').value), 0)",
        (get("/", "Cookie: a=\xe4"),),
        differs="what is not UTF-8 is read as Latin-1",
        olexd=[Expect(200, {}, "'\u00e4'")],
    ),
    sending(
        "marshalled",
        "    made = Cookie.MarshalCookie('m', b'spam', 'secret')\n"
        "    req.write('%s %r' % (made, Cookie.MarshalCookie.parse(str(made), 'secret')['m'].value), 0)",
        differs="marshalled cookies fail on Python 3 in mod_python",
        olexd=[Expect(200, {}, "m=[0-9a-f]{32}[A-Za-z0-9+/=]+ b'spam'")],
    ),
]
