"""The session's cookie: how it is named, found, scoped and protected."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from mod_python import Cookie
from mod_python._request import Request, cookie_header, option
from mod_python._session_settings import settings

_ON: Final = frozenset({"1", "on", "true", "yes"})
_OFF: Final = frozenset({"0", "off", "false", "no"})


def cookie_name(req: Request) -> str:
    """Return the name of the session cookie."""
    name = option(req, "mod_python.session.cookie_name", "session_cookie_name")
    return name or str(settings().COOKIE_NAME)


def received_sid(req: Request, secret: str | bytes | None) -> str | None:
    """Return what the client sent as its session id, unchecked; with a secret, only if rightly signed."""
    name = cookie_name(req)
    if secret:
        cookie = Cookie.get_cookie(
            req, name, Cookie.SignedCookie, secret=secret, mismatch=Cookie.Cookie.IGNORE
        )
        return None if cookie is None else cookie.value
    sent = cookie_header(req)
    return None if sent is None else _sent_value(sent, name)


@lru_cache(maxsize=1024)
def _sent_value(header: str, name: str) -> str | None:
    """Return the value of a cookie in a Cookie field; visitors send the same field again and again."""
    cookie = Cookie.Cookie.parse(header, [name]).get(name)
    return None if cookie is None else cookie.value


def session_cookie(req: Request, sid: str, secret: str | bytes | None) -> Cookie.Cookie:
    """Return the cookie to send for `sid`."""
    name = cookie_name(req)
    cookie = Cookie.SignedCookie(name, sid, secret=secret) if secret else Cookie.Cookie(name, sid)
    cookie.path = _path(req)
    domain = option(req, "mod_python.session.application_domain")
    if domain is not None:
        cookie.domain = domain
    _protect(cookie, req)
    return cookie


def _path(req: Request) -> str:
    """Return the URL path that the cookie is for: the option's, the handler's directory, or all."""
    path = option(req, "mod_python.session.application_path", "ApplicationPath")
    if path is None:
        entry = req.hlist
        directory = None if entry is None or entry.is_location else entry.directory
        path = directory[len(req.document_root()) :] if directory else "/"
        if not path or not req.uri.startswith(path):
            return "/"
    return path


def _protect(cookie: Cookie.Cookie, req: Request) -> None:
    """Keep the cookie from scripts, other sites and plain http, as far as the options do not object."""
    if _switch(req, "mod_python.session.secure", bool(req.is_https())):
        cookie.secure = 1
    samesite = option(req, "mod_python.session.samesite") or "Lax"
    if samesite.lower() not in _OFF:
        cookie.samesite = samesite
    if _switch(req, "mod_python.session.httponly", True):
        cookie.httponly = 1


def _switch(req: Request, name: str, default: bool) -> bool:
    """Return an On/Off option; ValueError, naming it, for another value than that or `auto`."""
    value = (option(req, name) or "auto").lower()
    if value in _ON or value in _OFF:
        return value in _ON
    if value != "auto":
        raise ValueError(f"PythonOption {name} must be On, Off or auto, not {value!r}")
    return default
