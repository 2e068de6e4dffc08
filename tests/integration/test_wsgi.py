"""WSGI applications under the real server, as PEP 3333 promises it: checked by `wsgiref.validate`."""

from __future__ import annotations

import ast
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.servers import Olexd, RunningServer, base_config, free_port
from tests.integration.wire import Response, Wire, reset, until

APPLICATIONS = """
import gzip
import io
import os
import sys
import threading
from wsgiref.validate import validator

RECORD = os.path.join(os.path.dirname(__file__), "record")
PLAIN = [("Content-Type", "text/plain")]
go_on = threading.Event()


def record(text):
    with open(RECORD, "a") as file:
        file.write(text + "\\n")


class Closing:
    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        record("closed")


@validator
def valid(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Length", str(len(body)))])
    return [b"valid"]


@validator
def valid_stream(environ, start_response):
    start_response("200 OK", PLAIN)
    if environ["QUERY_STRING"] == "endless":
        return Closing(b"x" * 1000 for _ in range(10**9))
    return Closing(b"%d" % number for number in range(10))


@validator
def valid_lines(environ, start_response):
    lines = list(environ["wsgi.input"])
    environ["wsgi.errors"].write("one\\ntwo")
    environ["wsgi.errors"].flush()
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield repr(lines).encode()


def environment(environ, start_response):
    start_response("200 OK", PLAIN)
    shown = {name: value for name, value in environ.items() if isinstance(value, (str, bool, tuple))}
    return [repr(shown).encode()]


def status(environ, start_response):
    start_response(environ["QUERY_STRING"].replace("+", " "), PLAIN)
    return [] if environ["QUERY_STRING"].startswith(("204", "304")) else [b"body"]


def empty(environ, start_response):
    start_response("200 OK", PLAIN)
    return []


def parts(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"one ", b"", b"two"]


def large(environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"0123456789" * 10000] * 10


def declared(environ, start_response):
    start_response("200 OK", [*PLAIN, ("Content-Length", "6")])
    return Closing([b"123", b"456"])


def generator(environ, start_response):
    start_response("200 OK", PLAIN)
    try:
        yield b"first"
        go_on.wait(10)
        yield b"second"
    finally:
        record("closed")


def release(environ, start_response):
    go_on.set()
    start_response("200 OK", PLAIN)
    return [b"released"]


def late(environ, start_response):
    yield b""
    start_response("202 Accepted", PLAIN)
    yield b"late"


def too_late(environ, start_response):
    yield b"x" * 10
    start_response("202 Accepted", PLAIN)


def never(environ, start_response):
    return [b"never"]


def twice(environ, start_response):
    start_response("200 OK", PLAIN)
    start_response("200 OK", PLAIN)
    return [b"twice"]


def replaced(environ, start_response):
    write = start_response("200 OK", [*PLAIN, ("X-First", "1")])
    try:
        raise LookupError("application")
    except LookupError:
        start_response("503 Busy", [("X-Second", "2"), *PLAIN], sys.exc_info())
    return [b"replaced"]


def sent_already(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"sent")
    try:
        raise LookupError("after the head")
    except LookupError:
        start_response("503 Busy", PLAIN, sys.exc_info())
    return [b"never seen"]


def writes(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"written ")
    write(b"")
    return Closing([b"and returned"])


def explicit_none(environ, start_response):
    start_response("200 OK", PLAIN, None)
    return (b"a tuple",)


def fails(environ, start_response):
    start_response("200 OK", [*PLAIN, ("X-Lost", "1")])
    raise RuntimeError("an application failed")


def fails_while_iterated(environ, start_response):
    start_response("200 OK", PLAIN)

    def items():
        raise RuntimeError("an iterator failed")
        yield b""

    return Closing(items())


def endless(environ, start_response):
    start_response("200 OK", PLAIN)

    def items():
        while True:
            yield b"x" * 65536

    return Closing(items())


def reads(environ, start_response):
    start_response("200 OK", PLAIN)
    stream = environ["wsgi.input"]
    return [repr((stream.readline(), stream.read(3), stream.readlines(), stream.read())).encode()]


def not_bytes(environ, start_response):
    start_response("200 OK", PLAIN)
    return [1]


def headers_as_tuple(environ, start_response):
    start_response("200 OK", (("A", "b"),))
    return []


def split_header(environ, start_response):
    start_response("200 OK", [("X-A", "1\\r\\nX-Smuggled: 2")])
    return [b"x"]


FILE = os.path.join(os.path.dirname(__file__), "served")


class Recorded(io.FileIO):
    def close(self):
        if not self.closed:
            record("closed")
        super().close()


def wrapped(environ, start_response):
    kind = environ["QUERY_STRING"]
    plain = io.BufferedReader(io.FileIO(FILE))
    file = {"gzip": gzip.GzipFile(fileobj=plain), "memory": io.BytesIO(b"in memory")}.get(kind, plain)
    if kind == "rest":
        file.readline()
    if kind == "recorded":
        file = io.BufferedReader(Recorded(FILE))
    length = [("Content-Length", "5")] if kind == "start" else []
    start_response("200 OK", PLAIN + length)
    return environ["wsgi.file_wrapper"](file, 4096)


false = None
"""
CONTENT = b"first line\n" + b"0123456789" * 100_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on which each application stands at a Location of its name."""
    directory = tmp_path_factory.mktemp("wsgi")
    (directory / "applications.py").write_text(APPLICATIONS)
    (directory / "served").write_bytes(CONTENT)
    functions = [node.name for node in ast.parse(APPLICATIONS).body if isinstance(node, ast.FunctionDef)]
    port = free_port()
    text = base_config(directory, port, ["python"])
    text += (
        f"PythonPath \"['{directory}'] + sys.path\"\nSetHandler mod_python\nPythonHandler mod_python.wsgi\n"
    )
    text += f'PythonDebug On\nDocumentRoot "{directory}"\n'
    for name in (*functions, "nothing", "false"):
        option = f"PythonOption mod_python.wsgi.application applications::{name}"
        text += f"<Location /{name}>\n{option}\nPythonHandler mod_python.wsgi\n</Location>\n"
    text += (
        "<Location /based>\nPythonOption mod_python.wsgi.application applications::environment\n"
        "PythonOption mod_python.wsgi.base_uri /based/app\n</Location>\n"
        "<Location /slash>\nPythonOption mod_python.wsgi.application applications::environment\n"
        "PythonOption mod_python.wsgi.base_uri /slash/\n</Location>\n"
    )
    with Olexd(text, directory, port) as server:
        yield server


def ask(wire: Wire, path: str, *fields: str, method: str = "GET") -> Response:
    """Return the answer to a request without a body."""
    wire.get(path, *fields, method=method)
    return wire.read(method != "HEAD")


def environment(wire: Wire, path: str, *fields: str) -> dict[str, object]:
    """Return the environment that an application sees."""
    shown = ast.literal_eval(ask(wire, path, *fields).body.decode())
    assert isinstance(shown, dict)
    return shown


def closings(server: RunningServer) -> int:
    """Return how many iterables were closed so far."""
    path = Path(server.directory / "record")
    return path.read_text().count("closed") if path.exists() else 0


class TestConformance:
    @pytest.mark.parametrize("path", ["/valid", "/valid/", "/valid/a%20b?c=d&e"])
    @pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT"])
    def test_validator(self, wire: Wire, server: RunningServer, path: str, method: str) -> None:
        """The standard library's validator finds nothing wrong with the server."""
        if method in ("POST", "PUT"):
            wire.get(path, "Content-Length: 4", "Content-Type: text/plain", method=method)
            wire.send(b"body")
        else:
            wire.get(path, method=method)
        answer = wire.read(method != "HEAD")
        assert (answer.status, answer.fields.get("x-length")) == (
            200,
            "4" if method in ("POST", "PUT") else "0",
        )
        assert "AssertionError" not in server.error_log()

    def test_validator_of_lines_and_errors(self, wire: Wire, server: RunningServer) -> None:
        """The body's lines can be iterated over; what is written to `wsgi.errors` is in the log."""
        wire.post("/valid_lines", b"a\nb")
        assert wire.read().body == b"[b'a\\n', b'b']"
        log = server.error_log()
        assert all("[wsgi:error] [pid" in line for line in log.splitlines() if line.endswith(("one", "two")))
        assert log.count("] one\n") == log.count("] two\n") == 1

    @pytest.mark.parametrize("ends", ["Content-Length: 9", "Transfer-Encoding: chunked"])
    def test_validator_of_bodies(self, wire: Wire, server: RunningServer, ends: str) -> None:
        """A body ends where it ends, by its length or its last chunk, whatever else is on the connection."""
        wire.get("/valid_lines", ends, "Content-Type: text/plain", method="POST")
        wire.send(b"line\nmore" if ends.endswith("9") else b"4\r\nline\r\n5\r\n\nmore\r\n0\r\n\r\n")
        assert wire.read().body == b"[b'line\\n', b'more']"
        assert ask(wire, "/valid").body == b"valid"

    def test_validator_of_old_clients(self, server: RunningServer) -> None:
        """For HTTP/1.0 a stream is not chunked: the connection's end is its own, and it is closed."""
        before = closings(server)
        for path, body in (("/valid", b"valid"), ("/valid_stream", b"0123456789")):
            with Wire(server) as wire:
                wire.send(b"GET %s HTTP/1.0\r\n\r\n" % path.encode())
                head, _, rest = wire.rest().partition(b"\r\n\r\n")
            assert b"chunked" not in head.lower()
            assert (head.split()[1], rest) == (b"200", body)
        until(lambda: closings(server) == before + 1)
        assert "AssertionError" not in server.error_log()

    def test_validator_of_heads(self, wire: Wire, server: RunningServer) -> None:
        """HEAD of a stream runs the application, sends no body, and closes the iterable."""
        before = closings(server)
        answer = ask(wire, "/valid_stream", method="HEAD")
        assert (answer.status, answer.body) == (200, b"")
        until(lambda: closings(server) == before + 1)
        assert ask(wire, "/valid").body == b"valid"

    def test_validator_of_clients_that_leave(self, server: RunningServer) -> None:
        """The iterable is closed in the middle, as PEP 3333 has it, and the validator has nothing to say."""
        before = closings(server)
        with Wire(server) as wire:
            wire.get("/valid_stream?endless")
            wire.head()
            reset(wire.socket)
        until(lambda: closings(server) == before + 1)
        assert "AssertionError" not in server.error_log()


