"""The PROXY protocol beside the real mod_remoteip: the same beginnings of connections, over TLS and plain."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.certificates import Authority
from tests.integration.servers import Apache, Olexd, RunningServer, base_config, free_port, missing
from tests.integration.wire import Response, Wire

MODULES = ("remoteip", "ssl", "python")
pytestmark = pytest.mark.skipif(missing(MODULES) is not None, reason="no Apache with mod_remoteip here")

APPLICATION = """
from mod_python import apache


def handler(req):
    req.content_type = "text/plain"
    req.add_common_vars()
    env = req.subprocess_env
    port = env["REMOTE_PORT"] != "5000"
    conn = req.connection
    req.write("%r" % ((env["REMOTE_ADDR"], port, conn.remote_ip, req.useragent_ip, env.get("HTTPS")),))
    return apache.OK
"""
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V4 = bytes([203, 0, 113, 8, 127, 0, 0, 1]) + b"\x13\x88\x01\xbb"
V6 = bytes.fromhex("20010db8000000000000000000000007") + bytes(15) + b"\x01" + b"\x13\x88\x01\xbb"


def binary(command: int, transport: int, addresses: bytes) -> bytes:
    """Return a header of version 2."""
    return SIGNATURE + struct.pack("!BBH", command, transport, len(addresses)) + addresses


BEGINNINGS = {
    "line-4": b"PROXY TCP4 203.0.113.7 127.0.0.1 5000 443\r\n",
    "line-6": b"PROXY TCP6 2001:db8::7 ::1 5000 443\r\n",
    "binary-4": binary(0x21, 0x11, V4),
    "binary-6": binary(0x21, 0x21, V6),
    "binary-additions": binary(0x21, 0x11, V4 + b"\x04\x00\x03abc"),
    "local": binary(0x20, 0x00, b""),
    "local-with-addresses": binary(0x20, 0x11, V4),
    "none": b"",
    "unknown": b"PROXY UNKNOWN\r\n",
    "line-without-ports": b"PROXY TCP4 203.0.113.7 127.0.0.1\r\n",
    "line-of-names": b"PROXY TCP4 client.test 127.0.0.1 5000 443\r\n",
    "line-of-another-family": b"PROXY TCP4 ::1 ::1 5000 443\r\n",
    "line-too-long": b"PROXY TCP4 " + b"1" * 200 + b"\r\n",
    "binary-unix": binary(0x21, 0x31, bytes(216)),
    "binary-unspecified": binary(0x21, 0x00, b""),
    "binary-version-3": binary(0x31, 0x11, V4),
    "binary-command": binary(0x22, 0x11, V4),
}


class Pair:
    """Both servers, each with a port for TLS and one without; `exceptions` are peers without a header."""

    def __init__(self, directory: Path, exceptions: str) -> None:
        directory.chmod(0o755)
        self.exceptions = exceptions
        self.authority = Authority(directory)
        self.identity = self.authority.issue("a.example", "a.example")
        self.site = directory / "site"
        self.site.mkdir()
        (self.site / "app.py").write_text(APPLICATION)
        self.servers: list[tuple[RunningServer, dict[str, int]]] = []
        for kind in (Apache, Olexd):
            place = directory / kind.name
            place.mkdir()
            place.chmod(0o755)
            ports = {name: free_port() for name in ("plain", "tls")}
            main = free_port()
            self.servers.append((kind(self.config(place, main, ports), place, main), ports))

    def config(self, place: Path, main: int, ports: dict[str, int]) -> str:
        """Return a configuration that both servers read."""
        text = base_config(place, main, MODULES) + (
            f'DocumentRoot "{self.site}"\n<Directory "{self.site}">\nRequire all granted\n'
            "SetHandler mod_python\nPythonHandler app\n</Directory>\n"
        )
        for name, port in ports.items():
            text += f"Listen 127.0.0.1:{port}\n<VirtualHost *:{port}>\nServerName a.example\n"
            text += f"RemoteIPProxyProtocol On\nRemoteIPProxyProtocolExceptions {self.exceptions}\n"
            if name == "tls":
                text += f"SSLEngine on\nSSLCertificateFile {self.identity.cert_file}\n"
                text += f"SSLCertificateKeyFile {self.identity.key_file}\n"
            text += "</VirtualHost>\n"
        return text

    def ask(self, server: RunningServer, port: int, beginning: bytes, tls: bool) -> Response | None:
        """Return the answer to a request on a connection that begins so, None for a closed connection."""
        with Wire(server) as wire, contextlib.suppress(ConnectionError, ssl.SSLError):
            wire.socket.close()
            wire.socket = socket.create_connection(("127.0.0.1", port), 15.0)
            if not tls:
                wire.send(beginning)
            else:
                context = ssl.create_default_context(cafile=str(self.authority.file))
                wire.socket = context.wrap_socket(
                    wire.socket, server_hostname="a.example", do_handshake_on_connect=False
                )
                # Below TLS, which has not begun.
                socket.socket.sendall(wire.socket, beginning)
                wire.socket.do_handshake()
            wire.get("/")
            return wire.read()
        return None


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Both servers, for which we are strangers."""
    yield from running("192.0.2.1")


@pytest.fixture(scope="module")
def excepting() -> Iterator[Pair]:
    """Both servers, for which we are an exception."""
    yield from running("192.0.2.1 127.0.0.0/8")


def running(exceptions: str) -> Iterator[Pair]:
    """Both servers, until the tests are done."""
    with ExitStack() as stack:
        # Not pytest's own place, which Apache's children may not enter.
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="proxy-protocol-")))
        pair = Pair(directory, exceptions)
        for server, _ in pair.servers:
            stack.enter_context(server)
        yield pair


@pytest.mark.parametrize("port", ["plain", "tls"])
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_beginnings(pair: Pair, beginning: str, port: str) -> None:
    """The same connections are answered, for the same clients; the others get no answer at all."""
    seen = []
    for server, ports in pair.servers:
        found = pair.ask(server, ports[port], BEGINNINGS[beginning], port == "tls")
        seen.append(None if found is None else (found.status, found.body))
    assert seen[0] == seen[1]
    answered = beginning.startswith(("line-4", "line-6", "binary-4", "binary-6", "binary-add", "local"))
    assert (seen[0] is not None) is answered


@pytest.mark.parametrize("port", ["plain", "tls"])
def test_exceptions(excepting: Pair, port: str) -> None:
    """A listed peer is answered without a header."""
    seen = []
    for server, ports in excepting.servers:
        found = excepting.ask(server, ports[port], b"", port == "tls")
        assert found is not None
        seen.append((found.status, found.body))
    assert seen[0] == seen[1]
    assert seen[0][0] == 200


def test_a_header_of_a_listed_peer(excepting: Pair) -> None:
    """It is not read as one: it is a malformed request."""
    for server, ports in excepting.servers:
        found = excepting.ask(server, ports["plain"], BEGINNINGS["line-4"], tls=False)
        assert found is not None
        assert found.status == 400
