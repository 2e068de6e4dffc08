"""`mod_python.apache`: functions (core spec 5.1, 5.4), CGI streams, global locks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import mod_python
from mod_python import _apache, _locks, apache
from olexd.lockwaits import count_waiting
from olexd.model import runtime
from olexd.model.mp_server import server_of
from tests.unit.python_support import make_config, make_request, sent

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def server(tmp_path: Path) -> Any:
    """A running server's configuration."""
    config = make_config(
        f"ErrorLog {tmp_path}/log\nPythonOption a 1\nPythonOption b\n"
        "<Directory />\nRequire all granted\n</Directory>\n"
        "<VirtualHost *:80>\nServerName one.test:81\nServerAlias x *.y\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName two.test\nPythonOption a 2\n</VirtualHost>",
        defines=("ONE",),
    )
    runtime.set_config(config)
    return apache.main_server


def logged(tmp_path: Path) -> list[str]:
    path = tmp_path / "log"
    return path.read_text().splitlines() if path.exists() else []


class TestServer:
    def test_the_order_of_servers(self, server: Any) -> None:
        """The main server first, then virtual hosts backwards."""
        names = []
        while server is not None:
            names.append(server.server_hostname)
            server = server.next
        assert names == ["app.test", "two.test", "one.test"]

    def test_a_virtual_host(self, server: Any) -> None:
        """What its section says, and where it stands."""
        one = server.next.next
        assert (one.port, one.names, one.wild_names, one.is_virtual) == (81, ("x",), ("*.y",), 1)
        assert (one.defn_name, one.defn_line_number > 0) == ("<text>", True)
        assert (server.port, server.is_virtual, server.defn_name, server.defn_line_number) == (0, 0, None, 0)

    def test_limits_and_times(self, server: Any) -> None:
        """The values of the core's directives."""
        assert (server.timeout, server.keep_alive, server.keep_alive_max) == (60.0, 1, 100)
        assert (server.limit_req_line, server.limit_req_fieldsize, server.limit_req_fields) == (
            8190,
            8190,
            100,
        )
        assert (server.loglevel, server.pathlen, server.path) == (4, 0, None)

    def test_options(self, server: Any) -> None:
        """Removed options show as empty at server level; hosts inherit."""
        assert server.get_options().items() == [("a", "1"), ("b", "")]
        assert server.next.get_options()["a"] == "2"
        assert server.get_config().items() == []

    def test_attributes(self, server: Any) -> None:
        """Applications may add their own; the server's own are fixed."""
        server.mine = 1
        assert apache.main_server.mine == 1
        assert "mine" not in dir(server)
        assert not hasattr(server, "__dict__")
        with pytest.raises(AttributeError, match="attribute 'port' of 'mp_server' objects is not writable"):
            server.port = 1

    def test_cleanups_run_newest_first_at_the_end(self, server: Any, tmp_path: Path) -> None:
        """Failures are logged and stop nothing; wrong arguments are refused."""
        seen: list[int] = []
        apache.register_cleanup(seen.append, 1)
        server.register_cleanup(make_request(runtime.config()), seen.append, 2)
        _apache.register_cleanup("any", server, seen.index, 99)
        runtime.run_cleanups()
        assert seen == [2, 1]
        assert "python_cleanup: Error calling cleanup object" in logged(tmp_path)[0]
        with pytest.raises(ValueError, match="third argument must be a callable object"):
            apache.register_cleanup(1)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="first argument must be a request object"):
            server.register_cleanup(1, len)
        with pytest.raises(ValueError, match="second argument must be a callable object"):
            server.register_cleanup(make_request(runtime.config()), 1)

    def test_generations(self, server: Any) -> None:
        """Each new configuration is one more."""
        before = server.my_generation
        runtime.set_config(runtime.config())
        assert apache.main_server.my_generation == before + 1


class TestConnection:
    def test_keepalive_can_be_set(self) -> None:
        """It takes ints only; everything else is fixed."""
        connection = make_request().connection
        connection.keepalive = apache.AP_CONN_CLOSE
        assert connection._record.keepalive == 1
        with pytest.raises(TypeError, match="keepalive must be a integer"):
            connection.keepalive = "x"  # type: ignore[assignment]
        with pytest.raises(AttributeError, match="readonly attribute"):
            connection.id = 1  # type: ignore[misc]
        with pytest.raises(AttributeError, match=r"^foo$"):
            connection.foo = 1  # type: ignore[attr-defined]
        with pytest.raises(AttributeError, match="can't delete connection attributes"):
            del connection.id

    def test_the_old_names_warn_once(self, tmp_path: Path) -> None:
        """`remote_ip` and `remote_addr` work, and the log says what they are called now."""
        from olexd.model import mp_connection

        mp_connection._deprecations_told.clear()
        connection = make_request(runtime.config()).connection
        assert [connection.remote_ip, connection.remote_ip] == ["192.0.2.7"] * 2
        assert connection.remote_addr == ("192.0.2.7", 4711)
        assert len(logged(tmp_path)) == 2

    def test_one_object(self) -> None:
        """A connection's server is that of its address."""
        req = make_request()
        assert req.connection is req.connection
        assert req.connection.base_server is server_of(req._record.host, req._record.connection.config)


