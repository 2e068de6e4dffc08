"""A whole site, served by both servers."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.integration.servers import RunningServer, free_port
from tests.parity.runner.case import Case
from tests.parity.runner.client import Client, Response
from tests.parity.runner.site import make_private
from tests.sites.tree import Tree


class TlsClient(Client):
    """A client of the site's HTTPS port. Whose certificate it sees is not its concern."""

    def connect(self) -> socket.socket:
        """Return a new connection, after the handshake."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(super().connect(), server_hostname=self.case.requests[0].host or None)

    def hang_up(self, last: Response | None = None) -> None:
        """Close the connection; one direction of TLS cannot be closed alone."""
        wire, self.wire = self.wire, None
        if wire is not None:
            wire.connection.close()


class TreeSite:
    """One site. What the servers may write, a folder `state` if there is one, each has its own copy of."""

    def __init__(
        self,
        tree: Tree,
        directory: Path,
        cases: Sequence[Case],
        defines: Mapping[str, str],
        state: Path | None = None,
    ) -> None:
        self.tree = tree
        self.cases = cases
        self.directory = tree.copy(directory)
        self.defines = defines
        self.state = state
        self.tls_ports: dict[int, int] = {}

    def config(self, directory: Path, port: int, cases: Sequence[Case], account: str) -> str:
        """Return the configuration of one server, which keeps its own files in `directory` as `account`."""
        place = directory / "state"
        if self.state is not None and not place.exists():
            shutil.copytree(self.state, place)
        for path in (make_private(directory / "logs", account), make_private(place, account)):
            for inner in path.rglob("*") if account else ():
                shutil.chown(inner, account, account)
        tls_port = self.tls_ports.setdefault(port, free_port())
        return self.tree.config(self.directory, directory, (port, tls_port), self.defines, account)

    def places(self, case: Case) -> list[tuple[Path, str]]:
        """Return the folders that are masked in responses, and as what."""
        return [(self.directory, "@SITE@")]

    def log(self, case: Case, kind: str) -> str:
        """Return the file name of the site's log: its hosts share one."""
        return f"{self.tree.name}.{kind}"

    def client(self, server: RunningServer, case: Case, port: int) -> Client:
        """Return what sends the case's requests: over TLS where they say so."""
        if case.tls:
            return TlsClient(server, case, ("127.0.0.1", self.tls_ports[port]))
        return Client(server, case)
