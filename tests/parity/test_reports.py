"""`-S` and `-D DUMP_INCLUDES` tell of a configuration what `apache2ctl` tells of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from olexd.config.build import load
from olexd.config.report import included, running, virtual_hosts
from olexd.modules.registry import SPECS
from tests.integration.debian_tree import environment, write_tree
from tests.integration.servers import ENVIRONMENT, SYSTEM_PATH, Apache
from tests.parity.conftest import need_apache
from tests.sites.tree import GUARD, PORTAL, TRAC, Tree, make_trac_state

HOSTS = """
ServerName main.test
Define SOMETHING
<VirtualHost *:80 127.0.0.1:8080>
    ServerName b.test
    ServerAlias c.test *.d.test
</VirtualHost>
<VirtualHost [::1]:80 127.0.0.1:*>
    ServerName https://e.test:444
</VirtualHost>
<VirtualHost *:*>
    ServerAlias z.test
</VirtualHost>
<VirtualHost 127.0.0.1:8080>
    ServerName f.test
    ServerAlias c.test
</VirtualHost>
"""


def said(main: Path, root: Path, variables: dict[str, str], *options: str) -> list[str]:
    """Return the lines that the real Apache writes to standard output."""
    program = shutil.which("apache2", path=SYSTEM_PATH)
    assert program is not None
    result = subprocess.run(
        [program, "-d", str(root), "-f", str(main), *options],
        env=ENVIRONMENT | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def facts(lines: Iterable[str]) -> dict[str, list[str]]:
    """Return what is said of each address. Only olexd names the aliases where one host is alone."""
    found: dict[str, list[str]] = {}
    address, alone = "", False
    for line in lines:
        if not line.startswith(" ") and (match := re.fullmatch(r"(\S+:(?:\d+|\*)) +(.*)", line)):
            address, alone = match[1], match[2] != "is a NameVirtualHost"
            found[address] = [match[2]]
        elif line.startswith(" ") and not alone:
            found[address].append(line.strip())
    return found


def settings(lines: Iterable[str]) -> set[str]:
    """Return the lines about the server that both know. The built-in DocumentRoot is Apache's own."""
    kept = (re.sub(r" id=\d+.*", "", line.strip()) for line in lines)
    return {
        line
        for line in kept
        if re.match(r"ServerRoot:|Main ErrorLog:|PidFile:|Define: (?!DUMP_)|User:|Group:", line)
    }


def check(main: Path, root: Path, variables: dict[str, str]) -> None:
    """Fail unless both say the same of a configuration."""
    config = load(str(main), SPECS, server_root=str(root))
    theirs = said(main, root, variables, "-S")
    ours = [*virtual_hosts(config), *running(config)]
    assert facts(ours) == facts(theirs)
    assert settings(ours) == settings(theirs)
    assert list(included(config)) == said(main, root, variables, "-D", "DUMP_INCLUDES")


def test_debian_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's tree, with a site of many hosts beside the default one."""
    need_apache()
    main = write_tree(tmp_path)
    (main.parent / "sites-enabled" / "010-hosts.conf").write_text(HOSTS)
    variables = environment(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    check(main, main.parent, variables)


@pytest.mark.parametrize("tree", [TRAC, PORTAL, GUARD], ids=lambda tree: tree.name)
def test_sites(tree: Tree, tmp_path: Path) -> None:
    """The sites that other tests run."""
    need_apache(tree.modules())
    for name in ("logs", "state"):
        (tmp_path / name).mkdir()
    defines = make_trac_state(tmp_path / "state") if tree is TRAC else {"BACKEND_PORT": "8099"}
    text = tree.config(tree.copy(tmp_path), tmp_path, (8097, 8098), defines, Apache.account())
    main = tmp_path / "httpd.conf"
    main.write_text(text)
    check(main, tmp_path, {})
