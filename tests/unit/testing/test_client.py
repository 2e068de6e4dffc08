"""The test client: real phases, real bytes, no socket and no thread."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mod_python import apache
from olexd.config.errors import ConfigError
from olexd.model import runtime
from olexd.testing import Client

pytest_plugins = ["pytester"]

PYTHON = "<Location />\nSetHandler mod_python\nPythonHandler app\n</Location>\n"
APPLICATION = """
from mod_python import apache, Session, util
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
import threading
import weakref

SEEN = []


def handler(req):
    req.content_type = "text/plain"
    return globals()[req.uri.strip("/").partition("/")[0] or "index"](req)


def index(req):
    req.write("hello %s" % req.args, 0)
    req.mine = "left behind"
    return apache.OK


def thread(req):
    req.write(threading.current_thread().name, 0)
    return apache.OK


def fails(req):
    raise LookupError("on purpose")


def cut(req):
    req.set_content_length(100)
    req.write("short")
    return apache.OK


def chunks(req):
    req.write("one ")
    req.write("two")
    return apache.OK


def cookie(req):
    req.headers_out.add("Set-Cookie", "a=1; path=/")
    req.headers_out.add("Set-Cookie", "b=2; path=/cookie")
    req.write(req.headers_in.get("Cookie", "none"), 0)
    return apache.OK


def session(req):
    session = Session.Session(req)
    session["count"] = session.get("count", 0) + 1
    session.save()
    req.write(str(session["count"]), 0)
    return apache.OK


def form(req):
    fields = util.FieldStorage(req, keep_blank_values=1).list
    found = [(str(field.name), str(field.value), getattr(field, "type", "")) for field in fields]
    for field in fields:
        field.file.close()
    req.write(repr(found), 0)
    return apache.OK


def echo(req):
    length = req.headers_in.get("Content-Length")
    body = req.read()
    req.content_type = req.headers_in.get("Content-Type", "application/octet-stream")
    req.headers_out["X-Length"] = str(length)
    req.write(body, 0)
    return apache.OK


def about(req):
    req.write(repr((req.method, req.is_https(), req.useragent_ip, req.server.server_hostname, req.hostname,
                    apache.main_server.server_hostname, req.filename, req.document_root())), 0)
    return apache.OK


def redirect(req):
    req.internal_redirect(req.args)
    return apache.OK


def file(req):
    req.sendfile(__file__)
    return apache.OK


async def waits(req):
    from twisted.internet import reactor

    await deferLater(reactor, 0.001)
    req.write("waited, then " + await deferToThread(lambda: "a thread"))
    return apache.OK


@inlineCallbacks
def generator(req):
    from twisted.internet import reactor

    yield deferLater(reactor, 0.001)
    req.write("by a generator", 0)
    return apache.OK


async def reads(req):
    req.write(await req.aread(), 0)
    return apache.OK


async def forever(req):
    try:
        await Deferred()
    finally:
        req.log_error("cancelled")


def watched(req):
    SEEN.append(weakref.ref(req))
    session = Session.Session(req)
    session.save()
    req.write(str(len(req.headers_in)), 0)
    req.register_cleanup(len, "")
    return apache.OK


def leads(req):
    SEEN.append(weakref.ref(req))
    req.internal_redirect(req.args)
    return apache.OK


async def aleads(req):
    SEEN.append(weakref.ref(req))
    await req.ainternal_redirect(req.args)
    return apache.OK


def gone(req):
    req.write(repr([seen() for seen in SEEN]), 0)
    return apache.OK


def accesshandler(req):
    return apache.OK


def loghandler(req):
    req.log_error("logged %s" % req.status)
    return apache.OK


def cleanuphandler(req):
    req.log_error("cleaned up")
    return apache.OK
"""

Make = Callable[..., Client]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Return what opens a client for the application above; it is closed at the end."""
    (tmp_path / "app.py").write_text(APPLICATION)
    opened: list[Client] = []

    def make(config: str | Path = PYTHON, **options: Any) -> Client:
        opened.append(Client(config, tmp_path, **options))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def client(make: Make) -> Client:
    """A client of the application above."""
    return make()


