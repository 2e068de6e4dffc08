"""The words of Apache's multi-processing modules and of mod_unixd: processes, threads, identity."""

from __future__ import annotations

import grp
import pwd
from typing import Final

from olexd.config.core import ProcessSettings
from olexd.config.module import ModuleSpec
from olexd.config.rows import Arity, Context, Directive, store_path
from olexd.modules.words import accepted, lenient_duration, lenient_int, store_as
from olexd.phases.hooks import Module


def _at_least_one(word: str) -> int:
    return max(1, lenient_int(word))


def _not_negative(word: str) -> int:
    return max(0, lenient_int(word))


def _positive(word: str) -> int:
    number = lenient_int(word)
    if number <= 0:
        raise ValueError
    return number


def _user(word: str) -> str:
    if not word.startswith("#"):
        pwd.getpwnam(word)
    return word


def _group(word: str) -> str:
    if not word.startswith("#"):
        grp.getgrnam(word)
    return word


def _number(name: str, field: str, help: str, default: str, least: int = 1) -> Directive:
    convert = _at_least_one if least else _not_negative
    return Directive(
        name, Context.SERVER, Arity.ONE, ProcessSettings, store_as(field, convert, ""), help, default
    )


def _ignored(name: str, help: str) -> Directive:
    return accepted(name, Context.SERVER, Arity.ONE, ProcessSettings, help)


_WORKERS: Final = (
    _number("StartServers", "start_servers", "Worker processes to start with", "1"),
    _number("ServerLimit", "server_limit", "The most worker processes", "16"),
    _number("ThreadsPerChild", "threads_per_child", "Handler threads of a worker process", "25"),
    _number("MaxRequestWorkers", "max_request_workers", "The most handler threads of all workers", "400"),
    _number("MaxClients", "max_request_workers", "The old name of MaxRequestWorkers", "400"),
    _number(
        "MaxConnectionsPerChild",
        "max_connections_per_child",
        "Connections after which a worker is replaced (0: never)",
        "0",
        0,
    ),
    _number(
        "MaxRequestsPerChild",
        "max_connections_per_child",
        "The old name of MaxConnectionsPerChild",
        "0",
        0,
    ),
    Directive(
        "GracefulShutdownTimeout",
        Context.SERVER,
        Arity.ONE,
        ProcessSettings,
        store_as("graceful_shutdown_timeout", lenient_duration, ""),
        "How long a graceful stop waits for running requests, in seconds (0: as long as they take)",
        "0",
    ),
    Directive(
        "ListenBackLog",
        Context.SERVER,
        Arity.ONE,
        ProcessSettings,
        store_as("listen_backlog", _positive, "ListenBacklog must be > 0"),
        "How many connections may wait to be accepted",
        "511",
    ),
    Directive(
        "PidFile",
        Context.SERVER,
        Arity.ONE,
        ProcessSettings,
        store_path("pid_file"),
        "Where the process id is written",
        "logs/httpd.pid",
    ),
)

_UNIXD: Final = (
    Directive(
        "User",
        Context.SERVER,
        Arity.ONE,
        ProcessSettings,
        store_as("user", _user, "bad user name {word}"),
        "The user to run as when started as root: a name or #ID",
    ),
    Directive(
        "Group",
        Context.SERVER,
        Arity.ONE,
        ProcessSettings,
        store_as("group", _group, "bad group name {word}"),
        "The group to run as when started as root: a name or #ID",
    ),
)

_POOL: Final = "the pool grows and shrinks by itself"
_ACCEPTED: Final = (
    _ignored("AsyncRequestWorkerFactor", "idle connections hold no thread"),
    _ignored("ChrootDir", "use the service manager's means"),
    _ignored("CoreDumpDirectory", "use the system's core pattern"),
    _ignored("EnableExceptionHook", "there is no such hook"),
    _ignored("ListenCoresBucketsRatio", "listeners are shared"),
    _ignored("ListenTCPDeferAccept", "connections are accepted at once"),
    _ignored("MaxMemFree", "Python manages its memory"),
    _ignored("MaxSpareServers", _POOL),
    _ignored("MaxSpareThreads", _POOL),
    _ignored("MinSpareServers", _POOL),
    _ignored("MinSpareThreads", _POOL),
    _ignored("ReceiveBufferSize", "the system's default is used"),
    _ignored("ScoreBoardFile", "there is no scoreboard"),
    _ignored("SendBufferSize", "the system's default is used"),
    _ignored("StartThreads", _POOL),
    _ignored("ThreadLimit", "ThreadsPerChild alone decides"),
    _ignored("ThreadStackSize", "the system's default is used"),
    accepted("Suexec", Context.SERVER, Arity.FLAG, ProcessSettings, "programs run as the server does"),
)

MODULE: Final = Module(
    ModuleSpec("mpm", ("mpm_module", "mpm.c"), (ProcessSettings,), (), (*_WORKERS, *_ACCEPTED))
)
UNIXD: Final = Module(ModuleSpec("unixd", ("unixd_module", "mod_unixd.c"), (ProcessSettings,), (), _UNIXD))
