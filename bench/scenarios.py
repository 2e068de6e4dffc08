"""What is measured: one URL, handler or file each, with the number of connections that ask for it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

SESSIONS = 64
"""How many sessions the session scenarios use in turn: one alone would measure its lock."""


@dataclass(frozen=True)
class Scenario:
    """One row. `path` is asked on olexd, `apache_path` on Apache (the same unless given).

    `body` is the size of an upload in bytes. `check` looks at the body of a first response. `sessions`
    sends session cookies. `proxied` puts a proxying Apache in front of both.
    """

    name: str
    title: str
    path: str
    check: Callable[[bytes], bool]
    apache_path: str = ""
    connections: int = 16
    body: int = 0
    sessions: bool = False
    proxied: bool = False

    def path_on(self, server: str) -> str:
        """The path for `server` ("apache" or "olexd")."""
        return self.apache_path or self.path if server == "apache" else self.path

    def script(self, cookies: list[str]) -> str:
        """The Lua script for wrk, "" for none."""
        lines = []
        if self.body:
            lines += ['wrk.method = "POST"', f'wrk.body = string.rep("x", {self.body})']
        if cookies:
            listed = ", ".join(f'"{cookie}"' for cookie in cookies)
            lines += [f"local cookies = {{{listed}}}", "local n = 0", "request = function()", "  n = n + 1"]
            lines += ['  return wrk.format(nil, nil, {["Cookie"] = cookies[n % #cookies + 1]})', "end"]
        return "\n".join(lines)


def _is(text: bytes) -> Callable[[bytes], bool]:
    return lambda body: body == text


def _session(path: str, title: str, name: str, apache_path: str = "") -> Scenario:
    return Scenario(
        name,
        title,
        path,
        lambda body: body.startswith(b"visit "),
        apache_path=apache_path,
        sessions=True,
    )


SCENARIOS = (
    Scenario("hello", "hello handler", "/hello", _is(b"Hello, world")),
    _session("/session", "session, default of each", "session"),
    _session("/session", "session, default | DbmSession", "session-dbm", "/session-dbm"),
    _session("/session", "session, default | FileSession", "session-file", "/session-file"),
    _session("/session-memory", "session, MemorySession of both", "session-memory"),
    Scenario("psp", "PSP page", "/page.psp", lambda body: body.count(b"<li>") == 20),
    Scenario("static", "static file, 4 KiB", "/file.bin", lambda body: len(body) == 4096),
    Scenario("wsgi", "WSGI hello", "/wsgi", _is(b"Hello, world")),
    Scenario("sleep", "50 ms sleep, 64 connections", "/sleep", _is(b"slept"), connections=64),
    Scenario("big", "response of 1 MiB", "/big", lambda body: len(body) == 1 << 20, connections=8),
    Scenario("upload", "upload of 8 MiB", "/upload", _is(b"8388608"), connections=4, body=8 << 20),
    Scenario("proxy", "hello through mod_proxy", "/hello", _is(b"Hello, world"), proxied=True),
)


HANDLERS = """
import time

from mod_python import Session, apache

BIG = b"x" * (1 << 20)


def hello(req):
    req.content_type = "text/plain"
    req.write("Hello, world", 0)
    return apache.OK


def session(req):
    session = Session.Session(req)
    session["visits"] = session.get("visits", 0) + 1
    session.save()
    req.content_type = "text/plain"
    req.write("visit %d of a %s" % (session["visits"], type(session).__name__), 0)
    return apache.OK


def sleep(req):
    time.sleep(0.05)
    req.write("slept", 0)
    return apache.OK


def big(req):
    req.content_type = "application/octet-stream"
    req.set_content_length(len(BIG))
    req.write(BIG, 0)
    return apache.OK


def upload(req):
    size = 0
    while data := req.read(65536):
        size += len(data)
    req.write(str(size), 0)
    return apache.OK


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
    return [b"Hello, world"]
"""

PSP_PAGE = """<html><body><ul>
<%
req.content_type = 'text/html'
for number in range(20):
%>
<li><%= number %></li>
<%
# end of the list
%>
</ul></body></html>
"""

FILE = secrets.token_bytes(4096)
