"""Cookies, plain, signed and marshalled."""

from __future__ import annotations

from typing import Any

import pytest

from mod_python import Cookie
from tests.unit.python_support import make_request
from tests.unit.toolkit.fake import FakeRequest

PARSED = [
    ("spam=foo; path=blah;;eggs=bar;", {"spam": "foo", "path": "blah", "eggs": "bar"}),
    ("$Version=1; a=b; $Path=/", {"a": "b"}),
    ("a = 1 ; c=3", {"a": "1 ", "c": "3"}),
    ('a="x" y; b=2', {"a": '"x"', "y": "", "b": "2"}),
    ("a=1,b=2", {"a": "1,b=2"}),
    ("a; b", {"a": "", "b": ""}),
    ("a=b=c", {"a": "b=c"}),
    ("=x", {"x": ""}),
    ("a=1; a=2", {"a": "2"}),
    ("", {}),
    (r'a="x\";y"; b=1', {"a": r'"x\";y"', "b": "1"}),
]


def values(jar: dict[str, Cookie.Cookie]) -> dict[str, Any]:
    """Return the values of cookies by name."""
    return {name: cookie.value for name, cookie in jar.items()}


@pytest.mark.parametrize(("text", "expected"), PARSED)
def test_parse(text: str, expected: dict[str, str]) -> None:
    """A header value is parsed as mod_python parses it."""
    assert values(Cookie.Cookie.parse(text)) == expected


def test_parse_wants_text() -> None:
    """Bytes are not a cookie header."""
    with pytest.raises(TypeError):
        Cookie.Cookie.parse(b"a=b")  # type: ignore[arg-type]


def test_parse_keeps_only_the_names_asked_for() -> None:
    """With names, other cookies are left out."""
    assert values(Cookie.Cookie.parse("a=1; b=2; c=3", names=["b"])) == {"b": "2"}


