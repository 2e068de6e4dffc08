"""The request that handlers hold (core spec 3)."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from mod_python import apache
from olexd.errors import ClientGone, ServerReturn
from olexd.model.finfo import stat
from olexd.model.mp_request import mp_request
from olexd.model.table import Table
from olexd.model.tls import TlsFacts
from olexd.modules.aaa.authz_core import decide_early
from tests.unit.python_support import FakeOutput, drive, make_record, make_request, sent

BASIC = "<Location />\nAuthType Basic\nAuthName site\n</Location>"


def credentials(text: str) -> tuple[bytes, bytes]:
    return b"Authorization", b"Basic " + base64.b64encode(text.encode("latin-1"))


class TestAttributes:
    def test_one_object_in_all_phases_keeps_what_handlers_put_on_it(self) -> None:
        """Attributes of the application's own live as long as the request."""
        req = make_request()
        req.form = 1
        assert req._record.python is req
        assert req._record.python.form == 1
        del req.form
        with pytest.raises(AttributeError, match="'mp_request' object has no attribute 'form'"):
            req.form  # noqa: B018

    @pytest.mark.parametrize("name", ["uri", "filename", "path_info", "user", "content_type", "status_line"])
    @pytest.mark.parametrize("value", [None, 1, "€", bytearray(b"x")])
    def test_text_attributes_take_latin1_text_and_bytes_only(self, name: str, value: Any) -> None:
        """Anything else raises the original's TypeError."""
        with pytest.raises(TypeError, match="not an ISO-8859-1 string"):
            setattr(make_request(), name, value)

    @pytest.mark.parametrize("name", ["args", "handler"])
    def test_some_text_attributes_take_none(self, name: str) -> None:
        """`args` and `handler` can be unset."""
        req = make_request(args="a=b")
        setattr(req, name, None)
        assert getattr(req, name) is None

    @pytest.mark.parametrize("value", ["/é", "/é".encode()])
    def test_text_reads_back_as_it_was_set(self, value: str | bytes) -> None:
        """What is assigned is what is read, whether str or UTF-8 bytes."""
        req = make_request()
        req.uri = value  # type: ignore[assignment]
        assert req.uri == "/é"

    @pytest.mark.parametrize("name", ["status", "no_cache", "assbackwards", "used_path_info", "proxyreq"])
    @pytest.mark.parametrize("value", ["x", 1.5, None])
    def test_int_attributes_take_ints_only(self, name: str, value: Any) -> None:
        """Anything else raises TypeError."""
        with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
            setattr(make_request(), name, value)

    def test_chunked_has_words_of_its_own(self) -> None:
        """`chunked` refuses with its own text."""
        with pytest.raises(TypeError, match="chunked must be a integer"):
            make_request().chunked = None  # type: ignore[assignment]

    def test_content_type_notes_that_it_was_set(self) -> None:
        """Assigning the type marks it as the handler's choice."""
        req = make_request()
        assert req._content_type_set == 0
        req.content_type = "text/plain"
        assert (req.content_type, req._content_type_set) == ("text/plain", 1)

    def test_the_uri_and_its_parts(self) -> None:
        """Changing `uri` leaves `parsed_uri` as it was."""
        req = make_request(uri="/d/f", args="a=1")
        req._record.port_in_host = 81
        req.uri = "/other"
        assert req.parsed_uri == (None, None, None, None, None, 81, "/d/f", "a=1", None)

    def test_the_parts_of_an_absolute_target(self) -> None:
        """A target with a scheme gives scheme and host too."""
        req = make_request(uri="/x", args="a=1")
        req._record.unparsed_uri = "http://u:p@Site.test:81/x?a=1"
        assert req.parsed_uri == ("http", "Site.test:81", "u", "p", "Site.test", 81, "/x", "a=1", None)

    def test_targets_that_only_look_absolute(self) -> None:
        """A path may have another URL in it; a URL need not have a path."""
        req = make_request(uri="/http:/site.test/x")
        req._record.unparsed_uri = "/http://site.test/x"
        assert req.parsed_uri == (None, None, None, None, None, None, "/http:/site.test/x", None, None)
        req = make_request(uri="/", args="a=1")
        req._record.unparsed_uri = "HTTP://site.test?a=1"
        assert req.parsed_uri == ("HTTP", "site.test", None, None, "site.test", None, None, "a=1", None)

    def test_finfo_follows_the_file_and_can_be_replaced(self, tmp_path: Path) -> None:
        """`finfo` is that of `filename`; only an mp_finfo can take its place."""
        req = make_request()
        assert req.finfo.filetype == 0
        (tmp_path / "f").write_text("four")
        found = stat(str(tmp_path / "f"), 0)
        req.finfo = found
        assert req.finfo is found
        with pytest.raises(TypeError, match="finfo must be a finfoobject"):
            req.finfo = 1  # type: ignore[assignment]

    def test_tables_are_the_same_each_time(self) -> None:
        """Request tables are live: the same object at every access."""
        req = make_request()
        for name in ("headers_in", "headers_out", "err_headers_out", "notes", "subprocess_env"):
            assert getattr(req, name) is getattr(req, name)
            assert isinstance(getattr(req, name), Table)

    def test_the_note_of_the_init_phase_is_always_there(self) -> None:
        """`notes` carries what mod_python notes in every request."""
        assert make_request().notes["python_init_ran"] == "1"

    def test_numbers_of_methods(self) -> None:
        """HEAD counts as GET, unknown and lower-case methods as invalid."""
        numbers = [make_request(method=m).method_number for m in ("GET", "HEAD", "POST", "get", "X")]
        assert numbers == [0, 0, 2, 26, 26]

    def test_the_chain_of_redirects(self) -> None:
        """`prev` and `main` are requests too, with their attributes."""
        first, second = make_request(), make_request()
        second._record.prev = first._record
        first.token = 5
        assert second.prev is first
        assert second.main is None

    def test_interpreters(self) -> None:
        """The interpreter's name follows the directives, by default the host."""
        assert make_request().interpreter == "app.test"
        assert make_request("PythonInterpreter mine").interpreter == "mine"
        per_directory = make_request("PythonInterpPerDirectory On")
        assert per_directory.interpreter == "main_interpreter"
        per_directory.filename = "/srv/www/x.py"
        assert per_directory.interpreter == "/srv/www/"

    def test_the_address_of_a_forwarded_client_has_no_port(self) -> None:
        """`useragent_addr` is the peer, or the client a proxy named."""
        req = make_request()
        assert req.useragent_addr == ("192.0.2.7", 4711)
        req._record.user_ip = "203.0.113.9"
        assert (req.useragent_addr, req.useragent_ip) == (("203.0.113.9", 0), "203.0.113.9")
        assert req.connection.client_addr == ("192.0.2.7", 4711)


