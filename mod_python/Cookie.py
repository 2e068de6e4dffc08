"""Cookies as mod_python applications know them: one object per cookie, values neither quoted nor decoded.

Differences from mod_python 3.5: `max_age` is sent as `Max-Age`, and `partitioned` is one more attribute; CR,
LF and NUL are refused; several Cookie lines are read as one; signed and marshalled cookies work on Python 3
(secrets and signed texts are UTF-8), and signatures are compared in constant time.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import marshal
import re
import time
from collections.abc import Iterator
from typing import Any, ClassVar, Final, TypeVar, cast

from mod_python._request import Request, cookie_header

C = TypeVar("C", bound="Cookie")
S = TypeVar("S", bound="SignedCookie")
Jar = dict[str, "Cookie"]

_ATTRIBUTES: Final = (
    "version",
    "path",
    "domain",
    "secure",
    "comment",
    "expires",
    "max_age",
    "samesite",
    "commentURL",
    "discard",
    "port",
    "httponly",
    "partitioned",
)
"""In the order in which they are sent."""

_FLAGS: Final = frozenset({"secure", "discard", "httponly", "partitioned"})
_SPELLINGS: Final = {"max_age": "Max-Age"}
_HIDDEN: Final = ("name", "value", "_value", "_expires", "__data__")

_cookiePattern: Final = re.compile(
    r"""[,\ ]*
        (?P<name>[^;\ =]+)
        \ *=?\ *
        (?P<value>"(?:[^\\"]|\\.)*"|[^;]*)
        \s*;?""",
    re.VERBOSE | re.DOTALL,
)
_SEPARATORS: Final = re.compile("[, ]*")
_BREAK: Final = re.compile(r"[\r\n\0]")
_DATE: Final = "%a, %d-%b-%Y %H:%M:%S GMT"
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DIGEST_LENGTH: Final = 32


class CookieError(Exception):
    """A cookie cannot be signed, is wrongly signed, or cannot be sent."""


class metaCookie(type):
    """Gives cookie classes their slots, the list of valid attributes and the `expires` property."""

    def __new__(mcs, clsname: str, bases: tuple[type, ...], clsdict: dict[str, Any]) -> metaCookie:
        inherited = any(isinstance(base, metaCookie) for base in bases)
        slots = () if inherited else tuple(a for a in _ATTRIBUTES if a != "expires") + _HIDDEN
        clsdict.setdefault("__slots__", slots)
        clsdict.setdefault("_valid_attr", _ATTRIBUTES)
        clsdict.setdefault("expires", property(_get_expires, _set_expires))
        return super().__new__(mcs, clsname, bases, clsdict)


def _get_expires(cookie: Cookie) -> str:
    return cookie._expires


def _set_expires(cookie: Cookie, value: str | float | None) -> None:
    """Store a date in the cookie form as it is, and epoch seconds (None: now) as such a date."""
    if isinstance(value, str):
        try:
            time.strptime(value, _DATE)
        except ValueError:
            raise ValueError(f"Invalid expires time: {value}") from None
        cookie._expires = value
    else:
        cookie._expires = _date(time.gmtime(value))


def _date(at: time.struct_time) -> str:
    """Return a time in the form of a cookie's date, in English whatever the locale, of any year."""
    day, month = _DAYS[at.tm_wday], _MONTHS[at.tm_mon - 1]
    hours = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
    return f"{day}, {at.tm_mday:02d}-{month}-{at.tm_year:04d} {hours} GMT"


class Cookie(metaclass=metaCookie):
    """One cookie: `name`, `value` and the attributes that were set.

    Keywords are attributes in lower case; an unknown one raises AttributeError, as does reading an attribute
    that is not set. `secure`, `discard`, `httponly` and `partitioned` are sent whenever they are set, to
    whatever value.
    `expires` takes epoch seconds or a `Wdy, DD-Mon-YYYY HH:MM:SS GMT` str and reads back as that str.
    """

    DOWNGRADE: ClassVar[int] = 0
    IGNORE: ClassVar[int] = 1
    EXCEPTION: ClassVar[int] = 3

    _valid_attr: ClassVar[tuple[str, ...]]
    name: str
    value: Any
    version: Any
    path: Any
    domain: Any
    secure: Any
    comment: Any
    expires: Any
    max_age: Any
    samesite: Any
    commentURL: Any
    discard: Any
    port: Any
    httponly: Any
    partitioned: Any
    _expires: str
    __data__: dict[str, Any]

    @classmethod
    def parse(cls: type[C], str: str, names: list[str] | None = None) -> Jar:
        """Return the cookies in the header value `str` by name; only those in `names`, if given."""
        return cast(Jar, _parse_cookie(str, cls, names))

    def __init__(self, name: str, value: Any, **attributes: Any) -> None:
        self.name, self.value = name, value
        self.__data__ = {}
        for attribute, setting in attributes.items():
            setattr(self, attribute.lower(), setting)

    def __str__(self) -> str:
        return self._header(str(self.value))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def _header(self, text: str) -> str:
        """Return the Set-Cookie value with `text` as the cookie's value. Raises `CookieError`."""
        parts = [f"{self.name}={text}"]
        for attribute in self._valid_attr:
            if hasattr(self, attribute):
                name = _SPELLINGS.get(attribute, attribute)
                parts.append(name if name in _FLAGS else f"{name}={getattr(self, attribute)}")
        header = "; ".join(parts)
        if _BREAK.search(header):
            raise CookieError(f"CR, LF or NUL in cookie {self.name!r}")
        return header


