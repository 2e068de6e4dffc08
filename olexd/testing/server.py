"""A whole server in this process: the real site and phases, for connections in memory."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from olexd import importer
from olexd.config.build import load_text
from olexd.config.core import CoreServer
from olexd.config.server import HostConfig, ServerConfig
from olexd.errorlog import Level, redirect
from olexd.http.channel import Channel
from olexd.model import runtime
from olexd.model.request import Request
from olexd.modules.loggers.logfile import flush_all
from olexd.modules.python import run_imports
from olexd.modules.registry import MODULES, SPECS
from olexd.phases.table import PhaseTable
from olexd.process.pool import Job
from olexd.site import Site
from olexd.task import BlockingTask, Redirector
from olexd.testing.waiting import Inbox, stop_threads
from olexd.testing.wire import MemoryChannel, MemoryTransport

ALREADY_OPEN = "another test client is open: close it first, or ask it for `another()` one"
NAME = "testserver"


class ThisThread:
    """In place of the reactor and of its pool: what is to be done is done at once, on the calling thread."""

    def callFromThread(self, call: Callable[..., object], *args: object) -> None:
        """Call."""
        call(*args)

    stopped = False

    def frame_of(self, wanted: Callable[[Job], bool]) -> None:
        """No thread runs anything."""

    def submit(self, job: Job) -> None:
        """Do it."""
        if job.run_in_pool():
            job.end(False)


class LogLines:
    """An error log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, data: bytes, level: Level) -> None:
        """Take lines."""
        self.lines += data.decode("utf-8", "replace").splitlines()

    def reopen(self) -> None:
        """There is no file."""


class MemoryTask(BlockingTask):
    """A request inside another one's handler."""

    def __init__(self, site: MemorySite, *details: Any) -> None:
        super().__init__(site, *details)
        self.inbox = Inbox(site.timeout)


class MemoryRedirector(Redirector):
    """Internal redirects, without a second thread."""

    __slots__ = ()

    task_type = MemoryTask


class MemorySite(Site):
    """The site, with each request noted on its connection and its handlers traced."""

    def __init__(self, config: ServerConfig, timeout: float, secure: bool) -> None:
        here = ThisThread()
        super().__init__(config, PhaseTable(MODULES, config.loaded), here, cast(Any, here))
        self.timeout = timeout
        self._secure = secure

    def connected(self, channel: Channel) -> None:
        """A client connected."""
        super().connected(channel)
        channel.connection.secure = self._secure
        channel.connection.redirector = MemoryRedirector(self, channel)

    def _request_for(self, channel: Channel, host: HostConfig) -> Request:
        request = super()._request_for(channel, host)
        request.trace = []
        cast(MemoryChannel, channel).first = request
        return request


class MemoryServer:
    """A configuration in force. There is one at a time: the `apache` module is everybody's.

    `config` is Apache's language, or the path of a file in it. `path` is where handler modules are looked for
    (beside where the configuration says), ServerRoot and DocumentRoot unless the configuration has others.
    Raises ConfigError, RuntimeError when another one is open.
    """

    _open: MemoryServer | None = None

    def __init__(
        self, config: str | Path, path: Path, defines: Iterable[str], secure: bool, timeout: float
    ) -> None:
        if MemoryServer._open is not None:
            raise RuntimeError(ALREADY_OPEN)
        self._stack = ExitStack()
        self.log = LogLines()
        self.timeout = timeout
        self.config = self._load(config, path, defines)
        self.site = MemorySite(self.config, timeout, secure)
        self._start(path)

    def _load(self, config: str | Path, path: Path, defines: Iterable[str]) -> ServerConfig:
        if isinstance(config, str):
            directory = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="olexd-test-"))
            file = Path(directory) / "httpd.conf"
            file.write_text(config)
        else:
            file = config.absolute()
        # Sessions never go where the application keeps its real ones.
        text = (
            f'ServerName {NAME}\nDocumentRoot "{path}"\nInclude "{file}"\n'
            f'PythonOption mod_python.session.database_directory "{_session_directory()}"\n'
        )
        try:
            return load_text(text, SPECS, defines, str(path), "<test client>")
        except BaseException:
            self._stack.close()
            raise

    def _start(self, path: Path) -> None:
        """Put the configuration into force; what is done here is undone at the end."""
        self._log_to_memory()
        self._stack.enter_context(_modules_of(path))
        self._stack.callback(runtime.clear_config)
        runtime.set_config(self.config)
        self._stack.callback(runtime.run_cleanups)
        self._stack.callback(stop_threads)
        self._stack.callback(flush_all)
        MemoryServer._open = self
        run_imports(self.config)

    def _log_to_memory(self) -> None:
        target = f"memory:{id(self):x}"
        for host in self.config.hosts:
            host.server[CoreServer] = replace(host.server[CoreServer], error_log=target)
        redirect(target, self.log)
        self._stack.callback(redirect, target, None)

    def connect(self, address: str) -> MemoryChannel:
        """Return a new connection from a client at `address`."""
        transport = MemoryTransport(address)
        channel = MemoryChannel(self.site, self.site.call_in_reactor, self.timeout)
        channel.makeConnection(cast(Any, transport))  # type: ignore[no-untyped-call]
        return channel

    def close(self) -> None:
        """Run the server's cleanups and undo everything. May be called again."""
        if MemoryServer._open is self:
            MemoryServer._open = None
        self._stack.close()


@cache
def _session_directory() -> str:
    """Return this process's directory for sessions; it goes away with the process."""
    directory = tempfile.mkdtemp(prefix="olexd-sessions-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


@contextmanager
def _modules_of(path: Path) -> Iterator[None]:
    """Let modules be imported from `path` first; at the end forget those that came from there."""
    known, before = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(path))
    importer.forget()
    try:
        yield
    finally:
        sys.path[:] = before
        importer.forget()
        for name in set(sys.modules) - known:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(f"{path}{os.sep}"):
                del sys.modules[name]