class TestWriting:
    def test_text_is_sent_as_utf8(self) -> None:
        """str goes out as UTF-8, bytes as they are; each write is flushed unless told otherwise."""
        req = make_request()
        req.write("é", 0)
        req.write(b"\xff")
        assert sent(req._record) == "é".encode() + b"\xff"
        assert req._bytes_queued == 3

    @pytest.mark.parametrize("empty", ["", b""])
    def test_writing_nothing_commits_nothing(self, empty: str | bytes) -> None:
        """An empty write is no write."""
        req = make_request()
        req.write(empty)
        assert req.sent_bodyct == 0

    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (1, "a bytes-like object is required, not 'int'"),
            (None, "a bytes-like object is required, not 'NoneType'"),
            (bytearray(b"x"), "argument 1 must be read-only bytes-like object, not bytearray"),
            (memoryview(b"x"), "argument 1 must be read-only bytes-like object, not memoryview"),
        ],
    )
    def test_only_text_and_bytes_can_be_written(self, data: Any, text: str) -> None:
        """Other types are refused in the original's words."""
        with pytest.raises(TypeError, match=text):
            make_request().write(data)

    def test_lone_surrogates_cannot_be_written(self) -> None:
        """Text that has no UTF-8 form raises UnicodeEncodeError."""
        with pytest.raises(UnicodeEncodeError):
            make_request().write("\ud800")

    def test_a_client_that_left(self) -> None:
        """Writing and flushing then raise OSError, each with its text."""
        req = make_request()
        output: Any = req._record.output
        output.gone = True
        with pytest.raises(ClientGone, match="Write failed, client closed connection"):
            req.write("x")
        with pytest.raises(OSError, match="Flush failed, client closed connection"):
            req.flush()

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [((), b"0123456789"), ((4,), b"456789"), ((4, 3), b"456"), ((8, 99), b"89"), ((99,), b"")],
    )
    def test_sending_a_file(self, tmp_path: Path, arguments: tuple[int, ...], expected: bytes) -> None:
        """Offset and length are held within the file."""
        (tmp_path / "f").write_bytes(b"0123456789")
        req = make_request()
        assert req.sendfile(str(tmp_path / "f"), *arguments) == len(expected)
        assert sent(req._record) == expected

    def test_files_that_cannot_be_sent(self, tmp_path: Path) -> None:
        """Missing files and directories raise OSError in the original's words."""
        req = make_request()
        with pytest.raises(OSError, match="Could not stat file for reading"):
            req.sendfile(str(tmp_path / "nope"))
        with pytest.raises(OSError, match="Write failed"):
            req.sendfile(str(tmp_path))
        with pytest.raises(TypeError, match="argument 1 must be str, not bytes"):
            req.sendfile(b"/")  # type: ignore[arg-type]

    def test_the_length_is_announced(self) -> None:
        """`set_content_length` sets the header and `clength`."""
        req = make_request()
        req.set_content_length(5)
        assert (req.clength, req.headers_out["Content-Length"]) == (5, "5")


