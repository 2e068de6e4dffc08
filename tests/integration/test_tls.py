"""HTTP over TLS on real sockets: hosts, client certificates, large bodies, clients that leave."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import Authority, Identity
from tests.integration.servers import Olexd, RunningServer, application_config, free_port
from tests.integration.wire import Wire, reset

BLOCK = bytes(1 << 20)
BLOCKS = 192
MOST = 24 << 20
"""Bytes that a large body may add to the server's memory."""
SECONDS = 60.0
TIMEOUT = 3
"""Seconds after which the server gives up a client that stands still."""

APPLICATION = """
import os
import threading

from mod_python import Session, apache

BLOCK = b"x" * 65536
left = []


def handler(req):
    return globals()[os.path.basename(req.uri) or "plain"](req)


def plain(req):
    user = req.ssl_var_lookup("SSL_CLIENT_S_DN_CN")
    req.write("%s|%s|%s" % (req.server.server_hostname, req.is_https(), user))
    return apache.OK


def variables(req):
    req.add_common_vars()
    names = ("HTTPS", "SSL_PROTOCOL", "SSL_CLIENT_VERIFY", "REQUEST_SCHEME", "SERVER_PORT", "REMOTE_ADDR")
    req.write("|".join(str(req.subprocess_env.get(name)) for name in names))
    req.write("|%s|%s|%s" % (req.construct_url("/x"), req.user, req.useragent_ip))
    return apache.OK


def session(req):
    Session.MemorySession(req).save()
    return apache.OK


def echo(req):
    req.write("<%s>" % req.args * 3)
    return apache.OK


def stream(req):
    try:
        for _ in range(int(req.args) * 16):
            req.write(BLOCK)
    except OSError as error:
        left.append(str(error))
        raise
    return apache.OK


async def astream(req):
    try:
        for _ in range(int(req.args) * 16):
            await req.awrite(BLOCK)
    except OSError as error:
        left.append(str(error))
        raise
    return apache.OK


def gone(req):
    req.write(repr(left))
    left.clear()
    return apache.OK


def upload(req):
    total = 0
    while block := req.read(65536):
        total += len(block)
    req.write(str(total))
    return apache.OK


async def aupload(req):
    total = 0
    while block := await req.aread(65536):
        total += len(block)
    req.write(str(total))
    return apache.OK


def taken(req):
    conn = req.connection
    conn.write("hello\\n")
    conn.write(conn.readline().upper())
    req.assbackwards = 1
    return apache.DONE


async def ataken(req):
    conn = req.connection
    await conn.awrite("hello\\n")
    await conn.awrite((await conn.areadline()).upper())
    req.assbackwards = 1
    return apache.DONE


def file(req):
    req.sendfile(os.path.join(os.path.dirname(__file__), "large"))
    return apache.OK


def greet(conn):
    conn.write("good bye\\n")
    return apache.OK


def talk(conn):
    conn.write("hello\\n")
    while True:
        try:
            line = conn.readline()
        except OSError:
            return apache.OK
        conn.write(line.upper())
"""


class Tls:
    """The server under test and what its clients need."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority(directory)
        self.stranger = Authority(directory, "somebody else")
        self.user = self.authority.issue("a user")
        self.foreign = self.stranger.issue("a foreign user")
        self.expired = self.authority.issue("an old user", days=-1)
        self.ports = {
            name: free_port() for name in ("https", "plain", "talk", "greet", "proxied", "proxied_plain")
        }
        text = application_config(directory, self.ports["https"], APPLICATION, 6, self.config())
        (directory / "site" / "large").write_bytes(random.Random(1).randbytes(3_000_000))
        self.server: RunningServer = Olexd(text, directory, self.ports["https"])

    def host(self, name: str, more: str = "", port: str = "https") -> str:
        """Return a virtual host with a certificate of its own."""
        identity = self.authority.issue(name, name)
        return f"""<VirtualHost *:{self.ports[port]}>
