"""Applications of others, unmodified: frameworks by WSGI, and two that bring a mod_python handler along."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import pytest

from tests.integration.servers import Olexd, RunningServer, base_config, free_port
from tests.integration.wire import Wire

MODULES = {
    "flask_app.py": """
        from flask import Flask, Response, redirect, request, session, url_for

        app = Flask(__name__)
        app.secret_key = "for a test only"


        @app.route("/")
        def index():
            return f"Hello from {url_for('index')}"


        @app.route("/name/<name>", methods=["GET", "POST"])
        def name(name):
            session["n"] = session.get("n", 0) + 1
            return {"name": name, "form": request.form.to_dict(), "args": request.args.to_dict()}


        @app.route("/upload", methods=["POST"])
        def upload():
            return request.files["file"].filename + " " + str(len(request.files["file"].read()))


        @app.route("/away")
        def away():
            return redirect(url_for("index"))


        @app.route("/stream")
        def stream():
            return Response((f"{number}\\n" for number in range(1000)), mimetype="text/plain")


        @app.route("/fails")
        def fails():
            raise LookupError("in flask")
    """,
    "django_app.py": """
        import django
        from django.conf import settings
        from django.core.wsgi import get_wsgi_application
        from django.http import HttpResponse, StreamingHttpResponse
        from django.urls import path, reverse

        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="for a test only")


        def index(request):
            return HttpResponse(f"Hello from {reverse('index')}")


        def form(request):
            return HttpResponse(f"{request.method} {request.POST.dict()} {request.GET.dict()}")


        def stream(request):
            return StreamingHttpResponse(f"{number}\\n" for number in range(1000))


        urlpatterns = [path("", index, name="index"), path("form", form), path("stream", stream)]
        application = get_wsgi_application()
    """,
    "cherry_app.py": """
        import cherrypy


        class Root:
            @cherrypy.expose
            def index(self):
                return "Hello from CherryPy"

            @cherrypy.expose
            def echo(self, **fields):
                return repr(sorted(fields.items()))

            @cherrypy.expose
            def upload(self, file):
                return f"{file.filename} {len(file.file.read())}"

            @cherrypy.expose
            def away(self):
                raise cherrypy.HTTPRedirect("/cherry/")

            @cherrypy.expose
            def stream(self):
                return (f"{number}\\n" for number in range(1000))

            stream._cp_config = {"response.stream": True}

            @cherrypy.expose
            def fails(self):
                raise LookupError("in cherrypy")


        def setup_server():
            cherrypy.tree.mount(Root(), "/cherry", {"/": {"tools.sessions.on": False}})
            cherrypy.config.update({"environment": "production", "log.screen": False})
    """,
    "paste_app.py": """
        from paste.request import construct_url, parse_formvars


        def app(environ, start_response):
            fields = parse_formvars(environ)
            start_response("200 OK", [("Content-Type", "text/plain")])
            shown = [environ["REQUEST_METHOD"], construct_url(environ), sorted(fields.items())]
            return [repr(shown).encode()]


        def make(global_conf, greeting):
            def application(environ, start_response):
                start_response("202 Accepted", [("Content-Type", "text/plain"), ("Content-Length", "5")])
                return [greeting.encode()]

            return application
    """,
}
PASTE_INI = """
[composite:main]
use = egg:Paste#urlmap
/paste-ini/greeting = greeting

[app:greeting]
paste.app_factory = paste_app:make
greeting = hello
"""
LOCATIONS = {
    "/flask": ("mod_python.wsgi", "mod_python.wsgi.application flask_app::app"),
    "/django": ("mod_python.wsgi", "mod_python.wsgi.application django_app"),
    "/cherry": ("cherrypy._cpmodpy::handler", "cherrypy.setup cherry_app::setup_server"),
    "/paste": ("paste.modpython", "wsgi.application paste_app::app"),
    "/paste-ini": ("paste.modpython", "paste.ini @DIR@/paste.ini"),
}
FORM = "Content-Type: application/x-www-form-urlencoded"
UPLOAD = (
    b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n" + b"x" * 300_000 + b"\r\n--B--\r\n"
)
NUMBERS = "".join(f"{number}\n" for number in range(1000)).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with all applications, each at a Location of its own."""
    directory = tmp_path_factory.mktemp("applications")
    for name, source in MODULES.items():
        (directory / name).write_text(textwrap.dedent(source))
    (directory / "paste.ini").write_text(PASTE_INI)
    port = free_port()
    text = base_config(directory, port, ["python"])
    text += f'PythonPath "[\'{directory}\'] + sys.path"\nDocumentRoot "{directory}"\n'
    for path, (handler, option) in LOCATIONS.items():
        text += f"<Location {path}>\nSetHandler mod_python\nPythonHandler {handler}\n"
        text += f"PythonOption {option.replace('@DIR@', str(directory))}\n</Location>\n"
    with Olexd(text, directory, port) as server:
        yield server


