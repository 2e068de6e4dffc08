"""What `-D DUMP_...` shows."""

from __future__ import annotations

from pathlib import Path

from olexd.config.build import load
from olexd.config.report import REPORTS, included, modules, reports, running, virtual_hosts
from olexd.modules.registry import SPECS
from tests.unit.support import configure


def test_virtual_hosts() -> None:
    """Each address with its hosts, the first of several being the default; any address comes last."""
    config = configure(
        "ServerName main.test\n"
        "<VirtualHost *:80>\nServerName a.test\nServerAlias b.test *.c.test\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName d.test\n</VirtualHost>\n"
        "<VirtualHost 127.0.0.1:81 [::1]>\nServerName e.test\nServerAlias f.test\n</VirtualHost>"
    )
    assert list(virtual_hosts(config)) == [
        "VirtualHost configuration:",
        "127.0.0.1:81           e.test (<text>:9)",
        "                 alias f.test",
        "[::1]:*                e.test (<text>:9)",
        "                 alias f.test",
        "*:80                   is a NameVirtualHost",
        "         default server a.test (<text>:2)",
        "         port 80 namevhost a.test (<text>:2)",
        "                 alias b.test",
        "                 wild alias *.c.test",
        "         port 80 namevhost d.test (<text>:6)",
    ]


def test_running() -> None:
    """The server's own files, names and user."""
    config = configure('Define ONE\nDocumentRoot /srv\nErrorLog /x.log\nPidFile /run/p\nUser "#5"', "/root")
    assert list(running(config)) == [
        'ServerRoot: "/root"',
        'Main DocumentRoot: "/srv"',
        'Main ErrorLog: "/x.log"',
        'PidFile: "/run/p"',
        "Define: ONE",
        'User: name="#5"',
    ]


def test_modules() -> None:
    """What is there, and what the configuration names in vain."""
    lines = list(modules(configure("LoadModule alias_module x\nLoadModule perl_module x"), SPECS))
    assert lines.count(" alias_module (built in)") == 1
    assert lines[-1].startswith(" perl_module (no module")


def test_included(tmp_path: Path) -> None:
    """Every file, with the line that named it, in the depth of its Include."""
    (tmp_path / "a.conf").write_text("Include b.conf\n")
    (tmp_path / "b.conf").write_text("# nothing\n")
    main = tmp_path / "httpd.conf"
    main.write_text("# first\nInclude a.conf\nInclude b.conf\n")
    assert list(included(load(str(main), SPECS))) == [
        "Included configuration files:",
        f"  (*) {main}",
        f"    (2) {tmp_path}/a.conf",
        f"      (1) {tmp_path}/b.conf",
        f"    (3) {tmp_path}/b.conf",
    ]


def test_asked_for() -> None:
    """Only the reports whose names are defined come, in their own order."""
    assert not list(reports(configure(""), SPECS))
    text = "\n".join(reports(configure("Define DUMP_CONFIG\nDefine DUMP_VHOSTS"), SPECS))
    assert text.startswith("VirtualHost configuration:\n")
    assert "\nmain" in text
    everything = configure("\n".join(f"Define {name}" for name in REPORTS))
    assert "Define:" not in "\n".join(reports(everything, SPECS))
