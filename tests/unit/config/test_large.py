"""Large configurations: they load in time that grows with their size, and what is shared is shared."""

from __future__ import annotations

import time

from olexd.config.core import CoreDir
from olexd.config.mime import MimeDir
from tests.unit.support import configure

BOUND = 10.0
"""Seconds of processor time: some twenty times what it takes, so that only a wrong growth is noticed."""


def _host(number: int) -> str:
    return f"""
<VirtualHost *:80>
ServerName h{number}.test
ServerAlias www.h{number}.test
DocumentRoot /
<Directory /srv/{number}>
    Require all granted
    Options -Indexes
</Directory>
<Location /app{number}>
    SetHandler mod_python
    PythonHandler module{number}
    PythonOption name value{number}
    SetEnv NAME value
</Location>
Alias /static /srv/static{number}
ErrorDocument 404 /missing
Header set X-Host {number}
</VirtualHost>
"""


def _seconds(text: str) -> float:
    start = time.process_time()
    configure(text)
    return time.process_time() - start


def test_hosts() -> None:
    """A thousand hosts in twenty thousand lines."""
    text = "\n".join(map(_host, range(1000)))
    assert text.count("\n") > 19_000
    assert _seconds(text) < BOUND


def test_one_section() -> None:
    """Twenty thousand entries of one mapping: they are not copied for each line."""
    lines = (f"SetEnv N{n} v\nPythonOption o{n} v\nAddType text/x-{n} .e{n}" for n in range(7000))
    assert _seconds("\n".join(lines)) < BOUND


def test_hosts_share_the_main_servers_sections() -> None:
    """Thousands of hosts and thousands of sections do not multiply."""
    sections = "<Location /a>\nSetEnv A b\n</Location>\n<Directory /a>\nSetEnv A b\n</Directory>\n"
    own = f"<VirtualHost *:81>\n{sections}</VirtualHost>\n"
    config = configure(f"{sections}<VirtualHost *:80>\nServerName a.test\n</VirtualHost>\n{own}")
    main, sharing, other = config.hosts
    assert sharing.locations is main.locations and sharing.directories is main.directories
    assert len(other.locations.sections) == 2 and len(other.directories.sections) == 2


def test_gathered_mappings_stay_apart() -> None:
    """What one section or host gathers is not seen in another."""
    config = configure(
        "AddType text/a .a\n<Location /x>\nAddType text/x .x\nAddType text/y .y\n</Location>\n"
        "<VirtualHost *:80>\nAddType text/b .b\nAddType text/c .c\n</VirtualHost>\n"
        "AddType text/d .d\nErrorDocument 404 /e"
    )
    main, virtual = config.hosts
    assert set(main.merged()[MimeDir].types) == {"a", "d"}
    assert set(main.merged(main.locations.match("/x"))[MimeDir].types) == {"a", "d", "x", "y"}
    assert set(virtual.merged()[MimeDir].types) == {"a", "b", "c", "d"}
    assert main.merged()[CoreDir].error_documents == {404: "/e"}
