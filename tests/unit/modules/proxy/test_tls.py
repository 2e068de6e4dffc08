"""TLS with backends: what the configuration check says, and which names a certificate covers."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.modules.proxy.tls import covers, names
from olexd.modules.proxy.tls_directives import ProxyTls
from olexd.modules.tls import Verify
from tests.certificates import Authority
from tests.unit.support import complaint, configure


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


def test_settings(authority: Authority, tmp_path: Path) -> None:
    """A whole configuration as sites have it loads, and says nothing."""
    front = authority.issue("front")
    both = tmp_path / "front.pem"
    both.touch(0o600)
    both.write_bytes(front.cert_file.read_bytes() + front.key_file.read_bytes())
    config = configure(
        "SSLProxyEngine on\nSSLProxyVerify require\nSSLProxyVerifyDepth 3\nSSLProxyProtocol all -TLSv1.2\n"
        "SSLProxyCipherSuite HIGH:!aNULL\nSSLProxyCipherSuite TLSv1.3 TLS_AES_256_GCM_SHA384\n"
        f"SSLProxyCACertificateFile {authority.file}\nSSLProxyCACertificatePath {authority.directory}\n"
        f"SSLProxyMachineCertificateFile {both}\nSSLProxyMachineCertificateChainFile {authority.file}\n"
        "SSLProxyCheckPeerName off\nSSLProxyCheckPeerCN off\nSSLProxyCheckPeerExpire off\n"
        "SSLProxyCARevocationCheck chain no_crl_for_cert_ok\n"
        f"SSLProxyCARevocationFile {authority.revoke(front)}\n"
        f"SSLProxyCARevocationPath {authority.directory}\n"
    )
    conf = config.main.merged()[ProxyTls]
    assert (conf.engine, conf.verify, conf.depth, conf.protocols) == (True, Verify.REQUIRE, 3, {"TLSv1.3"})
    assert (conf.check_name, conf.check_cn, conf.check_expire) == (False, False, False)
    assert (conf.crl_check, conf.crl_may_lack) == ("chain", True)
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("SSLProxyVerify maybe", "SSLProxyVerify: Invalid argument 'maybe'"),
        ("SSLProxyVerifyDepth x", "SSLProxyVerifyDepth: Invalid argument: a number from 0 is wanted"),
        ("SSLProxyProtocol SSLv3", "SSLProxyProtocol: SSLv3 is broken and not supported"),
        ("SSLProxyProtocol all -all", "No SSL protocols available [hint: SSLProxyProtocol]"),
        ("SSLProxyCipherSuite NOSUCH", "SSLProxyCipherSuite: OpenSSL knows no cipher in 'NOSUCH'"),
        (
            "SSLProxyCACertificateFile /no",
            "SSLProxyCACertificateFile: file '/no' does not exist or is empty",
        ),
        ("SSLProxyCARevocationPath /no", "SSLProxyCARevocationPath: directory '/no' does not exist"),
        ("SSLProxyCARevocationCheck root", "SSLProxyCARevocationCheck: Invalid argument 'root'"),
        (
            "<Location /x>\nSSLProxyVerify none\n</Location>",
            "SSLProxyVerify cannot occur within <Location> section",
        ),
    ],
)
def test_bad_words(line: str, message: str) -> None:
    """What cannot be meant is refused."""
    assert complaint(line) == message


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("SSLProxyVerify require", "SSLProxyVerify asks for certificates, but no authority is known"),
        ("TRUST\nSSLProxyCARevocationCheck leaf", "SSLProxyCARevocationCheck needs lists"),
        (
            "TRUST\nSSLProxyCARevocationCheck leaf\nSSLProxyCARevocationFile BAD",
            "there is no revocation list in",
        ),
        ("SSLProxyVerify require\nSSLProxyCACertificateFile BAD", "SSLProxyCACertificateFile: there is no"),
        ("SSLProxyMachineCertificateFile BAD", "SSLProxyMachineCertificateFile: there is no certificate"),
        ("SSLProxyMachineCertificateFile CERT", "there is no private key in"),
        ("<Proxy *>\nSSLProxyVerify require\n</Proxy>", "SSLProxyVerify asks for certificates"),
    ],
)
def test_bad_files(authority: Authority, tmp_path: Path, lines: str, message: str) -> None:
    """Files are looked at when the configuration is, also those that Proxy sections name."""
    bad = tmp_path / "bad.pem"
    bad.write_text("nonsense")
    bad.chmod(0o600)
    lines = lines.replace("TRUST", f"SSLProxyVerify require\nSSLProxyCACertificateFile {authority.file}")
    lines = lines.replace("BAD", str(bad)).replace("CERT", str(authority.issue("lonely").cert_file))
    assert complaint(f"SSLProxyEngine on\n{lines}").startswith(message)
    configure(lines)


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("a.example", "A.EXAMPLE.", True),
        ("a.example", "b.a.example", False),
        ("*.example.org", "a.example.org", True),
        ("*.example.org", "a.b.example.org", False),
        ("*.example.org", "example.org", False),
        ("*.example.org", ".example.org", False),
        ("*.org", "example.org", False),
        ("*", "a", False),
        ("a*.example.org", "ab.example.org", False),
        ("*.0.0.1", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("0:0::1", "::1", True),
        ("localhost", "127.0.0.1", False),
    ],
)
def test_which_hosts_a_name_covers(pattern: str, host: str, expected: bool) -> None:
    """A star is one whole label, never of a top-level domain; addresses are compared as such."""
    assert covers(pattern, host) is expected


def test_common_names_count_alone(authority: Authority) -> None:
    """Only a certificate without other names is for the host in its common name."""
    assert names(authority.issue("a.example").certificate) == ["a.example"]
    assert names(authority.issue("b.example", "c.example", "::1").certificate) == ["c.example", "::1"]
