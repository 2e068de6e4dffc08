"""Real servers for tests and benchmarks: started from a configuration text, stopped by pid."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

REPOSITORY = Path(__file__).resolve().parents[2]
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
MODULES = Path("/usr/lib/apache2/modules")
ENVIRONMENT = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""What both servers see: without a virtual environment, which mod_python would take for its own."""

START_DEADLINE = 20.0
STOP_DEADLINE = 10.0

CORE_MODULES = (
    "mpm_event",
    "alias",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_host",
    "authz_user",
    "auth_basic",
    "dir",
    "mime",
)
"""Loaded in every configuration; mod_python comes after them, as in distributions (alphabetical order)."""


class ServerFailed(Exception):
    """A server did not start, died, or did not stop; the message holds what it printed."""


def missing(modules: Iterable[str] = ("python",)) -> str | None:
    """Return why the real Apache cannot be used here, or None when it can."""
    if shutil.which("apache2", path=SYSTEM_PATH) is None:
        return "apache2 is not installed"
    for name in modules:
        if not (MODULES / f"mod_{name}.so").exists():
            return f"Apache's mod_{name} is not installed"
    return None


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def load_modules(names: Iterable[str]) -> str:
    """Return LoadModule lines for Apache modules, in order, with the paths of the installed files."""
    return "".join(f"LoadModule {name}_module {MODULES / f'mod_{name}.so'}\n" for name in names)


def base_config(directory: Path, port: int, modules: Sequence[str] = (), threads: int = 16) -> str:
    """Return the head of a configuration that both servers read: one process, `threads` threads, `port`.

    `modules` are loaded after CORE_MODULES. Logs and run-time files go into `directory`.
    """
    unprivileged = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    return f"""\
{load_modules((*CORE_MODULES, *modules))}
ServerRoot "{directory}"
PidFile "{directory}/httpd.pid"
ErrorLog "{directory}/error.log"
LogLevel warn
Listen 127.0.0.1:{port}
ServerName localhost
ServerLimit 1
StartServers 1
ThreadsPerChild {threads}
MaxRequestWorkers {threads}
TypesConfig /etc/mime.types
<IfDefine APACHE>
ThreadLimit {threads}
MinSpareThreads 1
MaxSpareThreads {threads}
AsyncRequestWorkerFactor 512
MaxConnectionsPerChild 0
DefaultRuntimeDir "{directory}"
Mutex pthread default
{unprivileged}</IfDefine>
"""


def application_config(directory: Path, port: int, application: str, threads: int, more: str = "") -> str:
    """Return a configuration in which the Python text `application` handles every request.

    The text becomes the module `app` in `directory`/site; `more` is the server's further configuration.
    """
    site = directory / "site"
    site.mkdir(exist_ok=True)
    (site / "app.py").write_text(application)
    return base_config(directory, port, ["python"], threads) + (
        f'DocumentRoot "{site}"\n{more}\n<Directory "{site}">\nRequire all granted\n'
        "SetHandler mod_python\nPythonHandler app\n</Directory>\n"
    )


class RunningServer:
    """A server process, stopped at the end of the `with` block.

    `address` is where it answers: a TCP port of 127.0.0.1, or a unix socket's path.
    """

    name = "server"
    environment = ENVIRONMENT

    def __init__(self, config: str, directory: Path, address: int | Path) -> None:
        self.directory = directory
        self.address = address
        self.config_file = directory / "httpd.conf"
        self.config_file.write_text(config)
        self.output = directory / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def account(cls) -> str:
        """The account that the server changes to, "" when it stays what we are."""
        return ""

    def command(self) -> list[str]:
        """The command line."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The process id of the (parent) process."""
        assert self.process is not None
        return self.process.pid

    def memory(self, name: str) -> int:
        """Return a figure of the process's memory in bytes: VmRSS now, VmHWM at its highest."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise LookupError(name)

    def forget_peak(self) -> None:
        """Let the kernel measure the highest use of memory anew."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def start(self) -> None:
        """Start and return once connections are accepted; ServerFailed when that takes too long."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self.command(),
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_DEADLINE
        while not self.accepts():
            if self.process.poll() is not None:
                raise ServerFailed(f"{self.name} ended at once:\n{self.printed()}")
            if time.monotonic() > deadline:
                self.stop()
                raise ServerFailed(f"{self.name} did not answer in time:\n{self.printed()}")
            time.sleep(0.02)

    def accepts(self) -> bool:
        """Whether a connection is accepted now."""
        try:
            self.connect(1.0).close()
        except OSError:
            return False
        return True

    def connect(self, timeout: float) -> socket.socket:
        """Return a connection to the server."""
        if isinstance(self.address, int):
            return socket.create_connection(("127.0.0.1", self.address), timeout)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        try:
            connection.connect(str(self.address))
        except OSError:
            connection.close()
            raise
        return connection

    def stop(self) -> None:
        """Ask the process to end; kill it when it does not."""
        process = self.process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def error_log(self) -> str:
        """What the main error log holds."""
        return (self.directory / "error.log").read_text()

    def printed(self) -> str:
        """What the process printed, and the end of its main error log."""
        log = self.directory / "error.log"
        texts = [self.output.read_text(errors="replace")]
        if log.exists():
            texts.append(log.read_text(errors="replace")[-4000:])
        return "\n".join(texts)

    def __enter__(self) -> RunningServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Apache(RunningServer):
    """The real Apache, in the foreground, with APACHE defined."""

    name = "apache"

    @classmethod
    def account(cls) -> str:
        """Apache's workers do not run as root."""
        return "www-data" if os.geteuid() == 0 else ""

    def command(self) -> list[str]:
        """apache2 in the foreground: parent and child stay below this process."""
        program = shutil.which("apache2", path=SYSTEM_PATH)
        if program is None:
            raise ServerFailed("apache2 is not installed")
        return [
            program,
            "-d",
            str(self.directory),
            "-f",
            str(self.config_file),
            "-D",
            "FOREGROUND",
            "-D",
            "APACHE",
        ]


class Olexd(RunningServer):
    """olexd from this source tree, under twistd in the foreground."""

    name = "olexd"
    environment = ENVIRONMENT | {"PYTHONPATH": str(REPOSITORY)}

    def command(self) -> list[str]:
        """`twistd -n olexd --config FILE`, run from the repository's root."""
        twistd = Path(sys.executable).with_name("twistd")
        return [str(twistd), "-n", "--pidfile=", "olexd", "--config", str(self.config_file)]