class TestEnvironment:
    def test_names(self, wire: Wire) -> None:
        """What PEP 3333 asks for is there, and of the right type."""
        env = environment(wire, "/environment/p%C3%A4th/%20?q=%20&r", "X-Some-Name: v\xe4", "Proxy: evil")
        assert (env["SCRIPT_NAME"], env["PATH_INFO"]) == ("/environment", "/p\xc3\xa4th/ ")
        assert (env["QUERY_STRING"], env["REQUEST_METHOD"]) == ("q=%20&r", "GET")
        assert (env["SERVER_PROTOCOL"], env["HTTP_HOST"]) == ("HTTP/1.1", "a.example")
        assert env["HTTP_X_SOME_NAME"] == "v\xc3\xa4"
        assert (env["wsgi.version"], env["wsgi.url_scheme"], env["wsgi.run_once"]) == ((1, 0), "http", False)
        assert (env["wsgi.multithread"], env["wsgi.multiprocess"]) == (True, False)
        assert "HTTP_PROXY" not in env
        assert "SCRIPT_FILENAME" not in env

    def test_bytes_that_are_not_utf_8(self, wire: Wire) -> None:
        """Paths come as their bytes, whatever they mean."""
        assert environment(wire, "/environment/%FF")["PATH_INFO"] == "/\xff"
        assert environment(wire, "/environment/%C3%BF")["PATH_INFO"] == "/\xc3\xbf"

    def test_no_more_path(self, wire: Wire) -> None:
        """PATH_INFO is there when it is empty."""
        assert environment(wire, "/environment")["PATH_INFO"] == ""

    def test_credentials(self, wire: Wire) -> None:
        """Applications see the Authorization field."""
        assert (
            environment(wire, "/environment", "Authorization: Basic eA==")["HTTP_AUTHORIZATION"]
            == "Basic eA=="
        )

    def test_repeated_fields(self, wire: Wire) -> None:
        """They are joined."""
        assert environment(wire, "/environment", "X-A: 1", "X-A: 2")["HTTP_X_A"] == "1, 2"

    def test_base(self, wire: Wire) -> None:
        """A configured base is a prefix of whole segments."""
        env = environment(wire, "/based/app/x")
        assert (env["SCRIPT_NAME"], env["PATH_INFO"]) == ("/based/app", "/x")
        assert ask(wire, "/based/apple").status == 404
        assert b"must not end with" in ask(wire, "/slash/x").body


