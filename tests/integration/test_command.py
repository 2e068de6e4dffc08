"""The command `mod_python`, as it is installed: a server's life from `create` to `stop`."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from mod_python import command
from tests.integration.servers import free_port
from tests.integration.wire import until

COMMAND = Path(sys.executable).with_name("mod_python")
DEADLINE = 60.0
HELLO = """
import os
import time

from mod_python import apache


def handler(req):
    if req.args == "wait":
        path = apache.server_root() + "/waits"
        open(path, "w").close()
        while os.path.exists(path):
            time.sleep(0.01)
    req.write("%s %s" % (req.get_options()["greeting"], apache.server_root()))
    return apache.OK
"""


APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "15")])
    return ["Hello from WSGI"]
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    words = [str(COMMAND), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, check=False, cwd="/")


def failure(*arguments: object) -> str:
    """Return what a command that fails says."""
    ran = run(*arguments)
    assert (ran.returncode, ran.stdout) == (1, "")
    return ran.stderr


class Home:
    """A server's directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.conf = directory / "conf" / "httpd.conf"

    def create(self) -> subprocess.CompletedProcess[str]:
        return run(
            "create",
            self.directory,
            f"--listen=127.0.0.1:{self.port}",
            "--pythonhandler",
            "hello",
            "--pythonpath",
            f"{self.directory}/lib:{self.directory}/more",
            "--pythonoption=greeting Hello",
            "--pythonoption=other 1",
        )

    def fill(self) -> None:
        """Lay out the directory, with a handler and a configuration."""
        assert self.create().returncode == 0
        (self.directory / "lib").mkdir()
        (self.directory / "lib" / "hello.py").write_text(HELLO)
        made = run("genconfig", self.directory / "conf" / "httpd_conf.py")
        assert (made.returncode, made.stderr) == (0, "")
        self.conf.write_text(made.stdout)

    def answer(self, query: str = "") -> str:
        """Return what the server says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{query}", timeout=DEADLINE) as answer:
            return str(answer.read().decode())

    def pid(self) -> str:
        return (self.directory / "logs" / "httpd.pid").read_text()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A server's directory; the server is stopped at the end if it runs."""
    home = Home(tmp_path / "server")
    yield home
    if (home.directory / "logs" / "httpd.pid").exists():
        run("stop", home.conf)


def test_a_server_that_does_not_end() -> None:
    """It is not waited for for ever."""
    patient = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('olexd', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", patient], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None and server.stdout.readline()
        assert not command._ends(server.pid, 0.1)
        server.kill()


class TestMisuse:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "Please specify a command"),
            (["dance"], "Invalid command: dance"),
            (["create"], "Must specify <directory>"),
            (["create", "/nowhere"], "Must specify a --pythonhandler"),
            (["genconfig"], "Must specify <src>"),
            (["start"], "Must specify <httpd.conf>"),
            (["stop"], "Must specify <httpd.conf>"),
            (["restart"], "Must specify <httpd.conf>"),
            (["graceful"], "Must specify <httpd.conf>"),
        ],
    )
    def test_what_is_missing(self, arguments: list[str], message: str) -> None:
        """Is named, with the usage."""
        ran = run(*arguments)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr.startswith("usage: mod_python <command> [options]\n")
        assert ran.stderr.endswith(f"mod_python: error: {message}\n")

    def test_files_that_are_not_there(self, tmp_path: Path) -> None:
        """They are named."""
        assert f"there is no file '{tmp_path}/x.py'" in failure("genconfig", tmp_path / "x.py")
        assert f"{tmp_path}/x.conf" in failure("start", tmp_path / "x.conf")

    def test_without_a_pid_file(self, tmp_path: Path) -> None:
        """A server that could not be found again is not started."""
        (tmp_path / "httpd.conf").write_text("Listen 127.0.0.1:1\n")
        assert "has no PidFile" in failure("start", tmp_path / "httpd.conf")


def test_version() -> None:
    """Says what runs here."""
    ran = run("version")
    assert ran.returncode == 0
    names = [line.partition(":")[0] for line in ran.stdout.splitlines()]
    assert names == ["mod_python", "olexd", "Python", "Twisted", "httpd", "platform"]