class TestReading:
    def test_the_body(self) -> None:
        """`read`, `readline` and `readlines` share one stream and lose nothing."""
        req = make_request(method="POST", body=b"one\ntwo\nthree\nfour\nfive")
        assert req.readline() == b"one\n"
        assert req.read(2) == b"tw"
        assert req.readline(1) == b"o"
        assert req.readlines(3) == [b"\n", b"three\n"]
        assert req.read() == b"four\nfive"
        assert req.read() == b""

    @pytest.mark.parametrize("size", [None, 1.0, "x"])
    @pytest.mark.parametrize("method", ["read", "readline", "readlines"])
    def test_sizes_are_ints(self, method: str, size: Any) -> None:
        """Other types raise TypeError."""
        with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
            getattr(make_request(), method)(size)

    def test_reading_on_the_reactor_is_refused_with_advice(self) -> None:
        """A handler on the reactor's thread is told to await."""
        req = make_request(body=b"x")
        req._record.connection.on_reactor = True
        with pytest.raises(RuntimeError, match=r"await req\.aread"):
            req.read()

    def test_a_coroutine_reads(self) -> None:
        """`aread` reads what has arrived."""
        record = make_record(body=b"abc")
        record.connection.on_reactor = True
        req = mp_request(record)

        async def read() -> int:
            return len(await req.aread(2)) + len(await req.aread())

        assert drive(record, read()) == 3

    def test_a_body_over_the_limit(self) -> None:
        """A refused body raises SERVER_RETURN with its status."""
        from olexd.errors import BadRequest

        req = make_request(body=b"x")
        req._record.body._parts.clear()
        req._record.body.complete = False
        req._record.body.fail(BadRequest(413, "too long"))
        with pytest.raises(ServerReturn) as raised:
            req.read(5)
        assert raised.value.args == (413,)


