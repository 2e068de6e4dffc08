"""Large configurations: they load in time that grows with their size, and what is shared is shared."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

import pytest

from olexd.config.core import CoreDir
from olexd.config.mime import MimeDir
from olexd.modules.mappers.alias import AliasDir
from olexd.modules.mappers.rewrite.settings import RewriteDir
from olexd.modules.metadata.headers import HeadersDir
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
    """Return how long a configuration takes to load, whatever else there is that waits to be collected."""
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        configure(text)
        return time.process_time() - start
    finally:
        gc.enable()


def _grows_evenly(write: Callable[[int], str]) -> bool:
    """Return whether four times the lines take about four times as long; noise gets three chances."""
    few, many = write(2500), write(10_000)
    return any(_seconds(many) < 7 * min(_seconds(few) for _ in range(3)) for _ in range(3))


def test_hosts() -> None:
    """A thousand hosts in twenty thousand lines."""
    text = "\n".join(map(_host, range(1000)))
    assert text.count("\n") > 19_000
    assert _seconds(text) < BOUND


def test_one_section() -> None:
    """Twenty thousand entries of one mapping: they are not copied for each line."""
    lines = (f"SetEnv N{n} v\nPythonOption o{n} v\nAddType text/x-{n} .e{n}" for n in range(7000))
    assert _seconds("\n".join(lines)) < BOUND


LINES: Final[dict[str, str]] = {
    "Alias": "Alias /a{n} /srv/a{n}",
    "Redirect": "Redirect /a{n} /b{n}",
    "RewriteRule": "RewriteCond %{{HTTP_HOST}} a\nRewriteRule ^/a{n}$ /b{n}",
    "Header": "Header set X-{n} v",
    "SetEnvIf": "SetEnvIf Host a{n} b=1",
    "DirectoryIndex": "DirectoryIndex i{n}.html",
    "ExpiresByType": "ExpiresByType text/x-{n} A{n}",
    "LogFormat": 'LogFormat "%h {n}" n{n}',
    "ErrorDocument": "ErrorDocument 404 /e{n}",
    "Listen": "Listen 127.0.0.1:{n}",
    "LoadModule": "LoadModule m{n}_module modules/mod_m{n}.so",
    "VirtualHost": "<VirtualHost *:80>\nServerName h{n}.test\n</VirtualHost>",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_growth(line: str) -> None:
    """No line pays for those before it."""
    assert _grows_evenly(lambda count: "\n".join(line.format(n=n) for n in range(1, count)))


def test_names_of_a_host_grow_evenly() -> None:
    """So do the names of one host."""

    def host(count: int) -> str:
        names = "\n".join(f"ServerAlias a{n}.test *.w{n}.test" for n in range(count))
        return f"<VirtualHost *:80>\nServerName h.test\n{names}\n</VirtualHost>"

    assert _grows_evenly(host)


def test_hosts_share_the_main_servers_sections() -> None:
    """Thousands of hosts and thousands of sections do not multiply."""
    sections = "<Location /a>\nSetEnv A b\n</Location>\n<Directory /a>\nSetEnv A b\n</Directory>\n"
    own = f"<VirtualHost *:81>\n{sections}</VirtualHost>\n"
    config = configure(f"{sections}<VirtualHost *:80>\nServerName a.test\n</VirtualHost>\n{own}")
    main, sharing, other = config.hosts
    assert sharing.locations is main.locations and sharing.directories is main.directories
    assert len(other.locations.sections) == 2 and len(other.directories.sections) == 2


def test_hosts_share_what_finds_htaccess_files() -> None:
    """A host that looks for the same files in the same places shares what is known of them, no other does."""
    told = "<Directory />\nAllowOverride All\n</Directory>\n"
    hosts = "<VirtualHost *:80>\n</VirtualHost>\n<VirtualHost *:81>\nAccessFileName .ht\n</VirtualHost>\n"
    own = "<VirtualHost *:82>\n<Directory /b>\nOptions None\n</Directory>\n</VirtualHost>"
    main, sharing, named, placed = configure(told + hosts + own).hosts
    assert main.htaccess is not None and sharing.htaccess is main.htaccess
    assert named.htaccess not in (None, main.htaccess) and placed.htaccess not in (None, main.htaccess)


def test_what_has_been_read_does_not_grow() -> None:
    """Lists and mappings are settled when their section ends, in <Limit> with the section around it."""
    config = configure(
        "Alias /a /a\nRewriteCond a b\nRewriteRule a b\nListen 81\nErrorDocument 404 /e\n"
        "<Location /x>\nHeader set A a\n<Limit GET>\nHeader set B b\n</Limit>\nHeader set C c\n</Location>"
    )
    base = config.main.base
    assert type(base[AliasDir].entries) is tuple and type(base[CoreDir].error_documents) is dict
    rules = base[RewriteDir].host
    assert type(rules.rules) is tuple and type(rules.pending) is tuple and len(rules.rules[0].conditions) == 1
    changes = config.main.locations.sections[0].settings[HeadersDir].normal
    assert type(changes) is tuple and [change.name for change in changes] == ["A", "B", "C"]


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
