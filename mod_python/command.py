"""The command `mod_python`: lays out a server's directory, and starts and stops olexd with its configuration.

    mod_python create <directory> --pythonhandler=NAME
                      [--listen=8888] [--pythonpath=a:b] [--pythonoption="k v"]...
    mod_python genconfig <script>
    mod_python start | stop | restart | graceful <httpd.conf>
    mod_python version

`stop` lets running requests end. `restart` and `graceful` start a server with the new configuration, which
takes the listening sockets over, and stop the old one after that: no connection is refused, and a server that
does not start leaves the old one as it is.
"""

from __future__ import annotations

import json
import os
import platform
import runpy
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import mod_python
import twisted
from mod_python import version
from mod_python._basic_config import write_basic_config
from olexd import __version__
from olexd.config.build import load
from olexd.config.core import CoreServer, ProcessSettings
from olexd.config.errors import ConfigError
from olexd.config.server import ServerConfig
from olexd.modules.registry import SPECS
from olexd.process.handover import VARIABLE, Sockets, take

USAGE: Final = (
    "mod_python <command> [options]\n\ncommands: create genconfig graceful restart start stop version"
)
TWISTD: Final = "from twisted.scripts.twistd import run; run()"
STOP_SECONDS: Final = 30.0
"""How long a server is waited for that is to stop, when GracefulShutdownTimeout does not say."""
POLL_SECONDS: Final = 0.05
LOG_BYTES: Final = 2000


class CommandError(Exception):
    """Why a command could not do what it was asked; for the user to read."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line `arguments`, those of the process by default.

    Exits with 1 when the command fails, and with 2 when it was not understood.
    """
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    if options.command is None:
        parser.error("Please specify a command")
    command = COMMANDS.get(options.command)
    if command is None:
        parser.error(f"Invalid command: {options.command}")
    try:
        command(parser, options)
    except (CommandError, OSError) as error:
        raise SystemExit(f"mod_python: {error}") from None


def _parser() -> ArgumentParser:
    parser = ArgumentParser("mod_python", usage=USAGE)
    parser.add_argument("command", nargs="?")
    parser.add_argument("argument", nargs="?")
    create = parser.add_argument_group("create")
    create.add_argument("--listen", default="8888", help="the address and port to listen on (8888)")
    create.add_argument("--pythonpath", default="", help="directories for PythonPath, separated by colons")
    create.add_argument("--pythonhandler", help="the handler of all requests")
    create.add_argument("--pythonoption", action="append", default=[], help="a PythonOption: name and value")
    return parser


def _argument(parser: ArgumentParser, options: Namespace, name: str) -> str:
    """Return the command's argument."""
    if not options.argument:
        parser.error(f"Must specify <{name}>")
    return str(options.argument)


def create(parser: ArgumentParser, options: Namespace) -> None:
    """Lay out a server's directory."""
    directory = _argument(parser, options, "directory")
    if not options.pythonhandler:
        parser.error("Must specify a --pythonhandler")
    script = write_basic_config(
        directory,
        listen=options.listen,
        pythonhandler=options.pythonhandler,
        pythonpath=[entry for entry in options.pythonpath.split(":") if entry],
        pythonoptions=options.pythonoption,
    )
    if script is None:
        raise SystemExit(1)
    conf = os.path.join(os.path.dirname(script), "httpd.conf")
    print(f"\nCreated! Please look over {script!r}.")
    print(f"Then make the configuration and start the server:\n  mod_python genconfig {script} > {conf}")
    print(f"  mod_python start {conf}")


def genconfig(parser: ArgumentParser, options: Namespace) -> None:
    """Run a script, which prints the configuration."""
    source = _argument(parser, options, "src")
    if not os.path.isfile(source):
        raise CommandError(f"there is no file {source!r}")
    runpy.run_path(source, run_name="__main__")


def start(parser: ArgumentParser, options: Namespace) -> None:
    """Start a server in the background."""
    path = _argument(parser, options, "httpd.conf")
    config = _load(path)
    if (pid := _running(config)) is not None:
        raise CommandError(f"the server is running already, with the process id {pid}")
    _start(path, config)


def stop(parser: ArgumentParser, options: Namespace) -> None:
    """Stop a server once its running requests have ended."""
    config = _load(_argument(parser, options, "httpd.conf"))
    pid = _running(config)
    if pid is None:
        raise CommandError(f"the server is not running: {_pid_file(config)!r} names no process of it")
    _stop(pid, config)


