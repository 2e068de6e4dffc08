"""The common site: one directory with all cases' files and one configuration with a host for each case."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tests.integration.servers import RunningServer, base_config
from tests.parity.runner.case import Case, Text
from tests.parity.runner.client import Client

MODIFIED = 1714910400_123456000
"""When every static file was last modified (nanoseconds): long ago, so that entity tags are strong."""


class Served(Protocol):
    """What two servers are started with to be compared: a configuration each, and the cases in it."""

    directory: Path
    cases: Sequence[Case]

    def config(self, directory: Path, port: int, cases: Sequence[Case], account: str) -> str:
        """Return the configuration of one server, which keeps its own files in `directory` as `account`."""
        ...

    def places(self, case: Case) -> list[tuple[Path, str]]:
        """Return the folders that are masked in responses, and as what."""
        ...

    def log(self, case: Case, kind: str) -> str:
        """Return the file name of the case's error log ("log") or access log ("access")."""
        ...

    def client(self, server: RunningServer, case: Case, port: int) -> Client:
        """Return what sends the case's requests to a server that was configured for `port`."""
        ...


class Site:
    """The files of all cases, shared by the servers: `docs/CASE/`, `handlers/`."""

    def __init__(self, directory: Path, cases: Sequence[Case]) -> None:
        self.directory = directory
        self.cases = cases
        alone = [case.name for case in cases if case.own_address]
        self.addresses = {name: f"127.0.1.{number}" for number, name in enumerate(alone, 1)}
        self.handlers = directory / "handlers"
        self.handlers.mkdir(parents=True)
        for case in cases:
            self.write_case(case)
        os.utime(self.handlers, ns=(MODIFIED, MODIFIED))

    def root(self, case: Case) -> Path:
        """The case's document root."""
        return self.directory / "docs" / case.name

    def places(self, case: Case) -> list[tuple[Path, str]]:
        """Return the folders that are masked in responses, and as what."""
        return [(self.root(case), "@ROOT@"), (self.handlers, "@DIR@")]

    def log(self, case: Case, kind: str) -> str:
        """Return the file name of the case's error log ("log") or access log ("access")."""
        return f"{case.name}.{kind}"

    def client(self, server: RunningServer, case: Case, port: int) -> Client:
        """Return what sends the case's requests, to the address that the case has for itself if any."""
        address = self.addresses.get(case.name)
        return Client(server, case, (address, port) if address else None)

    def write_case(self, case: Case) -> None:
        """Write the files and modules of one case."""
        root = self.root(case)
        root.mkdir(parents=True)
        for name, text in case.files.items():
            if name.endswith("/"):
                (root / name).mkdir(parents=True, exist_ok=True)
            else:
                self.write(case, root / name, text)
        for name, target in case.links.items():
            (root / name).symlink_to(self.fill(case, target))
        modules = dict(case.modules)
        if case.handler or case.source:
            modules["@M@.py"] = case.module_text
        for name, source in modules.items():
            self.write(case, self.handlers / self.fill(case, name), source)
        for folder, _, _ in os.walk(root, topdown=False):
            os.utime(folder, ns=(MODIFIED, MODIFIED))

    def write(self, case: Case, path: Path, text: Text) -> None:
        """Write one file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = self.fill(case, text).encode() if isinstance(text, str) else text
        path.write_bytes(data)
        if data.startswith(b"#!"):
            path.chmod(0o755)
        os.utime(path, ns=(MODIFIED, MODIFIED))

    def fill(self, case: Case, text: str) -> str:
        """Fill in the placeholders that do not depend on the server."""
        return (
            text.replace("@ROOT@", str(self.root(case)))
            .replace("@DIR@", str(self.handlers))
            .replace("@M@", case.module)
            .replace("@HOST@", case.host)
            .replace("@ADDRESS@", self.addresses.get(case.name, "*"))
        )

    def config(self, directory: Path, port: int, cases: Sequence[Case], account: str) -> str:
        """Return the configuration of one server, which keeps its own files in `directory` as `account`."""
        mains = [self.fill(case, case.main) for case in cases]
        text = "\n".join([base_config(directory, port, MODULES), COMMON, *mains, *map(self.host, cases)])
        logs, state = make_private(directory / "logs", account), make_private(directory / "state", account)
        return (
            text.replace("@PORT@", str(port))
            .replace("@LOGS@", str(logs))
            .replace("@STATE@", str(state))
            .replace("@DIR@", str(self.handlers))
        )

    def host(self, case: Case) -> str:
        """Return the virtual host of one case."""
        address = self.addresses.get(case.name, "*")
        listen = "" if address == "*" else f"Listen {address}:@PORT@\n"
        interpreter = "" if case.own_interpreter else "    PythonInterpreter main_interpreter\n"
        access = case.access.replace("\\", "\\\\").replace('"', '\\"')
        access_log = f'    CustomLog "@LOGS@/{case.name}.access" "{access}"\n' if access else ""
        return (
            f"{listen}<VirtualHost {address}:@PORT@>\n    ServerName {case.host}\n"
            f'    DocumentRoot "{self.root(case)}"\n'
            f'    ErrorLog "@LOGS@/{case.name}.log"\n{interpreter}{access_log}'
            f"{self.fill(case, case.config)}\n</VirtualHost>\n"
        )


MODULES = (
    "access_compat",
    "allowmethods",
    "auth_digest",
    "authn_anon",
    "authn_dbm",
    "authz_dbm",
    "authz_groupfile",
    "authz_owner",
    "autoindex",
    "brotli",
    "cgi",
    "deflate",
    "env",
    "expires",
    "filter",
    "headers",
    "include",
    "slotmem_shm",
    "proxy",
    "proxy_http",
    "proxy_balancer",
    "lbmethod_bybusyness",
    "lbmethod_byrequests",
    "lbmethod_bytraffic",
    "remoteip",
    "rewrite",
    "setenvif",
    "python",
)
"""Loaded besides those of every configuration."""

COMMON = """
PythonPath "['@DIR@'] + sys.path"
PythonOption mod_python.mutex_directory "@STATE@"
PythonOption mod_python.session.database_directory "@STATE@"
PythonOption parity.main "from the main server"

<VirtualHost *:@PORT@>
    ServerName first.test
    DocumentRoot "@STATE@"
    ErrorLog "@LOGS@/first.log"
</VirtualHost>
"""
"""What stands before the cases: main-server settings and the host for names that nobody has."""


def make_private(directory: Path, account: str) -> Path:
    """Make a directory that `account` may write and no one else (our own account when it is "")."""
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    if account:
        shutil.chown(directory, account, account)
    return directory