class TestCreate:
    def test_output(self, home: Home) -> None:
        """What was made, and what comes next."""
        made = home.create()
        script = home.directory / "conf" / "httpd_conf.py"
        assert made.returncode == 0
        assert f"Created! Please look over '{script}'." in made.stdout
        assert f"mod_python genconfig {script} > {home.conf}" in made.stdout
        assert f"Creating directory '{home.directory}/logs'." in made.stderr

    def test_twice(self, home: Home) -> None:
        """What is there stays."""
        home.create()
        assert "already exists, aborting." in failure("create", home.directory, "--pythonhandler=x")


class TestLife:
    def test_from_start_to_stop(self, home: Home) -> None:
        """The server that was laid out runs, once; it stops and leaves no process id."""
        home.fill()
        started = run("start", home.conf)
        assert (started.returncode, started.stderr) == (0, "")
        assert started.stdout == f"The server is running, with the process id {home.pid().strip()}.\n"
        assert home.answer() == f"Hello {home.directory}"
        assert "the server is running already" in failure("start", home.conf)
        assert run("stop", home.conf).returncode == 0
        assert not list((home.directory / "logs").glob("httpd.pid*"))
        assert "the server is not running" in failure("stop", home.conf)

    def test_of_a_wsgi_application(self, home: Home) -> None:
        """An application is served with nothing written by hand but itself."""
        package = home.directory.with_name("site") / "mysite"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "wsgi.py").write_text(APPLICATION)
        option = "--pythonoption=mod_python.wsgi.application mysite.wsgi::application"
        listen, path = f"--listen=127.0.0.1:{home.port}", f"--pythonpath={package.parent}"
        assert (
            run("create", home.directory, listen, path, "--pythonhandler=mod_python.wsgi", option).returncode
            == 0
        )
        home.conf.write_text(run("genconfig", home.directory / "conf" / "httpd_conf.py").stdout)
        assert run("start", home.conf).returncode == 0
        assert home.answer() == "Hello from WSGI"

    @pytest.mark.parametrize("command", ["restart", "graceful"])
    def test_restart(self, home: Home, command: str) -> None:
        """The new configuration counts; a bad one leaves the server as it is."""
        home.fill()
        assert run(command, home.conf).returncode == 0
        first = home.pid()
        good = home.conf.read_text()
        home.conf.write_text(good + "Nonsense\n")
        assert "Invalid command 'Nonsense'" in failure(command, home.conf)
        assert (home.pid(), home.answer()) == (first, f"Hello {home.directory}")
        home.conf.write_text(good.replace("greeting Hello", "greeting Bye"))
        assert run(command, home.conf).returncode == 0
        assert home.pid() != first
        assert home.answer() == f"Bye {home.directory}"

    def test_restart_refuses_nobody(self, home: Home) -> None:
        """Clients that come while a server takes another one's place all get an answer."""
        home.fill()
        run("start", home.conf)
        over = threading.Event()

        def ask() -> list[str]:
            answers = []
            while not over.is_set():
                answers.append(home.answer())
            return answers

        with ThreadPoolExecutor(3) as clients:
            asked = [clients.submit(ask) for _ in range(3)]
            try:
                ran = [run("restart", home.conf) for _ in range(2)]
            finally:
                over.set()
            answers = [answer for one in asked for answer in one.result(DEADLINE)]
        assert [one.stderr for one in ran] == ["", ""]
        assert set(answers) == {f"Hello {home.directory}"}

    def test_restart_says_goodbye(self, home: Home) -> None:
        """On a connection that stays, the old server's last answer says so: the client comes anew, unhurt."""
        home.fill()
        home.conf.write_text(home.conf.read_text() + "MaxKeepAliveRequests 0\n")
        run("start", home.conf)
        with closing(HTTPConnection("127.0.0.1", home.port, DEADLINE)) as client:

            def is_told() -> bool:
                client.request("GET", "/")
                answer = client.getresponse()
                answer.read()
                return answer.getheader("Connection") == "close"

            assert not is_told()
            with ThreadPoolExecutor(1) as others:
                restarting = others.submit(run, "restart", home.conf)
                until(is_told)
                assert not is_told()
                assert restarting.result(DEADLINE).returncode == 0

    def test_restart_waits_for_who_was_served(self, home: Home) -> None:
        """A request that runs ends where it began, while the next one is in the new server."""
        home.fill()
        run("start", home.conf)
        home.conf.write_text(home.conf.read_text().replace("greeting Hello", "greeting Bye"))
        with ThreadPoolExecutor(2) as clients:
            waiting = clients.submit(home.answer, "?wait")
            until(lambda: (home.directory / "waits").exists())
            restarting = clients.submit(run, "restart", home.conf)
            until(lambda: home.answer() == f"Bye {home.directory}")
            assert not waiting.done() and not restarting.done()
            (home.directory / "waits").unlink()
            assert waiting.result(DEADLINE) == f"Hello {home.directory}"
            assert restarting.result(DEADLINE).returncode == 0

    def test_restart_has_its_limit(self, home: Home) -> None:
        """With GracefulShutdownTimeout a request is given up that takes longer."""
        home.fill()
        home.conf.write_text(home.conf.read_text() + "GracefulShutdownTimeout 1\n")
        run("start", home.conf)
        with ThreadPoolExecutor(1) as clients:
            waiting = clients.submit(home.answer, "?wait")
            until(lambda: (home.directory / "waits").exists())
            assert run("restart", home.conf).returncode == 0
            with pytest.raises(OSError):
                waiting.result(DEADLINE)
        assert home.answer() == f"Hello {home.directory}"

    def test_restart_that_fails(self, home: Home) -> None:
        """The server that runs goes on, is known by its id, and can be replaced by a better one."""
        home.fill()
        run("start", home.conf)
        first, good = home.pid(), home.conf.read_text()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            home.conf.write_text(f"{good}Listen 127.0.0.1:{taken.getsockname()[1]}\n")
            assert "could not bind to address" in failure("restart", home.conf)
        assert (home.pid(), home.answer()) == (first, f"Hello {home.directory}")
        home.conf.write_text(good)
        assert run("restart", home.conf).returncode == 0
        assert home.pid() != first and home.answer() == f"Hello {home.directory}"

    def test_restart_of_a_unix_socket(self, home: Home, tmp_path: Path) -> None:
        """It stays in its place from one server to the next, and goes with the last one."""
        home.fill()
        place = tmp_path / "s"
        home.conf.write_text(f"{home.conf.read_text()}Listen unix:{place}\n")
        run("start", home.conf)
        before = place.stat().st_ino
        for _ in range(2):
            assert run("restart", home.conf).stderr == ""
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(place))
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        assert place.stat().st_ino == before
        run("stop", home.conf)
        assert not place.exists()

    def test_restart_with_other_addresses(self, home: Home) -> None:
        """Sockets that the new configuration does not name are closed, others are opened."""
        home.fill()
        run("start", home.conf)
        old, home.port = home.port, free_port()
        home.conf.write_text(home.conf.read_text().replace(f":{old}", f":{home.port}"))
        assert run("restart", home.conf).returncode == 0
        assert home.answer() == f"Hello {home.directory}"
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", old)) != 0

    def test_restart_without_the_offer(self, home: Home) -> None:
        """A server that cannot be asked for its sockets is stopped, and started."""
        home.fill()
        run("start", home.conf)
        first = home.pid()
        (home.directory / "logs" / "httpd.pid.sock").unlink()
        assert run("restart", home.conf).returncode == 0
        assert home.pid() != first and home.answer() == f"Hello {home.directory}"

    def test_port_in_use(self, home: Home) -> None:
        """A server that cannot start says why, and leaves nothing behind."""
        home.fill()
        run("start", home.conf)
        other = Home(home.directory.with_name("other"))
        other.port = home.port
        other.fill()
        assert "could not bind to address" in failure("start", other.conf)
        assert not (other.directory / "logs" / "httpd.pid").exists()

    def test_stale_process_id(self, home: Home) -> None:
        """A process id that a stranger has got by now is nobody to stop."""
        home.fill()
        with subprocess.Popen(["sleep", "60"]) as stranger:
            (home.directory / "logs" / "httpd.pid").write_text(str(stranger.pid))
            assert "the server is not running" in failure("stop", home.conf)
            assert stranger.poll() is None
            assert run("start", home.conf).returncode == 0
            stranger.terminate()
        assert home.answer() == f"Hello {home.directory}"