def upload(wire: Wire, path: str) -> bytes:
    """Return the answer to an upload."""
    return wire.ask(path, UPLOAD, "Content-Type: multipart/form-data; boundary=B").body


class TestFlask:
    def test_hello(self, wire: Wire) -> None:
        """An application below a Location knows where it stands."""
        answer = wire.ask("/flask/")
        assert (answer.status, answer.body) == (200, b"Hello from /flask/")
        assert answer.fields["content-length"] == "18"

    def test_forms(self, wire: Wire) -> None:
        """Paths, queries, forms and cookies come through."""
        answer = wire.ask("/flask/name/%C3%A4?q=1", b"a=2", FORM)
        assert answer.body == b'{"args":{"q":"1"},"form":{"a":"2"},"name":"\\u00e4"}\n'
        assert answer.fields["set-cookie"].startswith("session=")
        assert upload(wire, "/flask/upload") == b"a.bin 300000"

    def test_answers(self, wire: Wire, server: RunningServer) -> None:
        """Redirects, refusals, streams and failures are Flask's own."""
        assert wire.ask("/flask/away").fields["location"] == "/flask/"
        assert wire.ask("/flask/none").status == 404
        assert wire.ask("/flask/upload").status == 405
        assert wire.ask("/flask/stream").body == NUMBERS
        assert b"Internal Server Error" in wire.ask("/flask/fails").body
        assert "[wsgi:error]" in server.error_log() and "LookupError: in flask" in server.error_log()


class TestDjango:
    def test_hello(self, wire: Wire) -> None:
        """An application below a Location knows where it stands."""
        answer = wire.ask("/django/")
        assert (answer.status, answer.body) == (200, b"Hello from /django/")

    def test_answers(self, wire: Wire) -> None:
        """Forms, streams and refusals."""
        assert wire.ask("/django/stream").body == NUMBERS
        assert wire.ask("/django/form?q=1").body == b"GET {} {'q': '1'}"
        assert wire.ask("/django/form?q=1", b"a=2", FORM).body == b"POST {'a': '2'} {'q': '1'}"
        assert wire.ask("/django/none").status == 404


class TestCherryPy:
    """`cherrypy._cpmodpy`, CherryPy's own handler for mod_python."""

    def test_hello(self, wire: Wire) -> None:
        """A page handler answers.

        CherryPy gives its content type as bytes, and does not find it again: its pages are text/plain, on
        mod_python as well.
        """
        answer = wire.ask("/cherry/")
        assert (answer.status, answer.body) == (200, b"Hello from CherryPy")
        assert answer.fields["content-type"] == "text/plain"

    def test_forms(self, wire: Wire) -> None:
        """Queries, forms and uploads reach it."""
        assert wire.ask("/cherry/echo?q=1", b"a=2", FORM).body == b"[('a', '2'), ('q', '1')]"
        assert upload(wire, "/cherry/upload") == b"a.bin 300000"

    def test_answers(self, wire: Wire) -> None:
        """Redirects, refusals, streams and failures are CherryPy's own."""
        answer = wire.ask("/cherry/away")
        assert (answer.status, answer.fields["location"]) == (303, "http://a.example/cherry/")
        assert wire.ask("/cherry/none").status == 404
        assert wire.ask("/cherry/stream").body == NUMBERS
        assert wire.ask("/cherry/fails").status == 500


class TestPaste:
    """`paste.modpython`, Paste's own handler for mod_python."""

    def test_application(self, wire: Wire) -> None:
        """An application that an option names."""
        answer = wire.ask("/paste/x?q=1", b"a=2", FORM)
        url = re.escape("http://a.example")
        assert re.fullmatch(
            rf"\['POST', '{url}(:\d+)?/paste/x\?q=1', \[\('a', '2'\), \('q', '1'\)\]\]", answer.body.decode()
        )

    def test_deployed(self, wire: Wire) -> None:
        """Applications that a configuration of Paste puts together."""
        answer = wire.ask("/paste-ini/greeting")
        assert (answer.status, answer.body) == (202, b"hello")
        assert wire.ask("/paste-ini/none").status == 404