ServerName {name}
SSLEngine on
SSLCertificateFile {identity.cert_file}
SSLCertificateKeyFile {identity.key_file}
{more}
</VirtualHost>
"""

    def config(self) -> str:
        """Return the hosts."""
        trust = f"SSLCACertificateFile {self.authority.file}\n"
        listens = "".join(f"Listen 127.0.0.1:{self.ports[name]}\n" for name in self.ports if name != "https")
        proxied = "RemoteIPProxyProtocol On\n"
        return (
            f"Timeout {TIMEOUT}\nMaxKeepAliveRequests 0\nLimitRequestBody 0\n{listens}"
            "PythonOption mod_python.session.cookie_name sid\n"
            + self.host("a.example")
            + self.host("b.example")
            + self.host("new.example", "SSLProtocol TLSv1.3")
            + self.host("optional.example", trust + "SSLVerifyClient optional\nSSLOptions +StdEnvVars\n")
            + self.host(
                "require.example",
                trust + "SSLVerifyClient require\nSSLUserName SSL_CLIENT_S_DN_CN\nSSLOptions +StdEnvVars\n",
            )
            + self.host("any.example", "SSLVerifyClient optional_no_ca\nSSLOptions +StdEnvVars\n")
            + self.host("talk.example", "PythonConnectionHandler app::talk\n", "talk")
            + self.host("greet.example", "PythonConnectionHandler app::greet\n", "greet")
            + self.host("proxied.example", proxied, "proxied")
            + f"<VirtualHost *:{self.ports['proxied_plain']}>\n{proxied}</VirtualHost>\n"
            + f"<VirtualHost *:{self.ports['https']}>\nServerName unsafe.example\n</VirtualHost>\n"
        )

    def context(self, identity: Identity | None = None) -> ssl.SSLContext:
        """Return a client's context, which trusts the server's authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.authority.file)
        if identity is not None:
            context.load_cert_chain(identity.cert_file, identity.key_file)
        return context

    def wire(
        self,
        name: str = "a.example",
        identity: Identity | None = None,
        port: str = "https",
        context: ssl.SSLContext | None = None,
        before: bytes = b"",
    ) -> Wire:
        """Return a connection that names the host `name`; `before` goes ahead of the handshake."""
        wire = Wire(self.server)
        wire.socket.close()
        plain = socket.create_connection(("127.0.0.1", self.ports[port]), 15.0)
        plain.sendall(before)
        context = context or self.context(identity)
        wire.socket = context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False)
        return wire

    def ask(self, wire: Wire, path: str, host: str = "a.example") -> tuple[int, str]:
        """Send a request; return status and body."""
        wire.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        response = wire.read()
        return response.status, response.body.decode()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tls]:
    """A running server with a handful of virtual hosts."""
    tls = Tls(tmp_path_factory.mktemp("tls"))
    with tls.server:
        yield tls


class TestHosts:
    @pytest.mark.parametrize("name", ["a.example", "b.example"])
    def test_certificate_by_name(self, tls: Tls, name: str) -> None:
        """Each virtual host shows its own certificate and answers; the client checked the name."""
        with tls.wire(name) as wire:
            assert tls.ask(wire, "/", name) == (200, f"{name}|1|")

    def test_unknown_name(self, tls: Tls) -> None:
        """A name that no host has, and none at all, get the first host's certificate."""
        context = tls.context()
        context.check_hostname = False
        for name in ("nobody.example", None):
            with tls.wire(name, context=context) as wire:  # type: ignore[arg-type]
                assert tls.ask(wire, "/", "nobody.example") == (200, "a.example|1|")

    @pytest.mark.parametrize(
        ("shaken", "asked", "status"),
        [
            ("a.example", "b.example", 200),
            ("a.example", "require.example", 421),
            ("a.example", "optional.example", 421),
            ("a.example", "new.example", 421),
            ("a.example", "unsafe.example", 421),
            ("optional.example", "require.example", 421),
            ("optional.example", "a.example", 421),
            ("unsafe.example", "require.example", 421),
        ],
    )
    def test_host_field_cannot_pick_other_rules(self, tls: Tls, shaken: str, asked: str, status: int) -> None:
        """A handshake made for one host opens no other that asks for more, or is not served over TLS."""
        context = tls.context()
        context.check_hostname = False
        with tls.wire(shaken, context=context) as wire:
            assert tls.ask(wire, "/", asked)[0] == status

    def test_alpn(self, tls: Tls) -> None:
        """HTTP/1.1 is agreed on; a client that offers only HTTP/2 may speak HTTP/1.1 all the same."""
        for offered, agreed in ((["h2", "http/1.1"], "http/1.1"), (["h2"], None)):
            context = tls.context()
            context.set_alpn_protocols(offered)
            with tls.wire(context=context) as wire:
                assert wire.socket.selected_alpn_protocol() == agreed  # type: ignore[attr-defined]
                assert tls.ask(wire, "/")[0] == 200

    def test_old_version_is_refused(self, tls: Tls) -> None:
        """TLS 1.1 finds nobody; a host with TLS 1.3 alone does not serve TLS 1.2."""
        context = tls.context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError):
            tls.wire(context=context)
        context = tls.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with tls.wire(context=context) as wire:
            assert tls.ask(wire, "/variables")[1].startswith("on|None|None|https|")
        with pytest.raises((ssl.SSLError, ConnectionError)), tls.wire("new.example", context=context) as wire:
            tls.ask(wire, "/", "new.example")

    def test_plain_http(self, tls: Tls) -> None:
        """Plain HTTP on a TLS port is told what is wrong; nonsense is closed."""
        with Wire(tls.server) as wire:
            wire.get("/")
            response = wire.read()
            assert response.status == 400
            assert b"begins with https" in response.body
            assert response.fields["connection"] == "close"
        with Wire(tls.server) as wire:
            wire.send(b"\x16\x03\x01\x00\x05hello")
            assert b"HTTP" not in wire.rest()

    @pytest.mark.parametrize("sent", [b"hi\n", b"GET / HTTP/1.1\r\n\r\n", b"\r\n", b"\0"])
    def test_plain_text_for_a_connection_handler(self, tls: Tls, sent: bytes) -> None:
        """Nobody talks to a connection handler of a TLS port in the clear, nor does it say anything so."""
        with tls.wire() as wire:
            assert tls.ask(wire, "/plain")[0] == 200, "which has the application imported"
        with socket.create_connection(("127.0.0.1", tls.ports["talk"]), 15.0) as plain:
            plain.sendall(sent)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while block := plain.recv(4096):
                    answer += block
        assert b"hello" not in answer and b"HI" not in answer and b"GET" not in answer

    def test_no_resumption(self, tls: Tls) -> None:
        """A session is not taken up again, so none can pass from one host to another."""
        context = tls.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with tls.wire(context=context) as wire:
            session = wire.socket.session  # type: ignore[attr-defined]
        plain = socket.create_connection(("127.0.0.1", tls.ports["https"]), 15.0)
        with context.wrap_socket(plain, server_hostname="a.example", session=session) as again:
            assert not again.session_reused