class TestFunctions:
    def test_facts_of_the_process(self) -> None:
        """Defines, the process model, the root, the tree."""
        assert (apache.exists_config_define("ONE"), apache.exists_config_define("TWO")) == (True, False)
        assert (apache.mpm_query(apache.AP_MPMQ_IS_THREADED), apache.mpm_query(99)) == (1, 0)
        assert os.path.isabs(apache.server_root())
        assert ("ServerName", "app.test") in apache.config_tree()

    def test_the_tree_is_a_copy(self) -> None:
        """What is done to the tree, or to a list in it, is done to nobody else's."""
        tree = apache.config_tree()
        next(item for item in tree if isinstance(item, list)).clear()
        del tree[0]
        assert len(apache.config_tree()) == len(tree) + 1
        assert all(item for item in apache.config_tree() if isinstance(item, list))

    @pytest.mark.parametrize(
        ("call", "text"),
        [
            (lambda: apache.exists_config_define(1), "argument 1 must be str, not int"),  # type: ignore[arg-type]
            (lambda: apache.mpm_query("x"), "The argument must be an integer"),  # type: ignore[arg-type]
            (lambda: apache.log_error(b"x"), "argument 1 must be str or None, not bytes"),  # type: ignore[arg-type]
            (lambda: apache.log_error("x", 3, 1), "bad argument type"),  # type: ignore[arg-type]
        ],
    )
    def test_wrong_types(self, call: Callable[[], object], text: str) -> None:
        """Refused in the original's words."""
        with pytest.raises(TypeError, match=text):
            call()

    def test_log_levels(self, server: Any, tmp_path: Path) -> None:
        """Notices are always written; else warnings and worse, or what the LogLevel of the server says."""
        for level in range(8):
            apache.log_error(f"level {level}", level)
        apache.log_error("not here", apache.APLOG_INFO, server)
        apache.log_error("level 5", apache.APLOG_NOTICE, server)
        apache.log_error(None)
        assert [line[-1] for line in logged(tmp_path)] == ["0", "1", "2", "3", "4", "5", "5"]

    def test_modules_by_directory(self, tmp_path: Path) -> None:
        """`path` is searched first, and `log` tells of it."""
        (tmp_path / "by_dir").mkdir()
        (tmp_path / "by_dir" / "found_m.py").write_text("x = 1")
        module = apache.import_module("found_m", log=1, path=[str(tmp_path / "by_dir")])
        assert module.x == 1
        assert "mod_python: (Re)importing module 'found_m' with path set to" in logged(tmp_path)[0]

    def test_times_of_modules(self) -> None:
        """A module's time is its file's; built-in ones have none."""
        assert apache.module_mtime(mod_python) == os.stat(mod_python.__file__).st_mtime
        assert apache.module_mtime(sys) == 0

    def test_standard_modules_are_passed_on(self) -> None:
        """`apache.os` and its like are there, other names are not."""
        assert apache.os is os
        assert apache.escape("<") == "&lt;"
        with pytest.raises(AttributeError, match="no attribute 'restart_server'"):
            apache.restart_server  # noqa: B018


def test_everything_can_be_imported_outside_the_server() -> None:
    """Without a server the modules load, and what needs one says so."""
    program = (
        "import mod_python, _apache\nfrom mod_python import apache\n"
        "assert not hasattr(apache, 'main_server')\nassert apache.interpreter == 'main_interpreter'\n"
        "apache.log_error('nobody hears')\n"
        "try:\n    apache.server_root()\nexcept RuntimeError as error:\n    print(error)\n"
    )
    program = program.replace("import mod_python, _apache\n", "import mod_python\nimport _apache\n")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=30
    )
    assert (done.stdout, done.stderr) == ("this needs a running olexd server\n", "")


