"""The composition root: puts configuration, modules, pool and listeners together, starts and stops them."""

from __future__ import annotations

import gc
import grp
import os
import pwd
import resource
import signal
from math import inf
from types import FrameType
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import LogEvent, Logger, LogLevel, eventAsText, globalLogPublisher
from twisted.python.util import switchUID

from olexd import __version__
from olexd.config.core import CoreServer, ProcessSettings
from olexd.config.server import Listen, ServerConfig
from olexd.errorlog import Level, error_log, reopen_all
from olexd.errors import CannotStart
from olexd.front import FrontFactory, is_wanted
from olexd.http.channel import Channel
from olexd.http.readers import Readers
from olexd.http.transport import TCPPort, UNIXPort
from olexd.model import runtime
from olexd.model.logging import log_process, log_server
from olexd.modules.loggers import logfile
from olexd.modules.loggers.log_config import open_logs
from olexd.modules.loggers.logfile import flush_all
from olexd.modules.python import run_imports
from olexd.modules.registry import MODULES
from olexd.modules.tls import BadTls
from olexd.phases.table import PhaseTable
from olexd.process.handover import Offer, Sockets, address, inherited
from olexd.process.pid_file import PidFile
from olexd.process.pool import Pool
from olexd.process.streams import complete_streams
from olexd.site import Site

_log: Final = Logger()

SWEEP_SECONDS: Final = 0.5
GC_THRESHOLDS: Final = (20_000, 20, 50)
STOP_SECONDS: Final = 10.0
"""How long a stop waits for running requests when GracefulShutdownTimeout does not say."""
LAST_SECONDS: Final = 0.5
"""How long a server whose place another one has taken waits for requests on connections that it has."""
STOP_LOOK_SECONDS: Final = 0.02
"""How often a stop looks whether the last request is done."""
JOIN_SECONDS: Final = 1.0
"""How long threads that have nothing to do may take to end."""


class SiteFactory(Factory):
    """Makes the protocol of each accepted connection."""

    noisy = False

    def __init__(self, site: Site, readers: Readers) -> None:
        self.site = site
        self.readers = readers

    def buildProtocol(self, addr: IAddress | None) -> Channel:
        """Return the protocol for one new connection."""
        return self.site.channel()


