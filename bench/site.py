"""The configuration that both servers read, and its files."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.scenarios import FILE, HANDLERS, PSP_PAGE
from tests.integration.servers import Apache, Olexd, RunningServer, base_config, free_port

FUNCTIONS = ("hello", "sleep", "big", "upload")
SESSION_TYPES = {"": "", "-dbm": "DbmSession", "-file": "FileSession", "-memory": "MemorySession"}
PROXY = ("proxy", "proxy_http")


def write_site(directory: Path) -> None:
    """Write handlers and files below `directory`."""
    (directory / "htdocs").mkdir(parents=True)
    (directory / "handlers").mkdir()
    (directory / "handlers" / "bench_handlers.py").write_text(HANDLERS)
    (directory / "htdocs" / "file.bin").write_bytes(FILE)
    (directory / "htdocs" / "page.psp").write_text(PSP_PAGE)


def _location(path: str, handler: str, *lines: str) -> str:
    inside = "\n".join((f"SetHandler mod_python\nPythonHandler {handler}", *lines))
    return f"<Location {path}>\n{inside}\n</Location>\n"


def config(site: Path, directory: Path, port: int, threads: int) -> str:
    """Return the configuration; logs and sessions go into `directory`."""
    sessions = directory / "sessions"
    sessions.mkdir(mode=0o700, exist_ok=True)
    text = base_config(directory, port, ["python"], threads)
    text += f"""
DocumentRoot "{site}/htdocs"
KeepAlive On
KeepAliveTimeout 300
MaxKeepAliveRequests 0
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog "{directory}/access.log" common
PythonPath "['{site}/handlers'] + sys.path"
PythonAutoReload Off
PythonOption mod_python.mutex_directory "{sessions}"
PythonOption mod_python.session.database_directory "{sessions}"
PythonOption mod_python.wsgi.application bench_handlers::application
AddHandler mod_python .psp
<Files "*.psp">
PythonHandler mod_python.psp
</Files>
"""
    text += "".join(_location(f"/{name}", f"bench_handlers::{name}") for name in FUNCTIONS)
    text += _location("/wsgi", "mod_python.wsgi")
    for suffix, kind in SESSION_TYPES.items():
        choice = [f"PythonOption mod_python.session.session_type {kind}"] if kind else []
        text += _location(f"/session{suffix}", "bench_handlers::session", *choice)
    return text


def server(kind: type[RunningServer], site: Path, directory: Path, threads: int) -> RunningServer:
    """Return a server of the site, to be used in a `with`; `directory` is made."""
    directory.mkdir()
    port = free_port()
    made = kind(config(site, directory, port, threads), directory, port)
    if account := kind.account():
        shutil.chown(directory / "sessions", account, account)
    return made


def front(back: RunningServer, directory: Path, threads: int) -> RunningServer:
    """Return a proxying Apache in front of `back`, to be used in a `with`."""
    directory.mkdir()
    port = free_port()
    text = base_config(directory, port, PROXY, threads)
    text += "KeepAliveTimeout 300\nMaxKeepAliveRequests 0\nProxyPreserveHost On\n"
    return Apache(text + f"ProxyPass / http://127.0.0.1:{back.address}/\n", directory, port)


KINDS: dict[str, type[RunningServer]] = {"apache": Apache, "olexd": Olexd}
