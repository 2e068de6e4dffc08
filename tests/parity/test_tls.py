"""TLS beside the real mod_ssl: the same configuration, certificates, handler and requests."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.certificates import Authority, Identity
from tests.integration.servers import Apache, Olexd, RunningServer, base_config, free_port, missing
from tests.integration.wire import Response, Wire

pytestmark = pytest.mark.skipif(missing(["python", "ssl"]) is not None, reason="no Apache with mod_ssl here")

NAMES = """
    HTTPS https SSL_PROTOCOL ssl_protocol SSL_CIPHER SSL_CIPHER_USEKEYSIZE SSL_TLS_SNI SSL_CLIENT_VERIFY
    SSL_CLIENT_S_DN SSL_CLIENT_S_DN_CN SSL_CLIENT_S_DN_CN_0 SSL_CLIENT_S_DN_CN_1 SSL_CLIENT_S_DN_CN_RAW
    SSL_CLIENT_I_DN SSL_CLIENT_I_DN_C SSL_CLIENT_M_SERIAL SSL_CLIENT_M_VERSION SSL_CLIENT_V_START
    SSL_CLIENT_V_END SSL_CLIENT_V_REMAIN SSL_CLIENT_A_KEY SSL_CLIENT_A_SIG SSL_CLIENT_CERT
    SSL_CLIENT_CERT_RFC4523_CEA SSL_CLIENT_CERT_CHAIN_0 SSL_CLIENT_SAN_DNS_0 SSL_SERVER_S_DN
    SSL_SERVER_SAN_DNS_0 SSL_SERVER_M_SERIAL SSL_NOPE NOPE SERVER_NAME REQUEST_METHOD"""

APPLICATION = f"""
from mod_python import apache


def handler(req):
    req.content_type = "text/plain"
    lines = ["lookup %s %r" % (name, req.ssl_var_lookup(name)) for name in {NAMES.split()!r}]
    lines += ["env %s %r" % item for item in sorted(req.subprocess_env.items())]
    lines += [repr((req.is_https(), req.user, req.construct_url("/x"), req.server.server_hostname))]
    req.write("\\n".join(lines))
    return apache.OK
