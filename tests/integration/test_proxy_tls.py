"""Backends over TLS: whom olexd trusts, what it says of itself, beside Apache where both do the same."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.certificates import Authority, Identity
from tests.integration.backends import Asked, Backend
from tests.integration.servers import Apache, Olexd, RunningServer, base_config, free_port, missing
from tests.integration.wire import Response, Wire

MODULES = ("proxy", "proxy_http", "proxy_wstunnel", "ssl")


def server_context(identity: Identity) -> ssl.SSLContext:
    """Return the context of a server that shows an identity."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.cert_file, identity.key_file)
    return context


class Setup:
    """A front with a virtual host for each way to trust, and backends that deserve it or do not."""

    def __init__(self, kind: type[RunningServer], directory: Path, stack: ExitStack) -> None:
        self._stack = stack
        self.names: list[str | None] = []
        """The hosts that backends were asked for in handshakes."""
        self.subjects: list[str] = []
        self.authority = Authority(directory)
        self.stranger = Authority(directory, "somebody else")
        issue = self.authority.issue
        self.backends = {
            "good": self.backend(issue("good", "localhost", "127.0.0.1")),
            "wild": self.backend(issue("wild", "*.localhost")),
            "other": self.backend(issue("other", "other.example")),
            "named": self.backend(issue("localhost")),
            "misnamed": self.backend(issue("localhost", "other.example")),
            "expired": self.backend(issue("expired", "localhost", days=-1)),
            "foreign": self.backend(self.stranger.issue("foreign", "localhost")),
            "asking": self.backend(issue("asking", "localhost"), asks=True),
            "old": self.backend(issue("old", "localhost"), most=ssl.TLSVersion.TLSv1_2),
            "revoked": self.backend(revoked := issue("revoked", "localhost")),
        }
        self.revoked = self.authority.revoke(revoked)
        self.plain = stack.enter_context(Backend(self.script))
        self.user = issue("the front")
        combined = directory / "front.pem"
        combined.touch(0o600)
        combined.write_bytes(self.user.cert_file.read_bytes() + self.user.key_file.read_bytes())
        self.combined = combined
        port = free_port()
        self.front = stack.enter_context(kind(self.config(directory, port), directory, port))

    def backend(
        self, identity: Identity, asks: bool = False, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
    ) -> Backend:
        """Start a backend that shows an identity."""
        context = server_context(identity)
        context.maximum_version = most
        context.sni_callback = lambda connection, name, _: self.names.append(name)
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority.file)
        return self._stack.enter_context(Backend(self.script, context=context))

    def script(self, asked: Asked) -> bool:
        """Answer a request."""
        peer: Any = getattr(asked.connection, "getpeercert", dict)()
        self.subjects.append(str(peer))
        if asked.field("upgrade"):
            asked.send(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello"
            )
            while data := asked.read(65536):
                asked.send(data)
            return False
        if asked.path.endswith("/large"):
            asked.answer(b"x" * 3_000_000)
        elif asked.path.endswith("/until-close"):
            asked.send(b"HTTP/1.1 200 OK\r\n\r\nnot all of it")
            return False
        else:
            asked.answer(f"connection {asked.number}, host {asked.field('host')[0]}".encode())
        return True

    def config(self, directory: Path, port: int) -> str:
        """Return the front's configuration: a virtual host for each row of HOSTS, a path for each backend."""
        trust = f"SSLProxyVerify require\nSSLProxyCACertificateFile {self.authority.file}\n"
        words = {
            "TRUST": trust,
            "IDENTITY": f"SSLProxyMachineCertificateFile {self.combined}\n",
            "REVOKED": f"SSLProxyCARevocationFile {self.revoked}\n",
        }
        text = base_config(directory, port, MODULES)
        for name, more in HOSTS.items():
            for word, meaning in words.items():
                more = more.replace(word, meaning)
            engine = "" if name == "off" else "SSLProxyEngine on\n"
            text += f"<VirtualHost *:{port}>\nServerName {name}.test\n{engine}{more}\n"
            for path, backend in self.backends.items():
                parameters = "retry=0 upgrade=websocket" if path == "good" else "retry=0"
                text += f"ProxyPass /{path} https://localhost:{backend.port}/{path} {parameters}\n"
            text += f"ProxyPass /address https://127.0.0.1:{self.backends['good'].port}/\n"
            text += f"ProxyPass /plain https://localhost:{self.plain.port}/ timeout=2\n"
            text += f"ProxyPass /ws wss://localhost:{self.backends['good'].port}/\n"
            text += "</VirtualHost>\n"
        return text

    def wire(self, host: str, path: str, *fields: str) -> Wire:
        """Return a connection on which a request was sent."""
        wire = Wire(self.front)
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *fields, "", ""]
        wire.send("\r\n".join(lines).encode())
        return wire

    def ask(self, host: str, path: str) -> Response:
        """Return the answer to a request."""
        with self.wire(f"{host}.test", path) as wire:
            return wire.read()