class TestClientCertificates:
    def test_optional(self, tls: Tls) -> None:
        """With a certificate the handler knows who it is, without one it does not."""
        name = "optional.example"
        with tls.wire(name, tls.user) as wire:
            assert tls.ask(wire, "/", name) == (200, f"{name}|1|a user")
        with tls.wire(name) as wire:
            assert tls.ask(wire, "/", name) == (200, f"{name}|1|")
            assert "|NONE|" in tls.ask(wire, "/variables", name)[1]

    def test_required(self, tls: Tls) -> None:
        """The certificate's name becomes the user."""
        name = "require.example"
        with tls.wire(name, tls.user) as wire:
            status, body = tls.ask(wire, "/variables", name)
        assert status == 200
        assert body == (f"on|TLSv1.3|SUCCESS|https|443|127.0.0.1|https://{name}/x|a user|127.0.0.1")

    @pytest.mark.parametrize("name", ["require.example", "optional.example"])
    @pytest.mark.parametrize("who", ["foreign", "expired"])
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_bad_certificate_is_refused(self, tls: Tls, name: str, who: str, version: ssl.TLSVersion) -> None:
        """A certificate of another authority, or an old one, ends the handshake."""
        context = tls.context(getattr(tls, who))
        context.minimum_version = context.maximum_version = version
        with pytest.raises((ssl.SSLError, ConnectionError)), tls.wire(name, context=context) as wire:
            tls.ask(wire, "/", name)

    def test_missing_certificate_is_refused(self, tls: Tls) -> None:
        """Where one is required no request is answered without."""
        name = "require.example"
        with pytest.raises((ssl.SSLError, ConnectionError)), tls.wire(name) as wire:
            tls.ask(wire, "/", name)

    def test_any_authority(self, tls: Tls) -> None:
        """`optional_no_ca` takes a stranger's certificate, and says so; an expired one it does not take."""
        name = "any.example"
        with tls.wire(name, tls.foreign) as wire:
            assert "|GENEROUS|" in tls.ask(wire, "/variables", name)[1]