def _parse_cookie(str: str, Class: type[C], names: list[str] | None = None) -> dict[str, C]:
    """Return the cookies in `str` as instances of `Class` by name; the last of a name wins."""
    found = {}
    for name, value in _pairs(str):
        if not name.startswith("$") and (names is None or name in names):
            found[name] = Class(name, value)
    return found


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values; where no pair can start, go on behind the separators, in linear time."""
    position = 0
    while position < len(text):
        match = _cookiePattern.match(text, position)
        if match is not None:
            yield match["name"], match["value"]
            position = match.end()
        else:
            position = _SEPARATORS.match(text, position).end() + 1  # type: ignore[union-attr]


def _key(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


class SignedCookie(Cookie):
    """A cookie whose value is sent behind the HMAC-MD5 (32 hex digits) of its name and value."""

    @classmethod
    def parse(  # type: ignore[override]
        cls: type[S],
        s: str,
        secret: str | bytes,
        mismatch: int = Cookie.DOWNGRADE,
        names: list[str] | None = None,
    ) -> Jar:
        """Return the cookies in `s`, verified.

        A wrongly signed one raises `CookieError` (mismatch EXCEPTION), is left out (IGNORE), or is a plain
        `Cookie` with the raw value (DOWNGRADE). So does one that is rightly signed and yet cannot be read;
        its raw value is what follows the signature.
        """
        jar: Jar = {}
        for name, cookie in _parse_cookie(s, cls, names).items():
            try:
                cookie._verify(secret)
                jar[name] = cookie
            except CookieError:
                if mismatch == Cookie.EXCEPTION:
                    raise
                if mismatch != Cookie.IGNORE:
                    jar[name] = Cookie(name, cookie.value)
        return jar

    def __init__(self, name: str, value: Any, secret: str | bytes | None = None, **attributes: Any) -> None:
        super().__init__(name, value, **attributes)
        self.__data__["secret"] = secret

    def hexdigest(self, str: str) -> str:
        """Return the signature of `str` under this cookie's name and secret, 32 hex digits."""
        secret = self.__data__["secret"]
        if not secret:
            raise CookieError("Cannot sign without a secret")
        return hmac.new(_key(secret), _key(self.name) + _key(str), "md5").hexdigest()

    def unsign(self, secret: str | bytes) -> None:
        """Check the signature in front of the value and take it off. Raises `CookieError`."""
        digest, text = self.value[:_DIGEST_LENGTH], self.value[_DIGEST_LENGTH:]
        signed = SignedCookie(self.name, text, secret)
        if not hmac.compare_digest(_key(digest), _key(signed.hexdigest(text))):
            raise CookieError(f"Incorrectly Signed Cookie: {self.name}={self.value}")
        self.value = text
        self.__data__["secret"] = secret

    def __str__(self) -> str:
        text = self._text()
        return self._header(self.hexdigest(text) + text)

    def _text(self) -> str:
        """Return what is signed and sent."""
        return str(self.value)

    def _verify(self, secret: str | bytes) -> None:
        self.unsign(secret)


class MarshalCookie(SignedCookie):
    """A signed cookie whose value is any object that `marshal` can write (format 2, read by old peers)."""

    def unmarshal(self, secret: str | bytes) -> None:
        """Check the signature, then turn the value back into an object. Raises `CookieError`."""
        self.unsign(secret)
        shown = f"{self.name}={self.value}"
        try:
            data = base64.b64decode(self.value)
        except (binascii.Error, ValueError):
            raise CookieError(f"Cannot base64 Decode Cookie: {shown}") from None
        try:
            self.value = marshal.loads(data)
        except (EOFError, ValueError, TypeError):
            raise CookieError(f"Cannot Unmarshal Cookie: {shown}") from None

    def _text(self) -> str:
        return base64.b64encode(marshal.dumps(self.value, 2)).decode("ascii")

    def _verify(self, secret: str | bytes) -> None:
        self.unmarshal(secret)


def add_cookie(req: Request, cookie: Cookie | str, value: Any = "", **kw: Any) -> None:
    """Send `cookie`, or a new `Cookie(cookie, value, **kw)`, with the response.

    It goes into `headers_out`, which error responses do not send. The first cookie of a response also adds
    a Cache-Control field that keeps caches from storing it.
    """
    if not isinstance(cookie, Cookie):
        cookie = Cookie(cookie, value, **kw)
    header = str(cookie)
    if "Set-Cookie" not in req.headers_out:
        req.headers_out.add("Cache-Control", 'no-cache="set-cookie"')
    req.headers_out.add("Set-Cookie", header)


def get_cookies(req: Request, Class: type[Cookie] = Cookie, **kw: Any) -> Jar:
    """Return the request's cookies by name, as instances of `Class`; `kw` goes to its `parse`."""
    header = cookie_header(req)
    return Class.parse(header, **kw) if header is not None else {}


def get_cookie(req: Request, name: str, Class: type[Cookie] = Cookie, **kw: Any) -> Cookie | None:
    """Return the request's cookie `name`, or None."""
    return get_cookies(req, Class, names=[name], **kw).get(name)
