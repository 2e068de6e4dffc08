"""Where others than the administrator write expressions, these are refused the look at files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.support import configure, get

LINES = {
    "condition": '<If "EXPR">\n</If>',
    "environment": 'SetEnvIfExpr "EXPR" X',
    "header": 'Header set X-A b "expr=EXPR"',
    "request header": 'RequestHeader set X-A b "expr=EXPR"',
    "requirement": 'Require expr "EXPR"',
    "rewriting": 'RewriteCond expr "EXPR"',
    "TLS": "SSLRequire EXPR",
    "value": 'Header set X-A "expr=%{file:/etc/hostname}"',
    "page": 'ErrorDocument 404 "%{file:/etc/hostname}"',
    "redirect": '<If "true">\nRedirect 302 "http://x.test/%{file:/etc/hostname}"\n</If>',
    "user": "Require user %{file:/etc/hostname}",
    "realm": 'AuthName "%{file:/etc/hostname}"',
    "scheme": 'AuthType "%{file:/etc/hostname}"',
    "false user": 'AuthBasicFake "%{file:/etc/hostname}"',
    "false password": 'AuthBasicFake x "%{file:/etc/hostname}"',
}
READS = "file('/etc/hostname') =~ m#.#"


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
def test_refused_in_htaccess(tmp_path: Path, lines: str) -> None:
    """A .htaccess file that wants to read a file is an error, whatever directive it is in; httpd.conf may."""
    (tmp_path / "f.txt").write_text("content")
    (tmp_path / ".htaccess").write_text(lines.replace("EXPR", READS))
    head = f"ErrorLog {tmp_path}/log\nDocumentRoot {tmp_path}\n"
    config = configure(f"{head}<Directory {tmp_path}>\nAllowOverride All\n</Directory>")
    response = get(config, "/f.txt")
    assert (response.status, b"content" in response.body) == (500, False)
    assert "file not available in restricted context" in (tmp_path / "log").read_text()
    assert configure(f"{head}<Directory {tmp_path}>\n{lines.replace('EXPR', READS)}\n</Directory>")
