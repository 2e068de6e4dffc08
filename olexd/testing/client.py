"""The test client: requests to a configuration, answered in this process."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypedDict, Unpack
from urllib.parse import quote, urlencode
from urllib.request import Request as JarRequest

from twisted.internet.defer import Deferred

from olexd.model.mp_request import mp_request
from olexd.testing.bodies import File, Pairs, encode_body, pairs_of
from olexd.testing.response import Response, read_response
from olexd.testing.server import NAME, MemoryServer
from olexd.testing.waiting import in_time, wait_for
from olexd.testing.wire import MemoryChannel

_SAFE: Final = "/%?#[]@!$&'()*+,;=:~"


class Details(TypedDict, total=False):
    """What a request may have beside method and target.

    `params` are added to the query. `headers` may hold a name several times when given as pairs. `auth` is a
    user and a password for Basic authentication. `data` is a form's fields, or a body as str or bytes;
    `files` are sent along with the fields, `json` is a body of its own. `host` is the name of the virtual
    host that is asked.
    """

    params: Pairs
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    auth: tuple[str, str]
    data: Pairs | str | bytes
    files: Mapping[str, File]
    json: Any
    host: str


class Client:
    """Sends requests through the phases of a configuration and keeps cookies.

    `config` is Apache's language, or the path of a file in it (`pathlib.Path`). Modules are imported from the
    directory `path` (default: the current one), which is also ServerRoot and DocumentRoot until the
    configuration has others. `defines` are the names for `<IfDefine>`. `https` tells the handlers that the
    client speaks TLS, `address` where it comes from. No request takes longer than `timeout` seconds.

    Raises ConfigError for a bad configuration, RuntimeError when another client is open. Use it in a `with`
    statement, or `close()` it.
    """

    def __init__(
        self,
        config: str | Path,
        path: str | Path = ".",
        *,
        defines: Iterable[str] = (),
        https: bool = False,
        address: str = "127.0.0.1",
        timeout: float = 10.0,
    ) -> None:
        self._scheme = "https" if https else "http"
        self._address = address
        self._server = MemoryServer(config, Path(path).absolute(), defines, https, timeout)
        self.jar = CookieJar()

    def another(self) -> Client:
        """Return a client of the same server that has cookies of its own, like another person's browser."""
        client = object.__new__(Client)
        client.__dict__.update(self.__dict__)
        client.jar = CookieJar()
        return client

    def close(self) -> None:
        """End the server: run its cleanups, forget its modules. May be called again."""
        self._server.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self.close()

    # -- cookies and log

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that the client has now."""
        return {cookie.name: cookie.value or "" for cookie in self.jar}

    def set_cookie(self, name: str, value: str, path: str = "/", host: str = NAME) -> None:
        """Give the client a cookie."""
        domain = host if "." in host else f"{host}.local"
        place = (None, False, domain, False, False, path, True)
        self.jar.set_cookie(Cookie(0, name, value, *place, False, None, True, None, None, {}))

    @property
    def log(self) -> list[str]:
        """All lines of the error logs so far, those of the start included."""
        return list(self._server.log.lines)

    # -- requests

    def request(self, method: str, target: str, **details: Unpack[Details]) -> Response:
        """Send a request and return the response.

        `target` is a path with an optional query; text that is not ASCII is escaped. Where handlers wait
        for Deferreds, the reactor runs until they are done. Raises TimeoutError, ConnectionError when the
        connection ends without a response.
        """
        finish, channel = self._send(method, target, details)
        try:
            wait_for(channel.answered_once, self._server.timeout)
            return finish()
        finally:
            channel.hang_up()

    def arequest(self, method: str, target: str, **details: Unpack[Details]) -> Deferred[Response]:
        """`request()` for tests that are coroutines on the reactor: await the result."""
        finish, channel = self._send(method, target, details)
        response = in_time(channel.answered_once, self._server.timeout).addCallback(lambda _: finish())
        return response.addBoth(_hang_up, channel)

    def get(self, target: str, **details: Unpack[Details]) -> Response:
        """Send a GET request; see `request()`."""
        return self.request("GET", target, **details)

    def head(self, target: str, **details: Unpack[Details]) -> Response:
        """Send a HEAD request; see `request()`."""
        return self.request("HEAD", target, **details)

    def post(self, target: str, **details: Unpack[Details]) -> Response:
        """Send a POST request; see `request()`."""
        return self.request("POST", target, **details)

    def put(self, target: str, **details: Unpack[Details]) -> Response:
        """Send a PUT request; see `request()`."""
        return self.request("PUT", target, **details)

    def delete(self, target: str, **details: Unpack[Details]) -> Response:
        """Send a DELETE request; see `request()`."""
        return self.request("DELETE", target, **details)

    # Inside

    def _send(
        self, method: str, target: str, details: Details
    ) -> tuple[Callable[[], Response], MemoryChannel]:
        """Send a request; return what makes the response of it, and the connection."""
        logged = len(self._server.log.lines)
        target = _with_query(target, details.get("params"))
        asked = JarRequest(f"{self._scheme}://{details.get('host', NAME)}{target}")
        data = self._encode(method, target, asked, details)
        channel = self._server.connect(self._address)
        channel.dataReceived(data)
        return lambda: self._received(channel, method, asked, logged), channel

    def _encode(self, method: str, target: str, asked: JarRequest, details: Details) -> bytes:
        body, kind = encode_body(details.get("data"), details.get("files"), details.get("json"))
        given = pairs_of(details.get("headers", ()))
        names = {name.lower() for name, _ in given}
        self.jar.add_cookie_header(asked)
        lines = [
            ("Host", details.get("host", NAME)),
            ("Cookie", asked.get_header("Cookie")),
            ("Authorization", _basic(*details["auth"]) if "auth" in details else None),
            ("Content-Type", kind),
            ("Content-Length", None if body is None else str(len(body))),
        ]
        fields = [(name, value) for name, value in lines if value is not None and name.lower() not in names]
        head = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in [*fields, *given])]
        return "\r\n".join([*head, "", ""]).encode("latin-1") + (body or b"")

    def _received(self, channel: MemoryChannel, method: str, asked: JarRequest, logged: int) -> Response:
        first = channel.first
        assert first is not None and first.trace is not None
        response, reader = read_response(
            channel.transport.socket.content(),
            method,
            req=channel.req or mp_request(first),
            handlers=first.trace,
            log=self._server.log.lines[logged:],
        )
        self.jar.extract_cookies(reader, asked)
        return response


def _hang_up(result: Any, channel: MemoryChannel) -> Any:
    channel.hang_up()
    return result


def _with_query(target: str, params: Pairs | None) -> str:
    target = quote(target, safe=_SAFE)
    if params is None:
        return target
    return f"{target}{'&' if '?' in target else '?'}{urlencode(pairs_of(params))}"


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