"""

MASKS = (
    (r"env SSL_SESSION_ID '[0-9a-f]{64}'", "env SSL_SESSION_ID"),
    (r"env SSL_VERSION_(INTERFACE 'mod_ssl|LIBRARY 'OpenSSL)/[^']+'", r"env SSL_VERSION_\1"),
)


class Pair:
    """Both servers, and the certificates that they and their clients use."""

    def __init__(self, directory: Path) -> None:
        directory.chmod(0o755)
        self.directory = directory
        self.authority = Authority(directory)
        self.hosts = {name: self.authority.issue(name, name) for name in ("a.example", "b.example")}
        self.user = self.authority.issue("a user", "user.example")
        self.stranger = Authority(directory, "somebody else").issue("a stranger")
        self.servers: list[tuple[RunningServer, int]] = []
        site = directory / "site"
        site.mkdir()
        (site / "app.py").write_text(APPLICATION)
        for kind in (Apache, Olexd):
            place = directory / kind.name
            place.mkdir()
            place.chmod(0o755)
            tls, plain = free_port(), free_port()
            self.servers.append((kind(self.config(place, tls, plain), place, tls), plain))

    def config(self, place: Path, tls: int, plain: int) -> str:
        """Return a configuration that both servers read."""
        site = self.directory / "site"

        def host(name: str, more: str = "") -> str:
            identity = self.hosts[name]
            return (
                f"<VirtualHost *:{tls}>\nServerName {name}\nSSLEngine on\n"
                f"SSLCertificateFile {identity.cert_file}\nSSLCertificateKeyFile {identity.key_file}\n"
                f"{more}</VirtualHost>\n"
            )

        return base_config(place, tls, ["ssl", "python"]) + (
            f'Listen 127.0.0.1:{plain}\nDocumentRoot "{site}"\n<Directory "{site}">\nRequire all granted\n'
            "SetHandler mod_python\nPythonHandler app\n</Directory>\n"
            "<Location /tls>\nSSLRequireSSL\n</Location>\n"
            "<Location /known>\nRequire ssl-verify-client\n</Location>\n"
            '<Location /old>\nSSLRequire %{SSL_CLIENT_S_DN_CN} eq "a user" and '
            "%{SSL_CIPHER_USEKEYSIZE} >= 128\n</Location>\n"
            + host(
                "a.example",
                f"SSLVerifyClient optional\nSSLCACertificateFile {self.authority.file}\n"
                "<Location /std>\nSSLOptions +StdEnvVars\n</Location>\n"
                "<Location /all>\nSSLOptions +StdEnvVars +ExportCertData\nSSLUserName SSL_CLIENT_S_DN_CN\n"
                "</Location>\n",
            )
            + host("b.example")
            + f"<VirtualHost *:{tls}>\nServerName plain.example\n</VirtualHost>\n"
            f"<VirtualHost *:{plain}>\nServerName a.example\n</VirtualHost>\n"
        )

    def ask(
        self, server: RunningServer, path: str, host: str, name: str | None, identity: Identity | None
    ) -> Response:
        """Return the answer to a request over TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.authority.file)
        context.check_hostname = False
        if identity is not None:
            context.load_cert_chain(identity.cert_file, identity.key_file)
        with Wire(server) as wire:
            wire.socket = context.wrap_socket(wire.socket, server_hostname=name)
            wire.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return wire.read()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Both servers, running."""
    with ExitStack() as stack:
        # Not pytest's own place, which other runs of pytest close to Apache's children.
        pair = Pair(Path(stack.enter_context(TemporaryDirectory(prefix="tls-"))))
        for server, _ in pair.servers:
            stack.enter_context(server)
        yield pair


def masked(response: Response) -> tuple[int, list[str]]:
    """Return what must be equal of an answer: the status, and what the handler wrote."""
    text = response.body.decode() if response.status == 200 else ""
    for pattern, replacement in MASKS:
        text = re.sub(pattern, replacement, text)
    return response.status, text.splitlines()


CASES = [
    ("/plain", "a.example", "a.example", "user"),
    ("/std", "a.example", "a.example", "user"),
    ("/std", "a.example", "a.example", ""),
    ("/all", "a.example", "a.example", "user"),
    ("/all", "a.example", "a.example", ""),
    ("/std", "b.example", "b.example", ""),
    ("/std", "b.example", "b.example", "user"),
    ("/", "b.example", "a.example", ""),
    ("/", "a.example", "b.example", "user"),
    ("/", "plain.example", "a.example", ""),
    ("/", "b.example", None, ""),
    ("/", "a.example", None, ""),
    ("/", "nobody.example", "nobody.example", ""),
    ("/tls", "a.example", "a.example", ""),
    ("/known", "a.example", "a.example", ""),
    ("/known", "a.example", "a.example", "user"),
    ("/old", "a.example", "a.example", ""),
    ("/old", "a.example", "a.example", "user"),
]


@pytest.mark.parametrize(("path", "host", "name", "who"), CASES)
def test_same_answer(pair: Pair, path: str, host: str, name: str | None, who: str) -> None:
    """Both say the same about the connection, the certificates and the user, and refuse the same."""
    identity = pair.user if who else None
    theirs, ours = (masked(pair.ask(server, path, host, name, identity)) for server, _ in pair.servers)
    assert ours == theirs


@pytest.mark.parametrize("path", ["/", "/tls"])
def test_same_answer_without_tls(pair: Pair, path: str) -> None:
    """On a plain port both say that there is no TLS, and refuse what demands it."""
    answers = []
    for server, port in pair.servers:
        with Wire(type(server)("", pair.directory, port)) as wire:
            wire.get(path)
            answers.append(masked(wire.read()))
    assert answers[0] == answers[1]


def test_same_refusal(pair: Pair) -> None:
    """Plain HTTP on the TLS port gets 400 from both; a stranger's certificate gets no answer from either."""
    for server, _ in pair.servers:
        with Wire(server) as wire:
            wire.get("/")
            assert wire.read().status == 400
        with pytest.raises((ssl.SSLError, ConnectionError)):
            pair.ask(server, "/", "a.example", "a.example", pair.stranger)
