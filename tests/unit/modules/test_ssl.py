"""mod_ssl: what the configuration check says, and what requests see."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from olexd.model.request import Request
from olexd.model.tls import TlsFacts, one_line
from olexd.modules.ssl.directives import modern_expression
from olexd.modules.ssl.settings import SslDir, SslServer
from olexd.modules.tls import Verify
from tests.certificates import Authority, Identity
from tests.unit.support import answer, complaint, configure, make_request


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Identity:
    """A server's identity."""
    return authority.issue("a.example", "a.example")


def host(server: Identity, more: str = "") -> str:
    """Return a configuration with one TLS host."""
    return (
        f"<VirtualHost *:443>\nServerName a.example\nSSLEngine on\nSSLCertificateFile {server.cert_file}\n"
        f"SSLCertificateKeyFile {server.key_file}\n{more}\n</VirtualHost>\n"
    )


class TestCheck:
    def test_good(self, server: Identity, authority: Authority) -> None:
        """A whole configuration as sites have it loads, and says nothing."""
        config = configure(
            host(
                server,
                f"SSLCertificateChainFile {authority.file}\nSSLCACertificateFile {authority.file}\n"
                f"SSLCACertificatePath {authority.directory}\nSSLVerifyClient optional\nSSLVerifyDepth 3\n"
                "SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1\nSSLHonorCipherOrder on\n"
                "SSLCipherSuite HIGH:!aNULL\nSSLCipherSuite TLSv1.3 TLS_AES_256_GCM_SHA384\n"
                "SSLOptions +StdEnvVars\n",
            )
        )
        conf = config.hosts[1].server[SslServer]
        assert (conf.engine, conf.verify, conf.depth, conf.honor_order) == (True, Verify.OPTIONAL, 3, True)
        assert conf.protocols == {"TLSv1.2", "TLSv1.3"}
        assert (conf.ciphers, conf.ciphers13) == ("HIGH:!aNULL", "TLS_AES_256_GCM_SHA384")
        assert config.warnings == ()

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("SSLEngine maybe", "Argument must be On, Off, or Optional"),
            ("SSLEngine optional", "SSLEngine optional is not supported"),
            ("SSLCertificateFile /no/file", "SSLCertificateFile: file '/no/file' does not exist or is empty"),
            ("SSLCertificateKeyFile /no", "SSLCertificateKeyFile: file '/no' does not exist or is empty"),
            ("SSLCACertificateFile /dev", "SSLCACertificateFile: file '/dev' does not exist or is empty"),
            ("SSLCACertificatePath /no", "SSLCACertificatePath: directory '/no' does not exist"),
            ("SSLProtocol TLSv9", "SSLProtocol: Illegal protocol 'TLSv9'"),
            ("SSLProtocol +SSLv3", "SSLProtocol: SSLv3 is broken and not supported"),
            ("SSLProtocol all -all", "No SSL protocols available [hint: SSLProtocol]"),
            ("SSLCipherSuite NOSUCH", "SSLCipherSuite: OpenSSL knows no cipher in 'NOSUCH'"),
            ("SSLCipherSuite TLSv1.3 NOSUCH", "SSLCipherSuite: OpenSSL knows no cipher in 'NOSUCH'"),
            ("SSLCipherSuite QUIC HIGH", "SSLCipherSuite: protocol 'QUIC' not supported"),
            ("SSLVerifyClient maybe", "SSLVerifyClient: Invalid argument 'maybe'"),
            ("SSLVerifyDepth -1", "SSLVerifyDepth: Invalid argument: a number from 0 is wanted"),
            ("SSLOptions +Nonsense", "SSLOptions: Illegal option 'Nonsense'"),
            ("SSLOptions +LegacyDNStringFormat", "SSLOptions +LegacyDNStringFormat is not supported"),
            (
                "<Location /x>\nSSLVerifyClient require\n</Location>",
                "SSLVerifyClient not allowed in <Location> context",
            ),
        ],
    )
    def test_bad_words(self, line: str, message: str) -> None:
        """What cannot be meant is refused."""
        assert complaint(line) == message

    def test_no_certificate(self) -> None:
        """TLS needs a certificate."""
        message = complaint("<VirtualHost *:443>\nServerName a.example\nSSLEngine on\n</VirtualHost>")
        assert message.startswith(
            "AH02572: Failed to configure at least one certificate and key for a.example"
        )

    def test_key_of_another_certificate(self, server: Identity, authority: Authority) -> None:
        """The key has to belong to the certificate; the message is about the key's line."""
        other = authority.issue("other.example")
        mixed = Identity(server.certificate, other.key, server.cert_file, other.key_file)
        assert "does not belong to the certificate" in complaint(host(mixed))

    def test_encrypted_key(self, server: Identity, tmp_path: Path) -> None:
        """Nobody can be asked for a pass phrase."""
        path = tmp_path / "encrypted.key"
        encryption = BestAvailableEncryption(b"secret")
        path.write_bytes(server.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        locked = Identity(server.certificate, server.key, server.cert_file, path)
        assert "is encrypted" in complaint(host(locked))

    def test_nonsense_in_files(self, server: Identity, tmp_path: Path) -> None:
        """A file without a certificate or a key is named."""
        path = tmp_path / "nonsense.pem"
        path.write_text("nonsense")
        no_key = Identity(server.certificate, server.key, server.cert_file, path)
        assert complaint(host(no_key)).startswith(f"there is no private key in '{path}'")
        no_cert = Identity(server.certificate, server.key, path, server.key_file)
        assert complaint(host(no_cert)).startswith(f"SSLCertificateFile: there is no certificate in '{path}'")
        bad_ca = f"SSLVerifyClient require\nSSLCACertificateFile {path}"
        assert complaint(host(server, bad_ca)).startswith("SSLCACertificateFile: there is no certificate")

    def test_verify_without_authority(self, server: Identity) -> None:
        """Who asks for certificates says whose count."""
        assert complaint(host(server, "SSLVerifyClient require")).startswith("AH02238: ")
        configure(host(server, "SSLVerifyClient optional_no_ca"))

    def test_readable_key(self, authority: Authority) -> None:
        """A key that everybody can read is warned of."""
        exposed = authority.issue("exposed.example")
        exposed.key_file.chmod(0o644)
        (warning,) = configure(host(exposed)).warnings
        assert f"everybody on this machine can read '{exposed.key_file}'" in warning

    def test_key_in_the_same_file(self, server: Identity, tmp_path: Path) -> None:
        """Certificate and key may share a file."""
        path = tmp_path / "both.pem"
        path.write_bytes(server.cert_file.read_bytes() + server.key_file.read_bytes())
        configure(f"<VirtualHost *:443>\nSSLEngine on\nSSLCertificateFile {path}\n</VirtualHost>")


class TestRules:
    def test_same_rules_different_certificates(self, server: Identity, authority: Authority) -> None:
        """What decides is what is asked of clients, not the certificate that is shown."""
        other = authority.issue("b.example")
        trust = f"SSLVerifyClient require\nSSLCACertificateFile {authority.file}"
        config = configure(
            host(server) + host(other) + host(other, trust) + "<VirtualHost *:443>\n</VirtualHost>"
        )
        first, second, strict, plain = (one.server[SslServer].rules for one in config.hosts[1:])
        assert first == second
        assert len({first, strict, plain}) == 3

    def test_options(self) -> None:
        """Signed options edit what is inherited; unsigned ones replace it."""
        config = configure(
            "SSLOptions +StdEnvVars\n<Location /a>\nSSLOptions +ExportCertData\n</Location>\n"
            "<Location /b>\nSSLOptions StrictRequire\n</Location>"
        )
        found = {}
        for path in ("/a", "/b"):
            conf = config.main.merged(config.main.locations.match(path))[SslDir]
            found[path] = {name for name, on in conf.flags.items() if on}
        assert found == {"/a": {"stdenvvars", "exportcertdata"}, "/b": {"strictrequire"}}


def over_tls(request: Request, client: Identity | None = None, verify: str = "SUCCESS") -> Request:
    """Let a request come over TLS."""
    facts = TlsFacts(
        request.host,
        "TLSv1.3",
        "TLS_AES_256_GCM_SHA384",
        256,
        sni="a.example",
        verify=verify if client else "NONE",
        client=client.certificate if client else None,
    )
    request.connection.settle_tls(facts)
    return request


ROOT = """DocumentRoot "{root}"
<Directory "{root}">
Require all granted
</Directory>
<Location />
{more}
</Location>
"""


class TestAccess:
    @pytest.mark.parametrize(
        ("more", "plain", "anonymous", "known"),
        [
            ("SSLRequireSSL", 403, 200, 200),
            ("Require ssl", 403, 200, 200),
            ("Require ssl-verify-client", 403, 403, 200),
            ('SSLRequire %{SSL_CLIENT_S_DN_CN} eq "a user"', 403, 403, 200),
            ("SSLRequire %{SSL_CIPHER_USEKEYSIZE} >= 128", 403, 200, 200),
            ("SSLRequire %{SSL_CIPHER_USEKEYSIZE} >= 1000", 403, 403, 403),
            ('SSLRequire %{SSL_CLIENT_S_DN_CN} in {"b user", "a user"} and %{HTTPS} eq "on"', 403, 403, 200),
        ],
    )
    def test_requirements(
        self, authority: Authority, tmp_path: Path, more: str, plain: int, anonymous: int, known: int
    ) -> None:
        """Each is met by those it speaks of, and refuses all others."""
        (tmp_path / "x").write_text("x")
        config = configure(ROOT.format(root=tmp_path, more=more))
        user = authority.issue("a user")
        found = [
            answer(make_request(config, "/x")).status,
            answer(over_tls(make_request(config, "/x"))).status,
            answer(over_tls(make_request(config, "/x"), user)).status,
        ]
        assert found == [plain, anonymous, known]

    def test_bad_requirements(self) -> None:
        """What is not understood opens nothing."""
        assert (
            complaint("<Location />\nRequire ssl now\n</Location>") == "'Require ssl' does not take arguments"
        )
        assert complaint("<Location />\nSSLRequire %{X\n</Location>").startswith("Cannot parse expression")

    def test_unverified_certificate(self, authority: Authority, tmp_path: Path) -> None:
        """A certificate that nobody vouches for is none to `ssl-verify-client`."""
        config = configure(ROOT.format(root=tmp_path, more="Require ssl-verify-client"))
        request = over_tls(make_request(config, "/"), authority.issue("a user"), "GENEROUS")
        assert answer(request).status == 403

    @pytest.mark.parametrize(("strict", "status"), [("", 401), ("SSLOptions +StrictRequire\n", 403)])
    def test_satisfy_any(self, tmp_path: Path, strict: str, status: int) -> None:
        """With `Satisfy any` a password could open what SSLRequireSSL refuses; StrictRequire says no."""
        more = f"SSLRequireSSL\nSatisfy any\nAuthType Basic\nAuthName x\nAuthUserFile {tmp_path}/none\n"
        config = configure(ROOT.format(root=tmp_path, more=more + "Require valid-user\n" + strict))
        assert answer(make_request(config, "/")).status == status

    def test_old_numbers(self) -> None:
        """Numbers are compared as such; what stands in quotes stays."""
        assert modern_expression('%{A} >= 128 and %{B} eq "ge 5"') == '%{A}  -ge 128 and %{B}  ==  "ge 5"'
        assert modern_expression("%{A} ne 5") == "%{A}  -ne 5"


class TestFakeBasicAuth:
    def config(self, tmp_path: Path, name: str) -> str:
        """Return a configuration whose only user is a certificate's name."""
        users = tmp_path / "users"
        users.write_text(f"{name}:{{SHA}}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
        more = (
            f"AuthType Basic\nAuthName x\nAuthUserFile {users}\nRequire valid-user\nSSLOptions +FakeBasicAuth"
        )
        return ROOT.format(root=tmp_path, more=more)

    def test_name_is_the_user(self, authority: Authority, tmp_path: Path) -> None:
        """Who has the certificate is the user of its name; who has none is asked for a password."""
        user = authority.issue("a user")
        name = one_line(user.certificate.subject)
        assert name == "/C=DE/O=Olex & S\\xC3\\xB6hne/CN=a user"
        (tmp_path / "x").write_text("x")
        config = configure(self.config(tmp_path, name))
        request = over_tls(make_request(config, "/x"), user)
        assert (answer(request).status, request.user) == (200, name)
        assert answer(over_tls(make_request(config, "/x"))).status == 401

    def test_nobody_types_it(self, authority: Authority, tmp_path: Path) -> None:
        """The name and the password that stands for all certificates are refused when typed in."""
        name = one_line(authority.issue("a user").certificate.subject)
        config = configure(self.config(tmp_path, name))
        typed = base64.b64encode(f"{name}:password".encode()).decode()
        request = over_tls(make_request(config, "/", headers=[("Authorization", f"Basic {typed}")]))
        assert answer(request).status == 403


def test_names_are_spelled_as_openssl_does() -> None:
    """Parts of a name that RFC 4514 has no keyword for show by OpenSSL's; only unknown ones by number."""
    oids = (NameOID.COMMON_NAME, NameOID.EMAIL_ADDRESS, NameOID.SURNAME, NameOID.SERIAL_NUMBER)
    parts = [x509.NameAttribute(oid, "v") for oid in (*oids, x509.ObjectIdentifier("1.2.3.4"))]
    assert one_line(x509.Name(parts)) == "/CN=v/emailAddress=v/SN=v/serialNumber=v/1.2.3.4=v"


def test_log_format(tmp_path: Path, authority: Authority) -> None:
    """%{...}x and %{...}c show the connection's TLS, `-` without."""
    from olexd.modules.loggers.formats import compile_format

    config = configure(ROOT.format(root=tmp_path, more=""))
    line = compile_format("%{SSL_PROTOCOL}x %{version}c %{subjectdn}c %{SSL_NOPE}x %{HTTPS}x")
    assert line(make_request(config)) == "- - - - -\n"
    request = over_tls(make_request(config), authority.issue("a user"))
    assert line(request) == ("TLSv1.3 TLSv1.3 CN=a user,O=Olex & S\\xc3\\xb6hne,C=DE - on\n")