@pytest.mark.parametrize(
    ("path", "requests"), [("/watched", 1), ("/leads?/watched", 2), ("/aleads?/leads?/watched", 3)]
)
def test_a_request_that_is_over_is_gone(client: Client, path: str, requests: int) -> None:
    """What a request held, and what those did that it led to, is freed at once, not by the collector."""
    gc.disable()
    try:
        client.get(path)
        assert client.get("/gone").text == str([None] * requests)
    finally:
        gc.enable()


class TestResponses:
    def test_what_a_client_sees(self, client: Client) -> None:
        """Status, fields and body are those that would have gone over the wire."""
        response = client.get("/?a=b")
        assert (response.status, response.reason, response.text) == (200, "OK", "hello a=b")
        assert response.headers["content-type"] == "text/plain"
        assert response.headers["Content-Length"] == "9"
        assert repr(response) == "<Response 200 OK, 9 bytes>"

    def test_what_no_client_sees(self, make: Make) -> None:
        """The request as it was left, the handlers that ran, the lines of the log."""
        client = make(PYTHON + "PythonLogHandler app\nPythonCleanupHandler app\nPythonAccessHandler app\n")
        response = client.get("/")
        assert response.req.mine == "left behind"  # type: ignore[attr-defined]
        assert response.phases == [
            "PythonAccessHandler", "PythonHandler", "PythonLogHandler", "PythonCleanupHandler",
        ]  # fmt: skip
        assert [(call.handler, call.result) for call in response.handlers] == [("app", apache.OK)] * 4
        assert [line.rpartition("] ")[2] for line in response.log] == ["logged 200", "cleaned up"]
        assert len(client.log) == 2

    def test_failures(self, client: Client) -> None:
        """A handler's exception is a 500 for the client, and itself for the test."""
        response = client.get("/fails")
        assert response.status == 500
        assert isinstance(response.error, LookupError)
        assert response.log[-1].endswith("PythonHandler app: LookupError: on purpose")
        assert client.get("/").error is None

    def test_bodies_that_are_cut_short(self, client: Client) -> None:
        """Fewer bytes than announced are told from a complete body."""
        response = client.get("/cut")
        assert (response.complete, response.body) == (False, b"short")
        assert client.get("/chunks").text == "one two"
        assert client.get("/chunks").complete

    def test_head(self, client: Client) -> None:
        """HEAD has the head of GET and no body."""
        response = client.head("/")
        assert (response.status, response.body, response.headers["Content-Length"]) == (200, b"", "10")

    def test_files(self, client: Client) -> None:
        """A file that is sent by descriptor arrives."""
        assert client.get("/file").text == APPLICATION

    def test_without_a_handler(self, make: Make, tmp_path: Path) -> None:
        """Static files and refusals of the server itself are answered too."""
        (tmp_path / "page.txt").write_text("static")
        client = make("AddType text/plain .txt\n")
        response = client.get("/page.txt")
        assert (response.text, response.handlers) == ("static", [])
        assert response.req.filename == str(tmp_path / "page.txt")
        assert client.get("/none").status == 404
        assert client.request("GET", "/%zz").status == 400

    def test_redirects(self, client: Client) -> None:
        """A redirected request is followed inside the server; the chain can be looked at."""
        response = client.get("/redirect?/index?x")
        assert response.text == "hello x"
        following = response.req.next
        assert following is not None and following.uri == "/index"
        assert response.phases == ["PythonHandler", "PythonHandler"]