class TestBodies:
    @pytest.mark.parametrize("path", ["/stream", "/astream"])
    def test_large_answer_to_a_slow_reader(self, tls: Tls, path: str) -> None:
        """Much more than the sockets hold arrives whole, and never stands in the server's memory."""
        with tls.wire() as wire:
            assert tls.ask(wire, "/")[0] == 200
            before = tls.server.memory("VmRSS")
            tls.server.forget_peak()
            wire.send(f"GET {path}?{BLOCKS} HTTP/1.0\r\nHost: a.example\r\n\r\n".encode())
            wire.head()
            time_to_fill = time.monotonic() + 0.5
            with tls.wire() as other:
                while time.monotonic() < time_to_fill:
                    assert tls.ask(other, "/")[0] == 200
            total = len(wire.buffer)
            wire.buffer = b""
            while data := wire.socket.recv(1 << 20):
                total += len(data)
            assert total == BLOCKS << 20
            assert tls.server.memory("VmHWM") - before < MOST

    @pytest.mark.parametrize("path", ["/upload", "/aupload"])
    def test_large_upload(self, tls: Tls, path: str) -> None:
        """So does what a client sends."""
        with tls.wire() as wire:
            wire.post(path, b"warm")
            assert wire.read().body == b"4"
            before = tls.server.memory("VmRSS")
            tls.server.forget_peak()
            wire.get(path, f"Content-Length: {BLOCKS << 20}", method="POST")
            for _ in range(BLOCKS):
                wire.send(BLOCK)
            assert wire.read().body == str(BLOCKS << 20).encode()
            assert tls.server.memory("VmHWM") - before < MOST

    def test_file(self, tls: Tls) -> None:
        """A file arrives byte for byte."""
        with tls.wire() as wire:
            wire.get("/file")
            assert wire.read().body == random.Random(1).randbytes(3_000_000)

    @pytest.mark.parametrize("path", ["/stream", "/astream"])
    def test_client_that_leaves(self, tls: Tls, path: str) -> None:
        """The handler learns of it by its next write, and the server goes on."""
        with tls.wire() as other:
            tls.ask(other, "/gone")
        wire = tls.wire()
        wire.get(f"{path}?{BLOCKS}")
        wire.head()
        reset(wire.socket)
        _until(tls, "Write failed")

    @pytest.mark.parametrize("path", ["/stream", "/astream"])
    def test_client_that_takes_nothing(self, tls: Tls, path: str) -> None:
        """After Timeout seconds without a byte taken the client counts as gone."""
        with tls.wire() as other:
            tls.ask(other, "/gone")
        with tls.wire() as wire:
            wire.get(f"{path}?{BLOCKS}")
            wire.head()
            _until(tls, "Write failed")

    def test_stalled_upload(self, tls: Tls) -> None:
        """A body that does not come on is given up, though a pool thread waits for it."""
        with tls.wire() as wire:
            wire.get("/upload", "Content-Length: 10", method="POST")
            wire.send(b"1234")
            assert wire.read().status in (400, 408, 500)


def _until(tls: Tls, text: str) -> None:
    """Wait until the application has seen an error with `text`."""
    deadline = time.monotonic() + 20.0
    with tls.wire() as wire:
        while text not in tls.ask(wire, "/gone")[1]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