class TestHandlers:
    @pytest.mark.parametrize("phase", ["X", "PythonCleanupHandler", "PythonOutputFilter"])
    def test_unknown_phases(self, phase: str) -> None:
        """Only the eleven request phases can be added to."""
        req = make_request()
        req._record.phase = "PythonHandler"
        with pytest.raises(IndexError, match=f"Invalid phase: {phase}"):
            req.add_handler(phase, "m")

    def test_handlers_are_named(self) -> None:
        """Functions are refused."""
        with pytest.raises(TypeError, match="argument 2 must be str, not builtin_function_or_method"):
            make_request().add_handler("PythonHandler", len)  # type: ignore[arg-type]

    def test_not_in_cleanups(self) -> None:
        """Outside of a phase there is nothing to add to."""
        with pytest.raises(RuntimeError, match="outside of a phase"):
            make_request().add_handler("PythonHandler", "m")

    def test_the_directory_is_absolute_with_a_slash(self) -> None:
        """`dir` becomes the handler's directory; without it there is none."""
        req = make_request()
        req._record.phase = "PythonInitHandler"
        req.add_handler("PythonHandler", "m", "/srv/app")
        req.add_handler("PythonHandler", "n")
        added = (req._record.added_handlers or {})["PythonHandler"]
        assert [entry.directory for entry in added] == ["/srv/app/", None]

    def test_cleanups(self) -> None:
        """A cleanup gets its data, without a phase; only callables can be registered."""
        req = make_request()
        req._record.phase = "PythonHandler"
        seen: list[Any] = []
        req.register_cleanup(lambda data: seen.append((data, req.phase)), 7)
        req._record.cleanups.pop()()
        assert seen == [(7, None)]
        with pytest.raises(ValueError, match="first argument must be a callable object"):
            req.register_cleanup(1)  # type: ignore[arg-type]

    def test_a_failing_cleanup_is_logged(self, tmp_path: Path) -> None:
        """It raises nothing, and the log has two lines."""
        req = make_request(f"ErrorLog {tmp_path}/log")
        req.register_cleanup(lambda data: 1 / data, 0)
        req._record.cleanups.pop()()
        lines = (tmp_path / "log").read_text().splitlines()
        assert "python_cleanup: Error calling cleanup object <function" in lines[0]
        assert lines[1].endswith("    <class 'ZeroDivisionError'>: division by zero")

    def test_redirects_go_to_the_site(self) -> None:
        """The new URI reaches the redirector; None and bytes do not."""
        req = make_request()
        redirector = Mock()
        req._record.connection.redirector = redirector
        req.internal_redirect("/x?y")
        redirector.wait.assert_called_once_with(req._record, "/x?y")
        for bad in (None, b"/x", 1):
            with pytest.raises(TypeError, match="argument 1 must be str"):
                req.internal_redirect(bad)  # type: ignore[arg-type]

    def test_unknown_filters_are_logged(self, tmp_path: Path) -> None:
        """No exception, one line."""
        req = make_request(f"ErrorLog {tmp_path}/log")
        req.add_output_filter("NOPE")
        req.add_output_filter("CONTENT_LENGTH")
        assert (tmp_path / "log").read_text().count("an unknown filter was not added: NOPE") == 1


