"""Debian's Apache as the front: mod_proxy over TCP and a unix socket, forwarded addresses, the site."""

from __future__ import annotations

import http.client
import json
import os
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

import pytest

from tests.integration.servers import Apache, Olexd, RunningServer, base_config, free_port, missing
from tests.integration.test_article import BASE, Visitor, site_config, site_directory

PROXY = ("proxy", "proxy_http", "headers")
PUBLIC = "www.front.test"
CLIENT = "127.0.0.2"

WHO = """
import json
from mod_python import apache


def handler(req):
    req.content_type = "application/json"
    facts = {
        "ip": req.useragent_ip,
        "peer": req.connection.client_addr[0],
        "forwarded": req.headers_in.get("X-Forwarded-For"),
        "host": req.hostname,
        "url": req.construct_url("/here"),
        "user": req.user,
        "read": len(req.read()),
    }
    req.write(json.dumps(facts), 0)
    return apache.OK
"""
WHO_SECTION = """
<Location /who>
    SetHandler mod_python
    PythonHandler who
</Location>
"""
TRUSTING = "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n"
LOGIN = """
RequestHeader unset X-Remote-User early
<Location /who>
    AuthType Basic
    AuthName "Front"
    AuthUserFile "@FILE@"
    Require valid-user
    RequestHeader set X-Remote-User expr=%{REMOTE_USER} "expr=-n %{REMOTE_USER}"
</Location>
"""
"""Apache logs users in, and says who they are."""
TRUSTING_US = f"RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy {CLIENT}\n"
TRUSTING_ANOTHER = "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 192.0.2.77\n"


@dataclass
class Setup:
    """A front and what stands behind it."""

    front: RunningServer
    back: RunningServer


def backend(directory: Path, listen: str, address: int | Path, trust: str) -> RunningServer:
    """Return olexd with the example site and the page that says who asks."""
    (directory / "handlers" / "who.py").write_text(WHO)
    (directory / "sessions").mkdir(mode=0o700, exist_ok=True)
    port = free_port()
    text = site_config(directory, port).replace(f"Listen 127.0.0.1:{port}", f"Listen {listen}")
    return Olexd(text + trust + WHO_SECTION, directory, address)


def front(directory: Path, target: str, lines: str = "") -> RunningServer:
    """Return Apache, which proxies everything to `target`."""
    directory.mkdir()
    port = free_port()
    proxy = f"{lines}ProxyRequests Off\nProxyPreserveHost On\nProxyTimeout 20\nProxyPass / {target} retry=0\n"
    return Apache(base_config(directory, port, PROXY) + proxy, directory, port)


@pytest.fixture(scope="module", params=["tcp", "unix"])
def setup(request: pytest.FixtureRequest) -> Iterator[Setup]:
    """Apache in front of olexd, over either kind of socket; olexd trusts its own machine."""
    _require_proxy()
    with ExitStack() as stack:
        directory = stack.enter_context(site_directory())
        if request.param == "tcp":
            port = free_port()
            back = backend(directory, f"127.0.0.1:{port}", port, TRUSTING)
            target = f"http://127.0.0.1:{port}/"
        else:
            path = directory / "http.sock"
            back = backend(directory, f"unix:{path}", path, TRUSTING)
            target = f"unix:{path}|http://olexd.local/"
        stack.enter_context(back)
        if request.param == "unix":
            path.chmod(0o666)
        yield Setup(stack.enter_context(front(directory / "front", target)), back)


def _require_proxy() -> None:
    if reason := missing(PROXY):
        if os.environ.get("OLEXD_REQUIRE_PARITY") == "1":
            pytest.fail(f"OLEXD_REQUIRE_PARITY is set, but {reason}", pytrace=False)
        pytest.skip(reason)


class Socket(http.client.HTTPConnection):
    """An HTTP connection to a running server, whatever it listens on."""

    def __init__(self, server: RunningServer) -> None:
        super().__init__(PUBLIC, timeout=20)
        self.server = server

    def connect(self) -> None:
        """Connect, to a TCP port from an address of our own: ours is not the front's."""
        if isinstance(self.server.address, int):
            target = ("127.0.0.1", self.server.address)
            self.sock = socket.create_connection(target, 20, source_address=(CLIENT, 0))
        else:
            self.sock = self.server.connect(20)


def who(server: RunningServer, body: bytes | None = None, **headers: str) -> dict[str, str | int | None]:
    """Return what the handler says about a request with these headers (`_` stands for `-`)."""
    connection = Socket(server)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST" if body is not None else "GET", "/who", body, {"Host": PUBLIC} | named)
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    assert response.status == 200, text
    facts: dict[str, str | int | None] = json.loads(text)
    return facts