class TestConnections:
    def test_keep_alive_and_pipelining(self, tls: Tls) -> None:
        """Many requests on one connection, also all at once, are answered in order."""
        with tls.wire() as wire:
            for number in range(50):
                assert tls.ask(wire, f"/echo?{number}") == (200, f"<{number}>" * 3)
            for number in range(40):
                wire.get(f"/echo?{number}")
            assert [wire.read().body for _ in range(40)] == [b"<%d>" % n * 3 for n in range(40)]

    def test_end_is_told(self, tls: Tls) -> None:
        """Who is told that the connection closes sees TLS's own end, not a cut."""
        with tls.wire() as wire:
            wire.get("/", "Connection: close")
            response = wire.read()
            assert response.fields["connection"] == "close"
            assert wire.rest() == b""

    def test_many_at_once(self, tls: Tls) -> None:
        """Sixty connections stand at the same time, and each is answered."""
        with contextlib.ExitStack() as stack:
            wires = [stack.enter_context(tls.wire()) for _ in range(60)]
            for number, wire in enumerate(wires):
                wire.get(f"/echo?{number}")
            for number, wire in enumerate(wires):
                assert wire.read().body == b"<%d>" % number * 3

    def test_secure_cookie(self, tls: Tls) -> None:
        """A session's cookie comes back over TLS only."""
        with tls.wire() as wire:
            wire.get("/session")
            assert "secure" in wire.read().fields["set-cookie"].lower()

    def test_resets_mix_nothing_up(self, tls: Tls) -> None:
        """Whenever clients leave, no answer reaches another connection."""
        faults: list[str] = []
        threads = [threading.Thread(target=_leave_early, args=(tls, seed, faults)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        assert faults == []

    def test_connection_handler(self, tls: Tls) -> None:
        """A connection handler speaks its own protocol over TLS, and speaks first if it likes."""
        with tls.wire("talk.example", port="talk") as wire:
            assert wire.socket.recv(100) == b"hello\n"
            for word in (b"one\n", b"two\n"):
                wire.send(word)
                assert wire.socket.recv(100) == word.upper()

    @pytest.mark.parametrize("path", ["/taken", "/ataken"])
    def test_taken_connection(self, tls: Tls, path: str) -> None:
        """A request's handler may go on in a protocol of its own."""
        with tls.wire() as wire:
            wire.send(f"GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode())
            assert wire.socket.recv(100) == b"hello\n"
            wire.send(b"one\n")
            assert wire.rest() == b"ONE\n"

    def test_connection_handler_that_says_one_thing(self, tls: Tls) -> None:
        """What a handler wrote before the handshake was over arrives, though it has long ended."""
        with tls.wire("greet.example", port="greet") as wire:
            assert wire.rest() == b"good bye\n"


def _leave_early(tls: Tls, seed: int, faults: list[str]) -> None:
    chance = random.Random(seed)
    for number in range(60):
        token = f"{seed}-{number}"
        with tls.wire() as wire:
            if chance.random() < 0.4:
                wire.get(chance.choice(["/stream?1", f"/echo?{token}", "/file"]))
                reset(wire.socket)
            elif tls.ask(wire, f"/echo?{token}") != (200, f"<{token}>" * 3):
                faults.append(token)


V2 = b"\r\n\r\n\x00\r\nQUIT\n"
GOOD_HEADERS: list[tuple[bytes, str]] = [
    (b"PROXY TCP4 203.0.113.7 127.0.0.1 5000 443\r\n", "203.0.113.7"),
    (b"PROXY TCP6 2001:db8::7 ::1 5000 443\r\n", "2001:db8::7"),
    (V2 + b"\x21\x11\x00\x0c" + bytes([203, 0, 113, 8, 127, 0, 0, 1]) + b"\x13\x88\x01\xbb", "203.0.113.8"),
    (V2 + b"\x20\x00\x00\x00", "127.0.0.1"),
]


class TestProxyProtocol:
    @pytest.mark.parametrize(("header", "client"), GOOD_HEADERS)
    def test_before_tls_and_http(self, tls: Tls, header: bytes, client: str) -> None:
        """The client's address is the one that the header names."""
        with tls.wire("proxied.example", port="proxied", before=header) as wire:
            assert tls.ask(wire, "/variables", "proxied.example")[1].split("|")[5] == client
        with _proxied(tls, header) as wire:
            wire.get("/variables")
            assert wire.read().body.decode().split("|")[5] == client

    def test_byte_by_byte(self, tls: Tls) -> None:
        """It does not matter in how many pieces the header comes."""
        with _proxied(tls, b"") as wire:
            wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in GOOD_HEADERS[0][0]:
                wire.send(bytes([byte]))
            wire.get("/variables")
            assert wire.read().body.decode().split("|")[5] == "203.0.113.7"

    @pytest.mark.parametrize(
        "header",
        [
            b"",
            b"PROXY UNKNOWN\r\n",
            b"PROXY TCP4 1.2.3.4\r\n",
            b"PROXY TCP4 1.2.3.400 127.0.0.1 1 2\r\n",
            b"PROXY TCP4 ::1 ::1 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 127.0.0.1 1 99999\r\n",
            b"PROXY " + b"x" * 200,
            V2 + b"\x31\x11\x00\x0c" + bytes(12),
            V2 + b"\x21\x11\xff\xff",
            V2 + b"\x21\x11\x00\x04" + bytes(4),
        ],
    )
    def test_anything_else_is_dropped(self, tls: Tls, header: bytes) -> None:
        """A connection that begins in another way gets no answer at all."""
        gone = contextlib.suppress(ConnectionResetError, BrokenPipeError)
        with _proxied(tls, header) as wire, gone:
            wire.get("/")
            assert wire.rest() == b""

    def test_not_where_nobody_asked_for_it(self, tls: Tls) -> None:
        """Elsewhere a client cannot say who it is: the header is no request."""
        with _on(tls, "plain", GOOD_HEADERS[0][0]) as wire:
            wire.get("/")
            assert wire.read().status == 400


def _on(tls: Tls, port: str, header: bytes) -> Wire:
    wire = Wire(tls.server)
    wire.socket.close()
    wire.socket = socket.create_connection(("127.0.0.1", tls.ports[port]), 15.0)
    wire.send(header)
    return wire


def _proxied(tls: Tls, header: bytes) -> Wire:
    return _on(tls, "proxied_plain", header)