def restart(parser: ArgumentParser, options: Namespace) -> None:
    """Start a server with its configuration as it is now, in the place of the one that may be running."""
    path = _argument(parser, options, "httpd.conf")
    config = _load(path)
    pid = _running(config)
    if pid is None:
        _start(path, config)
        return
    sockets = take(_pid_file(config))
    if sockets:
        _replace(pid, path, config, sockets)
    else:
        _stop(pid, config)
        _start(path, config)


def _replace(pid: int, path: str, config: ServerConfig, sockets: Sockets) -> None:
    """Start a server with the sockets of the one that runs, and then stop that."""
    try:
        _start(path, config, sockets)
    except CommandError:
        Path(_pid_file(config)).write_text(f"{pid}\n")
        raise
    if not _ends(pid, STOP_SECONDS):
        print(f"The old server, with the process id {pid}, is still answering what it was asked.")


def show_version(parser: ArgumentParser, options: Namespace) -> None:
    """Print what runs here, and where it is."""
    rows = {
        "mod_python": f"{mod_python.mp_version} ({Path(mod_python.__file__).parent})",
        "olexd": __version__,
        "Python": f"{' '.join(sys.version.split())} ({sys.executable})",
        "Twisted": f"{twisted.__version__} ({Path(twisted.__file__).parent})",
        "httpd": f"{version.HTTPD_VERSION} is whose configuration is read",
        "platform": platform.platform(),
    }
    for name, value in rows.items():
        print(f"{name + ':':<12}{value}")


COMMANDS: Final[dict[str, Callable[[ArgumentParser, Namespace], None]]] = {
    "create": create,
    "genconfig": genconfig,
    "graceful": restart,
    "restart": restart,
    "start": start,
    "stop": stop,
    "version": show_version,
}


def _load(path: str) -> ServerConfig:
    try:
        config = load(os.path.abspath(path), SPECS, [])
    except ConfigError as error:
        raise CommandError("\n".join(["the configuration has errors", *map(str, error.problems)])) from None
    if not _pid_file(config):
        raise CommandError(
            f"{path} has no PidFile, by which a server is found again: add PidFile logs/httpd.pid"
        )
    return config


def _pid_file(config: ServerConfig) -> str:
    return config.main.server[ProcessSettings].pid_file


def _running(config: ServerConfig) -> int | None:
    """Return the server's process id; None when it is not running."""
    try:
        pid = int(Path(_pid_file(config)).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if pid > 1 and _is_server(pid) else None


def _is_server(pid: int) -> bool:
    """Return whether a process is a server of ours: the number may have passed on to a stranger."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    command = Path(f"/proc/{pid}/cmdline")
    return b"olexd" in command.read_bytes() if command.exists() else True


def _start(path: str, config: ServerConfig, sockets: Sockets | None = None) -> None:
    """Start a server, with listening sockets by their addresses."""
    sockets = sockets or {}
    log = os.path.join(os.path.dirname(_pid_file(config)), "twistd.log")
    command = [sys.executable, "-P", "-c", TWISTD, "--pidfile=", f"--logfile={log}"]
    command += ["olexd", "--config", os.path.abspath(path)]
    ran = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        check=False,
        pass_fds=list(sockets.values()),
        env={**os.environ, VARIABLE: json.dumps(sockets)},
    )
    if ran.returncode:
        raise CommandError("\n".join(["the server did not start", _end_of(_error_log(config)), _end_of(log)]))
    print(f"The server is running, with the process id {_running(config)}.")


def _error_log(config: ServerConfig) -> str:
    return config.main.server[CoreServer].error_log


def _end_of(log: str) -> str:
    """Return the last lines of a log, with its name; nothing for a log that is no file."""
    path = Path(log)
    if not path.is_file():
        return ""
    return f"{log}:\n{path.read_bytes()[-LOG_BYTES:].decode(errors='replace')}"


def _stop(pid: int, config: ServerConfig) -> None:
    patience = config.main.server[ProcessSettings].graceful_shutdown_timeout or STOP_SECONDS
    if not _ends(pid, patience + 1):
        raise CommandError(f"the server (process id {pid}) did not stop within {patience:g} seconds")


def _ends(pid: int, seconds: float) -> bool:
    """Tell a server to stop; return whether it does so in time."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while _is_server(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