class TestResponses:
    @pytest.mark.parametrize("line", ["200 OK", "404 Nothing here", "418 I'm a teapot", "500 Oh", "201"])
    def test_status(self, wire: Wire, line: str) -> None:
        """The application's status is the response's, with its own body."""
        wire.get("/status?" + line.replace(" ", "+"))
        head = wire._until(b"\r\n")
        assert head.startswith(b"HTTP/1.1 " + line.encode())
        wire.buffer = head + b"\r\n" + wire.buffer
        assert wire.read().body == b"body"

    @pytest.mark.parametrize("line", ["204 No Content", "304 Not Modified"])
    def test_status_without_a_body(self, wire: Wire, line: str) -> None:
        """The connection goes on after it."""
        wire.get("/status?" + line.replace(" ", "+"))
        assert wire.read(False).status == int(line[:3])
        assert ask(wire, "/never").body == b"never"

    @pytest.mark.parametrize("line", ["99 Low", "600 High", "Nonsense", "2000 Long"])
    def test_bad_status(self, wire: Wire, line: str) -> None:
        """It is the application's mistake."""
        assert b"Invalid status line" in ask(wire, "/status?" + line.replace(" ", "+")).body

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/empty", b""),
            ("/parts", b"one two"),
            ("/explicit_none", b"a tuple"),
            ("/large", b"0123456789" * 100000),
            ("/declared", b"123456"),
            ("/never", b"never"),
        ],
    )
    def test_known_length(self, wire: Wire, path: str, body: bytes) -> None:
        """Where the length is known it is announced; HEAD gets the same head, and no body."""
        answer = ask(wire, path)
        assert (answer.status, answer.fields["content-length"], answer.body) == (200, str(len(body)), body)
        head = ask(wire, path, method="HEAD")
        assert head.fields.get("content-length", "0") == str(len(body))
        assert ask(wire, "/never").body == b"never"

    def test_streaming(self, wire: Wire, server: RunningServer) -> None:
        """What a generator yields is sent at once; it is closed at the end."""
        before = closings(server)
        wire.get("/generator")
        assert wire.head().fields["transfer-encoding"] == "chunked"
        assert wire._until(b"first\r\n") == b"5\r\n"
        with Wire(server) as other:
            assert ask(other, "/release").body == b"released"
        assert wire._until(b"0\r\n\r\n") == b"6\r\nsecond\r\n"
        until(lambda: closings(server) == before + 1)

    @pytest.mark.parametrize(
        ("kind", "body"),
        [("", CONTENT), ("rest", CONTENT[11:]), ("start", CONTENT[:5])],
        ids=["whole", "rest", "start"],
    )
    def test_wrapped_file(self, wire: Wire, kind: str, body: bytes) -> None:
        """A file is sent from where it stands, with its length; no more than the application announced."""
        answer = ask(wire, f"/wrapped?{kind}")
        assert (answer.fields["content-length"], answer.body) == (str(len(body)), body)
        head = ask(wire, f"/wrapped?{kind}", method="HEAD")
        assert (head.fields["content-length"], head.body) == (str(len(body)), b"")

    def test_wrapped_objects_that_are_no_files(self, wire: Wire, server: RunningServer) -> None:
        """What only looks like a file of the system is read, and closed."""
        assert ask(wire, "/wrapped?memory").body == b"in memory"
        before = closings(server)
        assert ask(wire, "/wrapped?recorded").body == CONTENT
        until(lambda: closings(server) == before + 1)
        server.directory.joinpath("served").write_bytes(gzip.compress(b"unpacked"))
        assert ask(wire, "/wrapped?gzip").body == b"unpacked"
        server.directory.joinpath("served").write_bytes(CONTENT)

    def test_write(self, wire: Wire) -> None:
        """What `write` sends comes before what is returned."""
        assert ask(wire, "/writes").body == b"written and returned"

    def test_input(self, wire: Wire) -> None:
        """Lines, pieces, the rest."""
        wire.post("/reads", b"line\nabcdef\ng")
        assert wire.read().body == repr((b"line\n", b"abc", [b"def\n", b"g"], b"")).encode()

    def test_chunked_input(self, wire: Wire) -> None:
        """A body of unknown length is read to its end."""
        wire.get("/reads", "Transfer-Encoding: chunked", method="POST")
        wire.send(b"5\r\nline\n\r\n4\r\nabcd\r\n0\r\n\r\n")
        assert wire.read().body == repr((b"line\n", b"abc", [b"d"], b"")).encode()