class TestWhoAndWhere:
    def test_requirements(self) -> None:
        """The Require lines that speak of the method, those inside containers included."""
        config = (
            "<Location />\nRequire user joe 'ann b'\n<RequireAll>\nRequire valid-user\n"
            "Require not ip 192.0.2.1\n</RequireAll>\n"
            "<Limit POST>\nRequire group staff\n</Limit>\n</Location>"
        )
        lines = ("user joe ann b", "valid-user", "not ip 192.0.2.1")
        for method, expected in (("GET", lines), ("POST", (*lines, "group staff"))):
            record = make_record(config, method=method)
            assert mp_request(record).requires() == ()
            drive(record, decide_early(record))
            assert mp_request(record).requires() == expected

    def test_requirements_of_two_sections(self) -> None:
        """The lines of both, where both have to grant."""
        config = (
            "<Location />\nRequire ip 127\nRequire local\n</Location>\n"
            "<Location /a>\nAuthMerging And\nRequire method GET\n</Location>"
        )
        record = make_record(config, uri="/a")
        drive(record, decide_early(record))
        assert mp_request(record).requires() == ("ip 127", "local", "method GET")

    def test_basic_credentials(self) -> None:
        """The password is what follows the first colon; the user and the scheme are noted."""
        req = make_request(BASIC, headers=[credentials("jo:p:w")])
        assert req.get_basic_auth_pw() == "p:w"
        assert (req.user, req.ap_auth_type) == ("jo", "Basic")

    def test_credentials_without_a_colon(self) -> None:
        """They have an empty password."""
        assert make_request(BASIC, headers=[credentials("jo")]).get_basic_auth_pw() == ""

    @pytest.mark.parametrize("headers", [[], [(b"Authorization", b"Bearer x")]])
    def test_missing_credentials_are_asked_for(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Nobody is noted and a challenge is prepared."""
        req = make_request(BASIC, headers=headers)
        assert req.get_basic_auth_pw() is None
        assert (req.user, req.err_headers_out["WWW-Authenticate"]) == (None, 'Basic realm="site"')

    def test_malformed_credentials(self) -> None:
        """They are those of a user without a name, whom no handler should let in."""
        req = make_request(BASIC, headers=[(b"Authorization", b"Basic \xff")])
        assert (req.get_basic_auth_pw(), req.user) == ("", "")

    def test_name_of_realm(self) -> None:
        """Quotes that are not escaped already come back escaped."""
        config = '<Location />\nAuthName "a \\"b\\" c"\n</Location>'
        assert make_request(config).auth_name() == 'a \\"b\\" c'

    @pytest.mark.parametrize("config", ["", "AuthName x", "AuthType Digest\nAuthName x"])
    def test_credentials_need_basic_in_effect(self, config: str) -> None:
        """Without AuthType Basic and a name, credentials are not looked at."""
        config = f"<Location />\n{config}\n</Location>"
        req = make_request(config, headers=[credentials("jo:pw")])
        assert req.get_basic_auth_pw() is None
        assert req.err_headers_out.items() == []

    @pytest.mark.parametrize(
        ("port", "url"),
        [(None, "http://app.test/x"), (80, "http://app.test/x"), (81, "http://app.test:81/x")],
    )
    def test_urls(self, port: int | None, url: str) -> None:
        """Host and port are the client's; the scheme's own port is left out."""
        req = make_request()
        req._record.port_in_host = port
        assert req.construct_url("/x") == url

    def test_remote_hosts(self) -> None:
        """Without look-ups there is an address and no name."""
        req = make_request()
        assert (req.get_remote_host(), req.get_remote_host(0), req.get_remote_host(1, 1)) == (
            "192.0.2.7",
            None,
            ("192.0.2.7", 1),
        )

    def test_tls(self) -> None:
        """TLS variables exist when the client spoke TLS, or mod_ssl is loaded."""
        req = make_request()
        assert (req.is_https(), req.ssl_var_lookup("HTTPS")) == (0, None)
        connection = req._record.connection
        connection.settle_tls(TlsFacts(connection.base, "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256))
        found = [req.ssl_var_lookup(name) for name in ("HTTPS", "ssl_protocol", "REQUEST_METHOD", "X")]
        assert (req.is_https(), found) == (1, ["on", "TLSv1.3", "GET", ""])
        loaded = make_request("LoadModule ssl_module mod_ssl.so")
        assert [loaded.ssl_var_lookup(name) for name in ("HTTPS", "SSL_PROTOCOL")] == ["off", ""]


class TestConfiguration:
    def test_settings_and_options(self) -> None:
        """Only what was given is there; removed options are not; changes last for the request."""
        req = make_request(
            'PythonDebug On\nPythonPath "sys.path"\nPythonOption a 1\nPythonOption B 2\n'
            "<Location /x>\nPythonOption b\nPythonOption c 3\n</Location>",
            uri="/x",
        )
        assert dict(req.get_config()) == {"PythonPath": "sys.path", "PythonDebug": "1"}
        assert req.get_options().items() == [("a", "1"), ("c", "3")]
        req.get_options()["d"] = "4"
        assert req.get_options()["D"] == "4"

    def test_extensions_of_handlers(self) -> None:
        """`AddHandler mod_python` extensions come without dots."""
        assert make_request("AddHandler mod_python .mpy mpx").get_addhandler_exts() == "mpy mpx "


class TestHead:
    def test_allowed_methods(self) -> None:
        """Known methods go into the mask, others show; reset forgets both."""
        req = make_request()
        req.allow_methods(["HEAD", "POST", "FOO"])
        assert (req.allowed_methods, req._record.methods_allowed) == (("FOO",), {"GET", "POST"})
        req.allow_methods([], 1)
        assert req.allowed_methods == ("FOO",)
        req.allow_methods(["PUT"], 1)
        assert (req.allowed_methods, req._record.methods_allowed) == ((), {"PUT"})
        with pytest.raises(TypeError, match="First argument must be a sequence"):
            req.allow_methods(1)  # type: ignore[arg-type]

    def test_allowed_methods_as_in_old_versions(self) -> None:
        """`apache.allow_methods()` takes names and numbers."""
        req = make_request()
        apache.allow_methods(req, apache.M_PUT, "GET")
        assert req._record.methods_allowed == {"GET", "PUT"}
        with pytest.raises(ValueError, match="no method has the number 99"):
            apache.allow_methods(req, 99)

    def test_times_and_tags(self) -> None:
        """`mtime` only grows, in whole seconds; without a file the tag is "0"."""
        req = make_request()
        req.update_mtime(1.9)
        req.update_mtime(0)
        req.set_last_modified()
        req.set_etag()
        assert req.mtime == 1.0
        assert req.headers_out["Last-Modified"] == "Thu, 01 Jan 1970 00:00:01 GMT"
        assert req.headers_out["ETag"] == '"0"'
        with pytest.raises(TypeError, match="must be real number, not str"):
            req.update_mtime("x")  # type: ignore[arg-type]

    @pytest.mark.parametrize(("message", "level"), [(b"x", 3), (1, 3), ("x", "y")])
    def test_log_arguments(self, message: Any, level: Any) -> None:
        """Messages are str or None, levels int."""
        with pytest.raises(TypeError):
            make_request().log_error(message, level)

    def test_log_levels(self, tmp_path: Path) -> None:
        """Level 0 is an error; None is nothing; LogLevel counts."""
        req = make_request(f"ErrorLog {tmp_path}/log")
        req.log_error("bad", 0)
        req.log_error(None)
        req.log_error("quiet", 7)
        (line,) = (tmp_path / "log").read_text().splitlines()
        assert "[:error]" in line
        assert line.endswith("[client 192.0.2.7:4711] bad")


class TestEnvironment:
    def test_cgi_variables(self) -> None:
        """The CGI variables are mod_python's, the path ones decoded."""
        headers = [(b"Host", b"app.test"), (b"Proxy", b"evil"), (b"X_Y", b"evil"), (b"Authorization", b"x")]
        req = make_request(uri="/s/info", args="a=b", headers=headers)
        req.filename = "/srv/s"
        req.path_info = "/info"
        req.add_cgi_vars()
        env = req.subprocess_env
        expected = {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REQUEST_URI": "/s/info",
            "SCRIPT_NAME": "/s",
            "PATH_INFO": "/info",
            "QUERY_STRING": "a=b",
            "HTTP_HOST": "app.test",
            "SERVER_NAME": "app.test",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "192.0.2.7",
            "SCRIPT_FILENAME": "/srv/s",
        }
        assert {name: env.get(name) for name in expected} == expected
        assert [name for name in env if "PROXY" in name or "X_Y" in name or "AUTH" in name] == []

    def test_scripts_without_a_file_have_no_file_name(self) -> None:
        """SCRIPT_FILENAME is None for Location handlers."""
        req = make_request()
        req.add_common_vars()
        assert req.subprocess_env["SCRIPT_FILENAME"] is None

    @pytest.mark.parametrize(
        ("base", "uri", "split"),
        [
            ("/app", "/app/x", ("/app", "/x")),
            ("/app", "/app", ("/app", "")),
            ("/app", "/apple", None),
            ("", "/x", ("", "/x")),
        ],
    )
    def test_wsgi_bases(self, base: str, uri: str, split: tuple[str, str] | None) -> None:
        """URLs are split at whole segments; outside the base there is no environment."""
        env = make_request(f'PythonOption mod_python.wsgi.base_uri "{base}"', uri=uri).build_wsgi_env()
        assert (None if env is None else (env["SCRIPT_NAME"], env["PATH_INFO"])) == split

    def test_wsgi_bases_end_without_a_slash(self) -> None:
        """A base that ends in a slash is refused."""
        with pytest.raises(ValueError, match="must not end with '/'"):
            make_request("PythonOption mod_python.wsgi.base_uri /x/", uri="/x/").build_wsgi_env()

    def test_wsgi_text_is_latin1(self) -> None:
        """WSGI strings hold bytes as Latin-1 characters, and None is left out."""
        env = make_request(uri="/é").build_wsgi_env() or {}
        assert env["PATH_INFO"] == "/é".encode().decode("latin-1")
        assert "SCRIPT_FILENAME" not in env
        assert env["wsgi.input"] is not None

    def test_start_response(self) -> None:
        """Status, status line, headers and type are set; `write` comes back."""
        req = make_request()
        write = req.wsgi_start_response(
            "404 Gone Fishing", [("Content-Type", "text/x"), ("A", "1"), ("A", "2")]
        )
        assert (req.status, req.status_line, req.content_type) == (404, "404 Gone Fishing", "text/x")
        assert req.headers_out["A"] == ["1", "2"]
        assert write == req.write

    @pytest.mark.parametrize(
        ("status", "headers", "error", "text"),
        [
            (1, [], TypeError, "argument 1 must be str, not int"),
            ("x", [], ValueError, "Invalid status line: x"),
            ("2000 X", [], ValueError, "Invalid status line"),
            ("200 OK", (("a", "b"),), TypeError, "headers argument must be a list, not a 'tuple'"),
            ("200 OK", [["a", "b"]], TypeError, "each header must be a tuple, not a 'list'"),
            ("200 OK", [("a", 1)], TypeError, "header values must be strings, not 'int'"),
            ("200 OK", [(1, "a")], TypeError, "header names must be strings, not 'int'"),
        ],
    )
    def test_bad_responses(self, status: Any, headers: Any, error: type[Exception], text: str) -> None:
        """What is no WSGI response is refused, and nothing is set."""
        req = make_request()
        with pytest.raises(error, match=text):
            req.wsgi_start_response(status, headers)
        assert (req.status, req.headers_out.items()) == (200, [])

    def test_errors_after_the_head_was_sent(self) -> None:
        """With `exc_info` headers are replaced, or the error is raised when they are gone out."""
        req = make_request()
        req.headers_out["A"] = "1"
        error = KeyError("x")
        req.wsgi_start_response("500 X", [], (KeyError, error, None))  # type: ignore[arg-type]
        assert req.headers_out.items() == []
        output: Any = req._record.output
        assert isinstance(output, FakeOutput)
        output.committed = True
        with pytest.raises(KeyError):
            req.wsgi_start_response("500 X", [], (KeyError, error, None))  # type: ignore[arg-type]
