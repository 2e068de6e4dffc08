"""What is true of the whole process: the configuration in force, its age, who runs, what ends with it.

The service calls `set_config()` at start and after every reload, and `run_cleanups()` before the process
ends. Handlers reach all this through `mod_python.apache`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from olexd.config.core import ProcessSettings
from olexd.config.server import HostConfig, ServerConfig
from olexd.errorlog import Level
from olexd.model.logging import log_process

MAIN_INTERPRETER: Final = "main_interpreter"

HARD_LIMIT_THREADS: Final = 64


class NoServer(RuntimeError):
    """Something needs the running server, but there is none in this process."""


class Runtime:
    """The state behind this module's functions.

    `generation` is 0 at start and one more after every reload; `restart_time` the epoch seconds of the
    last (re)start. `servers` keeps the handler-facing object of each host of the present configuration.
    """

    def __init__(self) -> None:
        self.config: ServerConfig | None = None
        self.generation = -1
        self.restart_time = 0.0
        self.servers: dict[HostConfig, Any] = {}
        self.cleanups: list[tuple[Callable[[Any], object], Any]] = []
        self.lock = threading.Lock()


_runtime: Final = Runtime()
_interpreter: Final = ContextVar("interpreter", default=MAIN_INTERPRETER)


def set_config(config: ServerConfig) -> None:
    """Put a configuration into force."""
    with _runtime.lock:
        _runtime.config = config
        _runtime.generation += 1
        _runtime.restart_time = time.time()
        _runtime.servers = {}


def clear_config() -> None:
    """Be a process without a server again."""
    with _runtime.lock:
        _runtime.config = None
        _runtime.generation = -1
        _runtime.servers = {}


def config() -> ServerConfig:
    """Return the configuration in force; NoServer when there is none."""
    if _runtime.config is None:
        raise NoServer("this needs a running olexd server")
    return _runtime.config


def servers() -> dict[HostConfig, Any]:
    """Return the handler-facing servers made so far, by host."""
    return _runtime.servers


def generation() -> int:
    """Return how often the server was reloaded."""
    return max(_runtime.generation, 0)


def restart_time() -> float:
    """Return when the configuration came into force, in epoch seconds."""
    return _runtime.restart_time


def is_defined(name: str) -> bool:
    """Return whether the server was started with `-D name`."""
    return name in config().defines


def set_interpreter(name: str) -> None:
    """Note under which interpreter's name a handler runs, on this thread and in this coroutine."""
    _interpreter.set(name)


def interpreter() -> str:
    """Return the interpreter's name of the handler that runs on this thread or in this coroutine."""
    return _interpreter.get()


def log_error(message: str, level: Level) -> None:
    """Write an entry that belongs to no server into the error log; without a server nothing is written."""
    if _runtime.config is not None:
        log_process(_runtime.config.main, message, level)


def register_cleanup(function: Callable[[Any], object], data: Any) -> None:
    """Have `function(data)` called when the process ends in order."""
    with _runtime.lock:
        _runtime.cleanups.append((function, data))


def run_cleanups() -> None:
    """Call what was registered, newest first. Failures are logged and stop nothing."""
    while _runtime.cleanups:
        function, data = _runtime.cleanups.pop()
        run_cleanup(function, data, lambda line: log_error(line, Level.ERR))


def run_cleanup(function: Callable[[Any], object], data: Any, log: Callable[[str], None]) -> None:
    """Call `function(data)`; a failure is logged."""
    try:
        function(data)
    except BaseException as error:
        for line in cleanup_failure(function, error):
            log(line)


def cleanup_failure(function: Callable[[Any], object], error: BaseException) -> tuple[str, str]:
    """Return the two lines that the error log gets for a cleanup's failure (SystemExit too is one)."""
    return (
        f"python_cleanup: Error calling cleanup object {function!r}",
        f"    {type(error)}: {error}",
    )


def mpm_query(code: int) -> int:
    """Return what `apache.mpm_query()` says of this process model; 0 for what it does not know."""
    process = config().main.server[ProcessSettings]
    dynamic = 2 if process.server_limit > 1 else 0
    answers = {
        1: process.start_servers,
        2: 1,
        3: dynamic,
        4: process.server_limit,
        5: max(HARD_LIMIT_THREADS, process.threads_per_child),
        6: process.threads_per_child,
        8: 1,
        10: process.threads_per_child,
        11: process.max_connections_per_child,
        12: process.server_limit,
    }
    return answers.get(code, 0)