class TestCgi:
    def test_the_environment(self) -> None:
        """A copy with CGI's own values; the request's stays as it was."""
        req = make_request(uri="/s/i", headers=[(b"Authorization", b"Basic x")])
        req.path_info = "/i"
        env = apache.build_cgi_env(req)
        assert (env["SCRIPT_NAME"], env["GATEWAY_INTERFACE"]) == ("/s", "Python-CGI/1.1")
        assert env["HTTP_AUTHORIZATION"] == "Basic x"
        assert req.subprocess_env["GATEWAY_INTERFACE"] == "CGI/1.1"
        assert "HTTP_AUTHORIZATION" not in req.subprocess_env

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("split", [1, 1000])
    def test_output(self, end: str, split: int) -> None:
        """Header lines set status, type and headers; the rest is the body, however it is cut."""
        req = make_request()
        text = end.join(["Status: 404 Gone", "Content-Type: text/x", "X-A: 1", "X-A: 2", "", "é"])
        out = apache.CGIStdout(req)
        for start in range(0, len(text), split):
            out.write(text[start : start + split])
        assert (req.status, req.content_type, req.headers_out["X-A"]) == (404, "text/x", ["1", "2"])
        assert sent(req._record) == "é".encode()

    def test_output_as_bytes(self) -> None:
        """`buffer` takes bytes."""
        req = make_request()
        apache.CGIStdout(req).buffer.write(b"A: 1\n\n\xff")
        assert sent(req._record) == b"\xff"

    def test_a_header_without_a_colon(self) -> None:
        """It is an error."""
        with pytest.raises(ValueError, match="no colon"):
            apache.CGIStdout(make_request()).write("nonsense\n\n")

    def test_input(self) -> None:
        """The body as text, and as bytes by `buffer`."""
        stdin = apache.CGIStdin(make_request(method="POST", body="é\nb\n".encode()))
        assert (stdin.readline(), stdin.read()) == ("é\n", "b\n")
        assert apache.CGIStdin(make_request(method="POST", body=b"\xff")).buffer.read() == b"\xff"
        assert apache.CGIStdin(make_request()).readlines() == []

    def test_the_process_is_restored(self) -> None:
        """Environment and streams come back as they were."""
        before = dict(os.environ), sys.stdin, sys.stdout, sys.argv
        saved = apache.setup_cgi(make_request())
        try:
            assert os.environ["REQUEST_METHOD"] == "GET"
            assert isinstance(sys.stdout, apache.CGIStdout)
        finally:
            apache.restore_nocgi(*saved)
            sys.argv = before[3]
        assert (dict(os.environ), sys.stdin, sys.stdout) == before[:3]


class TestGlobalLocks:
    def test_a_lock_is_not_reentrant_and_any_thread_frees_it(self, server: Any) -> None:
        """Who has it cannot have it twice; a waiter gets it when it is free."""
        _apache._global_lock(server, "key")
        assert _apache._global_trylock(server, "key") is False
        entered = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lambda: (_apache._global_lock(server, "key"), entered.set()))
            assert not entered.wait(0.05)
            assert count_waiting(pool._threads) == 1
            _apache._global_unlock(server, "key")
            waiting.result(10)
        _apache._global_unlock(server, "key")

    def test_keys_never_use_number_zero(self, server: Any) -> None:
        """It belongs to those who name it."""
        numbers = {_locks._number(server, f"key {n}", -1) for n in range(500)}
        assert numbers == set(range(1, _locks.COUNT))

    @pytest.mark.parametrize("index", [-2, _locks.COUNT])
    def test_numbers_out_of_range(self, server: Any, index: int) -> None:
        """They are refused, as is anything but a server."""
        with pytest.raises(ValueError, match="Lock index is out of range"):
            _apache._global_lock(server, "key", index)
        with pytest.raises(TypeError, match="First argument must be a server object"):
            _apache._global_lock(1, "key")

    def test_what_nobody_has_cannot_be_freed(self, server: Any) -> None:
        """Unlocking twice is an error."""
        with pytest.raises(ValueError, match="Failed to release"):
            _apache._global_unlock(server, "key")

    def test_other_processes_are_kept_out(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """With several workers the lock's byte is taken for other processes too."""
        monkeypatch.setattr(_locks, "default_directory", lambda: str(tmp_path))
        runtime.set_config(make_config("StartServers 2"))
        mine, other = _locks.GlobalLocks(), _locks.GlobalLocks()
        assert mine.acquire(3, True)
        assert not other.acquire(3, False)
        mine.release(3)
        assert other.acquire(3, False)
        other.release(3)
        for locks in (mine, other):
            locks._file.close()
