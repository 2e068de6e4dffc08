"""The configuration that Debian's Apache starts with loads unchanged, and the default site answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from olexd.config.build import load
from olexd.modules.registry import SPECS
from olexd.modules.ssl import SslServer
from tests.certificates import Authority
from tests.integration.debian_tree import copy_installed, environment, write_tree
from tests.unit.support import answer, make_request

SSL_CONF = """
<IfModule mod_ssl.c>
    SSLRandomSeed startup builtin
    SSLRandomSeed startup file:/dev/urandom 512
    SSLRandomSeed connect builtin
    AddType application/x-x509-ca-cert .crt
    AddType application/x-pkcs7-crl .crl
    SSLPassPhraseDialog exec:/usr/share/apache2/ask-for-passphrase
    SSLSessionCache shmcb:${APACHE_RUN_DIR}/ssl_scache(512000)
    SSLSessionCacheTimeout 300
    SSLCipherSuite HIGH:!aNULL
    SSLProtocol all -SSLv3
</IfModule>
"""
SSL_SITE = """
<IfModule mod_ssl.c>
<VirtualHost _default_:443>
    ServerAdmin webmaster@localhost
    DocumentRoot @WWW@/html
    ErrorLog ${APACHE_LOG_DIR}/error.log
    CustomLog ${APACHE_LOG_DIR}/access.log combined
    SSLEngine on
    SSLCertificateFile @CERT@
    SSLCertificateKeyFile @KEY@
    <FilesMatch "\\.(cgi|shtml|phtml|php)$">
        SSLOptions +StdEnvVars
    </FilesMatch>
    <Directory /usr/lib/cgi-bin>
        SSLOptions +StdEnvVars
    </Directory>
    BrowserMatch "MSIE [2-6]" nokeepalive ssl-unclean-shutdown downgrade-1.0 force-response-1.0
</VirtualHost>
</IfModule>
"""
"""What `a2enmod ssl` and `a2ensite default-ssl` bring in."""

Writer = Callable[[Path], Path | None]


@pytest.mark.parametrize("write", [write_tree, copy_installed], ids=["equivalent", "installed"])
def test_default_tree(write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads; what has no effect here is warned of, once each; the page is served, .ht files are not."""
    main = write(tmp_path)
    if main is None:
        pytest.skip("Debian's package apache2 is not installed")
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    config = load(str(main), SPECS)
    assert all("is accepted without effect" in warning for warning in config.warnings)
    named = [warning.partition(": ")[2].split(" ")[0] for warning in config.warnings]
    assert sorted(named) == sorted(set(named))
    host = config.selector.select("127.0.0.1", 80, "localhost")
    for path, status in (("/", 200), ("/index.html", 200), ("/.htaccess", 403), ("/nope", 404)):
        request = make_request(config, path)
        request.host = host
        request.conf = host.merged()
        response = answer(request)
        assert response.status == status
        assert b"It works" in response.body or status != 200


def test_default_ssl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does the site that Debian has for TLS."""
    main = write_tree(tmp_path)
    identity = Authority(tmp_path).issue("localhost")
    places = {
        "@WWW@": str(tmp_path / "www"),
        "@CERT@": str(identity.cert_file),
        "@KEY@": str(identity.key_file),
    }
    site = SSL_SITE
    for mark, place in places.items():
        site = site.replace(mark, place)
    tree = main.parent
    (tree / "mods-enabled" / "ssl.load").write_text(
        "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n"
    )
    (tree / "mods-enabled" / "ssl.conf").write_text(SSL_CONF)
    (tree / "sites-enabled" / "default-ssl.conf").write_text(site)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    config = load(str(main), SPECS)
    assert all("is accepted without effect" in warning for warning in config.warnings)
    assert {listen.port for listen in config.listens} == {80, 443}
    assert config.selector.default("127.0.0.1", 443).server[SslServer].engine
    assert not config.selector.default("127.0.0.1", 80).server[SslServer].engine