@pytest.mark.parametrize("piece", [" ", ", ", ",", '="', ';"', 'a="\\', ';b="\\"', "=", ";", "a ", "$"])
def test_a_hostile_header_is_parsed_in_linear_time(piece: str) -> None:
    """Half a megabyte of any separator, quote or blank is parsed at once; quadratic time would be hours."""
    Cookie.Cookie.parse(piece * (500_000 // len(piece)))


def test_attributes_are_sent_in_order() -> None:
    """Attributes follow the value in mod_python's order, flags without a value."""
    cookie = Cookie.Cookie("a", "1", httponly=0, samesite="Lax", max_age=60, secure=None, PATH="/", expires=0)
    cookie.commentURL = "u"
    assert str(cookie) == (
        "a=1; path=/; secure; expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=60; samesite=Lax;"
        " commentURL=u; httponly"
    )
    assert repr(cookie) == f"<Cookie: {cookie}>"


def test_a_cookie_may_be_partitioned() -> None:
    """CHIPS: a cookie of an embedded site, kept apart for each site that embeds it."""
    cookie = Cookie.Cookie("a", "1", secure=1, samesite="None", partitioned=1)
    assert str(cookie) == "a=1; secure; samesite=None; partitioned"


def test_unknown_attributes_are_refused() -> None:
    """A cookie takes no other attributes, by keyword or by assignment; keywords are in lower case."""
    with pytest.raises(AttributeError, match="bogus"):
        Cookie.Cookie("a", "1", bogus=1)
    with pytest.raises(AttributeError, match="commenturl"):
        Cookie.Cookie("a", "1", commentURL="x")
    with pytest.raises(AttributeError):
        Cookie.Cookie("a", "1").other = 1  # type: ignore[attr-defined]


def test_a_subclass_is_as_strict() -> None:
    """Subclasses have slots and valid attributes of their own."""

    class Mine(Cookie.Cookie):
        pass

    cookie = Mine("a", "1", path="/")
    assert str(cookie) == "a=1; path=/"
    with pytest.raises(AttributeError):
        cookie.other = 1  # type: ignore[attr-defined]


def test_unset_attributes_are_missing() -> None:
    """hasattr tells whether an attribute is set, del unsets it, expires cannot be unset."""
    cookie = Cookie.Cookie("a", "1", path="/", expires=0)
    assert not hasattr(Cookie.Cookie("a", "1"), "expires")
    assert hasattr(cookie, "path")
    del cookie.path
    assert not hasattr(cookie, "path")
    with pytest.raises(AttributeError):
        del cookie.expires


def test_expires_takes_a_date_or_seconds() -> None:
    """A str must be a cookie date and is kept as it is; None means now."""
    date = "Mon, 01-Jan-1990 10:00:00 GMT"
    assert Cookie.Cookie("a", "", expires=date).expires == date
    assert Cookie.Cookie("a", "", expires=86400.5).expires == "Fri, 02-Jan-1970 00:00:00 GMT"
    assert Cookie.Cookie("a", "", expires=None).expires.endswith(" GMT")
    assert Cookie.Cookie("a", "", expires=10**12).expires == "Fri, 27-Sep-33658 01:46:40 GMT"
    assert Cookie.Cookie("a", "", expires=-(10**11)).expires == "Thu, 15-Feb--1199 14:13:20 GMT"
    with pytest.raises(ValueError, match="Invalid expires time: Mon, 01 Jan"):
        Cookie.Cookie("a", "", expires="Mon, 01 Jan 1990 10:00:00 GMT")


@pytest.mark.parametrize("bad", ["x\r\nSet-Cookie: admin=1", "x\ny", "x\0y", "x\ry"])
def test_line_breaks_are_refused(bad: str) -> None:
    """CR, LF and NUL in a name, value or attribute never reach a response head."""
    req = FakeRequest()
    for cookie in (Cookie.Cookie("a", bad), Cookie.Cookie(bad, "1"), Cookie.Cookie("a", "1", path=bad)):
        with pytest.raises(Cookie.CookieError, match="CR, LF or NUL"):
            Cookie.add_cookie(req, cookie)
    assert len(req.headers_out) == 0


def test_signature_vector() -> None:
    """The signature is the HMAC-MD5 that other mod_python servers make and check."""
    assert str(Cookie.SignedCookie("eggs", "cwQAAABzcGFt", "secret")) == (
        "eggs=d049b2b61adb6a1d895646719a3dc30bcwQAAABzcGFt"
    )
    assert str(Cookie.MarshalCookie("eggs", b"spam", b"secret")) == (
        "eggs=d049b2b61adb6a1d895646719a3dc30bcwQAAABzcGFt"
    )


@pytest.mark.parametrize("secret", ["secret", b"secret", "geheim\xe4\u20ac"])
def test_a_signed_cookie_comes_back(secret: str | bytes) -> None:
    """What was signed under a secret is accepted under it, and can be signed again."""
    header = str(Cookie.SignedCookie("a", "v\xe4lue", secret))
    cookie = Cookie.SignedCookie.parse(header, secret)["a"]
    assert type(cookie) is Cookie.SignedCookie
    assert cookie.value == "v\xe4lue"
    assert str(cookie) == header


@pytest.mark.parametrize("value", [None, 1, "text", b"bytes", [1, (2, {"a": 3.5})]])
def test_a_marshalled_value_comes_back(value: object) -> None:
    """Any value that marshal knows makes the round trip."""
    header = str(Cookie.MarshalCookie("a", value, "secret"))
    assert values(Cookie.MarshalCookie.parse(header, "secret")) == {"a": value}


FORGED = ["a=1", "a=", "a=" + "0" * 32 + "1", "a=\xe4\xe4"]


@pytest.mark.parametrize("cls", [Cookie.SignedCookie, Cookie.MarshalCookie])
@pytest.mark.parametrize("text", FORGED)
def test_a_forged_cookie_is_refused(cls: type[Cookie.SignedCookie], text: str) -> None:
    """A wrong signature downgrades, drops or raises, as the caller says; nothing is unmarshalled."""
    downgraded = cls.parse(text, "secret", mismatch=99)["a"]
    assert type(cls.parse(text, "secret")["a"]) is type(downgraded)
    assert type(downgraded) is Cookie.Cookie
    assert f"a={downgraded.value}" == text
    assert cls.parse(text, "secret", Cookie.Cookie.IGNORE) == {}
    with pytest.raises(Cookie.CookieError, match="Incorrectly Signed Cookie: a="):
        cls.parse(text, "secret", mismatch=Cookie.Cookie.EXCEPTION)


def test_a_signature_covers_the_name() -> None:
    """The value of one signed cookie is not accepted under another name."""
    header = str(Cookie.SignedCookie("user", "joe", "secret")).replace("user=", "admin=")
    assert Cookie.SignedCookie.parse(header, "secret", Cookie.Cookie.IGNORE) == {}


@pytest.mark.parametrize(("text", "message"), [("abc", "base64 Decode"), ("aGFsbG8=", "Unmarshal")])
def test_a_signed_text_that_is_no_object_is_refused(text: str, message: str) -> None:
    """A rightly signed value that cannot be decoded is a CookieError, or a plain cookie."""
    header = str(Cookie.SignedCookie("a", text, "secret"))
    downgraded = Cookie.MarshalCookie.parse(header, "secret")["a"]
    assert (type(downgraded), downgraded.value) == (Cookie.Cookie, text)
    with pytest.raises(Cookie.CookieError, match=f"Cannot {message} Cookie: a={text}"):
        Cookie.MarshalCookie.parse(header, "secret", Cookie.Cookie.EXCEPTION)


@pytest.mark.parametrize("secret", [None, "", b""])
def test_nothing_is_signed_without_a_secret(secret: str | bytes | None) -> None:
    """Without a secret there is neither a header nor a repr."""
    cookie = Cookie.SignedCookie("a", "1", secret)
    for show in (str, repr):
        with pytest.raises(Cookie.CookieError, match="Cannot sign without a secret"):
            show(cookie)


def test_cookies_are_added_to_the_response() -> None:
    """Each cookie is a header line of its own; the first one keeps caches away."""
    req = FakeRequest()
    Cookie.add_cookie(req, "a", "1", path="/")
    Cookie.add_cookie(req, Cookie.Cookie("b", "2"), "ignored", path="/ignored")
    assert req.headers_out.items() == [
        ("Cache-Control", 'no-cache="set-cookie"'),
        ("Set-Cookie", "a=1; path=/"),
        ("Set-Cookie", "b=2"),
    ]


def test_text_beyond_latin_1_is_refused() -> None:
    """A header can only hold Latin-1."""
    with pytest.raises(TypeError, match="ISO-8859-1"):
        Cookie.add_cookie(FakeRequest(), "a", "\u20ac")


def test_cookies_are_got_from_the_request() -> None:
    """get_cookies returns all, get_cookie one or None; without a header there are none."""
    req = FakeRequest(Cookie="a=1; b=2")
    assert values(Cookie.get_cookies(req)) == {"a": "1", "b": "2"}
    found = Cookie.get_cookie(req, "b")
    assert found is not None
    assert found.value == "2"
    assert Cookie.get_cookie(req, "c") is None
    assert Cookie.get_cookies(FakeRequest()) == {}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([b"a=1", b"b=2"], {"a": "1", "b": "2"}),
        ([b"a=1, x", b"b=2; c=3"], {"a": "1, x", "b": "2", "c": "3"}),
        ([b"a=1;", b"b=2"], {"a": "1", "b": "2"}),
        ([b"a=1, b=2"], {"a": "1, b=2"}),
        ([b"a=\xe4", b"b=2"], {"a": "\xe4", "b": "2"}),
    ],
)
def test_several_cookie_lines_are_read_as_one(lines: list[bytes], expected: dict[str, str]) -> None:
    """A front that speaks HTTP/2 sends a line for each cookie; a comma in a line belongs to its value."""
    req = make_request(headers=[(b"Cookie", line) for line in lines])
    assert values(Cookie.get_cookies(req)) == expected


def test_a_changed_cookie_header_counts() -> None:
    """What an earlier handler wrote into the table is what is read."""
    req = make_request(headers=[(b"Cookie", b"a=1"), (b"Cookie", b"b=2")])
    req.headers_in["Cookie"] = "c=3, d=4"
    assert values(Cookie.get_cookies(req)) == {"c": "3, d=4"}


def test_a_signed_cookie_is_got_from_the_request() -> None:
    """Keywords reach the class's parse."""
    req = FakeRequest(Cookie=str(Cookie.SignedCookie("a", "1", "secret")))
    found = Cookie.get_cookie(req, "a", Cookie.SignedCookie, secret="secret")
    assert type(found) is Cookie.SignedCookie
