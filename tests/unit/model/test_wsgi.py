"""WSGI over a request (PEP 3333): the parts that need no application. See also `test_mp_request`."""

from __future__ import annotations

from pathlib import Path

import pytest

from olexd.model import wsgi
from tests.unit.python_support import make_config, make_request


class TestErrorStream:
    def test_lines(self, tmp_path: Path) -> None:
        """Each line is an entry; what is left of one waits for `flush()`."""
        log = tmp_path / "log"
        errors = wsgi.ErrorStream(make_request(f"ErrorLog {log}")._record)
        assert errors.write("one\r\ntwo\nthr") == 12
        errors.writelines(["ee\n", "rest"])
        assert [line.rpartition("] ")[2] for line in log.read_text().splitlines()] == ["one", "two", "three"]
        errors.flush()
        errors.flush()
        assert log.read_text().count("[wsgi:error]") == 4


class TestVariables:
    def test_are_put_into_the_environment_table_later(self) -> None:
        """What WSGI applications see is in `subprocess_env` as well, once somebody looks."""
        req = make_request(uri="/\u00e9", headers=[(b"X-A", b"\xe9"), (b"X-A", b"2")])
        env = req.build_wsgi_env() or {}
        assert (env["PATH_INFO"], env["HTTP_X_A"]) == ("/\xc3\xa9", "\xe9, 2")
        assert req._record.cgi_variables is not None
        table = req.subprocess_env
        assert (table["REQUEST_URI"], table["HTTP_X_A"]) == ("/\u00e9", "\u00e9, 2")
        assert req._record.cgi_variables is None

    def test_what_handlers_set(self) -> None:
        """Variables of the configuration and of handlers are there, under those of CGI."""
        req = make_request(make_config("LoadModule env_module x\nSetEnv FROM_CONFIG c"))
        req.subprocess_env["MINE"] = b"\xc3\xa9"
        req.subprocess_env["REQUEST_METHOD"] = "FAKE"
        env = req.build_wsgi_env() or {}
        assert (env["MINE"], env["REQUEST_METHOD"]) == ("\xc3\xa9", "GET")
        assert "SCRIPT_FILENAME" not in env

    def test_a_proxy_that_speaks_tls(self) -> None:
        """What a trusted proxy says of its client's TLS counts."""
        req = make_request()
        assert (req.build_wsgi_env() or {})["wsgi.url_scheme"] == "http"
        req.subprocess_env["HTTPS"] = "on"
        assert (req.build_wsgi_env() or {})["wsgi.url_scheme"] == "https"

    def test_the_server_as_the_client_names_it(self) -> None:
        """Each request finds the name and port that it used; made-up names do not fill the memory."""
        config = make_config("")
        for number in (*range(200), 0):
            req = make_request(config)
            req._record.hostname, req._record.port_in_host = f"h{number}.test", 1000 + number
            env = req.build_wsgi_env() or {}
            assert (env["SERVER_NAME"], env["SERVER_PORT"]) == (f"h{number}.test", str(1000 + number))
        assert len(req._record.conf.__dict__["server_variables"]) <= 64

    def test_changed_header_fields(self) -> None:
        """A handler's changes of the request's fields count."""
        req = make_request(headers=[(b"X-A", b"1"), (b"Authorization", b"Basic eA==")])
        req.headers_in["X-B"] = "2"
        del req.headers_in["X-A"]
        env = req.build_wsgi_env() or {}
        assert ("HTTP_X_A" in env, env["HTTP_X_B"], env["HTTP_AUTHORIZATION"]) == (False, "2", "Basic eA==")

    @pytest.mark.parametrize(("target", "info"), [("/%FF", "/\xff"), ("/%C3%BF", "/\xc3\xbf")])
    def test_paths_are_bytes(self, target: str, info: str) -> None:
        """Both targets are the same text, but not the same bytes."""
        req = make_request(uri="/\xff")
        req._record.unparsed_uri = target
        assert (req.build_wsgi_env() or {})["PATH_INFO"] == info
