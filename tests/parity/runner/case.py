"""A parity case: a configuration, handlers, files and requests, as small declarative objects."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.parity.runner.digest import Digest

Text = str | bytes

LOCATION = """
<Location />
    SetHandler mod_python
    PythonHandler @M@
</Location>
"""
"""The default configuration: every URL goes to the case's handler, no file is looked for."""

DIRECTORY = """
<Directory "@ROOT@">
    SetHandler mod_python
    PythonHandler @M@
</Directory>
"""
"""Every URL is mapped below the document root and goes to the case's handler."""

STATIC = ""
"""Nothing but the document root."""


SESSION_COOKIE = (r"(pysid|mine)=(.*?); samesite=Lax; httponly", r"\1=\2")
"""A mask for cases with sessions: olexd protects their cookies by default, which one case is about."""


@dataclass(frozen=True)
class Request:
    """One request. `headers` are lines ("Name: value"); `host` is what the Host line says, None for none,
    "" for the case's own host. `raw` replaces the whole request; `answers` is how many responses it gets.
    At the `cuts` (offsets in bytes) the client pauses, so that the parts arrive one by one. After a `last`
    one the client closes its sending side. With `digest` it answers the challenge that came last.
    """

    method: str
    path: str
    headers: tuple[str, ...] = ()
    body: bytes | None = None
    http: str = "1.1"
    host: str | None = ""
    raw: bytes | None = None
    answers: int = 1
    cuts: tuple[int, ...] = ()
    last: bool = False
    digest: Digest | None = None

    def encode(self, case: Case, cookie: str = "", challenge: str = "") -> bytes:
        """Return the bytes to send; `cookie` and `challenge` are what the client has from the server."""
        if self.raw is not None:
            return self.raw.replace(b"@HOST@", case.host.encode())
        lines = [f"{self.method} {self.path} HTTP/{self.http}"]
        if self.host is not None:
            lines.append(f"Host: {self.host or case.host}")
        lines += self.headers
        if self.digest is not None:
            lines.append(f"Authorization: {self.digest.answer(challenge, self.method, self.path)}")
        if cookie:
            lines.append(f"Cookie: {cookie}")
        if self.body is not None and not self.has("content-length") and not self.has("transfer-encoding"):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (self.body or b"")

    def has(self, name: str) -> bool:
        """Whether a header line of this name (lower case) is given."""
        return any(line.lower().startswith(f"{name}:") for line in self.headers)

    @property
    def methods(self) -> list[str]:
        """The method of each response that is expected (HEAD has no body)."""
        if self.raw is None:
            return [self.method]
        return [word.decode() for word in re.findall(rb"(?m)^([A-Z]+) \S+ HTTP/", self.raw)] or [""]


def _bytes(text: Text) -> bytes:
    return text.encode() if isinstance(text, str) else text


def ask(method: str, path: str, *headers: str, body: Text | None = None, http: str = "1.1",
        host: str | None = "") -> Request:  # fmt: skip
    """Return a request of any method."""
    return Request(method, path, headers, None if body is None else _bytes(body), http, host)


def get(path: str = "/", *headers: str, http: str = "1.1", host: str | None = "") -> Request:
    """Return a GET request."""
    return ask("GET", path, *headers, http=http, host=host)


def known(user: str, password: str, path: str = "/", method: str = "GET", hashed: str = "",
          **changes: str | None) -> Request:  # fmt: skip
    """Return a request with Digest credentials that answer the last challenge, right but for `changes`.

    `hashed` is the method that they are about, if it is not the request's own.
    """
    return Request(method, path, digest=Digest(user, password, changes, hashed))


def head(path: str = "/", *headers: str, http: str = "1.1") -> Request:
    """Return a HEAD request."""
    return ask("HEAD", path, *headers, http=http)


def post(path: str, body: Text, *headers: str) -> Request:
    """Return a POST request with a Content-Length (unless the header lines say otherwise)."""
    return ask("POST", path, *headers, body=body)


def raw(data: bytes, answers: int = 1, last: bool = False) -> Request:
    """Return a request sent byte by byte as given (`@HOST@` is replaced); it gets `answers` responses."""
    return Request("", "", raw=data, answers=answers, last=last)


def basic(user: str, password: str) -> str:
    """Return an Authorization line."""
    from base64 import b64encode

    return "Authorization: Basic " + b64encode(f"{user}:{password}".encode()).decode()


@dataclass(frozen=True)
class Expect:
    """What olexd answers where it differs on purpose: a status and what must be found in headers or body.

    `headers` maps names to regular expressions for the value, or None for "absent"; `body` is one for
    the whole body.
    """

    status: int
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: str | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Case:
    """One case. It lives on its own virtual host, with its own document root and handler module.

    `config` goes inside the virtual host, `main` before it, into the main server. `handler` is the body
    of `handler(req)` (`return apache.OK` is added), `source` a whole module instead; either becomes
    `@M@`. `files` go below the document root (a name that ends in a slash makes a directory), `links` are
    symbolic links there and what they lead to, `modules` go into the handlers' directory. Placeholders
    everywhere: `@ROOT@` document root, `@DIR@` handlers' directory, `@M@` module name, `@HOST@`, `@PORT@`,
    `@ADDRESS@` (that the case's host listens on), `@LOGS@`, `@STATE@` (writable).

    `log` are regular expressions that must match a line of the host's error log on both servers, `access`
    is a log format whose lines must be equal. `masks` are (pattern, replacement) pairs for what cannot be
    equal. `same_connection` sends all requests over one connection, `cookies` carries cookies along.
    `differs` says why the two are meant to differ, `olexd` what olexd then answers, per request.
    `own_interpreter` leaves out the PythonInterpreter that all other cases share, `own_address` gives the
    case a local address that no other case's host listens on. `tls` sends the requests over TLS, to a site
    that has a port for it. `main` goes into the main server, where every case sees it.
    With `shows_no_more` the two need not say the same, but olexd must not show what Apache hides.
    """

    name: str
    requests: Sequence[Request] = (Request("GET", "/"),)
    config: str = LOCATION
    handler: str = ""
    source: str = ""
    files: Mapping[str, Text] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    log: Sequence[str] = ()
    access: str = ""
    masks: Sequence[tuple[str, str]] = ()
    same_connection: bool = False
    cookies: bool = False
    differs: str = ""
    olexd: Sequence[Expect] = ()
    own_interpreter: bool = False
    own_address: bool = False
    tls: bool = False
    main: str = ""
    shows_no_more: bool = False

    @property
    def host(self) -> str:
        """The virtual host's name."""
        return f"case-{self.name}.test"

    @property
    def module(self) -> str:
        """The name of the case's handler module: unlike any other case's."""
        return "case_" + re.sub(r"\W", "_", self.name)

    @property
    def module_text(self) -> str:
        """The source of the case's handler module."""
        if self.source:
            return textwrap.dedent(self.source)
        body = textwrap.indent(textwrap.dedent(self.handler).strip(), "    ")
        return f"from mod_python import apache\n\n\ndef handler(req):\n{body}\n    return apache.OK\n"