def test_the_front_hands_on_the_name(setup: Setup) -> None:
    """With ProxyPreserveHost the handler sees the public name, and builds URLs from it."""
    facts = who(setup.front)
    assert (facts["host"], facts["url"]) == (PUBLIC, f"http://{PUBLIC}/here")


def test_the_front_names_the_client(setup: Setup) -> None:
    """The client's address is what the trusted front says; nothing is left of the header."""
    facts = who(setup.front)
    assert (facts["ip"], facts["forwarded"]) == (CLIENT, None)


def test_what_the_client_claims_stays_a_claim(setup: Setup) -> None:
    """An address that the client sends along is not taken for its own: the front adds the real one."""
    facts = who(setup.front, X_Forwarded_For="203.0.113.9, 127.0.0.1")
    assert facts["ip"] == CLIENT


def test_a_body_comes_through(setup: Setup) -> None:
    """A posted body of a megabyte arrives whole."""
    assert who(setup.front, b"x" * 1_000_000)["read"] == 1_000_000


def test_many_requests_come_through(setup: Setup) -> None:
    """The front may keep its connections to olexd and use them again."""
    for _ in range(50):
        assert who(setup.front)["host"] == PUBLIC


def test_the_example_site_works(setup: Setup) -> None:
    """A visitor behind the front names a session, sees its page and logs out."""
    visitor = Visitor(setup.front)
    assert visitor.get(BASE + "/hello") == (200, "Hello from mod_python!")
    status, page = visitor.get(BASE)
    assert status == 200
    assert "session_name" in page
    status, _ = visitor.post(BASE, session_name="behind a front")
    assert status in (302, 303)
    assert visitor.headers["Location"].endswith(f"{BASE}/session")
    status, page = visitor.get(f"{BASE}/session")
    assert status == 200
    assert "behind a front" in page
    assert visitor.post(f"{BASE}/logout")[0] in (302, 303)
    assert "behind a front" not in visitor.get(BASE)[1]


def test_a_page_that_is_not_there_stays_olexds(setup: Setup) -> None:
    """olexd's own error page comes through the front."""
    status, _ = Visitor(setup.front).get("/nothing/here")
    assert status == 404


def test_forwarded_addresses_of_strangers_are_not_believed() -> None:
    """A client that connects directly and is no listed proxy cannot choose its own address."""
    with site_directory() as directory:
        port = free_port()
        with backend(directory, f"127.0.0.1:{port}", port, TRUSTING_ANOTHER) as server:
            facts = who(server, X_Forwarded_For="203.0.113.9")
    assert facts["ip"] == CLIENT


def test_forwarded_addresses_mean_nothing_without_remoteip() -> None:
    """Without RemoteIPHeader the header is just a header."""
    with site_directory() as directory:
        port = free_port()
        with backend(directory, f"127.0.0.1:{port}", port, "") as server:
            facts = who(server, X_Forwarded_For="203.0.113.9")
    assert (facts["ip"], facts["forwarded"]) == (CLIENT, "203.0.113.9")


def test_a_trusted_proxy_is_believed() -> None:
    """A listed proxy may name any client."""
    with site_directory() as directory:
        port = free_port()
        with backend(directory, f"127.0.0.1:{port}", port, TRUSTING_US) as server:
            facts = who(server, X_Forwarded_For="203.0.113.9")
    assert (facts["ip"], facts["peer"], facts["forwarded"]) == ("203.0.113.9", CLIENT, None)


def test_the_front_says_so_when_olexd_is_gone() -> None:
    """With nothing behind it the front answers 503, and does not hang."""
    _require_proxy()
    with (
        site_directory() as directory,
        front(directory / "front", f"http://127.0.0.1:{free_port()}/") as server,
    ):
        assert Visitor(server).get("/who")[0] == 503


def test_the_front_names_the_user() -> None:
    """Whom Apache logs in is who the handler has to do with; what a client says of itself is nothing."""
    _require_proxy()
    with ExitStack() as stack:
        directory = stack.enter_context(site_directory())
        port = free_port()
        trust = f"{TRUSTING}ForwardedUser X-Remote-User\n"
        back = stack.enter_context(backend(directory, f"127.0.0.1:{port}", port, trust))
        file = directory / "users"
        login = LOGIN.replace("@FILE@", str(file))
        server = front(directory / "front", f"http://127.0.0.1:{port}/", login)
        file.write_text("joe:{SHA}" + b64encode(sha1(b"secret").digest()).decode() + "\n")
        file.chmod(0o644)
        stack.enter_context(server)
        credentials = "Basic " + b64encode(b"joe:secret").decode()
        assert who(server, Authorization=credentials, X_Remote_User="admin")["user"] == "joe"
        # Not by way of the front, but from where nobody is trusted.
        assert who(back, X_Remote_User="admin")["user"] is None