class ErrorLogObserver:
    """Brings what Twisted has to complain about into the main error log."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config

    def __call__(self, event: LogEvent) -> None:
        if event.get("log_level", LogLevel.info) >= LogLevel.warn:
            log_server(self._config.main, eventAsText(event, includeTimestamp=False), Level.ERR, "twisted")


class OlexdService(Service):
    """Serves one configuration until it is stopped.

    Sockets and logs are opened in `privilegedStartService`, before the process gives up root.
    """

    def __init__(self, config: ServerConfig, reactor: Any) -> None:
        self.config = config
        self._reactor = reactor
        self._process = config.main.server[ProcessSettings]
        self._pool = Pool(self._process.threads_per_child, reactor, flush_all)
        self.site = Site(config, PhaseTable(MODULES, config.loaded), self._pool, reactor)
        self._ports: list[TCPPort | UNIXPort] = []
        self._offer: Offer | None = None
        self._pid_file: PidFile | None = None
        self._sweeper = LoopingCall(self._sweep)
        self._observer: Any = ErrorLogObserver(config)
        self._on_usr1: Any = None
        """What SIGUSR1 did before: twistd rotates its own log."""

    def privilegedStartService(self) -> None:
        """Open everything that may need root: logs, then listening sockets."""
        Service.privilegedStartService(self)
        # Before anybody can know that we are here: what it does by default is end the process.
        self._on_usr1 = signal.signal(signal.SIGUSR1, self._usr1)
        _raise_file_limit()
        for host in self.config.hosts:
            error_log(host.server[CoreServer].error_log)
        open_logs(self.config)
        self._readers = Readers(self._reactor)
        self._front = self._make_front() if is_wanted(self.config) else None
        factory = self._front or SiteFactory(self.site, self._readers)
        sockets = inherited()
        for listen in self.config.listens:
            self._ports.append(self._listen(listen, factory, sockets))
        for descriptor in sockets.values():
            os.close(descriptor)
        self._write_pid_file()
        self._offer_sockets()

    def startService(self) -> None:
        """Give up root and start serving."""
        Service.startService(self)
        self._drop_privileges()
        runtime.set_config(self.config)
        globalLogPublisher.addObserver(self._observer)
        for warning in self.config.warnings:
            log_server(self.config.main, warning, Level.WARNING, "core")
        complete_streams()
        run_imports(self.config)
        self._sweeper.clock = self._reactor
        self._sweeper.start(SWEEP_SECONDS, now=False)
        log_process(
            self.config.main, f"olexd/{__version__} configured -- resuming normal operations", Level.NOTICE
        )
        for listen in self.config.listens:
            _log.info("olexd serves {address}", address=_shown(listen))
        _relax_garbage_collection()

    def stopService(self) -> Deferred[Any]:
        """Stop listening, let the handlers that run in threads end, then close everything."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self._stop())

    # Inside

    def _make_front(self) -> FrontFactory:
        try:
            return FrontFactory(self.site, self._readers)
        except BadTls as error:
            log_process(self.config.main, str(error), Level.ALERT, "ssl")
            raise CannotStart(f"olexd: {error}") from None

    def _listen(self, listen: Listen, factory: Any, sockets: Sockets) -> TCPPort | UNIXPort:
        """Listen, at one of `sockets` if it is there, and take it out of them."""
        backlog = self._process.listen_backlog
        descriptor = sockets.pop(address(listen), None)
        port: TCPPort | UNIXPort
        if descriptor is not None and listen.path:
            port = UNIXPort.adopt(descriptor, factory, backlog, self._reactor)
        elif descriptor is not None:
            port = TCPPort.adopt(descriptor, factory, self._reactor)
        elif listen.path:
            port = UNIXPort(
                listen.path.encode(), factory, backlog, 0o666, reactor=self._reactor, wantPID=True
            )
        else:
            port = TCPPort(listen.port, factory, backlog, listen.host or _any_address(), self._reactor)
        try:
            port.startListening()
        except CannotListenError as error:
            where = listen.path or f"{listen.host or '*'}:{listen.port}"
            message = f"AH00072: make_sock: could not bind to address {where}: {error.socketError}"
            log_process(self.config.main, message, Level.ALERT, "core")
            raise CannotStart(f"olexd: {message}") from None
        return port

    def _write_pid_file(self) -> None:
        if self._process.pid_file:
            self._pid_file = PidFile(self._process.pid_file)

    def _offer_sockets(self) -> None:
        """Let the next server have the listening sockets. Without, a restart is a stop and a start."""
        if not self._process.pid_file:
            return
        try:
            self._offer = Offer(self._process.pid_file, self._held, self._reactor)
        except OSError as error:
            log_process(self.config.main, f"sockets cannot be handed over: {error}", Level.NOTICE, "core")

    def _held(self) -> Sockets:
        """Return the listening sockets."""
        ports: Any = zip(self.config.listens, self._ports, strict=True)
        return {address(listen): port.fileno() for listen, port in ports}

    def _drop_privileges(self) -> None:
        """Become User and Group for good. Raises when the process could not."""
        if os.getuid() != 0 or not self._process.user:
            return
        user, group = self._process.user, self._process.group
        uid = int(user[1:]) if user.startswith("#") else pwd.getpwnam(user).pw_uid
        if not group:
            gid = pwd.getpwuid(uid).pw_gid
        else:
            gid = int(group[1:]) if group.startswith("#") else grp.getgrnam(group).gr_gid
        switchUID(uid, gid)

    def _usr1(self, number: int, frame: FrameType | None) -> None:
        if callable(self._on_usr1):
            self._on_usr1(number, frame)
        self._reactor.callFromThread(self._reopen_logs)

    def _reopen_logs(self) -> None:
        """Go on in new log files: what tools that rotate logs expect of `apachectl graceful`."""
        reopen_all()
        logfile.reopen_all(lambda complaint: log_process(self.config.main, complaint, Level.ALERT))
        log_process(
            self.config.main, "SIGUSR1 received: logs opened anew, configuration unchanged", Level.NOTICE
        )

    def _sweep(self) -> None:
        self.site.sweep()
        flush_all()

    async def _stop(self) -> None:
        replaced = self._pid_file is not None and not self._pid_file.is_mine()
        if self._offer is not None:
            self._offer.close()
        for port in self._ports:
            if isinstance(port, UNIXPort):
                port.handed_over = replaced
        closing = [port.stopListening() for port in self._ports]  # type: ignore[no-untyped-call]
        await DeferredList([deferred for deferred in closing if deferred is not None])
        if replaced:
            await self._serve_the_last()
        patience = self._process.graceful_shutdown_timeout or (inf if replaced else STOP_SECONDS)
        deadline = self._reactor.seconds() + patience
        while self._is_busy(replaced) and self._reactor.seconds() < deadline:
            self.site.close_idle()
            await deferLater(self._reactor, STOP_LOOK_SECONDS)
        self._finish()

    async def _serve_the_last(self) -> None:
        """Answer what is asked on the connections that are there, and say that these are the last answers."""
        until = self._reactor.seconds() + LAST_SECONDS
        while self.site.channels and self._reactor.seconds() < until:
            self.site.say_goodbye()
            await deferLater(self._reactor, STOP_LOOK_SECONDS)

    def _is_busy(self, replaced: bool) -> bool:
        """Return whether there is something to wait for; who is replaced can wait for all that is asked."""
        return bool(self.site.channels) if replaced else self._pool.at_work

    def _finish(self) -> None:
        if self._sweeper.running:
            self._sweeper.stop()
        self._pool.stop(0.0 if self._pool.at_work else JOIN_SECONDS)
        runtime.run_cleanups()
        for channel in tuple(self.site.channels):
            channel.transport.drop()
        if self._front is not None:
            self._front.drop_waiting()
        self._readers.close()
        signal.signal(signal.SIGUSR1, self._on_usr1 or signal.SIG_DFL)
        log_process(self.config.main, "shutting down", Level.NOTICE)
        globalLogPublisher.removeObserver(self._observer)
        flush_all()
        self._remove_pid_file()

    def _remove_pid_file(self) -> None:
        try:
            if self._pid_file is not None:
                self._pid_file.give_up()
        except OSError as error:
            # It was written by root, who we may no longer be.
            log_process(self.config.main, f"could not remove the process id file: {error}", Level.NOTICE)


def _any_address() -> str:
    """Return the address that listens on every interface, for both families where there is IPv6."""
    return "::" if os.path.exists("/proc/net/if_inet6") else "0.0.0.0"


def _shown(listen: Listen) -> str:
    """Return an address as one would type it."""
    if listen.path:
        return f"unix:{listen.path}"
    host = f"[{listen.host}]" if ":" in listen.host else listen.host or "*"
    return f"{listen.protocol}://{host}:{listen.port}/"


def _relax_garbage_collection() -> None:
    """Look for garbage less often: nearly all of a request's goes away by itself, and a look costs much.

    What start-up made stays, and is not looked at again.
    """
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _raise_file_limit() -> None:
    """Allow as many open connections as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