HOSTS = {
    "preserved": "ServerAlias localhost\nProxyPreserveHost On",
    "off": "",
    "none": "",
    "require": "TRUST",
    "optional": "TRUSTSSLProxyVerify optional",
    "generous": "TRUSTSSLProxyVerify optional_no_ca",
    "nameless": "SSLProxyCheckPeerName off",
    "cn": "SSLProxyCheckPeerName off\nSSLProxyCheckPeerCN on",
    "cn-off": "SSLProxyCheckPeerCN off",
    "no-checks": "SSLProxyCheckPeerName off\nSSLProxyCheckPeerCN off\nSSLProxyCheckPeerExpire off",
    "strict-no-checks": "TRUSTSSLProxyCheckPeerCN off\nSSLProxyCheckPeerExpire off",
    "identity": "TRUSTIDENTITY",
    "new": "SSLProxyProtocol TLSv1.3",
    "revoking": "TRUSTREVOKEDSSLProxyCARevocationCheck leaf",
    "chain": "TRUSTREVOKEDSSLProxyCARevocationCheck chain",
    "deep": "TRUSTSSLProxyVerifyDepth 0",
    "section": "<Proxy *>\nTRUST</Proxy>",
}
"""What virtual hosts say."""


def running(kind: type[RunningServer]) -> Iterator[Setup]:
    """A front of some kind and its backends, until the tests are done."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="proxy-tls-")))
        directory.chmod(0o755)
        yield Setup(kind, directory, stack)


@pytest.fixture(scope="module", params=["olexd", "apache"])
def both(request: pytest.FixtureRequest) -> Iterator[Setup]:
    """Either server as the front."""
    if request.param == "apache" and (reason := missing(MODULES)):
        if os.environ.get("OLEXD_REQUIRE_PARITY") == "1":
            pytest.fail(f"OLEXD_REQUIRE_PARITY is set, but {reason}", pytrace=False)
        pytest.skip(reason)
    yield from running(Olexd if request.param == "olexd" else Apache)


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    """olexd as the front."""
    yield from running(Olexd)


RIGHT = {"good", "named", "old", "revoked"}
"""Backends whose certificate is ours, valid, and for their host."""
NAMES = {"wild", "other", "misnamed"}
"""Those whose certificate is for another host."""
ACCEPTED = {
    "preserved": set(),
    "off": set(),
    "none": RIGHT | {"foreign"},
    "require": RIGHT,
    "optional": RIGHT,
    "generous": RIGHT | {"foreign"},
    "nameless": RIGHT | NAMES | {"foreign"},
    "cn": {"named", "misnamed"},
    "cn-off": RIGHT | NAMES | {"foreign"},
    "no-checks": RIGHT | NAMES | {"foreign", "expired"},
    "strict-no-checks": RIGHT | NAMES,
    "identity": RIGHT | {"asking"},
    "new": (RIGHT | {"foreign"}) - {"old"},
    "revoking": RIGHT - {"revoked"},
    "chain": RIGHT - {"revoked"},
    "deep": set(),
    "section": RIGHT,
}
"""Which backends a virtual host passes requests on to."""


@pytest.mark.parametrize("host", HOSTS)
def test_whom_to_trust(both: Setup, host: str) -> None:
    """A certificate that is not good enough is refused before the request is sent; the log says why."""
    olexd = both.front.name == "olexd"
    for name in both.backends:
        if name == "misnamed" and not olexd and ACCEPTED[host] & RIGHT:
            # Apache looks at the common name even where there are others.
            continue
        asked = len(both.subjects)
        status = both.ask(host, f"/{name}").status
        if name in ACCEPTED[host]:
            assert (name, status) == (name, 200)
        else:
            assert (name, status) == (name, status if not olexd else 500 if host == "off" else 502)
            assert status >= 500
            assert len(both.subjects) == asked


def test_reasons_are_logged(setup: Setup) -> None:
    """Whoever looks at the error log learns what is wrong with a certificate."""
    for host, name, reason in (
        ("off", "good", "SSLProxyEngine is off"),
        ("require", "foreign", "certificate verify failed"),
        ("none", "other", "its certificate is not for localhost"),
        ("none", "expired", "its certificate has expired"),
        ("cn", "good", "its certificate's common name is not localhost"),
    ):
        setup.ask(host, f"/{name}")
        assert reason in setup.front.error_log().splitlines()[-1]


def test_addresses(setup: Setup) -> None:
    """A certificate may be for an address, which no backend is told as its name."""
    setup.names.clear()
    assert setup.ask("require", "/address").status == 200
    assert setup.names == [None]


def test_a_backend_without_tls(setup: Setup) -> None:
    """Plain HTTP where TLS is expected is a bad gateway, or one that stands still."""
    assert setup.ask("none", "/plain").status in (502, 504)


def test_names_and_connections(both: Setup) -> None:
    """A backend is told which host is meant (SNI); connections are kept, and never for other settings."""
    both.names.clear()
    first = both.ask("require", "/good")
    assert first.body == both.ask("require", "/good").body
    assert both.ask("identity", "/good").body != first.body
    assert set(both.names) <= {"localhost"}


def test_the_clients_host(setup: Setup) -> None:
    """With ProxyPreserveHost the backend has to be the host that the client asked for."""
    with setup.wire("localhost", "/good") as wire:
        assert wire.read().body.endswith(b"host localhost")
    setup.names.clear()
    with setup.wire("preserved.test", "/good") as wire:
        assert wire.read().status == 502
    assert setup.names == ["preserved.test"]


def test_large_bodies(both: Setup) -> None:
    """Much data passes whole."""
    assert both.ask("require", "/good/large").body == b"x" * 3_000_000


def test_a_cut_response(setup: Setup) -> None:
    """Without a length only a proper end of TLS is the end: anybody on the way can close a connection."""
    with setup.wire("require.test", "/good/until-close") as wire:
        data = wire.rest()
    assert not data.endswith(b"0\r\n\r\n")


def test_what_the_front_shows(both: Setup) -> None:
    """A backend that asks for a certificate gets the front's."""
    assert both.ask("identity", "/asking").status == 200
    assert "the front" in both.subjects[-1]


UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13")


@pytest.mark.parametrize("path", ["/good/ws", "/ws/x"])
def test_websocket(both: Setup, path: str) -> None:
    """Upgrades pass through TLS, as wss:// or by `upgrade=`, and end when the client leaves."""
    with both.wire("require.test", path, *UPGRADE) as wire:
        assert wire.head().status == 101
        assert wire._exactly(5) == b"hello"
        wire.send(b"echo")
        assert wire._exactly(4) == b"echo"


@pytest.mark.parametrize("path", ["/good/ws", "/ws/x"])
def test_websocket_of_a_stranger(both: Setup, path: str) -> None:
    """An upgrade does not get around the check of certificates."""
    with both.wire("cn.test", path, *UPGRADE) as wire:
        assert wire.head().status >= 500