class TestStartResponse:
    def test_late(self, wire: Wire) -> None:
        """An iterable may call it before its first bytes."""
        answer = ask(wire, "/late")
        assert (answer.status, answer.body) == (202, b"late")

    def test_replaced(self, wire: Wire) -> None:
        """With `exc_info` status and headers are replaced while nothing was sent."""
        answer = ask(wire, "/replaced")
        assert (answer.status, answer.body) == (503, b"replaced")
        assert "x-first" not in answer.fields
        assert answer.fields["x-second"] == "2"

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("/sent_already", "LookupError: after the head"),
            ("/too_late", "AssertionError: start_response() was called after the response's head was sent"),
        ],
    )
    def test_after_the_head(self, wire: Wire, server: RunningServer, path: str, reason: str) -> None:
        """The failure is logged; the head is out, and stays as it was."""
        wire.get(path)
        assert wire.head().status == 200
        until(lambda: reason in server.error_log())

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("/twice", b"start_response() was called twice"),
            ("/not_bytes", b"a WSGI response consists of bytes"),
            ("/headers_as_tuple", b"headers argument must be a list"),
            ("/fails", b"an application failed"),
            ("/fails_while_iterated", b"an iterator failed"),
            ("/split_header", b""),
        ],
    )
    def test_mistakes(self, wire: Wire, server: RunningServer, path: str, reason: bytes) -> None:
        """They are a 500 without the application's headers, and iterables are closed."""
        before = closings(server)
        answer = ask(wire, path)
        assert answer.status == 500
        assert reason in answer.body
        assert "x-smuggled" not in answer.fields
        assert closings(server) == before + (path == "/fails_while_iterated")


class TestClients:
    def test_gone(self, server: RunningServer) -> None:
        """A client that leaves ends the iteration; the iterable is closed and no traceback is logged."""
        before = closings(server)
        with Wire(server) as wire:
            wire.get("/endless")
            wire.head()
            reset(wire.socket)
        until(lambda: closings(server) == before + 1)
        assert "ClientGone" not in server.error_log()

    def test_head_of_a_stream(self, wire: Wire) -> None:
        """HEAD gets no body of a generator either."""
        ask(wire, "/release")
        wire.get("/generator", method="HEAD")
        assert wire.read(False).status == 200
        assert ask(wire, "/never").body == b"never"


@pytest.mark.parametrize("name", ["nothing", "false"])
def test_no_application(wire: Wire, server: RunningServer, name: str) -> None:
    """An application that is not there declines, and the log says what was looked for."""
    assert ask(wire, f"/{name}").status == 404
    log = server.error_log()
    assert f"WSGI handler: mod_python.wsgi.application ('applications::{name}') not found, declining." in log


def test_no_option(wire: Wire) -> None:
    """The option is required."""
    assert b"KeyError: 'mod_python.wsgi.application'" in ask(wire, "/").body.replace(b"&#x27;", b"'")
