"""Cookies: what was sent comes back, what was changed does not, and no header fails a request."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mod_python import Cookie

names = st.text("abcXYZ019_-.", min_size=1, max_size=8)
values = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=';" '), max_size=12)
objects = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(names, values, max_size=5))
def test_cookies_come_back(sent: dict[str, str]) -> None:
    """Names and values of a header, in any number."""
    header = "; ".join(f"{name}={value}" for name, value in sent.items())
    got = {name: cookie.value for name, cookie in Cookie.Cookie.parse(header).items()}
    assert got == sent


@settings(max_examples=200, deadline=None)
@given(names, values, st.text(min_size=1), st.text(min_size=1))
def test_only_the_secret_opens_a_signed_cookie(name: str, value: str, secret: str, other: str) -> None:
    """With the secret the value is back; with another one there is only the plain text."""
    header = str(Cookie.SignedCookie(name, value, secret))
    found = Cookie.SignedCookie.parse(header, secret)[name]
    assert (type(found), found.value) == (Cookie.SignedCookie, value)
    if other != secret:
        assert type(Cookie.SignedCookie.parse(header, other)[name]) is Cookie.Cookie


@settings(max_examples=200, deadline=None)
@given(names, objects)
def test_objects_come_back(name: str, value: object) -> None:
    """Whatever marshal can write."""
    header = str(Cookie.MarshalCookie(name, value, "secret"))
    assert Cookie.MarshalCookie.parse(header, "secret")[name].value == value


@settings(max_examples=200, deadline=None)
@given(names, objects, st.integers(0, 10**6), st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=127))
def test_a_changed_object_is_refused(name: str, value: object, at: int, character: str) -> None:
    """One changed character anywhere, and nothing is unmarshalled."""
    text = str(Cookie.MarshalCookie(name, value, "secret")).partition("=")[2]
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    found = Cookie.MarshalCookie.parse(f"{name}={changed}", "secret", Cookie.Cookie.IGNORE)
    assert (name in found) == (changed == text)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_header_fails(header: str) -> None:
    """Any text is some cookies, signed ones too."""
    Cookie.Cookie.parse(header)
    Cookie.SignedCookie.parse(header, "secret")
    Cookie.MarshalCookie.parse(header, "secret")
