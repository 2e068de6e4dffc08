"""Starting and stopping: the check, options, daemon, privileges, addresses."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import ENVIRONMENT, REPOSITORY, Olexd, RunningServer, base_config, free_port
from tests.integration.wire import DEADLINE, Wire, ask, until

TWISTD = str(Path(sys.executable).with_name("twistd"))
NOBODY = pwd.getpwnam("nobody")

APPLICATION = """
import os
from mod_python import apache

IMPORTED_AS = os.getuid()


def handler(req):
    req.write("%d %d %d" % (os.getuid(), os.getgid(), IMPORTED_AS), 0)
    return apache.OK
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that everybody may read, with the application in `site`."""
    with tempfile.TemporaryDirectory(prefix="olexd-startup-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "site").mkdir()
        (directory / "site" / "app.py").write_text(APPLICATION)
        yield directory


def config(directory: Path, port: int, more: str = "") -> str:
    """A configuration that serves the application."""
    site = directory / "site"
    return base_config(directory, port, ["python"], 4) + (
        f'DocumentRoot "{site}"\n<Directory "{site}">\nRequire all granted\nSetHandler mod_python\n'
        f"PythonHandler app\n</Directory>\n{more}\n"
    )


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run twistd to its end."""
    return subprocess.run(
        [TWISTD, *map(str, words)],
        cwd=REPOSITORY,
        env=ENVIRONMENT | {"PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def check(directory: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Check a configuration."""
    file = directory / "httpd.conf"
    file.write_text(text)
    return run("-n", "--pidfile=", "olexd", "--test", *words, "--config", file)


def page(server: RunningServer) -> str:
    """What the application says."""
    with Wire(server) as wire:
        wire.get("/")
        return wire.read().body.decode()


class TestCheck:
    def test_good(self, directory: Path) -> None:
        """A good configuration is OK, and nothing is started or written."""
        before = set(os.listdir(directory))
        result = check(directory, config(directory, free_port()))
        assert (result.returncode, result.stderr) == (0, "Syntax OK\n")
        assert set(os.listdir(directory)) == before | {"httpd.conf"}

    def test_bad(self, directory: Path) -> None:
        """All errors come at once, each with its file and line, and the exit status tells."""
        text = "Listen 127.0.0.1:1\nDocumentRot /srv\nKeepAliveTimeout soon\n<Directory /x>\n"
        result = check(directory, text)
        file = directory / "httpd.conf"
        assert result.returncode == 1
        lines = result.stderr.splitlines()
        for number in (2, 3, 4):
            assert [line for line in lines if line.startswith(f"{file}:{number}: ")], result.stderr
        assert "Traceback" not in result.stderr

    def test_reports(self, directory: Path) -> None:
        """-S, -M and -D DUMP_... show what the configuration amounts to, and start nothing."""
        (directory / "httpd.conf").write_text(config(directory, free_port()))
        for words, expected in (
            (["-S"], "VirtualHost configuration:\nServerRoot: "),
            (["-M"], "Loaded Modules:\n core_module (built in)\n"),
            (["-D", "DUMP_INCLUDES"], f"Included configuration files:\n  (*) {directory}/httpd.conf\n"),
            (["-D", "DUMP_CONFIG"], "listen "),
        ):
            result = run("-n", "--pidfile=", "olexd", *words, "--config", directory / "httpd.conf")
            assert (result.returncode, result.stderr) == (0, "Syntax OK\n")
            assert result.stdout.startswith(expected)

    def test_bad_is_not_started(self, directory: Path) -> None:
        """A bad configuration is not served either."""
        port = free_port()
        (directory / "httpd.conf").write_text(config(directory, port, "Nonsense on"))
        result = run("-n", "--pidfile=", "olexd", "--config", directory / "httpd.conf")
        assert result.returncode == 1
        assert "Invalid command 'Nonsense'" in result.stderr
        assert not (directory / "error.log").exists()

    def test_missing(self, directory: Path) -> None:
        """A file that is not there is said plainly."""
        result = run("-n", "--pidfile=", "olexd", "--config", directory / "nowhere.conf")
        assert result.returncode == 1
        assert "nowhere.conf" in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize(
        "option", [["-D", "EXTRA"], ["-DEXTRA"], ["--define", "EXTRA"], ["--define=EXTRA"]]
    )
    def test_define(self, directory: Path, option: list[str]) -> None:
        """-D NAME switches <IfDefine NAME> on."""
        text = config(directory, free_port(), "<IfDefine EXTRA>\nNonsense on\n</IfDefine>")
        assert check(directory, text).returncode == 0
        assert check(directory, text, *option).returncode == 1
        assert check(directory, text, "-D", "OTHER").returncode == 0

    def test_not_listening(self, directory: Path) -> None:
        """A configuration without Listen passes the check, as in httpd, and is not served."""
        assert check(directory, "ServerName localhost\n").returncode == 0
        result = run("-n", "--pidfile=", "olexd", "--config", directory / "httpd.conf")
        assert result.returncode == 1
        assert "a line such as Listen 127.0.0.1:8080 is missing" in result.stderr


class TestDaemon:
    def test_comes_and_goes(self, directory: Path) -> None:
        """twistd detaches, writes the process id, and SIGTERM ends it all."""
        port = free_port()
        server = Olexd(config(directory, port), directory, port)
        pid_file, log = directory / "twistd.pid", directory / "twistd.log"
        result = run("--pidfile", pid_file, "--logfile", log, "olexd", "--config", server.config_file)
        assert result.returncode == 0, result.stderr
        until(pid_file.exists)
        pid = int(pid_file.read_text())
        try:
            until(server.accepts)
            assert page(server).startswith(f"{os.getuid()} ")
        finally:
            os.kill(pid, signal.SIGTERM)
        until(lambda: not Path(f"/proc/{pid}/exe").exists() or ended(pid))
        until(lambda: not pid_file.exists())
        assert not server.accepts()
        assert "Traceback" not in log.read_text()


def ended(pid: int) -> bool:
    """Whether a process is gone, or waits to be."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def stop(server: RunningServer) -> None:
    """End a server by SIGTERM. twistd then ends by that signal, as a program does that lets it act."""
    assert server.process is not None
    server.process.terminate()
    assert server.process.wait(DEADLINE) in (0, -signal.SIGTERM)


class TestStop:
    def test_clean(self, directory: Path) -> None:
        """A stop leaves no process-id file and no complaint."""
        port = free_port()
        with Olexd(config(directory, port), directory, port) as server:
            assert ask(server, "/").status
            assert (directory / "httpd.pid").read_text() == f"{server.pid}\n"
            stop(server)
            assert not list(directory.glob("httpd.pid*"))
            assert "Traceback" not in server.printed()

    def test_running_request_is_answered(self, directory: Path) -> None:
        """A request that runs when the stop comes still gets its whole answer."""
        (directory / "site" / "app.py").write_text(SLOW)
        port = free_port()
        with Olexd(config(directory, port), directory, port) as server, Wire(server) as wire:
            wire.get("/")
            until(lambda: (directory / "site" / "begun").exists())
            assert server.process is not None
            server.process.terminate()
            until(lambda: not server.accepts())
            (directory / "site" / "go").touch()
            assert wire.read().body == b"done" * 100_000
            assert server.process.wait(DEADLINE) in (0, -signal.SIGTERM)


class TestRotation:
    def test_logs_go_on_in_new_files(self, directory: Path) -> None:
        """After SIGUSR1 both logs are written to new files of their names; the old ones stay as they are."""
        port = free_port()
        text = config(directory, port, f'LogLevel notice\nCustomLog "{directory}/access.log" "%r"')
        with Olexd(text, directory, port) as server:
            for name in ("error", "access"):
                (directory / f"{name}.log").rename(directory / f"{name}.old")
            os.kill(server.pid, signal.SIGUSR1)
            until(lambda: (directory / "error.log").exists() and (directory / "access.log").exists())
            with Wire(server) as wire:
                wire.get("/after")
                wire.read()
            until(lambda: "GET /after HTTP/1.1\n" in (directory / "access.log").read_text())
            assert "SIGUSR1 received" in (directory / "error.log").read_text()
            assert "/after" not in (directory / "access.old").read_text()

    def test_a_log_that_cannot_be_opened_goes_on(self, directory: Path) -> None:
        """Where no new file can be made the old one is written to, and says so."""
        logs = directory / "logs"
        logs.mkdir()
        port = free_port()
        with Olexd(
            config(directory, port) + f'CustomLog "{logs}/access.log" "%r"\n', directory, port
        ) as server:
            logs.rename(directory / "moved")
            os.kill(server.pid, signal.SIGUSR1)
            until(lambda: "could not open" in (directory / "error.log").read_text())
            with Wire(server) as wire:
                wire.get("/after")
                wire.read()
            until(lambda: "/after" in (directory / "moved" / "access.log").read_text())


SLOW = """
import os, time
from mod_python import apache

HERE = os.path.dirname(__file__)


def handler(req):
    open(HERE + "/begun", "w").close()
    end = time.monotonic() + 8
    while not os.path.exists(HERE + "/go") and time.monotonic() < end:
        time.sleep(0.01)
    req.write("done" * 100000)
    return apache.OK
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
class TestPrivileges:
    @pytest.mark.parametrize("by_number", [False, True])
    def test_dropped_before_handlers_run(self, directory: Path, by_number: bool) -> None:
        """User and Group hold for the whole process before any handler is imported."""
        user, group = ("#65534", "#65534") if by_number else ("nobody", "nogroup")
        port = free_port()
        site = directory / "site"
        more = f"User {user}\nGroup {group}\nPythonImport {site}/app.py main_interpreter"
        with Olexd(config(directory, port, more), directory, port) as server:
            assert page(server) == f"{NOBODY.pw_uid} {NOBODY.pw_gid} {NOBODY.pw_uid}"
            status = dict(
                line.split(":\t", 1) for line in Path(f"/proc/{server.pid}/status").read_text().splitlines()
            )
            assert set(status["Uid"].split()) == {str(NOBODY.pw_uid)}
            assert set(status["Gid"].split()) == {str(NOBODY.pw_gid)}
            assert "0" not in status["Groups"].split()
            for thread in Path(f"/proc/{server.pid}/task").iterdir():
                assert f"Uid:\t{NOBODY.pw_uid}\t{NOBODY.pw_uid}\t" in (thread / "status").read_text()

    def test_stop_without_them(self, directory: Path) -> None:
        """A process that may not remove its files any more still stops in order."""
        port = free_port()
        with Olexd(config(directory, port, "User nobody\nGroup nogroup"), directory, port) as server:
            stop(server)
            assert "Traceback" not in server.printed()

    def test_log_is_opened_before(self, directory: Path) -> None:
        """The log may be where only root can write."""
        port = free_port()
        with Olexd(config(directory, port, "User nobody\nGroup nogroup"), directory, port):
            # The port is open a moment before the server says that it is ready.
            until(lambda: "resuming normal operations" in (directory / "error.log").read_text())


class TestAddresses:
    def test_port_in_use(self, directory: Path) -> None:
        """A port that somebody else has ends the start, and the message names it."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            (directory / "httpd.conf").write_text(config(directory, port))
            result = run("-n", "--pidfile=", "olexd", "--config", directory / "httpd.conf")
        assert result.returncode != 0
        printed = result.stdout + result.stderr
        assert f"127.0.0.1:{port}" in printed
        assert "already in use" in printed
        assert "Traceback" not in printed
        assert not (directory / "httpd.pid").exists()

    def test_unix_socket(self, directory: Path) -> None:
        """`Listen unix:PATH` serves a unix socket, whose place is free again after the stop."""
        path = directory / "olexd.sock"
        text = config(directory, 0).replace("Listen 127.0.0.1:0\n", f"Listen unix:{path}\n")
        for _ in range(2):
            with Olexd(text, directory, path) as server:
                assert page(server).startswith(f"{os.getuid()} ")
            assert not path.exists()

    def test_unix_socket_left_behind(self, directory: Path) -> None:
        """A socket that a killed server left behind is in nobody's way."""
        path = directory / "olexd.sock"
        text = config(directory, 0).replace("Listen 127.0.0.1:0\n", f"Listen unix:{path}\n")
        with Olexd(text, directory, path) as server:
            assert server.process is not None
            server.process.kill()
            server.process.wait(DEADLINE)
            assert path.exists()
        with Olexd(text, directory, path) as server:
            assert page(server).startswith(f"{os.getuid()} ")

    def test_both(self, directory: Path) -> None:
        """Several addresses are served at once."""
        port, path = free_port(), directory / "olexd.sock"
        with Olexd(config(directory, port, f"Listen unix:{path}"), directory, port) as server:
            assert page(server).startswith(f"{os.getuid()} ")
            server.address = path
            assert page(server).startswith(f"{os.getuid()} ")