class TestRequests:
    def test_fields(self, client: Client) -> None:
        """A form's fields, several values of one among them."""
        response = client.post("/form", data={"a": ["1", "2"], "b": "\xe4 &"})
        assert [found[:2] for found in eval(response.text)] == [("a", "1"), ("a", "2"), ("b", "\xe4 &")]

    def test_files(self, client: Client) -> None:
        """Files with and without names and types, beside fields."""
        files = {"one": b"content", "two": ('my "file".txt', b"\r\n--x", "text/x")}
        found = eval(client.post("/form", data={"a": "1"}, files=files).text)
        assert found[0][:2] == ("a", "1")
        assert found[1:] == [
            ("one", "b'content'", "application/octet-stream"),
            ("two", "b'\\r\\n--x'", "text/x"),
        ]

    @pytest.mark.parametrize(
        ("details", "body", "kind"),
        [
            ({"data": "te\xe4xt"}, "te\xe4xt".encode(), "application/octet-stream"),
            ({"data": b"\xff"}, b"\xff", "application/octet-stream"),
            ({"json": {"a": [1]}}, b'{"a": [1]}', "application/json"),
            ({"data": {"a": "b c"}}, b"a=b+c", "application/x-www-form-urlencoded"),
            ({"data": "x", "headers": {"content-type": "text/x"}}, b"x", "text/x"),
        ],
    )
    def test_bodies(self, client: Client, details: Any, body: bytes, kind: str) -> None:
        """Bodies of every form arrive with their type and length."""
        for method in ("POST", "PUT"):
            response = client.request(method, "/echo", **details)
            assert (response.body, response.headers["Content-Type"]) == (body, kind)
            assert response.headers["X-Length"] == str(len(body))

    def test_large_bodies(self, client: Client) -> None:
        """More than a connection buffers."""
        body = b"0123456789" * 200_000
        assert client.put("/echo", data=body).body == body
        assert client.put("/reads", data=body).body == body

    @pytest.mark.parametrize("details", [{"json": 1, "data": "x"}, {"data": "x", "files": {"f": b""}}])
    def test_two_bodies(self, client: Client, details: Any) -> None:
        """A request has one body."""
        with pytest.raises(TypeError):
            client.post("/echo", **details)

    def test_targets(self, client: Client) -> None:
        """Parameters are added to the query; text outside ASCII is escaped."""
        assert client.get("/", params={"a": "b c", "n": [1, 2]}).text == "hello a=b+c&n=1&n=2"
        assert client.get("/?x=1", params=[("a", "\xe4")]).text == "hello x=1&a=%C3%A4"
        assert client.get("/index/\xe4 x").req.uri == "/index/\xe4 x"

    def test_json(self, client: Client) -> None:
        """A body of JSON is read."""
        assert client.post("/echo", json=[1, {"a": None}]).json() == [1, {"a": None}]

    def test_credentials(self, make: Make, tmp_path: Path) -> None:
        """Basic authentication, decided by the server."""
        (tmp_path / "users").write_text("joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
        client = make(
            f'{PYTHON}<Location />\nAuthType Basic\nAuthName x\nAuthUserFile "{tmp_path}/users"\n'
            "Require valid-user\n</Location>"
        )
        assert client.get("/").headers["WWW-Authenticate"] == 'Basic realm="x"'
        assert client.get("/", auth=("joe", "secret")).req.user == "joe"
        assert client.get("/", auth=("joe", "wrong")).status == 401

    def test_who_asks_and_what(self, make: Make, tmp_path: Path) -> None:
        """Address, TLS and virtual host can be chosen."""
        config = f"{PYTHON}<VirtualHost *:80>\nServerName other.test\n</VirtualHost>\n"
        client = make(config, https=True, address="192.0.2.7")
        main = ("GET", 1, "192.0.2.7", "testserver", "testserver", "testserver", None, str(tmp_path))
        assert eval(client.get("/about", host="testserver").text)[:3] == main[:3]
        assert eval(client.get("/about", host="other.test").text)[3:5] == ("other.test", "other.test")

    def test_defines(self, make: Make) -> None:
        """`<IfDefine>` sees what the test defines."""
        client = make(f"<IfDefine TEST>\n{PYTHON}</IfDefine>\n", defines=["TEST"])
        assert client.get("/").status == 200


class TestCookies:
    def test_they_are_kept_by_path(self, client: Client) -> None:
        """Cookies come back where their path says, and can be seen and set."""
        assert client.get("/cookie").text == "none"
        assert client.get("/cookie").text == "b=2; a=1"
        assert client.cookies == {"a": "1", "b": "2"}
        assert len(client.get("/cookie").headers.get_all("Set-Cookie") or ()) == 2
        client.set_cookie("c", "3", "/cookie/deep")
        assert "c=3" in client.get("/cookie/deep").text
        assert "c=3" not in client.get("/cookie").text

    def test_sessions(self, client: Client) -> None:
        """A session goes on with its cookie; another client has one of its own."""
        assert [client.get("/session").text for _ in range(3)] == ["1", "2", "3"]
        other = client.another()
        assert other.get("/session").text == "1"
        assert client.get("/session").text == "4"

    def test_a_given_cookie_field_stands(self, client: Client) -> None:
        """Whoever gives the field himself gets just that."""
        client.set_cookie("a", "1")
        assert client.get("/cookie", headers={"Cookie": "z=9"}).text == "z=9"


class TestSides:
    def test_plain_handlers_run_on_this_thread(self, client: Client) -> None:
        """No thread is started for them."""
        before = threading.active_count()
        assert client.get("/thread").text == threading.current_thread().name
        assert threading.active_count() == before

    @pytest.mark.parametrize("path", ["/waits", "/redirect?/waits"])
    def test_coroutines(self, client: Client, path: str) -> None:
        """A handler that waits is waited for, also inside a redirect."""
        for _ in range(3):
            assert client.get(path).text == "waited, then a thread"

    def test_deferreds(self, client: Client) -> None:
        """A handler may return a Deferred."""
        assert client.get("/generator").text == "by a generator"

    def test_coroutines_read(self, client: Client) -> None:
        """`await req.aread()` gets the body."""
        assert client.post("/reads", data="the body").text == "the body"

    def test_time_is_up(self, make: Make) -> None:
        """A handler that never ends fails the test in time, and is cancelled; the next request works."""
        client = make(timeout=0.05)
        with pytest.raises(TimeoutError, match=r"no response within 0\.05 seconds"):
            client.get("/forever")
        assert client.log[-1].endswith("cancelled")
        assert client.get("/").status == 200

    def test_threads_end_with_the_client(self, tmp_path: Path) -> None:
        """What `deferToThread()` started is ended, and clients that come later can use it again."""
        (tmp_path / "app.py").write_text(APPLICATION)
        program = f"""
            import threading
            from olexd.testing import Client

            for _ in range(2):
                with Client({PYTHON!r}, {str(tmp_path)!r}) as client:
                    print(client.get("/waits").text, client.get("/redirect?/waits").status)
                print(threading.active_count())
        """
        assert run(program) == ["waited, then a thread 200", "1"] * 2

    def test_on_a_running_reactor(self, tmp_path: Path) -> None:
        """There `arequest()` can be awaited, and `request()` works too."""
        (tmp_path / "app.py").write_text(APPLICATION)
        program = f"""
            from twisted.internet.defer import ensureDeferred
            from twisted.internet.task import react
            from olexd.testing import Client

            async def main(reactor):
                with Client({PYTHON!r}, {str(tmp_path)!r}, timeout=0.5) as client:
                    print((await client.arequest("GET", "/waits")).text)
                    print((await client.arequest("GET", "/?x")).text)
                    print(client.get("/waits").text)
                    for ask in (client.arequest, client.request):
                        try:
                            await ask("GET", "/forever")
                        except TimeoutError as error:
                            print(error)

            react(lambda reactor: ensureDeferred(main(reactor)))
        """
        late = "no response within 0.5 seconds"
        waited = "waited, then a thread"
        assert run(program) == [waited, "hello x", waited, late, late]

    def test_no_reactor_is_installed_for_plain_handlers(self, tmp_path: Path) -> None:
        """A test of handlers that wait for nothing leaves the choice of a reactor to others."""
        (tmp_path / "app.py").write_text("def handler(req):\n    req.write('x')\n    return 0\n")
        program = f"""
            import sys
            from olexd.testing import Client

            with Client({PYTHON!r}, {str(tmp_path)!r}) as client:
                print(client.get("/").text)
            print("twisted.internet.reactor" in sys.modules)
        """
        assert run(program) == ["x", "False"]


class TestServers:
    def test_one_at_a_time(self, make: Make) -> None:
        """A second configuration waits for the first one's end."""
        first = make()
        with pytest.raises(RuntimeError, match="another test client is open"):
            make()
        first.close()
        assert make().get("/").status == 200

    def test_bad_configurations(self, make: Make, tmp_path: Path) -> None:
        """Every error is told with its line, and nothing stays behind."""
        with pytest.raises(ConfigError) as caught:
            make("ServerAdmin a\nPythonDebug maybe\nNonsense 1\n")
        assert [str(problem).partition("httpd.conf")[2][:3] for problem in caught.value.problems] == [
            ":2:",
            ":3:",
        ]
        assert make().get("/").status == 200

    def test_configuration_files(self, make: Make, tmp_path: Path) -> None:
        """A path is a file in Apache's language."""
        file = tmp_path / "site.conf"
        file.write_text(PYTHON)
        assert make(file).get("/").status == 200

    def test_fresh_modules(self, make: Make, tmp_path: Path) -> None:
        """Each client loads the modules anew; other modules and the path stay as they were."""
        path, modules = list(sys.path), set(sys.modules)
        (tmp_path / "app.py").write_text(
            "import helper_of_app\ncount = [0]\n\ndef handler(req):\n"
            "    count[0] += 1\n    req.write(str(count[0]))\n    return 0\n"
        )
        (tmp_path / "helper_of_app.py").write_text("")
        for _ in range(2):
            client = make()
            assert [client.get("/").text for _ in range(2)] == ["1", "2"]
            assert "helper_of_app" in sys.modules
            client.close()
        assert sys.path == path
        assert not {"app", "helper_of_app"} & (set(sys.modules) - modules)

    def test_modules_that_the_test_has_imported(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They are the handlers' own, so that a test can replace parts of them."""
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "app", raising=False)
        import app  # type: ignore[import-not-found]

        monkeypatch.setattr(app, "index", lambda req: req.write("replaced", 0) or 0)
        assert make().get("/").text == "replaced"

    def test_start_and_end(self, make: Make, tmp_path: Path) -> None:
        """PythonImport runs at the start, the server's cleanups at the end; then there is no server."""
        seen: list[str] = []
        (tmp_path / "starts.py").write_text(
            "from mod_python import apache\n\ndef start():\n    apache.seen.append('start')\n"
            "    apache.register_cleanup(apache.seen.append, 'end')\n"
        )
        apache.seen = seen  # type: ignore[attr-defined]
        try:
            client = make(PYTHON + "PythonImport starts::start testserver\n")
            assert seen == ["start"]
            client.close()
            assert seen == ["start", "end"]
        finally:
            del apache.seen  # type: ignore[attr-defined]
        with pytest.raises(runtime.NoServer):
            runtime.config()

    def test_sessions_stay_in_a_temporary_directory(self, make: Make, tmp_path: Path) -> None:
        """The application's own directory for sessions is not touched."""
        client = make(f'{PYTHON}PythonOption mod_python.session.database_directory "{tmp_path}"\n')
        assert client.get("/session").text == "1"
        assert not (tmp_path / "olexd-sessions").exists()

    def test_logs_stay_in_memory(self, make: Make, tmp_path: Path) -> None:
        """No error log is written, wherever the configuration has it."""
        client = make(f'{PYTHON}ErrorLog "{tmp_path}/error.log"\n')
        client.get("/fails")
        assert client.log
        assert not (tmp_path / "error.log").exists()


def test_the_fixture(pytester: pytest.Pytester) -> None:
    """`olexd_client` makes clients for `tmp_path` and closes them."""
    pytester.makepyfile(
        f"""
        def test_one(olexd_client, tmp_path):
            (tmp_path / "app.py").write_text({APPLICATION!r})
            client = olexd_client({PYTHON!r})
            assert client.get("/?x").text == "hello x"

        test_two = test_one
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def run(program: str) -> list[str]:
    """Return the lines that a program prints, run by an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
